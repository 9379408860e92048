r"""The likelihood of log price changes that are a diffusion and some jumps: a Poisson mixture.

.. math::

    p(y) = \sum_{n \ge 0} e^{-\lambda\Delta}\frac{(\lambda\Delta)^n}{n!}\, p_n(y), \qquad
    p_n(y) = \mathrm{E}\,\varphi\Big(y;\ m\sum_{i \le n} f_i,\ \sigma^2\Delta a_2 +
    s^2\sum_{i \le n} f_i^2\Big), \qquad f_i = e^{-\kappa\Delta U_i}, \qquad
    a_2 = \frac{1 - e^{-2\kappa\Delta}}{2\kappa\Delta}

with :math:`y` the change less its drift and pull, :math:`\varphi(y; \mu, v)` the normal density and
:math:`U_i` uniform: a jump has faded by the end of its step for as long as it has been there.
Without mean reversion (:math:`\kappa = 0`) every :math:`f_i = 1`. With it, the mean over the moment
of one jump is a quadrature, and two or more jumps in a step are a normal law with the exact mean
and variance (:mod:`montecarlo.calibrate.jump_mixture`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from montecarlo.calibrate.jump_mixture import Terms, mixture, terms_of
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
        self.most = math.ceil(expected + 6.0 * math.sqrt(expected) + 7.0)
        self._changes = np.diff(logs)
        self._before = np.ascontiguousarray(logs[:-1])
        lengths, which = np.unique(steps, return_inverse=True)
        self._lengths = lengths
        self._which = which.astype(np.float64)
        self._rows = which
        self._terms = (math.nan, terms_of(0.0, lengths, self.most))

    def terms(self, kappa: float) -> Terms:
        """Return the terms of the mixture for a mean reversion; the last ones are kept."""
        if self._terms[0] != kappa:
            self._terms = (kappa, terms_of(kappa, self._lengths, self.most))
        return self._terms[1]

    def log_terms(self, trial: JumpParameters) -> tuple[FloatArray, FloatArray]:
        """Return the logs of the mixture's terms, and the standardised change under each.

        Both are (n, n_terms), that without jumps first: how probable a term with this change is,
        and how far the change then is from its mean, in standard deviations.
        """
        spread, away = self._standardised(trial)
        log_density = -0.5 * away**2 - np.log(spread) - 0.5 * math.log(2.0 * math.pi)
        return self.log_chances(trial) + log_density, away

    def _standardised(self, trial: JumpParameters) -> tuple[FloatArray, FloatArray]:
        """Return the deviation under each term, and the change in units of it, (n, n_terms)."""
        terms, rows = self.terms(trial.mean_reversion), self._rows
        gap = trial.pull - self._before if trial.mean_reversion > 0.0 else trial.pull
        left = self._changes - terms.pulled[rows] * gap
        of_jumps = trial.jump_volatility**2 * terms.square + trial.jump_mean**2 * terms.bent
        spread = np.sqrt(trial.volatility**2 * terms.diffusion[:, None] + of_jumps)[rows]
        return spread, (left[:, None] - trial.jump_mean * terms.mean[rows]) / spread

    def log_chances(self, trial: JumpParameters) -> FloatArray:
        """Return the logs of how probable each term is before the fact, (n, n_terms)."""
        return self._log_chances(trial)[self._rows]

    def _log_chances(self, trial: JumpParameters) -> FloatArray:
        from scipy.special import xlogy

        terms = self.terms(trial.mean_reversion)
        expected = (trial.jump_intensity * self._lengths)[:, None]
        found: FloatArray = xlogy(terms.counts, expected) - expected + terms.log_weights
        return found

    def log_densities(self, trial: JumpParameters) -> FloatArray:
        """Return the log density of each change, (n,)."""
        terms, _ = self.log_terms(trial)
        highest = terms.max(axis=1)
        found: FloatArray = highest + np.log(np.sum(np.exp(terms - highest[:, None]), axis=1))
        return found

    def total(self, trial: JumpParameters) -> float:
        """Return the log-likelihood."""
        return self.total_and_slope(trial)[0]

    def total_and_slope(self, trial: JumpParameters) -> tuple[float, FloatArray]:
        """Return the log-likelihood and its slope, (6,), in the order of the trial's fields."""
        terms = self.terms(trial.mean_reversion)
        out = np.empty(7)
        mixture(
            self._changes,
            self._before,
            self._lengths,
            self._which,
            trial.as_array(),
            terms.counts,
            self._log_chances(trial),
            terms.mean,
            terms.square,
            terms.bent,
            terms.diffusion,
            terms.pulled,
            terms.mean_slope,
            terms.square_slope,
            terms.bent_slope,
            terms.diffusion_slope,
            terms.pulled_slope,
            np.empty((2, terms.counts.size)),
            out,
        )
        return float(out[0]), out[1:]

    def chance_of_jump(self, trial: JumpParameters) -> FloatArray:
        """Return how probable it is, after the fact, that each change had a jump, (n,)."""
        terms, _ = self.log_terms(trial)
        return -np.expm1(terms[:, 0] - self.log_densities(trial))

    def normal_share(self, trial: JumpParameters) -> float:
        r"""Return how much of what the changes tell of their means normal ones would tell.

        .. math:: \rho^2 = \sum_i\frac1{v_i} \Big/ \sum_i\Big(\frac{p'(y_i)}{p(y_i)}\Big)^2

        with :math:`v_i` the variance of the change, jumps included: 1 without jumps, and little
        where large jumps are plain to see, so that they blur nothing.
        """
        terms, _ = self.log_terms(trial)
        spread, away = self._standardised(trial)
        chances = np.exp(self.log_chances(trial))
        weights = np.exp(terms - self.log_densities(trial)[:, None])
        slope = np.sum(weights * away / spread, axis=1)
        mean = trial.jump_mean * self.terms(trial.mean_reversion).mean[self._rows]
        middle = np.sum(chances * mean, axis=1)
        variance = np.sum(chances * (spread**2 + mean**2), axis=1) - middle**2
        return min(1.0, float(np.sum(1.0 / variance) / np.sum(slope**2)))

    def residuals(self, trial: JumpParameters) -> FloatArray:
        """Return changes as standard normals, if the model is right: by their probabilities."""
        from scipy.special import ndtr, ndtri

        _, away = self.log_terms(trial)
        chance = np.exp(self.log_chances(trial))
        below = np.sum(chance * ndtr(away), axis=1)
        above = np.sum(chance * ndtr(-away), axis=1)
        found: FloatArray = np.where(below < above, ndtri(below), -ndtri(above))
        return found
