"""What a fit of regimes says: estimates with their errors, spells, residuals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from montecarlo.calibrate.maximum_likelihood import NORMAL_95, Maximum
from montecarlo.calibrate.parameters import EstimatedParameter
from montecarlo.calibrate.regime_likelihood import RegimeLikelihood
from montecarlo.checks import FloatArray

if TYPE_CHECKING:
    from montecarlo.calibrate.fitted import Fit

_MEANINGS = {
    "volatility": ("1/sqrt(yr)", "standard deviation of the log price in a year of this regime"),
    "log_drift": ("1/yr", "drift of the log price in this regime"),
    "log_level": ("", "level to which the log price is pulled in this regime"),
    "intensity": ("1/yr", "switches a year while in the regime that is left"),
    "mean_reversion": ("1/yr", "share of a deviation that fades in a year, continuously"),
}


def regime_estimates(peak: Maximum, *, is_interval_found: bool) -> list[EstimatedParameter]:
    """Return the parameters that were searched for, with errors and intervals."""
    errors = peak.standard_errors
    found = []
    for i, item in enumerate(peak.parameters):
        kind = next(key for key in _MEANINGS if item.name.startswith(key))
        unit, meaning = _MEANINGS[kind]
        is_open = kind.startswith("log_")
        plain = "normal" if is_open else "normal, on a scale without limits"
        found.append(
            EstimatedParameter(
                name=item.name,
                value=float(peak.values[i]),
                unit=unit,
                standard_error=float(errors[i]),
                low=float(peak.low[i]),
                high=float(peak.high[i]),
                interval="profile" if is_interval_found else plain,
                meaning=meaning,
            )
        )
    return found


def regime_spells(likelihood: RegimeLikelihood, peak: Maximum) -> list[EstimatedParameter]:
    """Return how long each regime lasts on average, in months."""
    found = []
    for i, name in enumerate(likelihood.names):

        def months(theta: FloatArray, i: int = i) -> float:
            return float(-12.0 / likelihood.split(theta)[2][i, i])

        with np.errstate(divide="ignore"):
            value, error = peak.derived(months)
        if math.isfinite(value):
            low, high = (value * math.exp(sign * NORMAL_95 * error / value) for sign in (-1.0, 1.0))
            how = "delta method, on the logarithm"
            if likelihood.n_regimes == 2:
                # The only intensity that ends the spell has an interval of its own.
                rates = (float(peak.high[4 + i]), float(peak.low[4 + i]))
                low, high = (12.0 / rate if rate > 0.0 else math.inf for rate in rates)
                how = "of the intensity"
            found.append(
                EstimatedParameter(
                    name=f"spell_{name}",
                    value=value,
                    unit="months",
                    standard_error=error,
                    low=low,
                    high=high,
                    interval=how,
                    role="derived",
                    meaning="how long this regime lasts on average",
                )
            )
    return found


def regime_residuals(likelihood: RegimeLikelihood, theta: FloatArray) -> FloatArray:
    """Return normal scores of each change's probability, given those before it."""
    from scipy.special import ndtr, ndtri

    mean, deviation = likelihood.law(theta)
    below = ndtr((likelihood.logs[1:, None] - mean) / deviation)
    chance = (likelihood.filtered(theta).predicted * below).sum(axis=1)
    return np.asarray(ndtri(np.clip(chance, 1e-15, 1.0 - 1e-15)), dtype=np.float64)


def regime_options(fit: Fit) -> dict[str, Any]:
    """Return what :func:`~montecarlo.calibrate.regimes.fit_regimes` took: regimes of which kind."""
    return {
        "n_regimes": len(fit.structure["regimes"]),
        "is_mean_reverting": bool(fit.structure["is_mean_reverting"]),
    }
