"""The dates of a history that was fitted: what a parametric bootstrap needs of it, and no price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from montecarlo import checks
from montecarlo.calibrate.clock import weekday_years
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import sample
from montecarlo.checks import FloatArray
from montecarlo.grid import DAYS_A_YEAR, DateArray, as_dates

POINTS_A_MONTH = 8
"""Simulated prices that a simulated monthly average is made of."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedDates:
    """On which days a history was fitted, by which clock, and from which price on.

    Assessed prices are often licensed: these dates may be kept beside a fit where the prices
    themselves may not.

    Parameters
    ----------
    dates
        (n,) rising days, at least 2, those that were sampled at the horizon of the fit.
    first_price
        On the first of them, above zero.
    averaged, clock
        As those of :class:`~montecarlo.calibrate.history.PriceHistory`.
    data_hash
        Of the history, before it was sampled.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> history = PriceHistory(
    ...     name="ndpr",
    ...     unit="USD/kg",
    ...     dates=["2024-01-02", "2024-01-31", "2024-02-01", "2024-02-29"],
    ...     prices=[50.0, 54.0, 52.0, 55.0],
    ... )
    >>> kept = FittedDates.of(history, "month")
    >>> kept.dates
    array(['2024-01-31', '2024-02-29'], dtype='datetime64[D]')
    >>> kept.first_price
    54.0
    """

    dates: DateArray
    first_price: float
    averaged: Literal["", "month", "quarter"]
    clock: Literal["calendar", "weekdays"]
    data_hash: str

    def __post_init__(self) -> None:
        days = as_dates("dates", self.dates)
        if days.size < 2 or (np.diff(days) <= np.timedelta64(0, "D")).any():
            msg = f"dates must be at least 2 and rise, got {days.size}"
            raise ValueError(msg)
        object.__setattr__(self, "dates", days)
        checks.positive("first_price", self.first_price)
        if self.averaged not in ("", "month", "quarter"):
            msg = f"averaged must be empty, month or quarter, got {self.averaged!r}"
            raise ValueError(msg)
        if self.clock not in ("calendar", "weekdays"):
            msg = f"clock must be calendar or weekdays, got {self.clock!r}"
            raise ValueError(msg)

    @classmethod
    def of(cls, history: PriceHistory, horizon: str) -> FittedDates:
        """Return the dates that are taken from a history at a horizon."""
        taken = sample(history, horizon)
        return cls(
            dates=taken.dates,
            first_price=float(taken.prices[0]),
            averaged=taken.averaged,
            clock=taken.clock,
            data_hash=history.data_hash,
        )

    def years(self) -> FloatArray:
        """Return years to each price to be simulated, from the first, which is 0.

        ``(n,)``; of averages, the prices that each is made of, ``(n * points,)``.
        """
        if not self.averaged and self.clock == "weekdays":
            return weekday_years(self.dates)
        if not self.averaged:
            return _years(self.dates)
        months = 1 if self.averaged == "month" else 3
        last = self.dates.astype("datetime64[M]")
        first = (last - (months - 1)).astype("datetime64[D]")
        length = (self.dates - first).astype(np.int64) + 1
        points = POINTS_A_MONTH * months
        within = (length[:, None] * (np.arange(points) + 0.5) / points).astype(np.int64)
        return _years((first[:, None] + within).ravel())

    def history(
        self, prices: FloatArray, *, name: str = "simulated", unit: str = "1"
    ) -> PriceHistory:
        """Return simulated prices of :meth:`years` as a history, averaged as that one was."""
        if self.averaged:
            prices = prices.reshape(self.dates.size, -1).mean(axis=1)
        return PriceHistory(
            name=name,
            unit=unit,
            dates=self.dates,
            prices=prices,
            averaged=self.averaged,
            clock=self.clock,
        )


def _years(days: DateArray) -> FloatArray:
    found: FloatArray = (days - days[0]).astype(np.float64) / DAYS_A_YEAR
    return found
