r"""Budget cap: a limit that remembers what was already paid in its year or over the contract.

.. math:: A'_t = \min\!\left(A_t,\; B - \sum_{s \in g(t),\, s < t} A'_s\right)

for positive amounts, with :math:`B` the limit and :math:`g(t)` the year (or the whole contract)
of period :math:`t`. Amounts that flow the other way have a limit of their own, or none.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import month_number, not_negative, one_of, require
from contracts.conventions import FloatArray, IntArray, Observed
from contracts.periods import Periods, add_months, fiscal_year_of, year_of
from contracts.protocols import Apply, Context
from montecarlo.jit import kernel

Per = Literal["calendar-year", "fiscal-year", "contract-year", "contract"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetCap:
    """Cap what a leg pays in each budget year, or over its life.

    A period belongs to the budget year of its last day.

    Parameters
    ----------
    limit
        Most that flows from payer to receiver in one budget year, money.
    per
        The span over which the cap remembers. Contract years run from the first period.
    reverse_limit
        Most that flows from receiver to payer (negative amounts); ``None``: no limit.
    used
        Money already paid under the cap before the first period, in its budget year.
    fiscal_year_end
        Last month of the fiscal year, for ``"fiscal-year"``.

    Examples
    --------
    10 a calendar year, 7 already used: 30 owed pays 3; the next year starts afresh.

    >>> import datetime
    >>> periods = Periods.regular(
    ...     start=datetime.date(2026, 10, 1), end=datetime.date(2027, 6, 30), frequency="quarter"
    ... )
    >>> cap = BudgetCap(limit=10.0, per="calendar-year", used=7.0)
    >>> cap.capped(np.array([[30.0], [6.0], [6.0]]), cap.groups(periods))[:, 0]
    array([3., 6., 4.])
    """

    limit: float
    per: Per
    reverse_limit: float | None = None
    used: float = 0.0
    fiscal_year_end: int | None = None

    def __post_init__(self) -> None:
        not_negative(self.limit, "limit")
        one_of(self.per, ("calendar-year", "fiscal-year", "contract-year", "contract"), "per")
        if self.reverse_limit is not None:
            not_negative(self.reverse_limit, "reverse_limit")
        not_negative(self.used, "used")
        require(self.used <= self.limit, "used", f"not exceed limit ({self.limit})", self.used)
        if self.per == "fiscal-year":
            given = self.fiscal_year_end is not None
            require(given, "fiscal_year_end", "be given for fiscal-year", self.fiscal_year_end)
            month_number(int(self.fiscal_year_end or 0), "fiscal_year_end")
        else:
            rule = f"be left out when per is {self.per}"
            require(self.fiscal_year_end is None, "fiscal_year_end", rule, self.fiscal_year_end)

    @property
    def reads(self) -> tuple[str, ...]:
        """Nothing but the amounts."""
        return ()

    @property
    def is_linear(self) -> bool:
        """No: what is left of the cap depends on what was paid."""
        return False

    def groups(self, periods: Periods) -> IntArray:
        """Return ``(n_periods,)`` the budget year of each period."""
        last = periods.last_day
        if self.per == "contract":
            return np.zeros(len(periods), dtype=np.int64)
        if self.per == "calendar-year":
            return year_of(last)
        if self.per == "fiscal-year":
            return fiscal_year_of(last, int(self.fiscal_year_end or 12))
        first, last_start = periods.start[0], periods.start[-1]
        anniversaries = [first]
        while anniversaries[-1] <= last_start:
            anniversaries.append(add_months(first, 12 * len(anniversaries)))
        began = np.array(anniversaries, dtype="datetime64[D]")
        return np.searchsorted(began, periods.start, side="right").astype(np.int64) - 1

    def bounds(self, periods: Periods) -> tuple[FloatArray, FloatArray]:
        """Return the least and the most that each period can pay, ``(n_periods,)`` each.

        Examples
        --------
        >>> import datetime
        >>> periods = Periods.regular(
        ...     start=datetime.date(2026, 7, 1), end=datetime.date(2027, 6, 30),
        ...     frequency="half-year",
        ... )
        >>> BudgetCap(limit=10.0, per="calendar-year", used=7.0).bounds(periods)
        (array([-inf, -inf]), array([ 3., 10.]))
        """
        groups = self.groups(periods)
        reverse = np.inf if self.reverse_limit is None else self.reverse_limit
        most = np.where(groups == groups[0], self.limit - self.used, self.limit)
        return np.full(len(groups), -reverse), most

    def capped(self, amounts: FloatArray, groups: IntArray) -> FloatArray:
        """Return the amounts after the cap, ``(n_periods, n_paths)``."""
        out = np.empty_like(amounts)
        n_paths = amounts.shape[1]
        paid, returned = np.full(n_paths, self.used), np.zeros(n_paths)
        reverse = np.inf if self.reverse_limit is None else self.reverse_limit
        _cap_with_memory(amounts, groups, self.limit, reverse, paid, returned, out)
        return out

    def bind(self, leg: str, periods: Periods, context: Context) -> Apply:
        """Fix the budget year of each period."""
        groups = self.groups(periods)

        def apply(amounts: FloatArray, observed: Observed) -> FloatArray:
            return self.capped(amounts, groups)

        return apply


@kernel
def _cap_with_memory(
    amounts: FloatArray,
    groups: IntArray,
    limit: float,
    reverse_limit: float,
    paid: FloatArray,
    returned: FloatArray,
    out: FloatArray,
) -> None:
    n_periods, n_paths = amounts.shape
    for t in range(n_periods):
        if t > 0 and groups[t] != groups[t - 1]:
            for path in range(n_paths):
                paid[path] = 0.0
                returned[path] = 0.0
        for path in range(n_paths):
            # Adding zero times what was paid lets a NaN spread over the rest of its year.
            amount = amounts[t, path] + 0.0 * (paid[path] + returned[path])
            room = limit - paid[path]
            back = returned[path] - reverse_limit
            is_full, is_back_full = amount > room, amount < back
            # A full cap is full to the bit, so that nothing is left of it for later periods.
            amount = room if is_full else back if is_back_full else amount
            paid[path] = limit if is_full else paid[path] + (0.0 if amount < 0.0 else amount)
            returned[path] = (
                reverse_limit
                if is_back_full
                else returned[path] - (0.0 if amount > 0.0 else amount)
            )
            out[t, path] = amount
