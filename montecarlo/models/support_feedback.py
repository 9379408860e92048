r"""Feedback of support on the price: what the market makes of volumes sold under a floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.engine.support import LognormalUnderSupport, SupportTransform, log_covariance
from montecarlo.grid import TimeGrid
from montecarlo.models.constant import Constant
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel
from montecarlo.models.protocol import Measure, RiskFactor, as_measure
from montecarlo.models.transformed import TransformedModel
from montecarlo.models.transforms import Transform

Scheduled: TypeAlias = ForwardCurve | float
"""A number, or one for each time."""

N_SIMULATED = 32_768
SEED = 20_250_709


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportFeedback(TransformedModel):
    r"""A model of one price, drawn towards the floor under part of the supply while below it.

    .. math::

        \ln P'_t = \ln P_t + \varphi_t \max(\ln K_t - \ln P_t,\ 0), \qquad
        \varphi_t = \frac{\varepsilon s_t}{1 + \varepsilon s_t},

    with :math:`P` the price without support, :math:`K` the floor, :math:`s` the share of the
    market's supply that is sold under it, and :math:`\varepsilon` the response.

    **Where it comes from.** Producers under a floor need not sell below it. Let them hold back a
    share :math:`a \ln(K/P')` of their volume while the market pays :math:`P' < K` (a is their
    elasticity of supply below the floor), so that the market's supply falls by
    :math:`s\,a\ln(K/P')`. If demand falls by :math:`\eta` percent when the price rises by one, the
    price that clears the market is
    :math:`\ln P' = \ln P + (s\,a/\eta)\ln(K/P')`: that is the formula, with
    :math:`\varepsilon = a/\eta`. Where a floor also moves what others expect or ask, the response
    stands for that as well.

    **Limits.** Without share or response nothing happens; more of either draws the price nearer to
    the floor; support alone never lifts it above the floor, and a price above stays. It is a
    one-price answer within the period: nothing is stored and sold later, and mines that stay open
    because of the floor and add supply are not in it; both push the other way, and belong in the
    forward curve.

    **The curve.** ``model`` is the price without support. Its forward curve should not contain the
    answer of the market already, or it is counted twice; the mean price, which :meth:`forward`
    returns, lies above it. For a lognormal or constant ``model`` all moments are closed forms. For
    others they are those of 32,768 simulated paths with a fixed seed
    (:attr:`is_mean_exact` is then false, and nothing is corrected by them).

    Parameters
    ----------
    model
        Of the price without support.
    strike
        :math:`K`, above 0, currency per unit; a number, or a curve over time.
    floored_share
        :math:`s`, between 0 and 1, of the supply that makes this price; a number, or a curve.
    response
        :math:`\varepsilon`, at least 0: elasticity of the floored supply over that of demand.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    A tenth of supply with a response of 10/9 makes a pass-through of a tenth: a price of 55 under
    a floor of 110 rises by a factor of 2 to the power 0.1.

    >>> from montecarlo import Constant
    >>> deck = Constant(name="ndpr", forward_curve=ForwardCurve.flat(55.0))
    >>> supported = SupportFeedback(
    ...     model=deck, strike=110.0, floored_share=0.1, response=10 / 9
    ... )
    >>> supported.forward([1.0]).round(3), round(55.0 * 2.0**0.1, 3)
    (array([58.948]), 58.948)
    """

    model: LognormalModel | Constant | TransformedModel
    strike: Scheduled
    floored_share: Scheduled
    response: float
    name: str = field(init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.model, LognormalModel | Constant | TransformedModel):
            msg = f"model must be a model of one price, got {self.model!r}"
            raise ValueError(msg)
        object.__setattr__(self, "name", self.model.name)
        for value in _values("strike", self.strike):
            checks.positive("strike", value)
        for value in _values("floored_share", self.floored_share):
            checks.between("floored_share", value, 0.0, 1.0)
        checks.non_negative("response", self.response)
        if isinstance(self.model, Constant):
            for value in self.model.forward_curve.values.tolist():
                checks.positive("forward_curve of model", value)

    @property
    def is_mean_exact(self) -> bool:
        """Whether :meth:`expected_spot` is a closed form."""
        return not isinstance(self.model, TransformedModel)

    def pass_through(self, times: npt.ArrayLike) -> FloatArray:
        """Return how far a lower price is drawn to the floor: 0 not at all, 1 all the way."""
        at = checks.query_times("times", times)
        pull = self.response * _at(self.floored_share, at)
        return pull / (1.0 + pull)

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the mean price under the pricing measure, the market's answer included."""
        return self.expected_spot(times)

    def expected_spot(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean price at ``times`` under a measure, currency per unit."""
        at = checks.query_times("times", times)
        if not self.is_mean_exact:
            return self._simulated(at, measure, lambda prices: prices.mean(axis=1))
        return self._under_support(at, measure).power_mean(1.0)

    def log_mean(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean of the log price at ``times`` under a measure."""
        at = checks.query_times("times", times)
        if not self.is_mean_exact:
            return self._simulated(at, measure, lambda prices: portable.log(prices).mean(axis=1))
        return self._under_support(at, measure).mean_log()

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
        if not self.is_mean_exact:
            return self._simulated_covariance(first, second, measure)
        one = self._under_support(first, measure)
        other = self._under_support(second, measure)
        together = one.spread * other.spread
        shared = np.zeros(first.shape)
        if isinstance(self.model, LognormalModel):
            shared = self.model.log_autocovariance(first, second)
        safe = np.where(together > 0.0, together, 1.0)
        return log_covariance(one, other, np.where(together > 0.0, shared / safe, 0.0))

    def variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the variance of the price at ``times``."""
        at = checks.query_times("times", times)
        if not self.is_mean_exact:
            return self._simulated(at, measure, lambda prices: prices.var(axis=1))
        law = self._under_support(at, measure)
        spread = law.power_mean(2.0) - law.power_mean(1.0) ** 2
        return np.where(law.spread > 0.0, spread, 0.0)

    def risk_premia(self) -> tuple[RiskFactor, ...]:
        """Return the risk factors of the price without support."""
        return self.model.risk_premia()

    def law(self) -> GaussianLaw:
        """Return the Gaussian rows of the price without support."""
        return self.model.law()

    def transforms(
        self, grid: TimeGrid, *, seed: int, measure: Measure, is_mirrored: bool
    ) -> tuple[Transform, ...]:
        """Return what makes the price without support, then the market's answer."""
        before: tuple[Transform, ...] = ()
        if isinstance(self.model, TransformedModel):
            before = self.model.transforms(
                grid, seed=seed, measure=measure, is_mirrored=is_mirrored
            )
        answer = SupportTransform(
            strike=_at(self.strike, grid.times), pass_through=self.pass_through(grid.times)
        )
        return (*before, answer)

    def _under_support(self, at: FloatArray, measure: Measure) -> LognormalUnderSupport:
        variance = np.zeros(at.shape)
        if isinstance(self.model, LognormalModel):
            variance = self.model.log_variance(at)
        mean = self.model.expected_spot(at, as_measure(measure))
        return LognormalUnderSupport(
            log_mean=portable.log(mean) - 0.5 * variance,
            spread=np.sqrt(variance),
            log_strike=portable.log(_at(self.strike, at)),
            pass_through=self.pass_through(at),
        )

    def _paths(self, times: FloatArray, measure: Measure) -> FloatArray:
        from montecarlo.simulation import simulate_paths

        grid = TimeGrid.from_times(times)
        drawn = simulate_paths(self, grid, n_paths=N_SIMULATED, seed=SEED, measure=measure)
        return drawn[self.name]

    def _simulated(
        self, at: FloatArray, measure: Measure, statistic: Callable[[FloatArray], FloatArray]
    ) -> FloatArray:
        times, where = np.unique(at, return_inverse=True)
        return statistic(self._paths(times, measure))[where].reshape(at.shape)

    def _simulated_covariance(
        self, first: FloatArray, second: FloatArray, measure: Measure
    ) -> FloatArray:
        times = np.unique(np.concatenate([first.ravel(), second.ravel()]))
        logs = portable.log(self._paths(times, measure))
        logs = logs - logs.mean(axis=1, keepdims=True)
        i, j = np.searchsorted(times, first), np.searchsorted(times, second)
        pairs = zip(i.ravel().tolist(), j.ravel().tolist(), strict=True)
        found = np.array([float(np.mean(logs[a] * logs[b])) for a, b in pairs])
        return found.reshape(first.shape)


def _values(field: str, value: Scheduled) -> list[float]:
    if isinstance(value, ForwardCurve):
        return [float(number) for number in value.values]
    return [checks.finite(field, value)]


def _at(value: Scheduled, at: FloatArray) -> FloatArray:
    return value(at) if isinstance(value, ForwardCurve) else np.full(at.shape, float(value))
