"""From the terms of a sheet, already checked, to the frozen parts of a deal."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from contracts import observations as kinds
from contracts.deal import Appropriation, Deal, Party, Source
from contracts.leg_assembly import clause_of
from contracts.paths import TermPath
from contracts.periods import Periods
from contracts.protocols import Observation
from contracts.specification import observations as formats
from contracts.specification.exchange_rate_terms import ConvertTerms
from contracts.specification.faults import Faults
from contracts.specification.legs import ClipTerms
from contracts.specification.period_checks import check_limits, check_steps, check_windows
from contracts.specification.term_sheet import TermSheet
from contracts.units import Measure


@dataclass(slots=True)
class Parts:
    """The observations of a deal while it is put together.

    A number stated in place of an observation's name becomes a constant observation, called
    after the term that states it: ``price floor.strike``.
    """

    sheet: TermSheet
    observations: dict[str, tuple[str | None, Observation]] = field(default_factory=dict)

    def read(self, value: Measure | str, called: str, schedule: str) -> str:
        """Return the name of the observation that a term reads, making one for a number."""
        if isinstance(value, str):
            return value
        start = self.sheet.schedules[schedule].start
        constant = kinds.Schedule(steps=((start, value.value),))
        self.observations[called] = (schedule, constant)
        return called

    def read_if_given(self, value: Measure | str | None, called: str, schedule: str) -> str | None:
        """Return the name of the observation that an optional term reads."""
        return None if value is None else self.read(value, called, schedule)

    def commodity_of(self, name: str) -> str:
        """Return the commodity that an observation follows, "" if none."""
        found = self.observations.get(name)
        if found is None:
            return ""
        _, observation = found
        if isinstance(observation, kinds.ReferencePrice):
            return observation.commodity
        if isinstance(observation, kinds.Earnings):
            return self.commodity_of(observation.reference_price)
        return ""


def assemble(sheet: TermSheet, faults: Faults) -> Deal:
    """Build the deal; what a part refuses is a fault at its address."""
    schedules: dict[str, Periods] = {}
    for name, item in sheet.schedules.items():
        cut = partial(Periods.regular, start=item.start, end=item.end, frequency=item.frequency)
        periods = faults.attempt(("schedules", name), cut)
        if periods is not None:
            schedules[name] = periods
    parts = Parts(sheet)
    for name, terms in sheet.observations.items():
        built = faults.attempt(("observations", name), partial(_observation, name, terms, parts))
        if built is not None:
            parts.observations[name] = (getattr(terms, "schedule", None), built)
            _check_periods(faults, name, terms, built, schedules)
    faults.raise_if_any()
    clauses = []
    for i, leg in enumerate(sheet.legs):
        path: TermPath = ("legs", i)
        if isinstance(leg, ClipTerms):
            check_limits(faults, i, leg, sheet, schedules[leg.schedule])
        clauses.append(faults.attempt(path, partial(clause_of, leg, parts, path, faults)))
    faults.raise_if_any()
    return Deal(
        name=sheet.deal,
        title=sheet.title,
        currency=sheet.currency,
        perspective=sheet.perspective,
        parties=_parties(sheet),
        schedules=schedules,
        observations=parts.observations,
        clauses=tuple(clause for clause in clauses if clause is not None),
        market=sheet.market,
        appropriations=tuple(
            Appropriation(party=item.party, fiscal_year=item.fiscal_year, amount=item.amount.value)
            for item in sheet.appropriations
        ),
        simplifications=tuple(sheet.simplifications),
        sources=tuple(
            Source(path=item.path, mark=item.mark, note=item.note, url=item.url)
            for item in sheet.sources
        ),
        terms=faults.terms,
        file=faults.file,
    )


def _check_periods(
    faults: Faults,
    name: str,
    terms: formats.ObservationTerms,
    built: Observation,
    schedules: Mapping[str, Periods],
) -> None:
    """Check an observation against the periods of its schedule, if they could be cut."""
    periods = schedules.get(getattr(terms, "schedule", ""))
    if periods is None:
        return
    if isinstance(terms, formats.VolumeTerms | formats.ScheduleTerms):
        check_steps(faults, name, terms, periods)
    elif isinstance(terms, formats.ReferencePriceTerms) and isinstance(built, kinds.ReferencePrice):
        path: TermPath = ("observations", name)
        faults.attempt(path, partial(check_windows, terms, built, periods))


def steps_of(
    steps: Mapping[datetime.date, Measure | float],
) -> tuple[tuple[datetime.date, float], ...]:
    """Return (date, value in the canonical unit) of each step."""
    return tuple(
        (date, value.value if isinstance(value, Measure) else value)
        for date, value in steps.items()
    )


def _parties(sheet: TermSheet) -> dict[str, Party]:
    return {
        key: Party(
            name=item.name,
            role=item.role,
            is_public=item.public,
            agency=item.agency or "",
            programme=item.programme or "",
            fiscal_year_end=item.fiscal_year_end or 12,
        )
        for key, item in sheet.parties.items()
    }


def _observation(name: str, item: formats.ObservationTerms, parts: Parts) -> Observation:
    match item:
        case formats.ReferencePriceTerms():
            return kinds.ReferencePrice(
                commodity=item.commodity,
                pricing_dates=kinds.PricingDates(
                    every=item.pricing_dates.every, day=item.pricing_dates.day
                ),
                lag_months=item.lag_months,
                conversion=_conversion(item.convert),
            )
        case formats.VolumeTerms():
            return kinds.Volume(
                steps=steps_of(item.steps),
                per=item.per,
                ramp=_ramp(item.ramp),
                delay_months=item.delay_months,
            )
        case formats.ScheduleTerms():
            return kinds.Schedule(
                steps=steps_of(item.steps), escalation=_escalation(item.escalation)
            )
        case formats.EventTerms():
            return kinds.Event(event_date=item.date, partial_period=item.partial_period)
        case formats.EarningsTerms():
            on = item.schedule
            return kinds.Earnings(
                measure=item.measure,
                quantity=parts.read(item.quantity, f"{name}.quantity", on),
                reference_price=item.reference_price,
                price_share=item.price_share,
                premium=item.premium.value,
                unit_cost=parts.read_if_given(item.unit_cost, f"{name}.unit_cost", on),
                fixed_cost=parts.read_if_given(item.fixed_cost, f"{name}.fixed_cost", on),
            )
        case formats.InterestRateTerms():
            return kinds.InterestRate(
                benchmark=item.benchmark, spread=item.spread, fixing_date=item.fixing_date
            )


def _conversion(item: ConvertTerms | None) -> kinds.Conversion | None:
    if item is None:
        return None
    return kinds.Conversion(exchange_rate=item.exchange_rate, vat=item.vat)


def _ramp(item: formats.RampTerms | None) -> kinds.Ramp | None:
    if item is None:
        return None
    return kinds.Ramp(start=item.start, full=item.full, initial_share=item.initial_share)


def _escalation(
    item: formats.FixedEscalationTerms | formats.IndexEscalationTerms | None,
) -> kinds.FixedEscalation | kinds.IndexEscalation | None:
    if isinstance(item, formats.FixedEscalationTerms):
        return kinds.FixedEscalation(rate=item.rate, base_date=item.base_date)
    if isinstance(item, formats.IndexEscalationTerms):
        return kinds.IndexEscalation(
            index=item.index, base_date=item.base_date, reset=item.reset, share=item.share
        )
    return None
