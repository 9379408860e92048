r"""A variance that is random itself, and the log price that it moves, step by step.

.. math::

    dX = -\tfrac12 V\,dt + \sqrt V\,dW, \qquad dV = \kappa(\theta - V)\,dt + \xi\sqrt V\,dB,
    \qquad dW\,dB = \rho\,dt

in steps of :math:`h`, by the quadratic-exponential scheme with the martingale correction of
Andersen (2008): the variance is drawn from a law with its exact conditional mean and variance,

.. math::

    V_{t+h} = a(b + Z_B)^2 \quad\text{or, where it comes near zero,}\quad
    V_{t+h} = \frac1\beta\ln\frac{1-p}{1 - \Phi(Z_B)}\ \text{if positive, else } 0,

and the log price, given both ends, with the integral of the variance by the trapezium rule,

.. math::

    X_{t+h} = X_t - \ln M - \tfrac12 K_3 V_t + K_2 V_{t+h}
    + \sqrt{K_3 V_t + K_4 V_{t+h}}\;Z, \qquad
    K_2 = \tfrac h2\Big(\frac{\kappa\rho}\xi - \tfrac12\Big) + \frac\rho\xi, \qquad
    K_3 = K_4 = \tfrac h2(1 - \rho^2),

with :math:`M = E[e^{A V_{t+h}} | V_t]`, :math:`A = K_2 + K_4/2`, so that the mean of
:math:`e^X` stays 1 to rounding whatever the step.

Where a date is more than one step after the one before, the Brownian motions, given at the dates,
are filled in by their own law between them.

Source: L. Andersen, "Simple and efficient simulation of the Heston stochastic volatility model",
Journal of Computational Finance 11(3), 2008.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import portable
from montecarlo.checks import FloatArray
from montecarlo.elementary import exp, log
from montecarlo.jit import fma, kernel
from montecarlo.normal_tail import normal_tail
from montecarlo.philox import LOW, SHIFT_WORD, philox_words
from montecarlo.streams import standard_normal

_SWITCH = 1.5
"""Squared coefficient of variation from which the variance is drawn with an atom at zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceLaw:
    r"""How the variance of a log price moves.

    Parameters
    ----------
    initial_variance, long_run_variance
        :math:`V_0` and :math:`\theta`, 1/yr, at least 0.
    mean_reversion
        :math:`\kappa`, 1/yr, above 0.
    volatility_of_variance
        :math:`\xi`, 1/yr, above 0.
    correlation
        :math:`\rho`, of the variance's shocks with those of the log price.
    """

    initial_variance: float
    long_run_variance: float
    mean_reversion: float
    volatility_of_variance: float
    correlation: float

    def largest_exponent(self, step: float) -> float:
        """Return the largest A of any step up to this one, as a share of what is admissible.

        Below 1 the mean that the correction divides by exists whatever the variance.
        """
        at_zero = self.correlation / self.volatility_of_variance
        exponents = (at_zero, self._exponent(step))
        fall = -float(portable.expm1(-self.mean_reversion * step))
        return max(exponents) * self.volatility_of_variance**2 * fall / self.mean_reversion

    def _exponent(self, step: float) -> float:
        rho = self.correlation
        per_year = rho * self.mean_reversion / self.volatility_of_variance - 0.5 * rho * rho
        return rho / self.volatility_of_variance + 0.5 * step * per_year

    def steps(
        self, times: FloatArray, steps_a_year: int
    ) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Return how many steps lead to each date, and what is the same for each of them.

        The coefficients are (n_dates, 8): step, decay of the variance, its conditional variance
        per unit of variance and beyond, A, K2, K3, and the square root of the step.
        """
        spans = np.diff(times, prepend=0.0)
        # A span that is a whole number of steps up to rounding takes no step more.
        counts = np.maximum(np.ceil(spans * steps_a_year - 1e-9), 1.0).astype(np.int64)
        h = spans / counts
        kappa, xi, rho = self.mean_reversion, self.volatility_of_variance, self.correlation
        fall = -portable.expm1(-kappa * h)
        keep = 1.0 - fall
        diffusive = 0.5 * h * (1.0 - rho * rho)
        correlated = 0.5 * h * (kappa * rho / xi - 0.5) + rho / xi
        coefficients = np.stack(
            [
                h,
                keep,
                xi * xi * keep * fall / kappa,
                0.5 * self.long_run_variance * (xi * fall) ** 2 / kappa,
                correlated + 0.5 * diffusive,
                correlated,
                diffusive,
                np.sqrt(h),
            ],
            axis=1,
        )
        return counts, coefficients


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HestonTransform:
    """Turns two Brownian motions into a price of random variance.

    Parameters
    ----------
    law
        Of the variance.
    key
        Of the random numbers between dates (:func:`montecarlo.streams.stream_key`).
    counts, coefficients
        Of each date (:meth:`VarianceLaw.steps`).
    scale
        The mean price on each date, shape (n_dates,).
    is_mirrored
        Whether an odd path has minus the shocks of the even path before it.
    """

    law: VarianceLaw
    key: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int64]
    coefficients: FloatArray
    scale: FloatArray
    is_mirrored: bool

    def workspace(self, n_paths: int) -> FloatArray:
        """Return variance, log price, the Brownian motions at the last date and what is left."""
        return np.empty((6, n_paths))

    def apply(self, first_path: int, rows: tuple[FloatArray, ...], workspace: FloatArray) -> None:
        """Overwrite ``rows[0]``; both rows are exponentials of Brownian motions."""
        law = self.law
        rho = law.correlation
        own = math.sqrt(1.0 - rho * rho)
        walk(
            self.key,
            np.uint64(first_path),
            np.uint64(self.is_mirrored),
            law.initial_variance,
            law.long_run_variance,
            rho,
            1.0 / own if own > 0.0 else 0.0,
            self.counts,
            self.coefficients,
            self.scale,
            workspace,
            rows[1],
            rows[0],
        )


@kernel
def next_variance(
    variance: float, z: float, long_run: float, keep: float, slope: float, rest: float, power: float
) -> tuple[float, float]:
    """Return the variance after one step, and the log of the mean of exp(power times it).

    Examples
    --------
    A variance that has come to zero and is pulled nowhere stays there:

    >>> next_variance(0.0, 1.0, 0.0, 0.9, 0.1, 0.0, -1.0)
    (0.0, 0.0)
    """
    mean = long_run + (variance - long_run) * keep
    square = mean * mean
    spread = slope * variance + rest
    if square == 0.0:
        return 0.0, 0.0
    if spread <= _SWITCH * square:
        ratio = 2.0 * square / spread
        b_squared = ratio - 1.0 + math.sqrt(ratio * (ratio - 1.0))
        a = mean / (1.0 + b_squared)
        shifted = math.sqrt(b_squared) + z
        room = 1.0 - 2.0 * power * a
        return a * shifted * shifted, power * b_squared * a / room - 0.5 * log(room)
    p = (spread - square) / (spread + square)
    beta = (1.0 - p) / mean
    tail = normal_tail(z)
    drawn = log((1.0 - p) / tail) / beta if tail < 1.0 - p else 0.0
    return drawn, log(p + beta * (1.0 - p) / (beta - power))


@kernel
def walk(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    halved: np.uint64,
    initial: float,
    long_run: float,
    correlation: float,
    per_own: float,
    counts: npt.NDArray[np.int64],
    coefficients: FloatArray,
    scale: FloatArray,
    state: FloatArray,
    driver: FloatArray,
    prices: FloatArray,
) -> None:
    """Walk from date to date; ``prices`` (n_dates, n) holds exp(W) before and prices after."""
    n_dates, n_paths = prices.shape
    variance, x, at_price, at_variance, left_own, left_variance = state
    for j in range(n_paths):
        variance[j] = initial
        x[j] = 0.0
        at_price[j] = 0.0
        at_variance[j] = 0.0
    n_before = np.uint64(0)
    for t in range(n_dates):
        n = counts[t]
        h, keep, slope, rest, power, pull, diffusive, root = coefficients[t]
        per_root = 1.0 / root if root > 0.0 else 0.0
        for j in range(n_paths):
            w = log(prices[t, j])
            b = log(driver[t, j])
            moved = b - at_variance[j]
            left_variance[j] = moved
            left_own[j] = (w - at_price[j] - correlation * moved) * per_own
            at_price[j] = w
            at_variance[j] = b
        for k in range(n):
            n_left = n - k
            share = 1.0 / n_left
            noise = math.sqrt(h * (1.0 - share))
            for j in range(n_paths):
                step_own = left_own[j]
                step_variance = left_variance[j]
                if n_left > 1:
                    path = first_path + np.uint64(j)
                    sign = -noise if path & halved else noise
                    path = path >> halved
                    one, other = philox_words(
                        path & LOW, path >> SHIFT_WORD, n_before, np.uint64(0), key[0], key[1]
                    )
                    step_own = step_own * share + sign * standard_normal(one)
                    step_variance = step_variance * share + sign * standard_normal(other)
                    left_own[j] -= step_own
                    left_variance[j] -= step_variance
                v = variance[j]
                v_next, log_mean = next_variance(
                    v, step_variance * per_root, long_run, keep, slope, rest, power
                )
                spread = math.sqrt(diffusive * (v + v_next))
                drift = pull * v_next - 0.5 * diffusive * v - log_mean
                x[j] += fma(spread, step_own * per_root, drift)
                variance[j] = v_next
            n_before += np.uint64(1)
        for j in range(n_paths):
            prices[t, j] = scale[t] * exp(x[j])
