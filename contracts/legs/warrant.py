r"""Warrant: the right to buy new shares at the strike until expiry.

.. math:: A = N \, (S_T - K)^+

with :math:`N` shares, strike :math:`K`, share price :math:`S` and expiry :math:`T`.

An American warrant on a share that pays no dividend is worth exactly the European one: before
expiry the right is worth at least :math:`S - K e^{-r(T-t)} > S - K`, so waiting beats exercise
(Merton, 1973). It is therefore valued at expiry. Dilution by the exercise itself is not taken
off: the share price quoted after the announcement carries it already.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import one_of, ordered, positive
from contracts.conventions import FloatArray, Observed
from contracts.legs.piecewise_linear import piecewise_linear
from contracts.legs.share_price import SHARE_PRICE, share_price
from contracts.periods import Periods
from contracts.protocols import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Warrant:
    """A call on the issuer's shares, from issuer (payer) to holder (receiver).

    Parameters
    ----------
    shares
        Number of shares that can be bought.
    strike
        Price of each share, currency per share.
    issue_date, expiry
        Life of the warrant.
    share
        Name of the share in the market; it must pay no dividend.
    style
        ``"american"`` or ``"european"``: of equal value without a dividend.

    Examples
    --------
    >>> leg = Warrant(
    ...     shares=11_201_659.0, strike=30.03, issue_date=datetime.date(2025, 7, 11),
    ...     expiry=datetime.date(2035, 7, 11), share="mp-share", style="american",
    ... )
    >>> leg.amounts({"share_price": np.array([[20.0, 40.03]])})
    array([[0.0000000e+00, 1.1201659e+08]])
    """

    shares: float
    strike: float
    issue_date: datetime.date
    expiry: datetime.date
    share: str
    style: Literal["american", "european"]

    def __post_init__(self) -> None:
        positive(self.shares, "shares")
        positive(self.strike, "strike")
        ordered(self.issue_date, self.expiry, ("issue_date", "expiry"))
        one_of(self.style, ("american", "european"), "style")

    @property
    def reads(self) -> tuple[str, ...]:
        """The share price at expiry."""
        return (SHARE_PRICE,)

    @property
    def exercise_price(self) -> float:
        """The strike."""
        return self.strike

    @property
    def issued_shares(self) -> float:
        """Shares that exercise in full delivers."""
        return self.shares

    @property
    def delivered_shares(self) -> float:
        """Shares that exercise in full delivers."""
        return self.shares

    def calendar(self) -> Periods:
        """Return one period: the day of expiry."""
        return Periods.single(self.expiry)

    def own_observations(self) -> Mapping[str, Observation]:
        """Return the share price on the day of expiry."""
        return share_price(self.share)

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount at expiry, ``(1, n_paths)``."""
        strike = np.array([[self.strike]])
        share = observed[SHARE_PRICE]
        return piecewise_linear(share, None, (strike,), below=0.0, above=(self.shares,))

    def linear_amounts(self, observed: Observed) -> FloatArray:
        """Return what all shares are worth at expiry: a control with a known expectation."""
        return self.shares * observed[SHARE_PRICE]
