"""Parameter uncertainty carried into value, against Black's formula and quadrature."""

import datetime
import math
from dataclasses import replace

import numpy as np
import pytest

import contracts
from contracts.drawn_market import with_fitted_model
from contracts.market_sheet import build_market
from contracts.parameter_uncertainty import parameter_uncertainty
from contracts.termsheet import build_deal
from montecarlo import black76
from montecarlo.calibrate import EstimatedParameter, PriceHistory, fit
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.parameter_draws import ParameterDraws, draw_parameters

VOLATILITY, LOG_ERROR = 0.3, 0.25
FORWARD, STRIKE, QUANTITY, RATE = 100.0, 110.0, 7.0, 0.04
TODAY, FIXING = datetime.date(2025, 7, 10), datetime.date(2027, 7, 10)
YEARS = 730 / 365
DISCOUNT = math.exp(-RATE * YEARS)

DEAL = {
    "deal": "one-floor",
    "title": "A floor on one date",
    "currency": "USD",
    "perspective": "producer",
    "parties": {
        "state": {
            "name": "State", "role": "provider", "agency": "Treasury", "programme": "Minerals",
            "fiscal_year_end": "September", "public": True,
        },
        "producer": {"name": "Mine", "role": "producer", "public": False},
    },
    "schedules": {"once": {"start": "2027-07-10", "end": "2027-07-10", "frequency": "once"}},
    "market": "small",
    "observations": {
        "metal": {
            "kind": "reference-price", "schedule": "once", "commodity": "metal",
            "pricing_dates": {"every": "period-end"},
        },
    },
    "legs": [
        {
            "name": "floor", "kind": "floor", "payer": "state", "receiver": "producer",
            "schedule": "once", "reference_price": "metal", "quantity": f"{QUANTITY} kg",
            "strike": f"{STRIKE} USD/kg", "payment": {"lag_days": 0},
        }
    ],
}  # fmt: skip


def market(**changes):
    item = {
        "unit": "USD/kg",
        "traded": False,
        "interpolation": "log-linear",
        "forward_curve": {"2025-07-10": f"{FORWARD} USD/kg", "2040-07-10": f"{FORWARD} USD/kg"},
        "model": {"kind": "gbm", "volatility": 0.2, "risk_premium": 0.03},
    }
    return build_market(
        {
            "market": "small",
            "title": "A small market",
            "valuation_date": TODAY,
            "currency": "USD",
            "discount": {"name": "flat", "zero_rates": {"2045-07-10": RATE}},
            "commodities": {"metal": {**item, **changes}},
        },
        file="small.yaml",
    )


def gbm_fit(volatility=VOLATILITY, log_error=LOG_ERROR, drift=0.05, drift_error=0.1, unit="USD/kg"):
    """A fit whose volatility is lognormal with a known spread."""

    def parameter(name, value, error, unit, role):
        return EstimatedParameter(
            name=name, value=value, unit=unit, standard_error=error, low=value - 2 * error,
            high=value + 2 * error, role=role,
        )  # fmt: skip

    day = np.datetime64("2025-07-09")
    return Fit(
        kind="gbm",
        name="metal",
        unit=unit,
        parameters=(
            parameter("volatility", volatility, volatility * log_error, "1/sqrt(yr)", "model"),
            parameter("drift", drift, drift_error, "1/yr", "physical"),
        ),
        covariance=np.diag([(volatility * log_error) ** 2, drift_error**2]),
        log_likelihood=0.0,
        n_observations=8,
        method="stated",
        horizon="daily",
        data_hash="0",
        first_date=day,
        last_date=day,
        last_price=90.0,
        residuals=np.zeros(8),
        residual_dates=np.repeat(day, 8),
    )


def put(volatility, forward=FORWARD):
    value = black76(
        forward=forward,
        strike=STRIKE,
        total_variance=volatility**2 * YEARS,
        discount_factor=DISCOUNT,
        kind="put",
    )
    return QUANTITY * float(value)


def put_variance(volatility, forward=FORWARD):
    """E[(K - S)^2; S < K] less the mean squared: S^2 is lognormal too."""
    from scipy.stats import norm

    spread = volatility * math.sqrt(YEARS)
    below = (math.log(STRIKE / forward) + 0.5 * spread**2) / spread
    second = (
        STRIKE**2 * norm.cdf(below)
        - 2.0 * STRIKE * forward * norm.cdf(below - spread)
        + forward**2 * math.exp(spread**2) * norm.cdf(below - 2.0 * spread)
    )
    return (QUANTITY * DISCOUNT) ** 2 * second - put(volatility, forward) ** 2


def over_volatilities(function):
    """Mean over the lognormal volatility by Gauss-Hermite quadrature."""
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    values = [function(VOLATILITY * math.exp(LOG_ERROR * z)) for z in points]
    return float(np.sum(weights * values) / math.sqrt(2.0 * math.pi))


@pytest.fixture(scope="module")
def deal():
    return build_deal(DEAL, file="one-floor.yaml")


@pytest.fixture(scope="module")
def found(deal):
    draws = draw_parameters(gbm_fit(), 90, seed=3)
    return parameter_uncertainty(deal, "metal", draws, market=market(), n_paths=1_500).run()


def test_value_under_each_draw_is_blacks(found):
    volatility = found.design.draws.values["volatility"]
    expected = np.array([put(float(one)) for one in volatility])
    # A leg on one price has a control without error, but for rounding.
    assert found.fair_values == pytest.approx(expected, rel=1e-9)


def test_mean_of_the_fair_value_is_that_of_quadrature(found):
    expected = over_volatilities(put)
    error = np.std(found.fair_values, ddof=1) / math.sqrt(found.fair_values.size)

    assert abs(found.fair_values.mean() - expected) < 4.0 * error
    # Volatility that is not known is worth something to the holder only by curvature: here little.
    assert abs(found.components.mean - expected) < 4.0 * found.components.mean_error


def test_both_parts_of_the_variance_are_those_of_quadrature(found):
    parts = found.components
    between = over_volatilities(lambda s: put(s) ** 2) - over_volatilities(put) ** 2
    within = over_volatilities(put_variance)

    assert abs(parts.between - between) < 4.0 * parts.between_error
    assert abs(parts.within - within) < 4.0 * parts.within_error
    assert parts.between_error < 0.5 * between
    # The correction of independent paths would be wrong by more than the stated error.
    assert parts.correction < 0.2 * parts.independent_correction


def test_variance_between_is_that_of_the_exact_values(found):
    # Corrected means of few paths against values without simulation error, draw by draw.
    exact = np.var(found.fair_values, ddof=1)

    assert found.components.between == pytest.approx(exact, rel=0.2)


def test_percentiles_are_those_of_the_exact_values(found):
    points = found.percentiles()

    assert points["p50"][0] == np.quantile(found.fair_values, 0.5)
    assert points["p05"][0] < points["p50"][0] < points["p95"][0]
    assert 0.0 < points["p95"][1] < points["p95"][0] - points["p50"][0]


def test_table_has_the_value_the_leg_and_the_year(found):
    table = found.table()

    assert list(table.index) == [
        ("present value", "total"), ("leg", "floor"), ("fiscal year", "2027"),
    ]  # fmt: skip
    total, leg = table.iloc[0], table.iloc[1]
    assert total.tolist() == leg.tolist()
    assert total[("parameter_deviation", "USD")] == math.sqrt(found.components.between)
    # The year is undiscounted and under the physical measure, whose prices drift up by 3%.
    year = table.iloc[2]
    expected = over_volatilities(lambda s: put(s, FORWARD * math.exp(0.03 * YEARS))) / DISCOUNT
    assert abs(year[("mean", "USD")] - expected) < 4.0 * year[("standard_error_mean", "USD")]


def test_known_parameters_leave_price_risk_alone(deal):
    known = draw_parameters(gbm_fit(), 4)
    same = replace(known, values={name: row * 0.0 + row[0] for name, row in known.values.items()})
    found = parameter_uncertainty(deal, "metal", same, market=market(), n_paths=500).run()

    assert found.components.between == pytest.approx(0.0, abs=1e-12 * found.components.within)
    assert found.components.correction == 0.0
    assert found.percentiles()["p05"][0] == pytest.approx(found.percentiles()["p95"][0])


def test_own_curve_moves_with_its_parameters():
    drawn = gbm_fit(drift=0.08)
    own = with_fitted_model(market(), "metal", drawn, curve="model")
    held = with_fitted_model(market(), "metal", drawn)

    # From the market's price today, by the fitted drift less the market's premium of 3%.
    # 731 days lie between the pillars.
    curve = own.commodity("metal").forward_curve
    assert curve(0.0) == FORWARD
    assert curve(2.0) == pytest.approx(FORWARD * math.exp(0.05 * 2.0), rel=1e-9)
    assert curve(20.0) == pytest.approx(FORWARD * math.exp(0.05 * 20.0), rel=1e-9)
    model = own.commodity("metal").price_model()
    assert model.expected_spot(2.0, "physical") == pytest.approx(FORWARD * math.exp(0.16), rel=1e-9)
    assert held.commodity("metal").forward_curve(2.0) == FORWARD
    assert held.commodity("metal").model["risk_premium"] == 0.03


def test_own_curve_of_a_seasonal_market_has_its_seasons_once():
    months = [1.3, 1.2, 1.1, 1.0, 0.8, 0.7, 0.75, 0.9, 0.95, 1.05, 1.15, 1.25]
    seasonal = market(seasonality={"normalised_by": "mean-level", "months": months})
    own = with_fitted_model(seasonal, "metal", gbm_fit(drift=0.08), curve="model")
    curve, before = (one.commodity("metal").forward_curve for one in (own, seasonal))
    factors = np.array(months) / np.mean(months)

    # 10 July 2025 and 10 January 2027, 549 days on; the drift of 8% less the premium of 3%.
    assert curve(0.0) == pytest.approx(before(0.0), rel=1e-12)
    assert curve(0.0) == pytest.approx(FORWARD * factors[6], rel=1e-12)
    assert curve(549 / 365) == pytest.approx(
        FORWARD * math.exp(0.05 * 549 / 365) * factors[0], rel=1e-9
    )


def test_own_curve_of_a_mean_reverting_model_ends_at_its_level():
    days = np.datetime64("2010-01-01") + 30 * np.arange(150)
    rng = np.random.default_rng(1)
    logs = [4.0]
    for _ in range(149):
        logs.append(4.2 + 0.9 * (logs[-1] - 4.2) + 0.05 * rng.normal())
    found = fit(
        PriceHistory(name="metal", unit="USD/kg", dates=days, prices=np.exp(logs)), "schwartz"
    )
    plain = market(model={"kind": "schwartz", "mean_reversion": 1.0, "volatility": 0.2})
    own = with_fitted_model(plain, "metal", found, curve="model")
    value = found.values
    last = value["long_run_log_mean"] + value["volatility"] ** 2 / (4.0 * value["mean_reversion"])

    assert own.commodity("metal").forward_curve(30.0) == pytest.approx(math.exp(last), rel=1e-3)
    assert own.commodity("metal").forward_curve(0.0) == FORWARD


def test_curve_that_moves_adds_to_what_is_not_known(deal):
    draws = draw_parameters(gbm_fit(), 20, seed=3)
    held = parameter_uncertainty(deal, "metal", draws, market=market(), n_paths=400, by_year=False)
    moves = replace(held, curve="model")
    first, second = held.run(), moves.run()

    assert second.components.between > 3.0 * first.components.between
    assert "held, though nobody quotes it" in first.notices[2]
    assert "that of each draw" in second.notices[2]
    # With the draw's own forward the value is Black's again.
    drift, volatility = (draws.values[name] for name in ("drift", "volatility"))
    expected = [
        put(float(s), FORWARD * math.exp((float(m) - 0.03) * YEARS))
        for m, s in zip(drift, volatility, strict=True)
    ]
    assert second.fair_values == pytest.approx(expected, rel=1e-6)


def test_cost_is_told_before_it_starts(deal):
    draws = draw_parameters(gbm_fit(), 5)
    cost = parameter_uncertainty(deal, "metal", draws, market=market(), n_paths=100).cost()

    # Each draw and the estimates: a value, and the payments by year. Total, leg and one year kept.
    assert (cost.n_valuations, cost.n_paths, cost.n_samples) == (12, 100, 5 * 100 * 3)
    assert 0.0 < cost.seconds < 60.0


def test_progress_counts_draws(deal):
    draws = draw_parameters(gbm_fit(), 3)
    seen = []
    design = parameter_uncertainty(deal, "metal", draws, market=market(), n_paths=100)
    design.run(lambda done, total: seen.append((done, total)))

    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_document_is_plain(found):
    import json

    document = found.to_dict()
    json.dumps(document, allow_nan=False)

    assert document["variance"]["parameters"] == found.components.between
    assert document["n_draws"] == 90
    assert document["way"] == "asymptotic"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"commodity": "mettal"}, "mettal"),
        ({"n_paths": 39}, "n_paths must be at least 40, got 39"),
        ({"n_paths": 600_000_000}, "keep at most"),
    ],
)
def test_bad_designs_are_refused(deal, change, message):
    draws = draw_parameters(gbm_fit(), 3)
    given = {"deal": deal, "commodity": "metal", "draws": draws, "market": market(), **change}

    with pytest.raises(ValueError, match=message):
        parameter_uncertainty(**given)


def test_price_that_the_deal_does_not_read_is_refused():
    draws = draw_parameters(gbm_fit(), 3)

    with pytest.raises(ValueError, match="commodity must be a price that lynas-jare reads"):
        parameter_uncertainty("lynas-jare", "mp-share", draws)


def test_too_few_draws_are_refused(deal):
    with pytest.raises(ValueError, match="n_draws must be at least 3, got 2"):
        parameter_uncertainty(deal, "metal", draw_parameters(gbm_fit(), 2), market=market())


def test_quoted_curve_and_foreign_unit_are_refused():
    with pytest.raises(ValueError, match="curve must be 'held' where it is quoted"):
        with_fitted_model(market(traded=True), "metal", gbm_fit(), curve="model")
    with pytest.raises(ValueError, match="unit of the fit must be that of metal"):
        with_fitted_model(market(), "metal", gbm_fit(unit="CNY/t"), curve="model")
    with pytest.raises(ValueError, match="curve must be"):
        with_fitted_model(market(), "metal", gbm_fit(), curve="drawn")


def test_draw_that_gives_no_model_is_named(deal):
    draws = ParameterDraws(
        fit=gbm_fit(),
        way="asymptotic",
        values={"volatility": np.array([0.3, -0.1, 0.2]), "drift": np.zeros(3)},
    )
    design = parameter_uncertainty(deal, "metal", draws, market=market(), n_paths=100)

    with pytest.raises(ValueError, match=r"draw 2 of the parameters.*volatility=-0.1"):
        design.run()


def test_built_in_deal_splits_legs_and_years():
    draws = draw_parameters(gbm_fit(), 3)
    design = parameter_uncertainty("lynas-jare", "ndpr-oxide", draws, n_paths=64)
    table = design.run().table()

    assert isinstance(design.deal, contracts.deal.Deal)
    assert {"present value", "leg", "fiscal year"} >= set(table.index.get_level_values("part"))
