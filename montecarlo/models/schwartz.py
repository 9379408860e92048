r"""Schwartz one-factor model: the log price reverts to a mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.decay import integrated_decay
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel, curve_or, one_price_law


@dataclass(frozen=True, slots=True, kw_only=True)
class Schwartz(LognormalModel):
    r"""Mean-reverting log price (Schwartz 1997, model 1).

    .. math::

        d\ln P = \kappa(\alpha^* - \ln P)\,dt + \sigma\,dW, \qquad
        \mathrm{Var}\ln P_t = \sigma^2\frac{1 - e^{-2\kappa t}}{2\kappa}

    With a forward curve the drift is whatever makes the mean that curve; without one,

    .. math::

        F(0, t) = \exp\!\big(e^{-\kappa t}\ln P_0 + (1 - e^{-\kappa t})\alpha^*
        + \tfrac12\mathrm{Var}\ln P_t\big).

    Under the physical measure the mean is
    :math:`F(0, t)\exp(\lambda(1 - e^{-\kappa t})/\kappa)`.

    Parameters
    ----------
    name
        Name of the price.
    mean_reversion
        :math:`\kappa`, 1/yr, at least 0 (0 is Brownian motion).
    volatility
        :math:`\sigma`, 1/sqrt(yr), at least 0.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else ``spot`` and ``long_run_log_mean``.
    spot
        :math:`P_0`, currency per unit, above 0.
    long_run_log_mean
        :math:`\alpha^*`, under the pricing measure.
    risk_premium
        :math:`\lambda`, what the physical drift of the log price adds, 1/yr.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: E. S. Schwartz, "The stochastic behavior of commodity prices", Journal of Finance 52,
    1997.

    Examples
    --------
    >>> model = Schwartz(
    ...     name="oil", mean_reversion=0.5, volatility=0.3, spot=80.0, long_run_log_mean=4.0
    ... )
    >>> model.forward([0.0, 2.0]).round(4)
    array([80.    , 65.3299])
    """

    name: str
    mean_reversion: float
    volatility: float
    forward_curve: ForwardCurve | None = None
    spot: float | None = None
    long_run_log_mean: float | None = None
    risk_premium: float = 0.0

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.non_negative("mean_reversion", self.mean_reversion)
        checks.non_negative("volatility", self.volatility)
        checks.finite("risk_premium", self.risk_premium)
        start = curve_or(self.forward_curve, self._start())
        if start:
            checks.positive("spot", start["spot"])

    def _start(self) -> dict[str, float | None]:
        return {"spot": self.spot, "long_run_log_mean": self.long_run_log_mean}

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), currency per unit."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        start = curve_or(None, self._start())
        fade = self.mean_reversion * integrated_decay(self.mean_reversion, at)
        pull = fade * (start["long_run_log_mean"] - portable.log(start["spot"]))
        return start["spot"] * portable.exp(pull + 0.5 * self.log_variance(at))

    def law(self) -> GaussianLaw:
        """Return the one factor that moves the log price."""
        return one_price_law(
            self,
            mean_reversion=(self.mean_reversion,),
            volatility=(self.volatility,),
            risk_premium=(self.risk_premium,),
        )
