r"""The likelihood of log price changes that are a diffusion and some jumps: a Poisson mixture.

.. math::

    p(y) = \sum_{n \ge 0} e^{-\lambda\Delta}\frac{(\lambda\Delta)^n}{n!}\,
    \varphi\big(y;\ n m a_1,\ \sigma^2\Delta a_2 + n(s^2 a_2 + m^2(a_2 - a_1^2))\big), \qquad
    a_1 = \frac{1 - e^{-\kappa\Delta}}{\kappa\Delta}, \qquad
    a_2 = \frac{1 - e^{-2\kappa\Delta}}{2\kappa\Delta}

with :math:`y` the change less its drift and pull, :math:`\varphi(y; \mu, v)` the normal density.
Without mean reversion (:math:`\kappa = 0`) that is exact. With it, a jump has faded by the end of
its step for as long as it has been there: the mixture has the exact mean and variance of what is
left of it, not its exact shape. For jumps of a few times the volatility of a step and
:math:`\kappa\Delta` up to 0.1 the density is found within 0.2% of the exact one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from montecarlo.checks import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpParameters:
    """What moves a log price, yearly.

    Parameters
    ----------
    mean_reversion
        Rate at which deviations and jumps fade; 0 where they stay.
    volatility, jump_intensity, jump_mean, jump_volatility
        As in :class:`~montecarlo.models.jump_diffusion.JumpDiffusion`.
    pull
        Without mean reversion the drift of the log price between jumps, 1/yr; with it, the level
        to which the log price returns between jumps.
    """

    mean_reversion: float
    volatility: float
    jump_intensity: float
    jump_mean: float
    jump_volatility: float
    pull: float

    def as_array(self) -> FloatArray:
        """Return the fields in order, (6,)."""
        pulled = (self.mean_reversion, self.volatility, self.jump_intensity)
        return np.array([*pulled, self.jump_mean, self.jump_volatility, self.pull])


class JumpLikelihood:
    """Log prices with their steps, ready for many trials of the parameters.

    Parameters
    ----------
    logs
        (n + 1,) log prices.
    steps
        (n,) years between them.
    most_intense
        The largest intensity that will be tried, 1/yr; at it, the numbers of jumps left out have
        a chance below 1e-8 a step, and below 1e-16 at a fifth of it.
    """

    def __init__(self, logs: FloatArray, steps: FloatArray, most_intense: float) -> None:
        self.logs = logs
        self.steps = steps
        expected = most_intense * float(steps.max())
        n_terms = math.ceil(expected + 6.0 * math.sqrt(expected) + 8.0)
        self.counts = np.arange(n_terms)
        self.log_factorials = np.array([math.lgamma(n + 1.0) for n in range(n_terms)])

    def log_terms(self, trial: JumpParameters) -> tuple[FloatArray, FloatArray]:
        """Return the logs of the mixture's terms, and the standardised change under each.

        Both are (n, n_terms): how probable a number of jumps with this change is, and how far
        the change then is from its mean, in standard deviations.
        """
        kappa, steps = trial.mean_reversion, self.steps
        once, twice = _shares_left(kappa, steps)
        if kappa > 0.0:
            left = np.diff(self.logs) - kappa * once * steps * (trial.pull - self.logs[:-1])
        else:
            left = np.diff(self.logs) - trial.pull * steps
        square = trial.jump_mean**2
        of_jump = trial.jump_volatility**2 * twice + square * (twice - once**2)
        variance = (trial.volatility**2 * steps * twice)[:, None] + self.counts * of_jump[:, None]
        spread = np.sqrt(variance)
        away = (left[:, None] - trial.jump_mean * once[:, None] * self.counts) / spread
        log_density = -0.5 * away**2 - np.log(spread) - 0.5 * math.log(2.0 * math.pi)
        return self.log_chances(trial) + log_density, away

    def log_chances(self, trial: JumpParameters) -> FloatArray:
        """Return the logs of how probable each number of jumps is before the fact."""
        from scipy.special import xlogy

        expected = (trial.jump_intensity * self.steps)[:, None]
        found: FloatArray = xlogy(self.counts, expected) - expected - self.log_factorials
        return found

    def log_densities(self, trial: JumpParameters) -> FloatArray:
        """Return the log density of each change, (n,)."""
        terms, _ = self.log_terms(trial)
        highest = terms.max(axis=1)
        found: FloatArray = highest + np.log(np.sum(np.exp(terms - highest[:, None]), axis=1))
        return found

    def total(self, trial: JumpParameters) -> float:
        """Return the log-likelihood."""
        return float(np.sum(self.log_densities(trial)))

    def total_and_slope(self, trial: JumpParameters) -> tuple[float, FloatArray]:
        """Return the log-likelihood and its slope, (6,), in the order of the trial's fields.

        That of the mean reversion is a difference over a ten-thousandth; the others are exact.
        """
        kappa, steps, counts = trial.mean_reversion, self.steps[:, None], self.counts
        once, twice = _shares_left(kappa, steps)
        terms, away = self.log_terms(trial)
        highest = terms.max(axis=1)
        weights = np.exp(terms - highest[:, None])
        totals = weights.sum(axis=1)
        total = float(np.sum(highest + np.log(totals)))
        weights /= totals[:, None]
        bent = twice - once**2
        of_jump = trial.jump_volatility**2 * twice + trial.jump_mean**2 * bent
        variance = trial.volatility**2 * steps * twice + counts * of_jump
        by_mean = weights * away / np.sqrt(variance)
        by_variance = 0.5 * weights * (away**2 - 1.0) / variance
        pulled = kappa * once * steps if kappa > 0.0 else steps
        slope = np.empty(6)
        slope[0] = 0.0
        slope[1] = np.sum(by_variance * steps * twice) * 2.0 * trial.volatility
        slope[2] = np.sum(weights * (counts / trial.jump_intensity - steps))
        slope[3] = np.sum(by_mean * once * counts)
        slope[3] += np.sum(by_variance * counts * bent) * 2.0 * trial.jump_mean
        slope[4] = np.sum(by_variance * counts * twice) * 2.0 * trial.jump_volatility
        slope[5] = np.sum(by_mean * pulled)
        if kappa > 0.0:
            step = 1e-4 * kappa
            ends = [self.total(replace(trial, mean_reversion=kappa + by)) for by in (step, -step)]
            slope[0] = (ends[0] - ends[1]) / (2.0 * step)
        return total, slope

    def chance_of_jump(self, trial: JumpParameters) -> FloatArray:
        """Return how probable it is, after the fact, that each change had a jump, (n,)."""
        terms, _ = self.log_terms(trial)
        return -np.expm1(terms[:, 0] - self.log_densities(trial))

    def residuals(self, trial: JumpParameters) -> FloatArray:
        """Return changes as standard normals, if the model is right: by their probabilities."""
        from scipy.special import ndtr, ndtri

        _, away = self.log_terms(trial)
        chance = np.exp(self.log_chances(trial))
        below = np.sum(chance * ndtr(away), axis=1)
        above = np.sum(chance * ndtr(-away), axis=1)
        found: FloatArray = np.where(below < above, ndtri(below), -ndtri(above))
        return found


def _shares_left(kappa: float, steps: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what is left on average of what came within a step, and of its square."""
    if kappa == 0.0:
        return np.ones(steps.shape), np.ones(steps.shape)
    away = kappa * steps
    return -np.expm1(-away) / away, -np.expm1(-2.0 * away) / (2.0 * away)
