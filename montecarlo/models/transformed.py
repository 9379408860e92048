"""What every model of one price that is not lognormal shares: Gaussian rows, then transforms."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.grid import TimeGrid
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.protocol import BlockSource, Measure, RiskFactor
from montecarlo.models.transforms import Step, Transform, refuse_single, transformed
from montecarlo.sampling import INDEPENDENT, Sampling


class TransformedModel(ABC):
    """Base of the models of one price that Gaussian factors alone do not give.

    A subclass is a frozen dataclass with a ``name``. Its :meth:`law` has the row of that name
    first and hidden drivers after it, named ``"<name>: <driver>"``; its :meth:`transforms` turn
    these rows into prices, in place and in order. In :class:`~montecarlo.models.joint.Joint` the
    correlation of two prices is that of their Gaussian rows.
    """

    __slots__ = ()

    name: str

    @abstractmethod
    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), the mean under the pricing measure."""

    @abstractmethod
    def expected_spot(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean price at ``times`` under a measure, currency per unit."""

    @abstractmethod
    def log_mean(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean of the log price at ``times`` under a measure."""

    @abstractmethod
    def log_autocovariance(
        self,
        first_times: npt.ArrayLike,
        second_times: npt.ArrayLike,
        measure: Measure = "pricing",
    ) -> FloatArray:
        """Return the covariance of the log prices at two times (broadcast)."""

    @abstractmethod
    def variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the variance of the price at ``times``."""

    @abstractmethod
    def risk_premia(self) -> tuple[RiskFactor, ...]:
        """Return the risk factors, each with what the physical drift of the price adds for it."""

    @abstractmethod
    def law(self) -> GaussianLaw:
        """Return the Gaussian rows that the transforms start from."""

    @abstractmethod
    def transforms(
        self, grid: TimeGrid, *, seed: int, measure: Measure, is_mirrored: bool
    ) -> tuple[Transform, ...]:
        """Return what turns the rows into prices.

        Parameters
        ----------
        grid, seed, measure
            As for :meth:`prepare`.
        is_mirrored
            Whether paths come in antithetic pairs: both then have the same events.
        """

    @property
    def names(self) -> tuple[str, ...]:
        """The one price it gives."""
        return (self.name,)

    @property
    def is_mean_exact(self) -> bool:
        """Whether :meth:`expected_spot` is right to rounding; else nothing may rest on it."""
        return True

    def log_variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the variance of the log price at ``times`` under a measure."""
        return self.log_autocovariance(times, times, measure)

    def steps(
        self, grid: TimeGrid, *, seed: int, measure: Measure, sampling: Sampling
    ) -> tuple[Step, ...]:
        """Return the transforms, each with the rows of the law that it is given."""
        refuse_single(self.names, sampling)
        is_mirrored = sampling.method == "antithetic"
        found = self.transforms(grid, seed=seed, measure=measure, is_mirrored=is_mirrored)
        rows = self.law().names
        return tuple(Step(rows=rows, transform=transform) for transform in found)

    def prepare(
        self,
        grid: TimeGrid,
        *,
        seed: int,
        measure: Measure = "pricing",
        sampling: Sampling = INDEPENDENT,
    ) -> BlockSource:
        """Return a source of blocks for one grid, seed, measure and way of drawing."""
        steps = self.steps(grid, seed=seed, measure=measure, sampling=sampling)
        gaussian = self.law().source(grid, seed=seed, measure=measure, sampling=sampling)
        return transformed(gaussian, self.names, steps)
