r"""Earnings: revenue or EBITDA driven by price through a stated margin model.

.. math::

   \text{revenue}_t = Q_t (a P_t + b), \qquad
   \text{EBITDA}_t = \text{revenue}_t - Q_t c_t - f_t \, m_t / 12

with :math:`a` the share of the reference price that the product's price follows, :math:`b` the
premium, :math:`c_t` the unit cost, :math:`f_t` the fixed cost of a year and :math:`m_t` the
months in the period.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.checks import finite, one_of, require
from contracts.conventions import DateArray, FloatArray, Observed
from contracts.periods import Periods
from contracts.protocols import Bound, Context, Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnings:
    """Revenue or EBITDA of a calculation period.

    Parameters
    ----------
    measure
        ``"revenue"`` or ``"ebitda"``.
    quantity, reference_price
        Names of observations: units sold, and the price that drives the product's price.
    price_share
        Product price per unit of reference price, a pure number.
    premium
        Part of the product's price that does not follow the reference, currency per unit.
    unit_cost, fixed_cost
        Names of observations: cost per unit, and cost per year; EBITDA only.
    """

    measure: Literal["revenue", "ebitda"]
    quantity: str
    reference_price: str
    price_share: float
    premium: float
    unit_cost: str | None = None
    fixed_cost: str | None = None

    def __post_init__(self) -> None:
        one_of(self.measure, ("revenue", "ebitda"), "measure")
        finite(self.price_share, "price_share")
        finite(self.premium, "premium")
        if self.measure == "revenue":
            costs = [name for name in (self.unit_cost, self.fixed_cost) if name is not None]
            require(not costs, "unit_cost and fixed_cost", "be left out for revenue", costs)

    @property
    def reads(self) -> tuple[str, ...]:
        """Quantity, reference price and costs."""
        names = (self.quantity, self.reference_price, self.unit_cost, self.fixed_cost)
        return tuple(name for name in names if name is not None)

    def fixing_dates(self, periods: Periods) -> Mapping[str, DateArray]:
        """No price is read but through the reference price."""
        return {}

    def earned(self, observed: Observed, year_fraction: FloatArray) -> FloatArray:
        """Return earnings, ``(n_periods, n_paths)``.

        Examples
        --------
        1,000 units at 0.5 x 100 + 20 = 70; cost 30 a unit and 10,000 a year.

        >>> ebitda = Earnings(
        ...     measure="ebitda", quantity="units", reference_price="p", price_share=0.5,
        ...     premium=20.0, unit_cost="cost", fixed_cost="overhead",
        ... )
        >>> ebitda.earned(
        ...     {
        ...         "units": np.array([[1000.0]]),
        ...         "p": np.array([[100.0]]),
        ...         "cost": np.array([[30.0]]),
        ...         "overhead": np.array([[10000.0]]),
        ...     },
        ...     year_fraction=np.array([[1.0]]),
        ... )
        array([[30000.]])
        """
        quantity = observed[self.quantity]
        unit_margin = self.price_share * observed[self.reference_price] + self.premium
        if self.unit_cost is not None:
            unit_margin = unit_margin - observed[self.unit_cost]
        earned = quantity * unit_margin
        if self.fixed_cost is not None:
            earned = earned - observed[self.fixed_cost] * year_fraction
        return earned

    def bind(self, name: str, periods: Periods, context: Context) -> Bound:
        """Fix the length of the periods; whether it is fixed follows from what it reads."""
        year_fraction = periods.months[:, None] / 12.0

        def observe(prices: Prices, observed: Observed) -> FloatArray:
            return self.earned(observed, year_fraction)

        return Bound(observe=observe, is_fixed=np.ones(len(periods), dtype=np.bool_))
