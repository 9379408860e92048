r"""Intervals of the parameters of prices that jump: where the likelihood stays near its maximum.

With :math:`\ell_p(\theta_i)` the highest log-likelihood that the others reach while parameter
:math:`i` is held, the 95% interval spans all

.. math:: \theta_i: \quad \sqrt{2\big(\hat\ell - \ell_p(\theta_i)\big)} \le c_i .

It does not depend on the scale, and each parameter is held as the model takes it, the drift and
the level too. In long histories :math:`c_i` is 1.96; in short ones it is larger:

- the mean and the size of jumps are seen in the jumps alone, of which there may be a dozen. With
  :math:`N` normal numbers the interval of their mean is exact with

  .. math:: c^2 = N\ln\Big(1 + \frac{t^2}{N - 1}\Big),

  :math:`t` the 97.5% point of Student's distribution of :math:`N - 1` degrees of freedom; that of
  their deviation wants the same within 2% from five numbers on. :math:`N` is the number of jumps,
  each change counted with its probability of having been one;
- the same holds of the volatility, with the changes that were no jumps, and of the level, which is
  the mean of what mean reversion makes of the history: :math:`\sum\tanh(\kappa\Delta_i/2)`
  independent numbers;
- the mean reversion has bounds of its own, from simulated histories
  (:mod:`montecarlo.calibrate.speed_bounds`).

The likelihood has several hills, and a climb that stays on the wrong one finds a height that is
too low, and so an interval that is too short. Climbs begin away from the limits at which the
likelihood is flat, and each end is tried again from every hill that the search has seen.

Source: S. S. Wilks, "The large-sample distribution of the likelihood ratio for testing composite
hypotheses", Annals of Mathematical Statistics 9, 1938; "Student", "The probable error of a mean",
Biometrika 6, 1908.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from montecarlo.calibrate.free_parameter import FAR
from montecarlo.calibrate.jump_likelihood import JumpLikelihood, JumpParameters
from montecarlo.calibrate.jump_search import Climb, Found
from montecarlo.calibrate.jump_setting import Setting
from montecarlo.calibrate.maximum_likelihood import NORMAL_95
from montecarlo.calibrate.speed_bounds import SpeedBounds
from montecarlo.checks import FloatArray

Seen: TypeAlias = tuple[tuple[float, FloatArray], ...]
"""Log-likelihoods and places on the scale without limits."""
Allowed: TypeAlias = Callable[[float, float], float]
"""Value of the parameter, and the way to it from the estimate -> c."""
FEWEST = 2.0
"""The interval of fewer numbers is that of two."""
FARTHEST = 25.0
CLOSE = 3e-3
"""How close to its end a search for it stops, as a share of where it was expected."""
WIDER = 1.6


def root_allowed(number: float) -> float:
    r"""Return the root of the 95% point of the likelihood ratio for a mean of some numbers.

    Examples
    --------
    >>> round(root_allowed(1e9), 4)
    1.96

    Three numbers, two degrees of freedom, t = 4.303: the root of 3 ln(1 + 4.303^2 / 2).

    >>> round(root_allowed(3.0), 3), round(math.sqrt(3 * math.log(1 + 4.303**2 / 2)), 3)
    (2.643, 2.643)
    """
    from scipy.special import stdtrit

    if math.isinf(number):
        return NORMAL_95
    n = max(number, FEWEST)
    t = float(stdtrit(n - 1.0, 0.975))
    return math.sqrt(n * math.log1p(t * t / (n - 1.0)))


class HeldParameter:
    """The highest log-likelihood with one parameter held, as the root of twice its fall.

    Parameters
    ----------
    climb
        The likelihood, in coordinates of which the parameter is one.
    seen
        Log-likelihood and place of what the search came by, the maximum first.
    i
        Number of the parameter.
    allowed
        How large the root may be within the interval.
    """

    def __init__(self, climb: Climb, seen: Seen, i: int, allowed: Allowed) -> None:
        self.climb = climb
        self.seen = seen
        self.i = i
        self.allowed = allowed
        self.top, self.best = seen[0]
        self.parameter = climb.coordinates.free[i]

    def root(self, value: float, enough: float = 0.0) -> float:
        """Return the root at a value of the parameter, the lowest from all that was seen.

        Parameters
        ----------
        value
            Of the parameter.
        enough
            A root below which no further start is tried.
        """
        return self._from(self._places(), self.parameter.unlimited(value), enough)[0]

    def holds(self, value: float) -> bool:
        """Return whether a value lies within the 95% interval, without finding its ends."""
        held = self.parameter.unlimited(value)
        way = math.copysign(1.0, held - float(self.best[self.i]))
        allowed = self.allowed(value, way)
        return self.root(value, allowed) <= allowed

    def interval(self, reach: float) -> tuple[float, float]:
        """Return the ends of the 95% interval; a limit where the likelihood never falls so far.

        Parameters
        ----------
        reach
            Where an end may be expected, from the maximum, on the scale without limits.
        """
        return self._end(-1.0, reach), self._end(1.0, reach)

    def _places(self) -> list[FloatArray]:
        return [place for _, place in self.seen]

    def _from(
        self, places: list[FloatArray], held: float, enough: float
    ) -> tuple[float, FloatArray]:
        lowest, nearest = math.inf, self.best
        for place in places:
            first = self.climb.lifted(place)
            first[self.i] = held
            height, found = self.climb.climbed(first, self.i)
            root = self._root(height)
            if root < lowest:
                lowest, nearest = root, found
            if lowest <= enough:
                break
        return lowest, nearest

    def _root(self, height: float) -> float:
        return math.sqrt(max(0.0, 2.0 * (self.top - height)))

    def _beyond(self, places: list[FloatArray], way: float, by: float) -> tuple[float, FloatArray]:
        """Return by how much the root exceeds what is allowed at a distance, and where."""
        held = float(self.best[self.i]) + way * by
        allowed = self.allowed(self.parameter.natural(held), way)
        root, found = self._from(places, held, allowed)
        return root - allowed, found

    def _innermost(self, way: float) -> tuple[float, float, FloatArray]:
        """Return the farthest place inside that the search has seen, on whichever hill."""
        origin = float(self.best[self.i])
        # Beyond what counts as a limit the likelihood no longer moves.
        is_flat = self.parameter.is_at_limit(origin) and way * origin < 0.0
        start = abs(origin) - FAR if is_flat else 0.0
        found = (start, -self.allowed(self.parameter.natural(origin), way), self.best)
        for height, place in self.seen:
            by = way * (float(place[self.i]) - origin)
            allowed = self.allowed(self.parameter.natural(float(place[self.i])), way)
            if by > found[0] and self._root(height) < allowed:
                found = (by, self._root(height) - allowed, place)
        return found

    def _end(self, way: float, reach: float) -> float:
        limit = self.parameter.low if way < 0.0 else self.parameter.high
        start, low, near = self._innermost(way)
        inside = start
        outside, farthest = inside + reach, inside + FARTHEST
        is_limit_tried = math.isinf(limit)
        while outside < farthest:
            high, found = self._beyond([near, self.best], way, outside)
            if high > 0.0:
                inner, outer = (inside, low), (outside, high)
                inside, outside, near = self._solved(way, inner, outer, near, reach)
                high, found = self._beyond(self._places(), way, outside)
                if high > 0.0:
                    middle = 0.5 * (inside + outside)
                    return self.parameter.natural(float(self.best[self.i]) + way * middle)
            inside, low, near = outside, high, found
            outside += (WIDER - 1.0) * (outside - start)
            if not is_limit_tried:
                is_limit_tried = True
                if self._beyond([near, *self._places()], way, farthest)[0] <= 0.0:
                    return limit
        return limit

    def _solved(
        self,
        way: float,
        inner: tuple[float, float],
        outer: tuple[float, float],
        near: FloatArray,
        reach: float,
    ) -> tuple[float, float, FloatArray]:
        """Return two distances around the end, close to each other, by false position."""
        (inside, low), (outside, high) = inner, outer
        while outside - inside > CLOSE * reach:
            share = min(max(-low / (high - low), 0.05), 0.95)
            # A little to the far side of where the line crosses, so that both ends close in.
            aside = 0.5 * CLOSE * reach / (outside - inside)
            at = inside + (share + (aside if share < 0.5 else -aside)) * (outside - inside)
            value, found = self._beyond([near, self.best], way, at)
            if value <= 0.0:
                inside, low, near = at, value, found
            else:
                outside, high = at, value
        return inside, outside, near


def held_parameters(
    setting: Setting, likelihood: JumpLikelihood, found: Found
) -> tuple[HeldParameter, ...]:
    """Return what holds each parameter of a model, in the coordinates in which it is one.

    The last one, the drift or the level, is one of the model only; the others are searched for in
    the coordinates that a history tells best.
    """
    last = tuple(
        (height, setting.stated.unlimited(setting.restate(setting.searched.natural(place))))
        for height, place in found.seen
    )
    allowed = _allowed(setting, likelihood, setting.stated.read(found.peak.values))
    out = []
    for i, parameter in enumerate(setting.stated.free):
        is_last = i == len(setting.stated.free) - 1
        coordinates = setting.stated if is_last else setting.searched
        climb = Climb(coordinates, likelihood, setting.typical)
        seen = last if is_last else found.seen
        out.append(HeldParameter(climb, seen, i, allowed[parameter.name]))
    return tuple(out)


def _allowed(
    setting: Setting, likelihood: JumpLikelihood, fitted: JumpParameters
) -> dict[str, Allowed]:
    """Return parameter -> how large its root may be."""
    jumps = float(np.sum(likelihood.chance_of_jump(fitted)))
    memory = fitted.mean_reversion * likelihood.steps
    numbers = {
        "volatility": likelihood.steps.size - jumps,
        "jump_mean": jumps,
        "jump_volatility": jumps,
        "long_run_log_mean": float(np.sum(np.tanh(0.5 * memory))),
    }
    found: dict[str, Allowed] = {
        item.name: _constant(root_allowed(numbers.get(item.name, math.inf)))
        for item in setting.stated.free
    }
    if "mean_reversion" in found:
        normal_share = likelihood.normal_share(fitted)
        bounds = SpeedBounds(likelihood.logs, likelihood.steps, normal_share)
        found["mean_reversion"] = lambda value, way: (
            bounds(value)[1] if way < 0.0 else -bounds(value)[0]
        )
    return found


def _constant(root: float) -> Allowed:
    return lambda _value, _way: root
