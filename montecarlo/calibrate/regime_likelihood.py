r"""The likelihood of a price that switches regimes, observed on any dates.

Over a step of :math:`\Delta_i` years in regime j

.. math::

    x_{i+1} - x_i \sim N(m_j\Delta_i,\ \sigma_j^2\Delta_i), \qquad\text{or}\qquad
    x_{i+1} \sim N\Big(\theta_j + (x_i - \theta_j)e^{-\kappa\Delta_i},\
    \sigma_j^2\frac{1 - e^{-2\kappa\Delta_i}}{2\kappa}\Big)

for the log price x. The regime is taken as constant within a step, which is right as long as
regimes last for many steps; from the middle of one step to that of the next it changes with the
probabilities of a chain in continuous time, :math:`e^{Q\Delta}`, whose generator is fitted itself,
so that irregular dates do no harm and the result always is a chain. Before the first observation
regimes have their long-run probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from montecarlo.calibrate.free_parameter import FreeParameter
from montecarlo.calibrate.generator import expected_log, stationary, step_probabilities
from montecarlo.calibrate.hamilton_filter import (
    FilteredRegimes,
    filter_regimes,
    smooth_regimes,
    weights_of_transitions,
)
from montecarlo.checks import FloatArray

LEAST_SHARE = 0.02
"""Least volatility of a regime, as a share of the whole: without a limit the likelihood has none,
since a regime that holds a single change, or unchanged quotes, can be as sharp as one likes."""
MOST_TIMES = 100.0
"""Most volatility of a regime, in multiples of the whole."""
MOST_SWITCHES = 5.0
"""Most switches a step from one regime to another: faster ones cannot be seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegimeLikelihood:
    """Log prices, the years between them, and the form of the model.

    Parameters
    ----------
    names
        Of the regimes, by rising volatility.
    logs, steps
        (n + 1,) log prices; (n,) years between.
    is_mean_reverting
        Whether regimes differ in level rather than in drift.
    """

    names: tuple[str, ...]
    logs: FloatArray
    steps: FloatArray
    is_mean_reverting: bool

    @property
    def n_regimes(self) -> int:
        """How many regimes there are."""
        return len(self.names)

    @property
    def centre(self) -> str:
        """What differs between regimes beside the volatility."""
        return "log_level" if self.is_mean_reverting else "log_drift"

    @property
    def overall(self) -> float:
        """Volatility of all changes together, 1/sqrt(yr)."""
        return float(np.sqrt(np.mean(np.diff(self.logs) ** 2 / self.steps)))

    def moves(self) -> list[tuple[int, int]]:
        """Return every pair of regimes that can follow each other."""
        return list(permutations(range(self.n_regimes), 2))

    def parameters(self) -> tuple[FreeParameter, ...]:
        """Return what is searched for: volatilities, drifts or levels, intensities."""
        low, high = LEAST_SHARE * self.overall, MOST_TIMES * self.overall
        fastest = MOST_SWITCHES / float(np.median(self.steps))
        spread = float(np.std(self.logs)) if self.is_mean_reverting else self.overall
        names = self.names
        found = [FreeParameter(name=f"volatility_{name}", low=low, high=high) for name in names]
        found += [FreeParameter(name=f"{self.centre}_{name}", scale=spread) for name in names]
        found += [
            FreeParameter(name=f"intensity_{names[i]}_to_{names[j]}", low=0.0, high=fastest)
            for i, j in self.moves()
        ]
        if self.is_mean_reverting:
            found.append(FreeParameter(name="mean_reversion", low=0.0))
        return tuple(found)

    def split(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, float]:
        """Return volatilities, drifts or levels, the generator, and mean reversion."""
        k = self.n_regimes
        generator = np.zeros((k, k))
        for (i, j), rate in zip(self.moves(), theta[2 * k :], strict=False):
            generator[i, j] = rate
        generator -= np.diag(generator.sum(axis=1))
        speed = float(theta[-1]) if self.is_mean_reverting else 0.0
        return theta[:k], theta[k : 2 * k], generator, speed

    def law(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation of each new log price in each regime, (n, k)."""
        volatility, centre, _, speed = self.split(theta)
        before, step = self.logs[:-1, None], self.steps[:, None]
        if not self.is_mean_reverting:
            return before + centre * step, volatility * np.sqrt(step)
        fade = np.exp(-speed * step)
        spread = np.sqrt(-np.expm1(-2.0 * speed * step) / (2.0 * speed))
        return centre + (before - centre) * fade, volatility * spread

    def transitions(self, theta: FloatArray) -> FloatArray:
        """Return the probabilities from each step to the next, (n - 1, k, k)."""
        return step_probabilities(self.split(theta)[2], self._between)

    def filtered(self, theta: FloatArray) -> FilteredRegimes:
        """Return what each observation says of the regime."""
        mean, deviation = self.law(theta)
        z = (self.logs[1:, None] - mean) / deviation
        densities = -0.5 * z * z - np.log(deviation) - 0.5 * np.log(2.0 * np.pi)
        return filter_regimes(densities, self.transitions(theta), stationary(self.split(theta)[2]))

    def __call__(self, theta: FloatArray) -> float:
        """Return the log-likelihood, densities being of log prices given the first one."""
        return self.filtered(theta).log_likelihood

    def score(self, theta: FloatArray) -> tuple[float, FloatArray]:
        r"""Return the log-likelihood and its slopes, (k,), by Fisher's identity.

        The slope is that of the likelihood of observations and regimes together, expected given
        the observations; in the intensities by central differences of the probabilities.
        """
        found = self.filtered(theta)
        smoothed = smooth_regimes(found, self.transitions(theta))
        volatility, centre, _, speed = self.split(theta)
        mean, deviation = self.law(theta)
        z = (self.logs[1:, None] - mean) / deviation
        pull, step = smoothed * z / deviation, self.steps[:, None]
        fade = np.exp(-speed * step)
        slopes = [
            (smoothed * (z * z - 1.0)).sum(axis=0) / volatility,
            (pull * ((1.0 - fade) if self.is_mean_reverting else step)).sum(axis=0),
            self._intensity_slopes(theta, smoothed[0], weights_of_transitions(found, smoothed)),
        ]
        if self.is_mean_reverting:
            moved = -step * fade * (self.logs[:-1, None] - centre)
            widened = step * fade**2 / -np.expm1(-2.0 * speed * step) - 0.5 / speed
            slope = np.sum(pull * moved + smoothed * (z * z - 1.0) * widened)
            slopes.append(np.array([slope]))
        return found.log_likelihood, np.concatenate(slopes)

    def _intensity_slopes(
        self, theta: FloatArray, first: FloatArray, weights: FloatArray
    ) -> FloatArray:
        known, where = np.unique(self._between, return_inverse=True)
        total = np.stack([weights[where == u].sum(axis=0) for u in range(known.size)])
        slopes = np.empty(len(self.moves()))
        begin = 2 * self.n_regimes
        for m in range(slopes.size):
            step = 1e-5 * max(float(theta[begin + m]), 1e-6)
            ends = []
            for sign in (1.0, -1.0):
                moved = theta.copy()
                moved[begin + m] += sign * step
                ends.append(expected_log(self.split(moved)[2], known, total, first))
            slopes[m] = (ends[0] - ends[1]) / (2.0 * step)
        return slopes

    @property
    def _between(self) -> FloatArray:
        """Years from the middle of each step to that of the next, (n - 1,)."""
        return 0.5 * (self.steps[1:] + self.steps[:-1])

    def sorted(self, theta: FloatArray) -> FloatArray:
        """Return the same model with its regimes by rising volatility."""
        k = self.n_regimes
        order = np.argsort(theta[:k], kind="stable")
        generator = self.split(theta)[2][np.ix_(order, order)]
        rates = [generator[i, j] for i, j in self.moves()]
        rest = theta[2 * k + len(rates) :]
        return np.concatenate([theta[:k][order], theta[k : 2 * k][order], rates, rest])

    def starts(self) -> list[dict[str, float]]:
        """Return where the search begins: regimes near and far apart, of long and short spells."""
        k = self.n_regimes
        names = [parameter.name for parameter in self.parameters()]
        rise = float((self.logs[-1] - self.logs[0]) / self.steps.sum())
        step = float(np.median(self.steps))
        begun = []
        for ratio, spells, tilt in ((2.0, 8.0, 0.0), (4.0, 20.0, 0.0), (1.2, 15.0, 1.0),
                                    (1.2, 15.0, -1.0), (3.0, 4.0, 0.5)):  # fmt: skip
            spacing = np.linspace(-1.0, 1.0, k)
            volatility = self.overall * ratio ** (0.5 * spacing)
            if self.is_mean_reverting:
                centre = np.mean(self.logs) + tilt * spacing * np.std(self.logs)
            else:
                centre = rise + tilt * spacing * self.overall / np.sqrt(spells * step)
            rate = 1.0 / (spells * step * max(k - 1, 1))
            values = [*volatility, *centre, *[rate] * len(self.moves())]
            if self.is_mean_reverting:
                values.append(3.0 / float(self.steps.sum()) + 0.05 / step)
            begun.append(dict(zip(names, map(float, values), strict=True)))
        return begun
