"""A deal: parties, schedules, observations and clauses, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contracts import checks
from contracts.conventions import ROLES, DateArray
from contracts.modifiers.payment_terms import PaymentTerms
from contracts.periods import Periods
from contracts.protocols import Leg, Modifier, Observation, is_instrument

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Someone who pays or receives.

    Parameters
    ----------
    name, role
        As tables print it, and one of :data:`contracts.conventions.ROLES`.
    is_public
        Whether the party appears in exposure tables.
    agency, programme
        Under which they show it.
    fiscal_year_end
        Last month of its fiscal year, 1 to 12.
    """

    name: str
    role: str
    is_public: bool = False
    agency: str = ""
    programme: str = ""
    fiscal_year_end: int = 12

    def __post_init__(self) -> None:
        checks.one_of(self.role, ROLES, "role")
        checks.month_number(self.fiscal_year_end, "fiscal_year_end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A leg in a deal: who pays whom, on which schedule, limited and paid how.

    Parameters
    ----------
    name, kind
        Its name in the deal, and the kind of leg as a term sheet spells it.
    leg, modifiers, payment
        What is owed, what limits it (applied in order), and when it is paid.
    payer, receiver
        Keys of two parties; a positive amount runs from the first to the second.
    schedule
        Name of the schedule; ``None`` for a leg with dates of its own.
    commodity
        Under which tables show it.
    agency, programme
        Instead of the public party's in exposure tables.
    note
        Free text.
    """

    name: str
    kind: str
    leg: Leg
    payer: str
    receiver: str
    schedule: str | None
    payment: PaymentTerms
    commodity: str = ""
    agency: str = ""
    programme: str = ""
    modifiers: tuple[Modifier, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        rule = f"differ from the payer ({self.payer})"
        checks.require(self.payer != self.receiver, "receiver", rule, self.receiver)

    def sign(self, perspective: str) -> float:
        """Return +1 for the receiver, -1 for the payer, 0 for anyone else."""
        return float(perspective == self.receiver) - float(perspective == self.payer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appropriation:
    """Money that a public party may spend on the deal in a fiscal year.

    Parameters
    ----------
    party
        Key of the party.
    amount
        Money, zero or more.
    fiscal_year
        The calendar year in which the fiscal year ends; ``None``: every one.
    """

    party: str
    amount: float
    fiscal_year: int | None = None

    def __post_init__(self) -> None:
        checks.not_negative(self.amount, "appropriation.amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a number comes from, and how far it can be trusted.

    Parameters
    ----------
    path
        Address of the term, or of a branch of terms.
    mark
        F, S, P, C, K or ``assumption``; see ``docs/deals.md``.
    note, url
        The source in words, and its address.
    """

    path: str
    mark: str
    note: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Deal:
    """Everything that was agreed; nothing about the market.

    Attributes
    ----------
    name, title, currency
        Short name, headline, and the currency of every amount.
    perspective
        Party from whose side values are signed unless another is asked for.
    parties, schedules
        By name.
    observations
        Name -> (schedule, observation), in an order in which each reads only earlier ones.
    clauses
        The legs with their parties, modifiers and payment terms.
    market
        Name of the market it is valued on unless another is given.
    terms
        The term sheet as plain data, from which the deal can be built again.

    Examples
    --------
    >>> import contracts
    >>> deal = contracts.load("lynas-jare")
    >>> deal
    Deal('lynas-jare', 2 legs, USD)
    >>> deal.party("offtaker").fiscal_year_end
    3
    >>> deal.clause("upside share").leg.share
    0.3
    """

    name: str
    title: str
    currency: str
    perspective: str
    parties: Mapping[str, Party]
    schedules: Mapping[str, Periods]
    observations: Mapping[str, tuple[str | None, Observation]]
    clauses: tuple[Clause, ...]
    market: str | None = None
    appropriations: tuple[Appropriation, ...] = ()
    simplifications: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    terms: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    def __post_init__(self) -> None:
        self.party(self.perspective)
        names = [clause.name for clause in self.clauses]
        checks.require(len(names) > 0, "legs", "hold at least one leg", names)
        checks.require(len(set(names)) == len(names), "legs", "have distinct names", names)
        for clause in self.clauses:
            self.party(clause.payer)
            self.party(clause.receiver)

    def party(self, name: str) -> Party:
        """Return a party by its key; an unknown one is refused."""
        checks.one_of(name, tuple(self.parties), "party")
        return self.parties[name]

    def clause(self, name: str) -> Clause:
        """Return a clause by its name; an unknown one is refused."""
        checks.one_of(name, tuple(clause.name for clause in self.clauses), "leg")
        return next(clause for clause in self.clauses if clause.name == name)

    def periods(self, clause: Clause) -> Periods:
        """Return the calculation periods of a clause."""
        if is_instrument(clause.leg):
            return clause.leg.calendar()
        return self.schedules[str(clause.schedule)]

    def pricing_dates(self, clause: Clause) -> list[DateArray]:
        """Return the pricing dates that each period of a clause reads, over all prices."""
        periods = self.periods(clause)
        observations: list[Observation] = []
        if is_instrument(clause.leg):
            observations += clause.leg.own_observations().values()
        else:
            pending = list(clause.leg.reads)
            while pending:
                _, observation = self.observations[pending.pop()]
                observations.append(observation)
                pending += observation.reads
        windows: list[list[DateArray]] = [[] for _ in range(len(periods))]
        for observation in observations:
            find = getattr(observation, "windows", None)
            if find is not None:
                for t, window in enumerate(find(periods)):
                    windows[t].append(window)
        return [_union(window) for window in windows]

    def with_appropriation(self, amount: str) -> Deal:
        """Return the deal with one appropriation for every fiscal year of its public parties.

        Parameters
        ----------
        amount
            Money with its unit, as in ``"300 million USD"``. It replaces what the term sheet says.
        """
        public = [name for name, party in self.parties.items() if party.is_public]
        checks.require(len(public) > 0, "parties", "hold a public one", list(self.parties))
        return self.amend(
            {"appropriations": [{"party": name, "amount": amount} for name in public]}
        )

    def __repr__(self) -> str:
        return f"Deal({self.name!r}, {len(self.clauses)} legs, {self.currency})"

    def timetable(self) -> pd.DataFrame:
        """Return what is observed and paid when: one row a flow, in order of payment."""
        from contracts.timetable import timetable

        return timetable(self)

    def amend(self, changes: Mapping[str, Any]) -> Deal:
        """Return the deal with some terms changed; see :func:`contracts.amend.amend`."""
        from contracts.amend import amend

        return amend(self, changes)


def _union(windows: list[DateArray]) -> DateArray:
    import numpy as np

    if not windows:
        return np.array([], dtype="datetime64[D]")
    return np.unique(np.concatenate(windows))
