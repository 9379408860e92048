r"""Regime switching: a market in one of several states, each with its own level and volatility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.engine.regime_kernels import States
from montecarlo.engine.regimes import RegimeLaw, RegimeTransform
from montecarlo.grid import TimeGrid
from montecarlo.models.gaussian import ForwardFunction, GaussianLaw
from montecarlo.models.lognormal import curve_or
from montecarlo.models.protocol import Measure, RiskFactor, as_measure
from montecarlo.models.transformed import TransformedModel
from montecarlo.models.transforms import Transform
from montecarlo.regime import Regime, Transition
from montecarlo.streams import stream_key

InitialRegime = str | Mapping[str, float] | tuple[tuple[str, float], ...]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeSwitching(TransformedModel):
    r"""A price whose level, drift and volatility follow the state of the market.

    .. math::

        P_t = F(0, t)\,\frac{e^{y_t}}{E\,e^{y_t}}, \qquad
        dy = \begin{cases}
        \kappa(\theta_{S_t} - y)\,dt + \sigma_{S_t}\,dW & \kappa > 0\\
        (\mu_{S_t} - \tfrac12\sigma_{S_t}^2)\,dt + \sigma_{S_t}\,dW & \kappa = 0
        \end{cases}, \qquad y_0 = 0,

    with S a Markov chain in continuous time, and a normal jump of y whenever it goes from one
    regime to another. The mean under the pricing measure is the forward curve, whatever the
    regimes: :math:`E\,e^{y_t}` solves a linear differential equation, to about 1e-14 (see
    :mod:`montecarlo.engine.regimes`). So levels and drifts count relative to each other and to
    the curve; a number added to all of them changes nothing. Instead of a curve, :math:`F` can be
    the model's own, :math:`P_0 E\,e^{y_t}` for :math:`\kappa = 0`, and otherwise
    :math:`\exp(\alpha + e^{-\kappa t}(\ln P_0 - \alpha))\,E\,e^{y_t}`.

    Paths are exact on any dates: the chain runs by its own clock, any number of switches in a
    step, and given the chain the log price is Gaussian from date to date. Its normal of each step
    is correlated with those of other prices as asked in :class:`~montecarlo.models.joint.Joint`;
    the correlation of two log returns over a step is that number when regimes do not change in
    the step and both revert equally, and comes as close as one likes on finer dates.

    Under the physical measure a regime's drift rises by its risk premium, and switches may come
    more or less often, or with other jumps.

    Parameters
    ----------
    name
        Name of the price.
    regimes
        States of the market, one at least.
    transitions
        Which can follow which, how often, with what jump; what is not listed never happens.
    initial
        Regime of today by name, or the probability of each.
    mean_reversion
        :math:`\kappa`, 1/yr, at least 0.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else ``spot``, with ``long_run_log_mean``
        :math:`\alpha` where the price reverts.
    chain
        Name of the random numbers of the switches, by default that of the price. Models of the
        same regimes, transitions and chain are in the same regime at every moment of a path: one
        embargo hits both.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: J. D. Hamilton, "A new approach to the economic analysis of nonstationary time series
    and the business cycle", Econometrica 57, 1989; Naik 1993 and Buffington and Elliott 2002 as in
    :mod:`montecarlo.engine.regimes`.

    Examples
    --------
    >>> model = RegimeSwitching(
    ...     name="ndpr",
    ...     mean_reversion=1.0,
    ...     regimes=(
    ...         Regime(name="open", volatility=0.2),
    ...         Regime(name="embargo", volatility=0.5, log_level=0.8),
    ...     ),
    ...     transitions=(
    ...         Transition(leaving="open", entering="embargo", intensity=0.25),
    ...         Transition(leaving="embargo", entering="open", intensity=1.0),
    ...     ),
    ...     initial="open",
    ...     forward_curve=ForwardCurve.flat(60.0),
    ... )
    >>> model.occupation([0.0, 1.0, 50.0]).round(4)
    array([[1.    , 0.8573, 0.8   ],
           [0.    , 0.1427, 0.2   ]])
    >>> grid = TimeGrid.from_times([0.5, 1.0, 1.5, 2.0])
    >>> model.regimes_on(grid, n_paths=5, seed=3)
    array([[0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0],
           [1, 0, 0, 1, 0]])
    """

    name: str
    regimes: tuple[Regime, ...]
    transitions: tuple[Transition, ...]
    initial: InitialRegime
    mean_reversion: float
    forward_curve: ForwardCurve | None = None
    spot: float | None = None
    long_run_log_mean: float | None = None
    chain: str | None = None

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.non_negative("mean_reversion", self.mean_reversion)
        for field in ("regimes", "transitions"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        if not self.regimes:
            msg = "regimes must have at least one entry, got none"
            raise ValueError(msg)
        names = checks.unique_names("names of regimes", [one.name for one in self.regimes])
        self._check_drifts()
        pairs = []
        for i, move in enumerate(self.transitions):
            for field in ("leaving", "entering"):
                _known(f"transitions[{i}].{field}", getattr(move, field), names)
            pairs.append(f"{move.leaving} to {move.entering}")
        checks.unique_names("transitions", pairs)
        if not isinstance(self.initial, str):
            object.__setattr__(self, "initial", _probabilities(self.initial, names))
        else:
            _known("initial", self.initial, names)
        if self.chain is not None:
            checks.name("chain", self.chain)
        start = curve_or(self.forward_curve, self._start())
        if start:
            checks.positive("spot", start["spot"])

    def _check_drifts(self) -> None:
        field, why = ("drift", "above 0") if self.mean_reversion > 0.0 else ("log_level", "0")
        for one in self.regimes:
            value = getattr(one, field)
            if value != 0.0:
                msg = (
                    f"regimes must leave out {field} where mean_reversion is {why}, "
                    f"got {value!r} in {one.name!r}"
                )
                raise ValueError(msg)

    def _start(self) -> dict[str, float | None]:
        if self.mean_reversion == 0.0:
            if self.long_run_log_mean is not None:
                msg = (
                    f"long_run_log_mean must be left out where mean_reversion is 0, "
                    f"got {self.long_run_log_mean!r}"
                )
                raise ValueError(msg)
            return {"spot": self.spot}
        return {"spot": self.spot, "long_run_log_mean": self.long_run_log_mean}

    def regime_law(self, measure: Measure = "pricing") -> RegimeLaw:
        """Return the law of the regimes and of the log price under a measure."""
        return self._regime_law(physical=as_measure(measure) == "physical", premia=True)

    def _regime_law(self, *, physical: bool, premia: bool) -> RegimeLaw:
        names = [one.name for one in self.regimes]
        n = len(names)
        moves = [
            (names.index(m.leaving), names.index(m.entering), *m.under(physical=physical))
            for m in self.transitions
        ]
        starts = sorted({0.0, *(time for move in moves for time in move[2].times)})
        rates = np.zeros((len(starts), n, n))
        mean, volatility = np.zeros((n, n)), np.zeros((n, n))
        for move, (i, j, intensity, jump_mean) in zip(self.transitions, moves, strict=True):
            for k, start in enumerate(starts):
                rates[k, i, j] = intensity.at(start)
            mean[i, j], volatility[i, j] = jump_mean, move.jump_volatility
        drift = [self._log_drift(one) for one in self.regimes]
        if physical and premia:
            drift = [a + one.risk_premium for a, one in zip(drift, self.regimes, strict=True)]
        return RegimeLaw(
            starts=np.array(starts),
            rates=rates,
            initial=self._initial(names),
            jump_mean=mean,
            jump_volatility=volatility,
            log_drift=np.array(drift),
            volatility=np.array([one.volatility for one in self.regimes]),
            mean_reversion=float(self.mean_reversion),
        )

    def _log_drift(self, regime: Regime) -> float:
        if self.mean_reversion > 0.0:
            return self.mean_reversion * regime.log_level
        return regime.drift - 0.5 * regime.volatility**2

    def _initial(self, names: list[str]) -> FloatArray:
        given = {self.initial: 1.0} if isinstance(self.initial, str) else dict(self.initial)
        return np.array([given.get(name, 0.0) for name in names])

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), currency per unit."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        start = curve_or(None, self._start())
        log_level = portable.log(start["spot"])
        if self.mean_reversion > 0.0:
            mean = start["long_run_log_mean"]
            log_level = mean + portable.exp(-self.mean_reversion * at) * (log_level - mean)
        return portable.exp(log_level + self.regime_law().log_mean_exponential(at))

    def expected_spot(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean price at ``times`` under a measure, currency per unit."""
        at = checks.query_times("times", times)
        if as_measure(measure) == "pricing":
            return self.forward(at)
        physical = self.regime_law("physical").log_mean_exponential(at)
        return self.forward(at) * portable.exp(
            physical - self.regime_law().log_mean_exponential(at)
        )

    def log_mean(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean of the log price at ``times`` under a measure."""
        at = checks.query_times("times", times)
        base = portable.log(self.forward(at)) - self.regime_law().log_mean_exponential(at)
        return base + self.regime_law(measure).log_mean(at)

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
        return self.regime_law(measure).log_autocovariance(first, second)

    def variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        r"""Return the variance of the price, :math:`\bar P^2(E\,e^{2y}/(E\,e^y)^2 - 1)`."""
        at = checks.query_times("times", times)
        law = self.regime_law(measure)
        excess = law.log_mean_exponential(at, 2.0) - 2.0 * law.log_mean_exponential(at)
        mean = self.expected_spot(at, measure)
        return mean * mean * portable.expm1(excess)

    def occupation(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the probability of each regime at ``times``, (n_regimes, *shape of times)."""
        at = checks.query_times("times", times)
        return self.regime_law(measure).occupation(at)

    def regimes_on(
        self, grid: TimeGrid, *, n_paths: int, seed: int, measure: Measure = "pricing"
    ) -> States:
        """Return the number of the regime on each date and path, (n_dates, n_paths).

        They are the regimes behind the prices of the same seed, drawn independently: regime 0 is
        the first.
        """
        n_paths = checks.integer("n_paths", n_paths, 1)
        key = stream_key(seed, f"{self.chain or self.name} regimes")
        return self.regime_law(measure).states(grid.times, key=key, first_path=0, n_paths=n_paths)

    def risk_premia(self) -> tuple[RiskFactor, ...]:
        r"""Return the diffusion of each regime, and the changes of regime.

        For these it is what other intensities and jumps add to the growth of the physical mean
        over the first year.
        """
        year = np.ones(1)
        moved = self._regime_law(physical=True, premia=False).log_mean_exponential(year)
        changes = float((moved - self.regime_law().log_mean_exponential(year))[0])
        diffusions = [
            RiskFactor(
                f"diffusion, {one.name}", self.mean_reversion, one.volatility, one.risk_premium
            )
            for one in self.regimes
        ]
        return (*diffusions, RiskFactor("changes of regime", np.nan, np.nan, changes))

    def law(self) -> GaussianLaw:
        """Return a Brownian motion of volatility 1, as its exponential."""
        return GaussianLaw(
            names=(self.name,),
            forwards=(cast("ForwardFunction", _half_growth),),
            starts=np.array([0, 1], dtype=np.int64),
            mean_reversion=np.zeros(1),
            volatility=np.ones(1),
            risk_premium=np.zeros(1),
            correlation=np.eye(1),
        )

    def transforms(
        self, grid: TimeGrid, *, seed: int, measure: Measure, is_mirrored: bool
    ) -> tuple[Transform, ...]:
        """Return what makes prices of the Brownian motion."""
        scale = self.forward(grid.times) * portable.exp(
            -self.regime_law().log_mean_exponential(grid.times)
        )
        return (
            RegimeTransform(
                law=self.regime_law(measure),
                chain_key=stream_key(seed, f"{self.chain or self.name} regimes"),
                jump_key=stream_key(seed, f"{self.name} jumps on entry"),
                times=grid.times,
                scale=scale,
                is_mirrored=is_mirrored,
            ),
        )


def _half_growth(times: npt.ArrayLike) -> FloatArray:
    r"""Return :math:`e^{t/2}`, the mean of the exponential of a Brownian motion."""
    return portable.exp(0.5 * checks.query_times("times", times))


def _known(field: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        msg = f"{field} must be one of {', '.join(names)}, got {name!r}"
        raise ValueError(msg)


def _probabilities(
    given: Mapping[str, float] | tuple[tuple[str, float], ...], names: tuple[str, ...]
) -> tuple[tuple[str, float], ...]:
    pairs = tuple(dict(given).items())
    for name, chance in pairs:
        _known("initial", name, names)
        checks.between(f"initial[{name!r}]", chance, 0.0, 1.0)
    total = sum(chance for _, chance in pairs)
    if abs(total - 1.0) > _ROUNDING:
        msg = f"initial must be probabilities that add up to 1, got a sum of {total!r}"
        raise ValueError(msg)
    return tuple((name, float(chance) / total) for name, chance in pairs)
