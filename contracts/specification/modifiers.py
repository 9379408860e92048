"""What a term sheet may say about limits, gates and payment."""

from typing import Annotated, Literal

from pydantic import Discriminator, Tag

from contracts.specification.measures import Money
from contracts.specification.scalars import Advances, MonthName, Name, Positive, Prose, Share, Whole
from contracts.specification.sheet import Reads, Sheet, tag_of


class AdvanceTerms(Sheet):
    """Money paid during the period on account of what will be owed at its end."""

    fraction: Share
    """Part of the base that each advance pays, 0 to 1."""
    of: Annotated[Name, Reads(("schedule",), "money")]
    """The observation that is the base; it is known when an advance is paid, as no price is."""
    payments: Advances
    """Advances in each period."""


class PaymentSheet(Sheet):
    """When an amount turns into money."""

    lag_days: Whole
    """Days from the end of a period to its payment, or to the true-up after advances."""
    advance: AdvanceTerms | None = None


class BudgetCapTerms(Sheet):
    """A limit on what a leg pays that remembers what was already paid."""

    kind: Literal["budget-cap"]
    limit: Money
    """Most that flows from payer to receiver in each budget year."""
    per: Literal["calendar-year", "fiscal-year", "contract-year", "contract"]
    """The span over which the cap remembers."""
    reverse_limit: Money | None = None
    """Most that flows back; left out: no limit."""
    used: Money | None = None
    """Already paid under the cap before the first period; left out: nothing."""
    fiscal_year_end: MonthName | None = None
    """Last month of the budget year, for fiscal-year; left out: the payer's."""
    note: Prose | None = None


class GateTerms(Sheet):
    """An amount that is owed only from an event on."""

    kind: Literal["gate"]
    event: Annotated[Name, Reads(("event",))]
    note: Prose | None = None


class OwnershipCapTerms(Sheet):
    """A holder may not own more than a stated part of the company."""

    kind: Literal["ownership-cap"]
    limit: Share
    """Largest part of the company, above 0 and below 1."""
    shares_outstanding: Positive
    """Shares against which the part is measured."""
    basis: Literal["outstanding", "diluted"]
    """Whether the holder's own new shares count among all shares."""
    counted: list[Name]
    """Legs that count, in the order in which they take their shares."""
    note: Prose | None = None


ScheduledModifier = Annotated[
    Annotated[BudgetCapTerms, Tag("<budget-cap>")] | Annotated[GateTerms, Tag("<gate>")],
    Discriminator(tag_of),
]
EquityModifier = Annotated[
    Annotated[OwnershipCapTerms, Tag("<ownership-cap>")], Discriminator(tag_of)
]
