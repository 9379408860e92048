r"""Floor: the provider tops the producer up to the strike.

The amount for calculation period :math:`t`, from payer to receiver, is

.. math:: A_t = Q_t \, (K_t - R_t)^+

with :math:`Q_t` the notional quantity, :math:`K_t` the strike and :math:`R_t` the reference
price.
"""

from dataclasses import dataclass

from contracts.conventions import FloatArray, Observed
from contracts.legs.piecewise_linear import piecewise_linear
from contracts.payoff import Payoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """One-way price support: never negative, zero at or above the strike.

    Parameters
    ----------
    reference_price, quantity, strike
        Names of the observations to read; each ``(n_periods, n_paths)`` or ``(n_periods, 1)``.

    Examples
    --------
    Two periods, two paths, a floor of 110; only the last price clears it.

    >>> import numpy as np
    >>> leg = Floor(reference_price="ndpr", quantity="sales", strike="floor_price")
    >>> leg.amounts(
    ...     {
    ...         "ndpr": np.array([[100.0, 105.0], [90.0, 120.0]]),
    ...         "sales": np.array([[400.0], [500.0]]),
    ...         "floor_price": np.full((2, 1), 110.0),
    ...     }
    ... )
    array([[ 4000.,  2000.],
           [10000.,     0.]])
    """

    reference_price: str
    quantity: str
    strike: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Reference price, quantity and strike."""
        return (self.reference_price, self.quantity, self.strike)

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount of each period and path, from payer to receiver."""
        return piecewise_linear(
            observed[self.reference_price],
            observed[self.quantity],
            (observed[self.strike],),
            below=1.0,
            above=(0.0,),
        )

    def payoff(self, observed: Observed) -> Payoff:
        """Return the terms of the amount, piecewise linear in the reference price."""
        return Payoff(
            of=self.reference_price,
            quantity=observed[self.quantity],
            kinks=(observed[self.strike],),
            below=1.0,
            above=(0.0,),
        )
