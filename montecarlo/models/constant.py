r"""A price deck: prices known for certain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.grid import TimeGrid
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.protocol import BlockSource, Measure, RiskFactor, as_measure
from montecarlo.sampling import INDEPENDENT, Sampling


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    r"""The forward curve on every path: :math:`P_t = F(0, t)`, under both measures.

    Parameters
    ----------
    name
        Name of the price.
    forward_curve
        The deck, currency per unit; zero and negative prices are taken.

    Raises
    ------
    ValueError
        When a field is of the wrong kind.

    Examples
    --------
    >>> deck = Constant(name="power", forward_curve=ForwardCurve.flat(-3.0))
    >>> deck.forward([0.5, 2.0])
    array([-3., -3.])
    """

    name: str
    forward_curve: ForwardCurve

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        if not isinstance(self.forward_curve, ForwardCurve):
            msg = f"forward_curve must be a ForwardCurve, got {self.forward_curve!r}"
            raise ValueError(msg)

    @property
    def names(self) -> tuple[str, ...]:
        """The one price it gives."""
        return (self.name,)

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the price of each time, currency per unit."""
        return self.forward_curve(times)

    def expected_spot(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the price of each time, the same under both measures."""
        as_measure(measure)
        return self.forward_curve(times)

    def risk_premia(self) -> tuple[RiskFactor, ...]:
        """Return nothing: a price that is certain has no risk to be paid for."""
        return ()

    def log_variance(self, times: npt.ArrayLike) -> FloatArray:
        """Return zeros."""
        return np.zeros(checks.query_times("times", times).shape)

    def log_autocovariance(
        self, first_times: npt.ArrayLike, second_times: npt.ArrayLike
    ) -> FloatArray:
        """Return zeros."""
        first = checks.query_times("times", first_times)
        second = checks.query_times("times", second_times)
        return np.zeros(np.broadcast_shapes(first.shape, second.shape))

    def variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return zeros."""
        as_measure(measure)
        return self.log_variance(times)

    def law(self) -> GaussianLaw:
        """Return a law without factors."""
        return GaussianLaw(
            names=(self.name,),
            forwards=(self.forward_curve,),
            starts=np.array([0, 0], dtype=np.int64),
            mean_reversion=np.empty(0),
            volatility=np.empty(0),
            risk_premium=np.empty(0),
            correlation=np.empty((0, 0)),
        )

    def prepare(
        self,
        grid: TimeGrid,
        *,
        seed: int,
        measure: Measure = "pricing",
        sampling: Sampling = INDEPENDENT,
    ) -> BlockSource:
        """Return a source of blocks for one grid; the seed is checked and changes nothing."""
        return self.law().source(grid, seed=seed, measure=measure, sampling=sampling)
