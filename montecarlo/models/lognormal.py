r"""What every model of one lognormal price shares: closed forms from its Gaussian law."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, cast

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.grid import TimeGrid
from montecarlo.models.gaussian import ForwardFunction, GaussianLaw
from montecarlo.models.protocol import BlockSource, Measure, RiskFactor, as_measure
from montecarlo.sampling import INDEPENDENT, Sampling

SLOWEST = 0.01
"""The least mean reversion, a year, of a factor that another one cancels: half in 69 years."""


class LognormalModel(ABC):
    """Base of the models of one price whose logarithm is Gaussian.

    A subclass is a frozen dataclass with a ``name``; it says its forward curve, its factors and
    what they are called.
    """

    __slots__ = ()

    name: str
    factor_names: ClassVar[tuple[str, ...]] = ("log price",)

    @abstractmethod
    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), the mean under the pricing measure."""

    @abstractmethod
    def law(self) -> GaussianLaw:
        """Return the factors that move the log price."""

    @property
    def names(self) -> tuple[str, ...]:
        """The one price it gives."""
        return (self.name,)

    def risk_premia(self) -> tuple[RiskFactor, ...]:
        r"""Return the factors of the log price, each with its premium :math:`\lambda_i`.

        The physical mean is the pricing mean times
        :math:`\exp\sum_i \lambda_i(1 - e^{-\kappa_i t})/\kappa_i`.
        """
        law = self.law()
        columns = (law.mean_reversion, law.volatility, law.risk_premium)
        names = self.factor_names
        if len(names) != law.volatility.size:
            names = tuple(f"factor {i + 1}" for i in range(law.volatility.size))
        return tuple(
            RiskFactor(name, *(float(number) for number in row))
            for name, *row in zip(names, *columns, strict=True)
        )

    def prepare(
        self,
        grid: TimeGrid,
        *,
        seed: int,
        measure: Measure = "pricing",
        sampling: Sampling = INDEPENDENT,
    ) -> BlockSource:
        """Return a source of blocks for one grid, seed, measure and way of drawing."""
        return self.law().source(grid, seed=seed, measure=measure, sampling=sampling)

    def expected_spot(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean price at ``times`` under a measure, currency per unit."""
        at = checks.query_times("times", times)
        mean = self.forward(at)
        if as_measure(measure) == "physical":
            mean = mean * portable.exp(self.law().log_premium(0, at))
        return mean

    def log_variance(self, times: npt.ArrayLike) -> FloatArray:
        """Return the variance of the log price at ``times``, the same under both measures."""
        return self.law().log_covariance(0, 0, times, times)

    def log_autocovariance(
        self, first_times: npt.ArrayLike, second_times: npt.ArrayLike
    ) -> FloatArray:
        """Return the covariance of the log prices at two times (broadcast)."""
        return self.law().log_covariance(0, 0, first_times, second_times)

    def variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        r"""Return the variance of the price, :math:`\bar P^2(e^{V} - 1)`."""
        mean = self.expected_spot(times, measure)
        return mean * mean * portable.expm1(self.log_variance(times))


def one_price_law(
    model: LognormalModel,
    *,
    mean_reversion: tuple[float, ...],
    volatility: tuple[float, ...],
    risk_premium: tuple[float, ...],
    correlation: npt.ArrayLike = 0.0,
) -> GaussianLaw:
    """Return the law of one price; ``correlation`` is that of every two factors, or the matrix."""
    n_factors = len(volatility)
    matrix = np.array(correlation, dtype=np.float64)
    if matrix.ndim == 0:
        matrix = np.where(np.eye(n_factors, dtype=bool), 1.0, matrix)
    return GaussianLaw(
        names=(model.name,),
        forwards=(cast("ForwardFunction", model.forward),),
        starts=np.array([0, n_factors], dtype=np.int64),
        mean_reversion=np.array(mean_reversion),
        volatility=np.array(volatility),
        risk_premium=np.array(risk_premium),
        correlation=matrix,
    )


def fading(field: str, value: float) -> float:
    """Return a mean reversion large enough for its factor to be told from one that never fades.

    Two factors whose shocks cancel at first leave a variance of the order of the square of the
    mean reversion; below a hundredth a year too few digits of it would be left.

    Examples
    --------
    >>> fading("mean_reversion", 0.0)
    Traceback (most recent call last):
    ValueError: mean_reversion must be at least 0.01, got 0.0
    """
    number = checks.finite(field, value)
    if number < SLOWEST:
        msg = f"{field} must be at least {SLOWEST:g}, got {number!r}"
        raise ValueError(msg)
    return number


def curve_or(
    forward_curve: ForwardCurve | None, alternatives: dict[str, float | None]
) -> dict[str, float]:
    """Return the numbers that stand in for a forward curve; none when there is a curve.

    Raises
    ------
    ValueError
        When both are given, or neither is, or one of the numbers is missing.
    """
    names = " and ".join(alternatives)
    given = [field for field, value in alternatives.items() if value is not None]
    if forward_curve is not None:
        if given:
            msg = f"forward_curve must not be given together with {' and '.join(given)}"
            raise ValueError(msg)
        if not isinstance(forward_curve, ForwardCurve):
            msg = f"forward_curve must be a ForwardCurve, got {forward_curve!r}"
            raise ValueError(msg)
        low = np.flatnonzero(forward_curve.values <= 0.0)
        if low.size:
            value = float(forward_curve.values[low[0]])
            msg = f"forward_curve must be above 0 for a lognormal price, got {value!r}"
            raise ValueError(msg)
        return {}
    missing = [field for field, value in alternatives.items() if value is None]
    if missing:
        msg = f"either forward_curve or {names} must be given: {' and '.join(missing)} is missing"
        raise ValueError(msg)
    return {
        field: checks.finite(field, value)
        for field, value in alternatives.items()
        if value is not None
    }
