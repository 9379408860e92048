"""Published values of floors and forwards, through observations, legs and whole valuations.

Sources, as stated in the tests: Black (1976); QuantLib ``asianoptions.cpp`` (Levy 1997) and
QuantLib itself as an independent oracle; ORE ``commodityoption.cpp`` and
``discountingcommodityforwardengine.cpp``.
"""

import datetime
import math

import numpy as np
import pytest
import QuantLib

import contracts
import montecarlo
from contracts.geometric_average import geometric_average
from contracts.legs import Difference, Floor, UpsideShare
from contracts.observations import PricingDates, ReferencePrice
from contracts.periods import Periods
from contracts.price_payoff import PricePayoff
from contracts.price_payoff import closed_form as mean_and_slope
from montecarlo import ForwardCurve
from montecarlo.models import Joint
from tests.observations.stated import Stated
from tests.valuation.small import (
    average_price,
    by_period,
    clause,
    commodity,
    deal,
    market,
    quarters,
    steps,
)

TODAY = datetime.date(2025, 7, 10)
PERIODS = quarters("2025-10-01", "2028-12-31")


def strip(volatility, *, every="period-end", day=None, rate=0.04):
    """A floor strip of 13 quarters, no two strikes or quantities alike, on a sloping curve."""
    n = len(PERIODS)
    strikes, quantities = 95.0 + 1.7 * np.arange(n), 10.0 + 3.1 * np.arange(n)
    curve = ForwardCurve(times=[0.0, 1.0, 4.0], values=[90.0, 100.0, 112.0])
    floor = deal(
        clause("floor", Floor(reference_price="r", quantity="q", strike="k"), lag_days=45),
        periods=PERIODS,
        perspective="mine",
        r=average_price(every=every, day=day),
        q=by_period(PERIODS, quantities),
        k=by_period(PERIODS, strikes),
    )
    prices = market(commodity("metal", volatility=volatility, curve=curve), rate=rate)
    return floor, prices, strikes, quantities


def closed_form(volatility, prices, strikes, quantities):
    """The Black-76 value of each floorlet: fixed on the last day, paid 45 days later."""
    fixed = (PERIODS.last_day - np.datetime64(TODAY)).astype(float) / 365.0
    paid = fixed + 45.0 / 365.0
    return quantities * montecarlo.black76(
        forward=prices.commodity("metal").forward_curve(fixed),
        strike=strikes,
        total_variance=volatility**2 * fixed,
        discount_factor=np.exp(-0.04 * paid),
        kind="put",
    )


def test_a_floor_strip_agrees_with_black_76():
    floor, prices, strikes, quantities = strip(0.33)
    oracle = closed_form(0.33, prices, strikes, quantities)

    v = contracts.value(floor, market=prices, n_paths=200_000, seed=3, control=False)
    exact = contracts.value(floor, market=prices, n_paths=300, seed=3)
    leg = v.leg("floor")
    worth = leg.flow_amounts * leg.flow_discount_factors
    errors = leg.flow_errors * leg.flow_discount_factors

    assert abs(v.pv - oracle.sum()) < 4.0 * v.standard_error
    assert np.all(np.abs(worth - oracle) < 4.0 * errors)
    assert v.standard_error < 0.005 * oracle.sum()
    # One price a quarter: the control is the floorlet itself.
    assert exact.pv == pytest.approx(oracle.sum(), rel=1e-12)
    assert exact.standard_error < 1e-12 * exact.pv


def test_black_76_itself_against_quantlib():
    _, prices, strikes, _ = strip(0.33)
    fixed = (PERIODS.last_day - np.datetime64(TODAY)).astype(float) / 365.0
    forwards = prices.commodity("metal").forward_curve(fixed)
    ours = montecarlo.black76(
        forward=forwards,
        strike=strikes,
        total_variance=0.33**2 * fixed,
        discount_factor=0.9,
        kind="put",
    )
    theirs = [
        QuantLib.blackFormula(QuantLib.Option.Put, k, f, 0.33 * math.sqrt(t), 0.9)
        for k, f, t in zip(strikes, forwards, fixed, strict=True)
    ]

    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize(("every", "day"), [("period-end", None), ("month", 15), ("day", None)])
def test_without_volatility_the_strip_is_its_intrinsic_value(every, day):
    floor, prices, strikes, quantities = strip(0.0, every=every, day=day)
    curve = prices.commodity("metal").forward_curve
    rule = PricingDates(every=every, day=day)
    worth = 0.0
    for t in range(len(PERIODS)):
        read = rule.within(PERIODS.start[t], PERIODS.end[t])
        mean = curve((read - np.datetime64(TODAY)).astype(float) / 365.0).mean()
        days = float((PERIODS.last_day[t] - np.datetime64(TODAY)).astype(float)) + 45.0
        worth += quantities[t] * max(strikes[t] - mean, 0.0) * math.exp(-0.04 * days / 365.0)

    v = contracts.value(floor, market=prices, n_paths=3, seed=1)

    assert worth > 0.0
    assert v.pv == pytest.approx(worth, rel=1e-9)
    assert v.samples == pytest.approx(worth, rel=1e-9)


def test_a_single_fixing_without_volatility_is_the_closed_form():
    floor, prices, strikes, quantities = strip(0.0)

    v = contracts.value(floor, market=prices, n_paths=2, seed=1)

    oracle = closed_form(0.0, prices, strikes, quantities).sum()
    assert v.pv == pytest.approx(oracle, rel=1e-9)


class DiscountedFloor:
    """The mean of some fixings through ReferencePrice and Floor, paid with the last."""

    n_outputs, n_kept = 1, 0

    def __init__(self, grid, strike, discount_factor):
        dates = [str(date) for date in grid.dates]
        # One period with a daily window; the grid holds every weekday in it.
        self.periods = Periods(
            start=grid.dates[:1],
            end=grid.dates[-1:] + np.timedelta64(1, "D"),
            labels=("window",),
        )
        context = Stated(valuation_date=grid.valuation_date.item(), grid=tuple(dates))
        rule = PricingDates(every="week", day=grid.dates[0].item().isoweekday())
        reference = ReferencePrice(commodity="x", pricing_dates=rule)
        self.reads = [str(date) for date in reference.windows(self.periods)[0]]
        bound = reference.bind("r", self.periods, context)
        self.observe, self.windows = bound.observe, bound.windows
        self.leg = Floor(reference_price="r", quantity="q", strike="k")
        self.terms = {"q": np.array([[1.0]]), "k": np.array([[strike]])}
        self.discount_factor = discount_factor

    def __call__(self, block):
        seen = {**self.terms, "r": self.observe(block.price, {})}
        return self.discount_factor * self.leg.amounts(seen)


def weekly_grid(first_week, n, step_weeks):
    """Weekly dates from a Wednesday, of which every ``step_weeks``-th could be a fixing."""
    start = np.datetime64("2025-01-01")
    return montecarlo.TimeGrid(
        start, start + np.arange(first_week, first_week + n * step_weeks, step_weeks) * 7
    )


def asian_put_of_quantlib(times, spot, strike, rate, dividend, volatility):
    """Control-variate value of a discrete arithmetic average-price put in QuantLib."""
    today = QuantLib.Date(1, 1, 2025)
    QuantLib.Settings.instance().evaluationDate = today
    counter = QuantLib.Actual365Fixed()
    process = QuantLib.BlackScholesMertonProcess(
        QuantLib.QuoteHandle(QuantLib.SimpleQuote(spot)),
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, dividend, counter)),
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, rate, counter)),
        QuantLib.BlackVolTermStructureHandle(
            QuantLib.BlackConstantVol(today, QuantLib.NullCalendar(), volatility, counter)
        ),
    )
    days = [round(t * 365.0) for t in times]
    option = QuantLib.DiscreteAveragingAsianOption(
        QuantLib.Average.Arithmetic,
        0.0,
        0,
        [today + d for d in days],
        QuantLib.PlainVanillaPayoff(QuantLib.Option.Put, strike),
        QuantLib.EuropeanExercise(today + days[-1]),
    )
    option.setPricingEngine(
        QuantLib.MCDiscreteArithmeticAPEngine(
            process, "lowdiscrepancy", controlVariate=True, requiredSamples=2**15 - 1
        )
    )
    return option.NPV()


def test_an_average_price_floor_agrees_with_quantlib():
    """Every week of half a year: 26 fixings, arithmetic, through ReferencePrice and Floor."""
    spot, strike, rate, dividend, volatility = 90.0, 92.0, 0.045, 0.02, 0.35
    grid = weekly_grid(1, 26, 1)
    oracle = asian_put_of_quantlib(grid.times, spot, strike, rate, dividend, volatility)
    functional = DiscountedFloor(grid, strike, math.exp(-rate * grid.times[-1]))
    model = montecarlo.GBM(name="x", volatility=volatility, spot=spot, drift=rate - dividend)

    estimate = montecarlo.simulate(
        model, grid, functional, montecarlo.Plan(n_paths=400_000, seed=17)
    )

    assert len(functional.reads) == 26
    # The oracle's own error, low-discrepancy with a control variate, is below 0.002.
    assert abs(estimate.mean[0] - oracle) < 4.0 * estimate.standard_error[0] + 0.002
    assert estimate.standard_error[0] < 0.003 * oracle


R6 = [
    # first fixing, number of fixings, re-derived value, published value (Levy 1997)
    (0.0, 2, 1.39402, 1.39428),
    (0.0, 4, 1.58649, 1.58524),
    (0.0, 12, 1.69947, 1.69800),
    (0.0, 52, 1.74084, 1.74016),
    (1.0 / 12.0, 12, 2.11182, 2.11051),
    # The published block that starts after three months is about 0.016 low.
    (3.0 / 12.0, 12, 2.85845, 2.84290),
]


class ControlledFloor(DiscountedFloor):
    """The same less the floor on the geometric twin, whose mean is added in closed form."""

    def control(self, model, grid):
        self.twin = geometric_average(
            self.windows, Joint(models=[model], correlation=np.eye(1)), grid, "pricing"
        )
        strike = self.terms["k"]
        self.payoff = PricePayoff(np.zeros(1), strike, np.ones((1, 1)), np.zeros((1, 1)))
        self.mean, self.slope = mean_and_slope(self.payoff, self.twin)
        return self

    def __call__(self, block):
        average, twin = self.observe(block.price, {}), self.twin.observe(block.price)
        taken = self.payoff.with_linear(self.slope, average, twin) - self.mean[:, None]
        return super().__call__(block) - self.discount_factor * taken


@pytest.mark.parametrize(("first", "n", "derived", "published"), R6)
def test_r6_with_the_control(first, n, derived, published):
    """A fiftieth of the paths, and a fifth of the error."""
    times = first + np.arange(n) * (11.0 / 12.0) / (n - 1)
    functional = ControlledFloor(weekly_grid(0, n, 1), 87.0, math.exp(-0.025 * times[-1]))
    model = montecarlo.GBM(name="x", volatility=0.13, spot=90.0, drift=0.025 - 0.06)
    grid = montecarlo.TimeGrid.from_times(times)

    estimate = montecarlo.simulate(
        model, grid, functional.control(model, grid), montecarlo.Plan(n_paths=20_000, seed=31)
    )

    assert estimate.standard_error[0] < 6e-4
    # The derived values have a standard error of 1e-4 and five places.
    assert abs(estimate.mean[0] - derived) < 4.0 * math.hypot(estimate.standard_error[0], 1e-4)
    assert abs(estimate.mean[0] - published) < 2e-2


@pytest.mark.parametrize(("first", "n", "derived", "published"), R6)
def test_r6_average_price_floor(first, n, derived, published):
    """S = 90, K = 87, q = 6%, r = 2.5%, 13%; fixings over 11 months, paid with the last.

    Fixing times are not whole days, so the dates of the observation are stand-ins for them, one
    a week, and the simulated grid carries the times of the published case.
    """
    times = first + np.arange(n) * (11.0 / 12.0) / (n - 1)
    stand_in = weekly_grid(0, n, 1)
    functional = DiscountedFloor(stand_in, 87.0, math.exp(-0.025 * times[-1]))
    model = montecarlo.GBM(name="x", volatility=0.13, spot=90.0, drift=0.025 - 0.06)

    estimate = montecarlo.simulate(
        model,
        montecarlo.TimeGrid.from_times(times),
        functional,
        montecarlo.Plan(n_paths=1_000_000, seed=29),
    )

    assert len(functional.reads) == n
    assert abs(estimate.mean[0] - derived) < 4.0 * estimate.standard_error[0] + 5e-4
    assert abs(estimate.mean[0] - published) < 2e-2 + 4.0 * estimate.standard_error[0]


def test_r9_a_commodity_option_and_its_parity():
    """ORE commodityoption.cpp: gold, F = 1348, K = 1340, 10%, 1%, a year, 100 ounces."""
    discount = math.exp(-0.01)
    put, call = (
        100.0
        * float(
            montecarlo.black76(
                forward=1348.0,
                strike=1340.0,
                total_variance=0.01,
                discount_factor=discount,
                kind=kind,
            )
        )
        for kind in ("put", "call")
    )

    assert call == pytest.approx(5711.6321329012244, rel=1e-12)
    assert put == pytest.approx(4919.5922659018906, rel=1e-12)
    assert call - put == pytest.approx(8.0 * discount * 100.0, rel=1e-12)


GOLD_DAY = datetime.date(2019, 2, 19)


def gold(leg, *, today=datetime.date(2018, 2, 19), volatility=0.10, payer="state", **how):
    """One fixing on 19 February 2019, whose forward is 1348, discounted at 1%."""
    periods = Periods.single(GOLD_DAY)
    curve = ForwardCurve.flat(1348.0)
    one = deal(
        clause("leg", leg, payer=payer, receiver="mine" if payer == "state" else "state"),
        periods=periods,
        perspective="mine",
        r=average_price("gold", every="period-end", day=None),
        q=steps(("2018-01-01", 100.0)),
        k=steps(("2018-01-01", 1340.0)),
    )
    prices = market(commodity("gold", volatility=volatility, curve=curve), today=today, rate=0.01)
    return contracts.value(one, market=prices, seed=23, **{"n_paths": 400_000, **how})


def test_r9_through_the_legs():
    """Floor as a put, upside share of 1 as a call, and their difference without an error."""
    put = Floor(reference_price="r", quantity="q", strike="k")
    call = UpsideShare(reference_price="r", quantity="q", threshold="k", share=1.0)
    floor, share = (gold(leg, control=False) for leg in (put, call))
    swap = gold(
        Difference(reference_price="r", quantity="q", strike="k", negative_prices="pay"),
        volatility=0.0,
    )

    assert abs(floor.pv - 4919.5922659018906) < 4.0 * floor.standard_error
    assert abs(share.pv - 5711.6321329012244) < 4.0 * share.standard_error
    assert gold(put, n_paths=2).pv == pytest.approx(4919.5922659018906, rel=1e-12)
    assert gold(call, n_paths=2).pv == pytest.approx(5711.6321329012244, rel=1e-12)
    assert swap.pv == pytest.approx(-8.0 * math.exp(-0.01) * 100.0, rel=1e-9)


@pytest.mark.parametrize(
    ("side", "quantity", "strike", "published"),
    [
        ("long", 100.0, 1380.0, 340.0),
        ("short", 100.0, 1380.0, -340.0),
        ("short", 50.0, 1380.0, -170.0),
        ("short", 50.0, 1375.0, -382.5),
    ],
)
def test_r10_signs_and_scale_of_a_forward(side, quantity, strike, published):
    """ORE discountingcommodityforwardengine.cpp: F = 1384, a discount factor of 0.85.

    Long receives the price and pays the strike: the payer of Difference, which owes K - R.
    """
    maturity = datetime.date(2026, 7, 10)
    rate = -math.log(0.85)
    swap = deal(
        clause(
            "forward",
            Difference(reference_price="r", quantity="q", strike="k", negative_prices="pay"),
            payer="mine",
            receiver="state",
        ),
        periods=Periods.single(maturity),
        r=average_price("gold", every="period-end", day=None),
        q=steps(("2025-01-01", quantity)),
        k=steps(("2025-01-01", strike)),
    )
    curve = ForwardCurve.flat(1384.0)
    flat = market(commodity("gold", volatility=0.0, curve=curve), rate=rate)

    v = contracts.value(
        swap, market=flat, perspective="mine" if side == "long" else "state", n_paths=2, seed=1
    )

    assert v.pv == pytest.approx(published, rel=1e-9)


def test_r10_a_forward_that_settles_on_the_valuation_date_is_worth_nothing():
    """It counts as paid: -50 x (1346 - 1375) = +1450 has changed hands, and is due no more."""
    swap = deal(
        clause(
            "forward",
            Difference(reference_price="r", quantity="q", strike="k", negative_prices="pay"),
            payer="mine",
            receiver="state",
        ),
        periods=Periods.single(TODAY),
        r=average_price("gold", every="period-end", day=None),
        q=steps(("2025-01-01", 50.0)),
        k=steps(("2025-01-01", 1375.0)),
    )
    flat = market(commodity("gold", volatility=0.0, curve=ForwardCurve.flat(1346.0)))

    v = contracts.value(swap, market=flat, perspective="state", n_paths=2, seed=1)

    assert v.pv == 0.0
    assert v.leg("forward").paid_to_date == pytest.approx(1450.0)
