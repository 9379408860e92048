r"""Geometric Brownian motion: shocks to the price never fade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel, curve_or, one_price_law


@dataclass(frozen=True, slots=True, kw_only=True)
class GBM(LognormalModel):
    r"""Geometric Brownian motion around a forward curve.

    .. math::

        P_t = F(0, t)\, e^{\sigma W_t - \sigma^2 t / 2}, \qquad
        F(0, t) = P_0 e^{\mu t} \text{ if no curve is given}

    Under the physical measure the mean is :math:`F(0, t)\,e^{\lambda t}`.

    Parameters
    ----------
    name
        Name of the price.
    volatility
        :math:`\sigma`, 1/sqrt(yr), at least 0.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else ``spot`` and ``drift``.
    spot
        :math:`P_0`, currency per unit, above 0.
    drift
        :math:`\mu`, the drift under the pricing measure, 1/yr.
    risk_premium
        :math:`\lambda`, what the physical drift adds, 1/yr.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> model = GBM(name="copper", volatility=0.2, spot=100.0, drift=0.03)
    >>> model.forward([0.0, 1.0]).round(6)
    array([100.      , 103.045453])
    >>> float(model.log_variance(2.0))
    0.08000000000000002
    """

    name: str
    volatility: float
    forward_curve: ForwardCurve | None = None
    spot: float | None = None
    drift: float | None = None
    risk_premium: float = 0.0

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.non_negative("volatility", self.volatility)
        checks.finite("risk_premium", self.risk_premium)
        start = curve_or(self.forward_curve, {"spot": self.spot, "drift": self.drift})
        if start:
            checks.positive("spot", start["spot"])

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), currency per unit."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        start = curve_or(None, {"spot": self.spot, "drift": self.drift})
        return start["spot"] * portable.exp(start["drift"] * at)

    def law(self) -> GaussianLaw:
        """Return the one factor that moves the log price."""
        return one_price_law(
            self,
            mean_reversion=(0.0,),
            volatility=(self.volatility,),
            risk_premium=(self.risk_premium,),
        )
