"""What a term sheet may say about what is owed: one mapping for each leg.

A term that names an observation may give the number itself instead; it then holds in every period.
"""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from contracts.specification.measures import (
    Money,
    MoneyOrName,
    Price,
    PriceOrName,
    QuantityOrName,
)
from contracts.specification.modifiers import OwnershipCapTerms, PaymentSheet, ScheduledModifier
from contracts.specification.observations import Span
from contracts.specification.scalars import Date, Name, Positive, Prose, Rate, Share, Text, Whole
from contracts.specification.sheet import Reads, Sheet, tag_of

ReferencePriceName = Annotated[Name, Reads(("reference-price", "schedule"), "price")]
QuantityTerm = Annotated[QuantityOrName, Reads(("volume", "schedule"), "quantity")]
PriceTerm = Annotated[PriceOrName, Reads(("schedule", "reference-price"), "price")]
MoneyTerm = Annotated[MoneyOrName, Reads(("schedule",), "money")]


class LegSheet(Sheet):
    """What every leg says."""

    name: Name
    payer: Name
    """The party that owes a positive amount."""
    receiver: Name
    commodity: Name | None = None
    """The commodity under which tables show the leg; left out: that of its price."""
    agency: Text | None = None
    """The agency that carries the leg in exposure tables; left out: the public party's."""
    programme: Text | None = None
    note: Prose | None = None


class ScheduledLegSheet(LegSheet):
    """A leg that is calculated for each period of a schedule."""

    schedule: Name
    payment: PaymentSheet
    modifiers: list[ScheduledModifier] = Field(default_factory=list)
    """Limits and gates, applied in this order."""


class FixedPriceTerms(ScheduledLegSheet):
    """The buyer pays an agreed price for each unit."""

    kind: Literal["fixed-price"]
    quantity: QuantityTerm
    strike: PriceTerm


class DifferenceTerms(ScheduledLegSheet):
    """A two-way contract for difference: quantity x (strike - reference price)."""

    kind: Literal["difference"]
    reference_price: ReferencePriceName
    quantity: QuantityTerm
    strike: PriceTerm
    negative_prices: Literal["pay", "cap", "suspend"]
    """Below a price of zero: the full difference, at most the strike, or nothing."""


class FloorTerms(ScheduledLegSheet):
    """The payer tops the receiver up to the strike."""

    kind: Literal["floor"]
    reference_price: ReferencePriceName
    quantity: QuantityTerm
    strike: PriceTerm


class UpsideShareTerms(ScheduledLegSheet):
    """The payer shares what the price exceeds a threshold by."""

    kind: Literal["upside-share"]
    reference_price: ReferencePriceName
    quantity: QuantityTerm
    threshold: PriceTerm
    share: Share
    """Part of the excess that is owed, 0 to 1."""


class ClipTerms(ScheduledLegSheet):
    """The buyer pays the reference price, held between two limits."""

    kind: Literal["clip"]
    reference_price: ReferencePriceName
    quantity: QuantityTerm
    lower: PriceTerm
    upper: PriceTerm


class BandTerms(Sheet):
    """A slice of earnings above the threshold."""

    width: MoneyTerm | None = None
    """Its width in money; left out for the last one, which is open."""
    share: Share
    """Part of the slice that flows back to the payer, 0 to 1."""


class EarningsBandTerms(ScheduledLegSheet):
    """A guaranteed level of earnings, and a sharing of what exceeds it."""

    kind: Literal["earnings-band"]
    earnings: Annotated[Name, Reads(("earnings",), "money")]
    threshold: MoneyTerm
    shortfall_share: Share
    """Part of a shortfall that the payer makes good, 0 to 1."""
    bands: list[BandTerms]
    """Slices from the threshold up; only the last may be open."""


class FixedAmountTerms(LegSheet):
    """Known money on a known day: a purchase price, a grant, a fee."""

    kind: Literal["fixed-amount"]
    amount: Money
    pay_date: Date


class LoanTerms(LegSheet):
    """Money drawn once and paid back with interest; the payer is the borrower."""

    kind: Literal["loan"]
    principal: Money
    drawn: Date
    maturity: Date
    rate: Annotated[Name, Reads(("interest-rate",))]
    """The observation of the yearly coupon."""
    frequency: Span
    """How often interest is paid."""
    amortisation: Literal["bullet", "level-principal", "annuity"]
    market_yield: Name | None = None
    """The market's yield curve at which the borrower could borrow elsewhere."""


class EquityLegSheet(LegSheet):
    """A leg that delivers shares of a company; the payer is the issuer."""

    share: Name
    """The common share's name in the market; it must pay no dividend."""
    modifiers: list[OwnershipCapTerms] = Field(default_factory=list)


class ConvertiblePreferredTerms(EquityLegSheet):
    """Preferred stock that grows in kind and converts into common shares."""

    kind: Literal["convertible-preferred"]
    shares: Positive
    """Number of preferred shares."""
    stated_value: Money
    """Stated value of each at issue."""
    dividend: Rate
    """Paid in kind, decimal a year."""
    compounding: Whole
    """How many times a year it compounds."""
    conversion_price: Price
    issue_date: Date
    conversion_date: Date
    """The date on which the holder is assumed to convert."""
    settlement: Literal["conversion-only", "greater-of-claim"]
    """Shares only, or the larger of the shares and the stated value in cash."""


class WarrantTerms(EquityLegSheet):
    """The right to buy new shares at the strike until expiry."""

    kind: Literal["warrant"]
    shares: Positive
    """Number of shares that can be bought."""
    strike: Price
    issue_date: Date
    expiry: Date
    style: Literal["american", "european"]


ScheduledLegTerms = (
    FixedPriceTerms
    | DifferenceTerms
    | FloorTerms
    | UpsideShareTerms
    | ClipTerms
    | EarningsBandTerms
)
InstrumentTerms = FixedAmountTerms | LoanTerms | ConvertiblePreferredTerms | WarrantTerms
LegTerms = ScheduledLegTerms | InstrumentTerms

AnyLeg = Annotated[
    Annotated[FixedPriceTerms, Tag("<fixed-price>")]
    | Annotated[DifferenceTerms, Tag("<difference>")]
    | Annotated[FloorTerms, Tag("<floor>")]
    | Annotated[UpsideShareTerms, Tag("<upside-share>")]
    | Annotated[ClipTerms, Tag("<clip>")]
    | Annotated[EarningsBandTerms, Tag("<earnings-band>")]
    | Annotated[FixedAmountTerms, Tag("<fixed-amount>")]
    | Annotated[LoanTerms, Tag("<loan>")]
    | Annotated[ConvertiblePreferredTerms, Tag("<convertible-preferred>")]
    | Annotated[WarrantTerms, Tag("<warrant>")],
    Discriminator(tag_of),
]
