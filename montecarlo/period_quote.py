"""Quotes of a period: one price for every day of a month, a quarter, a year or any span."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

import numpy as np

from montecarlo import checks
from montecarlo.grid import DateArray, DateLike, as_date

_PARTS = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?:Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<month>[0-9]{2})))?"
)
_SPAN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) to ([0-9]{4}-[0-9]{2}-[0-9]{2})")
_RULE = (
    "must be a year (2027), half-year (2027-H1), quarter (2027-Q1), month (2027-03), day or span "
    "(2027-01-01 to 2027-03-31)"
)


def delivery_period(text: str) -> tuple[datetime.date, datetime.date]:
    """Return the first and the last day of a period of the calendar.

    Parameters
    ----------
    text
        ``"2027"``, ``"2027-H1"``, ``"2027-Q1"``, ``"2027-03"``, ``"2027-03-15"`` or
        ``"2027-01-01 to 2027-03-31"``, both days included.

    Raises
    ------
    ValueError
        For any other text, or a span that ends before it starts.

    Examples
    --------
    >>> [str(day) for day in delivery_period("2028-Q1")]
    ['2028-01-01', '2028-03-31']
    """
    msg = f"period {_RULE}, got {text!r}"
    if not isinstance(text, str):
        raise ValueError(msg)
    found, span = _PARTS.fullmatch(text), _SPAN.fullmatch(text)
    try:
        if found:
            year = int(found["year"])
            first, n_months = 1, 12
            if found["quarter"]:
                first, n_months = 3 * int(found["quarter"]) - 2, 3
            elif found["half"]:
                first, n_months = 6 * int(found["half"]) - 5, 6
            elif found["month"]:
                first, n_months = int(found["month"]), 1
            last = first + n_months - 1
            after = datetime.date(year + last // 12, last % 12 + 1, 1)
            return datetime.date(year, first, 1), after - datetime.timedelta(days=1)
        start, end = (
            datetime.date.fromisoformat(day) for day in (span.groups() if span else (text, text))
        )
    except ValueError:
        raise ValueError(msg) from None
    if end < start:
        msg = f"period must not end before it starts, got {text!r}"
        raise ValueError(msg)
    return start, end


@dataclass(frozen=True, slots=True)
class PeriodQuote:
    r"""A price for delivery spread evenly over the days of a period.

    .. math:: q = \frac1n\sum_{d=\text{start}}^{\text{end}} F(0, d), \qquad
              n = \text{days from start to end, both included}

    Parameters
    ----------
    start, end
        First and last day, both included.
    value
        :math:`q`, currency per unit.
    name
        What messages call it; by default its days.

    Raises
    ------
    ValueError
        When the period ends before it starts, or the value is not a finite number.

    Examples
    --------
    >>> quote = PeriodQuote.of("2020-Q1", 17.22)
    >>> quote.n_days, str(quote.start), str(quote.end)
    (91, '2020-01-01', '2020-03-31')
    """

    start: np.datetime64
    end: np.datetime64
    value: float
    name: str

    def __init__(
        self, start: DateLike, end: DateLike, value: float, name: str | None = None
    ) -> None:
        first, last = as_date("start", start), as_date("end", end)
        if last < first:
            msg = f"end must not come before start ({first}), got {last}"
            raise ValueError(msg)
        called = f"{first} to {last}" if name is None else checks.name("name", name)
        object.__setattr__(self, "start", first)
        object.__setattr__(self, "end", last)
        object.__setattr__(self, "name", called)
        object.__setattr__(self, "value", checks.finite(f"quote of {called}", value))

    @classmethod
    def of(cls, period: str, value: float) -> PeriodQuote:
        """Make a quote of a period of the calendar: see :func:`delivery_period`."""
        start, end = delivery_period(period)
        return cls(start, end, value, period)

    @property
    def n_days(self) -> int:
        """How many days it covers."""
        return int((self.end - self.start).astype(np.int64)) + 1

    @property
    def days(self) -> DateArray:
        """Every day of it, shape (n_days,)."""
        return np.arange(self.start, self.end + 1, dtype="datetime64[D]")
