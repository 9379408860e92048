r"""A consumer price index whose rate of inflation is random and reverts to a mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.decay import integrated_decay
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel, curve_or, fading, one_price_law


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflation(LognormalModel):
    r"""Index that grows at a mean-reverting rate of inflation; the index itself never jumps.

    .. math::

        dI = \pi I\,dt, \qquad d\pi = \kappa(\theta - \pi)\,dt + \sigma\,dW

    under the pricing measure, so that with :math:`B(t) = (1 - e^{-\kappa t})/\kappa`

    .. math::

        \ln I_t = \ln I_0 + \theta t + (\pi_0 - \theta)B(t) + \frac\sigma\kappa\big(W_t - x_t\big),
        \qquad dx = -\kappa x\,dt + dW,

    two factors of one Brownian motion, and

    .. math::

        V(t) = \frac{\sigma^2}{\kappa^2}\Big(t - 2B(t) + \frac{1 - e^{-2\kappa t}}{2\kappa}\Big),
        \qquad F(0, t) = I_0\exp\!\big(\theta t + (\pi_0 - \theta)B(t) + \tfrac12 V(t)\big).

    With a forward curve the index has that mean instead. Under the physical measure inflation
    drifts by :math:`\lambda` a year more and the mean is
    :math:`F(0, t)\exp(\lambda(t - B(t))/\kappa)`.

    As the index moves smoothly, correlation with other prices
    (:class:`~montecarlo.models.joint.Joint`) is that of the shocks to the rate of inflation.

    Parameters
    ----------
    name
        Name of the index.
    mean_reversion
        :math:`\kappa` of the rate of inflation, 1/yr, at least 0.01.
    volatility
        :math:`\sigma` of the rate of inflation, 1/yr a root year, at least 0.
    forward_curve
        :math:`F(0, t)`, index points; or else the next three.
    level
        :math:`I_0`, index points, above 0.
    inflation
        :math:`\pi_0`, today's, continuously compounded, 1/yr.
    long_run_inflation
        :math:`\theta`, continuously compounded, 1/yr.
    risk_premium
        :math:`\lambda`, what the physical drift of inflation adds, 1/yr a year.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> cpi = Inflation(
    ...     name="us-cpi",
    ...     mean_reversion=0.4,
    ...     volatility=0.0,
    ...     level=322.6,
    ...     inflation=0.025,
    ...     long_run_inflation=0.025,
    ... )
    >>> cpi.forward([0.0, 1.0]).round(4)  # 322.6 and 322.6 * exp(0.025)
    array([322.6   , 330.7667])
    """

    factor_names: ClassVar[tuple[str, ...]] = ("lasting inflation", "fading inflation")

    name: str
    mean_reversion: float
    volatility: float
    forward_curve: ForwardCurve | None = None
    level: float | None = None
    inflation: float | None = None
    long_run_inflation: float | None = None
    risk_premium: float = 0.0

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        fading("mean_reversion", self.mean_reversion)
        checks.non_negative("volatility", self.volatility)
        checks.finite("risk_premium", self.risk_premium)
        start = curve_or(self.forward_curve, self._start())
        if start:
            checks.positive("level", start["level"])

    def _start(self) -> dict[str, float | None]:
        return {
            "level": self.level,
            "inflation": self.inflation,
            "long_run_inflation": self.long_run_inflation,
        }

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the mean of the index under the pricing measure, index points."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        start = curve_or(None, self._start())
        gap = start["inflation"] - start["long_run_inflation"]
        mean = start["long_run_inflation"] * at + gap * integrated_decay(self.mean_reversion, at)
        return start["level"] * portable.exp(mean + 0.5 * self.log_variance(at))

    def law(self) -> GaussianLaw:
        """Return the two factors of the log index: the Brownian motion, less what has faded."""
        kappa = self.mean_reversion
        scale, premium = self.volatility / kappa, self.risk_premium / kappa
        return one_price_law(
            self,
            mean_reversion=(0.0, kappa),
            volatility=(scale, scale),
            risk_premium=(premium, -premium),
            correlation=np.array([[1.0, -1.0], [-1.0, 1.0]]),
        )
