"""Fixed amount: one payment on one date, :math:`A = a`."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.checks import positive
from contracts.conventions import FloatArray, Observed
from contracts.periods import Periods
from contracts.protocols import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedAmount:
    """A purchase price, a grant, a fee: known money on a known day.

    Parameters
    ----------
    amount
        Money from payer to receiver, above zero.
    pay_date
        The day on which it is paid.

    Examples
    --------
    >>> price = FixedAmount(amount=400.0e6, pay_date=datetime.date(2025, 7, 11))
    >>> price.amounts({})
    array([[4.e+08]])
    """

    amount: float
    pay_date: datetime.date

    def __post_init__(self) -> None:
        positive(self.amount, "amount")

    @property
    def reads(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def calendar(self) -> Periods:
        """Return one period: the day of payment."""
        return Periods.single(self.pay_date)

    def own_observations(self) -> Mapping[str, Observation]:
        """Nothing is observed."""
        return {}

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount, ``(1, 1)``."""
        return np.array([[self.amount]])
