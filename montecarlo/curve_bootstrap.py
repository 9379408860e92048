r"""A forward curve from quotes of periods that overlap, lie within each other or leave gaps.

With quotes :math:`q_k` of the days :math:`k`, an optional season :math:`s` and the curve wanted
:math:`F = s\,g`,

.. math:: \frac1{n_k}\sum_{d \in k} s(d)\,g(d) = q_k \quad\text{for every } k .

Two shapes of :math:`g` are known:

- ``"step"``: constant between the days at which a quote begins or ends. Where the quotes leave a
  choice, the steps with the least sum of squared jumps; across a gap the price before it stays.
- ``"smooth"``: the smoothest function, the one with the least :math:`\int g''^2\,dt`,

  .. math::

      g(t) = a + bt + \sum_k \lambda_k \sum_{d \in k} \frac{s(d)}{n_k}\,|t - d|^3, \qquad
      \sum_k \lambda_k \frac1{n_k}\sum_{d \in k} s(d)\,(1, d) = (0, 0),

  a natural cubic spline with a knot at every quoted day. Source of the criterion: K. J. Adams and
  D. R. van Deventer, "Fitting yield curves and forward rate curves with maximum smoothness",
  Journal of Fixed Income 4, 1994; of its use for quotes of periods: F. E. Benth, S. Koekebakker
  and F. Ollmar, "Extracting and applying smooth forward curves from average-based commodity
  contracts with seasonal variation", Journal of Derivatives 15, 2007.

Both return every quote to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Literal, TypeAlias, get_args

import numpy as np

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.elimination import Elimination
from montecarlo.grid import DateArray, DateLike, as_date, year_fraction
from montecarlo.period_quote import PeriodQuote
from montecarlo.seasonality import Seasonality

Shape: TypeAlias = Literal["step", "smooth"]
"""How a curve runs within the quoted periods."""

_MOST_REFINEMENTS = 8
_ROUNDING = 1e-9
"""How far, relative, quotes that follow from each other may differ when none was rounded."""


def bootstrap_forward_curve(
    valuation_date: DateLike,
    quotes: Sequence[PeriodQuote] | Mapping[str, float],
    *,
    shape: Shape,
    seasonality: Seasonality | None = None,
    until: DateLike | None = None,
    rounding: float = 0.0,
    may_be_negative: bool = False,
) -> ForwardCurve:
    """Return the forward curve behind quotes of periods.

    Parameters
    ----------
    valuation_date
        No period may start before it: of a month that has begun, quote the rest.
    quotes
        In any order; or a mapping of period to value, as ``{"2027-Q1": 17.22}``.
    shape
        ``"step"`` or ``"smooth"``; see the module.
    seasonality
        What shapes the curve within a quoted period, beyond what the quotes themselves say.
    until
        The last day with seasons, where that is after the last quoted day; without seasons it
        says nothing.
    rounding
        By how much a quote may be off, currency per unit: half of the last digit. A quote that
        shorter ones already imply, to within what that explains, is left out.
    may_be_negative
        Whether a curve that falls to zero or below is taken.

    Returns
    -------
    ForwardCurve
        Flat before the first quoted day and after the last, but for the seasons; currency per
        unit.

    Raises
    ------
    ValueError
        Naming the quotes that contradict each other, or the first day on which the curve is not
        above zero.

    Examples
    --------
    January and the quarter are quoted; February and March follow, by days:
    (91 x 17.22 - 31 x 19.05) / 60 = 16.2745.

    >>> curve = bootstrap_forward_curve(
    ...     "2019-12-31", {"2020-01": 19.05, "2020-Q1": 17.22}, shape="step"
    ... )
    >>> curve.values.round(10)
    array([19.05  , 16.2745])
    >>> bootstrap_forward_curve(
    ...     "2019-12-31", {"2020-H1": 9.0, "2020-Q1": 8.0, "2020-Q2": 8.5}, shape="step"
    ... )
    Traceback (most recent call last):
    ValueError: quotes must agree with each other: 2020-Q1 and 2020-Q2 make 2020-H1 8.25, got 9.0
    """
    today = as_date("valuation_date", valuation_date)
    given = (
        [PeriodQuote.of(*item) for item in quotes.items()]
        if isinstance(quotes, Mapping)
        else list(quotes)
    )
    if not given:
        msg = "quotes must have at least one entry, got none"
        raise ValueError(msg)
    if shape not in get_args(Shape):
        msg = f"shape must be 'step' or 'smooth', got {shape!r}"
        raise ValueError(msg)
    for quote in given:
        if quote.start < today:
            msg = (
                f"quotes must not start before the valuation date ({today}): of a period that has "
                f"begun quote the rest, got {quote.name} from {quote.start}"
            )
            raise ValueError(msg)
    chosen = independent_quotes(given, rounding=rounding)
    build = _step if shape == "step" else _smooth
    days, values = build(chosen, seasonality)
    if seasonality is not None:
        last = days[-1] if until is None else max(days[-1], as_date("until", until))
        every = np.arange(today, last + 1, dtype="datetime64[D]")
        nearest = np.clip((every - days[0]).astype(np.int64), 0, days.size - 1)
        days, values = every, values[nearest] * seasonality.factors(every)
    low = np.flatnonzero(values <= 0.0)
    if low.size and not may_be_negative:
        i = int(low[0])
        msg = (
            f"quotes must make a curve above zero, got {float(values[i]):.6g} on {days[i]} with "
            f"shape {shape!r}"
        )
        raise ValueError(msg)
    is_step = shape == "step" and seasonality is None
    return ForwardCurve(
        times=year_fraction(today, days),
        values=values,
        interpolation="step" if is_step else "linear",
    )


def period_average(
    curve: ForwardCurve, valuation_date: DateLike, start: DateLike, end: DateLike
) -> float:
    """Return the mean of a forward curve over the days from ``start`` to ``end``, both included.

    Examples
    --------
    >>> curve = ForwardCurve(times=[0.0, 31 / 365], values=[10.0, 40.0], interpolation="step")
    >>> period_average(curve, "2027-01-01", "2027-01-31", "2027-02-02")
    30.0
    """
    quote = PeriodQuote(start, end, 0.0)
    return _mean(curve(year_fraction(as_date("valuation_date", valuation_date), quote.days)))


def independent_quotes(
    quotes: Sequence[PeriodQuote], *, rounding: float = 0.0
) -> list[PeriodQuote]:
    r"""Return the quotes that say something of their own, the shortest periods first.

    A quote joins two days, its first and the one after its last, and states the sum of the prices
    between. If shorter quotes join these days already, along some way, it says nothing new:

    .. math:: n q = \sum_j \pm n_j q_j

    Raises
    ------
    ValueError
        When it says something else, by more than the rounding of all of them.

    Examples
    --------
    >>> quotes = [PeriodQuote.of("2027", 12.0), PeriodQuote.of("2027-H1", 11.0)]
    >>> [quote.name for quote in independent_quotes(quotes)]
    ['2027-H1', '2027']
    """
    slack = checks.non_negative("rounding", rounding)
    links: dict[int, list[tuple[int, PeriodQuote, int]]] = {}
    chosen = []
    for quote in sorted(quotes, key=lambda quote: (quote.n_days, quote.start)):
        first, after = _span(quote)
        way = _way(links, first, after)
        if way is None:
            chosen.append(quote)
            links.setdefault(first, []).append((after, quote, 1))
            links.setdefault(after, []).append((first, quote, -1))
            continue
        n = quote.n_days
        implied = math.fsum(sign * step.n_days * step.value for step, sign in way) / n
        share = 1.0 + sum(step.n_days for step, _ in way) / n
        size = max(abs(quote.value), *(abs(step.value) for step, _ in way))
        if abs(quote.value - implied) > share * (slack + _ROUNDING * size):
            names = " and ".join(step.name for step, _ in way)
            verb = "makes" if len(way) == 1 else "make"
            msg = (
                f"quotes must agree with each other: {names} {verb} {quote.name} {implied:.6g}, "
                f"got {quote.value!r}"
            )
            raise ValueError(msg)
    return chosen


def _way(
    links: Mapping[int, Sequence[tuple[int, PeriodQuote, int]]], first: int, after: int
) -> list[tuple[PeriodQuote, int]] | None:
    """Return the quotes that lead from one day to another, each with its direction."""
    if first not in links or after not in links:
        return None
    came: dict[int, tuple[int, PeriodQuote, int] | None] = {first: None}
    open_days = [first]
    for day in open_days:
        for other, quote, sign in links[day]:
            if other not in came:
                came[other] = (day, quote, sign)
                open_days.append(other)
    if after not in came:
        return None
    way = []
    step = came[after]
    while step is not None:
        day, quote, sign = step
        way.append((quote, sign))
        step = came[day]
    return way[::-1]


def _span(quote: PeriodQuote) -> tuple[int, int]:
    """Return the numbers of the first day and of the day after the last."""
    return int(quote.start.astype(np.int64)), int(quote.end.astype(np.int64)) + 1


def _step(
    quotes: Sequence[PeriodQuote], seasonality: Seasonality | None
) -> tuple[DateArray, FloatArray]:
    """Return the first day of each step and g; every day, where there are seasons."""
    spans = [_span(quote) for quote in quotes]
    bounds = sorted({day for span in spans for day in span})
    steps = [
        (start, after)
        for start, after in pairwise(bounds)
        if any(low <= start and after <= high for low, high in spans)
    ]
    n_steps, n_quotes = len(steps), len(quotes)
    averages = np.zeros((n_quotes, n_steps))
    for i, (start, after) in enumerate(steps):
        weight = math.fsum(_factors(seasonality, np.arange(start, after).astype("datetime64[D]")))
        for k, (low, high) in enumerate(spans):
            if low <= start and after <= high:
                averages[k, i] = weight / (high - low)
    targets = np.array([quote.value for quote in quotes])
    solved = Elimination.of(averages).solve if n_steps == n_quotes else _least_jumps(averages)
    levels = _refined(solved, lambda found: _weighted(averages, found), targets)
    starts = np.array([start for start, _ in steps])
    if seasonality is None:
        return starts.astype("datetime64[D]"), levels
    days = np.arange(bounds[0], bounds[-1])
    of_day = np.searchsorted(starts, days, side="right") - 1
    return days.astype("datetime64[D]"), levels[of_day]


def _least_jumps(averages: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Return what finds the steps of given averages with the least squared jumps."""
    n_quotes, n_steps = averages.shape
    # Where the sum is least its derivative is a combination of the rows of averages.
    matrix = np.zeros((n_steps + n_quotes, n_steps + n_quotes))
    for i in range(n_steps - 1):
        matrix[i, i] += 1.0
        matrix[i + 1, i + 1] += 1.0
        matrix[i, i + 1] -= 1.0
        matrix[i + 1, i] -= 1.0
    matrix[:n_steps, n_steps:] = averages.T
    matrix[n_steps:, :n_steps] = averages
    elimination = Elimination.of(matrix)

    def solved(wanted: FloatArray) -> FloatArray:
        return elimination.solve(np.concatenate([np.zeros(n_steps), wanted]))[:n_steps]

    return solved


def _smooth(
    quotes: Sequence[PeriodQuote], seasonality: Seasonality | None
) -> tuple[DateArray, FloatArray]:
    """Return every day from the first quoted to the last, and g."""
    first, last = min(quote.start for quote in quotes), max(quote.end for quote in quotes)
    days = np.arange(first, last + 1, dtype="datetime64[D]")
    season = _factors(seasonality, days)
    # From -1 to 1, so that cubes of distances stay of one size.
    at = np.linspace(-1.0, 1.0, days.size) if days.size > 1 else np.zeros(1)
    origin = int(first.astype(np.int64))
    spans = [(low - origin, high - origin) for low, high in map(_span, quotes)]
    shapes = [np.ones(days.size)]
    centres = [_mean(at[low:high]) for low, high in spans]
    if max(centres) - min(centres) > _ROUNDING:
        # Periods with one centre say nothing of a slope, and get none.
        shapes.append(at)
    n_free = len(shapes)
    for low, high in spans:
        weights = np.zeros(days.size)
        weights[low:high] = season[low:high] / (high - low)
        shapes.append(_cubes(at, weights))
    basis = np.array(shapes)

    def averages(values: FloatArray) -> FloatArray:
        return np.array([_mean((season * values)[low:high]) for low, high in spans])

    n = len(quotes)
    matrix = np.zeros((n + n_free, n + n_free))
    # Differences of running sums are enough here: what they miss is corrected below.
    sums = np.cumsum(np.pad(basis * season, ((0, 0), (1, 0))), axis=1)
    for k, (low, high) in enumerate(spans):
        matrix[k] = (sums[:, high] - sums[:, low]) / (high - low)
    matrix[n:, n_free:] = matrix[:n, :n_free].T
    elimination = Elimination.of(matrix)
    targets = np.array([quote.value for quote in quotes])

    def solved(wanted: FloatArray) -> FloatArray:
        weights = elimination.solve(np.concatenate([wanted, np.zeros(n_free)]))
        return _weighted(basis.T, weights)

    return days, _refined(solved, averages, targets)


def _cubes(at: FloatArray, weights: FloatArray) -> FloatArray:
    r"""Return :math:`\sum_d w_d |t - d|^3` at every day, from running sums of powers."""
    squared = at * at
    powers = (np.ones(at.size), at, squared, squared * at)
    cubes = np.zeros(at.size)
    for power, (factor, rest) in enumerate(zip((1.0, -3.0, 3.0, -1.0), powers[::-1], strict=True)):
        up_to = np.cumsum(weights * powers[power])
        cubes += factor * rest * (2.0 * up_to - up_to[-1])
    return cubes


def _refined(
    solved: Callable[[FloatArray], FloatArray],
    averages: Callable[[FloatArray], FloatArray],
    targets: FloatArray,
) -> FloatArray:
    """Return the solution, corrected by what it still misses until rounding is left."""
    found = solved(targets)
    missed = targets - averages(found)
    for _ in range(_MOST_REFINEMENTS):
        better = found + solved(missed)
        still = targets - averages(better)
        if not np.abs(still).max() < np.abs(missed).max():
            break
        found, missed = better, still
    return found


def _factors(seasonality: Seasonality | None, days: DateArray) -> FloatArray:
    return np.ones(days.size) if seasonality is None else seasonality.factors(days)


def _weighted(columns: FloatArray, weights: FloatArray) -> FloatArray:
    totals: FloatArray = np.cumsum(columns * weights, axis=1)[:, -1]
    return totals


def _mean(values: FloatArray) -> float:
    return math.fsum(values) / values.size
