r"""Averaging windows bound to a grid: what of each average is fixed and what is still to come.

.. math:: R_t = \varphi_t + w_t \sum_{k=1}^{n_t} P_{j_{t,k}}

with :math:`\varphi_t` the part that past fixings make, :math:`w_t` the weight of each price still
to come, :math:`n_t` their number and :math:`j_{t,k}` their rows in the simulated grid.
"""

from dataclasses import dataclass

import numpy as np

from contracts.conventions import FloatArray, IntArray
from montecarlo.elementary import exp, log
from montecarlo.jit import inlined, kernel
from montecarlo.roots import cube_root

_NO_SCALE: FloatArray = np.empty(0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Windows:
    r"""The windows of all periods of one reference price.

    Parameters
    ----------
    commodity
        Name of the price in the market.
    fixed, weights
        :math:`\varphi_t` and :math:`w_t`, ``(n_periods,)``.
    offsets
        ``(n_periods + 1,)``: period ``t`` has the rows ``rows[offsets[t] : offsets[t + 1]]``.
    rows
        Rows of the grid, period after period.

    Examples
    --------
    >>> windows = Windows(
    ...     commodity="ndpr", fixed=np.array([60.0, 0.0]), weights=np.full(2, 1 / 3),
    ...     offsets=np.array([0, 1, 4]), rows=np.arange(4),
    ... )
    >>> windows.of(1)
    array([1, 2, 3])
    """

    commodity: str
    fixed: FloatArray
    weights: FloatArray
    offsets: IntArray
    rows: IntArray

    @property
    def key(self) -> tuple[object, ...]:
        """Return what two equal windows have in common."""
        arrays = (self.fixed, self.weights, self.offsets, self.rows)
        return (self.commodity, *(array.tobytes() for array in arrays))

    def of(self, period: int) -> IntArray:
        """Return the rows of the grid that one period averages."""
        return self.rows[self.offsets[period] : self.offsets[period + 1]]

    def arithmetic(self, path_prices: FloatArray) -> FloatArray:
        """Return :math:`R_t`, ``(n_periods, n_paths)``, from ``(n_dates, n_paths)``."""
        return self._averaged(path_prices, _NO_SCALE, 0)

    def geometric(self, path_prices: FloatArray, scale: FloatArray, at_once: int) -> FloatArray:
        """Return what is fixed plus ``scale`` times the geometric mean of what is to come.

        One price alone is read as the arithmetic mean reads it, and ``scale`` is not. Prices are
        multiplied ``at_once`` at most before a logarithm is taken.
        """
        return self._averaged(path_prices, scale, at_once)

    def _averaged(self, path_prices: FloatArray, scale: FloatArray, at_once: int) -> FloatArray:
        out = np.empty((len(self.weights), path_prices.shape[1]))
        room = np.empty(out.shape[1] if at_once else 0)
        windows = (self.fixed, self.weights, self.offsets, self.rows)
        _average(path_prices, *windows, scale, at_once, room, out)
        return out


@inlined
def _arithmetic(
    prices: FloatArray,
    fixed: FloatArray,
    weights: FloatArray,
    offsets: IntArray,
    rows: IntArray,
    out: FloatArray,
) -> None:
    n_periods, n_paths = out.shape
    for t in range(n_periods):
        average = out[t]
        first, last = offsets[t], offsets[t + 1]
        base, weight = fixed[t], weights[t]
        if last - first == 3:
            # Months in a quarter: one pass, adding in the same order as below.
            one, two, three = prices[rows[first]], prices[rows[first + 1]], prices[rows[first + 2]]
            for path in range(n_paths):
                # Times one: prices may be of 32 bits, their sum is not.
                total = (1.0 * one[path] + two[path]) + three[path]
                average[path] = base + weight * total
            continue
        for path in range(n_paths):
            average[path] = 0.0
        for k in range(first, last):
            fixing = prices[rows[k]]
            for path in range(n_paths):
                average[path] += fixing[path]
        for path in range(n_paths):
            average[path] = base + weight * average[path]


@inlined
def _geometric(
    prices: FloatArray,
    fixed: FloatArray,
    weights: FloatArray,
    offsets: IntArray,
    rows: IntArray,
    scale: FloatArray,
    at_once: int,
    product: FloatArray,
    out: FloatArray,
) -> None:
    n_periods, n_paths = out.shape
    for t in range(n_periods):
        x = out[t]
        first, last = offsets[t], offsets[t + 1]
        n = last - first
        base = fixed[t]
        if n == 0:
            for path in range(n_paths):
                x[path] = base
            continue
        one = prices[rows[first]]
        if n == 1:
            # In the order of the arithmetic mean, so that the bits are the same.
            weight = weights[t]
            for path in range(n_paths):
                x[path] = base + weight * one[path]
            continue
        level = scale[t]
        if n == 3 and at_once >= 3:
            # Months in a quarter: the cube root is quicker than a logarithm and an exponential.
            two, three = prices[rows[first + 1]], prices[rows[first + 2]]
            for path in range(n_paths):
                # Times one: prices may be of 32 bits, their product is not.
                cube = ((1.0 * one[path]) * two[path]) * three[path]
                x[path] = base + level * cube_root(cube)
            continue
        power = 1.0 / n
        for path in range(n_paths):
            x[path] = 0.0
        start = first
        while start < last:
            stop = min(start + at_once, last)
            for path in range(n_paths):
                product[path] = 1.0
            for k in range(start, stop):
                fixing = prices[rows[k]]
                for path in range(n_paths):
                    product[path] *= fixing[path]
            for path in range(n_paths):
                x[path] += log(product[path])
            start = stop
        for path in range(n_paths):
            x[path] = base + level * exp(power * x[path])


@kernel
def _average(
    prices: FloatArray,
    fixed: FloatArray,
    weights: FloatArray,
    offsets: IntArray,
    rows: IntArray,
    scale: FloatArray,
    at_once: int,
    product: FloatArray,
    out: FloatArray,
) -> None:
    """Write either average: one kernel to load, since a valuation wants both."""
    if scale.shape[0] == 0:
        _arithmetic(prices, fixed, weights, offsets, rows, out)
    else:
        _geometric(prices, fixed, weights, offsets, rows, scale, at_once, product, out)
