r"""Stop at a wanted standard error: try the ways of drawing paths, take the quickest, and stop.

From a pilot of :math:`n_0` paths with standard error :math:`s_0`, another seed than the run's,

.. math::

   n = n_0 \Big(\frac{s_0}{s}\Big)^{1/a}, \qquad
   a = \tfrac12 \ \text{(random, antithetic)}, \quad
   a = \frac{\ln (s_0 / s_1)}{\ln (n_1 / n_0)} \ \text{(Sobol, from two pilots)}

paths are expected to bring the error down to the wanted :math:`s`, with a of Sobol points held
between 0.5 and 0.8. The way with the least expected
work, n times the cost of a path relative to a random one, is taken. Costs are fixed numbers, not
times, so that the same question gives the same bits on every machine. Whatever the pilots said, the
run is repeated with more paths until its own standard error is the wanted one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Literal, TypeAlias, get_args

from contracts.checks import one_of, require
from montecarlo import checks
from montecarlo.sampling import Method, Precision, Sampling

SamplingLike: TypeAlias = Sampling | Method
METHODS: tuple[Method, ...] = get_args(Method)
RANDOMISATIONS = 32
MAX_PATHS = 50_000_000
"""What a search may spend by default: more says so before it starts."""

PILOT_PATHS = 4096
LEAST_PATHS = 8192
"""Even where fewer would do for the mean: percentiles are read off the same paths."""

_PILOT_POINTS = (256, 1024)
_SEED_OF_PILOTS = 0x9E3779B97F4A7C15
_COST = {"random": 1.0, "antithetic": 0.8, "sobol": 2.0}
_MARGIN = 1.1
# Two small pilots promise more than many points keep where a payoff has a long tail.
_LEAST_RATE, _MOST_RATE = 0.5, 0.8
_LEAST_GROWTH, _MOST_GROWTH = 1.5, 16.0
_UNCOUNTED = 10**18
"""From here on "more than this" says it all, and powers stay within the range of a float."""

_NO_ERROR = "the pilot has no standard error"

Evaluate = Callable[[Method, int, int], float]
"""The standard error of a valuation, from the method, the number of paths and the seed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One valuation on the way to a wanted standard error.

    Attributes
    ----------
    stage
        ``"pilot"`` or ``"run"``.
    method, n_paths
        How paths were drawn, and how many.
    standard_error
        Of the whole deal; NaN where the method does not apply.
    expected_paths
        How many paths the method was expected to need; 0 for a run.
    reason
        Why the method does not apply; else empty.
    """

    stage: Literal["pilot", "run"]
    method: Method
    n_paths: int
    standard_error: float
    expected_paths: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """What was tried for a wanted standard error, in order; the last trial is the one that holds.

    Examples
    --------
    >>> print(Search(10.0, (Trial("run", "antithetic", 2048, 8.5),)))
    standard error 8.5 (wanted 10) from 2,048 antithetic paths
    """

    standard_error: float
    trials: tuple[Trial, ...]

    def __str__(self) -> str:
        last = self.trials[-1]
        tried = ", ".join(
            f"{t.method} {'does not apply' if t.reason else f'{t.expected_paths:,}'}"
            for t in self._best_pilots()
        )
        expected = f"; expected to need: {tried}" if tried else ""
        return (
            f"standard error {last.standard_error:,.6g} (wanted {self.standard_error:,.6g}) from "
            f"{last.n_paths:,} {_LABELS[last.method]} paths{expected}"
        )

    def _best_pilots(self) -> list[Trial]:
        found: dict[str, Trial] = {t.method: t for t in self.trials if t.stage == "pilot"}
        return list(found.values())


_LABELS = {"random": "random", "antithetic": "antithetic", "sobol": "Sobol"}


def search(
    evaluate: Evaluate,
    standard_error: float,
    *,
    seed: int,
    methods: Sequence[Method] = METHODS,
    max_paths: int = MAX_PATHS,
) -> Search:
    """Choose how to draw paths, and value with more of them until the error is the wanted one.

    Parameters
    ----------
    evaluate
        Values the deal with a method, a number of paths and a seed; raises ``ValueError`` where
        the method does not apply. What it was called with last is the result.
    standard_error
        The wanted one, above zero, in the deal's currency.
    seed
        Of the run; pilots use another.
    methods
        Those to try.
    max_paths
        What a run may take.

    Raises
    ------
    ValueError
        When no method is expected to reach the error within ``max_paths``, or none applies.

    Examples
    --------
    A standard deviation of 1,000 a path, a hundredth of that in pairs:

    >>> deviation = {"random": 1000.0, "antithetic": 10.0}
    >>> found = search(
    ...     lambda method, n, seed: deviation[method] / n**0.5,
    ...     0.1,
    ...     seed=1,
    ...     methods=["random", "antithetic"],
    ... )
    >>> found.trials[-1].method, found.trials[-1].n_paths
    ('antithetic', 11264)
    """
    is_number = isinstance(standard_error, Real) and not isinstance(standard_error, bool)
    is_positive = is_number and 0.0 < standard_error < math.inf
    require(is_positive, "standard_error", "be a number above zero", standard_error)
    checks.integer("max_paths", max_paths, 1)
    checks.seed_words(seed)
    trials: list[Trial] = []
    for method in methods:
        trials += _pilots(evaluate, method, standard_error, seed)
    usable = [t for t in trials if not t.reason and t.expected_paths]
    if not usable:
        # The same fault whatever the method is no matter of drawing paths.
        if len({t.reason for t in trials}) == 1:
            raise ValueError(trials[-1].reason)
        message = f"standard_error: no way of drawing paths applies: {trials[-1].reason}"
        raise ValueError(message)
    best = min(usable, key=lambda t: _COST[t.method] * t.expected_paths)
    n_paths = _admissible(best.method, best.expected_paths)
    while True:
        _check_budget(n_paths, max_paths, best.method, standard_error)
        error = evaluate(best.method, n_paths, seed)
        trials.append(Trial("run", best.method, n_paths, error))
        require(not math.isnan(error), "standard_error", "be a number for the run", error)
        if error <= standard_error:
            return Search(float(standard_error), tuple(trials))
        growth = _MARGIN * (error / standard_error) ** 2
        growth = min(max(growth, _LEAST_GROWTH), _MOST_GROWTH)
        n_paths = _admissible(best.method, math.ceil(n_paths * growth))


def sampling_of(method: Method, n_paths: int, *, spot_only: bool = True) -> Sampling:
    """Return how to draw a number of paths by a method, 32 randomisations of Sobol points.

    Raises
    ------
    ValueError
        When the number does not fill 32 powers of two, naming the nearest that do.

    Examples
    --------
    >>> sampling_of("sobol", 32 * 1024).n_points
    1024
    """
    if method == "sobol":
        return replace(Sampling.sobol(n_paths, randomisations=RANDOMISATIONS), spot_only=spot_only)
    return Sampling(method=method, spot_only=spot_only)


def as_sampling(like: SamplingLike, n_paths: int, precision: Precision = "double") -> Sampling:
    """Return how to draw paths, from a name or as given.

    Raises
    ------
    ValueError
        For an unknown name, a number of paths that the method cannot draw, or a precision beside
        a sampling that states its own.

    Examples
    --------
    >>> as_sampling("antithetic", 1000).method
    'antithetic'
    """
    if isinstance(like, Sampling):
        require(precision == "double", "precision", "be said in the sampling given", precision)
        return like
    one_of(like, METHODS, "sampling")
    one_of(precision, get_args(Precision), "precision")
    return replace(sampling_of(like, n_paths), precision=precision)


def _pilots(evaluate: Evaluate, method: Method, wanted: float, seed: int) -> list[Trial]:
    sizes = [PILOT_PATHS]
    if method == "sobol":
        sizes = [RANDOMISATIONS * points for points in _PILOT_POINTS]
    other_seed = seed ^ _SEED_OF_PILOTS
    found: list[Trial] = []
    errors: list[float] = []
    for n_paths in sizes:
        try:
            errors.append(evaluate(method, n_paths, other_seed))
        except ValueError as fault:
            return [Trial("pilot", method, n_paths, math.nan, reason=str(fault))]
        rate = _LEAST_RATE
        if len(errors) == len(sizes) > 1 and min(errors) > 0.0:
            rate = math.log(errors[0] / errors[-1]) / math.log(sizes[-1] / sizes[0])
            rate = min(max(rate, _LEAST_RATE), _MOST_RATE)
        ratio = _MARGIN**0.5 * errors[-1] / wanted
        if math.isnan(ratio):
            return [Trial("pilot", method, n_paths, math.nan, reason=_NO_ERROR)]
        # A first pilot that has another after it says nothing of the rate.
        is_last = len(errors) == len(sizes)
        needed = min(math.ceil(n_paths * min(ratio, _UNCOUNTED) ** (1.0 / rate)), _UNCOUNTED)
        expected = max(needed, _least(method)) if is_last else 0
        found.append(Trial("pilot", method, n_paths, errors[-1], expected))
    return found


def _least(method: Method) -> int:
    return RANDOMISATIONS * _PILOT_POINTS[0] if method == "sobol" else LEAST_PATHS


def _admissible(method: Method, n_paths: int) -> int:
    """Return the next number of paths that fills whole blocks, or points to a power of two."""
    if method == "sobol":
        points = max(-(-n_paths // RANDOMISATIONS), _PILOT_POINTS[0])
        return RANDOMISATIONS << (points - 1).bit_length()
    return -(-n_paths // 1024) * 1024


def _check_budget(n_paths: int, max_paths: int, method: str, standard_error: float) -> None:
    needed = f"{n_paths:,}" if n_paths < _UNCOUNTED else f"more than {_UNCOUNTED:,}"
    rule = f"be reachable within max_paths ({max_paths:,}); {needed} {method} paths would be needed"
    require(n_paths <= max_paths, "standard_error", rule, standard_error)
