r"""Schwartz-Smith two-factor model: shocks that fade and shocks that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.decay import integrated_decay
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel, curve_or, one_price_law


@dataclass(frozen=True, slots=True, kw_only=True)
class SchwartzSmith(LognormalModel):
    r"""Log price = short-term deviation + long-term level (Schwartz and Smith 2000).

    .. math::

        \ln P_t = \chi_t + \xi_t, \qquad
        d\chi = (-\kappa\chi - \lambda_\chi)\,dt + \sigma_\chi\,dW_\chi, \qquad
        d\xi = \mu^*_\xi\,dt + \sigma_\xi\,dW_\xi, \qquad dW_\chi\,dW_\xi = \rho\,dt

    .. math::

        V(t) = \sigma_\chi^2\frac{1 - e^{-2\kappa t}}{2\kappa} + \sigma_\xi^2 t
        + 2\rho\sigma_\chi\sigma_\xi\frac{1 - e^{-\kappa t}}{\kappa}

    With a forward curve the drift is whatever makes the mean that curve; without one,

    .. math::

        F(0, t) = \exp\!\big(e^{-\kappa t}\chi_0 + \xi_0 + \mu^*_\xi t
        - \lambda_\chi\tfrac{1 - e^{-\kappa t}}{\kappa} + \tfrac12 V(t)\big).

    Under the physical measure the mean is
    :math:`F(0, t)\exp(\lambda_\chi(1 - e^{-\kappa t})/\kappa + \lambda_\xi t)`.

    Parameters
    ----------
    name
        Name of the price.
    mean_reversion
        :math:`\kappa` of the short-term deviation, 1/yr, at least 0.
    short_volatility, long_volatility
        :math:`\sigma_\chi, \sigma_\xi`, 1/sqrt(yr), at least 0.
    correlation
        :math:`\rho`, between -1 and 1.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else the next three.
    short_state, long_state
        :math:`\chi_0, \xi_0`, log currency per unit.
    long_drift
        :math:`\mu^*_\xi`, under the pricing measure, 1/yr.
    short_risk_premium, long_risk_premium
        :math:`\lambda_\chi, \lambda_\xi`, physical less pricing drift, 1/yr.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: E. S. Schwartz and J. E. Smith, "Short-term variations and long-term dynamics in
    commodity prices", Management Science 46, 2000.

    Examples
    --------
    >>> model = SchwartzSmith(
    ...     name="ndpr",
    ...     mean_reversion=1.5,
    ...     short_volatility=0.35,
    ...     long_volatility=0.15,
    ...     correlation=0.3,
    ...     forward_curve=ForwardCurve.flat(105.0),
    ... )
    >>> model.log_variance([0.25, 1.0]).round(6)
    array([0.033737, 0.077615])
    >>> [(factor.name, factor.volatility) for factor in model.risk_premia()]
    [('short-term', 0.35), ('long-term', 0.15)]
    """

    factor_names: ClassVar[tuple[str, ...]] = ("short-term", "long-term")

    name: str
    mean_reversion: float
    short_volatility: float
    long_volatility: float
    correlation: float
    forward_curve: ForwardCurve | None = None
    short_state: float | None = None
    long_state: float | None = None
    long_drift: float | None = None
    short_risk_premium: float = 0.0
    long_risk_premium: float = 0.0

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.non_negative("mean_reversion", self.mean_reversion)
        checks.non_negative("short_volatility", self.short_volatility)
        checks.non_negative("long_volatility", self.long_volatility)
        checks.between("correlation", self.correlation, -1.0, 1.0)
        checks.finite("short_risk_premium", self.short_risk_premium)
        checks.finite("long_risk_premium", self.long_risk_premium)
        curve_or(self.forward_curve, self._start())

    def _start(self) -> dict[str, float | None]:
        return {
            "short_state": self.short_state,
            "long_state": self.long_state,
            "long_drift": self.long_drift,
        }

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), currency per unit."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        start = curve_or(None, self._start())
        short_mean = portable.exp(-self.mean_reversion * at) * start[
            "short_state"
        ] - self.short_risk_premium * integrated_decay(self.mean_reversion, at)
        long_mean = start["long_state"] + start["long_drift"] * at
        return portable.exp(short_mean + long_mean + 0.5 * self.log_variance(at))

    def law(self) -> GaussianLaw:
        """Return the two factors that move the log price: short, then long."""
        return one_price_law(
            self,
            mean_reversion=(self.mean_reversion, 0.0),
            volatility=(self.short_volatility, self.long_volatility),
            risk_premium=(self.short_risk_premium, self.long_risk_premium),
            correlation=self.correlation,
        )
