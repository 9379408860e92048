r"""95% intervals from the likelihood itself, where no parabola describes it.

.. math::

    \ell_i(\theta) = \max_{\theta_j,\ j \ne i} \ln L(\theta_1, \dots, \theta_k)
    \Big|_{\theta_i = \theta}, \qquad
    \big\{\theta : \hat\ell - \ell_i(\theta) \le \tfrac12\lambda_i\chi^2_{1;\,0.95}\big\}

with :math:`\hat\ell` the highest log-likelihood. The interval is the same on every scale of the
parameter, and reaches its limit where the likelihood does not exclude it: an error that is
estimated at zero has an interval from zero to what would be too large. :math:`\lambda_i` is 1 if
the model is right; for robust intervals it is the robust variance of the estimate over that of the
second derivatives, for the likelihood ratio then is :math:`\lambda_i` times a chi-squared.

Constrained maxima are found by quasi-Newton steps in coordinates in which the likelihood is round,
each from the line through those found before, so that one costs a few gradients.

Source: D. J. Venzon and S. H. Moolgavkar, "A method for computing profile-likelihood-based
confidence intervals", Applied Statistics 37, 1988; J. T. Kent, "Robust properties of likelihood
ratio tests", Biometrika 69, 1982, for the factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from montecarlo.calibrate.free_parameter import FAR
from montecarlo.calibrate.maximum_likelihood import Maximum, cost_of, moved
from montecarlo.checks import FloatArray

IndexArray: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]

HALF_95 = 1.9207294103470607
"""Half of the 95% point of chi-squared with one degree of freedom."""
HALF_80 = 0.8211872075749082
"""Half of its 80% point."""
CLOSE = 0.03
"""Ends lie where the log-likelihood has fallen by what it should, within this: 0.008 errors."""
NARROW = 0.003
"""Or within this share of the way there, where the likelihood leaps from hill to hill."""
FLAT_STEP = 2.0
"""First step of a parameter of which no standard error is known, on the scale without limits."""
LARGE = 1.5
"""A standard error on the scale without limits from which on a limit may not be excluded."""
GRADIENT = 0.02
"""Slope, per standard error, at which a constrained maximum counts as found."""
MOST_TRIALS = 30
INNER = (-10.0, -8.0, -6.0, -4.5, -3.0, -1.5, 0.0, 1.5, 3.0, 4.5)
"""Where else a parameter is looked for that lies at its limit, on the scale without limits."""
HIGHER = 1e-3
"""A constrained maximum this much above the peak shows another hill."""


class Profile:
    """The highest log-likelihood with one parameter held, around a maximum.

    Parameters
    ----------
    log_likelihood
        Of the (k,) natural values.
    peak
        Its maximum, by :func:`~montecarlo.calibrate.maximum_likelihood.maximise`.
    score
        The same with its slopes, (k,), where they are known; else they are differences.

    Examples
    --------
    Three prices out of five rose. How much less likely is a share of one half than one of 0.6, by
    hand: 3 ln(0.6/0.5) + 2 ln(0.4/0.5).

    >>> from montecarlo.calibrate import FreeParameter, maximise
    >>> def rose(p):
    ...     return 3 * np.log(p[0]) + 2 * np.log(1 - p[0])
    >>> share = FreeParameter(name="share", low=0.0, high=1.0)
    >>> profile = Profile(rose, maximise(rose, parameters=[share], starts=[{"share": 0.5}]))
    >>> round(profile.fall(0, 0.5), 6), round(3 * math.log(1.2) + 2 * math.log(0.8), 6)
    (0.100678, 0.100678)

    Its interval is where that is 1.92 at most:

    >>> low, high = profile.interval(0)
    >>> round(low, 2), round(high, 2)
    (0.2, 0.92)
    """

    def __init__(
        self,
        log_likelihood: Callable[[FloatArray], float],
        peak: Maximum,
        score: Callable[[FloatArray], tuple[float, FloatArray]] | None = None,
    ) -> None:
        self.peak = peak
        self._score = score
        self._cost = cost_of(log_likelihood, peak.parameters)
        pairs = list(zip(peak.parameters, peak.values, strict=True))
        self._best = np.array([p.unlimited(float(x)) for p, x in pairs])
        slope = np.array([p.slope(float(x)) for (p, _), x in zip(pairs, self._best, strict=True)])
        self._lowest = self._cost(self._best)
        self._spread = peak.covariance / np.outer(slope, slope)
        self.higher: FloatArray | None = None
        """Where a constrained maximum was higher than the peak, natural (k,): another hill."""

    def fall(self, i: int, value: float) -> float:
        """Return by how much the log-likelihood falls if parameter ``i`` is held at a value."""
        place = self.peak.parameters[i].unlimited(value)
        return self._held(i, place, [], 0.0)[0]

    def interval(self, i: int, widening: float = 1.0, half: float = HALF_95) -> tuple[float, float]:
        r"""Return the ends of the interval of parameter ``i``.

        An end is the parameter's limit, or infinite, where the likelihood does not exclude it.

        Parameters
        ----------
        i
            Position of the parameter.
        widening
            :math:`\lambda_i` of the module.
        half
            Half of the point of chi-squared; that of 95% by default.
        """
        return self._end(i, -1.0, half * widening), self._end(i, 1.0, half * widening)

    def _end(self, i: int, way: float, drop: float) -> float:
        """Return where the log-likelihood has fallen by ``drop``, below (-1) or above (1)."""
        parameter, best = self.peak.parameters[i], float(self._best[i])
        limit = parameter.low if way < 0.0 else parameter.high
        # A limit is a place FAR away, on the side of the scale without limits where it lies.
        farthest = FAR + 1.0 - way * best if math.isfinite(limit) else math.inf
        if farthest <= 1.0:
            return limit
        error = math.sqrt(float(self._spread[i, i]))
        step = error * math.sqrt(2.0 * drop) if math.isfinite(error) else FLAT_STEP
        inside, outside = (0.0, 0.0), (math.inf, math.inf)
        seen: list[tuple[float, FloatArray]] = []
        at = min(step, farthest)
        for _ in range(MOST_TRIALS):
            fall, found = self._held(i, best + way * at, seen, drop)
            seen.append((best + way * at, found))
            if abs(fall - drop) < CLOSE:
                break
            if fall < drop:
                if at >= farthest:
                    return limit
                inside = (at, fall)
            else:
                outside = (at, fall)
            if outside[0] - inside[0] < NARROW * step:
                break
            at = self._next(inside, outside, drop)
            if error > LARGE and outside[0] == math.inf and at < farthest < math.inf:
                at = farthest
            at = min(at, farthest)
        else:
            if outside[0] == math.inf:
                return limit
        return parameter.natural(best + way * at)

    @staticmethod
    def _next(inside: tuple[float, float], outside: tuple[float, float], drop: float) -> float:
        """Return where to look next: the root of the fall is close to a straight line."""
        if outside[0] == math.inf:
            grown = math.sqrt(drop / max(inside[1], 1e-9)) if inside[1] > 0.0 else math.inf
            return inside[0] * min(max(1.05 * grown, 1.1), 1.8)
        low, high, wanted = (math.sqrt(max(x, 0.0)) for x in (inside[1], outside[1], drop))
        share = (wanted - low) / (high - low) if high > low else 0.5
        return inside[0] + min(max(share, 0.1), 0.9) * (outside[0] - inside[0])

    def _held(
        self, i: int, place: float, seen: list[tuple[float, FloatArray]], drop: float
    ) -> tuple[float, FloatArray]:
        """Return the fall with parameter ``i`` at a place, and all places there.

        A place where it is more than ``drop`` is looked at again before it is excluded.
        """
        others = np.array([j for j in range(self._best.size) if j != i], dtype=np.intp)
        begin, root = self._begin(i, place, seen, others), self._root(i, others)
        begin[i] = place
        if not others.size:
            return self._cost(begin) - self._lowest, begin
        lowest, found = self._climbed(begin, others, root)
        for j in others:
            # At a limit no slope leads away from it, although another place may now be better.
            if lowest - self._lowest < drop:
                break
            if self.peak.parameters[j].is_at_limit(float(found[j])):
                trials = [moved(found, int(j), inner - float(found[j])) for inner in INNER]
                again, elsewhere = self._climbed(min(trials, key=self._cost), others, root)
                if again < lowest:
                    lowest, found = again, elsewhere
        fall = lowest - self._lowest
        if fall < -HIGHER:
            self.higher = np.array(
                [p.natural(float(x)) for p, x in zip(self.peak.parameters, found, strict=True)]
            )
        return fall, found

    def _climbed(
        self, begin: FloatArray, others: IndexArray, root: FloatArray
    ) -> tuple[float, FloatArray]:
        """Return the lowest cost near a start, and where, one parameter being held."""
        from scipy.optimize import minimize

        def full(z: FloatArray) -> FloatArray:
            out = begin.copy()
            out[others] += root @ z
            return out

        def cost(z: FloatArray) -> float:
            return self._cost(full(z))

        plain: Any = {"method": "BFGS", "options": {"gtol": GRADIENT, "maxiter": 60, "eps": 1e-3}}
        score = self._score
        if score is not None:
            plain |= {"jac": lambda z: root.T @ self._slopes(score, full(z))[others]}
            del plain["options"]["eps"]
        with np.errstate(all="ignore"):
            reached: Any = minimize(cost, np.zeros(others.size), **plain)
        return float(reached.fun), full(np.asarray(reached.x))

    def _slopes(
        self, score: Callable[[FloatArray], tuple[float, FloatArray]], places: FloatArray
    ) -> FloatArray:
        """Return the slopes of the cost on the scale without limits, (k,)."""
        pairs = list(zip(self.peak.parameters, places, strict=True))
        _, slopes = score(np.array([p.natural(float(x)) for p, x in pairs]))
        widths = np.array([p.slope(float(x)) for p, x in pairs])
        found: FloatArray = np.nan_to_num(-slopes * widths)
        return found

    def _begin(
        self,
        i: int,
        place: float,
        seen: list[tuple[float, FloatArray]],
        others: IndexArray,
    ) -> FloatArray:
        """Return where the search for the others begins: on the line through what was found."""
        near = sorted([(float(self._best[i]), self._best), *seen], key=lambda s: abs(s[0] - place))
        if len(near) == 1:
            begin = self._best.copy()
            slope = self._spread[others, i] / self._spread[i, i]
            begin[others] += np.where(np.isfinite(slope), slope, 0.0) * (place - self._best[i])
            return begin
        (first, one), (second, two) = near[0], near[1]
        share = min(max((place - first) / (second - first), -1.0), 1.0) if second != first else 0.0
        found: FloatArray = one + share * (two - one)
        return found

    def _root(self, i: int, others: IndexArray) -> FloatArray:
        """Return a root of the covariance of the others given parameter ``i``."""
        known = np.isfinite(np.diag(self._spread))
        out = np.eye(others.size)
        inner = np.flatnonzero(known[others])
        kept = others[inner]
        if not kept.size:
            return out
        given = self._spread[np.ix_(kept, kept)]
        if known[i]:
            slopes = self._spread[kept, i] / self._spread[i, i]
            given = given - np.outer(slopes, self._spread[i, kept])
        values, vectors = np.linalg.eigh(0.5 * (given + given.T))
        least = 1e-8 * float(values[-1])
        out[np.ix_(inner, inner)] = vectors * np.sqrt(np.maximum(values, least))
        return out


def widening(peak: Maximum, robust: Maximum) -> FloatArray:
    r"""Return the factor :math:`\lambda` of each parameter, (k,), at least 1.

    The robust variance is estimated, and where the model is right it comes out a tenth too low in
    a few hundred quotes (the weights of Newey and West cut short what they sum); an interval that
    is narrower than that of the right model would rest on this alone.

    Parameters
    ----------
    peak, robust
        The same maximum with standard errors by second derivatives, and with robust ones.
    """
    with np.errstate(invalid="ignore"):
        found = np.diag(robust.covariance) / np.diag(peak.covariance)
    return np.where(found > 1.0, found, 1.0)
