r"""The stationary bootstrap: paths made of blocks of the past, and their exact moments.

The months (or other steps) of the past are numbered :math:`0 \dots N - 1`, the first following
the last. Which of them a step of a path repeats is a Markov chain:

.. math::

    I_{k+1} = I_k + 1 \bmod N \ \text{with probability}\ 1 - p, \qquad
    \text{else uniform}, \qquad p = 1/L,

so that blocks have geometric lengths of mean :math:`L`, and every step of a path repeats each
month equally often. The log price after k steps is :math:`S_k = \sum_{i<k} r_{I_i}`. With
:math:`f_k(i) = E[e^{\theta S_k} 1\{I_{k-1} = i\}]` its moments follow step by step,

.. math::

    E\,e^{\theta S_k} = \sum_i f_k(i), \qquad
    f_{k+1}(i) = e^{\theta r_i}\Big((1 - p) f_k(i - 1) + \frac pN\sum_j f_k(j)\Big),
    \qquad \mathrm{Cov}[r_{I_i}, r_{I_j}] = (1 - p)^{|i - j|} c_{|i - j|}

with c the circular autocovariance of the past.

Source: D. N. Politis and J. P. Romano, "The stationary bootstrap", Journal of the American
Statistical Association 89, 1994.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import portable
from montecarlo.checks import FloatArray
from montecarlo.elementary import exp
from montecarlo.jit import kernel
from montecarlo.philox import LOW, SHIFT_WORD, philox_words
from montecarlo.streams import open_uniform

_ROUNDING = 1e-9
"""A date this close to the end of a step, in steps, is at its end."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockLaw:
    """Blocks of the past.

    Parameters
    ----------
    log_returns
        Of each step of the past, shape (n_steps,).
    step
        Length of a step, years.
    restart
        Probability p that a step starts a new block.
    """

    log_returns: FloatArray
    step: float
    restart: float

    def steps_to(self, times: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Return the whole steps until each time, and the part of the step then under way."""
        steps = times / self.step
        whole = np.floor(steps + _ROUNDING)
        part = steps - whole
        return whole.astype(np.int64), np.where(part < _ROUNDING, 0.0, part)

    def log_mean_exponential(self, times: FloatArray, power: float = 1.0) -> FloatArray:
        r"""Return :math:`\ln E\,e^{\theta X_t}` with :math:`\theta` the power."""
        whole, part = self.steps_to(times)
        n = self.log_returns.size
        growth = portable.exp(power * self.log_returns)
        found = np.empty(times.shape)
        following = np.full(n, 1.0 / n)
        log_scale = 0.0
        for k in range(int(whole.max(initial=0)) + 1):
            for where in np.argwhere(whole == k):
                at = tuple(where)
                partly = portable.exp(power * part[at] * self.log_returns)
                total = float(np.sum(following * partly))
                found[at] = log_scale + float(portable.log(total))
            weight = following * growth
            total = float(np.sum(weight))
            log_scale += float(portable.log(total))
            weight = weight / total
            following = (1.0 - self.restart) * np.roll(weight, 1) + self.restart / n
        return found

    def log_covariance(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Return the covariance of the log price at two times of the same shape.

        The log price runs straight through a step, so its covariance does in both times.
        """
        (k, u), (m, v) = self.steps_to(first), self.steps_to(second)
        table = self._covariance_table(int(max(k.max(initial=0), m.max(initial=0))) + 1)
        early = (1.0 - u) * table[k, m] + u * table[k + 1, m]
        late = (1.0 - u) * table[k, m + 1] + u * table[k + 1, m + 1]
        return (1.0 - v) * early + v * late

    def _covariance_table(self, n_steps: int) -> FloatArray:
        """Return the covariance of S_k and S_m for k and m up to ``n_steps``."""
        centred = self.log_returns - self.log_returns.mean()
        n = centred.size
        lags = np.arange(n_steps)
        circular = np.array([float(np.mean(centred * np.roll(centred, -lag))) for lag in range(n)])
        by_lag = portable.exp(lags * _log(1.0 - self.restart)) * circular[lags % n]
        table = np.zeros((n_steps + 1, n_steps + 1))
        spread = by_lag[np.abs(lags[:, None] - lags[None, :])]
        table[1:, 1:] = np.cumsum(np.cumsum(spread, axis=0), axis=1)
        return table


def _log(value: float) -> float:
    """Return the logarithm; for zero one so low that its exponential is nothing."""
    return float(portable.log(value)) if value > 0.0 else -1e4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BootstrapTransform:
    """Overwrites a price by one made of blocks of the past.

    Parameters
    ----------
    law
        Of the blocks.
    key
        Of the random numbers (:func:`montecarlo.streams.stream_key`).
    times
        Of the rows, years, shape (n_dates,).
    scale
        What multiplies the exponential of the log price, shape (n_dates,).
    """

    law: BlockLaw
    key: npt.NDArray[np.uint64]
    times: FloatArray
    scale: FloatArray

    def workspace(self, n_paths: int) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        """Return the log price at the last whole step, and what the step under way repeats."""
        return np.empty(n_paths), np.empty(n_paths, dtype=np.int64)

    def apply(
        self,
        first_path: int,
        rows: tuple[FloatArray, ...],
        workspace: tuple[FloatArray, npt.NDArray[np.int64]],
    ) -> None:
        """Overwrite ``rows[0]``."""
        whole, part = self.law.steps_to(self.times)
        total, repeated = workspace
        repeat_blocks(
            self.key,
            np.uint64(first_path),
            self.law.log_returns,
            self.law.restart,
            whole,
            part,
            self.scale,
            total,
            repeated,
            rows[0],
        )


@kernel
def repeat_blocks(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    log_returns: FloatArray,
    restart: float,
    whole: npt.NDArray[np.int64],
    part: FloatArray,
    scale: FloatArray,
    total: FloatArray,
    repeated: npt.NDArray[np.int64],
    prices: FloatArray,
) -> None:
    """Write prices (n_dates, n); step k of a path is drawn from counter k."""
    n_dates, n_paths = prices.shape
    n = log_returns.shape[0]
    done = 0
    for j in range(n_paths):
        total[j] = 0.0
        repeated[j] = -1
    for t in range(n_dates):
        first = done if t == 0 else done + 1
        for k in range(first, whole[t] + 1):
            for j in range(n_paths):
                if k > 0:
                    total[j] += log_returns[repeated[j]]
                path = first_path + np.uint64(j)
                whether, where = philox_words(
                    path & LOW, path >> SHIFT_WORD, np.uint64(k), np.uint64(0), key[0], key[1]
                )
                following = repeated[j] + 1 if repeated[j] + 1 < n else 0
                drawn = min(int(open_uniform(where) * n), n - 1)
                is_new = k == 0 or open_uniform(whether) < restart
                repeated[j] = drawn if is_new else following
        done = whole[t]
        for j in range(n_paths):
            prices[t, j] = scale[t] * exp(total[j] + part[t] * log_returns[repeated[j]])
