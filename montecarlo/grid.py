r"""The dates on which prices are simulated, and the years between dates.

.. math:: \tau(d_0, d_1) = \frac{d_1 - d_0}{365}

in days and years: ACT/365F, the only day count of this package.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray

DateArray: TypeAlias = npt.NDArray[np.datetime64]
"""An array of datetime64[D]."""

DateLike: TypeAlias = datetime.date | str | np.datetime64
"""A calendar date: ``datetime.date``, ISO text such as ``"2025-07-10"``, or ``np.datetime64``."""

DAYS_A_YEAR = 365.0


def as_date(field: str, value: DateLike) -> np.datetime64:
    """Return a date as datetime64[D], or refuse what is not a whole calendar date.

    Examples
    --------
    >>> as_date("valuation_date", "2025-07-10")
    np.datetime64('2025-07-10')
    >>> as_date("valuation_date", "July")
    Traceback (most recent call last):
    ValueError: valuation_date must be a calendar date such as 2025-07-10, got 'July'
    """
    msg = f"{field} must be a calendar date such as 2025-07-10, got {value!r}"
    if isinstance(value, str):
        try:
            return np.datetime64(datetime.date.fromisoformat(value), "D")
        except ValueError:
            raise ValueError(msg) from None
    if isinstance(value, np.datetime64):
        day: np.datetime64 = value.astype("datetime64[D]")
        if np.isnat(day) or day != value:
            raise ValueError(msg)
        return day
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None or value.time() != datetime.time.min:
            raise ValueError(msg)
        return np.datetime64(value.date(), "D")
    if isinstance(value, datetime.date):
        return np.datetime64(value, "D")
    raise ValueError(msg)


def as_dates(field: str, values: Sequence[DateLike] | DateArray) -> DateArray:
    """Return dates as an array of datetime64[D], shape (n,)."""
    if isinstance(values, str):
        msg = f"{field} must be a sequence of dates, got {values!r}"
        raise ValueError(msg)
    return np.array(
        [as_date(f"{field}[{i}]", value) for i, value in enumerate(values)], dtype="datetime64[D]"
    )


def year_fraction(start: DateLike | DateArray, end: DateLike | DateArray) -> FloatArray:
    """Return the years from ``start`` to ``end``, ACT/365F; negative when ``end`` is earlier.

    Parameters
    ----------
    start, end
        Dates or arrays of datetime64[D], broadcast against each other.

    Returns
    -------
    ndarray
        Years, of the shape the arguments broadcast to.

    Examples
    --------
    >>> float(year_fraction("2025-01-01", "2026-01-01"))
    1.0
    """
    days = _day_numbers("end", end) - _day_numbers("start", start)
    return np.asarray(days / DAYS_A_YEAR)


def _day_numbers(field: str, dates: DateLike | DateArray) -> FloatArray:
    if not isinstance(dates, np.ndarray):
        dates = np.array(as_date(field, dates))
    if np.isnat(dates).any():
        msg = f"{field} must be calendar dates, got NaT"
        raise ValueError(msg)
    return dates.astype("datetime64[D]").astype(np.int64).astype(np.float64)


class TimeGrid:
    r"""The dates of a simulation: :math:`t_i = (d_i - d_0)/365` years from the valuation date.

    Parameters
    ----------
    valuation_date
        The date at which time is zero.
    dates
        Strictly increasing, none before the valuation date; the valuation date itself may be
        the first.

    Attributes
    ----------
    valuation_date : datetime64[D] or None
    dates : ndarray of datetime64[D], shape (n_dates,), or None
        None for a grid made by :meth:`from_times`.
    times : ndarray, shape (n_dates,)
        Years from the valuation date.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> grid = TimeGrid("2025-01-01", ["2025-01-01", "2026-01-01"])
    >>> grid.times
    array([0., 1.])
    >>> TimeGrid("2025-01-01", ["2026-01-01", "2025-06-30"])
    Traceback (most recent call last):
    ValueError: dates must be strictly increasing, got 2025-06-30 after 2026-01-01 at index 1
    """

    __slots__ = ("dates", "times", "valuation_date")

    valuation_date: np.datetime64 | None
    dates: DateArray | None
    times: FloatArray

    def __init__(self, valuation_date: DateLike, dates: Sequence[DateLike] | DateArray) -> None:
        start = as_date("valuation_date", valuation_date)
        days = as_dates("dates", dates)
        if days.size == 0:
            msg = "dates must have at least one entry, got none"
            raise ValueError(msg)
        falling = np.flatnonzero(np.diff(days) <= np.timedelta64(0, "D"))
        if falling.size:
            i = int(falling[0]) + 1
            msg = (
                f"dates must be strictly increasing, got {days[i]} after {days[i - 1]} at index {i}"
            )
            raise ValueError(msg)
        if days[0] < start:
            msg = f"dates must not be before the valuation date {start}, got {days[0]} at index 0"
            raise ValueError(msg)
        self._set(start, days, year_fraction(start, days))

    @classmethod
    def from_times(cls, times: npt.ArrayLike) -> TimeGrid:
        """Make a grid from years, without calendar dates.

        Parameters
        ----------
        times
            Strictly increasing years, none negative, shape (n_dates,).

        Examples
        --------
        >>> TimeGrid.from_times([0.25, 0.5]).times
        array([0.25, 0.5 ])
        """
        grid = cls.__new__(cls)
        grid._set(None, None, checks.times("times", times))
        return grid

    def _set(
        self, valuation_date: np.datetime64 | None, dates: DateArray | None, times: FloatArray
    ) -> None:
        times.setflags(write=False)
        if dates is not None:
            dates.setflags(write=False)
        object.__setattr__(self, "valuation_date", valuation_date)
        object.__setattr__(self, "dates", dates)
        object.__setattr__(self, "times", times)

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"TimeGrid is frozen: cannot set {name}"
        raise AttributeError(msg)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.valuation_date is None:
            return TimeGrid.from_times, (self.times,)
        return TimeGrid, (self.valuation_date, self.dates)

    @property
    def n_dates(self) -> int:
        """How many dates there are."""
        return int(self.times.size)

    def __len__(self) -> int:
        return self.n_dates

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimeGrid):
            return NotImplemented
        return self.valuation_date == other.valuation_date and np.array_equal(
            self.times, other.times
        )

    def __hash__(self) -> int:
        return hash((self.valuation_date, self.times.tobytes()))

    def __repr__(self) -> str:
        if self.dates is None:
            return f"TimeGrid.from_times({self.times.tolist()})"
        return (
            f"TimeGrid(valuation_date={self.valuation_date}, {self.n_dates} dates "
            f"from {self.dates[0]} to {self.dates[-1]})"
        )
