r"""Shocks on top of any model of one price."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.engine.shocks import ShockTransform
from montecarlo.grid import TimeGrid
from montecarlo.models.constant import Constant
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel
from montecarlo.models.protocol import Measure, RiskFactor
from montecarlo.models.transformed import TransformedModel
from montecarlo.models.transforms import Transform
from montecarlo.shock import Shock
from montecarlo.streams import stream_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Shocked(TransformedModel):
    r"""A model of one price, multiplied by shocks that do not depend on it.

    .. math:: P_t = \bar P_t\,\prod_s M^{(s)}_t

    with :math:`\bar P` the price without shocks and :math:`M` as in :mod:`montecarlo.shock`. A
    shock is a what-if on top of the curve: the mean price rises with it, to
    :math:`F(0, t)\,\prod_s E\,M^{(s)}_t`, which :meth:`forward` returns. A curve that knows of the
    shock already is kept by ``is_compensated``: prices are then divided by
    :math:`\prod_s E\,M^{(s)}_t`, lower while no shock is on and higher while one is.

    Shocks are the same under both measures, and in both paths of an antithetic pair. Shocks of one
    name are one event, whatever prices they hit in :class:`~montecarlo.models.joint.Joint`.

    Parameters
    ----------
    model
        Of the price without shocks.
    shocks
        One or more, of different names.
    is_compensated
        Whether the mean price stays the forward curve.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> from montecarlo import GBM
    >>> stop = Shock(name="licence stop", multiplier=2.5, start=1.5, duration=0.75)
    >>> ndpr = GBM(name="ndpr", volatility=0.3, spot=60.0, drift=0.0)
    >>> Shocked(model=ndpr, shocks=(stop,)).forward([1.0, 2.0, 3.0])
    array([ 60., 150.,  60.])
    """

    model: LognormalModel | Constant | TransformedModel
    shocks: tuple[Shock, ...]
    is_compensated: bool = False
    name: str = field(init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.model, LognormalModel | Constant | TransformedModel):
            msg = f"model must be a model of one price, got {self.model!r}"
            raise ValueError(msg)
        object.__setattr__(self, "name", self.model.name)
        object.__setattr__(self, "shocks", tuple(self.shocks))
        for i, shock in enumerate(self.shocks):
            if not isinstance(shock, Shock):
                msg = f"shocks[{i}] must be a Shock, got {shock!r}"
                raise ValueError(msg)
        if not self.shocks:
            msg = "shocks must have at least one entry, got none"
            raise ValueError(msg)
        checks.unique_names("names of shocks", [shock.name for shock in self.shocks])

    @property
    def is_mean_exact(self) -> bool:
        """Whether the mean of the price without shocks is."""
        return not isinstance(self.model, TransformedModel) or self.model.is_mean_exact

    def mean_multiplier(self, times: npt.ArrayLike, power: float = 1.0) -> FloatArray:
        """Return the mean of a power of the product of all shocks, before any compensation."""
        at = checks.query_times("times", times)
        total = np.ones(at.shape)
        for shock in self.shocks:
            total = total * shock.mean_multiplier(at, power)
        return total

    def _scale(self, at: FloatArray) -> FloatArray:
        return 1.0 / self.mean_multiplier(at) if self.is_compensated else np.ones(at.shape)

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the mean price under the pricing measure, shocks included."""
        return self.expected_spot(times)

    def expected_spot(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean price at ``times`` under a measure, currency per unit."""
        at = checks.query_times("times", times)
        mean = self.model.expected_spot(at, measure)
        return mean if self.is_compensated else mean * self.mean_multiplier(at)

    def log_mean(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean of the log price at ``times`` under a measure."""
        at = checks.query_times("times", times)
        total = portable.log(self._scale(at))
        for shock in self.shocks:
            total = total + shock.log_mean(at)
        if isinstance(self.model, TransformedModel):
            return total + self.model.log_mean(at, measure)
        level = portable.log(self.model.expected_spot(at, measure))
        return total + level - 0.5 * self.model.log_variance(at)

    def log_autocovariance(
        self,
        first_times: npt.ArrayLike,
        second_times: npt.ArrayLike,
        measure: Measure = "pricing",
    ) -> FloatArray:
        """Return the covariance of the log prices at two times (broadcast)."""
        if isinstance(self.model, TransformedModel):
            total = self.model.log_autocovariance(first_times, second_times, measure)
        else:
            total = self.model.log_autocovariance(first_times, second_times)
        for shock in self.shocks:
            total = total + shock.log_autocovariance(first_times, second_times)
        return total

    def variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        r"""Return the variance of the price at ``times``.

        .. math:: E\,\bar P^2\,E\,M^2 - (E\,\bar P\,E\,M)^2
        """
        at = checks.query_times("times", times)
        mean, spread = self.model.expected_spot(at, measure), self.model.variance(at, measure)
        once, twice = self.mean_multiplier(at), self.mean_multiplier(at, 2.0)
        return (spread * twice + mean * mean * (twice - once * once)) * self._scale(at) ** 2

    def risk_premia(self) -> tuple[RiskFactor, ...]:
        """Return the risk factors of the price without shocks: these carry no premium."""
        return self.model.risk_premia()

    def law(self) -> GaussianLaw:
        """Return the Gaussian rows of the price without shocks."""
        return self.model.law()

    def transforms(
        self, grid: TimeGrid, *, seed: int, measure: Measure, is_mirrored: bool
    ) -> tuple[Transform, ...]:
        """Return what makes the price without shocks, then the shocks."""
        made: list[Transform] = []
        if isinstance(self.model, TransformedModel):
            made += self.model.transforms(grid, seed=seed, measure=measure, is_mirrored=is_mirrored)
        scale = self._scale(grid.times)
        for i, shock in enumerate(self.shocks):
            made.append(
                ShockTransform(
                    shock=shock,
                    key=stream_key(seed, f"{shock.name} shock"),
                    times=grid.times,
                    scale=scale if i == 0 else np.ones(scale.size),
                    is_mirrored=is_mirrored,
                )
            )
        return tuple(made)
