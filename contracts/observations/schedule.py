r"""Schedule: a value in steps, known in advance but for an index that may escalate it.

.. math:: K_t = K_{j(t)} \, I_t

with :math:`j(t)` the last step dated at or before the start of period :math:`t` and
:math:`I_t` the escalation factor (1 without one).
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from contracts.checks import finite, require
from contracts.conventions import DateArray, FloatArray, Observed
from contracts.observations.escalation import FixedEscalation, IndexEscalation, RandomFactors
from contracts.periods import Periods
from contracts.protocols import Bound, Context, Prices

Steps = tuple[tuple[datetime.date, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A strike, a threshold or a cost by date.

    Parameters
    ----------
    steps
        (date, value): the value holds from its date until the next.
    escalation
        Growth applied on top of the steps.

    Examples
    --------
    >>> strike = Schedule(
    ...     steps=((datetime.date(2025, 10, 1), 110.0), (datetime.date(2026, 1, 1), 115.0))
    ... )
    >>> periods = Periods.regular(
    ...     start=datetime.date(2025, 10, 1), end=datetime.date(2026, 6, 30), frequency="quarter"
    ... )
    >>> strike.values(periods)
    array([110., 115., 115.])
    """

    steps: Steps
    escalation: FixedEscalation | IndexEscalation | None = None

    def __post_init__(self) -> None:
        check_steps(self.steps)

    @property
    def reads(self) -> tuple[str, ...]:
        """No other observation."""
        return ()

    def fixing_dates(self, periods: Periods) -> Mapping[str, DateArray]:
        """No price is read."""
        return {}

    def reset_dates(self, periods: Periods) -> Mapping[str, DateArray]:
        """Return the dates on which an index is read."""
        if not isinstance(self.escalation, IndexEscalation):
            return {}
        return {self.escalation.index: self.escalation.reset_dates(periods.start)}

    def values(self, periods: Periods) -> FloatArray:
        """Return ``(n_periods,)`` values before escalation."""
        return step_values(self.steps, periods.start)

    def bind(self, name: str, periods: Periods, context: Context) -> Bound:
        """Fix the values of all periods, but those that an index still moves."""
        values = self.values(periods)
        if self.escalation is None:
            return known(values)
        if isinstance(self.escalation, IndexEscalation):
            moving = self.escalation.random_factors(periods.start, context)
            if moving is not None:
                return _moving(values, moving)
        return known(values * self.escalation.factors(periods.start, context))


def _moving(values: FloatArray, factors: RandomFactors) -> Bound:
    def observe(prices: Prices, observed: Observed) -> FloatArray:
        return values[:, None] * factors.on(prices)

    return Bound(observe=observe, is_fixed=factors.is_fixed)


def known(values: FloatArray) -> Bound:
    """Bind values that are the same on every path: ``(n_periods,)`` -> ``(n_periods, 1)``."""
    column = np.ascontiguousarray(values, dtype=np.float64)[:, None]

    def observe(prices: Prices, observed: Observed) -> FloatArray:
        return column

    return Bound(observe=observe, is_fixed=np.ones(len(values), dtype=np.bool_))


def check_steps(steps: Steps) -> None:
    """Require at least one step, finite values and increasing dates."""
    require(len(steps) > 0, "steps", "hold at least one step", steps)
    for date, value in steps:
        finite(value, f"steps[{date}]")
    dates = [date for date, _ in steps]
    increasing = all(before < after for before, after in pairwise(dates))
    require(increasing, "steps", "have increasing dates", [str(date) for date in dates])


def step_values(steps: Steps, dates: DateArray) -> FloatArray:
    """Return the value of the last step at or before each date; none before the first."""
    known_from = np.array([date for date, _ in steps], dtype="datetime64[D]")
    position = np.searchsorted(known_from, dates, side="right") - 1
    if position.min() < 0:
        rule = f"begin at or before the first period ({dates[0]})"
        require(False, "steps", rule, str(known_from[0]))
    return np.array([value for _, value in steps], dtype=np.float64)[position]
