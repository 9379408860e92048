r"""Maximum likelihood from several starts, with standard errors and a test of identification.

.. math::

    \hat\theta = \arg\max_\theta \ln L(\theta), \qquad
    \widehat{\mathrm{Cov}}(\hat\theta) = \Big(-\frac{\partial^2 \ln L}
    {\partial\theta\,\partial\theta^\top}\Big)^{-1}

The search runs on a scale without limits (the logarithm of what must be positive, the logit of
what lies in an interval), where the likelihood is closer to a parabola; so do the second
derivatives and the ends of the 95% intervals, :math:`\pm 1.96` standard errors there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from montecarlo.calibrate.fitted import Start
from montecarlo.calibrate.free_parameter import FreeParameter
from montecarlo.checks import FloatArray

NORMAL_95 = 1.959963984540054
DROP = 0.01
"""Second derivatives are taken over steps at which the log-likelihood falls by about this."""
LONGEST_STEP = 3.0
FLAT = 0.02
"""A parameter is flat if the log-likelihood falls by less even over the longest step."""
SINGULAR = 1e-7
"""Smallest eigenvalue of the information, scaled to ones, with which all can be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Maximum:
    """Where the likelihood is highest, and how sharply it falls from there.

    Parameters
    ----------
    parameters
        What was searched for.
    values
        (k,) estimates.
    log_likelihood
        At the estimates.
    covariance
        (k, k) from the second derivatives; NaN for parameters that are not identified.
    low, high
        (k,) ends of the 95% intervals.
    starts
        Where each search began and what it reached.
    warnings
        Sentences about parameters that are not identified or lie at a limit.
    at_limit
        Names of the parameters whose estimate lies at a limit; they have no standard error, and
        those of the others are for this limit.
    """

    parameters: tuple[FreeParameter, ...]
    values: FloatArray
    log_likelihood: float
    covariance: FloatArray
    low: FloatArray
    high: FloatArray
    starts: tuple[Start, ...]
    warnings: tuple[str, ...]
    at_limit: tuple[str, ...] = ()

    @property
    def standard_errors(self) -> FloatArray:
        """Standard errors of the estimates, ``(k,)``."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diag(self.covariance))

    def derived(self, function: Callable[[FloatArray], float]) -> tuple[float, float]:
        """Return a function of the estimates and its standard error by the delta method.

        A parameter at its limit counts as known; with one that is not identified the error is NaN.

        >>> share = FreeParameter(name="share", low=0.0, high=1.0)
        >>> peak = Maximum(
        ...     parameters=(share,), values=np.array([0.5]), log_likelihood=0.0,
        ...     covariance=np.array([[0.01]]), low=np.zeros(1), high=np.ones(1), starts=(),
        ...     warnings=(),
        ... )
        >>> value, error = peak.derived(lambda theta: 3.0 * theta[0])
        >>> value, round(error, 6)
        (1.5, 0.3)
        """
        # Steps are taken on the scale without limits, so that none goes beyond one.
        slope = np.empty(self.values.size)
        for i, parameter in enumerate(self.parameters):
            place = parameter.unlimited(float(self.values[i]))
            ends = []
            for step in (1e-5, -1e-5):
                at = self.values.copy()
                at[i] = parameter.natural(place + step)
                ends.append(function(at))
            slope[i] = (ends[0] - ends[1]) / 2e-5 / parameter.slope(place)
        value = float(function(self.values))
        known = np.isfinite(np.diag(self.covariance))
        open_ones = [
            i for i in np.flatnonzero(~known) if self.parameters[i].name not in self.at_limit
        ]
        if np.any(slope[open_ones] != 0.0):
            return value, math.nan
        variance = float(slope[known] @ self.covariance[np.ix_(known, known)] @ slope[known])
        return value, math.sqrt(max(variance, 0.0))

    def of(self, kept: Sequence[int]) -> Maximum:
        """Return the same maximum over some parameters, the others at their best for each."""
        inner = list(kept)
        return replace(
            self,
            parameters=tuple(self.parameters[i] for i in inner),
            values=self.values[inner],
            covariance=self.covariance[np.ix_(inner, inner)],
            low=self.low[inner],
            high=self.high[inner],
        )

    def by_name(self) -> dict[str, float]:
        """Return parameter -> estimate."""
        names = (item.name for item in self.parameters)
        return dict(zip(names, self.values.tolist(), strict=True))


def maximise(
    log_likelihood: Callable[[FloatArray], float],
    *,
    parameters: Sequence[FreeParameter],
    starts: Sequence[Mapping[str, float]],
) -> Maximum:
    r"""Return the highest maximum that is reached from several starts.

    Parameters
    ----------
    log_likelihood
        :math:`\ln L` of the (k,) natural values; anything that is not finite counts as very low.
    parameters
        What is searched for, with limits.
    starts
        Parameter -> value, at least one.

    Raises
    ------
    ValueError
        Without a start, or if the likelihood is finite at none.

    Examples
    --------
    Three prices out of five rose: a share of 0.6, with standard error sqrt(0.6 x 0.4 / 5).

    >>> found = maximise(
    ...     lambda p: 3 * np.log(p[0]) + 2 * np.log(1 - p[0]),
    ...     parameters=[FreeParameter(name="share", low=0.0, high=1.0)],
    ...     starts=[{"share": 0.2}, {"share": 0.9}],
    ... )
    >>> found.values.round(5), found.standard_errors.round(3)
    (array([0.6]), array([0.219]))
    """
    from scipy.optimize import minimize

    free = tuple(parameters)

    cost = cost_of(log_likelihood, free)
    if not starts:
        msg = "starts must hold at least one start, got none"
        raise ValueError(msg)
    reached: list[tuple[float, FloatArray]] = []
    for start in starts:
        first = np.array([p.unlimited(float(start[p.name])) for p in free])
        found: Any = minimize(cost, first, method="L-BFGS-B", options={"maxiter": 500})
        reached.append((float(found.fun), np.asarray(found.x, dtype=np.float64)))
    best_cost, best = min(reached, key=lambda pair: pair[0])
    if best_cost >= 1e12:
        msg = f"log-likelihood must be finite at a start, got none among {len(starts)}"
        raise ValueError(msg)
    tight: Any = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 400 * len(free), "adaptive": True}
    polished: Any = minimize(cost, best, method="Nelder-Mead", options=tight)
    if polished.fun < best_cost:
        best_cost, best = float(polished.fun), np.asarray(polished.x, dtype=np.float64)
    tried = tuple(
        Start(values=dict(start), log_likelihood=-value if value < 1e12 else -math.inf)
        for start, (value, _) in zip(starts, reached, strict=True)
    )
    return curvature(log_likelihood, parameters=free, values=_natural(free, best), starts=tried)


def curvature(
    log_likelihood: Callable[[FloatArray], float],
    *,
    parameters: Sequence[FreeParameter],
    values: FloatArray,
    starts: tuple[Start, ...] = (),
) -> Maximum:
    """Return standard errors, intervals and what is not identified, at a maximum that is known.

    Parameters are those of :func:`maximise`; ``values`` (k,) is where the maximum lies.
    """
    free = tuple(parameters)

    cost = cost_of(log_likelihood, free)
    best = np.array([p.unlimited(float(x)) for p, x in zip(free, values, strict=True)])
    lowest = cost(best)
    at_limit = tuple(p.name for p, x in zip(free, best, strict=True) if p.is_at_limit(float(x)))
    covariance, warnings = _covariance(cost, free, best, lowest)
    slope = np.array([p.slope(float(x)) for p, x in zip(free, best, strict=True)])
    with np.errstate(invalid="ignore"):
        reach = NORMAL_95 * np.sqrt(np.diag(covariance))
    low, high = (
        np.array([p.natural(float(x)) for p, x in zip(free, best + sign * reach, strict=True)])
        for sign in (-1.0, 1.0)
    )
    return Maximum(
        parameters=free,
        values=values,
        log_likelihood=-lowest,
        covariance=covariance * np.outer(slope, slope),
        low=low,
        high=high,
        starts=starts,
        warnings=tuple(warnings),
        at_limit=at_limit,
    )


def _natural(free: tuple[FreeParameter, ...], places: FloatArray) -> FloatArray:
    return np.array([p.natural(float(x)) for p, x in zip(free, places, strict=True)])


def cost_of(
    log_likelihood: Callable[[FloatArray], float], free: tuple[FreeParameter, ...]
) -> Callable[[FloatArray], float]:
    """Return what is minimised: minus the log-likelihood on the scale without limits, or 1e12."""

    def cost(places: FloatArray) -> float:
        with np.errstate(all="ignore"):
            try:
                value = float(log_likelihood(_natural(free, places)))
            except ArithmeticError:
                return 1e12
        return -value if math.isfinite(value) else 1e12

    return cost


def _covariance(
    cost: Callable[[FloatArray], float],
    free: tuple[FreeParameter, ...],
    at: FloatArray,
    lowest: float,
) -> tuple[FloatArray, list[str]]:
    """Return the covariance on the scale without limits, and what could not be identified."""
    n = at.size
    covariance = np.full((n, n), math.nan)
    warnings = []
    steps = np.array([_step(cost, at, i, lowest) for i in range(n)])
    is_free = np.ones(n, dtype=np.bool_)
    for i, parameter in enumerate(free):
        at_limit = parameter.is_at_limit(float(at[i]))
        if math.isnan(steps[i]) or at_limit:
            is_free[i] = False
            value = parameter.natural(float(at[i]))
            warnings.append(
                f"{parameter.name} lies at its limit ({value:.2g}): it has no standard error, "
                "and those of the others take it as given"
                if at_limit
                else f"{parameter.name} is not identified: the likelihood hardly changes with it"
            )
    kept = np.flatnonzero(is_free)
    if not kept.size:
        return covariance, warnings
    information = _second_derivatives(cost, at, steps, kept, lowest)
    scale = np.sqrt(np.abs(np.diag(information)))
    scaled = information / np.outer(scale, scale)
    roots, directions = np.linalg.eigh(scaled)
    if roots[0] < SINGULAR:
        share = np.abs(directions[:, 0])
        names = [free[kept[i]].name for i in np.flatnonzero(share > 0.3)]
        warnings.append(
            f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} not identified: "
            "the likelihood is flat along a line through them"
            if len(names) > 1
            else f"{names[0]} is not identified: the likelihood has no peak there"
        )
        good = np.array([i for i in range(kept.size) if share[i] <= 0.3], dtype=np.int64)
        kept, information = kept[good], information[np.ix_(good, good)]
        if not kept.size:
            return covariance, warnings
    inverse = np.linalg.inv(information)
    covariance[np.ix_(kept, kept)] = inverse
    return covariance, warnings


def _step(cost: Callable[[FloatArray], float], at: FloatArray, i: int, lowest: float) -> float:
    """Return a step of parameter ``i`` over which the cost rises by about DROP; NaN if flat."""
    step = 1e-2
    for _ in range(60):
        rise = 0.5 * (cost(moved(at, i, step)) + cost(moved(at, i, -step))) - lowest
        if 0.3 * DROP < rise < 3.0 * DROP:
            return step
        if rise <= 0.0:
            step *= 4.0
        else:
            step *= min(4.0, max(0.25, math.sqrt(DROP / rise)))
        if step > LONGEST_STEP:
            rise = cost(moved(at, i, LONGEST_STEP)) + cost(moved(at, i, -LONGEST_STEP))
            return LONGEST_STEP if 0.5 * rise - lowest > FLAT else math.nan
    return step


def moved(at: FloatArray, i: int, by: float) -> FloatArray:
    """Return a place moved in one direction, (k,)."""
    place = at.copy()
    place[i] += by
    return place


def _second_derivatives(
    cost: Callable[[FloatArray], float],
    at: FloatArray,
    steps: FloatArray,
    kept: np.ndarray[Any, np.dtype[np.intp]],
    lowest: float,
) -> FloatArray:
    n = kept.size
    out = np.empty((n, n))
    for a in range(n):
        i, h = int(kept[a]), float(steps[kept[a]])
        out[a, a] = (cost(moved(at, i, h)) - 2.0 * lowest + cost(moved(at, i, -h))) / h**2
        for b in range(a):
            j, g = int(kept[b]), float(steps[kept[b]])
            corners = [
                cost(moved(moved(at, i, s * h), j, t * g)) for s, t in
                ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))
            ]  # fmt: skip
            mixed = (corners[0] - corners[1] - corners[2] + corners[3]) / (4.0 * h * g)
            out[a, b] = out[b, a] = mixed
    return out
