"""Calculation periods: half-open spans of days to which a quantity and a price apply."""

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np

from contracts.checks import one_of, require
from contracts.conventions import MONTHS, DateArray, FloatArray, Frequency, IntArray


def day(value: datetime.date | np.datetime64) -> np.datetime64:
    """Return a date as ``datetime64[D]``."""
    return np.datetime64(str(value), "D")


def month_of(dates: DateArray) -> IntArray:
    """Return calendar months, 1 to 12.

    Examples
    --------
    >>> month_of(np.array(["2025-10-01", "2026-01-31"], dtype="datetime64[D]"))
    array([10,  1])
    """
    return dates.astype("datetime64[M]").astype(np.int64) % 12 + 1


def year_of(dates: DateArray) -> IntArray:
    """Return calendar years.

    Examples
    --------
    >>> year_of(np.array(["2025-10-01", "2026-01-31"], dtype="datetime64[D]"))
    array([2025, 2026])
    """
    return dates.astype("datetime64[Y]").astype(np.int64) + 1970


def fiscal_year_of(dates: DateArray, last_month: int) -> IntArray:
    """Return the fiscal year of each date: the calendar year in which it ends.

    Examples
    --------
    The United States closes in September, so October 2025 opens fiscal year 2026.

    >>> dates = np.array(["2025-09-30", "2025-10-01"], dtype="datetime64[D]")
    >>> fiscal_year_of(dates, last_month=9)
    array([2025, 2026])
    """
    return year_of(dates) + (month_of(dates) > last_month)


@overload
def add_months(date: np.datetime64, months: int) -> np.datetime64: ...


@overload
def add_months(date: DateArray, months: int) -> DateArray: ...


def add_months(date: np.datetime64 | DateArray, months: int) -> np.datetime64 | DateArray:
    """Move a date, or each of many, by calendar months, staying within the target month.

    Examples
    --------
    >>> print(add_months(np.datetime64("2025-11-30"), 3))
    2026-02-28
    >>> add_months(np.array(["2025-12-31", "2026-01-15"], dtype="datetime64[D]"), -1)
    array(['2025-11-30', '2025-12-15'], dtype='datetime64[D]')
    """
    if months == 0:
        same: np.datetime64 | DateArray = date.astype("datetime64[D]")
        return same
    month = date.astype("datetime64[M]")
    offset = date.astype("datetime64[D]") - month.astype("datetime64[D]")
    target = month + np.timedelta64(months, "M")
    last = (target + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    moved: np.datetime64 | DateArray = np.minimum(target.astype("datetime64[D]") + offset, last)
    return moved


@dataclass(frozen=True, eq=False)
class Periods:
    """Calculation periods :math:`[s_t, e_t)`, in order and without overlap.

    Parameters
    ----------
    start, end
        ``(n_periods,)`` dates; ``end`` is the first day that no longer belongs.
    labels
        One name for each period, as tables print it.
    nominal_months
        Months between the dates that regular periods were cut at, which a short month may have
        moved (31 January, 28 February, 31 March are a month apart); a short last period counts
        whole months and then days. ``None``: by the calendar.

    Examples
    --------
    >>> quarters = Periods.regular(
    ...     start=datetime.date(2025, 10, 1), end=datetime.date(2026, 6, 30), frequency="quarter"
    ... )
    >>> quarters.labels
    ('2025Q4', '2026Q1', '2026Q2')
    >>> print(quarters.last_day[0])
    2025-12-31
    """

    start: DateArray
    end: DateArray
    labels: tuple[str, ...]
    nominal_months: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        n = len(self.start)
        require(n >= 1, "periods", "hold at least one period", n)
        require(len(self.end) == n == len(self.labels), "end", f"have {n} dates", len(self.end))
        require(bool(np.all(self.start < self.end)), "end", "come after start", self.labels)
        require(bool(np.all(self.end[:-1] <= self.start[1:])), "start", "not overlap", self.labels)

    @classmethod
    def regular(
        cls, *, start: datetime.date, end: datetime.date, frequency: Frequency
    ) -> "Periods":
        """Cut the span from ``start`` to ``end`` (both included) into regular periods.

        Periods run from ``start`` in whole months; the last one may be shorter. ``"once"``
        makes a single period.
        """
        one_of(frequency, (*MONTHS, "once"), "frequency")
        first, stop = day(start), day(end) + np.timedelta64(1, "D")
        require(bool(first < stop), "end", f"not come before start ({start})", str(end))
        starts = [first]
        if frequency != "once":
            step = MONTHS[frequency]
            count = 1
            while (following := add_months(first, step * count)) < stop:
                starts.append(following)
                count += 1
        begin = np.array(starts, dtype="datetime64[D]")
        finish = np.append(begin[1:], stop)
        labels = tuple(_label(s, frequency) for s in begin)
        if frequency == "once":
            return cls(start=begin, end=finish, labels=labels)
        step = MONTHS[frequency]
        full = len(begin) - 1
        months = (*[float(step)] * full, months_between(first, stop) - step * full)
        return cls(start=begin, end=finish, labels=labels, nominal_months=months)

    @classmethod
    def single(cls, date: datetime.date | np.datetime64) -> "Periods":
        """One period of one day."""
        first = day(date)
        end = first + np.timedelta64(1, "D")
        dates = np.array([first, end], dtype="datetime64[D]")
        return cls(start=dates[:1], end=dates[1:], labels=(str(first),))

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def last_day(self) -> DateArray:
        """``(n_periods,)`` last day of each period."""
        last: DateArray = self.end - np.timedelta64(1, "D")
        return last

    @cached_property
    def months(self) -> FloatArray:
        """``(n_periods,)`` length of each period in months, part months by days."""
        if self.nominal_months is not None:
            return np.array(self.nominal_months, dtype=np.float64)
        return np.array([months_between(s, e) for s, e in zip(self.start, self.end, strict=True)])


def _label(start: np.datetime64, frequency: Frequency) -> str:
    year, month = int(str(start)[:4]), int(str(start)[5:7])
    opens_month = str(start).endswith("-01")
    if frequency == "month" and opens_month:
        return f"{year}-{month:02d}"
    if frequency == "quarter" and opens_month and month % 3 == 1:
        return f"{year}Q{month // 3 + 1}"
    if frequency == "year" and opens_month and month == 1:
        return str(year)
    return str(start)


def months_between(start: np.datetime64, end: np.datetime64) -> float:
    """Return months from one date to another, the last part by the days of its month.

    Examples
    --------
    >>> months_between(np.datetime64("2025-07-11"), np.datetime64("2027-01-11"))
    18.0
    """
    first, last = start.astype("datetime64[M]"), end.astype("datetime64[M]")
    whole = int((last - first).astype(np.int64))
    if add_months(start, whole) > end:
        whole -= 1
    reached, following = add_months(start, whole), add_months(start, whole + 1)
    return whole + float((end - reached) / (following - reached))
