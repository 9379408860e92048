r"""The likelihood of mean reversion alone, level and volatility at their best for each trial.

.. math::

    \ln L(\kappa) = -\tfrac n2\big(\ln 2\pi\hat\sigma^2(\kappa) + 1\big)
    - \tfrac12\sum_i\ln v_i(\kappa), \qquad
    \hat\sigma^2(\kappa) = \frac1n\sum_i\frac{(y_i - (1 - a_i)\hat\alpha)^2}{v_i}, \qquad
    y_i = x_{i+1} - a_i x_i

with :math:`a_i = e^{-\kappa\Delta_i}`. Everything is a weighted sum of products of log prices, so
that many trials and many histories on the same dates cost a few products of matrices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from montecarlo.checks import FloatArray

SLOWEST = 1e-3
"""Least mean reversion that is tried, times the years of the history: none, to all purposes."""
FASTEST = 7.0
"""Most mean reversion that is tried, times the usual step: nothing is left after one step."""
N_TRIALS = 72


def speeds(steps: FloatArray) -> FloatArray:
    """Return the trials of mean reversion for such steps in years, ``(N_TRIALS,)``, 1/yr."""
    slowest = SLOWEST / float(steps.sum())
    fastest = FASTEST / float(np.median(steps))
    return np.geomspace(slowest, fastest, N_TRIALS)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Log-likelihood, level and volatility of trials of mean reversion, each (k, n_histories)."""

    log_likelihood: FloatArray
    level: FloatArray
    volatility: FloatArray


def profile(logs: FloatArray, steps: FloatArray, trials: FloatArray) -> Profile:
    r"""Return the profile of some histories on the same dates.

    Parameters
    ----------
    logs
        (n + 1, n_histories) log prices.
    steps
        (n,) years between them.
    trials
        (k,) values of :math:`\kappa`, above 0.

    Examples
    --------
    One step of ln 2 years with a half-life of one year (a = 1/2) from 1 to 1 and back from 2 to 1:
    both residuals vanish at no level, and the best one lies between.

    >>> found = profile(np.array([[1.0], [1.0], [2.0]]), np.full(2, math.log(2.0)), np.ones(1))
    >>> found.level.round(6)
    array([[2.]])
    """
    origin = logs[0]
    start, change = logs[:-1] - origin, np.diff(logs, axis=0)
    fade = -np.expm1(-np.outer(trials, steps))
    spread = -np.expm1(-2.0 * np.outer(trials, steps)) / (2.0 * trials[:, None])
    weight = 1.0 / spread
    n = steps.size
    # With y = change + fade * start, the level solves a weighted mean, and what is left is the
    # weighted sum of squares less that mean's share.
    squares = (
        weight @ change**2
        + 2.0 * (weight * fade) @ (change * start)
        + (weight * fade**2) @ start**2
    )
    products = (weight * fade) @ change + (weight * fade**2) @ start
    total = np.sum(weight * fade**2, axis=1)[:, None]
    level = products / total
    variance = np.maximum(squares - level * products, np.finfo(float).tiny) / n
    log_spread = np.sum(np.log(spread), axis=1)[:, None]
    return Profile(
        -0.5 * n * (np.log(2.0 * math.pi * variance) + 1.0) - 0.5 * log_spread,
        origin + level,
        np.sqrt(variance),
    )


def best_speeds(logs: FloatArray, steps: FloatArray, trials: FloatArray) -> FloatArray:
    """Return the mean reversion of highest likelihood of each history, ``(n_histories,)``.

    It is the peak of the parabola through the best trial and its neighbours, on the logarithmic
    scale of the trials; the first or the last trial where the likelihood rises towards it.
    """
    height = profile(logs, steps, trials).log_likelihood
    place = np.log(trials)
    best = np.argmax(height, axis=0)
    inner = np.clip(best, 1, trials.size - 2)
    column = np.arange(height.shape[1])
    left, middle, right = (height[inner + k, column] for k in (-1, 0, 1))
    bend = left - 2.0 * middle + right
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(bend < 0.0, 0.5 * (left - right) / bend, 0.0)
    width = float(place[1] - place[0])
    found = place[inner] + width * np.clip(shift, -1.0, 1.0)
    at_edge = (best == 0) | (best == trials.size - 1)
    speed: FloatArray = np.exp(np.where(at_edge, place[best], found))
    return speed
