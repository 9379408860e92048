r"""Outputs of a valuation: what each path contributes, before any statistics.

For leg :math:`l` with signed flows :math:`F_{l,k}` paid at :math:`d_k`

.. math::

   \mathrm{PV}_l = \sum_{k\,\text{unpaid}} D(d_k) F_{l,k}, \qquad
   U_l = \sum_{k\,\text{unpaid}} F_{l,k}, \qquad
   Y_{l,y} = \sum_{k:\, \text{year}(d_k) = y} F_{l,k}

and the totals are their sums over legs. Present values are kept path by path, for exact
quantiles; what is averaged has rows of its own, in which flows are corrected by their control
(:mod:`contracts.controls`) one by one, so that means, years and flows tie out. A leg whose
flows no future price can change is worked out once and takes no rows.
"""

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contracts.controls import Control, Controls
from contracts.conventions import FloatArray, IntArray
from contracts.market import Market
from contracts.periods import year_of
from contracts.protocols import Observe
from contracts.settlement import Line, Settlement
from montecarlo.block import PathBlock
from montecarlo.jit import kernel

_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
_NO_MEANS: FloatArray = np.empty(0)

Discounts = dict[tuple[Market, bytes], FloatArray]
"""Discount factors of payment dates, which many deals have alike."""


@dataclass(frozen=True, eq=False)
class LineOutputs:
    """Where a leg's outputs stand.

    Attributes
    ----------
    pv
        Row of the present value path by path; ``None`` where only the total is kept.
    sums, flows
        Slices of what is averaged: present value and undiscounted sum; and the flows.
    weights
        ``(2 + n_years, n_flows)``: discount factors, unpaid, year by year.
    rows
        First rows of: the total's present value, the total's sums, the leg's present value (-1:
        not kept), its sums, its flows.
    settled
        ``(n_flows,)`` signed flows of a leg that nothing can change; ``None`` for a random leg.
    """

    line: Line
    sign: float
    pv: int | None
    sums: slice
    flows: slice
    weights: FloatArray
    settled: FloatArray | None
    control: Control | None
    rows: IntArray


@dataclass(frozen=True, eq=False)
class Common:
    """What the deals of a run have in common on one block.

    Attributes
    ----------
    observed
        What several deals read alike.
    twins
        Geometric twins, as deals ask for them.
    nothing, own
        An empty array ``(0, n_paths)``, and one ``(n_paths,)`` to work in.
    """

    observed: Mapping[Observe, FloatArray]
    twins: dict[int, FloatArray]
    nothing: FloatArray
    own: FloatArray


class DealOutputs:
    """The outputs of one deal within a run that may hold several.

    Parameters
    ----------
    settlement
        The bound deal.
    perspective
        Party whose receipts are positive.
    controls
        Of the deal's legs.
    keep_legs
        Whether each leg's present value is kept path by path, beside the total's.
    """

    def __init__(
        self, settlement: Settlement, perspective: str, controls: Controls, *, keep_legs: bool
    ) -> None:
        self.settlement = settlement
        self.controls = controls
        self.keep_legs = keep_legs
        self.signs = [line.clause.sign(perspective) for line in settlement.lines]
        dates = np.concatenate([line.dates.payment_date for line in settlement.lines])
        self.years: IntArray = np.unique(year_of(dates))
        self.total_pv = 0
        self.total_sums = slice(0, 0)
        self.lines: tuple[LineOutputs, ...] = ()

    @property
    def n_kept(self) -> int:
        """Rows kept path by path: the total, then each random leg."""
        random = sum(line.is_random for line in self.settlement.lines)
        return 1 + random * self.keep_legs

    def place(self, kept: int, streamed: int, discounts: Discounts) -> int:
        """Assign rows from the first free kept and streamed ones; return the next streamed."""
        self.total_pv = kept
        self.total_sums = slice(streamed, streamed + 2 + len(self.years))
        streamed = self.total_sums.stop
        kept += 1
        lines = []
        for line, sign in zip(self.settlement.lines, self.signs, strict=True):
            weights = self._weights(line, discounts)
            if not line.is_random:
                nowhere = slice(streamed, streamed)
                settled = sign * self.settlement.settled_flows(line)
                rows = np.zeros(0, dtype=np.int64)
                lines.append(
                    LineOutputs(line, sign, None, nowhere, nowhere, weights, settled, None, rows)
                )
                continue
            sums = slice(streamed, streamed + 2)
            flows = slice(sums.stop, sums.stop + len(line.is_paid))
            pv = kept if self.keep_legs else None
            control = self.controls.get(line.clause.name)
            row = -1 if pv is None else pv
            first = [self.total_pv, self.total_sums.start, row, sums.start, flows.start]
            rows = np.array(first, dtype=np.int64)
            lines.append(LineOutputs(line, sign, pv, sums, flows, weights, None, control, rows))
            kept, streamed = kept + self.keep_legs, flows.stop
        self.lines = tuple(lines)
        self._settled = np.zeros(2 + len(self.years))
        for place in lines:
            if place.settled is not None:
                self._settled += weigh(place.weights, place.settled)
        return streamed

    def _weights(self, line: Line, discounts: Discounts) -> FloatArray:
        dates, market = line.dates.payment_date, self.settlement.market
        unpaid = (~line.is_paid).astype(np.float64)
        key = market, dates.tobytes()
        if key not in discounts:
            discounts[key] = market.discount_factors(dates)
        factors = discounts[key] * unpaid
        by_year = (year_of(dates)[None, :] == self.years[:, None]).astype(np.float64)
        return np.vstack([factors, unpaid, by_year])

    def fill(self, block: PathBlock, common: "Common", out: FloatArray) -> None:
        """Write the deal's rows of one block."""
        prices = block.price
        observed = self.settlement.observe(prices, common.observed)
        twins = self.controls.twins(prices, common.twins)
        flows = iter(self.settlement.random_flows(prices, observed))
        out[self.total_pv] = self._settled[0]
        out[self.total_sums] = self._settled[:, None]
        nothing, own = common.nothing, common.own
        for place in self.lines:
            if place.settled is not None:
                continue
            raw, control = next(flows), place.control
            if control is None:
                rows, taken, means = _NO_ROWS, nothing, _NO_MEANS
            else:
                rows, means = control.rows, control.expectation
                taken = control.amounts(raw, prices, observed, twins)
            _contribute(raw, place.sign, place.weights, place.rows, rows, taken, means, own, out)


def weigh(weights: FloatArray, flows: FloatArray) -> FloatArray:
    """Return ``(n,)`` sums of weights ``(n, n_flows)`` times flows, each rounded once.

    Unlike a product of matrices, which sums in an order that depends on the processor.

    Examples
    --------
    >>> weigh(np.array([[1.0, 1.0], [0.5, 0.0]]), np.array([3.0, 4.0]))
    array([7. , 1.5])
    """
    return np.array([math.fsum(row * flows) for row in weights])


class Outputs:
    """The functional of a run: all rows of all deals valued together."""

    def __init__(self, deals: Sequence[DealOutputs]) -> None:
        self.deals = tuple(deals)
        self.n_kept = sum(deal.n_kept for deal in deals)
        kept, streamed = 0, self.n_kept
        discounts: Discounts = {}
        for deal in deals:
            streamed = deal.place(kept, streamed, discounts)
            kept += deal.n_kept
        self.n_outputs = streamed
        uses = Counter(
            bound.observe for deal in deals for bound in deal.settlement.observations.values()
        )
        self._shared = [observe for observe, n_uses in uses.items() if n_uses > 1]
        self._buffers = threading.local()

    def __call__(self, block: PathBlock) -> FloatArray:
        """Return ``(n_outputs, n_paths)``; each thread reuses its own array."""
        out: FloatArray | None = getattr(self._buffers, "out", None)
        if out is None or out.shape[1] != block.n_paths:
            out = self._buffers.out = np.empty((self.n_outputs, block.n_paths))
        # What deals share is bound to no deal (settle), and so reads no other observation.
        observed = {observe: observe(block.price, {}) for observe in self._shared}
        n_paths = block.n_paths
        common = Common(observed, {}, np.empty((0, n_paths)), np.empty(n_paths))
        for deal in self.deals:
            deal.fill(block, common, out)
        return out


@kernel
def _contribute(
    raw: FloatArray,
    sign: float,
    weights: FloatArray,
    rows: IntArray,
    controlled: IntArray,
    taken: FloatArray,
    means: FloatArray,
    own: FloatArray,
    out: FloatArray,
) -> None:
    """Write one leg's flows and sums, and add them to the totals.

    Samples keep what was paid; what is averaged is corrected.
    """
    n_flows, n_paths = raw.shape
    total_pv, total_sums, kept_pv, sums, flows = rows[0], rows[1], rows[2], rows[3], rows[4]
    pv, undiscounted = out[sums], out[sums + 1]
    is_controlled = controlled.shape[0] > 0
    for path in range(n_paths):
        pv[path] = 0.0
        undiscounted[path] = 0.0
        own[path] = 0.0
    for t in range(n_flows):
        amount, flow = raw[t], out[flows + t]
        factor = weights[0, t]
        is_unpaid = weights[1, t] != 0.0
        if is_controlled and is_unpaid:
            scale = sign * factor
            for path in range(n_paths):
                own[path] += scale * amount[path]
        if is_controlled and controlled[t] >= 0:
            less, mean = taken[controlled[t]], means[controlled[t]]
            for path in range(n_paths):
                flow[path] = sign * ((amount[path] - less[path]) + mean)
        else:
            for path in range(n_paths):
                flow[path] = sign * amount[path]
        # A flow already paid counts for its year alone.
        if is_unpaid:
            for path in range(n_paths):
                pv[path] += factor * flow[path]
                undiscounted[path] += flow[path]
        for k in range(2, weights.shape[0]):
            if weights[k, t] != 0.0:
                year = out[total_sums + k]
                for path in range(n_paths):
                    year[path] += flow[path]
    whole, whole_undiscounted, samples = out[total_sums], out[total_sums + 1], out[total_pv]
    sampled = own if is_controlled else pv
    for path in range(n_paths):
        whole[path] += pv[path]
        whole_undiscounted[path] += undiscounted[path]
        samples[path] += sampled[path]
    if kept_pv >= 0:
        kept = out[kept_pv]
        for path in range(n_paths):
            kept[path] = sampled[path]
