"""Public exposure: identities path by path, and small cases worked by hand."""

import datetime
import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

import contracts
from contracts.controls import Controls
from contracts.deal import Appropriation
from contracts.exposure_groups import GroupOutputs, group
from contracts.legs import Difference, Floor, UpsideShare, Warrant
from contracts.market import Market
from contracts.modifiers import Advance
from contracts.periods import Periods
from contracts.public_exposure import samples_by_group
from contracts.run import prepare
from montecarlo import SuppliedPaths, TimeGrid, black76, quantiles, simulate_paths
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

YEAR_ON = "critical-minerals-2026-06-30"
MINERALS = ("mp-materials", "lynas-jare", "nouveau-monde")
N = 4000


def column(table, measure, statistic, unit="USD"):
    return table[measure, statistic, unit]


@pytest.fixture(scope="module")
def together():
    return contracts.value_together(MINERALS, market=YEAR_ON, n_paths=N, seed=5)


@pytest.fixture(scope="module")
def table(together):
    return contracts.exposure(together, by=["fiscal_year", "agency"])


def split(valuations, by, prices):
    run = prepare([v.deal for v in valuations], valuations[0].market)
    groups = group(run.settlements, by)
    outputs = GroupOutputs(groups, [Controls() for _ in valuations], discounted=False)
    rows = outputs.split(prices, prices[next(iter(prices))].shape[1])
    kept, paid, received, net = np.split(rows, 4)
    # Without controls what is kept path by path is what is averaged.
    np.testing.assert_allclose(kept, paid, rtol=1e-14)
    return groups, paid, received, net


def joint_prices(valuations, n_paths=500):
    run = prepare([v.deal for v in valuations], valuations[0].market)
    return simulate_paths(run.model, run.grid, n_paths=n_paths, seed=5, measure="physical")


@pytest.mark.parametrize(
    "by", [("fiscal_year",), ("fiscal_year", "agency"), ("leg", "deal"), ("party",), ("programme",)]
)
def test_the_total_is_the_sum_of_the_groups_path_by_path(together, by):
    _, paid, received, net = split(together, by, joint_prices(together))

    np.testing.assert_allclose(paid[-1], paid[:-1].sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(received[-1], received[:-1].sum(axis=0), rtol=1e-12)
    assert np.array_equal(net, paid - received)
    assert np.all(paid >= 0.0)
    assert np.all(received >= 0.0)


def test_however_it_is_grouped_the_total_is_the_same(together):
    prices = joint_prices(together)
    totals = [split(together, by, prices)[3][-1] for by in (("fiscal_year",), ("leg", "deal"))]

    np.testing.assert_allclose(totals[0], totals[1], rtol=1e-9)


def test_groups_against_the_flows_of_each_deal(together):
    """An independent count: every flow of every path from a replay, by fiscal year."""
    prices = {k: p[:, :1] for k, p in joint_prices(together, 3).items()}
    groups, paid, received, _ = split(together, ("fiscal_year", "deal"), prices)
    run = prepare([v.deal for v in together], together[0].market)
    expected = {}
    for v in together:
        (public,) = [key for key, party in v.deal.parties.items() if party.is_public]
        names, dates = contracts.pricing_grid(v.deal, v.market)
        rows = np.searchsorted(run.grid.dates, dates)
        mine = {name: prices[name][rows] for name in names}
        replay = contracts.value(v.deal, market=v.market, prices=mine, perspective=public)
        turn = v.deal.parties[public].fiscal_year_end
        for leg in replay.legs:
            for date, amount in zip(leg.payment_dates, leg.flow_amounts, strict=True):
                day = date.item()
                key = (day.year + (day.month > turn), v.deal.name)
                out, back = expected.get(key, (0.0, 0.0))
                expected[key] = (out + max(-amount, 0.0), back + max(amount, 0.0))

    assert list(groups.keys) == sorted(expected)
    for k, key in enumerate(groups.keys):
        assert paid[k, 0] == pytest.approx(expected[key][0], rel=1e-9, abs=1e-3)
        assert received[k, 0] == pytest.approx(expected[key][1], rel=1e-9, abs=1e-3)


def test_paid_less_received_is_net(table):
    paid, received, net = (
        column(table, "physical", f"expected_{name}") for name in ("paid", "received", "net_paid")
    )

    np.testing.assert_allclose(paid - received, net, rtol=1e-9, atol=1e-3)
    np.testing.assert_allclose(paid.iloc[-1], paid.iloc[:-1].sum(), rtol=1e-9)
    np.testing.assert_allclose(net.iloc[-1], net.iloc[:-1].sum(), rtol=1e-9)


def test_the_quantile_of_a_sum_is_not_the_sum_of_quantiles(together):
    table = contracts.exposure(together, by=["deal"])
    p95 = column(table, "physical", "paid_p95")
    _, samples = samples_by_group(together, by=["deal"])

    # Read from the joint samples, and far from the sum: the deals do not peak on one path.
    assert p95.iloc[-1] == pytest.approx(float(quantiles(samples.sum(axis=0), 0.95)), rel=1e-12)
    assert p95.iloc[-1] < p95.iloc[:-1].sum() * (1.0 - 1e-4)


def test_quantiles_and_tail_of_each_group_come_from_its_own_paths(together):
    table = contracts.exposure(together, by=["fiscal_year"])
    labels, samples = samples_by_group(together, by=["fiscal_year"])

    assert list(labels) == list(table.index[:-1])
    np.testing.assert_allclose(
        column(table, "physical", "paid_p95")[:-1], np.quantile(samples, 0.95, axis=1), rtol=1e-12
    )
    tail = np.sort(samples, axis=1)[:, -N // 20 :].mean(axis=1)
    np.testing.assert_allclose(
        column(table, "physical", "paid_expected_shortfall_95")[:-1], tail, rtol=1e-9
    )
    np.testing.assert_allclose(
        column(table, "physical", "probability_of_payment", "1")[:-1], (samples > 0).mean(axis=1)
    )


def test_present_value_is_that_of_the_valuation():
    v = contracts.value("lynas-jare", n_paths=N, seed=5)
    table = v.exposure(by=["leg"])

    # The offtaker is the public party, so what it pays net is minus its value.
    net = column(table, "pricing", "present_value_net_paid")
    assert net["total"] == pytest.approx(-v.pv, rel=1e-9)
    error = column(table, "pricing", "standard_error_present_value")
    assert error["total"] == pytest.approx(v.standard_error, rel=1e-9)


def test_equity_received_is_corrected_like_the_valuation():
    """A warrant's control variate moves the averages of what is received, the same way."""
    warrant = Warrant(
        shares=1000.0,
        strike=30.0,
        issue_date=datetime.date(2025, 7, 10),
        expiry=datetime.date(2030, 7, 10),
        share="share",
        style="european",
    )
    one = deal(clause("warrant", warrant, payer="mine", receiver="state"))
    small = market(commodity("share", price=30.0, volatility=0.8, drift=0.04, risk_premium=0.05))
    v = contracts.value(one, market=small, n_paths=20_000, seed=5)
    table = v.exposure(by=["leg"])
    received = column(table, "physical", "expected_received")["warrant"]
    error = column(table, "physical", "standard_error_received")["warrant"]

    net = column(table, "pricing", "present_value_net_paid")
    assert net["warrant"] == pytest.approx(-v.pv, rel=1e-9)
    net_error = column(table, "pricing", "standard_error_present_value")["warrant"]
    assert net_error == pytest.approx(v.standard_error, rel=1e-6)
    # The physical mean of the share in five years is its forward times exp(25%).
    years = 1826 / 365.0
    mean = 30.0 * math.exp(0.09 * years)
    oracle = 1000.0 * float(
        black76(
            forward=mean,
            strike=30.0,
            total_variance=0.64 * years,
            discount_factor=1.0,
            kind="call",
        )
    )
    assert abs(received - oracle) < 4.0 * error
    # Without the correction the error would be about ten times as large.
    assert error < 0.01 * oracle


def test_the_maximum_obligation_of_a_floor_is_quantity_times_strike():
    jare = contracts.value("lynas-jare", n_paths=200, seed=5)
    table = jare.exposure(by=["leg"])

    # 12.5 years of 5,000 t at 110 USD/kg, and no share of a price of zero.
    most = column(table, "contract", "maximum_obligation")
    assert most["price floor"] == pytest.approx(12.5 * 5e6 * 110.0)
    assert most["upside share"] == 0.0
    assert most["total"] == pytest.approx(12.5 * 5e6 * 110.0)


def test_the_maximum_obligation_by_fiscal_year():
    """JARE's year ends in March; a quarter is paid 30 days after its end."""
    table = contracts.value("lynas-jare", n_paths=200, seed=5).exposure(by=["fiscal_year"])
    most = column(table, "contract", "maximum_obligation")

    # July to September 2026 is paid in October, October to December in January: fiscal 2027.
    assert most[2027] == pytest.approx(2 * 1.25e6 * 110.0)
    assert most[2028] == pytest.approx(4 * 1.25e6 * 110.0)
    assert column(table, "physical", "paid_p95").le(most + 1e-3).all()


def test_recorded_is_what_was_reported(together):
    """Three reported quarters: 51.016 + 42.273 + 17.580 = 110.869 million."""
    mp = together[0]
    table = contracts.exposure([mp], by=["leg"])
    recorded = column(table, "contract", "recorded")
    contingent = column(table, "physical", "contingent")
    paid = column(table, "physical", "expected_paid")

    assert recorded["price floor"] == pytest.approx(110.869e6, rel=1e-9)
    assert recorded["upside share"] == 0.0
    assert recorded["subscription"] == 400e6
    np.testing.assert_allclose(recorded + contingent, paid, rtol=1e-9, atol=1e-3)


def test_recorded_falls_in_the_fiscal_year_of_payment(together):
    """Paid on 14 February, 15 May and 14 August 2026: all in fiscal year 2026."""
    table = contracts.exposure(together[:1], by=["fiscal_year", "leg"])
    recorded = column(table, "contract", "recorded")

    assert recorded[2026, "price floor"] == pytest.approx(110.869e6, rel=1e-9)
    assert recorded[2027, "price floor"] == 0.0
    assert recorded[2025, "subscription"] == 400e6


PERIODS = quarters("2025-10-01", "2026-12-31")


def floor_deal(periods=PERIODS, *, strike=110.0, quantity=None, lag_days=0, **terms):
    quantity = 100.0 + 10.0 * np.arange(len(periods)) if quantity is None else quantity
    leg = Floor(reference_price="r", quantity="q", strike="k")
    return deal(
        clause("floor", leg, lag_days=lag_days),
        periods=periods,
        r=average_price(every="period-end", day=None),
        q=by_period(periods, quantity),
        k=steps(("2025-01-01", strike)),
        **terms,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class SuppliedMarket(Market):
    """A market whose simulation is a table of paths that the test has written down."""

    paths: dict = field(default_factory=dict)

    def price_model(self, names):
        dates = self.paths["dates"]
        return SuppliedPaths(
            grid=TimeGrid(self.valuation_date, dates),
            price={name: np.array(self.paths[name]).T for name in names},
        )


def supplied(dates, **paths):
    base = market(*[commodity(name) for name in paths], rate=0.0)
    known = {name: getattr(base, name) for name in base.__dataclass_fields__}
    return SuppliedMarket(**known, paths={"dates": dates, **paths})


def test_appropriation_by_hand():
    """Four paths, two fiscal years, a budget of 4,500 in 2026 and none stated in 2027."""
    periods = quarters("2025-10-01", "2026-12-31")
    one = floor_deal(
        periods,
        quantity=[100.0, 100.0, 100.0, 100.0, 100.0],
        appropriations=[Appropriation(party="state", amount=4500.0, fiscal_year=2026)],
    )
    # Shortfalls below 110, by path: 5 + 10 + 0 + 20, 20 + 20 + 5 + 1, 0, and 10 + 10 + 15 + 10;
    # then the quarter that ends in December 2026, which is fiscal 2027: 3, 0, 40, 10.
    paths = [
        [105.0, 100.0, 110.0, 90.0, 107.0],
        [90.0, 90.0, 105.0, 109.0, 150.0],
        [110.0, 120.0, 130.0, 140.0, 70.0],
        [100.0, 100.0, 95.0, 100.0, 100.0],
    ]
    small = supplied([str(day) for day in periods.last_day], metal=paths)
    v = contracts.value(one, market=small, n_paths=4, seed=1)

    table = v.exposure(by=["fiscal_year"])

    # Paid in 2026: 3,500, 4,600, 0 and 4,500. Only 4,600 exceeds 4,500, by 100.
    _, samples = samples_by_group([v], by=["fiscal_year"])
    assert samples.tolist() == [[3500.0, 4600.0, 0.0, 4500.0], [300.0, 0.0, 4000.0, 1000.0]]
    assert column(table, "physical", "expected_paid")[2026] == pytest.approx(3150.0)
    assert column(table, "physical", "probability_exceeds", "1")[2026] == 0.25
    assert column(table, "physical", "expected_excess")[2026] == pytest.approx(25.0)
    assert column(table, "physical", "probability_of_payment", "1")[2026] == 0.75
    assert column(table, "contract", "appropriation")[2026] == 4500.0
    # Nothing is known for 2027, and nothing is made up.
    for name, unit in (("probability_exceeds", "1"), ("expected_excess", "USD")):
        assert math.isnan(column(table, "physical", name, unit)[2027])
        assert math.isnan(column(table, "physical", name, unit)["total"])
    # Quantity times strike: four quarters, then one.
    assert column(table, "contract", "maximum_obligation").tolist() == [44e3, 11e3, 55e3]
    # Expected shortfall at 95% of four paths is the worst of them.
    assert column(table, "physical", "paid_expected_shortfall_95")[2026] == 4600.0
    assert column(table, "physical", "paid_p50")["total"] == pytest.approx(4300.0)


def test_an_appropriation_for_every_year():
    one = floor_deal(
        appropriations=[
            Appropriation(party="state", amount=3000.0),
            Appropriation(party="state", amount=9000.0, fiscal_year=2026),
        ]
    )
    small = market(commodity("metal", volatility=0.2))
    table = contracts.value(one, market=small, n_paths=500, seed=1).exposure(by=["fiscal_year"])

    assert column(table, "contract", "appropriation").tolist()[:2] == [9000.0, 3000.0]


def test_exceedance_against_the_lognormal_distribution():
    """One fixing: 100 (110 - S)+ exceeds 3,000 where S is below 80."""
    periods = Periods.single(datetime.date(2026, 7, 10))
    one = floor_deal(
        periods,
        quantity=[100.0],
        appropriations=[Appropriation(party="state", amount=3000.0, fiscal_year=2026)],
    )
    premium, volatility = 0.05, 0.3
    small = market(commodity("metal", volatility=volatility, risk_premium=premium))
    n = 100_000

    table = contracts.value(one, market=small, n_paths=n, seed=3).exposure(by=["fiscal_year"])

    # Under the physical measure the mean of S in a year is 100 exp(5%).
    drift = premium - volatility**2 / 2
    probability = float(ndtr((math.log(0.80) - drift) / volatility))
    found = column(table, "physical", "probability_exceeds", "1")[2026]
    assert abs(found - probability) < 4.0 * math.sqrt(probability * (1 - probability) / n)
    # The pricing measure is another: there the mean is 100.
    assert abs(float(ndtr((math.log(0.80) + 0.045) / 0.3)) - probability) > 0.04


@pytest.mark.parametrize(
    ("day", "year_end", "fiscal_year"),
    [
        ("2026-09-30", 9, 2026),
        ("2026-10-01", 9, 2027),
        ("2026-12-31", 12, 2026),
        ("2027-01-01", 12, 2027),
        ("2027-03-31", 3, 2027),
        ("2027-04-01", 3, 2028),
    ],
)
def test_fiscal_years_turn_with_the_party(day, year_end, fiscal_year):
    one = floor_deal(Periods.single(datetime.date.fromisoformat(day)), year_end=year_end)
    small = market(commodity("metal"))

    table = contracts.value(one, market=small, n_paths=10, seed=1).exposure(by=["fiscal_year"])

    assert list(table.index) == [fiscal_year, "total"]


def test_the_day_of_payment_decides_not_the_period():
    """The quarter to 30 September 2026 belongs to 2027 when it is paid a day later."""
    periods = quarters("2026-07-01", "2026-09-30")
    small = market(commodity("metal"))

    years = [
        contracts.value(floor_deal(periods, lag_days=lag), market=small, n_paths=10, seed=1)
        .exposure(by=["fiscal_year"])
        .index[0]
        for lag in (0, 1)
    ]

    assert years == [2026, 2027]


def test_paid_and_received_are_told_apart():
    """A two-way contract pays on one path and takes on the other; nothing is netted by path."""
    periods = quarters("2025-10-01", "2026-03-31")
    swap = deal(
        clause(
            "swap",
            Difference(reference_price="r", quantity="q", strike="k", negative_prices="pay"),
        ),
        periods=periods,
        r=average_price(every="period-end", day=None),
        q=steps(("2025-01-01", 100.0)),
        k=steps(("2025-01-01", 110.0)),
    )
    paths = [[100.0, 140.0], [130.0, 90.0]]
    small = supplied([str(day) for day in periods.last_day], metal=paths)

    table = contracts.value(swap, market=small, n_paths=2, seed=1).exposure(by=["fiscal_year"])

    # Path 1 pays 1,000 and takes 3,000, path 2 takes 2,000 and pays 2,000.
    assert column(table, "physical", "expected_paid")[2026] == pytest.approx(1500.0)
    assert column(table, "physical", "expected_received")[2026] == pytest.approx(2500.0)
    assert column(table, "physical", "expected_net_paid")[2026] == pytest.approx(-1000.0)


def test_an_advance_that_is_paid_is_recorded():
    """Two quarters of 2026 have been advanced by the end of July 2026."""
    year = Periods.regular(
        start=datetime.date(2026, 1, 1), end=datetime.date(2026, 12, 31), frequency="year"
    )
    advance = Advance(fraction=0.25, of="base", payments=4)
    one = deal(
        clause(
            "floor",
            Floor(reference_price="r", quantity="q", strike="k"),
            lag_days=60,
            advance=advance,
        ),
        periods=year,
        r=average_price(every="period-end", day=None),
        q=steps(("2026-01-01", 10.0)),
        k=steps(("2026-01-01", 110.0)),
        base=steps(("2026-01-01", 140.0)),
    )
    mid_year = market(commodity("metal"), today=datetime.date(2026, 7, 31))
    v = contracts.value(one, market=mid_year, n_paths=100, seed=1)

    assert v.leg("floor").paid_to_date == pytest.approx(-70.0)
    recorded = column(v.exposure(by=["leg"]), "contract", "recorded")
    assert recorded["floor"] == pytest.approx(70.0)


def test_only_public_parties_are_exposed():
    table = contracts.value("mp-materials", n_paths=100, seed=1).exposure(by=["party"])

    assert list(table.index) == ["US Department of Defense", "total"]


def test_what_cannot_be_exposed_is_refused(together):
    v = together[0]
    other = contracts.value("lynas-jare", market=YEAR_ON, n_paths=N, seed=6)
    prices = contracts.simulated_prices("lynas-jare", n_paths=10, seed=1)
    replay = contracts.value("lynas-jare", prices=prices)
    for valuations, by, message in [
        ([], ["deal"], "valuations must hold at least one"),
        ([v, v], ["deal"], "valuations must hold each deal once"),
        ([v, other], ["deal"], "valuations must share market, seed and paths"),
        ([replay], ["deal"], "valuations must be simulated"),
        ([v], [], "by must name at least one of fiscal_year"),
        ([v], ["deal", "deal"], "by must name each dimension once"),
        ([v], ["ministry"], "by must be one of fiscal_year"),
    ]:
        with pytest.raises(ValueError, match=message):
            contracts.exposure(valuations, by=by)


def test_a_deal_without_a_public_party_has_no_exposure():
    from dataclasses import replace

    one = floor_deal()
    private = {key: replace(party, is_public=False) for key, party in one.parties.items()}
    v = contracts.value(
        replace(one, parties=private), market=market(commodity("metal")), n_paths=10, seed=1
    )

    with pytest.raises(ValueError, match="parties must hold a public one"):
        v.exposure()


def test_an_upside_share_is_received_not_paid():
    one = deal(
        clause(
            "share",
            UpsideShare(reference_price="r", quantity="q", threshold="k", share=0.3),
            payer="mine",
            receiver="state",
        ),
        periods=quarters("2025-10-01", "2025-12-31"),
        r=average_price(every="period-end", day=None),
        q=steps(("2025-01-01", 1e6)),
        k=steps(("2025-01-01", 110.0)),
    )
    small = supplied(["2025-12-31"], metal=[[170.0], [100.0]])

    table = contracts.value(one, market=small, n_paths=2, seed=1).exposure(by=["fiscal_year"])

    # 18 million on one path of two.
    assert column(table, "physical", "expected_received")[2026] == pytest.approx(9e6)
    assert column(table, "physical", "expected_paid")[2026] == 0.0
    assert column(table, "physical", "probability_of_payment", "1")[2026] == 0.0
    assert isinstance(table, pd.DataFrame)
