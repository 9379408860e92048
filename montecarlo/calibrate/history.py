r"""A history of one price: dates, prices, where they come from, and what had to be cleaned."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.calibrate.cleaning import as_days, as_prices, clean
from montecarlo.calibrate.clock import clock_warnings, weekday_years
from montecarlo.checks import FloatArray
from montecarlo.grid import DAYS_A_YEAR, DateArray, DateLike, as_date

Span = Literal["week", "month", "quarter"]

EDGE_DAYS = 7
"""An average needs quotes within this many days of both ends of its period."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceHistory:
    r"""Observed prices :math:`P_{t_0}, \dots, P_{t_n}` on rising dates, regular or not.

    .. math:: \Delta_i = (t_{i+1} - t_i) / 365 \text{ in years}, \qquad
        r_i = \ln P_{t_{i+1}} - \ln P_{t_i}

    Unsorted dates are sorted, missing prices and exact repetitions left out, and each such repair
    leaves a sentence in ``notices``; so does a price that moves fivefold between two quotes.

    Parameters
    ----------
    name
        Name of the price.
    unit
        Unit of the prices, such as ``USD/kg``.
    dates
        (n,) days, in any order.
    prices
        (n,) prices; NaN where one is missing. Negative prices are kept here and refused by models
        of the log price.
    source
        Where the prices come from, in words.
    notices
        Sentences about what was done before, kept in front.
    averaged
        ``"month"`` or ``"quarter"`` if each price is the average of such a period.
    clock
        ``"calendar"``, or ``"weekdays"``: years pass on weekdays and days of a quote only; see
        :mod:`montecarlo.calibrate.clock`.

    Raises
    ------
    ValueError
        For text among the prices, for two different prices of a date, or for no price at all,
        naming the date.

    Examples
    --------
    >>> history = PriceHistory(
    ...     name="ndpr",
    ...     unit="USD/kg",
    ...     dates=["2024-01-31", "2024-02-29", "2024-04-30"],
    ...     prices=[50.0, 55.0, 52.0],
    ... )
    >>> history
    PriceHistory('ndpr', 3 prices in USD/kg, 2024-01-31 to 2024-04-30)
    >>> history.years().round(4)
    array([0.    , 0.0795, 0.2466])
    >>> history.log_changes().round(4)
    array([ 0.0953, -0.0561])
    """

    name: str
    unit: str
    dates: DateArray
    prices: FloatArray
    source: str = ""
    notices: tuple[str, ...] = ()
    averaged: Literal["", "month", "quarter"] = ""
    clock: Literal["calendar", "weekdays"] = "calendar"
    data_hash: str = field(init=False, default="")

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.name("unit", self.unit)
        if self.clock not in ("calendar", "weekdays"):
            msg = f"clock must be calendar or weekdays, got {self.clock!r}"
            raise ValueError(msg)
        days = as_days(self.dates)
        given = as_prices(self.name, self.prices, days)
        days, given, found = clean(self.name, days, given)
        days.flags.writeable = False
        given.flags.writeable = False
        known = dict.fromkeys((*self.notices, *found))
        text = hashlib.sha256(f"{self.unit}|{self.averaged}|".encode())
        text.update(days.astype("<i8").tobytes())
        text.update(given.astype("<f8").tobytes())
        object.__setattr__(self, "dates", days)
        object.__setattr__(self, "prices", given)
        object.__setattr__(self, "notices", tuple(known))
        object.__setattr__(self, "data_hash", text.hexdigest())

    def __repr__(self) -> str:
        span = f"{self.dates[0]} to {self.dates[-1]}"
        return f"PriceHistory({self.name!r}, {self.dates.size} prices in {self.unit}, {span})"

    def __len__(self) -> int:
        return int(self.dates.size)

    @classmethod
    def from_series(
        cls,
        series: Any,  # noqa: ANN401
        *,
        name: str,
        unit: str,
        source: str = "",
    ) -> PriceHistory:
        """Return the history of a pandas Series indexed by date."""
        return cls(
            name=name,
            unit=unit,
            dates=_entries(series.index),
            prices=_entries(series),
            source=source,
        )

    @classmethod
    def from_frame(
        cls,
        frame: Any,  # noqa: ANN401
        *,
        dates: str,
        prices: str,
        name: str,
        unit: str,
        source: str = "",
    ) -> PriceHistory:
        """Return the history of two columns of a pandas DataFrame, named by ``dates``, ``prices``.

        Raises
        ------
        ValueError
            For a column that is not there, naming those that are.
        """
        for column in (dates, prices):
            if column not in frame.columns:
                known = ", ".join(str(label) for label in frame.columns)
                msg = f"column must be in the table ({known}), got {column!r}"
                raise ValueError(msg)
        return cls(
            name=name,
            unit=unit,
            dates=_entries(frame[dates]),
            prices=_entries(frame[prices]),
            source=source,
        )

    def years(self) -> FloatArray:
        """Return years from the first date by the history's clock, ``(n,)``; else ACT/365F."""
        if self.clock == "weekdays":
            return weekday_years(self.dates)
        days = (self.dates - self.dates[0]).astype(np.float64)
        found: FloatArray = days / DAYS_A_YEAR
        return found

    def by_weekdays(self) -> PriceHistory:
        """Return the same prices by the clock of weekdays."""
        return replace(self, clock="weekdays")

    def steps(self) -> FloatArray:
        """Return the years between neighbouring prices, ``(n - 1,)``."""
        return np.diff(self.years())

    def log_prices(self) -> FloatArray:
        """Return the natural logarithms of the prices, ``(n,)``.

        Raises
        ------
        ValueError
            For a price that is not above zero, naming its date.
        """
        bad = np.flatnonzero(self.prices <= 0.0)
        if bad.size:
            where = int(bad[0])
            msg = (
                f"{self.name} must be above zero for a model of its logarithm, got "
                f"{float(self.prices[where])!r} on {self.dates[where]} ({bad.size} such)"
            )
            raise ValueError(msg)
        return np.log(self.prices)

    def clock_warnings(self) -> tuple[str, ...]:
        """Return what to say if the calendar is the wrong clock for these prices."""
        if self.averaged or self.clock == "weekdays":
            return ()
        return clock_warnings(self.log_prices(), self.dates)

    def log_changes(self, n_quotes: int = 1) -> FloatArray:
        """Return the changes of the log price over so many quotes, overlapping."""
        checks.integer("n_quotes", n_quotes, 1)
        logs = self.log_prices()
        return logs[n_quotes:] - logs[:-n_quotes]

    def for_log_model(self, at_least: int) -> FloatArray:
        """Return the log prices if a model of them can be fitted at all.

        Raises
        ------
        ValueError
            With fewer prices than ``at_least``, if none differs from the others, or for a price
            that is not above zero.
        """
        if len(self) < at_least:
            msg = (
                f"{self.name} must have at least {at_least} prices for this model, got {len(self)}"
            )
            raise ValueError(msg)
        logs = self.log_prices()
        if np.all(self.prices == self.prices[0]):
            msg = (
                f"{self.name} must move for a model to be fitted, got {float(self.prices[0])!r} "
                f"on all {len(self)} dates"
            )
            raise ValueError(msg)
        return logs

    def window(self, first: DateLike | None = None, last: DateLike | None = None) -> PriceHistory:
        """Return the prices from ``first`` to ``last``, both included; open where not given.

        Raises
        ------
        ValueError
            If nothing lies between them.
        """
        start = self.dates[0] if first is None else as_date("first", first)
        end = self.dates[-1] if last is None else as_date("last", last)
        inside = (self.dates >= start) & (self.dates <= end)
        if not inside.any():
            msg = (
                f"window must hold a price of {self.name} ({self.dates[0]} to {self.dates[-1]}), "
                f"got {start} to {end}"
            )
            raise ValueError(msg)
        return replace(self, dates=self.dates[inside], prices=self.prices[inside])

    def last_of(self, span: Span) -> PriceHistory:
        """Return the last quote of each week, month or quarter, on its own date.

        The last month or quarter is left out, with a notice, if its quotes end more than a week
        before it does.
        """
        label = periods(self.dates, span)
        is_last = np.append(label[1:] != label[:-1], True)
        notices = self.notices
        if span != "week" and label[-1] != label[0]:
            end = _first_day(label[-1:] + 1, span)[0] - np.timedelta64(1, "D")
            if end - self.dates[-1] > np.timedelta64(EDGE_DAYS, "D"):
                is_last[-1] = False
                notices = (*notices, _left_out(span, end))
        return replace(
            self, dates=self.dates[is_last], prices=self.prices[is_last], notices=notices
        )

    def averages(self, span: Literal["month", "quarter"]) -> PriceHistory:
        """Return the average price of each month or quarter, dated on the period's last day.

        The first and the last period are left out, with a notice, if their quotes begin or end
        more than a week from the period's end.
        """
        if self.averaged == "quarter":
            msg = f"{self.name} is averaged by quarter and cannot be averaged by {span}"
            raise ValueError(msg)
        label = periods(self.dates, span)
        found, position, count = np.unique(label, return_inverse=True, return_counts=True)
        mean = np.bincount(position, weights=self.prices) / count
        starts = _first_day(found, span)
        ends = _first_day(found + 1, span) - np.timedelta64(1, "D")
        keep = np.ones(found.size, dtype=np.bool_)
        margin = np.timedelta64(EDGE_DAYS, "D")
        # A monthly average speaks for its month from the first day on.
        from_day = self.dates[:1].astype("datetime64[M]").astype("datetime64[D]")[0]
        begun = from_day if self.averaged else self.dates[0]
        keep[0] &= begun - starts[0] <= margin
        keep[-1] &= ends[-1] - self.dates[-1] <= margin
        notices = [_left_out(span, ends[i]) for i in np.flatnonzero(~keep)]
        if not keep.any():
            msg = f"{self.name} must fill at least one {span} to be averaged, got {self!r}"
            raise ValueError(msg)
        return replace(
            self,
            dates=ends[keep],
            prices=mean[keep],
            notices=(*self.notices, *notices),
            averaged=span,
        )


def periods(dates: DateArray, span: str) -> npt.NDArray[np.int64]:
    """Return the number of the week (from Monday), month or quarter of each date, ``(n,)``."""
    if span == "week":
        return (dates.astype(np.int64) + 3) // 7
    months = dates.astype("datetime64[M]").astype(np.int64)
    if span == "month":
        return months
    if span == "quarter":
        return months // 3
    msg = f"span must be week, month or quarter, got {span!r}"
    raise ValueError(msg)


def _left_out(span: str, end: np.datetime64) -> str:
    return f"the {span} that ends on {end} is left out: its quotes do not fill it"


def _first_day(number: npt.NDArray[np.int64], span: str) -> DateArray:
    months = number if span == "month" else 3 * number
    return months.astype("datetime64[M]").astype("datetime64[D]")


def _entries(column: Any) -> npt.NDArray[Any]:  # noqa: ANN401
    found: npt.NDArray[Any] = column.to_numpy()
    return found
