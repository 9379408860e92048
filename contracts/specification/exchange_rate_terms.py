"""An exchange rate in a market file, and the conversion of a price in a term sheet."""

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from contracts.specification.measures import Currency
from contracts.specification.model_terms import ConstantTerms, GBMTerms
from contracts.specification.scalars import Date, Name, Positive, Prose, Share
from contracts.specification.sheet import Sheet, tag_of


class ExchangeRateTerms(Sheet):
    """What one unit of a foreign currency costs in the currency of the market."""

    currency: Currency
    """The foreign currency, as CNY: in a market in dollars the rates are dollars for a yuan."""
    forward_curve: dict[Date, Positive] | None = None
    """Date -> mean rate; flat beyond both ends."""
    spot: Positive | None = None
    """In place of a curve, with foreign_yield: today's rate, which follows interest parity."""
    foreign_yield: Name | None = None
    """One of the market's yields: that of the foreign currency."""
    model: Annotated[
        Annotated[GBMTerms, Tag("<gbm>")] | Annotated[ConstantTerms, Tag("<constant>")],
        Discriminator(tag_of),
    ]
    fixings: dict[Date, Positive] = Field(default_factory=dict)
    """Date -> published rate; it holds for at most 10 days."""
    note: Prose | None = None


class ConvertTerms(Sheet):
    """How a price in a foreign currency becomes one in the currency of the deal."""

    exchange_rate: Name
    """Its name in the market; it is read on each pricing date."""
    vat: Share
    """Value added tax that the price includes and the contract does not, decimal; 0 for none."""
