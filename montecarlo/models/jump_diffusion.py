r"""Mean-reverting jump-diffusion: a log price that is pulled back, and jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.decay import integrated_decay
from montecarlo.engine.intensity import IntensityLike
from montecarlo.models.jumping import JumpModel
from montecarlo.models.lognormal import curve_or


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpDiffusion(JumpModel):
    r"""Log price = forward + mean-reverting diffusion + jumps that fade at the same rate.

    .. math::

        \ln P_t = \ln F(0, t) - \tfrac12 V(t) - C(t) + x_t + J_t, \qquad
        dx = -\kappa x\,dt + \sigma\,dW, \qquad dJ = -\kappa J\,dt + Y\,dN,

    with N a Poisson process of intensity :math:`\lambda(t)`, :math:`Y \sim N(m, s^2)`, and the
    exact compensator, so that the mean under the pricing measure is the forward curve,

    .. math::

        V(t) = \sigma^2\frac{1 - e^{-2\kappa t}}{2\kappa}, \qquad
        C(t) = \int_0^t \lambda(u)\big(e^{m e^{-\kappa(t-u)} + s^2 e^{-2\kappa(t-u)}/2}
        - 1\big)\,du .

    Paths are exact on any dates: the diffusion by its Gaussian law, the jumps one by one at
    their own moments. Under the physical measure the diffusion drifts up by the risk premium,
    and jumps may come more or less often, or be larger or smaller; what they then add to the
    mean is the premium for jump risk.

    Parameters
    ----------
    name
        Name of the price.
    mean_reversion
        :math:`\kappa`, 1/yr, at least 0; 0 is Merton's model.
    volatility
        :math:`\sigma` of the diffusion, 1/sqrt(yr), at least 0.
    jump_intensity
        :math:`\lambda`, jumps a year, or an
        :class:`~montecarlo.engine.intensity.Intensity` that changes on stated dates.
    jump_mean, jump_volatility
        :math:`m` and :math:`s`, of one jump of the log price.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else ``spot`` and ``long_run_log_mean``, to which
        the diffusion without jumps is pulled under the pricing measure.
    risk_premium
        What the physical drift of the log price adds, 1/yr.
    physical_jump_intensity, physical_jump_mean
        Under the physical measure; by default as under the pricing measure.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: R. C. Merton, "Option pricing when underlying stock returns are discontinuous",
    Journal of Financial Economics 3, 1976; L. Clewlow and C. Strickland, "Energy Derivatives",
    2000, for the mean-reverting form (there the jumps' compensator is approximate).

    Examples
    --------
    >>> model = JumpDiffusion(
    ...     name="ndpr",
    ...     mean_reversion=0.5,
    ...     volatility=0.2,
    ...     jump_intensity=0.4,
    ...     jump_mean=0.3,
    ...     jump_volatility=0.1,
    ...     forward_curve=ForwardCurve.flat(60.0),
    ... )
    >>> model.log_variance([0.0, 2.0]).round(6)
    array([0.      , 0.069173])

    that is :math:`(0.2^2 + 0.4 (0.3^2 + 0.1^2))(1 - e^{-2})` at two years.
    """

    name: str
    mean_reversion: float
    volatility: float
    jump_intensity: IntensityLike
    jump_mean: float
    jump_volatility: float
    forward_curve: ForwardCurve | None = None
    spot: float | None = None
    long_run_log_mean: float | None = None
    risk_premium: float = 0.0
    physical_jump_intensity: IntensityLike | None = None
    physical_jump_mean: float | None = None

    def __post_init__(self) -> None:
        self._check_jumps()
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
        convexity = 0.5 * self._diffusion_variance(at, at)
        return start["spot"] * portable.exp(
            pull + convexity + self.jumps().log_mean_exponential(at)
        )
