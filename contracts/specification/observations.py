"""What a term sheet may say about what is observed: prices, quantities, events, earnings, rates."""

from typing import Annotated, Literal

from pydantic import Discriminator, Tag

from contracts.specification.exchange_rate_terms import ConvertTerms
from contracts.specification.measures import (
    MoneyOrName,
    Price,
    PriceOrName,
    Quantity,
    QuantityOrName,
    StepValue,
)
from contracts.specification.scalars import (
    Date,
    MonthDay,
    Months,
    Name,
    Number,
    Prose,
    Rate,
    Share,
    Whole,
)
from contracts.specification.sheet import Reads, Sheet, tag_of

Span = Literal["month", "quarter", "half-year", "year"]


class PricingDatesTerms(Sheet):
    """The days on which a price is read and averaged."""

    every: Literal["day", "week", "month", "period-end"]
    """Each weekday, one weekday a week, one day a month, or the last day of the period."""
    day: Whole | None = None
    """Day of the month (1 to 28) for month; 1 for Monday to 5 for Friday for week."""


class ReferencePriceTerms(Sheet):
    """The published price that settlement uses: an average of a commodity's price."""

    kind: Literal["reference-price"]
    schedule: Name
    """The schedule whose periods are averaged over."""
    commodity: Name
    """The price's name in the market."""
    pricing_dates: PricingDatesTerms
    lag_months: Months = 0
    """Whole months by which the averaging window lies before the period."""
    convert: ConvertTerms | None = None
    """For a price in a foreign currency."""
    note: Prose | None = None


class RampTerms(Sheet):
    """A linear climb to the planned quantity; nothing before it starts."""

    start: Date
    full: Date
    """The date on which the whole plan is reached."""
    initial_share: Share
    """Part of the plan at the start, 0 to 1."""


class VolumeTerms(Sheet):
    """A planned quantity."""

    kind: Literal["volume"]
    schedule: Name
    per: Span
    """The span that each quantity covers."""
    steps: dict[Date, Quantity]
    """Date -> quantity for each span, from that date until the next."""
    ramp: RampTerms | None = None
    delay_months: Months = 0
    """Whole months by which steps and ramp come later."""
    note: Prose | None = None


class FixedEscalationTerms(Sheet):
    """Growth at a fixed yearly rate from an explicit base date."""

    rate: Rate
    """Decimal: 0.02 for 2% a year."""
    base_date: Date


class IndexEscalationTerms(Sheet):
    """Growth with a price index from an explicit base date."""

    index: Name
    """The index's name in the market."""
    base_date: Date
    """Date of the money in which the value is stated."""
    reset: MonthDay | None = None
    """Month and day on which the indexed value changes, as 04-01; left out: every period."""
    share: Share = 1.0
    """Part of the value that is indexed, 0 to 1."""


def _escalation_tag(terms: object) -> str:
    is_index = "index" in terms if isinstance(terms, dict) else hasattr(terms, "index")
    return "<index>" if is_index else "<rate>"


Escalation = Annotated[
    Annotated[FixedEscalationTerms, Tag("<rate>")]
    | Annotated[IndexEscalationTerms, Tag("<index>")],
    Discriminator(_escalation_tag),
]


class ScheduleTerms(Sheet):
    """A value known in advance, by date: a strike, a threshold, a cost."""

    kind: Literal["schedule"]
    schedule: Name
    steps: dict[Date, StepValue]
    """Date -> value from that date until the next, each with its unit."""
    escalation: Escalation | None = None
    note: Prose | None = None


class EventTerms(Sheet):
    """Something that happens on a date: a plant at full capacity, a road built."""

    kind: Literal["event"]
    schedule: Name
    date: Date
    partial_period: Literal["pro-rata", "next-period"]
    """Whether the period in which it happens counts by days, or only from the next one on."""
    note: Prose | None = None


class EarningsTerms(Sheet):
    """Revenue or EBITDA, driven by a price through a stated margin model."""

    kind: Literal["earnings"]
    schedule: Name
    measure: Literal["revenue", "ebitda"]
    quantity: Annotated[QuantityOrName, Reads(("volume", "schedule"), "quantity")]
    """Units sold: an observation, or a quantity for each period."""
    reference_price: Annotated[Name, Reads(("reference-price", "schedule"), "price")]
    price_share: Number
    """Product price per unit of reference price."""
    premium: Price
    """Part of the product's price that does not follow the reference price."""
    unit_cost: Annotated[PriceOrName, Reads(("schedule", "reference-price"), "price")] | None = None
    """Cost per unit sold; for ebitda."""
    fixed_cost: Annotated[MoneyOrName, Reads(("schedule",), "money")] | None = None
    """Cost for each year; for ebitda."""
    note: Prose | None = None


class InterestRateTerms(Sheet):
    """A benchmark rate fixed on one date, plus a spread."""

    kind: Literal["interest-rate"]
    benchmark: Name
    """The rate's name in the market."""
    spread: Rate
    """Decimal: 0.01 for one per cent a year."""
    fixing_date: Date
    note: Prose | None = None


ObservationTerms = (
    ReferencePriceTerms
    | VolumeTerms
    | ScheduleTerms
    | EventTerms
    | EarningsTerms
    | InterestRateTerms
)

AnyObservation = Annotated[
    Annotated[ReferencePriceTerms, Tag("<reference-price>")]
    | Annotated[VolumeTerms, Tag("<volume>")]
    | Annotated[ScheduleTerms, Tag("<schedule>")]
    | Annotated[EventTerms, Tag("<event>")]
    | Annotated[EarningsTerms, Tag("<earnings>")]
    | Annotated[InterestRateTerms, Tag("<interest-rate>")],
    Discriminator(tag_of),
]
