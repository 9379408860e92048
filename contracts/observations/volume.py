r"""Volume: a planned quantity by period, with a ramp and a delay.

.. math:: Q_t = V_{j(t)} \, \frac{m_t}{m} \, \rho_t

with :math:`V_j` the quantity stated for :math:`m` months, :math:`m_t` the months in period
:math:`t` and :math:`\rho_t` the mean of the ramp over the period.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import not_negative, one_of, ordered, require, share
from contracts.conventions import MONTHS, DateArray, FloatArray
from contracts.observations.schedule import Steps, check_steps, known, step_values
from contracts.periods import Periods, add_months, day
from contracts.protocols import Bound, Context

Per = Literal["month", "quarter", "half-year", "year"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A linear climb from a share of the plan to all of it; nothing before it starts.

    Examples
    --------
    >>> ramp = Ramp(
    ...     start=datetime.date(2028, 1, 1), full=datetime.date(2029, 1, 1), initial_share=0.0
    ... )
    >>> years = Periods.regular(
    ...     start=datetime.date(2027, 1, 1), end=datetime.date(2029, 12, 31), frequency="year"
    ... )
    >>> ramp.mean_shares(years).round(3)
    array([0. , 0.5, 1. ])
    """

    start: datetime.date
    full: datetime.date
    initial_share: float

    def __post_init__(self) -> None:
        ordered(self.start, self.full, ("ramp.start", "ramp.full"))
        share(self.initial_share, "ramp.initial_share")

    def mean_shares(self, periods: Periods) -> FloatArray:
        """Return ``(n_periods,)`` mean share of the plan that is produced in each period."""
        climb = float((day(self.full) - day(self.start)).astype(np.int64))

        def produced(dates: DateArray) -> FloatArray:
            # The integral of the share over days since the ramp began.
            days = np.maximum((dates - day(self.start)).astype(np.float64), 0.0)
            rising = np.minimum(days, climb)
            mean = self.initial_share + (1.0 - self.initial_share) * rising / (2.0 * climb)
            return rising * mean + np.maximum(days - climb, 0.0)

        length = (periods.end - periods.start).astype(np.float64)
        return (produced(periods.end) - produced(periods.start)) / length


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A planned quantity; what was delivered replaces it for past periods.

    Parameters
    ----------
    steps
        (date, quantity for each ``per``): holds from its date until the next.
    per
        The span that a stated quantity covers; shorter or longer periods are prorated by
        months.
    ramp
        Climb to the plan, or ``None``.
    delay_months
        Whole months by which steps and ramp come later; nothing before the moved first step.

    Examples
    --------
    7,000 t a year, seen by quarter.

    >>> plan = Volume(steps=((datetime.date(2029, 1, 1), 7.0e6),), per="year")
    >>> quarters = Periods.regular(
    ...     start=datetime.date(2029, 1, 1), end=datetime.date(2029, 6, 30), frequency="quarter"
    ... )
    >>> plan.planned(quarters)
    array([1750000., 1750000.])
    """

    steps: Steps
    per: Per
    ramp: Ramp | None = None
    delay_months: int = 0

    def __post_init__(self) -> None:
        check_steps(self.steps)
        for date, value in self.steps:
            not_negative(value, f"steps[{date}]")
        one_of(self.per, tuple(MONTHS), "per")
        require(
            isinstance(self.delay_months, int) and self.delay_months >= 0,
            "delay_months",
            "be a whole number, zero or more",
            self.delay_months,
        )

    @property
    def reads(self) -> tuple[str, ...]:
        """No other observation."""
        return ()

    def fixing_dates(self, periods: Periods) -> Mapping[str, DateArray]:
        """No price is read."""
        return {}

    def planned(self, periods: Periods) -> FloatArray:
        """Return ``(n_periods,)`` planned quantities."""
        steps, ramp = self.steps, self.ramp
        if self.delay_months:
            first = steps[0][0]
            moved = tuple((_later(date, self.delay_months), value) for date, value in steps)
            steps = ((first, 0.0), *moved)
            if ramp is not None:
                ramp = Ramp(
                    start=_later(ramp.start, self.delay_months),
                    full=_later(ramp.full, self.delay_months),
                    initial_share=ramp.initial_share,
                )
        quantity = step_values(steps, periods.start) * periods.months / MONTHS[self.per]
        return quantity if ramp is None else quantity * ramp.mean_shares(periods)

    def bind(self, name: str, periods: Periods, context: Context) -> Bound:
        """Take deliveries where they are recorded, the plan elsewhere."""
        actual = context.actual(name, periods)
        return known(np.where(np.isnan(actual), self.planned(periods), actual))


def _later(date: datetime.date, months: int) -> datetime.date:
    return datetime.date.fromisoformat(str(add_months(day(date), months)))
