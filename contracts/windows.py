r"""Averaging windows bound to a grid: what of each average is fixed and what is still to come.

.. math:: R_t = \varphi_t + w_t \sum_{k=1}^{n_t} P_{j_{t,k}}

with :math:`\varphi_t` the part that past fixings make, :math:`w_t` the weight of each price still
to come, :math:`n_t` their number and :math:`j_{t,k}` their rows in the simulated grid.
"""

from dataclasses import dataclass

from contracts.conventions import FloatArray, IntArray


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
    >>> import numpy as np
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
