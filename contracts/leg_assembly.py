"""From the terms of one leg, already checked, to its clause: the leg, its limits, its payment."""

from functools import partial
from typing import Protocol

from contracts import legs as kinds
from contracts.deal import Clause
from contracts.modifiers import Advance, BudgetCap, Gate, OwnershipCap, PaymentTerms
from contracts.paths import TermPath
from contracts.protocols import Leg, Modifier
from contracts.specification import legs as terms
from contracts.specification.faults import Faults
from contracts.specification.modifiers import (
    BudgetCapTerms,
    GateTerms,
    OwnershipCapTerms,
    PaymentSheet,
)
from contracts.specification.term_sheet import TermSheet
from contracts.units import Measure


class Observations(Protocol):
    """What a leg asks of the deal that is being put together."""

    @property
    def sheet(self) -> TermSheet:
        """The whole term sheet."""
        ...

    def read(self, value: Measure | str, called: str, schedule: str) -> str:
        """Return the name of the observation that a term reads."""
        ...

    def commodity_of(self, name: str) -> str:
        """Return the commodity that an observation follows, "" if none."""
        ...


def clause_of(
    item: terms.LegTerms, observations: Observations, path: TermPath, faults: Faults
) -> Clause:
    """Build the clause of a leg."""
    leg: Leg
    if isinstance(item, terms.ScheduledLegTerms):
        leg = _scheduled_leg(item, observations)
        schedule, payment = item.schedule, _payment(item.payment)
    else:
        leg = _instrument(item)
        schedule, payment = None, PaymentTerms(lag_days=0)
    built = [
        faults.attempt((*path, "modifiers", j), partial(_modifier, modifier, item, observations))
        for j, modifier in enumerate(getattr(item, "modifiers", ()))
    ]
    return Clause(
        name=item.name,
        kind=item.kind,
        leg=leg,
        payer=item.payer,
        receiver=item.receiver,
        schedule=schedule,
        payment=payment,
        commodity=item.commodity or _commodity(item, leg, observations),
        agency=item.agency or "",
        programme=item.programme or "",
        modifiers=tuple(modifier for modifier in built if modifier is not None),
        note=item.note or "",
    )


def _scheduled_leg(item: terms.ScheduledLegTerms, observations: Observations) -> Leg:
    def read(value: Measure | str, called: str) -> str:
        return observations.read(value, f"{item.name}.{called}", item.schedule)

    match item:
        case terms.FixedPriceTerms():
            return kinds.FixedPrice(
                quantity=read(item.quantity, "quantity"), strike=read(item.strike, "strike")
            )
        case terms.DifferenceTerms():
            return kinds.Difference(
                reference_price=item.reference_price,
                quantity=read(item.quantity, "quantity"),
                strike=read(item.strike, "strike"),
                negative_prices=item.negative_prices,
            )
        case terms.FloorTerms():
            return kinds.Floor(
                reference_price=item.reference_price,
                quantity=read(item.quantity, "quantity"),
                strike=read(item.strike, "strike"),
            )
        case terms.UpsideShareTerms():
            return kinds.UpsideShare(
                reference_price=item.reference_price,
                quantity=read(item.quantity, "quantity"),
                threshold=read(item.threshold, "threshold"),
                share=item.share,
            )
        case terms.ClipTerms():
            return kinds.Clip(
                reference_price=item.reference_price,
                quantity=read(item.quantity, "quantity"),
                lower=read(item.lower, "lower"),
                upper=read(item.upper, "upper"),
            )
        case terms.EarningsBandTerms():
            widths = [
                None if band.width is None else read(band.width, f"bands[{k}].width")
                for k, band in enumerate(item.bands)
            ]
            return kinds.EarningsBand(
                earnings=item.earnings,
                threshold=read(item.threshold, "threshold"),
                shortfall_share=item.shortfall_share,
                bands=tuple(
                    kinds.Band(width=width, share=band.share)
                    for width, band in zip(widths, item.bands, strict=True)
                ),
            )


def _instrument(item: terms.InstrumentTerms) -> Leg:
    match item:
        case terms.FixedAmountTerms():
            return kinds.FixedAmount(amount=item.amount.value, pay_date=item.pay_date)
        case terms.LoanTerms():
            return kinds.Loan(
                principal=item.principal.value,
                drawn=item.drawn,
                maturity=item.maturity,
                rate=item.rate,
                frequency=item.frequency,
                amortisation=item.amortisation,
                market_yield=item.market_yield,
            )
        case terms.ConvertiblePreferredTerms():
            return kinds.ConvertiblePreferred(
                shares=item.shares,
                stated_value=item.stated_value.value,
                dividend=item.dividend,
                compounding=item.compounding,
                conversion_price=item.conversion_price.value,
                issue_date=item.issue_date,
                conversion_date=item.conversion_date,
                share=item.share,
                settlement=item.settlement,
            )
        case terms.WarrantTerms():
            return kinds.Warrant(
                shares=item.shares,
                strike=item.strike.value,
                issue_date=item.issue_date,
                expiry=item.expiry,
                share=item.share,
                style=item.style,
            )


def _payment(item: PaymentSheet) -> PaymentTerms:
    advance = item.advance
    if advance is None:
        return PaymentTerms(lag_days=item.lag_days)
    return PaymentTerms(
        lag_days=item.lag_days,
        advance=Advance(fraction=advance.fraction, of=advance.of, payments=advance.payments),
    )


def _modifier(
    item: BudgetCapTerms | GateTerms | OwnershipCapTerms,
    leg: terms.LegTerms,
    observations: Observations,
) -> Modifier:
    match item:
        case GateTerms():
            return Gate(event=item.event)
        case OwnershipCapTerms():
            return OwnershipCap(
                limit=item.limit,
                shares_outstanding=item.shares_outstanding,
                basis=item.basis,
                counted=tuple(item.counted),
            )
        case BudgetCapTerms():
            year_end = item.fiscal_year_end
            if year_end is None and item.per == "fiscal-year":
                year_end = observations.sheet.parties[leg.payer].fiscal_year_end
            return BudgetCap(
                limit=item.limit.value,
                per=item.per,
                reverse_limit=None if item.reverse_limit is None else item.reverse_limit.value,
                used=0.0 if item.used is None else item.used.value,
                fiscal_year_end=year_end,
            )


def _commodity(item: terms.LegTerms, leg: Leg, observations: Observations) -> str:
    if isinstance(item, terms.EquityLegSheet):
        return item.share
    found = (observations.commodity_of(name) for name in leg.reads)
    return next((commodity for commodity in found if commodity), "")
