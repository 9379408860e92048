r"""Groups of public flows: which flow counts for which fiscal year, agency, commodity.

For a group :math:`g` and the flows :math:`x_k` that leave a public party (negative: that reach
it)

.. math::

   \text{paid}_g = \sum_{k \in g} w_k\, x_k^+, \qquad
   \text{received}_g = \sum_{k \in g} w_k\, (-x_k)^+

with :math:`w_k = 1` for outlays and the discount factor for present values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contracts.checks import one_of, require
from contracts.controls import Control, Controls
from contracts.conventions import BoolArray, FloatArray, IntArray
from contracts.deal import Deal, Party
from contracts.periods import fiscal_year_of
from contracts.protocols import Prices
from contracts.settlement import Line, Settlement
from montecarlo.block import PathBlock
from montecarlo.jit import kernel

DIMENSIONS = (
    "fiscal_year",
    "agency",
    "programme",
    "commodity",
    "counterparty",
    "deal",
    "leg",
    "party",
)
"""What exposure can be grouped by."""

Key = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class PublicLine:
    """A line as one public party sees it; ``(n_flows,)`` arrays.

    ``sign`` is +1 where the party pays positive amounts, -1 where it receives them.
    """

    deal: Deal
    party: str
    line: Line
    sign: float
    groups: IntArray
    fiscal_years: IntArray
    discount_factors: FloatArray

    @property
    def unpaid(self) -> BoolArray:
        """Flows still to come."""
        return ~self.line.is_paid


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of several deals, each with its key in the order of ``by``."""

    by: tuple[str, ...]
    keys: tuple[Key, ...]
    settlements: tuple[Settlement, ...]
    lines: tuple[tuple[PublicLine, ...], ...]

    @property
    def public_lines(self) -> list[PublicLine]:
        """All public lines of all deals."""
        return [line for lines in self.lines for line in lines]


def group(settlements: Sequence[Settlement], by: Sequence[str] | str) -> Groups:
    """Assign every flow of a public party to a group.

    Raises
    ------
    ValueError
        For an unknown or repeated dimension, or when no party of the deals is public.
    """
    by = (by,) if isinstance(by, str) else tuple(by)
    require(len(by) > 0, "by", f"name at least one of {', '.join(DIMENSIONS)}", list(by))
    require(len(set(by)) == len(by), "by", "name each dimension once", list(by))
    for name in by:
        one_of(name, DIMENSIONS, "by")
    found: dict[Key, None] = {}
    pending: list[list[tuple[Deal, str, Line, float, IntArray, list[Key]]]] = []
    for settlement in settlements:
        deal = settlement.deal
        mine = []
        for name, party in deal.parties.items():
            if not party.is_public:
                continue
            for line in settlement.lines:
                sign = -line.clause.sign(name)
                if sign == 0.0:
                    continue
                years = fiscal_year_of(line.dates.payment_date, party.fiscal_year_end)
                keys = [_key(by, deal, name, party, line, int(year)) for year in years]
                found.update(dict.fromkeys(keys))
                mine.append((deal, name, line, sign, years, keys))
        pending.append(mine)
    names = ", ".join(settlement.deal.name for settlement in settlements)
    require(len(found) > 0, "parties", "hold a public one", f"none in {names}")
    ordered = tuple(sorted(found, key=lambda key: tuple((isinstance(p, str), p) for p in key)))
    position = {key: number for number, key in enumerate(ordered)}
    lines = tuple(
        tuple(
            PublicLine(
                deal,
                party,
                line,
                sign,
                np.array([position[key] for key in flow_keys], dtype=np.int64),
                years,
                settlement.market.discount_factors(line.dates.payment_date),
            )
            for deal, party, line, sign, years, flow_keys in mine
        )
        for settlement, mine in zip(settlements, pending, strict=True)
    )
    return Groups(tuple(by), ordered, tuple(settlements), lines)


def _key(by: Sequence[str], deal: Deal, name: str, party: Party, line: Line, year: int) -> Key:
    clause = line.clause
    other = clause.receiver if clause.payer == name else clause.payer
    known: dict[str, str | int] = {
        "fiscal_year": year,
        "agency": clause.agency or party.agency or party.name,
        "programme": clause.programme or party.programme or "none stated",
        "commodity": clause.commodity or "none",
        "counterparty": deal.parties[other].name,
        "deal": deal.name,
        "leg": clause.name,
        "party": party.name,
    }
    return tuple(known[dimension] for dimension in by)


class GroupOutputs:
    """Paid and received by group, path by path: the functional of an exposure run.

    Rows: paid by group and in all, path by path, for outlays; then, to be averaged, paid,
    received and net, by group and in all. Controls correct these where flows never change sign;
    where they do, the positive part of a flow is not what a control of the flow corrects.

    Parameters
    ----------
    groups
        The groups of all deals.
    controls
        Of the legs of each deal.
    discounted
        Weigh flows still to come by their discount factor and leave out what is paid.
    """

    def __init__(self, groups: Groups, controls: Sequence[Controls], *, discounted: bool) -> None:
        self.groups = groups
        self.controls = controls
        self.n_groups = len(groups.keys) + 1
        self.n_kept = 0 if discounted else self.n_groups
        self.n_outputs = self.n_kept + 3 * self.n_groups
        self.weights = [
            [
                line.discount_factors * line.unpaid if discounted else np.ones(len(line.groups))
                for line in lines
            ]
            for lines in groups.lines
        ]
        self.settled = [
            {
                id(line): settlement.settled_flows(line)[:, None]
                for line in settlement.lines
                if not line.is_random
            }
            for settlement in groups.settlements
        ]

    def __call__(self, block: PathBlock) -> FloatArray:
        """Return ``(n_outputs, n_paths)``."""
        return self.split(block.price, block.n_paths)

    def split(self, prices: Prices, n_paths: int) -> FloatArray:
        """Return the rows for any prices."""
        out = np.zeros((self.n_outputs, n_paths))
        n = self.n_groups
        mean_rows = out[self.n_kept :]
        paid, received, net = mean_rows[:n], mean_rows[n : 2 * n], mean_rows[2 * n :]
        twins_done: dict[int, FloatArray] = {}
        corrections: list[tuple[PublicLine, FloatArray, Control, FloatArray]] = []
        sets = zip(
            self.groups.settlements,
            self.groups.lines,
            self.weights,
            self.settled,
            self.controls,
            strict=True,
        )
        for settlement, lines, weights, settled, controls in sets:
            flows = dict(settled)
            observed = settlement.observe(prices)
            twins = controls.twins(prices, twins_done)
            random = (line for line in settlement.lines if line.is_random)
            for line, flow in zip(random, settlement.random_flows(prices, observed), strict=True):
                flows[id(line)] = flow
            for public, weight in zip(lines, weights, strict=True):
                flow = flows[id(public.line)]
                if flow.shape[1] < n_paths:
                    flow = np.repeat(flow, n_paths, axis=1)
                _split(flow, public.sign, weight, public.groups, paid, received)
                control = controls.get(public.line.clause.name)
                if control is not None and control.is_one_sided:
                    taken = control.amounts(flow, prices, observed, twins)
                    corrections.append((public, weight, control, taken))
        out[: self.n_kept] = paid[: self.n_kept]
        if self.n_kept:
            out[n - 1] = paid[:-1].sum(axis=0)
        for public, weight, control, taken in corrections:
            side = paid if public.sign > 0.0 else received
            _correct(taken, control.expectation, control.rows, weight, public.groups, side)
        paid[-1] = paid[:-1].sum(axis=0)
        received[-1] = received[:-1].sum(axis=0)
        np.subtract(paid, received, out=net)
        return out


@kernel
def _correct(
    taken: FloatArray,
    means: FloatArray,
    controlled: IntArray,
    weights: FloatArray,
    groups: IntArray,
    out: FloatArray,
) -> None:
    n_paths = out.shape[1]
    for k in range(controlled.shape[0]):
        row = controlled[k]
        if row < 0:
            continue
        less, mean, weight, side = taken[row], means[row], weights[k], out[groups[k]]
        for path in range(n_paths):
            side[path] -= weight * (less[path] - mean)


@kernel
def _split(
    flows: FloatArray,
    sign: float,
    weights: FloatArray,
    groups: IntArray,
    paid: FloatArray,
    received: FloatArray,
) -> None:
    n_flows, n_paths = flows.shape
    for k in range(n_flows):
        scale = sign * weights[k]
        flow, out, back = flows[k], paid[groups[k]], received[groups[k]]
        for path in range(n_paths):
            amount = scale * flow[path]
            out[path] += 0.0 if amount < 0.0 else amount
            back[path] -= 0.0 if amount > 0.0 else amount
