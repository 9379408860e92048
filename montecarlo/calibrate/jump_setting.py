"""The two models of prices that jump, and the coordinates in which they are searched for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from montecarlo.calibrate.free_parameter import FreeParameter
from montecarlo.calibrate.jump_likelihood import JumpLikelihood, JumpParameters
from montecarlo.calibrate.ou_profile import profile, speeds
from montecarlo.checks import FloatArray

FLOOR = 0.05
"""Smallest volatility tried, as a share of that of Brownian motion fitted to the same changes."""
FASTEST = 50.0
SLOWEST = 1e-6
"""Smallest mean reversion tried, over the years of the history: none, to all purposes."""
LARGEST = 50.0
"""Largest logarithm of a mean jump that is raised to the exponential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """Free parameters, and how the terms of the likelihood follow from them.

    Parameters
    ----------
    free
        The parameters, (k,).
    read
        Values (k,) -> terms.
    slope
        Values (k,) and the slope in the terms (6,) -> the slope in the values, (k,).
    """

    free: tuple[FreeParameter, ...]
    read: Callable[[FloatArray], JumpParameters]
    slope: Callable[[FloatArray, FloatArray], FloatArray]

    def number(self, name: str) -> int:
        """Return the number of a parameter."""
        return [item.name for item in self.free].index(name)

    def natural(self, places: FloatArray) -> FloatArray:
        """Return the values that stand at places on the scale without limits."""
        return np.array([p.natural(float(x)) for p, x in zip(self.free, places, strict=True)])

    def unlimited(self, values: FloatArray) -> FloatArray:
        """Return where values stand on the scale without limits."""
        return np.array([p.unlimited(float(x)) for p, x in zip(self.free, values, strict=True)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One of the two models: how its parameters are searched for and how they are stated.

    The search runs over the growth, or the level, of the log price with jumps, which the history
    tells well; the fit states it as the model takes it.

    Parameters
    ----------
    kind
        As a market file names it.
    plain
        The best terms without jumps.
    typical
        Deviation of the log price over the usual step, without jumps.
    searched, stated
        Coordinates of the search, and of the model.
    restate
        Values in those of the search -> the same in those of the model.
    """

    kind: str
    plain: JumpParameters
    typical: float
    searched: Coordinates
    stated: Coordinates
    restate: Callable[[FloatArray], FloatArray]

    @property
    def floor(self) -> float:
        """The smallest volatility."""
        return self.searched.free[self.searched.number("volatility")].low

    @property
    def most_intense(self) -> float:
        """The largest number of jumps a year."""
        return self.searched.free[self.searched.number("jump_intensity")].high


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


def _typical(plain: JumpParameters, steps: FloatArray) -> float:
    return plain.volatility * math.sqrt(float(np.median(steps)))


def _shared(plain: JumpParameters, steps: FloatArray) -> tuple[FreeParameter, ...]:
    typical = _typical(plain, steps)
    return (
        FreeParameter(name="volatility", low=FLOOR * plain.volatility),
        FreeParameter(name="jump_intensity", low=0.0, high=1.0 / float(np.median(steps))),
        FreeParameter(name="jump_mean", scale=typical),
        FreeParameter(name="jump_volatility", low=0.0),
    )


def setting_of(kind: str, logs: FloatArray, steps: FloatArray) -> Setting:
    """Return how one of the two models is searched for in log prices (n + 1,) and steps (n,)."""
    if kind == "merton":
        return merton_setting(brownian(logs, steps), steps)
    return jump_diffusion_setting(reverting(logs, steps), steps)


def merton_setting(plain: JumpParameters, steps: FloatArray) -> Setting:
    """Return how Merton's jump-diffusion is searched for."""
    shared = _shared(plain, steps)

    def read(theta: FloatArray) -> JumpParameters:
        volatility, intensity, mean, spread, growth = theta.tolist()
        return JumpParameters(
            mean_reversion=0.0,
            volatility=volatility,
            jump_intensity=intensity,
            jump_mean=mean,
            jump_volatility=spread,
            pull=growth - intensity * mean,
        )

    def slope(theta: FloatArray, of: FloatArray) -> FloatArray:
        found = of[1:].copy()
        found[1] -= theta[2] * of[5]
        found[2] -= theta[1] * of[5]
        return found

    def lift(theta: FloatArray) -> float:
        """Return the mean of what one jump multiplies the price by."""
        return math.exp(min(float(theta[2] + 0.5 * theta[3] ** 2), LARGEST))

    def convexity(theta: FloatArray) -> float:
        """Return what the growth of the mean price has beyond that of the log price."""
        return float(0.5 * theta[0] ** 2 + theta[1] * (lift(theta) - 1.0 - theta[2]))

    def moved(theta: FloatArray, by: float) -> FloatArray:
        return np.append(theta[:-1], theta[-1] + by)

    def stated_slope(theta: FloatArray, of: FloatArray) -> FloatArray:
        found = of[1:].copy()
        once = theta[1] * lift(theta)
        found[:4] -= of[5] * np.array([theta[0], lift(theta) - 1.0, once, once * theta[3]])
        return found

    return Setting(
        kind="merton",
        plain=plain,
        typical=_typical(plain, steps),
        searched=Coordinates(
            free=(*shared, FreeParameter(name="growth", scale=plain.volatility)),
            read=read,
            slope=slope,
        ),
        stated=Coordinates(
            free=(*shared, FreeParameter(name="drift", scale=plain.volatility)),
            read=lambda theta: read(moved(theta, -convexity(theta))),
            slope=stated_slope,
        ),
        restate=lambda theta: moved(theta, convexity(theta)),
    )


def jump_diffusion_setting(plain: JumpParameters, steps: FloatArray) -> Setting:
    """Return how the mean-reverting jump-diffusion is searched for."""
    slowest, fastest = SLOWEST / float(np.sum(steps)), FASTEST / float(np.median(steps))
    speed = FreeParameter(name="mean_reversion", low=slowest, high=fastest)
    shared = (speed, *_shared(plain, steps))

    def lifted(theta: FloatArray) -> float:
        """Return how far jumps hold the log price above its level between them."""
        return float(theta[2] * theta[3] / theta[0])

    def read(theta: FloatArray) -> JumpParameters:
        kappa, volatility, intensity, mean, spread, level = theta.tolist()
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

    def slope(theta: FloatArray, of: FloatArray) -> FloatArray:
        found = of.copy()
        found[0] += lifted(theta) / theta[0] * of[5]
        found[2] -= theta[3] / theta[0] * of[5]
        found[3] -= theta[2] / theta[0] * of[5]
        return found

    return Setting(
        kind="jump-diffusion",
        plain=plain,
        typical=_typical(plain, steps),
        searched=Coordinates(
            free=(*shared, FreeParameter(name="mean_log_price")),
            read=lambda theta: read(restate(theta)),
            slope=slope,
        ),
        stated=Coordinates(
            free=(*shared, FreeParameter(name="long_run_log_mean")),
            read=read,
            slope=lambda theta, of: of,
        ),
        restate=restate,
    )


def starts(setting: Setting, likelihood: JumpLikelihood, most: int) -> list[dict[str, float]]:
    """Return where the search begins: what counts as a jump, and which way it goes."""
    plain, steps, typical = setting.plain, likelihood.steps, setting.typical
    scaled = likelihood.log_terms(plain)[1][:, 0]
    away = scaled - float(np.median(scaled))
    spread = max(1.4826 * float(np.median(np.abs(away))), 2.0 * FLOOR)
    moves = away * plain.volatility * np.sqrt(steps)
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
    begun = [
        shared
        | {
            "jump_intensity": min(number / years, 0.5 * setting.most_intense),
            "jump_mean": mean,
            "jump_volatility": max(size, 0.3 * typical),
        }
        for number, mean, size in found
    ]
    names = [item.name for item in setting.searched.free]
    reached = [
        likelihood.total(setting.searched.read(np.array([start[name] for name in names])))
        for start in begun
    ]
    best = np.argsort([-value for value in reached], kind="stable")[:most]
    return [begun[i] for i in best]
