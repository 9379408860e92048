"""A parameter that is searched for, on a scale without limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

FAR = 14.0
"""A parameter this far out on the scale without limits lies at its limit: 1e-6 of the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeParameter:
    """A parameter to be searched for, and the open interval in which it lies.

    Parameters
    ----------
    name
        Name of the parameter.
    low, high
        Limits, not included; infinite where there is none.
    scale
        What counts as a step of one; only for a parameter without limits.

    Examples
    --------
    >>> volatility = FreeParameter(name="volatility", low=0.0)
    >>> round(volatility.natural(volatility.unlimited(0.3)), 12)
    0.3
    """

    name: str
    low: float = -math.inf
    high: float = math.inf
    scale: float = 1.0

    def unlimited(self, value: float) -> float:
        """Return a value on the scale without limits."""
        if not self.low < value < self.high:
            span = f"between {self.low:g} and {self.high:g}"
            msg = f"start of {self.name} must be {span}, got {value!r}"
            raise ValueError(msg)
        if math.isfinite(self.low) and math.isfinite(self.high):
            return math.log((value - self.low) / (self.high - value))
        if math.isfinite(self.low):
            return math.log(value - self.low)
        if math.isfinite(self.high):
            return -math.log(self.high - value)
        return value / self.scale

    def natural(self, unlimited: float) -> float:
        """Return the value that stands at a place on the scale without limits."""
        if math.isnan(unlimited):
            return math.nan
        if math.isfinite(self.low) and math.isfinite(self.high):
            share = _share(unlimited)
            return self.low + (self.high - self.low) * share
        # Never quite a limit: nearer than a rounding it would be one.
        if math.isfinite(self.low):
            nearest = math.nextafter(self.low, math.inf)
            return max(self.low + math.exp(_within(unlimited)), nearest)
        if math.isfinite(self.high):
            nearest = math.nextafter(self.high, -math.inf)
            return min(self.high - math.exp(_within(-unlimited)), nearest)
        return unlimited * self.scale

    def slope(self, unlimited: float) -> float:
        """Return how fast the value moves with its place on the scale without limits."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            share = _share(unlimited)
            return (self.high - self.low) * share * (1.0 - share)
        if math.isfinite(self.low):
            return math.exp(_within(unlimited))
        if math.isfinite(self.high):
            return math.exp(_within(-unlimited))
        return self.scale

    def is_at_limit(self, unlimited: float) -> bool:
        """Return whether a place on the scale without limits is a limit to all purposes."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return abs(unlimited) > FAR
        if math.isfinite(self.low):
            return unlimited < -FAR
        return math.isfinite(self.high) and unlimited > FAR


def _share(place: float) -> float:
    # Never quite a limit, where a likelihood may divide by zero: 2e-12 of the way from it.
    return 0.5 * (1.0 + math.tanh(0.5 * max(-27.0, min(place, 27.0))))


def _within(place: float) -> float:
    # Beyond, the exponential is infinite, or so small that it counts as zero.
    return max(-700.0, min(place, 700.0))
