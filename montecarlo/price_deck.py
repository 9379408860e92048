r"""A price deck: what an analyst says prices will be, in the money of the day or of one year.

A nominal deck is a forward curve. A real one states prices :math:`p(d)` in the money of a base
date :math:`b`; with a price index :math:`I`,

.. math:: F(0, d) = p(d)\,\frac{I(d)}{I(b)} .
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve, Interpolation
from montecarlo.grid import DateArray, DateLike, as_date, as_dates, year_fraction

Basis: TypeAlias = Literal["nominal", "real"]
"""The money of a deck: of the day on which it is paid, or of one base date."""

_DAY = np.timedelta64(1, "D")
_LAST_YEARS = 100


class PriceIndex(Protocol):
    """A price index that is log-linear in time between its levels, and after the last."""

    @property
    def levels(self) -> Sequence[tuple[datetime.date, float]]:
        """(date, level), dates increasing."""
        ...

    def at(self, date: datetime.date) -> float:
        """Return the level on a date, published or projected; refuse what is too early."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyInflation:
    r"""An index that grows at one rate for ever: :math:`I(d) = (1 + g)^{(d - d_0)/365}`.

    Parameters
    ----------
    base_date
        :math:`d_0`, at which the index is 1.
    growth
        :math:`g`, decimal a year, above -1.

    Examples
    --------
    >>> inflation = SteadyInflation(base_date=datetime.date(2025, 1, 1), growth=0.02)
    >>> round(inflation.at(datetime.date(2026, 1, 1)), 12)
    1.02
    """

    base_date: datetime.date
    growth: float

    def __post_init__(self) -> None:
        if checks.finite("growth", self.growth) <= -1.0:
            msg = f"growth must be above -1, got {self.growth!r}"
            raise ValueError(msg)

    @property
    def levels(self) -> Sequence[tuple[datetime.date, float]]:
        """The base date."""
        return ((self.base_date, 1.0),)

    def at(self, date: datetime.date) -> float:
        """Return the level on a date, before the base date too."""
        return float((1.0 + self.growth) ** ((date - self.base_date).days / 365.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceDeck:
    """Dates and prices, nominal or in the money of a base date.

    Parameters
    ----------
    dates
        From which each price holds, or at which it stands; strictly increasing.
    prices
        Currency per unit, shape (n_dates,); above zero for a real deck.
    basis
        ``"nominal"`` or ``"real"``.
    base_date
        Of the money of a real deck; a nominal one has none.
    interpolation
        ``"step"``, ``"log-linear"`` or ``"linear"`` (a nominal deck only) between the dates; flat
        beyond both ends, in the money of the deck.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    60 USD/kg in the money of 2025, with 2% inflation: 61.2 a year later.

    >>> deck = PriceDeck(
    ...     dates=["2025-01-01"], prices=[60.0], basis="real", base_date="2025-01-01",
    ...     interpolation="step",
    ... )
    >>> inflation = SteadyInflation(base_date=datetime.date(2025, 1, 1), growth=0.02)
    >>> curve = deck.forward_curve("2025-01-01", inflation)
    >>> curve([0.0, 1.0]).round(12)
    array([60. , 61.2])
    """

    dates: DateArray
    prices: FloatArray
    basis: Basis
    base_date: np.datetime64 | None
    interpolation: Interpolation

    def __init__(
        self,
        *,
        dates: Sequence[DateLike] | DateArray,
        prices: npt.ArrayLike,
        basis: Basis,
        interpolation: Interpolation,
        base_date: DateLike | None = None,
    ) -> None:
        days = as_dates("dates", dates)
        values = checks.same_length(
            "prices", checks.finite_array("prices", prices), "dates", days.size
        )
        if days.size == 0:
            msg = "dates must have at least one entry, got none"
            raise ValueError(msg)
        falling = np.flatnonzero(np.diff(days) <= np.timedelta64(0, "D"))
        if falling.size:
            i = int(falling[0]) + 1
            msg = f"dates must be strictly increasing, got {days[i]} after {days[i - 1]}"
            raise ValueError(msg)
        if basis not in get_args(Basis):
            msg = f"basis must be 'nominal' or 'real', got {basis!r}"
            raise ValueError(msg)
        if interpolation not in get_args(Interpolation):
            known = ", ".join(get_args(Interpolation))
            msg = f"interpolation must be one of {known}, got {interpolation!r}"
            raise ValueError(msg)
        if basis == "nominal" and base_date is not None:
            msg = f"base_date must be left out of a nominal deck, got {base_date!r}"
            raise ValueError(msg)
        if basis == "real":
            self._check_real(days, values, base_date, interpolation)
        days.setflags(write=False)
        values.setflags(write=False)
        base = None if base_date is None else as_date("base_date", base_date)
        object.__setattr__(self, "dates", days)
        object.__setattr__(self, "prices", values)
        object.__setattr__(self, "basis", basis)
        object.__setattr__(self, "base_date", base)
        object.__setattr__(self, "interpolation", interpolation)

    @staticmethod
    def _check_real(
        days: DateArray, values: FloatArray, base_date: DateLike | None, interpolation: str
    ) -> None:
        if base_date is None:
            msg = "base_date must be given for a real deck, got none"
            raise ValueError(msg)
        if interpolation == "linear":
            msg = "interpolation of a real deck must be 'step' or 'log-linear', got 'linear'"
            raise ValueError(msg)
        low = np.flatnonzero(values <= 0.0)
        if low.size:
            i = int(low[0])
            msg = f"prices of a real deck must be above 0, got {float(values[i])!r} on {days[i]}"
            raise ValueError(msg)

    def forward_curve(
        self, valuation_date: DateLike, index: PriceIndex | None = None
    ) -> ForwardCurve:
        """Return the deck in the money of each day, currency per unit.

        Parameters
        ----------
        valuation_date
            Dates before it only say what holds, or where a line comes from, on that day.
        index
            Of a real deck, known on the base date; a nominal one takes none. After the deck's
            last date the nominal price goes on with the index, for 100 years.

        Raises
        ------
        ValueError
            Without an index for a real deck, or with one for a nominal deck.
        """
        today = as_date("valuation_date", valuation_date)
        if self.basis == "nominal":
            if index is not None:
                msg = "index must be left out for a nominal deck"
                raise ValueError(msg)
            return self._deck_curve(today)
        if index is None or self.base_date is None:
            msg = "index must be given for a real deck, got none"
            raise ValueError(msg)
        real = self._deck_curve(today)
        days = self._knots(today, index)
        base = index.at(_day(self.base_date))
        level = np.array([index.at(_day(day)) / base for day in days])
        times = year_fraction(today, days)
        return ForwardCurve(times=times, values=real(times) * level, interpolation="log-linear")

    def _deck_curve(self, today: np.datetime64) -> ForwardCurve:
        """Return the curve in the deck's own money, begun at the valuation date."""
        later = self.dates > today
        if later.all():
            return ForwardCurve.from_dates(today, self.dates, self.prices, self.interpolation)
        # As if valued on the deck's first date, and read from today on.
        origin = self.dates[0]
        whole = ForwardCurve.from_dates(origin, self.dates, self.prices, self.interpolation)
        days = np.concatenate(([today], self.dates[later]))
        return ForwardCurve(
            times=year_fraction(today, days),
            values=whole(year_fraction(origin, days)),
            interpolation=self.interpolation,
        )

    def _knots(self, today: np.datetime64, index: PriceIndex) -> DateArray:
        """Return the days between which the deck and the index are both log-linear."""
        days = [self.dates]
        if self.interpolation == "step":
            # A price holds until the day before the next one.
            days.append(self.dates - _DAY)
        days.append(np.array([date for date, _ in index.levels], dtype="datetime64[D]"))
        days.append(np.array([today, today + _LAST_YEARS * 365], dtype="datetime64[D]"))
        found = np.unique(np.concatenate(days))
        kept: DateArray = found[found >= today]
        return kept


def _day(date: np.datetime64) -> datetime.date:
    day: datetime.date = date.astype("datetime64[D]").item()
    return day
