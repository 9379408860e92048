"""What an observation, a leg and a modifier must offer.

Each is frozen data. Before a run it is bound to its periods and to a context (valuation
date, fixings, indices), which yields a plain function of one block of paths.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeGuard, runtime_checkable
from weakref import WeakKeyDictionary

from contracts.conventions import BoolArray, DateArray, FloatArray, IntArray, Observed
from contracts.payoff import Payoff
from contracts.periods import Periods
from contracts.windows import Windows

Prices = Mapping[str, FloatArray]
"""Simulated prices and indices of one block: name -> ``(n_dates, n_paths)``."""

Observe = Callable[[Prices, Observed], FloatArray]
Apply = Callable[[FloatArray, Observed], FloatArray]


class Context(Protocol):
    """What is known on the valuation date, for one deal."""

    @property
    def valuation_date(self) -> datetime.date:
        """The date at which the deal is valued."""
        ...

    def fixing(self, commodity: str, dates: DateArray) -> FloatArray:
        """Return the prices fixed on past dates, ``(n,)``."""
        ...

    def rows(self, dates: DateArray) -> IntArray:
        """Return the row of the simulated grid that each date has, ``(n,)``."""
        ...

    def index(self, name: str, date: datetime.date) -> float:
        """Return the level of an index on a date, its mean where it is random."""
        ...

    def index_means(self, name: str, dates: DateArray) -> FloatArray | None:
        """Return the means around which an index is simulated, ``(n,)``; ``None``: it is not."""
        ...

    def rate(self, name: str, date: datetime.date) -> float:
        """Return an interest rate fixed, or expected to be fixed, on a date."""
        ...

    def actual(self, observation: str, periods: Periods) -> FloatArray:
        """Return what was delivered, ``(n_periods,)``; NaN where nothing is recorded."""
        ...

    def shares(self, leg: str) -> float:
        """Return the number of shares that an equity leg delivers."""
        ...


@dataclass(frozen=True, eq=False)
class Bound:
    """An observation bound to its periods.

    ``observe`` maps a block to ``(n_periods, n_paths)`` or ``(n_periods, 1)``; ``is_fixed``
    marks the periods whose value no longer depends on any future price. ``windows`` say which
    prices it averages, where it is a plain average of prices and nothing else.
    """

    observe: Observe
    is_fixed: BoolArray
    windows: Windows | None = None


class Observation(Protocol):
    """Something seen, not paid."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the observations it is computed from."""
        ...

    def fixing_dates(self, periods: Periods) -> Mapping[str, DateArray]:
        """Return the dates on which each commodity's price is read."""
        ...

    def bind(self, name: str, periods: Periods, context: Context) -> Bound:
        """Fix everything that does not depend on the path."""
        ...


class Leg(Protocol):
    """What is owed, from payer to receiver."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the observations it is computed from."""
        ...

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount of each period and path, from payer to receiver."""
        ...


@runtime_checkable
class KinkedLeg(Leg, Protocol):
    """A leg whose amount is piecewise linear in one thing observed."""

    def payoff(self, observed: Observed) -> Payoff:
        """Return the terms of the amount, from what it reads but the thing itself."""
        ...


@runtime_checkable
class Instrument(Leg, Protocol):
    """A leg whose terms settle its own dates: a loan, a warrant, a single payment."""

    def calendar(self) -> Periods:
        """Return its own periods; it pays on the last day of each."""
        ...

    def own_observations(self) -> Mapping[str, Observation]:
        """Return what it observes on its own calendar, by the name it reads."""
        ...


@runtime_checkable
class EquityLeg(Instrument, Protocol):
    """An instrument that hands over shares of a company."""

    @property
    def share(self) -> str:
        """Name of the share in the market."""
        ...

    @property
    def exercise_price(self) -> float:
        """Share price above which it delivers; 0 if it always does."""
        ...

    @property
    def issued_shares(self) -> float:
        """Shares that it stands for at issue."""
        ...

    @property
    def delivered_shares(self) -> float:
        """Shares that it delivers in the end."""
        ...

    def linear_amounts(self, observed: Observed) -> FloatArray:
        """Return what all its shares are worth: a control with a known expectation."""
        ...


class Modifier(Protocol):
    """What limits or moves an amount."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the observations it is computed from."""
        ...

    @property
    def is_linear(self) -> bool:
        """Whether each amount is multiplied by something that does not depend on amounts."""
        ...

    def bind(self, leg: str, periods: Periods, context: Context) -> Apply:
        """Fix everything that does not depend on the path."""
        ...


_INSTRUMENTS: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


def is_instrument(leg: object) -> TypeGuard[Instrument]:
    """Say whether a leg settles its own dates; asked once of each class, for asking is slow.

    Examples
    --------
    >>> import contracts
    >>> deal = contracts.load("mp-materials")
    >>> is_instrument(deal.clause("warrant").leg), is_instrument(deal.clause("price floor").leg)
    (True, False)
    """
    kind = type(leg)
    found = _INSTRUMENTS.get(kind)
    if found is None:
        found = _INSTRUMENTS[kind] = isinstance(leg, Instrument)
    return found
