"""One estimated number: its value, how sure it is, and whether a market file may hold it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from montecarlo import checks
from montecarlo.calibrate.free_parameter import FreeParameter

Role: TypeAlias = Literal["model", "physical", "pricing", "observation", "derived"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatedParameter:
    r"""An estimate :math:`\hat\theta` with its standard error and 95% interval.

    Parameters
    ----------
    name
        Name of the parameter, as the model has it: ``mean_reversion``.
    value
        The estimate.
    unit
        ``1/yr``, ``1/sqrt(yr)``, a price unit, or empty.
    standard_error
        Of the estimate, by the method of the fit; NaN where it cannot be told.
    low, high
        Ends of the 95% interval; they need not be symmetric, and may be infinite.
    interval
        How the interval was found, in a word or two.
    role
        ``model`` if the simulated model always takes it; ``physical`` if it is the real-world
        drift, which a model around a forward curve has no use for; ``pricing`` if it is the
        pricing drift, for which the same holds; ``observation`` if it says how quotes are made
        from prices; ``derived`` if it follows from others and is only printed.
    meaning
        In words, for a table.

    Examples
    --------
    >>> EstimatedParameter(
    ...     name="volatility", value=0.33, unit="1/sqrt(yr)", standard_error=0.02,
    ...     low=0.295, high=0.375,
    ... ).text()
    'volatility 0.33 (standard error 0.02; 95%: 0.295 to 0.375) 1/sqrt(yr)'
    """

    name: str
    value: float
    unit: str
    standard_error: float
    low: float
    high: float
    interval: str = "normal"
    role: Role = "model"
    meaning: str = ""

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.finite(self.name, self.value)

    def text(self) -> str:
        """Return one line that says the number and how sure it is."""
        error = f"{self.standard_error:.2g}" if math.isfinite(self.standard_error) else "not known"
        span = f"{limit(self.low)} to {limit(self.high)}"
        if math.isnan(self.low) and math.isnan(self.high):
            span = "not known"
        tail = f" {self.unit}" if self.unit else ""
        return f"{self.name} {self.value:.4g} (standard error {error}; 95%: {span}){tail}"


def limit(value: float) -> str:
    """Return one end of an interval as text.

    >>> limit(float("inf"))
    'no upper limit'
    """
    if math.isnan(value):
        return "not known"
    if math.isinf(value):
        return "no upper limit" if value > 0.0 else "no lower limit"
    return f"{value:.3g}"


def limits_of(item: EstimatedParameter) -> FreeParameter:
    """Return the limits of a parameter, by its unit and name.

    Examples
    --------
    >>> volatility = EstimatedParameter(
    ...     name="volatility", value=0.3, unit="1/sqrt(yr)", standard_error=0.1, low=0.1, high=0.5
    ... )
    >>> limits_of(volatility).low
    0.0
    """
    name = item.name
    if "correlation" in name:
        return FreeParameter(name=name, low=-1.0, high=1.0)
    if "probability" in name or "share" in name:
        return FreeParameter(name=name, low=0.0, high=1.0)
    if item.unit == "1/sqrt(yr)" or any(word in name for word in _POSITIVE):
        return FreeParameter(name=name, low=0.0)
    return FreeParameter(name=name)


_POSITIVE = ("mean_reversion", "volatility", "intensity", "rate", "variance", "measurement_error")
