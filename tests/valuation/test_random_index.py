"""An index with a model: what it escalates is random by path, around the projected index."""

import dataclasses
import datetime
import math

import numpy as np
import pytest

import contracts
from contracts.amend import amend_market
from contracts.errors import TermSheetError
from contracts.legs import Floor
from contracts.observations import IndexEscalation, Schedule
from contracts.price_index import Index
from contracts.reports.assumptions import market_lines
from contracts.run import prepare
from contracts.settlement import simulated_dates
from montecarlo.black import black76
from tests.valuation import small

DATE = datetime.date
N_PATHS = 40_000
STRIKE = 100.0
PERIODS = small.quarters("2025-01-01", "2028-12-31")
INFLATION = {"kind": "inflation", "mean_reversion": 0.4, "volatility": 0.012}
MOVING = {"kind": "gbm", "volatility": 0.15}


def cpi(model=None):
    """Published in January 2025, projected for 2026, then growing by 3% a year."""
    levels = ((DATE(2024, 1, 1), 290.0), (DATE(2025, 1, 1), 300.0), (DATE(2026, 1, 1), 307.0))
    return Index(levels=levels, growth=0.03, model=model)


def market(model=None, *, correlation=0.0, volatility=0.3):
    return small.market(
        small.commodity("metal", price=STRIKE, volatility=volatility),
        indices={"cpi": cpi(model)},
        correlation={("metal", "cpi"): correlation} if model else {},
        fixings={"metal": [("2024-12-01", "2025-07-09", 97.0)]},
    )


BASE = DATE(2024, 1, 1)


def floor(*, base=BASE, reset=None, share=1.0):
    """A floor on one price at the start of each quarter, struck at 100 in money of the base."""
    rise = IndexEscalation(index="cpi", base_date=base, reset=reset, share=share)
    return small.deal(
        small.clause("floor", Floor(reference_price="price", quantity="sales", strike="k")),
        periods=PERIODS,
        price=small.average_price(every="month", day=1),
        sales=small.steps(("2025-01-01", 10.0)),
        k=Schedule(steps=((DATE(2025, 1, 1), STRIKE),), escalation=rise),
    )


def single_price_floor(**more):
    """The same in periods of a month, so that each has one price, on the day of the index."""
    deal = floor(**more)
    months = contracts.periods.Periods.regular(
        start=DATE(2026, 1, 1), end=DATE(2026, 12, 31), frequency="month"
    )
    return dataclasses.replace(deal, schedules={"periods": months})


def strikes(deal, prices, found):
    settlement = prepare([deal], found, prices).settlements[0]
    return settlement, settlement.observe(prices)["k"]


@pytest.mark.parametrize("kind", [INFLATION, MOVING])
@pytest.mark.parametrize(
    "more", [{}, {"reset": (4, 1)}, {"share": 0.7}, {"base": DATE(2026, 3, 1)}]
)
def test_without_volatility_the_strike_is_the_certain_one_to_the_bit(kind, more):
    deal = floor(**more)
    certain = prepare([deal], market()).settlements[0].observations["k"].observe({}, {})
    still = market({**kind, "volatility": 0.0})
    paths = contracts.simulated_prices(deal, market=still, n_paths=5, seed=3)
    settlement, seen = strikes(deal, paths, still)

    assert np.array_equal(seen, np.repeat(certain, 5, axis=1))
    assert not settlement.observations["k"].is_fixed.all()


def test_without_volatility_the_value_is_the_certain_one_to_the_bit():
    deal = floor()
    values = [
        contracts.value(deal, market=found, n_paths=500, seed=3, control=False)
        for found in (market(), market({**INFLATION, "volatility": 0.0}))
    ]

    # The metal comes first and resets lie on pricing dates, so that its paths are the same.
    assert np.array_equal(values[0].samples, values[1].samples)
    assert values[0].pv == values[1].pv


@pytest.mark.parametrize("kind", [INFLATION, MOVING])
@pytest.mark.parametrize("more", [{"reset": (4, 1)}, {"share": 0.6}])
def test_the_mean_strike_is_that_of_the_projected_index(kind, more):
    deal = floor(**more)
    random = market(kind)
    paths = contracts.simulated_prices(deal, market=random, n_paths=N_PATHS, seed=5)
    settlement, seen = strikes(deal, paths, random)
    certain = prepare([deal], market()).settlements[0].observations["k"].observe({}, {})
    is_fixed = settlement.observations["k"].is_fixed

    assert np.array_equal(seen[is_fixed], np.repeat(certain[is_fixed], N_PATHS, axis=1))
    moving = seen[~is_fixed]
    error = moving.std(axis=1) / math.sqrt(N_PATHS)
    assert (error > 0.0).all()
    assert (np.abs(moving.mean(axis=1) - certain[~is_fixed, 0]) < 4.0 * error).all()


def test_published_levels_stay_known_and_later_ones_do_not():
    settlement = prepare([floor(reset=(4, 1))], market(INFLATION)).settlements[0]
    # The reset of April 2025 holds until March 2026.
    assert settlement.observations["k"].is_fixed.tolist() == [True] * 5 + [False] * 11
    later = prepare([floor(base=DATE(2025, 8, 1))], market(INFLATION)).settlements[0]
    assert not later.observations["k"].is_fixed.any()
    known = prepare([floor()], market()).settlements[0]
    assert known.observations["k"].is_fixed.all()


def test_a_base_date_to_come_is_random_too():
    """With I_r / I_b of a geometric Brownian motion, E = F_r / F_b and Var ln = s^2 (r - b)."""
    deal = floor(base=DATE(2026, 1, 1))
    random = market(MOVING)
    paths = contracts.simulated_prices(deal, market=random, n_paths=N_PATHS, seed=7)
    _, seen = strikes(deal, paths, random)
    starts = PERIODS.start
    years = (starts - np.datetime64("2026-01-01")).astype(float) / 365.0
    logs = np.log(seen / STRIKE)

    assert np.array_equal(seen[years == 0.0], np.full((1, N_PATHS), STRIKE))
    after = years > 0.0
    expected = MOVING["volatility"] * np.sqrt(years[after])
    # The error of a standard deviation is s / sqrt(2 n).
    assert logs[after].std(axis=1) == pytest.approx(expected, rel=4.0 / math.sqrt(2 * N_PATHS))


@pytest.mark.parametrize("correlation", [-0.8, 0.0, 0.6, 0.999])
def test_a_floor_with_a_random_strike_is_an_exchange_option(correlation):
    """Margrabe: Black-76 on the forward ratio with variance s_P^2 + s_I^2 - 2 rho s_P s_I."""
    found = market(MOVING, correlation=correlation)
    deal = single_price_floor()
    value = contracts.value(deal, market=found, n_paths=N_PATHS, seed=11, sampling="antithetic")
    start = deal.schedules["periods"].start
    years = found.years(start)
    a, b = 0.3, MOVING["volatility"]
    spread = math.sqrt(a * a + b * b - 2.0 * correlation * a * b)
    expected = 0.0
    for t, date in zip(years, start.tolist(), strict=True):
        strike = STRIKE * found.index("cpi", date) / 290.0
        w = spread**2 * t
        expected += 10.0 * black76(
            forward=STRIKE, strike=strike, total_variance=w, discount_factor=1.0, kind="put"
        )
    undiscounted = value.legs[0].flow_amounts.sum()
    # Flows of one leg are correlated; the whole error is at most the sum of theirs.
    assert abs(-undiscounted - expected) < 4.0 * value.legs[0].flow_errors.sum()
    assert abs(-undiscounted / expected - 1.0) < 0.02


def test_no_closed_form_corrects_a_leg_on_a_random_strike():
    assert contracts.value(floor(), market=market(), n_paths=64, seed=1).controls == ("floor",)
    assert contracts.value(floor(), market=market(INFLATION), n_paths=64, seed=1).controls == ()


def test_paths_of_prices_do_not_move_when_an_index_joins_them():
    deal = floor()
    alone = contracts.simulated_prices(deal, market=market(), n_paths=100, seed=2)
    joined = contracts.simulated_prices(
        deal, market=market(INFLATION, correlation=0.5), n_paths=100, seed=2
    )

    assert tuple(joined) == ("metal", "cpi")
    assert np.array_equal(joined["metal"], alone["metal"])


def test_paths_of_your_own_escalate_the_strike():
    deal, found = floor(), market(INFLATION)
    names, dates = contracts.pricing_grid(deal, found)
    assert names == ("metal", "cpi")
    prices = {
        "metal": np.full((len(dates), 2), STRIKE),
        "cpi": np.array([400.0, 500.0]) * np.ones((len(dates), 1)),
    }
    _, seen = strikes(deal, prices, found)

    assert seen[-1] == pytest.approx([STRIKE * 400 / 290, STRIKE * 500 / 290], rel=1e-14)
    with pytest.raises(ValueError, match=r"prices must hold metal, cpi, got .*'cpi'"):
        contracts.value(deal, market=found, prices={"metal": prices["metal"]})


def test_only_future_resets_are_simulated():
    names, dates = simulated_dates([floor(reset=(4, 1))], market(INFLATION))
    assert names == ("metal", "cpi")
    assert {"2026-04-01", "2027-04-01", "2028-04-01"} <= {str(date) for date in dates}
    past = small.quarters("2025-01-01", "2025-09-30")
    over = dataclasses.replace(floor(reset=(4, 1)), schedules={"periods": past})
    assert simulated_dates([over], market(INFLATION))[0] == ("metal",)


def test_any_number_of_threads_gives_the_same_bits():
    one, two = (
        contracts.value(floor(), market=market(INFLATION), n_paths=9000, seed=4, n_threads=n)
        for n in (1, 2)
    )
    assert np.array_equal(one.samples, two.samples)


def test_what_a_random_index_raises_has_no_maximum():
    bounds = []
    for model in (None, INFLATION):
        value = contracts.value(floor(reset=(4, 1)), market=market(model), n_paths=64, seed=1)
        table = value.exposure(by=["fiscal_year"])
        bounds.append(table["contract", "maximum_obligation", "USD"])
    certain, random = bounds
    # Strikes are known until March 2026, and fiscal years end in September.
    assert certain.notna().all()
    assert random.loc[2025] == certain.loc[2025]
    assert random.loc[2026:].isna().all()


def test_the_report_says_what_is_assumed_of_the_index():
    value = contracts.value(floor(), market=market(INFLATION), n_paths=64, seed=1)
    lines = market_lines(value.market, value.deal, value.model.names)

    assert (
        "cpi: inflation (mean reversion 0.4, volatility 0.012), index points, "
        "around 307 (2026-01-01) growing 3% a year, an assumption"
    ) in lines
    assert any(line.startswith("cpi: risk premium 0%") for line in lines)
    assert value.market.risk_factors().loc[("cpi", "lasting inflation")].iloc[0] == "inflation"
    still = contracts.value(floor(), market=market(), n_paths=64, seed=1)
    assert still.fingerprint() != value.fingerprint()


BUILT_IN = "critical-minerals-2026-06-30"


@pytest.fixture(scope="module")
def built_in():
    return contracts.load_market(BUILT_IN)


def test_a_market_file_names_the_model_of_an_index(built_in):
    random = amend_market(
        built_in,
        {
            "indices[us-cpi].model": {**INFLATION, "risk_premium": 0.001, "note": "stated"},
            "correlations": [{"between": ["graphite-concentrate", "us-cpi"], "value": 0.25}],
        },
    )
    assert random.indices["us-cpi"].note.endswith("stated")
    joint = random.price_model(["us-cpi", "graphite-concentrate"])
    assert joint.names == ("graphite-concentrate", "us-cpi")
    assert joint.correlation[0, 1] == 0.25
    value = contracts.value("nouveau-monde", market=random, n_paths=2000, seed=1)
    assert value.model.names == ("graphite-concentrate", "us-cpi")
    plain = contracts.value("nouveau-monde", market=built_in, n_paths=2000, seed=1)
    assert abs(value.pv - plain.pv) < 4.0 * value.standard_error


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"indices[us-cpi].model": {"kind": "gmb", "volatility": 0.02}},
            r"indices.us-cpi.model.kind is not a known kind; did you mean gbm",
        ),
        (
            {"indices[us-cpi].model": {"kind": "gbm"}},
            r"indices.us-cpi.model.*volatility",
        ),
        (
            {"indices[us-cpi].model": {"kind": "inflation", "mean_reversion": 0.001,
                                       "volatility": 0.01}},
            r"indices.us-cpi.model.mean_reversion must be at least 0.01, got 0.001",
        ),
        (
            {"indices[us-cpi].levels": {"2026-07-01": 330.0},
             "indices[us-cpi].model": dict(INFLATION)},
            r"indices.us-cpi.levels is refused: index must be known on 2026-06-30",
        ),
        (
            {"correlations": [{"between": ["ndpr-oxide", "us-cpi"], "value": 0.2}]},
            r"must name a commodity of this market, or an index that has a model; .*got 'us-cpi'",
        ),
        (
            {"correlations": [{"between": ["ndpr-oxide", "us-cip"], "value": 0.2}],
             "indices[us-cpi].model": dict(INFLATION)},
            r"must name a commodity of this market.*did you mean us-cpi",
        ),
        (
            {"indices": {"mp-share": {"levels": {"2026-01-01": 1.0}, "growth": 0.0,
                                      "model": dict(INFLATION)}}},
            r"indices.mp-share must not have the name of a commodity",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_index_is_said_at_its_place(built_in, changes, message):
    with pytest.raises((TermSheetError, ValueError), match=message):
        amend_market(built_in, changes)


def test_a_market_made_in_python_keeps_names_apart():
    found = dataclasses.replace(market(INFLATION), indices={"metal": cpi(INFLATION)})
    with pytest.raises(ValueError, match="must not have the name of another price, got 'metal'"):
        contracts.value(floor(), market=found, n_paths=64)
