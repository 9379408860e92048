r"""Outputs of a valuation: what each path contributes, before any statistics.

For leg :math:`l` with signed flows :math:`F_{l,k}` paid at :math:`d_k`

.. math::

   \mathrm{PV}_l = \sum_{k\,\text{unpaid}} D(d_k) F_{l,k}, \qquad
   U_l = \sum_{k\,\text{unpaid}} F_{l,k}, \qquad
   Y_{l,y} = \sum_{k:\, \text{year}(d_k) = y} F_{l,k}

and the totals are their sums over legs. Present values are kept path by path, for exact
quantiles; what is averaged has rows of its own, in which the flows of equity legs are corrected
by their control (:mod:`contracts.controls`), so that means, years and flows tie out. A leg whose
flows no future price can change is worked out once and takes no rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contracts.controls import Control, Controls, control_amounts
from contracts.conventions import FloatArray, IntArray
from contracts.periods import year_of
from contracts.settlement import Line, Settlement
from montecarlo.block import PathBlock
from montecarlo.jit import kernel


@dataclass(frozen=True, eq=False)
class LineOutputs:
    """Where a leg's outputs stand.

    Attributes
    ----------
    pv
        Row of the present value path by path; ``None`` where only the total is kept.
    sums, flows
        Slices of what is averaged: present value, undiscounted sum and calendar years' sums;
        and the flows.
    weights
        ``(2 + n_years, n_flows)``: discount factors, unpaid, year by year.
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


class DealOutputs:
    """The outputs of one deal within a run that may hold several.

    Parameters
    ----------
    settlement
        The bound deal.
    perspective
        Party whose receipts are positive.
    controls
        Of the equity legs.
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

    def place(self, kept: int, streamed: int) -> int:
        """Assign rows from the first free kept and streamed ones; return the next streamed."""
        n_sums = 2 + len(self.years)
        self.total_pv = kept
        self.total_sums = slice(streamed, streamed + n_sums)
        streamed += n_sums
        kept += 1
        lines = []
        for line, sign in zip(self.settlement.lines, self.signs, strict=True):
            weights = self._weights(line)
            if not line.is_random:
                nowhere = slice(streamed, streamed)
                settled = sign * self.settlement.settled_flows(line)
                lines.append(
                    LineOutputs(line, sign, None, nowhere, nowhere, weights, settled, None)
                )
                continue
            sums = slice(streamed, streamed + n_sums)
            flows = slice(sums.stop, sums.stop + len(line.is_paid))
            pv = kept if self.keep_legs else None
            control = self.controls.get(line.clause.name)
            lines.append(LineOutputs(line, sign, pv, sums, flows, weights, None, control))
            kept, streamed = kept + self.keep_legs, flows.stop
        self.lines = tuple(lines)
        return streamed

    def _weights(self, line: Line) -> FloatArray:
        dates = line.dates.payment_date
        unpaid = (~line.is_paid).astype(np.float64)
        factors = self.settlement.market.discount_factors(dates) * unpaid
        by_year = (year_of(dates)[None, :] == self.years[:, None]).astype(np.float64)
        return np.vstack([factors, unpaid, by_year])

    def fill(self, block: PathBlock, out: FloatArray) -> None:
        """Write the deal's rows of one block."""
        prices = block.price
        observed = self.settlement.observe(prices)
        flows = iter(self.settlement.random_flows(prices, observed))
        total = out[self.total_pv : self.total_pv + 1]
        total_sums = out[self.total_sums]
        total[:] = 0.0
        total_sums[:] = 0.0
        scratch = np.empty_like(total)
        for place in self.lines:
            if place.settled is not None:
                constant = place.weights @ place.settled
                total += constant[0]
                total_sums += constant[:, None]
                continue
            signed = out[place.flows]
            np.multiply(next(flows), place.sign, out=signed)
            pv = scratch if place.pv is None else out[place.pv : place.pv + 1]
            _weigh(signed, place.weights[:1], pv)
            total += pv
            if place.control is not None:
                amounts = control_amounts(place.line, prices, observed)
                factor = place.sign * place.control.slope
                signed -= factor * (amounts - place.control.expectation)
            _weigh(signed, place.weights, out[place.sums])
            total_sums += out[place.sums]


class Outputs:
    """The functional of a run: all rows of all deals valued together."""

    def __init__(self, deals: Sequence[DealOutputs]) -> None:
        self.deals = tuple(deals)
        self.n_kept = sum(deal.n_kept for deal in deals)
        kept, streamed = 0, self.n_kept
        for deal in deals:
            streamed = deal.place(kept, streamed)
            kept += deal.n_kept
        self.n_outputs = streamed

    def __call__(self, block: PathBlock) -> FloatArray:
        """Return ``(n_outputs, n_paths)``."""
        out = np.empty((self.n_outputs, block.n_paths))
        for deal in self.deals:
            deal.fill(block, out)
        return out


@kernel
def _weigh(rows: FloatArray, weights: FloatArray, out: FloatArray) -> None:
    n_out, n_paths = out.shape
    for k in range(n_out):
        total = out[k]
        for path in range(n_paths):
            total[path] = 0.0
        for t in range(rows.shape[0]):
            weight = weights[k, t]
            if weight != 0.0:
                row = rows[t]
                for path in range(n_paths):
                    total[path] += weight * row[path]
