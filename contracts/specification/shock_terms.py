"""A disruption that multiplies prices for a spell: dated, or at any time."""

from typing import Annotated

from pydantic import Field

from contracts.specification.intensity_terms import EventsAYear
from contracts.specification.scalars import Date, Name, NotNegative, Positive, Prose
from contracts.specification.sheet import Sheet


class ShockTerms(Sheet):
    """A spell in which some prices are a multiple of what they would be."""

    name: Name
    """Shocks of one name are one event: they start, last and spread alike."""
    commodities: Annotated[list[Name], Field(min_length=1)]
    multiplier: Positive
    """Of the price while it lasts: 2.5 is two and a half times; below 1 for a glut."""
    multiplier_volatility: NotNegative = 0.0
    """Standard deviation of the log multiplier, drawn once a shock; the multiplier is its mean."""
    start: Date | None = Field(default=None, alias="from")
    """First day; or else an intensity."""
    intensity: EventsAYear | None = None
    """Shocks a year, where it may happen at any time; one on top of another multiplies again."""
    months: Positive | None = None
    """How long it lasts; or else mean_months."""
    mean_months: Positive | None = None
    """Mean of an exponential length."""
    recovery: Positive | None = None
    """A year, at which the log multiplier fades afterwards; left out, it ends at once."""
    within_curve: bool = False
    """Whether the forward curve knows of it, so that the mean price stays the curve; by default
    the shock comes on top."""
    note: Prose | None = None
