r"""Pricing dates: the days on which an index is read.

With pricing dates :math:`d_1 < \dots < d_n` in a window, the reference price is
:math:`R = \tfrac1n \sum_k P_{d_k}`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import one_of, require
from contracts.conventions import DateArray

Every = Literal["day", "week", "month", "period-end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingDates:
    """A rule that names the pricing dates inside a window of days.

    Parameters
    ----------
    every
        ``"day"``: each weekday (no holiday calendar); ``"week"``: one weekday a week;
        ``"month"``: one day a month; ``"period-end"``: the last day of the window.
    day
        ISO weekday 1 to 5 for ``"week"``, day of the month 1 to 28 for ``"month"``.

    Examples
    --------
    Three mid-month readings stand for a quarter: the variance of their mean is 0.352 of the
    quarter's, against 0.333 for a continuous average and 0.519 for three month ends.

    >>> rule = PricingDates(every="month", day=15)
    >>> for date in rule.within(np.datetime64("2025-10-01"), np.datetime64("2026-01-01")):
    ...     print(date)
    2025-10-15
    2025-11-15
    2025-12-15
    """

    every: Every
    day: int | None = None

    def __post_init__(self) -> None:
        one_of(self.every, ("day", "week", "month", "period-end"), "pricing_dates.every")
        last = {"week": 5, "month": 28}.get(self.every)
        if last is None:
            rule = f"be left out when every is {self.every}"
            require(self.day is None, "pricing_dates.day", rule, self.day)
        else:
            valid = isinstance(self.day, int) and 1 <= self.day <= last
            require(valid, "pricing_dates.day", f"be 1 to {last} a {self.every}", self.day)

    def within(self, start: np.datetime64, end: np.datetime64) -> DateArray:
        """Return the pricing dates in ``[start, end)``; a window without one is refused."""
        rule = "have a window of a day or more"
        require(bool(start < end), "pricing_dates", rule, f"{start} to {end}")
        days: DateArray = np.arange(start, end, dtype="datetime64[D]")
        if self.every == "period-end":
            return days[-1:]
        if self.every == "month":
            number = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1
            chosen: DateArray = days[number == self.day]
        else:
            # 1970-01-01 was a Thursday, ISO weekday 4.
            weekday = (days.astype(np.int64) + 3) % 7 + 1
            chosen = days[weekday <= 5 if self.every == "day" else weekday == self.day]
        require(
            len(chosen) > 0,
            "pricing_dates",
            f"fall at least once in the window from {start} to {days[-1]}",
            f"every {self.every}" + (f", day {self.day}" if self.day else ""),
        )
        return chosen
