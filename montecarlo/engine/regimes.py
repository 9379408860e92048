r"""A log price whose drift and volatility are those of the state that the market is in.

.. math::

    dy = (a_{S_t} - \kappa y)\,dt + \sigma_{S_t}\,dW + Y_{ij}\,dN_{ij}, \qquad y_0 = 0, \qquad
    Y_{ij} \sim N(m_{ij}, s_{ij}^2)

with S a Markov chain in continuous time that goes from i to j with intensity
:math:`\lambda_{ij}(t)`, constant between dates.

The mean of :math:`e^{\theta y_t}` given the regime at the start solves the linear (Feynman-Kac)
equation in the time to go :math:`\tau`, with :math:`f = \theta e^{-\kappa\tau}`,

.. math::

    \frac{dg_i}{d\tau} = \big(f a_i + \tfrac12 f^2\sigma_i^2\big)\,g_i
    + \sum_j \lambda_{ij}(t - \tau)\big(e^{f m_{ij} + f^2 s_{ij}^2/2}\,g_j - g_i\big), \qquad
    g_i(0) = 1 .

Mean and covariance of y follow from
:math:`p_i = P(S_t = i)`, :math:`\alpha_i = E[y_t; S_t = i]`, :math:`\beta_i = E[y_t^2; S_t = i]`:

.. math::

    \dot p_i &= \textstyle\sum_j p_j\lambda_{ji} - p_i\sum_j\lambda_{ij}, \\
    \dot\alpha_i &= \textstyle -\kappa\alpha_i + a_i p_i + \sum_j(\alpha_j + m_{ji}p_j)\lambda_{ji}
    - \alpha_i\sum_j\lambda_{ij}, \\
    \dot\beta_i &= \textstyle -2\kappa\beta_i + 2a_i\alpha_i + \sigma_i^2 p_i
    + \sum_j(\beta_j + 2m_{ji}\alpha_j + (m_{ji}^2 + s_{ji}^2)p_j)\lambda_{ji}
    - \beta_i\sum_j\lambda_{ij} .

Source: V. Naik, "Option valuation and hedging strategies with jumps in the volatility of asset
returns", Journal of Finance 48, 1993; J. Buffington and R. J. Elliott, "American options with
regime switching", International Journal of Theoretical and Applied Finance 5, 2002.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.engine.regime_kernels import States, Words, follow_regimes, regime_rows
from montecarlo.engine.regime_moments import mean_exponentials, propagate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegimeLaw:
    """The chain of n regimes and what each does to the log price.

    Parameters
    ----------
    starts
        Years from which each piece of the intensities holds, the first 0; (n_pieces,).
    rates
        Intensity of going from one regime to another, 1/yr, zero on the diagonal;
        (n_pieces, n, n).
    initial
        Probability of each regime at time zero, (n,).
    jump_mean, jump_volatility
        Of the log price on going from one regime to another, (n, n).
    log_drift, volatility
        1/yr and 1/sqrt(yr), (n,).
    mean_reversion
        1/yr, the same in every regime.

    Examples
    --------
    Two regimes that are left once a year and once in four years: a fifth of the time, in the long
    run, is spent in the first.

    >>> law = RegimeLaw(
    ...     starts=np.zeros(1),
    ...     rates=np.array([[[0.0, 1.0], [0.25, 0.0]]]),
    ...     initial=np.array([1.0, 0.0]),
    ...     jump_mean=np.zeros((2, 2)),
    ...     jump_volatility=np.zeros((2, 2)),
    ...     log_drift=np.zeros(2),
    ...     volatility=np.array([0.2, 0.5]),
    ...     mean_reversion=0.0,
    ... )
    >>> law.occupation(np.array([0.0, 1.0, 100.0])).round(4)
    array([[1.    , 0.4292, 0.2   ],
           [0.    , 0.5708, 0.8   ]])
    """

    starts: FloatArray
    rates: FloatArray
    initial: FloatArray
    jump_mean: FloatArray
    jump_volatility: FloatArray
    log_drift: FloatArray
    volatility: FloatArray
    mean_reversion: float

    @property
    def n_regimes(self) -> int:
        """How many regimes there are."""
        return int(self.initial.size)

    @property
    def exits(self) -> FloatArray:
        """Intensity of leaving each regime in each piece, (n_pieces, n)."""
        total: FloatArray = self.rates.sum(axis=2)
        return total

    def log_mean_exponential(self, times: npt.ArrayLike, power: float = 1.0) -> FloatArray:
        r"""Return :math:`\ln E\,e^{\theta y_t}` with :math:`\theta` the power; to about 1e-14."""
        at = np.asarray(times, dtype=np.float64)
        known, where = np.unique(at, return_inverse=True)
        out = np.empty(known.size)
        mean_exponentials(
            power,
            self.mean_reversion,
            self.starts,
            self.rates,
            self.initial,
            self.jump_mean,
            self.jump_volatility**2,
            self.log_drift,
            self.volatility**2,
            known,
            out,
        )
        return out[where].reshape(at.shape)

    def occupation(self, times: FloatArray) -> FloatArray:
        """Return the probability of each regime, (n, *shape of times)."""
        known, where = np.unique(times, return_inverse=True)
        found = self._moments(known)[: self.n_regimes]
        return found[:, where].reshape(self.n_regimes, *times.shape)

    def log_mean(self, times: FloatArray) -> FloatArray:
        """Return the mean of y."""
        known, where = np.unique(times, return_inverse=True)
        n = self.n_regimes
        mean: FloatArray = self._moments(known)[n : 2 * n].sum(axis=0)
        return mean[where].reshape(times.shape)

    def log_autocovariance(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Return the covariance of y at two times."""
        n = self.n_regimes
        known = np.unique(np.concatenate([first.ravel(), second.ravel()]))
        moments = self._moments(known)
        mean = moments[n : 2 * n].sum(axis=0)
        covariance = np.empty((known.size, known.size))
        # A column for each earlier time s: E[y_s; S_t = i] and E[y_s y_t; S_t = i], moved on in t.
        moved = np.empty((2 * n, 0))
        for t in range(known.size):
            if t:
                self._move(known[t - 1], known[t], moved, 2 * n)
            moved = np.ascontiguousarray(np.hstack([moved, moments[n:, t : t + 1]]))
            covariance[t, : t + 1] = moved[n:].sum(axis=0) - mean[: t + 1] * mean[t]
            covariance[: t + 1, t] = covariance[t, : t + 1]
        return covariance[np.searchsorted(known, first), np.searchsorted(known, second)]

    def _moments(self, times: FloatArray) -> FloatArray:
        """Return p, alpha and beta at rising times, (3 n, n_times)."""
        n = self.n_regimes
        z = np.zeros((3 * n, 1))
        z[:n, 0] = self.initial
        found = np.empty((3 * n, times.size))
        before = 0.0
        for t, time in enumerate(times):
            self._move(before, float(time), z, 3 * n)
            found[:, t] = z[:, 0]
            before = float(time)
        return found

    def _move(self, begin: float, end: float, columns: FloatArray, size: int) -> None:
        """Move the first ``size`` moments, in columns, from one time to a later one."""
        ends = np.append(self.starts[1:], np.inf)
        for k, (start, stop) in enumerate(zip(self.starts, ends, strict=True)):
            duration = min(end, float(stop)) - max(begin, float(start))
            if duration > 0.0:
                matrix = np.ascontiguousarray(self._matrix(k)[:size, :size])
                propagate(matrix, duration, columns)

    def _matrix(self, k: int) -> FloatArray:
        """Return the matrix of the moments p, alpha, beta in piece ``k``, (3 n, 3 n)."""
        n = self.n_regimes
        rates = self.rates[k]
        flow = rates.T - np.diag(rates.sum(axis=1))
        eye = np.eye(n)
        drift = np.diag(self.log_drift) + (rates * self.jump_mean).T
        square = self.jump_mean**2 + self.jump_volatility**2
        spread = np.diag(self.volatility**2) + (rates * square).T
        nothing = np.zeros((n, n))
        return np.block(
            [
                [flow, nothing, nothing],
                [drift, flow - self.mean_reversion * eye, nothing],
                [spread, 2.0 * drift, flow - 2.0 * self.mean_reversion * eye],
            ]
        )

    def states(self, times: FloatArray, *, key: Words, first_path: int, n_paths: int) -> States:
        """Return the regime of each date and path, (n_dates, n_paths)."""
        out = np.empty((times.size, n_paths), dtype=np.int64)
        regime_rows(
            key,
            np.uint64(first_path),
            self.starts,
            self.rates,
            self.exits,
            self.initial,
            times,
            out,
        )
        return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegimeTransform:
    """Turns a Brownian motion into prices that switch regimes.

    Parameters
    ----------
    law
        Of the regimes.
    chain_key, jump_key
        Of the random numbers of switches, and of jumps on entry.
    times
        Of the rows, years, shape (n_dates,).
    scale
        What multiplies exp(y) at each date, (n_dates,).
    is_mirrored
        Whether an odd path has the regimes of the even path before it.
    """

    law: RegimeLaw
    chain_key: Words
    jump_key: Words
    times: FloatArray
    scale: FloatArray
    is_mirrored: bool

    def workspace(self, n_paths: int) -> tuple[FloatArray, States]:
        """Return log price, next switch and Brownian motion; regime and number of switches."""
        return np.empty((3, n_paths)), np.empty((2, n_paths), dtype=np.int64)

    def apply(
        self,
        first_path: int,
        rows: tuple[FloatArray, ...],
        workspace: tuple[FloatArray, States],
    ) -> None:
        """Overwrite ``rows[0]``, the exponential of a Brownian motion, with prices."""
        state, regimes = workspace
        law = self.law
        follow_regimes(
            self.chain_key,
            self.jump_key,
            np.uint64(first_path),
            np.uint64(self.is_mirrored),
            law.starts,
            law.rates,
            law.exits,
            law.initial,
            law.jump_mean,
            law.jump_volatility,
            law.log_drift,
            law.volatility**2,
            law.mean_reversion,
            self.times,
            self.scale,
            state,
            regimes,
            rows[0],
        )
