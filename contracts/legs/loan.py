r"""Loan: money drawn once and paid back with interest, without default.

With principal :math:`P`, yearly rate :math:`c`, :math:`m` months between :math:`n` payments and
:math:`i = c\,m/12`, the borrower's flows are :math:`-P` on the draw date and then

.. math::

   A_t = i B_{t-1} + (B_{t-1} - B_t), \qquad B_t =
   \begin{cases}
   P \text{ until } B_n = 0 & \text{bullet} \\
   P (1 - t/n) & \text{level principal} \\
   P \, \dfrac{(1+i)^n - (1+i)^t}{(1+i)^n - 1} & \text{annuity}
   \end{cases}
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import one_of, ordered, positive, require
from contracts.conventions import MONTHS, DateArray, FloatArray, Observed
from contracts.periods import Periods, add_months, day
from contracts.protocols import Observation

Amortisation = Literal["bullet", "level-principal", "annuity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """Debt service from the borrower (payer) to the lender (receiver).

    The first flow is negative: the lender pays the principal out.

    Parameters
    ----------
    principal
        Money lent.
    drawn, maturity
        Dates of the draw and of the last payment, a whole number of payments apart.
    rate
        Name of the observation of the yearly coupon, ``(1, 1)``, decimal.
    frequency
        Of payment; each interest period is counted as a full fraction of a year (30/360).
    amortisation
        How the principal is paid back.
    market_yield
        Name of the yield curve in the market at which the borrower could borrow elsewhere;
        the gap to the Treasury curve is the concession. ``None``: not compared.

    Examples
    --------
    >>> loan = Loan(
    ...     principal=100.0, drawn=datetime.date(2025, 1, 1), maturity=datetime.date(2027, 1, 1),
    ...     rate="coupon", frequency="year", amortisation="bullet",
    ... )
    >>> loan.amounts({"coupon": np.array([[0.05]])})[:, 0]
    array([-100.,    5.,  105.])
    """

    principal: float
    drawn: datetime.date
    maturity: datetime.date
    rate: str
    frequency: Literal["month", "quarter", "half-year", "year"]
    amortisation: Amortisation
    market_yield: str | None = None

    def __post_init__(self) -> None:
        positive(self.principal, "principal")
        ordered(self.drawn, self.maturity, ("drawn", "maturity"))
        one_of(self.frequency, tuple(MONTHS), "frequency")
        one_of(self.amortisation, ("bullet", "level-principal", "annuity"), "amortisation")
        step = MONTHS[self.frequency]
        last = add_months(day(self.drawn), step * self._count())
        rule = f"be a whole number of {self.frequency}s after drawn ({self.drawn})"
        require(last == day(self.maturity), "maturity", rule, self.maturity.isoformat())

    def _count(self) -> int:
        months = (self.maturity.year - self.drawn.year) * 12
        months += self.maturity.month - self.drawn.month
        return months // MONTHS[self.frequency]

    @property
    def reads(self) -> tuple[str, ...]:
        """The coupon."""
        return (self.rate,)

    def calendar(self) -> Periods:
        """Return the day of the draw, then each interest period up to its payment day."""
        one_day = np.timedelta64(1, "D")
        step = MONTHS[self.frequency]
        payments = [add_months(day(self.drawn), step * k) for k in range(self._count() + 1)]
        end: DateArray = np.array([date + one_day for date in payments], dtype="datetime64[D]")
        start: DateArray = np.array([day(self.drawn), *end[:-1]], dtype="datetime64[D]")
        return Periods(start=start, end=end, labels=tuple(str(date) for date in payments))

    def own_observations(self) -> Mapping[str, Observation]:
        """Nothing is observed on its own calendar."""
        return {}

    def balances(self, coupon: float) -> FloatArray:
        """Return the principal outstanding after the draw and after each payment."""
        n = self._count()
        t = np.arange(n + 1)
        if self.amortisation == "bullet":
            return np.where(t < n, self.principal, 0.0)
        interest = coupon * MONTHS[self.frequency] / 12.0
        if self.amortisation == "level-principal" or 1.0 + interest == 1.0:
            return self.principal * (1.0 - t / n)
        growth = (1.0 + interest) ** np.array([n, *t], dtype=np.float64)
        balances: FloatArray = self.principal * (growth[0] - growth[1:]) / (growth[0] - 1.0)
        return balances

    def amounts(self, observed: Observed) -> FloatArray:
        """Return ``(1 + n_payments, 1)`` flows from borrower to lender."""
        coupon = float(observed[self.rate][0, 0])
        balance = self.balances(coupon)
        interest = coupon * MONTHS[self.frequency] / 12.0 * balance[:-1]
        flows = np.concatenate([[-self.principal], interest - np.diff(balance)])
        return flows[:, None]
