r"""Control variates for legs that are piecewise linear in an average price.

With :math:`f_t` the amount of period :math:`t` as a function of its reference price :math:`R_t`
and :math:`X_t` the price's geometric twin (:mod:`contracts.geometric_average`), the amount is
corrected to

.. math::

   \tilde A_t = f_t(R_t) - f_t(X_t) - p_t (R_t - X_t) + \mathbb{E}[f_t(X_t)], \qquad
   p_t = \frac{\mathbb{E}[f_t'(X_t)\,Y_t^2]}{\mathbb{E}[Y_t^2]}

The mean is unchanged, for :math:`\mathbb{E}[X_t] = \mathbb{E}[R_t]` and :math:`X_t = \varphi_t +
Y_t` is a shifted lognormal, on which each kink is an option with a closed form. The slope
:math:`p_t` is that of the regression of the rest on :math:`R_t - X_t` to first order, also in
closed form: nothing is estimated from the sample. An amount without a kink, and one of a single
price, is known without error.

A cap that remembers has no closed form, nor has a price that is not lognormal
(:mod:`contracts.mean_controls`). There

.. math:: \tilde A_t = A_t - a_t\,u_t - b_t \sum_{s<t} u_s

with :math:`u_t` the control, less its mean, of an amount that no period takes above the cap, and
the sum over the periods under the same cap. The slopes are those of a regression on a pilot of
paths of another seed, so that they are fixed numbers for the run and its mean stays unbiased.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.conventions import BoolArray, FloatArray, IntArray, Observed
from contracts.geometric_average import GeometricAverage, geometric_average
from contracts.mean_controls import (
    NOT_CONTROLLED,
    MeanControl,
    expected_average,
    mean_control,
)
from contracts.modifiers import BudgetCap
from contracts.observations import Earnings
from contracts.payoff import Payoff
from contracts.price_payoff import Driver, PricePayoff, clipped, closed_form, on_price
from contracts.protocols import KinkedLeg, Prices
from contracts.settlement import Line, Settlement
from montecarlo.grid import TimeGrid
from montecarlo.jit import kernel
from montecarlo.models.protocol import Measure


@dataclass(frozen=True, eq=False)
class ExactControl:
    """A line whose mean is known: the control is the line itself."""

    rows: IntArray
    expectation: FloatArray
    is_one_sided: bool

    def amounts(
        self, flows: FloatArray, prices: Prices, observed: Observed, twins: Observed
    ) -> FloatArray:
        """Return the line's own flows."""
        return flows


@dataclass(frozen=True, eq=False)
class AverageControl:
    """The same payoff on the geometric twin, and a slope on the difference of the two averages.

    Attributes
    ----------
    slope
        :math:`p_t`, ``(n_periods,)``, money per unit of price.
    is_capped
        Whether a modifier is not linear, so that this control is not yet one of the line.
    """

    reference_price: str
    payoff: PricePayoff
    rows: IntArray
    expectation: FloatArray
    is_one_sided: bool
    slope: FloatArray
    is_capped: bool

    def amounts(
        self, flows: FloatArray, prices: Prices, observed: Observed, twins: Observed
    ) -> FloatArray:
        """Return the amounts on the twin with the linear part added."""
        average, twin = observed[self.reference_price], twins[self.reference_price]
        return self.payoff.with_linear(self.slope, average, twin)


@dataclass(frozen=True, eq=False)
class CappedControl:
    """The control without the cap's memory, of the period and of those before it, with slopes.

    Attributes
    ----------
    forgetful
        What the control would be if each period had the whole cap.
    begins
        ``(n_periods,)``: whether the cap starts afresh with the period.
    own, before
        :math:`a_t` and :math:`b_t`, ``(n_periods,)``.
    """

    forgetful: AverageControl | MeanControl
    begins: BoolArray
    own: FloatArray
    before: FloatArray

    @property
    def reference_price(self) -> str:
        """The reference price that is read."""
        return self.forgetful.reference_price

    @property
    def rows(self) -> IntArray:
        """Those of the forgetful control."""
        return self.forgetful.rows

    @property
    def expectation(self) -> FloatArray:
        """Zero, for expectations are taken off within."""
        return np.zeros(len(self.own))

    @property
    def is_one_sided(self) -> bool:
        """As the forgetful control."""
        return self.forgetful.is_one_sided

    def amounts(
        self, flows: FloatArray, prices: Prices, observed: Observed, twins: Observed
    ) -> FloatArray:
        """Return the pilot's regression of the capped amounts."""
        out = self.forgetful.amounts(flows, prices, observed, twins)
        earlier = np.empty(out.shape[1])
        _regress(self.forgetful.expectation, self.begins, self.own, self.before, earlier, out)
        return out


Averages = Mapping[str, GeometricAverage]
"""Reference price -> its geometric twin."""

SharedAverages = dict[tuple[object, ...], GeometricAverage | None]
"""Twins of all deals of a run, by what their windows hold."""


def average_controls(
    settlement: Settlement,
    model: object,
    grid: TimeGrid,
    measure: Measure,
    shared: SharedAverages,
) -> tuple[dict[str, ExactControl | AverageControl | MeanControl], Averages]:
    """Return the control of each line on an average price, as it is where no cap remembers.

    A line has one where its payoff is piecewise linear in a reference price, or in earnings that
    follow one, whose mean is known, and everything else that it reads is known. Where prices are
    lognormal the control is the payoff on the geometric twin, which deals on the same windows
    share; elsewhere it is the average itself.
    """
    seen, _ = settlement.observe_settled()
    averages: dict[str, GeometricAverage | None] = {}
    found: dict[str, ExactControl | AverageControl | MeanControl] = {}
    for line in settlement.lines:
        leg = line.clause.leg
        if not line.is_random or not isinstance(leg, KinkedLeg):
            continue
        payoff = leg.payoff(seen)
        driver = _driver(settlement, line, payoff, seen)
        if driver is None:
            continue
        name = driver.reference_price
        windows = settlement.observations[name].windows
        if name not in averages and windows is not None:
            key = windows.key
            if key not in shared:
                shared[key] = geometric_average(windows, model, grid, measure)
            averages[name] = shared[key]
        average = averages.get(name)
        expected = None
        if average is None and windows is not None:
            expected = expected_average(windows, model, grid, measure)
        if expected is not None and windows is not None:
            one_sided = payoff.is_never_negative and line.clause.payment.advance is None
            control = mean_control(line, name, windows, expected, one_sided)
            found[line.clause.name] = control
        elif average is not None and _holds(payoff, average):
            # Where nothing of the price is random, the payoff is read at what is fixed.
            fixed = {**seen, name: average.windows.fixed[:, None]}
            if payoff.of != name:
                fixed[payoff.of] = settlement.observations[payoff.of].observe({}, fixed)
            found[line.clause.name] = _control(line, payoff, driver, average, fixed)
    return found, {name: average for name, average in averages.items() if average is not None}


def _driver(settlement: Settlement, line: Line, payoff: Payoff, seen: Observed) -> Driver | None:
    """Return how the payoff follows a reference price; ``None`` if other reads are random."""
    bound = settlement.observations
    clause = line.clause
    reads = [*clause.leg.reads, *(name for m in clause.modifiers for name in m.reads)]
    rest = [name for name in reads if name != payoff.of]
    if len(rest) != len(reads) - 1 or not all(bound[name].is_fixed.all() for name in rest):
        return None
    n_periods = len(line.periods)
    if bound[payoff.of].windows is not None:
        return Driver(payoff.of, np.zeros(n_periods), np.ones(n_periods))
    _, observation = settlement.deal.observations[payoff.of]
    if not isinstance(observation, Earnings):
        return None
    name = observation.reference_price
    rest = [read for read in observation.reads if read != name]
    if bound[name].windows is None or not all(bound[read].is_fixed.all() for read in rest):
        return None
    at_zero = bound[payoff.of].observe({}, {**seen, name: np.zeros((n_periods, 1))})
    per_price = observation.price_share * seen[observation.quantity]
    return Driver(name, at_zero[:, 0], np.broadcast_to(per_price, (n_periods, 1))[:, 0])


def _holds(payoff: Payoff, average: GeometricAverage) -> bool:
    """Return whether no price can leave the part of the payoff that is described."""
    is_random = average.n_prices > 0
    return bool((average.windows.fixed[is_random] >= payoff.lowest).all())


def _control(
    line: Line, payoff: Payoff, driver: Driver, average: GeometricAverage, seen: Observed
) -> ExactControl | AverageControl:
    clause = line.clause
    n_periods = len(line.periods)
    pairs = list(zip(clause.modifiers, line.modifiers, strict=True))
    linear = [modify for modifier, modify in pairs if modifier.is_linear]
    factor, known = np.ones((n_periods, 1)), clause.leg.amounts(seen)
    for modify in linear:
        factor, known = modify(factor, seen), modify(known, seen)
    is_random = average.n_prices > 0
    # Where nothing is random the control is the amount itself, to the bit.
    priced = on_price(payoff, driver, factor[:, 0], np.where(is_random, np.nan, known[:, 0]))
    for modifier in clause.modifiers:
        if isinstance(modifier, BudgetCap):
            priced = clipped(priced, *modifier.bounds(line.periods))
    expectation, slope = closed_form(priced, average)
    is_one_sided = payoff.is_never_negative and clause.payment.advance is None
    is_capped = len(linear) < len(pairs)
    is_exact = payoff.is_linear or bool((average.n_prices <= 1).all())
    if is_exact and not is_capped and clause.payment.advance is None:
        rows = np.where(is_random, np.arange(n_periods), NOT_CONTROLLED)
        return ExactControl(rows, expectation, is_one_sided)
    rows = np.full(len(line.is_paid), NOT_CONTROLLED)
    # A known amount may be cut by what was paid before it.
    is_moved = is_random | is_capped
    rows[clause.payment.settling_rows(n_periods)[is_moved]] = np.flatnonzero(is_moved)
    name = driver.reference_price
    return AverageControl(name, priced, rows, expectation, is_one_sided, slope, is_capped)


@kernel
def _regress(
    expectation: FloatArray,
    begins: BoolArray,
    own: FloatArray,
    before: FloatArray,
    earlier: FloatArray,
    out: FloatArray,
) -> None:
    n_periods, n_paths = out.shape
    for t in range(n_periods):
        amount = out[t]
        if begins[t]:
            for path in range(n_paths):
                earlier[path] = 0.0
        a, b, mean = own[t], before[t], expectation[t]
        for path in range(n_paths):
            moved = amount[path] - mean
            amount[path] = a * moved + b * earlier[path]
            earlier[path] += moved
