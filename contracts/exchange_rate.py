"""An exchange rate of a market: its curve, its model, what has been fixed."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.conventions import DateArray, FloatArray

if TYPE_CHECKING:
    from montecarlo import ForwardCurve

STALE_AFTER_DAYS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """What one unit of a foreign currency costs in the currency of the market.

    Parameters
    ----------
    name
        Name in the market.
    currency
        The foreign currency.
    unit
        Such as ``USD/CNY``: dollars for a yuan.
    forward_curve
        Mean under the pricing measure at each time.
    model
        ``kind`` and parameters.
    fixings
        (date, rate), dates increasing.
    note
        Where it comes from.
    """

    name: str
    currency: str
    unit: str
    forward_curve: ForwardCurve
    model: Mapping[str, Any]
    fixings: tuple[tuple[datetime.date, float], ...] = ()
    note: str = ""

    def fixing(self, dates: DateArray) -> FloatArray:
        """Return the rate on past dates, ``(n,)``: the latest, at most 10 days old.

        Raises
        ------
        ValueError
            Naming the rate and the first date without one.

        Examples
        --------
        >>> from montecarlo import ForwardCurve
        >>> yuan = ExchangeRate(
        ...     name="cny",
        ...     currency="CNY",
        ...     unit="USD/CNY",
        ...     forward_curve=ForwardCurve.flat(0.14),
        ...     model={"kind": "constant"},
        ...     fixings=((datetime.date(2026, 1, 2), 0.143),),
        ... )
        >>> yuan.fixing(np.array(["2026-01-05"], dtype="datetime64[D]"))
        array([0.143])
        """
        known = [date for date, _ in self.fixings]
        found = []
        for date in dates.tolist():
            position = bisect_right(known, date) - 1
            if position < 0 or (date - known[position]).days > STALE_AFTER_DAYS:
                message = (
                    f"fixings of {self.name} must hold a rate on or within {STALE_AFTER_DAYS} days "
                    f"before every past pricing date; the first missing is {date}"
                )
                raise ValueError(message)
            found.append(self.fixings[position][1])
        return np.array(found, dtype=np.float64)
