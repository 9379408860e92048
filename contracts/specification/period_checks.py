"""What depends on the periods of a schedule: steps on their starts, prices and limits in each."""

from bisect import bisect_right
from typing import Protocol

import numpy as np

from contracts.conventions import DateArray
from contracts.paths import TermPath
from contracts.periods import Periods, add_months, day
from contracts.specification.faults import Faults
from contracts.specification.legs import ClipTerms
from contracts.specification.observations import ReferencePriceTerms, ScheduleTerms, VolumeTerms
from contracts.specification.term_sheet import TermSheet
from contracts.units import Measure


class HasWindows(Protocol):
    """A price that is read on dates inside each period."""

    def windows(self, periods: Periods) -> list[DateArray]:
        """Return the pricing dates of each period."""
        ...


def check_steps(
    faults: Faults, name: str, terms: VolumeTerms | ScheduleTerms, periods: Periods
) -> None:
    """Check that every step begins with a period: inside one it would not be seen until the next.

    Steps before the first period are allowed; the last of them holds at the start. A delay may
    carry steps past the last period, but not into the middle of one.
    """
    months = terms.delay_months if isinstance(terms, VolumeTerms) else 0
    starts = [str(start) for start in periods.start]
    for date in terms.steps:
        path: TermPath = ("observations", name, "steps", date.isoformat())
        if str(date) > starts[-1]:
            inside = f"{starts[-1]}, the start of the last period of {terms.schedule}"
            faults.add(path, f"must not come after {inside}: it would never be used")
            continue
        begins = add_months(day(date), months)
        position = bisect_right(starts, str(begins)) - 1
        if position < 0 or str(begins) == starts[position] or begins >= periods.end[position]:
            continue
        near = " and ".join(starts[position : position + 2])
        moved = f" once delayed by {months} months, to {begins}," if months else ""
        rule = f"must fall on the start of a period of {terms.schedule}:{moved} it lies inside "
        faults.add(path, f"{rule}{periods.labels[position]}; the nearest starts are {near}")


def check_windows(terms: ReferencePriceTerms, observation: HasWindows, periods: Periods) -> None:
    """Refuse a price that is read on no day of some period, naming the period."""
    spans = zip(periods.labels, periods.start, periods.end, strict=True)
    try:
        observation.windows(periods)
    except ValueError as error:
        got = str(error).rpartition(", got ")[2]
        for label, start, end in spans:
            if _has_window(observation, start, end):
                continue
            first, after = add_months(start, -terms.lag_months), add_months(end, -terms.lag_months)
            rule = f"pricing_dates must hold a day in every period of {terms.schedule}"
            window = f"{label}, from {first} to before {after}, has none"
            message = f"{rule}; {window}, got {got}"
            raise ValueError(message) from None
        raise


def _has_window(observation: HasWindows, start: np.datetime64, end: np.datetime64) -> bool:
    dates = np.array([start, end], dtype="datetime64[D]")
    try:
        observation.windows(Periods(start=dates[:1], end=dates[1:], labels=("",)))
    except ValueError:
        return False
    return True


def check_limits(
    faults: Faults, i: int, leg: ClipTerms, sheet: TermSheet, periods: Periods
) -> None:
    """Check that a floor on a price does not lie above its ceiling in any period.

    Limits that are indexed are compared where they are escalated alike, which keeps their order.
    """
    limits = [_values(term, sheet, periods) for term in (leg.lower, leg.upper)]
    (lower, lower_growth), (upper, upper_growth) = limits
    if lower is None or upper is None or lower_growth != upper_growth:
        return
    reversed_in = np.flatnonzero(np.array(lower) > np.array(upper))
    if len(reversed_in):
        t = int(reversed_in[0])
        where = f"in {periods.labels[t]} ({lower[t]:g})"
        faults.add(("legs", i, "upper"), f"must not lie below lower {where}", upper[t])


def _values(
    term: Measure | str, sheet: TermSheet, periods: Periods
) -> tuple[list[float] | None, object]:
    """Return a limit's value in each period before escalation, None if prices decide it."""
    if isinstance(term, Measure):
        return [term.value] * len(periods), None
    found = sheet.observations[term]
    if not isinstance(found, ScheduleTerms):
        return None, None
    dates = [str(date) for date in found.steps]
    steps = [value.value if isinstance(value, Measure) else value for value in found.steps.values()]
    values = [steps[max(bisect_right(dates, str(at)) - 1, 0)] for at in periods.start]
    return values, found.escalation
