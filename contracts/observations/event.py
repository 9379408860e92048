r"""Event: something that happens on a date, such as a plant at full capacity.

.. math:: G_t = \begin{cases} 0 & \text{before} \\ 1 & \text{after} \end{cases}

and, in the period in which it happens, the share of days from the event on (``pro-rata``) or
0 (``next-period``).
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import one_of
from contracts.conventions import DateArray, FloatArray
from contracts.observations.schedule import known
from contracts.periods import Periods, day
from contracts.protocols import Bound, Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An indicator that a gate reads.

    Examples
    --------
    >>> quarters = Periods.regular(
    ...     start=datetime.date(2028, 7, 1), end=datetime.date(2029, 6, 30), frequency="quarter"
    ... )
    >>> Event(
    ...     event_date=datetime.date(2029, 1, 1), partial_period="pro-rata"
    ... ).indicator(quarters)
    array([0., 0., 1., 1.])
    """

    event_date: datetime.date
    partial_period: Literal["pro-rata", "next-period"]

    def __post_init__(self) -> None:
        one_of(self.partial_period, ("pro-rata", "next-period"), "partial_period")

    @property
    def reads(self) -> tuple[str, ...]:
        """No other observation."""
        return ()

    def fixing_dates(self, periods: Periods) -> Mapping[str, DateArray]:
        """No price is read."""
        return {}

    def indicator(self, periods: Periods) -> FloatArray:
        """Return ``(n_periods,)`` shares of each period that lie on or after the event."""
        after = (periods.end - day(self.event_date)).astype(np.float64)
        length = (periods.end - periods.start).astype(np.float64)
        portion = np.clip(after / length, 0.0, 1.0)
        return portion if self.partial_period == "pro-rata" else np.floor(portion)

    def bind(self, name: str, periods: Periods, context: Context) -> Bound:
        """Fix the indicator of all periods."""
        return known(self.indicator(periods))
