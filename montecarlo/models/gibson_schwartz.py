r"""Gibson-Schwartz model: a spot price that pays a random convenience yield."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.decay import integrated_decay
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel, curve_or, fading, one_price_law


@dataclass(frozen=True, slots=True, kw_only=True)
class GibsonSchwartz(LognormalModel):
    r"""Spot price with a mean-reverting convenience yield (Gibson and Schwartz 1990).

    .. math::

        dP = (\mu - \delta)P\,dt + \sigma P\,dW_P, \qquad
        d\delta = \kappa(\alpha - \delta)\,dt + \eta\,dW_\delta, \qquad
        dW_P\,dW_\delta = \rho\,dt

    under the physical measure. Under the pricing measure the spot grows at :math:`r - \delta`
    and the yield's drift is :math:`\kappa(\alpha - \delta) - \lambda`. With a forward curve the
    drift is whatever makes the mean that curve; without one, with
    :math:`B(t) = (1 - e^{-\kappa t})/\kappa` and :math:`\hat\alpha = \alpha - \lambda/\kappa`,

    .. math::

        \ln F(0, t) = \ln P_0 - \delta_0 B(t)
        + \Big(r - \hat\alpha + \frac{\eta^2}{2\kappa^2} - \frac{\rho\sigma\eta}{\kappa}\Big)t
        + \frac{\eta^2}{4}\frac{1 - e^{-2\kappa t}}{\kappa^3}
        + \Big(\hat\alpha\kappa + \rho\sigma\eta - \frac{\eta^2}{\kappa}\Big)\frac{B(t)}{\kappa}.

    The log price has the law of the two factors of Schwartz and Smith,

    .. math::

        \chi = \frac{\delta - \alpha}{\kappa}, \quad \xi = \ln P - \chi, \quad
        \sigma_\chi = \frac{\eta}{\kappa}, \quad
        \sigma_\xi^2 = \sigma^2 + \frac{\eta^2}{\kappa^2} - \frac{2\rho\sigma\eta}{\kappa}, \quad
        \rho_{\chi\xi} = \frac{\rho\sigma - \eta/\kappa}{\sigma_\xi}, \quad
        \lambda_\chi = \frac{\lambda}{\kappa}, \quad
        \lambda_\xi = \mu - r - \frac{\lambda}{\kappa}.

    Parameters
    ----------
    name
        Name of the price.
    volatility
        :math:`\sigma` of the spot, 1/sqrt(yr), at least 0.
    yield_mean_reversion
        :math:`\kappa` of the convenience yield, 1/yr, at least 0.01.
    yield_volatility
        :math:`\eta` of the convenience yield, 1/yr a root year, at least 0.
    correlation
        :math:`\rho` of the two, between -1 and 1.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else the next four.
    spot
        :math:`P_0`, currency per unit, above 0.
    convenience_yield
        :math:`\delta_0`, today's, 1/yr, net of storage.
    long_run_yield
        :math:`\alpha`, what the yield reverts to under the physical measure, 1/yr.
    interest_rate
        :math:`r`, continuously compounded, 1/yr.
    yield_risk_premium
        :math:`\lambda`, the price of the yield's risk, 1/yr a year: physical less pricing drift.
    spot_risk_premium
        :math:`\mu - r`, of the spot with its yield, 1/yr.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: R. Gibson and E. S. Schwartz, "Stochastic convenience yield and the pricing of oil
    contingent claims", Journal of Finance 45, 1990; the forward of P. Bjerksund, 1991, as printed
    in E. S. Schwartz, "The stochastic behavior of commodity prices", Journal of Finance 52, 1997;
    the equivalence of Schwartz and Smith, Management Science 46, 2000.

    Examples
    --------
    >>> model = GibsonSchwartz(
    ...     name="oil",
    ...     volatility=0.3,
    ...     yield_mean_reversion=1.0,
    ...     yield_volatility=0.0,
    ...     correlation=0.0,
    ...     spot=20.0,
    ...     convenience_yield=0.05,
    ...     long_run_yield=0.05,
    ...     interest_rate=0.05,
    ... )
    >>> model.forward([0.0, 10.0]).round(12)  # a yield of r that does not move
    array([20., 20.])
    """

    factor_names: ClassVar[tuple[str, ...]] = ("short-term", "long-term")

    name: str
    volatility: float
    yield_mean_reversion: float
    yield_volatility: float
    correlation: float
    forward_curve: ForwardCurve | None = None
    spot: float | None = None
    convenience_yield: float | None = None
    long_run_yield: float | None = None
    interest_rate: float | None = None
    yield_risk_premium: float = 0.0
    spot_risk_premium: float = 0.0

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.non_negative("volatility", self.volatility)
        fading("yield_mean_reversion", self.yield_mean_reversion)
        checks.non_negative("yield_volatility", self.yield_volatility)
        checks.between("correlation", self.correlation, -1.0, 1.0)
        checks.finite("yield_risk_premium", self.yield_risk_premium)
        checks.finite("spot_risk_premium", self.spot_risk_premium)
        start = curve_or(self.forward_curve, self._start())
        if start:
            checks.positive("spot", start["spot"])

    def _start(self) -> dict[str, float | None]:
        return {
            "spot": self.spot,
            "convenience_yield": self.convenience_yield,
            "long_run_yield": self.long_run_yield,
            "interest_rate": self.interest_rate,
        }

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), currency per unit."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        start = curve_or(None, self._start())
        kappa = self.yield_mean_reversion
        short, long_run = start["convenience_yield"], start["long_run_yield"]
        # The mean of the log price, then half its variance: the printed formula is their sum.
        decay = integrated_decay(kappa, at)
        target = long_run - self.yield_risk_premium / kappa
        paid = target * at + (short - target) * decay
        growth = (start["interest_rate"] - 0.5 * self.volatility**2) * at
        return start["spot"] * portable.exp(growth - paid + 0.5 * self.log_variance(at))

    def law(self) -> GaussianLaw:
        """Return the two factors that move the log price: the one that fades, then the lasting."""
        short = self.yield_volatility / self.yield_mean_reversion
        covariance = self.correlation * self.volatility
        squared = self.volatility**2 + short * short - 2.0 * covariance * short
        long = math.sqrt(max(squared, 0.0))
        # Rounding must not carry the quotient out of its range.
        between = min(max((covariance - short) / long, -1.0), 1.0) if long > 0.0 else 0.0
        premium = self.yield_risk_premium / self.yield_mean_reversion
        return one_price_law(
            self,
            mean_reversion=(self.yield_mean_reversion, 0.0),
            volatility=(short, long),
            risk_premium=(premium, self.spot_risk_premium - premium),
            correlation=between,
        )
