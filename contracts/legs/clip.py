r"""Clip: a sale at the reference price, held between a floor and a ceiling.

.. math:: A_t = Q_t \, \min(\max(R_t, a_t), b_t)

with :math:`Q_t` the quantity, :math:`R_t` the reference price, :math:`a_t` the lower and
:math:`b_t` the upper limit.
"""

from dataclasses import dataclass

import numpy as np

from contracts.checks import require
from contracts.conventions import FloatArray, Observed
from contracts.payoff import Payoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A collared sale price: the buyer pays the whole price, not a difference.

    Parameters
    ----------
    reference_price, quantity, lower, upper
        Names of the observations to read; each ``(n_periods, n_paths)`` or ``(n_periods, 1)``.

    Examples
    --------
    Between 500 and 900: paid 500, 700 and 900 for each of two units.

    >>> import numpy as np
    >>> leg = Clip(reference_price="p", quantity="q", lower="a", upper="b")
    >>> leg.amounts(
    ...     {
    ...         "p": np.array([[300.0, 700.0, 1200.0]]),
    ...         "q": np.array([[2.0]]),
    ...         "a": np.array([[500.0]]),
    ...         "b": np.array([[900.0]]),
    ...     }
    ... )
    array([[1000., 1400., 1800.]])
    """

    reference_price: str
    quantity: str
    lower: str
    upper: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Reference price, quantity and both limits."""
        return (self.reference_price, self.quantity, self.lower, self.upper)

    def amounts(self, observed: Observed) -> FloatArray:
        """Return the amount of each period and path, from payer to receiver."""
        lower, upper = observed[self.lower], observed[self.upper]
        is_reversed = bool(np.any(lower > upper))
        require(not is_reversed, "upper", "not lie below lower", float(upper.min()))
        price = np.minimum(np.maximum(observed[self.reference_price], lower), upper)
        return observed[self.quantity] * price

    def payoff(self, observed: Observed) -> Payoff:
        """Return the terms of the amount, piecewise linear in the reference price."""
        lower, upper = observed[self.lower], observed[self.upper]
        return Payoff(
            of=self.reference_price,
            quantity=observed[self.quantity],
            kinks=(lower, upper),
            below=0.0,
            above=(1.0, -1.0),
            base=lower,
        )
