"""The model of a price in a market file: its kind and parameters."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from contracts.specification.intensity_terms import EventsAYear
from contracts.specification.regime_terms import RegimeSwitchingTerms
from contracts.specification.scalar_reader import ScalarReader
from contracts.specification.scalars import (
    Correlation,
    Name,
    NotNegative,
    Number,
    Positive,
    Prose,
    Rate,
    Volatility,
    Whole,
    rate,
    schema,
    year_and_month,
)
from contracts.specification.sheet import Sheet, tag_of


class ConstantTerms(Sheet):
    """A price deck: the price is its forward curve on every path."""

    kind: Literal["constant"]


class GBMTerms(Sheet):
    """Geometric Brownian motion around the forward curve."""

    kind: Literal["gbm"]
    volatility: Volatility
    """A year, decimal."""
    risk_premium: Rate = 0.0
    """What the real-world drift adds to the pricing drift, decimal a year."""
    note: Prose | None = None


class SchwartzTerms(Sheet):
    """Mean-reverting log price around the forward curve."""

    kind: Literal["schwartz"]
    mean_reversion: NotNegative
    """A year: 0.35 halves a deviation in two years."""
    volatility: Volatility
    risk_premium: Rate = 0.0
    note: Prose | None = None


class SchwartzSmithTerms(Sheet):
    """Short-term deviations around a long-term level, both random."""

    kind: Literal["schwartz-smith"]
    mean_reversion: NotNegative
    short_volatility: Volatility
    long_volatility: Volatility
    correlation: Correlation
    """Between the short-term and the long-term factor."""
    short_risk_premium: Rate = 0.0
    long_risk_premium: Rate = 0.0
    note: Prose | None = None


class MertonTerms(Sheet):
    """Geometric Brownian motion with lognormal jumps, neither of which fades."""

    kind: Literal["merton"]
    volatility: Volatility
    """Of the diffusion, a year, decimal."""
    jump_intensity: EventsAYear
    """Jumps a year."""
    jump_mean: Number
    """Mean of one jump of the log price: 0.4 is up by half."""
    jump_volatility: NotNegative
    """Standard deviation of one jump of the log price."""
    risk_premium: Rate = 0.0
    """What the real-world drift of the diffusion adds, decimal a year."""
    physical_jump_intensity: EventsAYear | None = None
    """In the real world; by default as for pricing."""
    physical_jump_mean: Number | None = None
    note: Prose | None = None


class JumpDiffusionTerms(Sheet):
    """Mean-reverting log price with jumps that fade at the same rate."""

    kind: Literal["jump-diffusion"]
    mean_reversion: NotNegative
    """A year: 0.35 halves a deviation, or a jump, in two years."""
    volatility: Volatility
    jump_intensity: EventsAYear
    jump_mean: Number
    jump_volatility: NotNegative
    risk_premium: Rate = 0.0
    physical_jump_intensity: EventsAYear | None = None
    physical_jump_mean: Number | None = None
    note: Prose | None = None


class NFactorTerms(Sheet):
    """Log price of several correlated factors, each of its own mean reversion and volatility."""

    kind: Literal["n-factor"]
    mean_reversion: Annotated[list[NotNegative], Field(min_length=1)]
    """Of each factor, a year; 0 for shocks that stay."""
    volatility: list[Volatility]
    """Of each factor."""
    correlation: list[list[Correlation]]
    """Between the factors: a row for each, ones on the diagonal."""
    risk_premium: list[Rate] = Field(default_factory=list)
    """Of each factor; 0 by default."""
    note: Prose | None = None


class GibsonSchwartzTerms(Sheet):
    """Spot price with a random, mean-reverting convenience yield."""

    kind: Literal["gibson-schwartz"]
    volatility: Volatility
    """Of the spot price."""
    yield_mean_reversion: Positive
    """Of the convenience yield, a year."""
    yield_volatility: Volatility
    """Of the convenience yield, decimal a year a root year."""
    correlation: Correlation
    """Between the spot price and its convenience yield."""
    yield_risk_premium: Rate = 0.0
    """What the real-world drift of the convenience yield adds, decimal a year a year."""
    spot_risk_premium: Rate = 0.0
    """Return of the spot price with its yield, beyond the interest rate, decimal a year."""
    note: Prose | None = None


class InflationTerms(Sheet):
    """An index that grows at a random, mean-reverting rate and never jumps."""

    kind: Literal["inflation"]
    mean_reversion: Positive
    """Of the rate of growth, a year."""
    volatility: Volatility
    """Of the rate of growth, decimal a year a root year."""
    risk_premium: Rate = 0.0
    """What the real-world drift of the rate of growth adds, decimal a year a year."""
    note: Prose | None = None


class StochasticVolatilityTerms(Sheet):
    """Heston's model around the forward curve: a variance that is random and mean-reverting."""

    kind: Literal["stochastic-volatility"]
    initial_variance: NotNegative
    """Volatility squared, a year, today."""
    long_run_variance: NotNegative
    mean_reversion: Positive
    """Of the variance, a year."""
    volatility_of_variance: Positive
    correlation: Correlation
    """Of the variance's shocks with those of the price."""
    risk_premium: Rate = 0.0
    variance_risk_premium: Number = 0.0
    """What the pricing drift of the variance adds to the real-world one, per variance."""
    steps_a_year: Whole = 24
    """Of the simulation: more are slower and closer."""
    note: Prose | None = None


def premium_or_history(value: object) -> float | str:
    """Return a premium, or the word that stands for the history's own drift."""
    return "history" if value == "history" else rate(value)


YearAndMonth = Annotated[
    str, ScalarReader(year_and_month), schema("string", pattern="^[0-9]{4}-[0-9]{2}$")
]


class BootstrapTerms(Sheet):
    """Monthly changes of the past, repeated in blocks around the forward curve."""

    kind: Literal["bootstrap"]
    history: dict[YearAndMonth, Positive]
    """Month -> price, every month once; only their ratios count, so any unit will do."""
    mean_block_length: Positive
    """In months, at least 1."""
    risk_premium: Annotated[
        float | str, ScalarReader(premium_or_history), schema(["number", "string"])
    ] = 0.0
    """What the real-world drift adds, decimal a year; or history, for the drift of the past."""
    stream: Name | None = None
    """Prices of one stream, with the same months, repeat the same months together."""
    note: Prose | None = None


IndexModel = Annotated[
    Annotated[InflationTerms, Tag("<inflation>")] | Annotated[GBMTerms, Tag("<gbm>")],
    Discriminator(tag_of),
]

AnyModel = Annotated[
    Annotated[ConstantTerms, Tag("<constant>")]
    | Annotated[GBMTerms, Tag("<gbm>")]
    | Annotated[SchwartzTerms, Tag("<schwartz>")]
    | Annotated[SchwartzSmithTerms, Tag("<schwartz-smith>")]
    | Annotated[NFactorTerms, Tag("<n-factor>")]
    | Annotated[GibsonSchwartzTerms, Tag("<gibson-schwartz>")]
    | Annotated[InflationTerms, Tag("<inflation>")]
    | Annotated[MertonTerms, Tag("<merton>")]
    | Annotated[JumpDiffusionTerms, Tag("<jump-diffusion>")]
    | Annotated[RegimeSwitchingTerms, Tag("<regime-switching>")]
    | Annotated[StochasticVolatilityTerms, Tag("<stochastic-volatility>")]
    | Annotated[BootstrapTerms, Tag("<bootstrap>")],
    Discriminator(tag_of),
]
