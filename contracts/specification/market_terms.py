"""The market file: prices, curves, models and what has been fixed, as of one day."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.specification.curve_terms import (
    DiscountTerms,
    PriceDeckTerms,
    QuotesTerms,
    SeasonalityTerms,
    YieldTerms,
)
from contracts.specification.exchange_rate_terms import ExchangeRateTerms
from contracts.specification.feedback_terms import FeedbackTerms
from contracts.specification.measures import Currency, Price, PriceUnit, Quantity
from contracts.specification.model_terms import AnyModel, IndexModel
from contracts.specification.scalars import (
    Correlation,
    Date,
    Name,
    Positive,
    Prose,
    Rate,
    Slug,
    Text,
)
from contracts.specification.sheet import Sheet
from contracts.specification.shock_terms import ShockTerms
from contracts.specification.term_sheet import SourceTerms


class IndexTerms(Sheet):
    """A price index: published levels, then growth, or a model around it."""

    levels: dict[Date, Positive]
    """Date -> published level; log-linear between."""
    growth: Rate
    """Yearly growth after the last level, decimal."""
    model: IndexModel | None = None
    """What moves it, after the valuation date, around levels and growth; left out: nothing."""
    note: Prose | None = None


class AlternativeTerms(Sheet):
    """Another model that could be defended for the same price, and its curve if that differs."""

    model: AnyModel
    forward_curve: dict[Date, Price] | None = None
    """In place of the commodity's own curve."""
    note: Prose | None = None


class CommodityTerms(Sheet):
    """A price: today's curve and the model around it."""

    unit: PriceUnit
    """The unit of its price, as USD/kg; values may be given in any unit of the same kind."""
    traded: bool
    """Whether the forward curve is quoted in a market; false: it is an assumption."""
    forward_curve: dict[Date, Price] | None = None
    """Delivery date -> price agreed today; flat beyond both ends."""
    quotes: QuotesTerms | None = None
    """In place of a curve: mean prices of months, quarters, years or any days."""
    price_deck: PriceDeckTerms | None = None
    """In place of a curve: what an analyst says."""
    spot: Price | None = None
    """In place of a curve, for an asset that pays no dividend: it grows at the discount curve."""
    interpolation: Literal["log-linear", "linear", "step"] = "log-linear"
    """Of the forward curve or the price deck, between its dates."""
    seasonality: SeasonalityTerms | None = None
    """Multiplies the curve or the deck; shapes quotes within their periods."""
    model: AnyModel
    feedback: FeedbackTerms | None = None
    """What the market makes of volumes that are sold under a floor."""
    alternatives: dict[Name, AlternativeTerms] = Field(default_factory=dict)
    """Name -> another model, under which a valuation can be repeated."""
    note: Prose | None = None


class CorrelationTerms(Sheet):
    """Correlation of two returns, of prices or of indices with a model; others have 0."""

    between: Annotated[list[Name], Field(min_length=2, max_length=2)]
    value: Correlation
    note: Prose | None = None


class FixingTerms(Sheet):
    """A published price: of one day, or an average that stands for every day of a span."""

    commodity: Name
    date: Date | None = None
    value: Price | None = None
    start: Date | None = Field(default=None, alias="from")
    end: Date | None = Field(default=None, alias="to")
    average: Price | None = None
    note: Prose | None = None


class ActualTerms(Sheet):
    """A quantity delivered in a span; it replaces the plan."""

    deal: Slug
    observation: Name
    start: Date = Field(alias="from")
    end: Date = Field(alias="to")
    value: Quantity
    note: Prose | None = None


class MarketSheet(Sheet):
    """Prices and models on one day."""

    market: Slug
    title: Text
    valuation_date: Date
    currency: Currency
    discount: DiscountTerms
    yields: dict[Name, YieldTerms] = Field(default_factory=dict)
    rates: dict[Name, dict[Date, Rate]] = Field(default_factory=dict)
    """Benchmark rate -> date -> quote, decimal."""
    indices: dict[Name, IndexTerms] = Field(default_factory=dict)
    exchange_rates: dict[Name, ExchangeRateTerms] = Field(default_factory=dict)
    commodities: dict[Name, CommodityTerms]
    correlations: list[CorrelationTerms] = Field(default_factory=list)
    shocks: list[ShockTerms] = Field(default_factory=list)
    """Disruptions that multiply some prices for a spell."""
    nearest_correlation: bool = False
    """Whether to take the nearest admissible matrix where the stated correlations contradict each
    other; a valuation then says how far they were moved. By default they are refused."""
    fixings: list[FixingTerms] = Field(default_factory=list)
    actuals: list[ActualTerms] = Field(default_factory=list)
    simplifications: list[Prose] = Field(default_factory=list)
    sources: list[SourceTerms] = Field(default_factory=list)
    note: Prose | None = None
