r"""Fixed price: the buyer pays an agreed price for each unit.

.. math:: A_t = Q_t \, K_t

with :math:`Q_t` the quantity and :math:`K_t` the strike price.
"""

from dataclasses import dataclass

from contracts.conventions import FloatArray, Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPrice:
    """A sale at a price known in advance.

    Parameters
    ----------
    quantity, strike
        Names of the observations to read; each ``(n_periods, n_paths)`` or ``(n_periods, 1)``.

    Examples
    --------
    >>> import numpy as np
    >>> FixedPrice(quantity="tonnes", strike="k").amounts(
    ...     {"tonnes": np.array([[3.0], [4.0]]), "k": np.array([[10.0], [11.0]])}
    ... )
    array([[30.],
           [44.]])
    """

    quantity: str
    strike: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Quantity and strike."""
        return (self.quantity, self.strike)

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount of each period and path, from payer to receiver."""
        return observed[self.quantity] * observed[self.strike]
