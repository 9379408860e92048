r"""Merton's jump-diffusion: shocks and jumps that never fade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.engine.intensity import IntensityLike
from montecarlo.models.jumping import JumpModel
from montecarlo.models.lognormal import curve_or


@dataclass(frozen=True, slots=True, kw_only=True)
class Merton(JumpModel):
    r"""Geometric Brownian motion with lognormal jumps around a forward curve (Merton 1976).

    .. math::

        P_t = F(0, t)\exp\!\Big(\sigma W_t - \tfrac12\sigma^2 t
        + \sum_{k=1}^{N_t} Y_k - \Lambda(t)\,(e^{m + s^2/2} - 1)\Big), \qquad
        Y_k \sim N(m, s^2),

    with N a Poisson process whose expected number of jumps by t is :math:`\Lambda(t)`, and
    :math:`F(0, t) = P_0 e^{\mu t}` if no curve is given. The mean under the pricing measure is
    the forward curve.

    Parameters
    ----------
    name
        Name of the price.
    volatility
        :math:`\sigma` of the diffusion, 1/sqrt(yr), at least 0.
    jump_intensity
        Jumps a year, or an :class:`~montecarlo.engine.intensity.Intensity` that changes on
        stated dates.
    jump_mean, jump_volatility
        :math:`m` and :math:`s`, of one jump of the log price.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else ``spot`` and ``drift``.
    spot
        :math:`P_0`, currency per unit, above 0.
    drift
        :math:`\mu`, the drift of the mean under the pricing measure, 1/yr.
    risk_premium
        What the physical drift of the diffusion adds, 1/yr.
    physical_jump_intensity, physical_jump_mean
        Under the physical measure; by default as under the pricing measure.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: R. C. Merton, "Option pricing when underlying stock returns are discontinuous",
    Journal of Financial Economics 3, 1976.

    Examples
    --------
    >>> model = Merton(
    ...     name="cobalt", volatility=0.2, jump_intensity=0.5, jump_mean=0.1,
    ...     jump_volatility=0.3, spot=30.0, drift=0.0,
    ... )
    >>> model.log_variance([1.0, 2.0]).round(6)
    array([0.09, 0.18])

    that is :math:`0.2^2 + 0.5\,(0.1^2 + 0.3^2)` a year.
    """

    name: str
    volatility: float
    jump_intensity: IntensityLike
    jump_mean: float
    jump_volatility: float
    forward_curve: ForwardCurve | None = None
    spot: float | None = None
    drift: float | None = None
    risk_premium: float = 0.0
    physical_jump_intensity: IntensityLike | None = None
    physical_jump_mean: float | None = None

    def __post_init__(self) -> None:
        self._check_jumps()
        start = curve_or(self.forward_curve, {"spot": self.spot, "drift": self.drift})
        if start:
            checks.positive("spot", start["spot"])

    @property
    def mean_reversion(self) -> float:
        """Zero: nothing fades."""
        return 0.0

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), currency per unit."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        start = curve_or(None, {"spot": self.spot, "drift": self.drift})
        return start["spot"] * portable.exp(start["drift"] * at)
