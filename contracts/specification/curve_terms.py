"""Curves in a market file: yields and discount rates, and the ways to state a forward curve."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.specification.measures import Price, PriceStep
from contracts.specification.scalar_reader import ScalarReader
from contracts.specification.scalars import (
    Date,
    Name,
    Number,
    Positive,
    Prose,
    Rate,
    Text,
    refuse,
    schema,
)
from contracts.specification.sheet import Sheet


def delivery_period(value: object) -> str:
    """Return the name of a period of delivery."""
    from montecarlo.period_quote import delivery_period as read

    if not isinstance(value, str):
        refuse("must be a period, as in 2027-Q1")
    try:
        read(value)
    except ValueError as error:
        refuse(str(error).removeprefix("period ").partition(", got ")[0])
    return value


def maturity(value: object) -> str:
    """Return the maturity of a par yield."""
    from montecarlo.par_yields import tenor_months

    if not isinstance(value, str):
        refuse("must be months or years, as in 3m or 10y")
    try:
        tenor_months(value)
    except ValueError as error:
        refuse(str(error).removeprefix("maturity ").partition(", got ")[0])
    return value


Period = Annotated[str, ScalarReader(delivery_period), schema("string", examples=["2027-Q1"])]
Maturity = Annotated[str, ScalarReader(maturity), schema("string", pattern="^[1-9][0-9]*[my]$")]
Compounding = Literal["continuous", "simple", "annual", "semi-annual", "quarterly", "monthly"]


class DiscountTerms(Sheet):
    """The curve at which everything is discounted: zero rates, or par yields."""

    name: Text
    zero_rates: dict[Date, Rate] | None = None
    """Date -> zero rate, decimal, continuously compounded unless compounding says otherwise."""
    par_yields: dict[Maturity, Rate] | None = None
    """Maturity, as 6m or 10y, -> yield of a par bond with semi-annual coupons, decimal."""
    compounding: Compounding = "continuous"
    """Of the zero rates."""
    note: Prose | None = None


class YieldTerms(Sheet):
    """Another yield curve: zero rates or par yields, or a spread over the discount curve."""

    zero_rates: dict[Date, Rate] | None = None
    """Date -> zero rate, decimal, continuously compounded unless compounding says otherwise."""
    par_yields: dict[Maturity, Rate] | None = None
    """Maturity, as 6m or 10y, -> yield of a par bond with semi-annual coupons, decimal."""
    spread_over_discount: Rate | None = None
    """Added to every zero rate, continuously compounded, decimal."""
    compounding: Compounding = "continuous"
    """Of the zero rates."""
    note: Prose | None = None


class QuotesTerms(Sheet):
    """Quotes of periods of delivery, which may overlap and nest but not contradict each other."""

    shape: Literal["step", "smooth"]
    """Within the periods: as few and small steps as the quotes allow, or the smoothest curve."""
    periods: dict[Period, Price]
    """2027, 2027-H1, 2027-Q1, 2027-03 or 2027-01-01 to 2027-03-31 -> mean price of its days."""
    rounding: PriceStep | None = None
    """By how much a quote may be off; those that others imply within it are left out."""
    note: Prose | None = None


class PriceDeckTerms(Sheet):
    """What an analyst says prices will be."""

    basis: Literal["nominal", "real"]
    """In the money of the day of delivery, or of the base date."""
    base_date: Date | None = None
    """Of the money of a real deck."""
    index: Name | None = None
    """Of this market, by which a real deck rises; or else growth."""
    growth: Rate | None = None
    """Yearly inflation, decimal."""
    prices: dict[Date, Price]
    """Date -> price; the commodity's interpolation says what holds between."""
    note: Prose | None = None


class SeasonalityTerms(Sheet):
    """A factor of the forward curve for each day of the year."""

    normalised_by: Literal["mean-level", "mean-log"]
    """Scaled so that the mean of the factors is 1, or the mean of their logarithms 0."""
    months: Annotated[list[Positive], Field(min_length=12, max_length=12)] | None = None
    """January to December; or else cosine and sine."""
    cosine: Annotated[list[Number], Field(min_length=1)] | None = None
    """Of the logarithm of the factor, once a year, twice a year and so on."""
    sine: Annotated[list[Number], Field(min_length=1)] | None = None
    note: Prose | None = None
