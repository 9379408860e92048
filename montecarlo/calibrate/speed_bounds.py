r"""How far the likelihood ratio of a mean reversion strays in a short history, from simulated ones.

The root of the likelihood ratio, with the sign of the error of the estimate,

.. math:: r(\kappa) = \mathrm{sgn}(\hat\kappa - \kappa)
    \sqrt{2\big(\hat\ell - \ell_p(\kappa)\big)},

is standard normal in long histories. In a history of some decades it is not: estimates are too
high (:mod:`montecarlo.calibrate.ou`), and 95% of the roots lie between about -1.5 and 2.4, between
0 and 2.9 without any mean reversion. So they do over histories simulated with the trial
:math:`\kappa` on the same dates from the same first price, moves without jumps, level and
volatility at their best for it. Where jumps are told from the rest, only a part of the roots comes
from what the past's own moves did to the estimate; with :math:`\rho^2` the share of what normal
moves of the same variance would tell
(:meth:`~montecarlo.calibrate.jump_likelihood.JumpLikelihood.normal_share`) they are spread as

.. math:: \rho\,r + \sqrt{1 - \rho^2}\,z, \qquad z \sim N(0, 1),

and the bounds are the 2.5th and 97.5th percentile of that.

Source: B. E. Hansen, "Rethinking the univariate approach to unit root testing", Econometric Theory
11, 1995, for the mixture; B. E. Hansen, "The grid bootstrap and the autoregressive model", Review
of Economics and Statistics 81, 1999.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from montecarlo.calibrate.grid_bootstrap import SEED, simulated
from montecarlo.calibrate.ou_profile import profile, speeds
from montecarlo.checks import FloatArray

N_SIMULATED = 399
MOST_NUMBERS = 300_000
"""Simulated numbers at most; a long history has fewer simulations, never below 99."""
SPACING = 0.4
"""Bounds are simulated on a grid of the logarithm of the mean reversion, straight between."""
N_TRIALS = 30
N_QUANTILES = 100
"""Points that stand for a normal number."""


class SpeedBounds:
    """Between which bounds the signed root of the likelihood ratio lies in 95% of histories.

    Parameters
    ----------
    logs
        (n + 1,) log prices.
    steps
        (n,) years between them.
    normal_share
        What normal moves would tell of what these tell, above 0; 1 without jumps.
    """

    def __init__(self, logs: FloatArray, steps: FloatArray, normal_share: float = 1.0) -> None:
        from montecarlo.random import normals

        self.logs = logs
        self.steps = steps
        self.normal_share = normal_share
        trials = speeds(steps)
        self.slowest, self.fastest = math.log(trials[0]), math.log(trials[-1])
        n_simulated = min(N_SIMULATED, max(99, MOST_NUMBERS // steps.size))
        self._draws = normals(seed=SEED, n_paths=n_simulated, n_steps=steps.size, n_factors=1)
        self._known: dict[int, FloatArray] = {}

    def __call__(self, speed: float) -> tuple[float, float]:
        """Return the bounds for a trial of the mean reversion, 1/yr."""
        place = math.log(max(speed, 1e-300))
        at = (max(self.slowest, min(place, self.fastest)) - self.slowest) / SPACING
        below, share = int(at), at - int(at)
        low, high = (1.0 - share) * self._at(below) + share * self._at(below + 1)
        return float(low), float(high)

    def _at(self, number: int) -> FloatArray:
        if number not in self._known:
            signed = self._roots(math.exp(self.slowest + SPACING * number))
            own = math.sqrt(1.0 - self.normal_share) * _normal_quantiles()
            mixed = math.sqrt(self.normal_share) * signed[:, None] + own
            self._known[number] = np.quantile(mixed, [0.025, 0.975])
        return self._known[number]

    def _roots(self, speed: float) -> FloatArray:
        """Return the signed roots of histories simulated with a mean reversion, (n_simulated,)."""
        at = profile(self.logs[:, None], self.steps, np.array([speed]))
        level, volatility = float(at.level[0, 0]), float(at.volatility[0, 0])
        draws = self._draws[:, 0, :]
        first = float(self.logs[0])
        histories = simulated(speed, level, volatility, first, self.steps, draws)
        trials = np.geomspace(
            math.exp(self.slowest), max(math.exp(self.fastest), 2.0 * speed), N_TRIALS
        )
        trials = np.append(trials, speed)
        height = profile(histories, self.steps, trials).log_likelihood
        best, highest = _peaks(np.log(trials[:-1]), height[:-1])
        fall = np.maximum(0.0, highest - height[-1])
        signed: FloatArray = np.sign(best - math.log(speed)) * np.sqrt(2.0 * fall)
        return signed


@cache
def _normal_quantiles() -> FloatArray:
    from scipy.special import ndtri

    found: FloatArray = ndtri((np.arange(N_QUANTILES) + 0.5) / N_QUANTILES)
    return found


def _peaks(places: FloatArray, height: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return where columns are highest, and how high, by the parabola through the best three.

    >>> found = _peaks(np.arange(4.0), -(np.arange(4.0)[:, None] - 1.4) ** 2)
    >>> [part.round(6).tolist() for part in found]
    [[1.4], [0.0]]
    """
    best = np.argmax(height, axis=0)
    inner = np.clip(best, 1, len(places) - 2)
    column = np.arange(height.shape[1])
    left, middle, right = (height[inner + k, column] for k in (-1, 0, 1))
    bend = left - 2.0 * middle + right
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.clip(np.where(bend < 0.0, 0.5 * (left - right) / bend, 0.0), -1.0, 1.0)
    is_inner = best == inner
    width = float(places[1] - places[0])
    highest = middle - 0.25 * (left - right) * shift
    return (
        np.where(is_inner, places[inner] + width * shift, places[best]),
        np.where(is_inner, highest, height[best, column]),
    )
