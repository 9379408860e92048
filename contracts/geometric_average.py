r"""The geometric twin of a reference price: as good as equal to it, with a law in closed form.

.. math::

   R_t = \varphi_t + w_t \sum_{k=1}^{n} P_k, \qquad
   X_t = \varphi_t + Y_t, \qquad
   Y_t = c_t \Big(\prod_{k=1}^{n} P_k\Big)^{1/n}

with :math:`c_t` such that :math:`\mathbb{E}[X_t] = \mathbb{E}[R_t]`. Where log prices are
Gaussian :math:`Y_t` is lognormal, with log variance :math:`v_t = \tfrac1{n^2}\sum_{ij}
\mathrm{Cov}(\ln P_i, \ln P_j)`. Past fixings :math:`\varphi_t` stay as they are, so that only what
is still random is replaced. One price alone is its own geometric mean: :math:`X_t = R_t`, to the
bit.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from contracts.conventions import FloatArray, IntArray
from contracts.protocols import Prices
from contracts.windows import Windows
from montecarlo.geometric import geometric_average_law
from montecarlo.grid import TimeGrid
from montecarlo.models.joint import Joint
from montecarlo.models.lognormal import LognormalModel
from montecarlo.models.protocol import Measure

_WIDEST = 12.0
"""Deviations of a log price that a product of prices must leave room for."""
_ROOM = 700.0
"""Largest logarithm of a product of prices, below what a double holds."""


@dataclass(frozen=True, eq=False)
class GeometricAverage:
    r"""A reference price with the arithmetic mean of what is still to come replaced.

    Attributes
    ----------
    windows
        What is averaged.
    scale
        :math:`c_t`, ``(n_periods,)``.
    at_once
        How many prices may be multiplied before their logarithm is taken.
    mean, log_variance
        :math:`\mathbb{E}[Y_t]` and :math:`v_t`, ``(n_periods,)``; both 0 where all is fixed.
    """

    windows: Windows
    scale: FloatArray
    at_once: int
    mean: FloatArray
    log_variance: FloatArray

    @property
    def n_prices(self) -> IntArray:
        """How many prices of each period are still to come, ``(n_periods,)``."""
        return np.diff(self.windows.offsets)

    def observe(self, prices: Prices) -> FloatArray:
        """Return :math:`X_t`, ``(n_periods, n_paths)``."""
        return self.windows.geometric(prices[self.windows.commodity], self.scale, self.at_once)


def geometric_average(
    windows: Windows, model: object, grid: TimeGrid, measure: Measure
) -> GeometricAverage | None:
    """Return the geometric twin of an average, or ``None`` where it has no closed form.

    That is where the price is not lognormal, cannot move, or is so wild that a double does not
    hold it together with its deviations.
    """
    if not isinstance(model, Joint) or windows.commodity not in model.names:
        return None
    member = model.model(windows.commodity)
    if not isinstance(member, LognormalModel) or len(windows.rows) == 0:
        return None
    rows = np.unique(windows.rows)
    expected = np.zeros(len(grid.times))
    expected[rows] = member.expected_spot(grid.times[rows], measure)
    deviation = np.sqrt(member.log_variance(grid.times[rows]))
    if not deviation.any() or not (expected[rows] > 0.0).all():
        return None
    windows = _without_known(windows, expected, np.flatnonzero(expected)[deviation == 0.0])
    log_means = np.zeros(len(grid.times))
    log_means[rows] = np.log(expected[rows]) - 0.5 * deviation**2
    widest = float(np.max(np.abs(log_means[rows]) + _WIDEST * deviation))
    at_once = int(_ROOM / max(1.0, widest))
    if at_once < 1:
        return None
    n_periods = len(windows.weights)
    scale, mean, log_variance = np.zeros(n_periods), np.zeros(n_periods), np.zeros(n_periods)
    for t, covariance in enumerate(_covariances(windows, model, grid)):
        mine = windows.of(t)
        if len(mine) == 0:
            continue
        log_mean, log_variance[t] = geometric_average_law(
            log_means=log_means[mine], log_covariance=covariance
        )
        mean[t] = windows.weights[t] * math.fsum(expected[mine])
        scale[t] = mean[t] * math.exp(-log_mean - 0.5 * log_variance[t])
    return GeometricAverage(windows, scale, at_once, mean, log_variance)


def _without_known(windows: Windows, expected: FloatArray, known: IntArray) -> Windows:
    """Return the windows with prices that cannot move, such as today's, counted as fixed."""
    is_known = np.isin(windows.rows, known)
    period = np.repeat(np.arange(len(windows.weights)), np.diff(windows.offsets))
    fixed, offsets = windows.fixed.copy(), windows.offsets.copy()
    for t, row in zip(period[is_known], windows.rows[is_known], strict=True):
        fixed[t] += windows.weights[t] * expected[row]
        offsets[t + 1 :] -= 1
    return replace(windows, fixed=fixed, offsets=offsets, rows=windows.rows[~is_known])


def _covariances(windows: Windows, model: Joint, grid: TimeGrid) -> list[FloatArray]:
    """Return the log covariance of the prices of each period, all worked out at once."""
    times = [grid.times[windows.of(t)] for t in range(len(windows.weights))]
    earlier = np.concatenate([np.repeat(mine, len(mine)) for mine in times])
    later = np.concatenate([np.tile(mine, len(mine)) for mine in times])
    name = windows.commodity
    flat = model.log_covariance(name, name, earlier, later)
    ends = np.cumsum([len(mine) ** 2 for mine in times])[:-1]
    parts = zip(np.split(flat, ends), times, strict=True)
    return [part.reshape(len(mine), len(mine)) for part, mine in parts]
