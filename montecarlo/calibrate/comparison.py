"""Several models on the same history: likelihood, criteria, half-life, warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from montecarlo.calibrate.diagnostics import diagnose
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.kinds import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Fits of several models to the same prices, and why some could not be fitted.

    Parameters
    ----------
    fits
        Kind -> fit, best by AIC first.
    failures
        Kind -> why there is no fit.
    """

    fits: Mapping[str, Fit]
    failures: Mapping[str, str]

    def rows(self) -> list[dict[str, object]]:
        """Return one row a model, best by AIC first; ``delta_aic`` is what it lies behind."""
        best = min((item.aic for item in self.fits.values()), default=0.0)
        rows: list[dict[str, object]] = []
        for kind, item in self.fits.items():
            half_life = item.half_life
            rejected = [test.name for test in diagnose(item.residuals) if test.is_rejected]
            rows.append(
                {
                    "model": kind,
                    "n_parameters": item.n_free,
                    "log_likelihood": item.log_likelihood,
                    "aic": item.aic,
                    "delta_aic": item.aic - best,
                    "bic": item.bic,
                    "half_life_months": half_life.value if half_life else None,
                    "rejected": rejected,
                    "warnings": list(item.warnings),
                }
            )
        rows.extend({"model": kind, "failure": why} for kind, why in self.failures.items())
        return rows


def compare(
    history: PriceHistory,
    kinds: Iterable[str],
    *,
    horizon: str = "daily",
    smoothing: str = "none",
    known: Iterable[Fit] = (),
) -> Comparison:
    """Fit several models to the same prices at the same horizon.

    A model that cannot be fitted is listed with the reason; a history that no model can be fitted
    to is refused.

    Parameters
    ----------
    history
        Prices.
    kinds
        Of models, as a market file names them.
    horizon, smoothing
        As :func:`montecarlo.calibrate.fit` takes them; a model that knows no smoothing is not
        fitted when there is one.
    known
        Fits to the same prices, made at the same horizon with options of their own; each stands
        for its kind and is not made again.

    Raises
    ------
    ValueError
        If no model could be fitted, with the first reason.

    Examples
    --------
    >>> import numpy as np
    >>> history = PriceHistory(
    ...     name="ndpr",
    ...     unit="USD/kg",
    ...     dates=np.datetime64("2020-01-01") + 31 * np.arange(40),
    ...     prices=50.0 + 5.0 * np.sin(np.arange(40.0) ** 2),
    ... )
    >>> [row["model"] for row in compare(history, ["gbm", "schwartz"]).rows()]
    ['schwartz', 'gbm']
    """
    fits, failures = {item.kind: item for item in known}, {}
    for kind in kinds:
        if kind in fits:
            continue
        try:
            fits[kind] = fit(history, kind, horizon=horizon, smoothing=smoothing)
        except ValueError as error:
            failures[kind] = str(error)
    if not fits:
        msg = next(iter(failures.values()), "kinds must name at least one model, got none")
        raise ValueError(msg)
    ranked = dict(sorted(fits.items(), key=lambda pair: pair[1].aic))
    return Comparison(fits=ranked, failures=failures)
