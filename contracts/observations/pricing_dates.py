r"""Pricing dates: the days on which an index is read.

With pricing dates :math:`d_1 < \dots < d_n` in a window, the reference price is
:math:`R = \tfrac1n \sum_k P_{d_k}`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import one_of, require
from contracts.conventions import DateArray, IntArray

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
        starts, ends = np.array([start]), np.array([end])
        return self.within_each(starts.astype("datetime64[D]"), ends.astype("datetime64[D]"))[0]

    def within_each(self, starts: DateArray, ends: DateArray) -> tuple[DateArray, IntArray]:
        """Return the pricing dates of many windows, one after the other, and where each begins.

        Parameters
        ----------
        starts, ends
            ``(n,)`` days; window ``t`` is ``[starts[t], ends[t])``. One without a pricing date is
            refused.

        Returns
        -------
        dates, offsets
            Those of window ``t`` are ``dates[offsets[t] : offsets[t + 1]]``; ``(n + 1,)`` offsets.

        Examples
        --------
        >>> days = np.array(["2025-10-01", "2025-11-01", "2026-01-01"], dtype="datetime64[D]")
        >>> dates, offsets = PricingDates(every="month", day=15).within_each(days[:-1], days[1:])
        >>> dates
        array(['2025-10-15', '2025-11-15', '2025-12-15'], dtype='datetime64[D]')
        >>> offsets
        array([0, 1, 3])
        """
        empty = np.flatnonzero(starts >= ends)
        if len(empty):
            rule = "have a window of a day or more"
            require(False, "pricing_dates", rule, f"{starts[empty[0]]} to {ends[empty[0]]}")
        if self.every == "period-end":
            return ends - np.timedelta64(1, "D"), np.arange(len(ends) + 1)
        chosen = self._between(starts.min(), ends.max())
        first, after = np.searchsorted(chosen, starts), np.searchsorted(chosen, ends)
        counts = after - first
        bare = np.flatnonzero(counts == 0)
        if len(bare):
            require(
                False,
                "pricing_dates",
                f"fall at least once in the window from {starts[bare[0]]} to "
                f"{ends[bare[0]] - np.timedelta64(1, 'D')}",
                f"every {self.every}" + (f", day {self.day}" if self.day else ""),
            )
        offsets = np.concatenate([[0], np.cumsum(counts)])
        return chosen[np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], counts)], offsets

    def _between(self, start: np.datetime64, end: np.datetime64) -> DateArray:
        """Return every day in ``[start, end)`` that the rule names, of a rule by day."""
        if self.every == "month":
            months = np.arange(start, end + np.timedelta64(31, "D"), dtype="datetime64[M]")
            first: DateArray = months.astype("datetime64[D]")
            return first + np.timedelta64((self.day or 1) - 1, "D")
        days: DateArray = np.arange(start, end, dtype="datetime64[D]")
        # 1970-01-01 was a Thursday, ISO weekday 4.
        weekday = (days.astype(np.int64) + 3) % 7 + 1
        chosen: DateArray = days[weekday <= 5 if self.every == "day" else weekday == self.day]
        return chosen
