"""A state of the market, and what it takes to get from one to another."""

from __future__ import annotations

from dataclasses import dataclass

from montecarlo import checks
from montecarlo.engine.intensity import Intensity, IntensityLike


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    r"""A state of the market: what the log price does while it lasts.

    Parameters
    ----------
    name
        Such as ``"export licences"``.
    volatility
        :math:`\sigma`, 1/sqrt(yr), at least 0.
    log_level
        :math:`\theta`, where the log price is pulled to, relative to the curve; only where the
        price reverts to a mean. 0.7 is twice the level of a regime at 0.
    drift
        :math:`\mu`, growth of the mean price relative to the curve, 1/yr; only where it does not.
    risk_premium
        What the physical drift of the log price adds, 1/yr.

    Examples
    --------
    >>> Regime(name="embargo", volatility=-0.5)
    Traceback (most recent call last):
    ValueError: volatility must be at least 0, got -0.5
    """

    name: str
    volatility: float
    log_level: float = 0.0
    drift: float = 0.0
    risk_premium: float = 0.0

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.non_negative("volatility", self.volatility)
        checks.finite("log_level", self.log_level)
        checks.finite("drift", self.drift)
        checks.finite("risk_premium", self.risk_premium)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    r"""How often the market goes from one regime to another, and how far the price then jumps.

    Parameters
    ----------
    leaving, entering
        Names of two regimes.
    intensity
        :math:`\lambda`, times a year while in the regime that is left, or an
        :class:`~montecarlo.engine.intensity.Intensity` that changes on stated dates.
    jump_mean, jump_volatility
        Of the normal jump of the log price at that moment.
    physical_intensity, physical_jump_mean
        Under the physical measure; by default as under the pricing measure.

    Examples
    --------
    >>> Transition(leaving="open", entering="open", intensity=0.2)
    Traceback (most recent call last):
    ValueError: entering must be another regime than leaving, got 'open'
    """

    leaving: str
    entering: str
    intensity: IntensityLike
    jump_mean: float = 0.0
    jump_volatility: float = 0.0
    physical_intensity: IntensityLike | None = None
    physical_jump_mean: float | None = None

    def __post_init__(self) -> None:
        checks.name("leaving", self.leaving)
        checks.name("entering", self.entering)
        if self.leaving == self.entering:
            msg = f"entering must be another regime than leaving, got {self.entering!r}"
            raise ValueError(msg)
        Intensity.of(self.intensity, "intensity")
        checks.finite("jump_mean", self.jump_mean)
        checks.non_negative("jump_volatility", self.jump_volatility)
        if self.physical_intensity is not None:
            Intensity.of(self.physical_intensity, "physical_intensity")
        if self.physical_jump_mean is not None:
            checks.finite("physical_jump_mean", self.physical_jump_mean)

    def under(self, *, physical: bool) -> tuple[Intensity, float]:
        """Return intensity and mean jump under the physical or the pricing measure."""
        intensity, mean = self.intensity, self.jump_mean
        if physical and self.physical_intensity is not None:
            intensity = self.physical_intensity
        if physical and self.physical_jump_mean is not None:
            mean = self.physical_jump_mean
        return Intensity.of(intensity, "intensity"), mean
