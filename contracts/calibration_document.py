"""What every calibration says in JSON: the prices, the fit, the YAML that comes of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.checks import require
from contracts.json_plain import plain_json
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.fitted_dates import FittedDates
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.panel import FuturesPanel

FORMAT = "offtake fit 1"
"""Of what :func:`fit_document` returns; a number higher where an older reader would go wrong."""


def calibration_document(
    prices: PriceHistory | FuturesPanel,
    fit: Fit,
    *,
    warnings: Sequence[str],
    fragment: str,
    **others: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Return a calibration as plain data, for JSON: what is not known is null.

    Parameters
    ----------
    prices
        What was fitted.
    fit
        The model that was asked for.
    warnings
        Everything that a reader must know before using the numbers.
    fragment
        The YAML that comes of it.
    others
        What this kind of calibration says besides.
    """
    document = {
        "price": prices.name,
        "unit": prices.unit,
        "source": prices.source,
        "n_prices": prices.n_prices if isinstance(prices, FuturesPanel) else len(prices),
        "first_date": str(prices.dates[0]),
        "last_date": str(prices.dates[-1]),
        "data_sha256": prices.data_hash,
        "warnings": list(warnings),
        "fit": fit_document(fit, history=prices if isinstance(prices, PriceHistory) else None),
        **others,
        "fragment": fragment,
    }
    plain: dict[str, Any] = plain_json(document)
    return plain


def fit_document(fit: Fit, *, history: PriceHistory | None = None) -> dict[str, Any]:
    """Return a fit as plain data, from which :func:`contracts.saved_fit.read_fit` makes it again.

    Everything but the residuals is in it, in full precision. Of the prices, which may be licensed,
    it holds no more than the dates, the first and the last.

    Parameters
    ----------
    fit
        Of a history, or of futures prices.
    history
        What was fitted; without it no bootstrap can be made of the saved fit.

    Raises
    ------
    ValueError
        For another history.
    """
    if history is not None:
        rule = f"be the one that {fit!r} was fitted to"
        require(history.data_hash == fit.data_hash, "history", rule, history)
    kept = None if history is None else FittedDates.of(history, fit.horizon)
    document = {
        "format": FORMAT,
        "kind": fit.kind,
        "name": fit.name,
        "unit": fit.unit,
        "horizon": fit.horizon,
        "method": fit.method,
        "made_on": str(fit.made_on),
        "data_sha256": fit.data_hash,
        "first_date": str(fit.first_date),
        "last_date": str(fit.last_date),
        "last_price": fit.last_price,
        "n_observations": fit.n_observations,
        "log_likelihood": fit.log_likelihood,
        "aic": fit.aic,
        "bic": fit.bic,
        "parameters": fit.rows(),
        "no_lower_limit": [item.name for item in fit.parameters if item.low == -math.inf],
        "no_upper_limit": [item.name for item in fit.parameters if item.high == math.inf],
        "free": list(fit.free_names),
        "covariance": fit.covariance.tolist(),
        "correlation": fit.correlation.tolist(),
        "starts": [
            {"values": dict(start.values), "log_likelihood": start.log_likelihood}
            for start in fit.starts
        ],
        "structure": dict(fit.structure),
        "overrides": [
            {
                "name": item.name,
                "estimate": item.estimate,
                "value": item.value,
                "reason": item.reason,
            }
            for item in fit.overrides
        ],
        "warnings": list(fit.warnings),
        "notices": list(fit.notices),
        "model_terms": fit.model_terms(),
        "dates": None if kept is None else _dates(kept),
    }
    plain: dict[str, Any] = plain_json(document)
    return {**plain, "sha256": digest_of(plain)}


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a fit's other entries, whatever their order and layout in a file.

    Examples
    --------
    >>> digest_of({"kind": "gbm", "sha256": "?"}) == digest_of({"kind": "gbm"})
    True
    """
    rest = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _dates(kept: FittedDates) -> dict[str, Any]:
    return {
        "days": [str(day) for day in kept.dates],
        "first_price": kept.first_price,
        "averaged": kept.averaged,
        "clock": kept.clock,
    }
