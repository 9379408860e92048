r"""Jumps of a log price that fade: when they come, how large they are, what is left of them.

.. math::

    J_t = \sum_{\tau_k \le t} e^{-\kappa(t - \tau_k)} Y_k, \qquad Y_k \sim N(m, s^2), \qquad
    \ln E\,e^{\theta J_t} = \int_0^t \lambda(u)
    \big(e^{\theta m e^{-\kappa(t-u)} + \theta^2 s^2 e^{-2\kappa(t-u)}/2} - 1\big)\,du
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import portable
from montecarlo.checks import FloatArray
from montecarlo.decay import integrated_decay
from montecarlo.elementary import exp
from montecarlo.engine.intensity import Intensity, time_on
from montecarlo.jit import kernel
from montecarlo.philox import LOW, SHIFT_WORD, philox_words
from montecarlo.streams import standard_normal, unit_exponential

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpLaw:
    r"""When and how far a log price jumps, and how the jumps fade.

    Parameters
    ----------
    intensity
        :math:`\lambda(t)`, events a year.
    mean, volatility
        :math:`m` and :math:`s` of a jump of the log price.
    mean_reversion
        :math:`\kappa`, 1/yr; 0 when jumps stay.

    Examples
    --------
    Jumps that stay are compound Poisson: the log mean of exp(J) is
    :math:`\lambda t (e^{m + s^2/2} - 1)`, here 1 x (e^0.06 - 1).

    >>> law = JumpLaw(
    ...     intensity=Intensity.of(0.5, "x"), mean=0.04, volatility=0.2, mean_reversion=0.0
    ... )
    >>> law.log_mean_exponential([2.0]).round(6)
    array([0.061837])
    """

    intensity: Intensity
    mean: float
    volatility: float
    mean_reversion: float

    def log_mean_exponential(self, times: npt.ArrayLike, power: float = 1.0) -> FloatArray:
        r"""Return :math:`\ln E\,e^{\theta J_t}` with :math:`\theta` the power."""
        at = np.asarray(times, dtype=np.float64)
        total = np.zeros(at.shape)
        for start, end, rate in self.intensity.pieces():
            if rate > 0.0:
                total = total + rate * self._integrated(at, start, np.minimum(end, at), power)
        return total

    def drift(self) -> float:
        r"""Return what jumps add to the growth of the mean price today, 1/yr."""
        size = portable.expm1(self.mean + 0.5 * self.volatility**2)
        return self.intensity.rates[0] * float(size)

    def _integrated(
        self, at: FloatArray, start: float, end: FloatArray, power: float
    ) -> FloatArray:
        """Integrate the mean excess of one jump's factor over when it came."""
        length = np.maximum(end - start, 0.0)
        if self.mean_reversion == 0.0:
            return length * portable.expm1(power * self.mean + 0.5 * (power * self.volatility) ** 2)
        longest = float(length.max(initial=0.0))
        n_panels = max(1, int(np.ceil(self.mean_reversion * longest)))
        total = np.zeros(at.shape)
        half = 0.5 * length / n_panels
        for panel in range(n_panels):
            middle = start + (2 * panel + 1) * half
            for node, weight in zip(_NODES, _WEIGHTS, strict=True):
                fade = portable.exp(-self.mean_reversion * (at - (middle + node * half)))
                log_factor = power * self.mean * fade + 0.5 * (power * self.volatility * fade) ** 2
                total = total + weight * half * portable.expm1(log_factor)
        return total

    def _discounted_number(self, times: FloatArray, rate: float) -> FloatArray:
        """Return the expected number of events, each faded at ``rate``."""
        total = np.zeros(times.shape)
        for start, end, intensity in self.intensity.pieces():
            since = np.maximum(times - start, 0.0)
            until = np.maximum(times - end, 0.0)
            total = total + intensity * (
                integrated_decay(rate, since) - integrated_decay(rate, until)
            )
        return total

    def log_mean(self, times: FloatArray) -> FloatArray:
        """Return the mean of J."""
        return self.mean * self._discounted_number(times, self.mean_reversion)

    def log_autocovariance(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Return the covariance of J at two times."""
        common = np.minimum(first, second)
        fade = portable.exp(-self.mean_reversion * (np.maximum(first, second) - common))
        square = self.mean**2 + self.volatility**2
        return square * fade * self._discounted_number(common, 2.0 * self.mean_reversion)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JumpTransform:
    """Multiplies prices by exp(J).

    Parameters
    ----------
    law
        Of the jumps.
    key
        Of the random numbers (:func:`montecarlo.streams.stream_key`).
    times
        Of the rows, years, shape (n_dates,).
    is_mirrored
        Whether an odd path has the jumps of the even path before it.
    """

    law: JumpLaw
    key: npt.NDArray[np.uint64]
    times: FloatArray
    is_mirrored: bool

    def workspace(self, n_paths: int) -> tuple[FloatArray, npt.NDArray[np.uint64]]:
        """Return what is left of the jumps, the clock, the next event and its size; how many."""
        return np.empty((4, n_paths)), np.empty(n_paths, dtype=np.uint64)

    def apply(
        self,
        first_path: int,
        rows: tuple[FloatArray, ...],
        workspace: tuple[FloatArray, npt.NDArray[np.uint64]],
    ) -> None:
        """Multiply ``rows[0]`` by exp(J)."""
        state, count = workspace
        multiply_by_jumps(
            self.key,
            np.uint64(first_path),
            np.uint64(self.is_mirrored),
            self.law.intensity.clock(),
            self.law.mean,
            self.law.volatility,
            self.law.mean_reversion,
            self.times,
            state,
            count,
            rows[0],
        )


@kernel
def multiply_by_jumps(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    halved: np.uint64,
    clock: FloatArray,
    mean: float,
    volatility: float,
    mean_reversion: float,
    times: FloatArray,
    state: FloatArray,
    count: npt.NDArray[np.uint64],
    prices: FloatArray,
) -> None:
    """Multiply prices (n_dates, n) by exp(J); event k of a path is drawn from counter k."""
    n_dates, n_paths = prices.shape
    left, shown, due, size = state[0], state[1], state[2], state[3]
    for j in range(n_paths):
        left[j] = 0.0
        count[j] = 0
        path = (first_path + np.uint64(j)) >> halved
        when, how = philox_words(
            path & LOW, path >> SHIFT_WORD, np.uint64(0), np.uint64(0), key[0], key[1]
        )
        shown[j] = unit_exponential(when)
        due[j] = time_on(clock, shown[j])
        size[j] = mean + volatility * standard_normal(how)
    before = 0.0
    for t in range(n_dates):
        fade = exp(-mean_reversion * (times[t] - before))
        before = times[t]
        for j in range(n_paths):
            x = left[j] * fade
            while due[j] <= times[t]:
                x += size[j] * exp(-mean_reversion * (times[t] - due[j]))
                count[j] += np.uint64(1)
                path = (first_path + np.uint64(j)) >> halved
                when, how = philox_words(
                    path & LOW, path >> SHIFT_WORD, count[j], np.uint64(0), key[0], key[1]
                )
                shown[j] += unit_exponential(when)
                due[j] = time_on(clock, shown[j])
                size[j] = mean + volatility * standard_normal(how)
            left[j] = x
        for j in range(n_paths):
            prices[t, j] *= exp(left[j])
