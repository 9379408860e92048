"""Standard errors that do not need the model to be right."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from montecarlo.calibrate.maximum_likelihood import NORMAL_95, Maximum, moved
from montecarlo.checks import FloatArray


def sandwich(
    peak: Maximum, contributions: Callable[[FloatArray], FloatArray], *, n_lags: int | None = None
) -> Maximum:
    r"""Return the maximum with standard errors that do not need the model to be right.

    .. math:: \widehat{\mathrm{Cov}} = H^{-1} S H^{-1}

    with :math:`H^{-1}` the covariance of the maximum and :math:`S` the long-run variance of the
    scores of the observations (Bartlett weights, Newey and West 1987).

    Parameters
    ----------
    peak
        What :func:`maximise` found.
    contributions
        Log-likelihood of each observation, (n,), from the (k,) natural values.
    n_lags
        Of the long-run variance; 4 (n/100)^(2/9) by default.
    """
    known = np.flatnonzero(np.isfinite(np.diag(peak.covariance)))
    columns = []
    for i in known:
        step = 1e-4 * math.sqrt(float(peak.covariance[i, i]))
        above = contributions(moved(peak.values, int(i), step))
        below = contributions(moved(peak.values, int(i), -step))
        columns.append((above - below) / (2.0 * step))
    if not columns:
        return peak
    scores = np.column_stack(columns)
    n = scores.shape[0]
    reach = int(4.0 * (n / 100.0) ** (2.0 / 9.0)) if n_lags is None else n_lags
    spread = scores.T @ scores
    for lag in range(1, reach + 1):
        mixed = scores[lag:].T @ scores[:-lag]
        spread += (1.0 - lag / (reach + 1.0)) * (mixed + mixed.T)
    inner = np.ix_(known, known)
    covariance = peak.covariance.copy()
    covariance[inner] = peak.covariance[inner] @ spread @ peak.covariance[inner]
    low, high = peak.low.copy(), peak.high.copy()
    for i in known:
        parameter, value = peak.parameters[i], float(peak.values[i])
        place = parameter.unlimited(value)
        reach_there = (
            NORMAL_95 * math.sqrt(max(float(covariance[i, i]), 0.0)) / parameter.slope(place)
        )
        low[i] = parameter.natural(place - reach_there)
        high[i] = parameter.natural(place + reach_there)
    return replace(peak, covariance=covariance, low=low, high=high)
