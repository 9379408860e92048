"""What models of a price that jumps share: a diffusion, compound Poisson jumps, closed forms."""

from __future__ import annotations

from abc import abstractmethod
from typing import cast

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.decay import integrated_decay
from montecarlo.engine.intensity import Intensity, IntensityLike
from montecarlo.engine.jumps import JumpLaw, JumpTransform
from montecarlo.grid import TimeGrid
from montecarlo.models.gaussian import ForwardFunction, GaussianLaw
from montecarlo.models.protocol import Measure, RiskFactor, as_measure
from montecarlo.models.transformed import TransformedModel
from montecarlo.models.transforms import Transform
from montecarlo.streams import stream_key


class JumpModel(TransformedModel):
    """Base of the models of one price whose log is a diffusion plus jumps that fade alike.

    A subclass is a frozen dataclass with these fields; it says its forward curve and calls
    :meth:`_check_jumps` when it is made.
    """

    __slots__ = ()

    volatility: float
    jump_intensity: IntensityLike
    jump_mean: float
    jump_volatility: float
    risk_premium: float
    physical_jump_intensity: IntensityLike | None
    physical_jump_mean: float | None

    @property
    @abstractmethod
    def mean_reversion(self) -> float:
        """Rate at which shocks and jumps fade, 1/yr."""

    def _check_jumps(self) -> None:
        checks.name("name", self.name)
        checks.non_negative("mean_reversion", self.mean_reversion)
        checks.non_negative("volatility", self.volatility)
        Intensity.of(self.jump_intensity, "jump_intensity")
        checks.finite("jump_mean", self.jump_mean)
        checks.non_negative("jump_volatility", self.jump_volatility)
        checks.finite("risk_premium", self.risk_premium)
        if self.physical_jump_intensity is not None:
            Intensity.of(self.physical_jump_intensity, "physical_jump_intensity")
        if self.physical_jump_mean is not None:
            checks.finite("physical_jump_mean", self.physical_jump_mean)

    def jumps(self, measure: Measure = "pricing") -> JumpLaw:
        """Return the law of the jumps under a measure."""
        intensity, mean = self.jump_intensity, self.jump_mean
        if as_measure(measure) == "physical":
            if self.physical_jump_intensity is not None:
                intensity = self.physical_jump_intensity
            if self.physical_jump_mean is not None:
                mean = self.physical_jump_mean
        return JumpLaw(
            intensity=Intensity.of(intensity, "jump_intensity"),
            mean=mean,
            volatility=self.jump_volatility,
            mean_reversion=self.mean_reversion,
        )

    def expected_spot(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean price at ``times`` under a measure, currency per unit."""
        at = checks.query_times("times", times)
        if as_measure(measure) == "pricing":
            return self.forward(at)
        premium = self._premium(at)
        premium = premium + self.jumps("physical").log_mean_exponential(at)
        return self.forward(at) * portable.exp(premium - self.jumps().log_mean_exponential(at))

    def log_mean(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean of the log price at ``times`` under a measure."""
        at = checks.query_times("times", times)
        mean = portable.log(self.forward(at)) - 0.5 * self._diffusion_variance(at, at)
        mean = mean - self.jumps().log_mean_exponential(at)
        if as_measure(measure) == "physical":
            mean = mean + self._premium(at)
        return mean + self.jumps(measure).log_mean(at)

    def log_autocovariance(
        self,
        first_times: npt.ArrayLike,
        second_times: npt.ArrayLike,
        measure: Measure = "pricing",
    ) -> FloatArray:
        """Return the covariance of the log prices at two times (broadcast)."""
        first, second = np.broadcast_arrays(
            checks.query_times("times", first_times), checks.query_times("times", second_times)
        )
        jumped = self.jumps(measure).log_autocovariance(first, second)
        return self._diffusion_variance(first, second) + jumped

    def variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        r"""Return the variance of the price, :math:`\bar P^2(e^{V + C_2 - 2C_1} - 1)`."""
        at = checks.query_times("times", times)
        jumps = self.jumps(measure)
        excess = jumps.log_mean_exponential(at, 2.0) - 2.0 * jumps.log_mean_exponential(at)
        mean = self.expected_spot(at, measure)
        return mean * mean * portable.expm1(self._diffusion_variance(at, at) + excess)

    def risk_premia(self) -> tuple[RiskFactor, ...]:
        r"""Return the diffusion and the jumps, with what each adds to the physical drift today.

        For the jumps that is :math:`\lambda'(e^{m' + s^2/2} - 1) - \lambda(e^{m + s^2/2} - 1)`,
        primes standing for the physical measure.
        """
        pricing, physical = self.jumps(), self.jumps("physical")
        rate = pricing.intensity.rates[0]
        spread = (rate * (pricing.mean**2 + pricing.volatility**2)) ** 0.5
        return (
            RiskFactor("diffusion", self.mean_reversion, self.volatility, self.risk_premium),
            RiskFactor("jumps", self.mean_reversion, spread, physical.drift() - pricing.drift()),
        )

    def law(self) -> GaussianLaw:
        """Return the diffusion, around the forward curve less what jumps add to the mean."""
        return GaussianLaw(
            names=(self.name,),
            forwards=(cast("ForwardFunction", self._without_jumps),),
            starts=np.array([0, 1], dtype=np.int64),
            mean_reversion=np.array([self.mean_reversion]),
            volatility=np.array([self.volatility]),
            risk_premium=np.array([self.risk_premium]),
            correlation=np.eye(1),
        )

    def transforms(
        self, grid: TimeGrid, *, seed: int, measure: Measure, is_mirrored: bool
    ) -> tuple[Transform, ...]:
        """Return what multiplies the diffusion by its jumps."""
        return (
            JumpTransform(
                law=self.jumps(measure),
                key=stream_key(seed, f"{self.name} jumps"),
                times=grid.times,
                is_mirrored=is_mirrored,
            ),
        )

    def _premium(self, at: FloatArray) -> FloatArray:
        return self.risk_premium * integrated_decay(self.mean_reversion, at)

    def _diffusion_variance(self, first: FloatArray, second: FloatArray) -> FloatArray:
        return self.law().log_covariance(0, 0, first, second)

    def _without_jumps(self, times: npt.ArrayLike) -> FloatArray:
        at = checks.query_times("times", times)
        return self.forward(at) * portable.exp(-self.jumps().log_mean_exponential(at))
