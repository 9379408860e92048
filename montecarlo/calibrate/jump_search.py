"""The search for the parameters of prices that jump: climbing, starts, simulated ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo.calibrate.fitted import Start
from montecarlo.calibrate.jump_likelihood import JumpLikelihood, JumpParameters
from montecarlo.calibrate.jump_setting import Coordinates, Setting, setting_of, starts
from montecarlo.calibrate.maximum_likelihood import Maximum, curvature
from montecarlo.checks import FloatArray
from montecarlo.decay import integrated_decay

MOST_STARTS = 4
"""From this many of the ten begins a search: those of the highest likelihood."""
LIFTED = 0.5
"""Jump volatility from which a climb begins at least, in typical moves of a step."""
RAREST = 0.02
"""Jumps a step with which a climb begins at least, as a share of the most that are tried."""


class Climb:
    """The log-likelihood and its slope on the scale without limits.

    Parameters
    ----------
    coordinates
        What is searched for.
    likelihood
        In which history.
    typical
        Deviation of the log price over the usual step.
    """

    def __init__(
        self, coordinates: Coordinates, likelihood: JumpLikelihood, typical: float
    ) -> None:
        self.coordinates = coordinates
        self.likelihood = likelihood
        self.typical = typical
        self._last: tuple[bytes, float, FloatArray] = (b"", 0.0, np.empty(0))

    def cost(self, places: FloatArray) -> tuple[float, FloatArray]:
        """Return minus the log-likelihood and minus its slope; a large number where undefined."""
        key = places.tobytes()
        if key != self._last[0]:
            self._last = (key, *self._cost(places))
        return self._last[1:]

    def height(self, places: FloatArray) -> float:
        """Return the log-likelihood."""
        return -self.cost(places)[0]

    def _cost(self, places: FloatArray) -> tuple[float, FloatArray]:
        free = self.coordinates.free
        values = self.coordinates.natural(places)
        with np.errstate(all="ignore"):
            total, slope = self.likelihood.total_and_slope(self.coordinates.read(values))
            out = self.coordinates.slope(values, slope)
            out = out * np.array([p.slope(float(x)) for p, x in zip(free, places, strict=True)])
        if not (math.isfinite(total) and np.isfinite(out).all()):
            return 1e12, np.zeros(values.size)
        return -total, -out

    def lifted(self, places: FloatArray) -> FloatArray:
        """Return a place away from the limits at which the likelihood no longer moves.

        On the scale without limits the likelihood is flat where jumps hardly differ from each
        other or hardly come: a climb that begins there would stay.
        """
        out, free = places.copy(), self.coordinates.free
        i, j = (self.coordinates.number(name) for name in ("jump_volatility", "jump_intensity"))
        out[i] = max(out[i], free[i].unlimited(LIFTED * self.typical))
        out[j] = max(out[j], free[j].unlimited(RAREST * free[j].high))
        return out

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The maximum, and what the search came by.

    Parameters
    ----------
    peak
        The best parameters, as the model takes them.
    seen
        Log-likelihood and place on the scale without limits, in the coordinates of the search: of
        the maximum, of the other hills, and of where the search began.
    """

    peak: Maximum
    seen: tuple[tuple[float, FloatArray], ...]


def maximum(setting: Setting, likelihood: JumpLikelihood) -> Found:
    """Return the best parameters of a history."""
    climb = Climb(setting.searched, likelihood, setting.typical)
    begun = starts(setting, likelihood, MOST_STARTS)
    names = [item.name for item in setting.searched.free]
    first = [
        setting.searched.unlimited(np.array([start[name] for name in names])) for start in begun
    ]
    reached = [climb.climbed(place) for place in first]
    best = max(reached, key=lambda pair: pair[0])
    again = [climb.climbed(place) for place in (best[1], climb.lifted(best[1]))]
    best = max((best, *again), key=lambda pair: pair[0])
    peak = curvature(
        lambda theta: likelihood.total(setting.stated.read(theta)),
        parameters=setting.stated.free,
        values=setting.restate(setting.searched.natural(best[1])),
        starts=tuple(
            Start(values=start, log_likelihood=value)
            for start, (value, _) in zip(begun, reached, strict=True)
        ),
    )
    # Other hills, and where the search began; what ended on the same hill is told by its height.
    other = {round(height, 3): (height, place) for height, place in reached}
    other.pop(round(best[0], 3), None)
    begun_at = ((climb.height(place), place) for place in first)
    return Found(peak=peak, seen=(best, *other.values(), *begun_at))


def simulated_ratios(setting: Setting, likelihood: JumpLikelihood, n_simulated: int) -> FloatArray:
    """Return the likelihood ratios of histories without jumps on the same dates."""
    rng = np.random.default_rng(20_250_709)
    steps, found = likelihood.steps, np.empty(n_simulated)
    for i in range(n_simulated):
        logs = _simulated_history(setting.plain, float(likelihood.logs[0]), steps, rng)
        trial = JumpLikelihood(logs, steps, setting.most_intense)
        again = setting_of(setting.kind, logs, steps)
        best = maximum(again, trial).peak.log_likelihood
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
