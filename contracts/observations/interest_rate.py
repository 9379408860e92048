r"""Interest rate: a benchmark fixed on one date, plus a spread.

.. math:: c = r_{\text{benchmark}}(d) + s
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.checks import finite
from contracts.conventions import DateArray
from contracts.observations.schedule import known
from contracts.periods import Periods
from contracts.protocols import Bound, Context


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestRate:
    """The coupon of a loan, decimal a year.

    Before the fixing date the market's latest quote stands for it.

    Examples
    --------
    >>> InterestRate(
    ...     benchmark="us-treasury-10y", spread=0.01, fixing_date=datetime.date(2025, 8, 15)
    ... ).spread
    0.01
    """

    benchmark: str
    spread: float
    fixing_date: datetime.date

    def __post_init__(self) -> None:
        finite(self.spread, "spread")

    @property
    def reads(self) -> tuple[str, ...]:
        """No other observation."""
        return ()

    def fixing_dates(self, periods: Periods) -> Mapping[str, DateArray]:
        """No price is read."""
        return {}

    def bind(self, name: str, periods: Periods, context: Context) -> Bound:
        """Fix the rate."""
        rate = context.rate(self.benchmark, self.fixing_date) + self.spread
        return known(np.full(len(periods), rate))
