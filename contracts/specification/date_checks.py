"""Dates must be in order: schedules, steps, ramps, loans, conversions, expiries."""

import datetime
from typing import Any

from contracts.paths import TermPath
from contracts.specification.faults import Faults
from contracts.specification.names import elements, mappings
from contracts.specification.scalars import calendar_date

_PAIRS = (
    ("start", "end", False),
    ("drawn", "maturity", True),
    ("issue_date", "conversion_date", True),
    ("issue_date", "expiry", True),
)


def date_of(value: object) -> datetime.date | None:
    """Return a date; None if it is not one."""
    try:
        return calendar_date(value)
    except ValueError:
        return None


def check_dates(faults: Faults) -> None:
    """Check the order of dates in every schedule, observation and leg."""
    terms = faults.terms
    schedules = mappings(terms, "schedules")
    for name, schedule in schedules.items():
        _check_pairs(faults, ("schedules", name), schedule)
    for name, observation in mappings(terms, "observations").items():
        path: TermPath = ("observations", name)
        schedule = schedules.get(str(observation.get("schedule")), {})
        check_increasing(faults, (*path, "steps"), observation.get("steps"))
        _check_first_step(faults, (*path, "steps"), observation.get("steps"), schedule)
        _check_ramp(faults, (*path, "ramp"), observation.get("ramp"))
    for i, leg in elements(terms, "legs"):
        _check_pairs(faults, ("legs", i), leg)


def check_increasing(faults: Faults, path: TermPath, values: object) -> None:
    """Check that the dates of a mapping follow one another."""
    if not isinstance(values, dict):
        return
    if not values:
        faults.add(path, "must have at least one date")
    before: datetime.date | None = None
    for key in values:
        date = date_of(key)
        if date is not None and before is not None and date <= before:
            faults.add((*path, key), f"must come after the date above it ({before})", key)
        before = date or before


def _check_pairs(faults: Faults, path: TermPath, terms: dict[str, Any]) -> None:
    for first, last, strictly in _PAIRS:
        start, end = date_of(terms.get(first)), date_of(terms.get(last))
        if start is None or end is None:
            continue
        if end < start or (strictly and end == start):
            rule = "must be after" if strictly else "must not come before"
            faults.add((*path, last), f"{rule} {first} ({start})", terms[last])


def _check_first_step(
    faults: Faults, path: TermPath, steps: object, schedule: dict[str, Any]
) -> None:
    start = date_of(schedule.get("start"))
    dates = [date_of(key) for key in steps] if isinstance(steps, dict) else []
    if start is None or not dates or dates[0] is None or dates[0] <= start:
        return
    rule = f"must have a value when the schedule starts ({start}); the first begins {dates[0]}"
    faults.add(path, rule)


def _check_ramp(faults: Faults, path: TermPath, ramp: object) -> None:
    if not isinstance(ramp, dict):
        return
    start, full = date_of(ramp.get("start")), date_of(ramp.get("full"))
    if start is not None and full is not None and full <= start:
        faults.add((*path, "full"), f"must be after start ({start})", ramp["full"])
