"""The search for the parameters of prices that jump: limits, starts, simulated ratios."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo.calibrate.fitted import Start
from montecarlo.calibrate.free_parameter import FreeParameter
from montecarlo.calibrate.jump_likelihood import JumpLikelihood, JumpParameters
from montecarlo.calibrate.maximum_likelihood import Maximum, curvature, moved
from montecarlo.calibrate.ou_profile import profile, speeds
from montecarlo.checks import FloatArray
from montecarlo.decay import integrated_decay

FLOOR = 0.05
"""Smallest volatility tried, as a share of that of Brownian motion fitted to the same changes."""
FASTEST = 50.0
HALF_95 = 1.9207294103470607
"""Half of the 95% point of chi-squared with one degree of freedom."""
FARTHEST = 25.0
MOST_STARTS = 4
"""From this many of the ten begins a search: those of the highest likelihood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One of the two models: how its parameters are searched for and how they are stated.

    The search runs over the growth, or the level, of the log price with jumps, which the history
    tells well; the fit states it as the model takes it.
    """

    kind: str
    plain: JumpParameters
    searched: tuple[FreeParameter, ...]
    stated: tuple[FreeParameter, ...]
    read: Callable[[FloatArray], JumpParameters]
    restate: Callable[[FloatArray], FloatArray]
    read_stated: Callable[[FloatArray], JumpParameters]

    @property
    def floor(self) -> float:
        """The smallest volatility."""
        return self._parameter("volatility").low

    @property
    def most_intense(self) -> float:
        """The largest number of jumps a year."""
        return self._parameter("jump_intensity").high

    def _parameter(self, name: str) -> FreeParameter:
        return next(item for item in self.searched if item.name == name)


def brownian(logs: FloatArray, steps: FloatArray) -> JumpParameters:
    """Return Brownian motion fitted to log prices: no jumps, no mean reversion."""
    changes = np.diff(logs)
    drift = float(np.sum(changes) / np.sum(steps))
    variance = float(np.mean((changes - drift * steps) ** 2 / steps))
    return _without_jumps(0.0, math.sqrt(variance), drift)


def reverting(logs: FloatArray, steps: FloatArray) -> JumpParameters:
    """Return a mean-reverting motion without jumps fitted to log prices, on a grid of speeds."""
    trials = speeds(steps)
    at = profile(logs[:, None], steps, trials)
    best = int(np.argmax(at.log_likelihood[:, 0]))
    return _without_jumps(
        float(trials[best]), float(at.volatility[best, 0]), float(at.level[best, 0])
    )


def _without_jumps(mean_reversion: float, volatility: float, pull: float) -> JumpParameters:
    return JumpParameters(
        mean_reversion=mean_reversion,
        volatility=volatility,
        jump_intensity=0.0,
        jump_mean=0.0,
        jump_volatility=0.0,
        pull=pull,
    )


def _shared(plain: JumpParameters, steps: FloatArray) -> tuple[FreeParameter, ...]:
    typical = plain.volatility * math.sqrt(float(np.median(steps)))
    return (
        FreeParameter(name="volatility", low=FLOOR * plain.volatility),
        FreeParameter(name="jump_intensity", low=0.0, high=1.0 / float(np.median(steps))),
        FreeParameter(name="jump_mean", scale=typical),
        FreeParameter(name="jump_volatility", low=0.0),
    )


def merton_setting(plain: JumpParameters, steps: FloatArray) -> Setting:
    """Return how Merton's jump-diffusion is searched for."""
    shared = _shared(plain, steps)

    def read(theta: FloatArray) -> JumpParameters:
        volatility, intensity, mean, spread, growth = theta
        return JumpParameters(
            mean_reversion=0.0,
            volatility=volatility,
            jump_intensity=intensity,
            jump_mean=mean,
            jump_volatility=spread,
            pull=growth - intensity * mean,
        )

    def convexity(theta: FloatArray) -> float:
        """Return what the growth of the mean price has beyond that of the log price."""
        volatility, intensity, mean, spread, _ = theta
        jumps = intensity * (math.expm1(min(mean + 0.5 * spread**2, 50.0)) - mean)
        return float(0.5 * volatility**2 + jumps)

    def restate(theta: FloatArray) -> FloatArray:
        return np.append(theta[:-1], theta[-1] + convexity(theta))

    def read_stated(theta: FloatArray) -> JumpParameters:
        return read(np.append(theta[:-1], theta[-1] - convexity(theta)))

    return Setting(
        kind="merton",
        plain=plain,
        searched=(*shared, FreeParameter(name="growth", scale=plain.volatility)),
        stated=(*shared, FreeParameter(name="drift", scale=plain.volatility)),
        read=read,
        restate=restate,
        read_stated=read_stated,
    )


def jump_diffusion_setting(plain: JumpParameters, steps: FloatArray) -> Setting:
    """Return how the mean-reverting jump-diffusion is searched for."""
    speed = FreeParameter(name="mean_reversion", low=0.0, high=FASTEST / float(np.median(steps)))
    shared = (speed, *_shared(plain, steps))

    def lifted(theta: FloatArray) -> float:
        """Return how far jumps hold the log price above its level between them."""
        return float(theta[2] * theta[3] / theta[0])

    def read_stated(theta: FloatArray) -> JumpParameters:
        kappa, volatility, intensity, mean, spread, level = theta
        return JumpParameters(
            mean_reversion=kappa,
            volatility=volatility,
            jump_intensity=intensity,
            jump_mean=mean,
            jump_volatility=spread,
            pull=level,
        )

    def restate(theta: FloatArray) -> FloatArray:
        return np.append(theta[:-1], theta[-1] - lifted(theta))

    return Setting(
        kind="jump-diffusion",
        plain=plain,
        searched=(*shared, FreeParameter(name="mean_log_price")),
        stated=(*shared, FreeParameter(name="long_run_log_mean")),
        read=lambda theta: read_stated(restate(theta)),
        restate=restate,
        read_stated=read_stated,
    )


def _starts(setting: Setting, likelihood: JumpLikelihood) -> list[dict[str, float]]:
    """Return where the search begins: what counts as a jump, and which way it goes."""
    plain, steps = setting.plain, likelihood.steps
    scaled = likelihood.log_terms(plain)[1][:, 0]
    away = scaled - float(np.median(scaled))
    spread = max(1.4826 * float(np.median(np.abs(away))), 2.0 * FLOOR)
    moves = away * plain.volatility * np.sqrt(steps)
    typical = plain.volatility * math.sqrt(float(np.median(steps)))
    found = [(max(1, steps.size // 20), 0.0, 2.0 * typical)]
    for beyond in (2.0, 3.0, 4.0):
        for size in (away, -away, np.abs(away)):
            jumped = moves[size > beyond * spread]
            if jumped.size:
                found.append((jumped.size, float(jumped.mean()), float(jumped.std())))
    years = float(steps.sum())
    shared = {"volatility": plain.volatility * min(spread, 1.0)}
    if setting.kind == "merton":
        shared |= {"growth": plain.pull}
    else:
        shared |= {"mean_reversion": plain.mean_reversion, "mean_log_price": plain.pull}
    starts = [
        shared
        | {
            "jump_intensity": min(number / years, 0.5 * setting.most_intense),
            "jump_mean": mean,
            "jump_volatility": max(size, 0.3 * typical),
        }
        for number, mean, size in found
    ]
    names = [item.name for item in setting.searched]
    reached = [
        likelihood.total(setting.read(np.array([start[name] for name in names])))
        for start in starts
    ]
    best = np.argsort([-value for value in reached], kind="stable")[:MOST_STARTS]
    return [starts[i] for i in best]


class Climb:
    """The log-likelihood and its slope on the scale without limits.

    Parameters
    ----------
    setting, likelihood
        What is searched for, and in which history.
    """

    def __init__(self, setting: Setting, likelihood: JumpLikelihood) -> None:
        self.setting = setting
        self.likelihood = likelihood
        self._last: tuple[bytes, float, FloatArray] = (b"", 0.0, np.empty(0))

    def natural(self, places: FloatArray) -> FloatArray:
        """Return the values that stand at places on the scale without limits."""
        free = self.setting.searched
        return np.array([p.natural(float(x)) for p, x in zip(free, places, strict=True)])

    def cost(self, places: FloatArray) -> tuple[float, FloatArray]:
        """Return minus the log-likelihood and minus its slope; a large number where undefined."""
        key = places.tobytes()
        if key != self._last[0]:
            self._last = (key, *self._cost(places))
        return self._last[1:]

    def _cost(self, places: FloatArray) -> tuple[float, FloatArray]:
        free, read = self.setting.searched, self.setting.read
        values = self.natural(places)
        with np.errstate(all="ignore"):
            total, slope = self.likelihood.total_and_slope(read(values))
            out = np.empty(values.size)
            for i in range(values.size):
                step = 1e-6 * max(abs(float(values[i])), 1e-4)
                ends = [read(moved(values, i, by)).as_array() for by in (step, -step)]
                change = (ends[0] - ends[1]) / (2.0 * step)
                out[i] = float(np.sum(slope * change)) * free[i].slope(float(places[i]))
        if not (math.isfinite(total) and np.isfinite(out).all()):
            return 1e12, np.zeros(values.size)
        return -total, -out

    def climbed(self, places: FloatArray, fixed: int | None = None) -> tuple[float, FloatArray]:
        """Return the highest log-likelihood near a start, and where; one place may be fixed."""
        from scipy.optimize import minimize

        free = np.array([i for i in range(places.size) if i != fixed])

        def full(inner: FloatArray) -> FloatArray:
            out = places.copy()
            out[free] = inner
            return out

        def height(inner: FloatArray) -> float:
            return self.cost(full(inner))[0]

        def slope(inner: FloatArray) -> FloatArray:
            found: FloatArray = self.cost(full(inner))[1][free]
            return found

        # A few parameters: the plain method, without the libraries' threads, is the quickest.
        plain: Any = {"method": "BFGS", "options": {"maxiter": 200, "gtol": 1e-4}}
        with np.errstate(all="ignore"):
            reached = minimize(height, places[free], jac=slope, **plain)
        return -float(reached.fun), full(reached.x)


def maximum(setting: Setting, likelihood: JumpLikelihood) -> tuple[Maximum, FloatArray]:
    """Return the best parameters, as the model takes them, and where they were searched for."""
    climb = Climb(setting, likelihood)
    starts = _starts(setting, likelihood)
    reached = []
    for start in starts:
        first = np.array([p.unlimited(start[p.name]) for p in setting.searched])
        reached.append(climb.climbed(first))
    height, best = max(reached, key=lambda pair: pair[0])
    height, best = max((height, best), climb.climbed(best), key=lambda pair: pair[0])
    peak = curvature(
        lambda theta: likelihood.total(setting.read_stated(theta)),
        parameters=setting.stated,
        values=setting.restate(climb.natural(best)),
        starts=tuple(
            Start(values=start, log_likelihood=value)
            for start, (value, _) in zip(starts, reached, strict=True)
        ),
    )
    return peak, best


class _Profile:
    """How far the highest log-likelihood lies above a level when one parameter is held.

    The search for the others goes on from where it was nearer to the maximum, and from the
    maximum itself where that does not do.
    """

    def __init__(self, climb: Climb, best: FloatArray, i: int, way: float, level: float) -> None:
        self.climb, self.best, self.i, self.way, self.level = climb, best, i, way, level
        self.near = best

    def __call__(self, by: float) -> float:
        held = float(self.best[self.i]) + self.way * by
        for start in (self.near, self.best):
            place = start.copy()
            place[self.i] = held
            height, found = self.climb.climbed(place, self.i)
            if height > self.level:
                self.near = found
                break
        return height - self.level


def interval(climb: Climb, best: FloatArray, i: int, reach: float) -> tuple[float, float]:
    """Return between which values of one parameter the likelihood stays near its maximum.

    That is where the highest log-likelihood with this parameter held is at most 1.92 lower (half
    of the 95% point of chi-squared); a limit of the parameter where it never falls so far.

    Parameters
    ----------
    climb, best
        The likelihood, and its maximum on the scale without limits.
    i
        Number of the parameter.
    reach
        Where the end may be expected, from the maximum, on the same scale.
    """
    top = -climb.cost(best)[0]
    parameter = climb.setting.searched[i]
    ends = []
    for way in (-1.0, 1.0):
        above = _Profile(climb, best, i, way, top - HALF_95)
        inside, outside = 0.0, reach
        high, low = HALF_95, above(reach)
        while low > 0.0 and outside < FARTHEST:
            inside, high = outside, low
            outside *= 1.6
            low = above(outside)
        if low > 0.0:
            ends.append(parameter.low if way < 0.0 else parameter.high)
            continue
        while outside - inside > 1e-3 * reach:
            # False position, kept away from both ends.
            share = min(max(high / (high - low), 0.1), 0.9)
            at = inside + share * (outside - inside)
            value = above(at)
            if value > 0.0:
                inside, high = at, value
            else:
                outside, low = at, value
        ends.append(parameter.natural(float(best[i]) + way * 0.5 * (inside + outside)))
    return ends[0], ends[1]


def simulated_ratios(setting: Setting, likelihood: JumpLikelihood, n_simulated: int) -> FloatArray:
    """Return the likelihood ratios of histories without jumps on the same dates."""
    rng = np.random.default_rng(20_250_709)
    steps, found = likelihood.steps, np.empty(n_simulated)
    for i in range(n_simulated):
        logs = _simulated_history(setting.plain, float(likelihood.logs[0]), steps, rng)
        trial = JumpLikelihood(logs, steps, setting.most_intense)
        if setting.kind == "merton":
            again = merton_setting(brownian(logs, steps), steps)
        else:
            again = jump_diffusion_setting(reverting(logs, steps), steps)
        best = maximum(again, trial)[0].log_likelihood
        found[i] = max(0.0, 2.0 * (best - trial.total(again.plain)))
    return found


def _simulated_history(
    plain: JumpParameters, first: float, steps: FloatArray, rng: np.random.Generator
) -> FloatArray:
    kappa = plain.mean_reversion
    spread = plain.volatility * np.sqrt(integrated_decay(2.0 * kappa, steps))
    noise = spread * rng.normal(size=steps.size)
    logs = np.empty(steps.size + 1)
    logs[0] = first
    if kappa == 0.0:
        logs[1:] = first + np.cumsum(plain.pull * steps + noise)
        return logs
    fade = np.exp(-kappa * steps)
    for i in range(steps.size):
        logs[i + 1] = plain.pull + fade[i] * (logs[i] - plain.pull) + noise[i]
    return logs
