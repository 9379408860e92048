r"""Control variates on average prices that are not lognormal: the average itself.

.. math:: \tilde A_t = A_t - a_t\,(R_t - \mathbb{E}[R_t]), \qquad
   \mathbb{E}[R_t] = \varphi_t + w_t \sum_k \mathbb{E}[P_k]

The mean of every price is known whatever its model, since it is the forward curve times what the
premia add. The slopes :math:`a_t` (and those on earlier periods under a cap) are those of a
regression on a pilot of another seed (:mod:`contracts.pilot`), fixed numbers for the run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.conventions import FloatArray, IntArray, Observed
from contracts.protocols import Prices
from contracts.settlement import Line
from contracts.windows import Windows
from montecarlo.grid import TimeGrid
from montecarlo.models.joint import Joint
from montecarlo.models.protocol import Measure
from montecarlo.models.transformed import TransformedModel

NOT_CONTROLLED = -1
"""Row of a flow that no control corrects."""


@dataclass(frozen=True, eq=False)
class MeanControl:
    """The reference price of each period, before a pilot gives it a slope."""

    reference_price: str
    rows: IntArray
    expectation: FloatArray
    is_one_sided: bool
    is_capped: bool = True

    def amounts(
        self, flows: FloatArray, prices: Prices, observed: Observed, twins: Observed
    ) -> FloatArray:
        """Return the average prices, ``(n_periods, n_paths)``."""
        shape = (len(self.expectation), flows.shape[1])
        return np.array(np.broadcast_to(observed[self.reference_price], shape))


def expected_average(
    windows: Windows, model: object, grid: TimeGrid, measure: Measure
) -> FloatArray | None:
    """Return the mean of each period's average, ``(n_periods,)``; None for a lognormal price."""
    if not isinstance(model, Joint) or windows.commodity not in model.names:
        return None
    member = model.model(windows.commodity)
    if not isinstance(member, TransformedModel) or not member.is_mean_exact:
        return None
    expected = member.expected_spot(grid.times, measure)[:, None]
    return windows.arithmetic(np.ascontiguousarray(expected))[:, 0]


def mean_control(
    line: Line, reference_price: str, windows: Windows, expectation: FloatArray, one_sided: bool
) -> MeanControl:
    """Return the control of a line on an average price whose mean is known."""
    clause = line.clause
    is_moved = np.diff(windows.offsets) > 0
    if any(not modifier.is_linear for modifier in clause.modifiers):
        # A known amount may be cut by what was paid before it.
        is_moved = np.ones_like(is_moved)
    rows = np.full(len(line.is_paid), NOT_CONTROLLED)
    settling = clause.payment.settling_rows(len(line.periods))
    rows[settling[is_moved]] = np.flatnonzero(is_moved)
    return MeanControl(reference_price, rows, expectation, one_sided)
