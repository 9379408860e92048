r"""Convertible preferred: stated value that grows in kind and converts into shares.

With stated value :math:`V` on each of :math:`n` shares, a dividend :math:`d` a year paid in
kind and compounding :math:`m` times a year, the claim after :math:`t` years and the shares it
converts into at the conversion price :math:`C` are

.. math:: L(t) = n V \left(1 + \tfrac{d}{m}\right)^{m t}, \qquad N(t) = L(t) / C

and the holder receives on the conversion date :math:`T`

.. math:: A = N(T)\, S_T \quad\text{or}\quad A = \max\left(L(T),\, N(T)\, S_T\right).

The first (``conversion-only``) is for paper whose stated value is payable in cash only in a
liquidation; the second (``greater-of-claim``) for paper that can be redeemed. Without default
and without a dividend on the common share the first is worth :math:`N(T) S_0` today, and more
the longer it is held: the conversion date is a term that has to be stated.
"""

import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import not_negative, one_of, ordered, positive, require
from contracts.conventions import FloatArray, Observed
from contracts.legs.share_price import SHARE_PRICE, share_price
from contracts.periods import Periods, day, months_between
from contracts.protocols import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertiblePreferred:
    """Preferred stock, from issuer (payer) to holder (receiver).

    Parameters
    ----------
    shares, stated_value
        Number of preferred shares and the stated value of each at issue.
    dividend, compounding
        Yearly rate paid in kind, and how many times a year it compounds.
    conversion_price
        Stated value that one common share costs, currency per share.
    issue_date, conversion_date
        Date from which the dividend accrues; date on which the holder is assumed to convert.
    share
        Name of the common share in the market; it must pay no dividend.
    settlement
        ``"conversion-only"`` or ``"greater-of-claim"``.

    Examples
    --------
    400,000 shares of 1,000 at 7% quarterly, converting at 30.03: 13.32 million shares at issue.

    >>> leg = ConvertiblePreferred(
    ...     shares=400_000.0, stated_value=1000.0, dividend=0.07, compounding=4,
    ...     conversion_price=30.03, issue_date=datetime.date(2025, 7, 11),
    ...     conversion_date=datetime.date(2030, 7, 10), share="mp-share",
    ...     settlement="conversion-only",
    ... )
    >>> round(leg.claim(0.0) / 30.03)
    13320013
    >>> round(leg.claim(5.0) / leg.claim(0.0), 4)
    1.4148
    """

    shares: float
    stated_value: float
    dividend: float
    compounding: int
    conversion_price: float
    issue_date: datetime.date
    conversion_date: datetime.date
    share: str
    settlement: Literal["conversion-only", "greater-of-claim"]

    def __post_init__(self) -> None:
        positive(self.shares, "shares")
        positive(self.stated_value, "stated_value")
        not_negative(self.dividend, "dividend")
        whole = isinstance(self.compounding, int) and self.compounding >= 1
        require(whole, "compounding", "be a whole number of times a year", self.compounding)
        positive(self.conversion_price, "conversion_price")
        ordered(self.issue_date, self.conversion_date, ("issue_date", "conversion_date"))
        one_of(self.settlement, ("conversion-only", "greater-of-claim"), "settlement")

    @property
    def reads(self) -> tuple[str, ...]:
        """The share price on the conversion date."""
        return (SHARE_PRICE,)

    def claim(self, years: float) -> float:
        """Return the stated value of all shares after some years, dividends in kind included."""
        growth: float = (1.0 + self.dividend / self.compounding) ** (self.compounding * years)
        return self.shares * self.stated_value * growth

    @property
    def years(self) -> float:
        """Years from issue to conversion: whole months over 12, then days of the next month."""
        return _years(self.issue_date, self.conversion_date)

    @property
    def exercise_price(self) -> float:
        """Share price above which conversion beats the claim; 0 where there is no claim."""
        return 0.0 if self.settlement == "conversion-only" else self.conversion_price

    @property
    def issued_shares(self) -> float:
        """Common shares that the stated value converts into at issue."""
        return self.claim(0.0) / self.conversion_price

    @property
    def delivered_shares(self) -> float:
        """Common shares on the conversion date."""
        return self.claim(self.years) / self.conversion_price

    def calendar(self) -> Periods:
        """Return one period: the day of conversion."""
        return Periods.single(self.conversion_date)

    def own_observations(self) -> Mapping[str, Observation]:
        """Return the share price on the day of conversion."""
        return share_price(self.share)

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount on conversion, ``(1, n_paths)``."""
        converted = self.delivered_shares * observed[SHARE_PRICE]
        if self.settlement == "conversion-only":
            return converted
        return np.maximum(converted, self.claim(self.years))

    def linear_amounts(self, observed: Observed) -> FloatArray:
        """Return what the common shares are worth: a control with a known expectation."""
        return self.delivered_shares * observed[SHARE_PRICE]


@functools.cache
def _years(first: datetime.date, last: datetime.date) -> float:
    """Count once what every block of paths asks for."""
    return months_between(day(first), day(last)) / 12.0
