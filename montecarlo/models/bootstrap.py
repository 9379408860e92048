r"""Historical bootstrap: the future is made of blocks of the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.engine.bootstrap import BlockLaw, BootstrapTransform
from montecarlo.grid import TimeGrid
from montecarlo.models.gaussian import ForwardFunction, GaussianLaw
from montecarlo.models.lognormal import curve_or
from montecarlo.models.protocol import Measure, RiskFactor, as_measure
from montecarlo.models.transformed import TransformedModel
from montecarlo.models.transforms import Transform
from montecarlo.streams import stream_key

MONTH = 1.0 / 12.0
"""The step of monthly prices, years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricalBootstrap(TransformedModel):
    r"""Log returns of the past, repeated in blocks, around the forward curve.

    .. math::

        P_t = F(0, t)\,\frac{e^{X_t}}{E\,e^{X_t}}, \qquad
        X_t = \sum_{i < k} r_{I_i} + w\,r_{I_k}, \qquad t = (k + w)\,\delta,

    with I the stationary bootstrap of Politis and Romano (:mod:`montecarlo.engine.bootstrap`):
    blocks begin anywhere in the past with equal chance and have geometric lengths. The mean of
    :math:`e^{X_t}` is worked out exactly, so the mean price under the pricing measure is the
    forward curve. A date within a step has the share :math:`w` of that step's return, so that
    prices run log-linearly from one step's end to the next: dates are best as far apart as the
    steps, or farther.

    No model of volatility, tails or dynamics is assumed within a block; in return nothing larger
    than the past's largest move can happen in a step, nothing is remembered across blocks
    (:math:`X` has no mean reversion beyond a block), and a history of some years has seen few
    crises. Antithetic pairs are independent paths and Sobol points are random ones: neither gains
    anything here, and their errors are as stated.

    In :class:`~montecarlo.models.joint.Joint` prices that name the same ``stream`` repeat the same
    steps of the past together, and so keep all the dependence they had; with any other price the
    correlation has to be 0.

    Parameters
    ----------
    name
        Name of the price.
    log_returns
        Of each step of the past, oldest first, at least two.
    step
        Length of a step, years: ``1 / 12`` for monthly prices.
    mean_block_length
        :math:`L`, in steps, at least 1, where every step is drawn on its own.
        :func:`montecarlo.block_length` chooses it.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else ``spot`` and ``drift``.
    spot, drift
        :math:`P_0`, above 0, and the drift of the mean under the pricing measure, 1/yr.
    risk_premium
        What the physical drift of the mean adds, 1/yr; or ``"history"`` for the drift that the
        past had: the physical mean is then :math:`F(0, 0)\,E\,e^{X_t}`.
    stream
        Name of the random numbers; that of the price if empty.
    labels
        Names of the steps, such as ``"2024-03"``; prices of one stream must have the same.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: D. N. Politis and J. P. Romano, "The stationary bootstrap", Journal of the American
    Statistical Association 89, 1994.

    Examples
    --------
    The price doubled once and halved once; on its own, each comes with chance one half.

    >>> model = HistoricalBootstrap(
    ...     name="ndpr", log_returns=np.log([2.0, 0.5]), step=1.0, mean_block_length=1.0,
    ...     spot=100.0, drift=0.0, risk_premium="history",
    ... )
    >>> model.forward([1.0]), model.expected_spot([1.0, 2.0], "physical").round(10)
    (array([100.]), array([125.  , 156.25]))
    """

    name: str
    log_returns: tuple[float, ...]
    step: float
    mean_block_length: float
    forward_curve: ForwardCurve | None = None
    spot: float | None = None
    drift: float | None = None
    risk_premium: float | Literal["history"] = 0.0
    stream: str = ""
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        past = checks.finite_array("log_returns", self.log_returns)
        if past.size < 2:
            msg = f"log_returns must have at least two entries, got {past.size}"
            raise ValueError(msg)
        object.__setattr__(self, "log_returns", tuple(past.tolist()))
        object.__setattr__(self, "labels", tuple(self.labels))
        checks.positive("step", self.step)
        length = checks.finite("mean_block_length", self.mean_block_length)
        if length < 1.0:
            msg = f"mean_block_length must be at least 1, got {self.mean_block_length!r}"
            raise ValueError(msg)
        if self.risk_premium != "history":
            checks.finite("risk_premium", self.risk_premium)
        if self.labels and len(self.labels) != past.size:
            msg = f"labels must be as many as log_returns ({past.size}), got {len(self.labels)}"
            raise ValueError(msg)
        start = curve_or(self.forward_curve, {"spot": self.spot, "drift": self.drift})
        if start:
            checks.positive("spot", start["spot"])

    @classmethod
    def from_monthly_prices(
        cls,
        history: Mapping[str, float],
        *,
        name: str,
        mean_block_length: float,
        forward_curve: ForwardCurve | None = None,
        spot: float | None = None,
        drift: float | None = None,
        risk_premium: float | Literal["history"] = 0.0,
        stream: str = "",
    ) -> HistoricalBootstrap:
        """Return the model of monthly prices, ``{"2024-01": 55.0, ...}``, each month once.

        Raises
        ------
        ValueError
            Naming a month that is missing, that comes twice or out of order, or has no price.

        Examples
        --------
        >>> model = HistoricalBootstrap.from_monthly_prices(
        ...     {"2023-12": 50.0, "2024-01": 55.0, "2024-03": 60.0}, name="ndpr",
        ...     mean_block_length=3.0, spot=60.0, drift=0.0,
        ... )
        Traceback (most recent call last):
        ValueError: history must have every month, 2024-02 after 2024-01, got 2024-03
        """
        months = list(history)
        prices = [checks.positive(f"history[{month}]", history[month]) for month in months]
        numbers = [_month_number(month) for month in months]
        for i in range(1, len(months)):
            following = numbers[i - 1] + 1
            if numbers[i] != following:
                expected = f"{following // 12:04d}-{following % 12 + 1:02d}"
                msg = (
                    f"history must have every month, {expected} after {months[i - 1]}, "
                    f"got {months[i]}"
                )
                raise ValueError(msg)
        if len(prices) < 3:
            msg = f"history must have at least three months, got {len(prices)}"
            raise ValueError(msg)
        return cls(
            name=name,
            log_returns=tuple(np.diff(portable.log(prices)).tolist()),
            step=MONTH,
            mean_block_length=mean_block_length,
            forward_curve=forward_curve,
            spot=spot,
            drift=drift,
            risk_premium=risk_premium,
            stream=stream,
            labels=tuple(months[1:]),
        )

    def block_law(self) -> BlockLaw:
        """Return how blocks of the past are put together."""
        return BlockLaw(
            log_returns=np.array(self.log_returns),
            step=self.step,
            restart=1.0 / self.mean_block_length,
        )

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), currency per unit."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        start = curve_or(None, {"spot": self.spot, "drift": self.drift})
        return start["spot"] * portable.exp(start["drift"] * at)

    def expected_spot(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean price at ``times`` under a measure, currency per unit."""
        at = checks.query_times("times", times)
        if as_measure(measure) == "pricing":
            return self.forward(at)
        if self.risk_premium == "history":
            return self.forward(0.0) * portable.exp(self.block_law().log_mean_exponential(at))
        return self.forward(at) * portable.exp(self.risk_premium * at)

    def log_mean(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean of the log price at ``times`` under a measure."""
        at = checks.query_times("times", times)
        steps = at / self.step
        level = portable.log(self.expected_spot(at, measure))
        mean = float(np.mean(self.log_returns))
        return level + mean * steps - self.block_law().log_mean_exponential(at)

    def log_autocovariance(
        self,
        first_times: npt.ArrayLike,
        second_times: npt.ArrayLike,
        measure: Measure = "pricing",
    ) -> FloatArray:
        """Return the covariance of the log prices at two times (broadcast)."""
        as_measure(measure)
        first, second = np.broadcast_arrays(
            checks.query_times("times", first_times), checks.query_times("times", second_times)
        )
        return self.block_law().log_covariance(first, second)

    def variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the variance of the price at ``times``."""
        at = checks.query_times("times", times)
        law = self.block_law()
        mean = self.expected_spot(at, measure)
        excess = law.log_mean_exponential(at, 2.0) - 2.0 * law.log_mean_exponential(at)
        return mean * mean * portable.expm1(excess)

    def risk_premia(self) -> tuple[RiskFactor, ...]:
        """Return the past's returns, with what they or the premium add over the first step."""
        premium = self.risk_premium
        if premium == "history":
            ratio = self.expected_spot(self.step, "physical") / self.forward(self.step)
            premium = float(portable.log(ratio)) / self.step
        spread = float(np.std(self.log_returns)) / self.step**0.5
        return (RiskFactor("history", 0.0, spread, premium),)

    def law(self) -> GaussianLaw:
        """Return a row without shocks: what is random comes from the past."""
        return GaussianLaw(
            names=(self.name,),
            forwards=(cast("ForwardFunction", self.forward),),
            starts=np.array([0, 0], dtype=np.int64),
            mean_reversion=np.empty(0),
            volatility=np.empty(0),
            risk_premium=np.empty(0),
            correlation=np.empty((0, 0)),
        )

    def transforms(
        self, grid: TimeGrid, *, seed: int, measure: Measure, is_mirrored: bool
    ) -> tuple[Transform, ...]:
        """Return what puts the blocks together; paths of a pair are independent."""
        law = self.block_law()
        log_scale = law.log_mean_exponential(grid.times)
        return (
            BootstrapTransform(
                law=law,
                key=stream_key(seed, f"{self.stream or self.name} history"),
                times=grid.times,
                scale=self.expected_spot(grid.times, measure) * portable.exp(-log_scale),
            ),
        )


def check_together(members: Sequence[object], correlation: FloatArray) -> None:
    """Refuse what prices from a history cannot have in a joint model.

    Raises
    ------
    ValueError
        When one is to be correlated with another price, or two of one stream have different
        pasts.
    """
    found = [(i, _history_of(member)) for i, member in enumerate(members)]
    streams: dict[str, HistoricalBootstrap] = {}
    names = [getattr(member, "name", "") for member in members]
    for i, model in found:
        if model is None:
            continue
        for j, value in enumerate(correlation[i]):
            if j != i and value != 0.0:
                msg = (
                    f"correlation of the pair ({names[min(i, j)]}, {names[max(i, j)]}) must be 0, "
                    f"since {model.name} repeats its history: prices of one stream move together; "
                    f"got {float(value)!r}"
                )
                raise ValueError(msg)
        stream = model.stream or model.name
        first = streams.setdefault(stream, model)
        for field in ("labels", "step", "mean_block_length"):
            mine, other = getattr(model, field), getattr(first, field)
            if mine != other or len(model.log_returns) != len(first.log_returns):
                msg = (
                    f"{field} of {model.name} must be that of {first.name}, of the same stream "
                    f"{stream!r}: {_shown(other)}, got {_shown(mine)}"
                )
                raise ValueError(msg)


def _history_of(member: object) -> HistoricalBootstrap | None:
    while not isinstance(member, HistoricalBootstrap):
        if not hasattr(member, "model"):
            return None
        member = member.model
    return member


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} steps from {value[0]} to {value[-1]}" if value else "none"
    return repr(value)


def _month_number(month: str) -> int:
    year, _, rest = month.partition("-")
    is_month = len(year) == 4 and len(rest) == 2 and year.isdigit() and rest.isdigit()
    if not is_month or not 1 <= int(rest) <= 12:
        msg = f"history must name months as in 2024-03, got {month!r}"
        raise ValueError(msg)
    return 12 * int(year) + int(rest) - 1
