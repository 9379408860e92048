r"""An exchange rate around interest parity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.curve import DiscountCurve
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel, one_price_law


@dataclass(frozen=True, slots=True, kw_only=True)
class FX(LognormalModel):
    r"""Exchange rate as geometric Brownian motion around covered interest parity.

    .. math::

        F(0, t) = X_0\,\frac{D_f(t)}{D_d(t)}, \qquad
        X_t = F(0, t)\,e^{\sigma W_t - \sigma^2 t / 2}

    with :math:`X` in domestic currency per unit of foreign currency, and :math:`D_d, D_f` the
    discount factors of the two. The pricing measure is that of the domestic currency. Under the
    physical measure the mean is :math:`F(0, t)\,e^{\lambda t}`.

    Parameters
    ----------
    name
        Name of the exchange rate.
    volatility
        :math:`\sigma`, 1/sqrt(yr), at least 0.
    spot
        :math:`X_0`, domestic currency per unit of foreign currency, above 0.
    domestic, foreign
        Discount curves of the two currencies.
    risk_premium
        :math:`\lambda`, what the physical drift adds, 1/yr.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: M. B. Garman and S. W. Kohlhagen, "Foreign currency option values", Journal of
    International Money and Finance 2, 1983.

    Examples
    --------
    >>> model = FX(
    ...     name="CNY per USD",
    ...     volatility=0.05,
    ...     spot=7.0,
    ...     domestic=DiscountCurve.flat(0.02),
    ...     foreign=DiscountCurve.flat(0.05),
    ... )
    >>> model.forward([0.0, 1.0]).round(6)  # 7 exp(-0.03) a year on
    array([7.      , 6.793119])
    """

    name: str
    volatility: float
    spot: float
    domestic: DiscountCurve
    foreign: DiscountCurve
    risk_premium: float = 0.0

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.non_negative("volatility", self.volatility)
        checks.positive("spot", self.spot)
        checks.finite("risk_premium", self.risk_premium)
        for field in ("domestic", "foreign"):
            curve = getattr(self, field)
            if not isinstance(curve, DiscountCurve):
                msg = f"{field} must be a DiscountCurve, got {curve!r}"
                raise ValueError(msg)

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward exchange rate F(0, t)."""
        return (
            self.spot * self.foreign.discount_factor(times) / self.domestic.discount_factor(times)
        )

    def law(self) -> GaussianLaw:
        """Return the one factor that moves the log of the exchange rate."""
        return one_price_law(
            self,
            mean_reversion=(0.0,),
            volatility=(self.volatility,),
            risk_premium=(self.risk_premium,),
        )
