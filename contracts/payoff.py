r"""Payoff: the terms of an amount that is piecewise linear in one thing observed.

.. math::

   A_t = Q_t \left[ a_t + b\,(K_{0,t} - x_t)^+ + \sum_k s_k\,(x_t - K_{k,t})^+ \right]

with :math:`x_t` what is observed (price, revenue, EBITDA), :math:`K_{k,t}` the kinks in rising
order, :math:`a_t` the amount at the first kink, :math:`b` the slope below it and :math:`s_k` the
slope that each kink adds above itself. A leg that can say its payoff gets a control variate
(:mod:`contracts.average_controls`).
"""

import math
from dataclasses import dataclass
from itertools import accumulate

from contracts.conventions import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Payoff:
    """The terms; arrays are ``(n_periods, 1)``, or ``(n_periods, n_paths)`` where not known.

    Parameters
    ----------
    of
        Name of the observation :math:`x_t`.
    quantity
        :math:`Q_t`; ``None``: 1.
    kinks
        :math:`K_{k,t}`.
    below, above
        :math:`b` and :math:`s_k`; as many as kinks.
    base
        :math:`a_t`; ``None``: 0.
    lowest
        The amount is this one where :math:`x_t` is at least this.

    Examples
    --------
    A floor never takes, a two-way difference does.

    >>> import numpy as np
    >>> strike = np.array([[110.0]])
    >>> floor = Payoff(of="ndpr", quantity=None, kinks=(strike,), below=1.0, above=(0.0,))
    >>> both = Payoff(of="ndpr", quantity=None, kinks=(strike,), below=1.0, above=(-1.0,))
    >>> floor.is_never_negative, both.is_never_negative, both.is_linear
    (True, False, True)
    """

    of: str
    quantity: FloatArray | None
    kinks: tuple[FloatArray, ...]
    below: float
    above: tuple[float, ...]
    base: FloatArray | None = None
    lowest: float = -math.inf

    @property
    def is_linear(self) -> bool:
        """Whether no kink changes the slope."""
        return self.below == -self.above[0] and not any(self.above[1:])

    @property
    def is_never_negative(self) -> bool:
        """Whether no observation makes the amount negative."""
        rises = self.below >= 0.0 and all(slope >= 0.0 for slope in accumulate(self.above))
        parts = [part for part in (self.quantity, self.base) if part is not None]
        # A collared sale falls back to a slope of zero, never below.
        return rises and all(bool((part >= 0.0).all()) for part in parts)

    @property
    def known(self) -> tuple[FloatArray, ...]:
        """Everything but what is observed."""
        parts = (self.quantity, self.base, *self.kinks)
        return tuple(part for part in parts if part is not None)
