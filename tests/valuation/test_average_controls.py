"""Controls on average prices: exact where they must be, never biased, and as strong as claimed."""

import datetime
import json

import numpy as np
import pytest

import contracts
import contracts.pilot
from contracts.geometric_average import geometric_average
from contracts.legs import Band, Clip, Difference, EarningsBand, Floor, UpsideShare
from contracts.market import CommodityMarket
from contracts.modifiers import Advance, BudgetCap, Gate
from contracts.observations import Earnings, Event
from contracts.reports.terminal import print_valuation
from contracts.run import prepare, simulated_prices
from montecarlo import ForwardCurve, simulate, simulate_paths
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

PERIODS = quarters("2026-01-01", "2027-12-31")
CURVE = ForwardCurve(times=[0.0, 1.0, 3.0], values=[90.0, 100.0, 125.0])
SLOPING = market(commodity("metal", volatility=0.5, curve=CURVE, risk_premium=0.08))
FLOOR = Floor(reference_price="r", quantity="q", strike="k")
SHARE = UpsideShare(reference_price="r", quantity="q", threshold="k", share=0.3)
YEARLY_CAP = BudgetCap(limit=400.0, per="calendar-year")
EVENT = {"open": Event(event_date=datetime.date(2026, 5, 15), partial_period="pro-rata")}
COSTS = {
    "c": steps(("2026-01-01", 30.0)),
    "t": steps(("2026-01-01", 500.0)),
    "w": steps(("2026-01-01", 80.0)),
}
RISING = {"measure": "ebitda", "price_share": 0.5, "premium": 20.0, "unit_cost": "c"}
SINKING = {"measure": "revenue", "price_share": -0.4, "premium": 90.0}
EARNED, FALLING = (
    {**COSTS, "x": Earnings(quantity="q", reference_price="r", **margin)}
    for margin in (RISING, SINKING)
)
BAND = EarningsBand(
    earnings="x",
    threshold="t",
    shortfall_share=0.9,
    bands=(Band(width="w", share=1.0), Band(width=None, share=0.5)),
)


def difference(rule="pay"):
    return Difference(reference_price="r", quantity="q", strike="k", negative_prices=rule)


def one(leg, *, periods=PERIODS, modifiers=(), price=None, **terms):
    """One leg on quarterly averages of three months; no two strikes or quantities alike."""
    n = len(periods)
    payment = {name: terms.pop(name) for name in ("lag_days", "advance") if name in terms}
    return deal(
        clause("leg", leg, modifiers=modifiers, **payment),
        periods=periods,
        perspective="mine",
        **{
            "r": average_price() if price is None else price,
            "q": by_period(periods, 10.0 + 1.3 * np.arange(n)),
            "k": by_period(periods, 95.0 + 2.1 * np.arange(n)),
            "u": by_period(periods, 130.0 + 2.1 * np.arange(n)),
            **terms,
        },
    )


def value(what, on=SLOPING, **how):
    return contracts.value(what, market=on, **{"n_paths": 20_000, "seed": 3, **how})


# What is valued, and the least by which the control must divide the variance.
CASES = {
    "floor": (one(FLOOR, lag_days=30), 3e4),
    "share": (one(SHARE), 1e5),
    "clip": (one(Clip(reference_price="r", quantity="q", lower="k", upper="u")), 1e4),
    "band": (one(BAND, **EARNED), 5e5),
    "earnings that fall": (one(BAND, **FALLING), 5e5),
    "advances": (one(BAND, advance=Advance(fraction=0.2, of="t", payments=3), **EARNED), 5e5),
    "advances of earnings": (
        one(BAND, advance=Advance(fraction=0.1, of="x", payments=3), **EARNED),
        1.0,
    ),
    "gate": (one(FLOOR, modifiers=[Gate(event="open")], **EVENT), 3e4),
    "daily": (one(FLOOR, price=average_price(every="day", day=None)), 3e4),
    "two a quarter": (one(FLOOR, price=average_price(every="week", day=2)), 3e4),
    "yearly cap": (one(FLOOR, modifiers=[YEARLY_CAP]), 3.0),
    "cap of each period": (
        one(
            difference(),
            periods=quarters("2026-01-01", "2026-03-31"),
            modifiers=[BudgetCap(limit=90.0, per="contract", reverse_limit=200.0)],
        ),
        2e3,
    ),
    "yearly cap both ways": (
        one(
            difference(),
            modifiers=[BudgetCap(limit=400.0, per="calendar-year", reverse_limit=150.0)],
        ),
        2.0,
    ),
    "cap before a gate": (one(SHARE, modifiers=[YEARLY_CAP, Gate(event="open")], **EVENT), 3.0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("measure", ["pricing", "physical"])
def test_the_mean_is_not_moved_and_the_variance_falls(case, measure):
    what, least = CASES[case]
    plain = value(what, control=False, n_paths=200_000, seed=11, measure=measure)
    v = value(what, measure=measure)
    ours, theirs = v.leg("leg"), plain.leg("leg")
    errors = np.hypot(ours.flow_errors, theirs.flow_errors)

    assert v.controls == ("leg",)
    assert abs(v.pv - plain.pv) < 4.0 * np.hypot(v.standard_error, plain.standard_error)
    assert np.all(np.abs(ours.flow_amounts - theirs.flow_amounts) < 4.5 * errors + 1e-9)
    assert plain.standard_error**2 * 10.0 > least * v.standard_error**2


@pytest.mark.parametrize("case", CASES)
def test_flows_years_and_sums_tie_out(case):
    what, _ = CASES[case]
    v = value(what, n_paths=3000)
    leg = v.leg("leg")
    factors = leg.flow_discount_factors

    assert leg.pv == pytest.approx(np.sum(factors * leg.flow_amounts), rel=1e-11)
    assert leg.expected_amount == pytest.approx(leg.flow_amounts.sum(), rel=1e-11)
    assert v.pv == pytest.approx(leg.pv, rel=1e-13)
    assert v.year_amounts.sum() == pytest.approx(leg.expected_amount, rel=1e-11)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("side", ["mine", "state"])
def test_samples_stay_as_they_were(case, side):
    what, _ = CASES[case]
    with_control, without = (
        value(what, n_paths=700, control=control, perspective=side) for control in (True, False)
    )

    assert np.array_equal(with_control.samples, without.samples)
    assert np.array_equal(with_control.leg("leg").samples, without.leg("leg").samples)
    assert without.controls == ()


@pytest.mark.parametrize("seed", range(6))
def test_controlled_runs_agree_among_themselves(seed):
    """Their errors are a thousandth of a plain run's, so this sees what that cannot."""
    what, _ = CASES["floor"]
    oracle = value(what, n_paths=400_000, seed=99)
    v = value(what, seed=seed, n_paths=4000)

    assert oracle.standard_error < 1e-5 * oracle.pv
    assert abs(v.pv - oracle.pv) < 4.0 * np.hypot(v.standard_error, oracle.standard_error)


@pytest.mark.parametrize(
    ("leg", "price"),
    [
        (difference(), average_price()),
        (difference("suspend"), average_price(every="day", day=None)),
        (FLOOR, average_price(every="period-end", day=None)),
        (SHARE, average_price(every="period-end", day=None)),
    ],
)
def test_without_a_kink_or_with_one_price_there_is_no_error(leg, price):
    v = value(one(leg, price=price), n_paths=300)

    assert v.standard_error < 1e-12 * abs(v.pv)
    assert np.all(v.leg("leg").flow_errors < 1e-12 * np.abs(v.leg("leg").flow_amounts))


def test_a_linear_leg_is_worth_its_forwards():
    v = value(one(difference()), n_paths=300)
    times = simulated_times(one(difference()))
    expected = CURVE(times).reshape(len(PERIODS), 3).mean(axis=1)
    n = np.arange(len(PERIODS))

    np.testing.assert_allclose(
        v.leg("leg").flow_amounts, (10.0 + 1.3 * n) * (95.0 + 2.1 * n - expected), rtol=1e-11
    )


def simulated_times(what):
    _, dates = contracts.pricing_grid(what, SLOPING)
    return (dates - np.datetime64(SLOPING.valuation_date)).astype(float) / 365.0


class TestUnderWay:
    """Valued inside a period: a third of its average is fixed, and one flow is settled."""

    today = datetime.date(2026, 5, 1)

    def on(self, april=60.0):
        fixings = [("2026-01-01", "2026-03-31", 91.0), ("2026-04-01", "2026-04-30", april)]
        metal = commodity("metal", volatility=0.5, curve=CURVE)
        return market(metal, today=self.today, fixings={"metal": fixings})

    @pytest.mark.parametrize("leg", [FLOOR, SHARE, difference("suspend")])
    def test_no_bias_and_less_variance(self, leg):
        plain = value(one(leg), self.on(), control=False, n_paths=200_000, seed=12)
        v = value(one(leg), self.on())
        ours, theirs = v.leg("leg"), plain.leg("leg")
        errors = np.hypot(ours.flow_errors, theirs.flow_errors)

        assert np.all(np.abs(ours.flow_amounts - theirs.flow_amounts) <= 4.5 * errors + 1e-9)
        assert v.standard_error < 0.05 * plain.standard_error
        assert ours.flow_amounts[0] == theirs.flow_amounts[0]
        assert ours.flow_errors[0] == 0.0

    def test_a_kink_below_what_is_fixed_already_leaves_a_line(self):
        """A strike of 97.1 and a third of 300 fixed: the share is always in the money."""
        v = value(one(SHARE), self.on(april=300.0), n_paths=2000)

        leg = v.leg("leg")
        assert leg.flow_errors[1] < 1e-11 * leg.flow_amounts[1]
        assert leg.flow_errors[2] > 1e-6 * leg.flow_amounts[2]

    def test_a_negative_fixing_under_a_rule_for_negative_prices_has_no_control(self):
        """The amount jumps at zero, and an average that starts below it can end there."""
        held, free = (
            value(one(difference(rule)), self.on(april=-600.0), n_paths=500)
            for rule in ("suspend", "pay")
        )

        assert held.controls == ()
        assert free.controls == ("leg",)


@pytest.mark.parametrize(
    "what",
    [
        one(FLOOR, k=average_price(lag_months=6)),
        one(FLOOR, q=average_price(lag_months=3)),
        one(BAND, **{**EARNED, "t": average_price(lag_months=3)}),
    ],
    ids=["strike", "quantity", "threshold"],
)
def test_random_terms_leave_a_leg_alone(what):
    with_control, without = (value(what, n_paths=500, control=c) for c in (True, False))

    assert with_control.controls == ()
    assert with_control.pv == without.pv


def test_a_price_that_cannot_move_and_one_beyond_a_double_leave_a_leg_alone():
    still = value(one(FLOOR), market(commodity("metal", volatility=0.0)), n_paths=300)
    wild = value(one(FLOOR), market(commodity("metal", volatility=18.0)), n_paths=300)

    assert still.controls == ()
    assert still.standard_error < 1e-12 * still.pv
    assert wild.controls == ()


@pytest.mark.parametrize(("every", "day", "level"), [("day", None, 1e9), ("month", 15, 1e150)])
def test_a_product_of_prices_too_large_for_a_double_is_taken_in_parts(every, day, level):
    """Sixty prices of 1e9 make 1e540, three of 1e150 make 1e450."""
    huge = market(commodity("metal", volatility=0.3, curve=ForwardCurve.flat(level)))
    strikes = by_period(PERIODS, np.full(len(PERIODS), level))
    what = one(FLOOR, price=average_price(every=every, day=day), k=strikes)
    plain, v = value(what, huge, control=False), value(what, huge)

    assert abs(v.pv - plain.pv) < 4.0 * plain.standard_error
    assert v.standard_error < 0.01 * plain.standard_error


@pytest.mark.parametrize(
    ("price", "today"),
    [
        (average_price(), datetime.date(2025, 7, 10)),
        (average_price(every="week", day=3), datetime.date(2025, 7, 10)),
        (average_price(), TestUnderWay.today),
        (average_price(every="day", day=None), TestUnderWay.today),
    ],
)
def test_the_twin_is_its_formula(price, today):
    """What is fixed, and the geometric mean of the rest with the mean of the arithmetic one."""
    on = TestUnderWay().on() if today == TestUnderWay.today else SLOPING
    run = prepare([one(FLOOR, price=price)], on)
    bound = run.settlements[0].observations["r"].windows
    twin = geometric_average(bound, run.model, run.grid, "pricing")
    # Less the price of the valuation date itself, which cannot move.
    windows = twin.windows
    paths = simulate_paths(run.model, run.grid, n_paths=256, seed=4)

    found = twin.observe(paths)

    for t in range(len(PERIODS)):
        rows = windows.of(t)
        fixed = windows.fixed[t]
        if len(rows) == 0:
            assert np.all(found[t] == fixed)
            continue
        assert windows.weights[t] == bound.weights[t]
        times = run.grid.times[rows]
        means = CURVE(times)
        shared = 0.25 * np.minimum(times[:, None], times)
        log_mean = np.mean(np.log(means) - 0.5 * np.diag(shared))
        geometric = np.exp(np.log(paths["metal"][rows]).mean(axis=0) - log_mean)
        random_part = windows.weights[t] * means.sum() * np.exp(-0.5 * shared.mean()) * geometric
        np.testing.assert_allclose(found[t], fixed + random_part, rtol=1e-12)
        assert twin.log_variance[t] == pytest.approx(shared.mean(), rel=1e-12)


def test_the_workload_of_the_benchmark_gains_five_orders():
    """Forty quarters of floor and share on Schwartz-Smith prices: see the performance note."""
    periods = quarters("2026-01-01", "2035-12-31")
    same = {"q": steps(("2026-01-01", 1000.0)), "k": steps(("2026-01-01", 110.0))}
    what = deal(
        clause("floor", FLOOR),
        clause("share", SHARE, payer="mine", receiver="state"),
        periods=periods,
        perspective="mine",
        r=average_price(day=28),
        **same,
    )
    metal = CommodityMarket(
        name="metal",
        unit="USD/unit",
        forward_curve=ForwardCurve.flat(105.0),
        model={
            "kind": "schwartz-smith",
            "mean_reversion": 1.5,
            "short_volatility": 0.35,
            "long_volatility": 0.15,
            "correlation": 0.3,
        },
        is_traded=False,
    )
    on = market(metal, today=datetime.date(2025, 12, 31), rate=0.05)
    plain, v = value(what, on, control=False), value(what, on)

    assert plain.standard_error**2 > 4e5 * v.standard_error**2
    assert abs(plain.pv - v.pv) < 4.0 * plain.standard_error


def test_the_pilot_has_paths_of_its_own(monkeypatch):
    seeds = []

    def spy(model, grid, functional, plan, **how):
        seeds.append(plan.seed)
        return simulate(model, grid, functional, plan, **how)

    monkeypatch.setattr(contracts.pilot, "simulate", spy)
    value(CASES["yearly cap"][0], n_paths=300, seed=2**64 - 1)
    value(CASES["floor"][0], n_paths=300)

    assert len(set(seeds)) == len(seeds) == 2
    assert 2**64 - 1 not in seeds


def test_a_capped_leg_gets_the_same_slopes_in_any_run_of_a_seed():
    what, _ = CASES["yearly cap"]
    first, second = value(what, n_paths=500), value(what, n_paths=500, n_threads=2)

    assert first.pv == second.pv
    assert first.standard_error == second.standard_error


def test_a_cap_that_is_always_full_gets_no_control():
    """Nothing varies, so no slope can make it vary less."""
    strikes = by_period(PERIODS, np.full(len(PERIODS), 3000.0))
    cap = BudgetCap(limit=1.0, per="contract")
    v = value(one(FLOOR, k=strikes, modifiers=[cap]), n_paths=300)

    assert v.controls == ()
    assert v.expected_amount == 1.0


def test_supplied_prices_are_never_controlled():
    what, _ = CASES["floor"]
    prices = simulated_prices(what, market=SLOPING, n_paths=400, seed=3)
    v = contracts.value(what, market=SLOPING, prices=prices)

    assert v.controls == ()
    assert v.pv == pytest.approx(v.samples.mean(), rel=1e-13)


def test_what_is_controlled_is_said(capsys):
    v = value(CASES["floor"][0], n_paths=300)
    print_valuation(v)

    assert json.loads(json.dumps(v.to_dict()))["controls"] == ["leg"]
    assert "Means corrected by control variates: leg." in capsys.readouterr().out


@pytest.mark.parametrize("case", ["floor", "gate", "yearly cap"])
def test_exposure_is_corrected_where_no_flow_changes_sign(case):
    v = value(CASES[case][0])
    table = contracts.exposure([v], by=["fiscal_year"])
    plain = value(CASES[case][0], measure="physical", control=False)
    paid = table["physical", "expected_paid", "USD"]
    errors = table["physical", "standard_error_paid", "USD"]

    assert paid["total"] == pytest.approx(paid.iloc[:-1].sum(), rel=1e-12)
    assert abs(paid["total"] - plain.expected_amount) < 4.0 * plain.expected_amount_error
    assert errors["total"] < 0.7 * plain.expected_amount_error
    assert np.array_equal(table["physical", "expected_net_paid", "USD"], paid)


def test_exposure_is_left_alone_where_flows_change_sign():
    v = value(one(difference()), n_paths=2000)
    samples = value(one(difference()), n_paths=2000, measure="physical", control=False)
    table = contracts.exposure([v], by=["fiscal_year"])
    net = table["physical", "expected_net_paid", "USD"]["total"]

    assert net == pytest.approx(samples.expected_amount, rel=1e-9)
