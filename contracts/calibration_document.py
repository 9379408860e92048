"""What every calibration says in JSON: the prices, the fit, the YAML that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.json_plain import plain_json
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.panel import FuturesPanel


def calibration_document(
    prices: PriceHistory | FuturesPanel,
    fit: Fit,
    *,
    warnings: Sequence[str],
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
        "fit": fit_document(fit),
        **others,
        "fragment": fit.fragment(),
    }
    plain: dict[str, Any] = plain_json(document)
    return plain


def fit_document(fit: Fit) -> dict[str, Any]:
    """Return a fit as plain data: estimates, how sure they are, and what the likelihood says."""
    return {
        "kind": fit.kind,
        "horizon": fit.horizon,
        "method": fit.method,
        "made_on": str(fit.made_on),
        "n_observations": fit.n_observations,
        "log_likelihood": fit.log_likelihood,
        "aic": fit.aic,
        "bic": fit.bic,
        "parameters": fit.rows(),
        "free": list(fit.free_names),
        "correlation": fit.correlation.tolist(),
        "starts": [
            {"values": dict(start.values), "log_likelihood": start.log_likelihood}
            for start in fit.starts
        ],
        "model_terms": fit.model_terms(),
    }
