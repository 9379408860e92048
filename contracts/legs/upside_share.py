r"""Upside share: the producer hands over a share of the price above a threshold.

.. math:: A_t = \alpha \, Q_t \, (R_t - K_t)^+

with :math:`\alpha` the share, :math:`Q_t` the notional quantity, :math:`R_t` the reference price
and :math:`K_t` the threshold. A cap is an upside share of 1.
"""

from dataclasses import dataclass

from contracts import checks
from contracts.conventions import FloatArray, Observed
from contracts.legs.piecewise_linear import piecewise_linear
from contracts.payoff import Payoff


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsideShare:
    """Support paid back out of high prices: never negative, zero at or below the threshold.

    Parameters
    ----------
    reference_price, quantity, threshold
        Names of the observations to read; each ``(n_periods, n_paths)`` or ``(n_periods, 1)``.
    share
        Part of the excess that is handed over, 0 to 1.

    Examples
    --------
    A million kilograms at 170 over a threshold of 110, 30%: 18 million.

    >>> import numpy as np
    >>> leg = UpsideShare(reference_price="ndpr", quantity="sales", threshold="k", share=0.30)
    >>> leg.amounts(
    ...     {
    ...         "ndpr": np.array([[170.0]]),
    ...         "sales": np.array([[1.0e6]]),
    ...         "k": np.array([[110.0]]),
    ...     }
    ... )
    array([[18000000.]])
    """

    reference_price: str
    quantity: str
    threshold: str
    share: float

    def __post_init__(self) -> None:
        checks.share(self.share, "share")

    @property
    def reads(self) -> tuple[str, ...]:
        """Reference price, quantity and threshold."""
        return (self.reference_price, self.quantity, self.threshold)

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount of each period and path, from payer to receiver."""
        return piecewise_linear(
            observed[self.reference_price],
            observed[self.quantity],
            (observed[self.threshold],),
            below=0.0,
            above=(self.share,),
        )

    def payoff(self, observed: Observed) -> Payoff:
        """Return the terms of the amount, piecewise linear in the reference price."""
        return Payoff(
            of=self.reference_price,
            quantity=observed[self.quantity],
            kinks=(observed[self.threshold],),
            below=0.0,
            above=(self.share,),
        )
