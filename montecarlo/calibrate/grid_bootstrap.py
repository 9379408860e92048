r"""An interval for mean reversion that holds what it says in short histories.

A trial :math:`\kappa_0` belongs to the 95% interval if the estimate that was found lies between
the 2.5th and the 97.5th percentile of the estimates from histories that are simulated with
:math:`\kappa_0` (level and volatility at their best for it) on the same dates from the same first
price. Whether such an estimate lies below the one that was found is read from the slope of its
likelihood there, so that none needs to be searched for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from montecarlo.calibrate.ou_profile import profile
from montecarlo.checks import FloatArray

N_SIMULATED = 399
MOST_NUMBERS = 600_000
"""Simulated numbers at most; a long history has fewer simulations, never below 99."""
SEED = 20250709
LEVELS = (0.975, 0.9, 0.5, 0.1, 0.025)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inversion:
    """Ends of the 95% and the 80% interval of mean reversion, and its median-unbiased estimate.

    An end of 0 says that no mean reversion at all would explain the estimate.
    """

    low_95: float
    low_80: float
    median_unbiased: float
    high_80: float
    high_95: float
    n_simulated: int


def invert(
    logs: FloatArray, steps: FloatArray, trials: FloatArray, estimate: float, *, seed: int = SEED
) -> Inversion:
    r"""Return the interval of mean reversion for a history.

    Parameters
    ----------
    logs, steps
        (n + 1,) log prices and (n,) years between them.
    trials
        The slowest and the fastest mean reversion bound the search.
    estimate
        The maximum likelihood estimate.
    seed
        Of the simulated histories; the same for every trial.
    """
    from montecarlo.random import normals

    n_simulated = min(N_SIMULATED, max(99, MOST_NUMBERS // steps.size))
    draws = normals(seed=seed, n_paths=n_simulated, n_steps=steps.size, n_factors=1)[:, 0, :]
    around = estimate * np.array([0.999, 1.001])
    at_edge = not trials[0] < estimate < trials[-1]

    def share_below(speed: float) -> float:
        at = profile(logs[:, None], steps, np.array([speed]))
        histories = simulated(
            speed, float(at.level[0, 0]), float(at.volatility[0, 0]), float(logs[0]), steps, draws
        )
        height = profile(histories, steps, around).log_likelihood
        below = height[1] <= height[0]
        return float(np.mean(below if not at_edge or estimate <= trials[0] else ~below))

    ends = [_solve(share_below, trials, level) for level in LEVELS]
    return Inversion(
        low_95=ends[0],
        low_80=ends[1],
        median_unbiased=ends[2],
        high_80=ends[3],
        high_95=ends[4],
        n_simulated=n_simulated,
    )


def _solve(share_below: Callable[[float], float], trials: FloatArray, level: float) -> float:
    """Return where the share falls through ``level``; 0 if it is below at the slowest trial."""
    low, high = math.log(trials[0]), math.log(trials[-1])
    if share_below(math.exp(low)) < level:
        return 0.0
    for _ in range(12):
        middle = 0.5 * (low + high)
        if share_below(math.exp(middle)) >= level:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high))


def simulated(
    speed: float,
    level: float,
    volatility: float,
    first: float,
    steps: FloatArray,
    draws: FloatArray,
) -> FloatArray:
    """Return log prices by the exact transition from ``first``, ``(n + 1, n_histories)``.

    >>> half = simulated(math.log(2.0), 4.0, 0.0, 5.0, np.ones(2), np.zeros((2, 1)))
    >>> half[:, 0]
    array([5.  , 4.5 , 4.25])
    """
    fade = np.exp(-speed * steps)
    spread = volatility * np.sqrt(-np.expm1(-2.0 * speed * steps) / (2.0 * speed))
    out = np.empty((steps.size + 1, draws.shape[1]))
    out[0] = first - level
    for i in range(steps.size):
        out[i + 1] = fade[i] * out[i] + spread[i] * draws[i]
    out += level
    return out
