"""Settlement: a deal bound to a market, ready to turn prices into flows.

Everything that is the same on every path is worked out here once: fixings, quantities,
strikes, the rows of the simulated grid, payment dates. What is left is a function of one
block of prices. The simulation itself is not known here.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from contracts.checks import require
from contracts.conventions import BoolArray, DateArray, FloatArray, IntArray, Observed
from contracts.deal import Clause, Deal
from contracts.market import Market
from contracts.modifiers.payment_terms import FlowDates
from contracts.observations import ReferencePrice, Schedule
from contracts.periods import Periods, day
from contracts.protocols import (
    Apply,
    Bound,
    EquityLeg,
    Observation,
    Observe,
    Prices,
    is_instrument,
)

R = TypeVar("R")

_NOTHING: Mapping[Observe, FloatArray] = {}

Alike = dict[tuple[Observation, bytes, bytes], Bound]
"""Observations of one market and grid that are the same in whatever deal: with their periods."""


@dataclass(frozen=True, eq=False)
class Line:
    """A clause bound to its periods.

    ``is_settled`` marks flows of periods whose amount no longer depends on a future price;
    ``is_paid`` marks flows paid on or before the valuation date. Both are ``(n_flows,)``.
    """

    clause: Clause
    periods: Periods
    dates: FlowDates
    own: Mapping[str, Bound]
    modifiers: tuple[Apply, ...]
    is_settled: BoolArray
    is_paid: BoolArray

    @cached_property
    def is_random(self) -> bool:
        """Whether a future price can still change a flow."""
        return not bool(self.is_settled.all())

    def flows(self, prices: Prices, observed: Observed) -> FloatArray:
        """Return flows from payer to receiver: ``(n_flows, n_paths)`` or ``(n_flows, 1)``."""
        if self.own:
            seen = {name: bound.observe(prices, observed) for name, bound in self.own.items()}
            observed = {**observed, **seen}
        return self.clause.payment.flows(self.amounts(observed), observed)

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amounts behind the flows, after every modifier; ``(n_periods, n_paths)``."""
        amounts = self.clause.leg.amounts(observed)
        for modify in self.modifiers:
            amounts = modify(amounts, observed)
        return amounts


@dataclass(frozen=True, eq=False)
class Settlement:
    """All lines of a deal on one market and one grid of dates."""

    deal: Deal
    market: Market
    observations: Mapping[str, Bound]
    lines: tuple[Line, ...]
    n_dates: int

    def observe(
        self, prices: Prices, shared: Mapping[Observe, FloatArray] = _NOTHING
    ) -> dict[str, FloatArray]:
        """Return everything observed on a block, in declared order; ``shared`` is already."""
        observed: dict[str, FloatArray] = {}
        for name, bound in self.observations.items():
            seen = shared.get(bound.observe)
            observed[name] = bound.observe(prices, observed) if seen is None else seen
        return observed

    def random_flows(
        self, prices: Prices, observed: dict[str, FloatArray] | None = None
    ) -> list[FloatArray]:
        """Return the flows, payer to receiver, of each line that a future price can change."""
        seen = self.observe(prices) if observed is None else observed
        return [line.flows(prices, seen) for line in self.lines if line.is_random]

    def observe_settled(self) -> tuple[dict[str, FloatArray], Prices]:
        """Return what is observed when every price still to come is one, and those prices.

        Settled periods read no such price, so their rows are right whatever it is.
        """
        prices = dict.fromkeys(self.market.simulated, np.ones((self.n_dates, 1)))
        return self.observe(prices), prices

    def settled_flows(self, line: Line) -> FloatArray:
        """Return ``(n_flows,)`` flows, payer to receiver, of a line that nothing can change."""
        observed: dict[str, FloatArray] = {}
        for name, bound in self.observations.items():
            if bound.is_fixed.all():
                observed[name] = bound.observe({}, observed)
        return line.flows({}, observed)[:, 0]


def fixing_dates(deal: Deal) -> dict[str, DateArray]:
    """Return the dates on which each price is read, over all clauses, past ones included."""
    found: dict[str, list[DateArray]] = {}

    def collect(observation: Observation, periods: Periods) -> None:
        for commodity, dates in observation.fixing_dates(periods).items():
            found.setdefault(commodity, []).append(dates)

    for schedule, observation in deal.observations.values():
        if schedule is not None:
            collect(observation, deal.schedules[schedule])
    for clause in deal.clauses:
        if is_instrument(clause.leg):
            for observation in clause.leg.own_observations().values():
                collect(observation, clause.leg.calendar())
    return {name: np.unique(np.concatenate(dates)) for name, dates in found.items()}


def reset_dates(deal: Deal) -> dict[str, DateArray]:
    """Return the dates on which each index is read, past ones included."""
    found: dict[str, list[DateArray]] = {}
    for schedule, observation in deal.observations.values():
        if schedule is not None and isinstance(observation, Schedule):
            for index, dates in observation.reset_dates(deal.schedules[schedule]).items():
                found.setdefault(index, []).append(dates)
    return {name: np.unique(np.concatenate(dates)) for name, dates in found.items()}


def simulated_dates(deals: Sequence[Deal], market: Market) -> tuple[tuple[str, ...], DateArray]:
    """Return the prices that must be simulated, in market order, and on which dates.

    Indices that have a model come after the commodities.
    """
    today = day(market.valuation_date)
    future: dict[str, list[DateArray]] = {}
    for deal in deals:
        for commodity, dates in fixing_dates(deal).items():
            known = (*market.commodities, *market.exchange_rates)
            rule = f"be in the market {market.name} (it has {', '.join(known)})"
            require(commodity in known, f"{deal.name}: commodity", rule, commodity)
            ahead = dates[dates >= today]
            if len(ahead):
                future.setdefault(commodity, []).append(ahead)
    simulated = market.simulated
    for deal in deals:
        for index, dates in reset_dates(deal).items():
            ahead = dates[dates > today]
            if index in market.indices and index in simulated and len(ahead):
                future.setdefault(index, []).append(ahead)
    names = tuple(name for name in simulated if name in future)
    if not names:
        return (), np.array([today], dtype="datetime64[D]")
    return names, np.unique(np.concatenate([d for name in names for d in future[name]]))


def settle(
    deal: Deal, market: Market, grid_dates: DateArray, alike: Alike | None = None
) -> Settlement:
    """Bind a deal to a market and to the dates of a simulated grid.

    ``alike`` holds what deals bound before on the same market and grid can share with it.

    Raises
    ------
    ValueError
        If the currencies differ, a past fixing is missing, or an observation cannot be bound;
        the message names the deal, the observation or leg, the rule and the value.
    """
    rule = f"be the market's ({market.currency})"
    require(deal.currency == market.currency, f"{deal.name}: currency", rule, deal.currency)
    context = _Known(deal, market, grid_dates)
    bound: dict[str, Bound] = {}
    for name, (schedule, observation) in deal.observations.items():
        periods = deal.schedules[schedule] if schedule else Periods.single(market.valuation_date)
        own = _bound(deal, name, observation, periods, context, {} if alike is None else alike)
        is_fixed = own.is_fixed
        for read in observation.reads:
            is_fixed = is_fixed & bound[read].is_fixed
        bound[name] = Bound(observe=own.observe, is_fixed=is_fixed, windows=own.windows)
    lines = tuple(_line(deal, clause, bound, context) for clause in deal.clauses)
    return Settlement(
        deal=deal, market=market, observations=bound, lines=lines, n_dates=len(grid_dates)
    )


def _bound(
    deal: Deal,
    name: str,
    observation: Observation,
    periods: Periods,
    context: "_Known",
    alike: Alike,
) -> Bound:
    where = f"{deal.name}: {name}"
    # A published price is the same for everyone; other observations may know their deal.
    if type(observation) is not ReferencePrice:
        return _named(where, observation.bind, name, periods, context)
    key = observation, periods.start.tobytes(), periods.end.tobytes()
    if key not in alike:
        alike[key] = _named(where, observation.bind, name, periods, context)
    return alike[key]


def _line(deal: Deal, clause: Clause, bound: Mapping[str, Bound], context: "_Known") -> Line:
    periods = deal.periods(clause)
    where = f"{deal.name}: legs[{clause.name}]"
    own: dict[str, Bound] = {}
    if is_instrument(clause.leg):
        for name, observation in clause.leg.own_observations().items():
            own[name] = _named(where, observation.bind, name, periods, context)
    modifiers = tuple(
        _named(where, m.bind, clause.name, periods, context) for m in clause.modifiers
    )
    is_fixed = np.ones(len(periods), dtype=np.bool_)
    reads = (*clause.leg.reads, *(name for m in clause.modifiers for name in m.reads))
    for name in (*reads, *clause.payment.reads):
        seen = (own[name] if name in own else bound[name]).is_fixed
        fits = clause.schedule is None or len(seen) == len(periods)
        require(fits, f"{where}: {name}", f"be on the schedule {clause.schedule}", len(seen))
        is_fixed = is_fixed & seen
    dates = clause.payment.flow_dates(periods)
    return Line(
        clause=clause,
        periods=periods,
        dates=dates,
        own=own,
        modifiers=modifiers,
        is_settled=is_fixed[dates.period],
        is_paid=dates.payment_date <= day(context.valuation_date),
    )


def _named(where: str, call: Callable[..., R], *args: object) -> R:
    try:
        return call(*args)
    except ValueError as error:
        message = f"{where}: {error}"
        raise ValueError(message) from error


class _Known:
    """What is known on the valuation date; the context that terms are bound to."""

    def __init__(self, deal: Deal, market: Market, grid_dates: DateArray) -> None:
        self._deal, self._market, self._grid_dates = deal, market, grid_dates

    @property
    def valuation_date(self) -> datetime.date:
        return self._market.valuation_date

    def fixing(self, commodity: str, dates: DateArray) -> FloatArray:
        return self._market.fixing(commodity, dates)

    def rows(self, dates: DateArray) -> IntArray:
        rows = np.searchsorted(self._grid_dates, dates)
        inside = rows < len(self._grid_dates)
        if not (np.all(inside) and np.all(self._grid_dates[rows] == dates)):
            got = [str(date) for date in dates]
            require(False, "pricing dates", "lie on the simulated grid", got)
        return rows.astype(np.int64)

    def index(self, name: str, date: datetime.date) -> float:
        return self._market.index(name, date)

    def index_means(self, name: str, dates: DateArray) -> FloatArray | None:
        found = self._market.simulated.get(name) if name in self._market.indices else None
        return None if found is None else found.forward_curve(self._market.years(dates))

    def rate(self, name: str, date: datetime.date) -> float:
        return self._market.rate(name, date)

    def actual(self, observation: str, periods: Periods) -> FloatArray:
        """Return deliveries of whole periods that ended by the valuation date, else NaN."""
        values = [
            self._market.actual(self._deal.name, observation, start.item(), end.item())
            for start, end in zip(periods.start, periods.end, strict=True)
        ]
        return np.array([np.nan if value is None else value for value in values])

    def shares(self, leg: str) -> float:
        equity = self._deal.clause(leg).leg
        if not isinstance(equity, EquityLeg):
            message = f"counted must name equity legs only, got {leg!r}"
            raise ValueError(message)
        return equity.delivered_shares
