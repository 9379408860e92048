r"""Difference: a two-way contract for difference.

.. math:: A_t = Q_t \, (K_t - R_t)

positive to the receiver below the strike, negative (paid back) above it. Where a rule for
negative prices applies, :math:`A_t = Q_t \min(K_t - R_t, K_t)` (``cap``), or in addition
:math:`A_t = 0` when :math:`R_t < 0` (``suspend``).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import one_of
from contracts.conventions import FloatArray, Observed
from contracts.legs.piecewise_linear import piecewise_linear
from contracts.payoff import Payoff

NegativePrices = Literal["pay", "cap", "suspend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Fixed for floating: the strike is earned whatever the reference price.

    Parameters
    ----------
    reference_price, quantity, strike
        Names of the observations to read; each ``(n_periods, n_paths)`` or ``(n_periods, 1)``.
    negative_prices
        ``"pay"``: the full difference; ``"cap"``: never more than the strike; ``"suspend"``:
        nothing when the reference price is below zero.

    Examples
    --------
    >>> import numpy as np
    >>> seen = {
    ...     "power": np.array([[50.0, 100.0, -10.0]]),
    ...     "output": np.array([[2.0]]),
    ...     "k": np.array([[80.0]]),
    ... }
    >>> for rule in ("pay", "cap", "suspend"):
    ...     leg = Difference(
    ...         reference_price="power", quantity="output", strike="k", negative_prices=rule
    ...     )
    ...     print(rule, leg.amounts(seen))
    pay [[ 60. -40. 180.]]
    cap [[ 60. -40. 160.]]
    suspend [[ 60. -40.   0.]]
    """

    reference_price: str
    quantity: str
    strike: str
    negative_prices: NegativePrices

    def __post_init__(self) -> None:
        one_of(self.negative_prices, ("pay", "cap", "suspend"), "negative_prices")

    @property
    def reads(self) -> tuple[str, ...]:
        """Reference price, quantity and strike."""
        return (self.reference_price, self.quantity, self.strike)

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount of each period and path, from payer to receiver."""
        price = observed[self.reference_price]
        amounts = piecewise_linear(
            price if self.negative_prices == "pay" else np.maximum(price, 0.0),
            observed[self.quantity],
            (observed[self.strike],),
            below=1.0,
            above=(-1.0,),
        )
        if self.negative_prices == "suspend":
            amounts[np.broadcast_to(price < 0.0, amounts.shape)] = 0.0
        return amounts

    def payoff(self, observed: Observed) -> Payoff:
        """Return the terms of the amount, linear in a reference price that is not negative."""
        return Payoff(
            of=self.reference_price,
            quantity=observed[self.quantity],
            kinks=(observed[self.strike],),
            below=1.0,
            above=(-1.0,),
            lowest=-math.inf if self.negative_prices == "pay" else 0.0,
        )
