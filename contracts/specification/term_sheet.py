"""The term sheet: one file for each deal."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.specification.legs import AnyLeg
from contracts.specification.measures import Currency, Money
from contracts.specification.observations import AnyObservation
from contracts.specification.scalars import Date, MonthName, Name, Prose, Slug, Text, Year
from contracts.specification.sheet import Sheet

Role = Literal["provider", "producer", "offtaker", "lender", "borrower", "investor", "issuer"]


class PartyTerms(Sheet):
    """Who pays and receives."""

    name: Text
    role: Role
    public: bool
    """Whether the party spends public money."""
    agency: Text | None = None
    programme: Text | None = None
    fiscal_year_end: MonthName | None = None
    """Last month of the party's fiscal year, in English; a public party must state it."""
    note: Prose | None = None


class PeriodsTerms(Sheet):
    """The periods of which amounts are calculated; both dates are included."""

    start: Date
    end: Date
    frequency: Literal["month", "quarter", "half-year", "year", "once"]
    note: Prose | None = None


class AppropriationTerms(Sheet):
    """Money that a public party has been granted for the deal."""

    party: Name
    fiscal_year: Year | None = None
    """The fiscal year in which it may be spent; left out: any."""
    amount: Money
    note: Prose | None = None


class SourceTerms(Sheet):
    """Where a term was read, and how sure it is."""

    path: Text
    """The term, as legs[price floor].strike; everything below it is covered as well."""
    mark: Literal["F", "S", "P", "C", "K", "assumption"]
    """F filing, S summary of a filing, P press, C computed, K not verified, or our assumption."""
    note: Prose
    url: Text | None = None


class TermSheet(Sheet):
    """The terms of a deal."""

    deal: Slug
    title: Text
    currency: Currency
    perspective: Name
    """The party from whose side amounts are signed unless another is asked for."""
    market: Text | None = None
    """The market file that is used unless another is given."""
    parties: Annotated[dict[Name, PartyTerms], Field(min_length=2)]
    schedules: dict[Name, PeriodsTerms] = Field(default_factory=dict)
    observations: dict[Name, AnyObservation] = Field(default_factory=dict)
    legs: Annotated[list[AnyLeg], Field(min_length=1)]
    appropriations: list[AppropriationTerms] = Field(default_factory=list)
    simplifications: list[Prose] = Field(default_factory=list)
    """What is left out or simplified, each a sentence that reports print."""
    sources: list[SourceTerms] = Field(default_factory=list)
    note: Prose | None = None
