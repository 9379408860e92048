"""Seasons taken out of a history before it is fitted, and put back by the market file."""

import numpy as np
import pytest
from ruamel.yaml import YAML

from contracts.calibration import calibrate
from contracts.market_sheet import build_market
from contracts.seasonal_history import without_seasons
from montecarlo.calibrate import PriceHistory, fit

TRUE = np.log([1.3, 1.2, 1.1, 1.0, 0.8, 0.7, 0.75, 0.9, 0.95, 1.05, 1.15, 1.25])
TRUE -= TRUE.mean()
VOLATILITY = 0.3


def monthly(seed, n_years=10, seasons=TRUE, **more):
    """A random walk with seasons, on the last day of each month."""
    months = np.arange(12 * n_years) + np.datetime64("2010-01", "M").astype(int)
    dates = (months + 1).astype("datetime64[M]").astype("datetime64[D]") - 1
    rng = np.random.default_rng(seed)
    walk = np.cumsum(VOLATILITY * np.sqrt(1 / 12) * rng.standard_normal(months.size))
    prices = 40.0 * np.exp(walk + seasons[months % 12])
    return PriceHistory(name="gas", unit="EUR/MWh", dates=dates, prices=prices, **more)


def test_what_is_left_times_the_factors_is_the_price():
    history = monthly(1)
    found = without_seasons(history, "changes", horizon="month")
    factors = np.exp(found.estimate.log_factors)[np.arange(len(history)) % 12]

    assert found.history.prices * factors == pytest.approx(history.prices, rel=1e-14)
    assert found.data_hash == history.data_hash != found.history.data_hash
    assert history.data_hash[:16] in found.history.notices[-1]


def test_volatility_without_seasons_is_that_of_the_walk():
    history = monthly(3, n_years=20)
    left = without_seasons(history, "changes", horizon="month").history
    plain, found = fit(history, "gbm")["volatility"], fit(left, "gbm")["volatility"]

    # Seasons add the mean square of their monthly changes to the variance of a year.
    seasonal = 12 * np.mean((TRUE - np.roll(TRUE, 1)) ** 2)
    assert found.low < VOLATILITY < found.high
    assert plain.value**2 == pytest.approx(VOLATILITY**2 + seasonal, rel=0.2)
    assert plain.low > VOLATILITY


@pytest.mark.parametrize(
    ("horizon", "n_seen", "n_changes"), [("month", 11, 119), ("quarter", 3, 39)]
)
def test_volatility_is_understated_by_what_is_said(horizon, n_seen, n_changes):
    ratios = []
    for seed in range(60):
        history = monthly(seed, seasons=np.zeros(12))
        found = without_seasons(history, "changes", horizon=horizon)
        with_them, without = (
            fit(one, "gbm", horizon=horizon)["volatility"].value for one in (history, found.history)
        )
        ratios.append((without / with_them) ** 2)
        assert (found.n_seen, found.n_changes) == (n_seen, n_changes)

    # The mean of a beta variable: the share of the variance that n_seen directions do not take.
    expected = 1.0 - n_seen / n_changes
    error = np.std(ratios) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - expected) < 4.0 * error
    assert 1.0 - found.understated == pytest.approx(np.sqrt(expected), rel=1e-12)


def test_averages_give_the_factors_of_averages():
    days = np.arange(np.datetime64("2012-01-01"), np.datetime64("2018-01-01"))
    month = days.astype("datetime64[M]").astype(int)
    rng = np.random.default_rng(2)
    walk = 0.01 * np.cumsum(rng.standard_normal(days.size))
    history = PriceHistory(
        name="gas", unit="EUR/MWh", dates=days, prices=40.0 * np.exp(walk + TRUE[month % 12])
    )
    averages = without_seasons(history, "changes", horizon="month-average")
    quotes = without_seasons(history, "changes", horizon="month")
    own = np.exp(averages.estimate.log_factors)[np.arange(72) % 12]

    assert averages.taken == "averages of months"
    assert quotes.taken == "last quotes of months"
    # Within a month the factor is one number: the average without seasons is the average over it.
    assert averages.history.averages("month").prices == pytest.approx(
        history.averages("month").prices / own, rel=1e-12
    )


def test_seasons_of_none_are_warned_of_and_true_ones_are_not():
    none = without_seasons(monthly(1, seasons=np.zeros(12)), "changes", horizon="month")
    some = without_seasons(monthly(1), "changes", horizon="month")

    assert none.estimate.p_value > 0.05
    assert "cannot be told from none" in none.warnings[0]
    assert len(some.warnings) == 1
    assert "too low by about 4.7%" in some.warnings[0]


@pytest.mark.parametrize(
    ("method", "horizon", "history", "said"),
    [
        ("x11", "month", monthly(1), "seasonality must be one of changes, centred-mean, got 'x11'"),
        ("changes", "month", monthly(1, n_years=2), "at least 2 times, got 1 of January"),
        ("changes", "month", monthly(1, averaged="quarter"), "averaged by quarter"),
    ],
)  # fmt: skip
def test_what_has_no_seasons_is_refused(method, horizon, history, said):
    with pytest.raises(ValueError, match=said):
        without_seasons(history, method, horizon=horizon)


@pytest.mark.parametrize("horizon", ["daily", "week"])
def test_quotes_within_a_month_are_refused(horizon):
    days = np.datetime64("2012-01-02") + 7 * np.arange(400)
    history = PriceHistory(
        name="gas", unit="EUR/MWh", dates=days, prices=40.0 + np.sin(np.arange(400.0))
    )

    with pytest.raises(ValueError, match=f"horizon must be month, quarter .* got '{horizon}'"):
        without_seasons(history, "changes", horizon=horizon)


def test_fragment_makes_a_seasonal_curve_of_a_market():
    found = calibrate(
        monthly(4), "schwartz", horizon="month", seasonality="changes", floor_years=1,
        options={"is_interval_found": False},
    )  # fmt: skip
    stated = YAML(typ="safe").load(found.fragment())
    market = build_market(
        {
            "market": "small",
            "title": "A small market",
            "valuation_date": "2025-07-10",
            "currency": "EUR",
            "discount": {"name": "flat", "zero_rates": {"2045-07-10": 0.03}},
            "commodities": {
                "gas": {
                    "unit": "EUR/MWh",
                    "traded": False,
                    "forward_curve": {"2025-07-10": "40 EUR/MWh"},
                    "model": {**stated["model"], "risk_premium": 0.0},
                    "seasonality": stated["seasonality"],
                }
            },
        },
        file="small.yaml",
    )
    days = np.array(["2026-01-15", "2026-06-30", "2031-12-01"], dtype="datetime64[D]")
    factors = found.seasons.estimate.seasonality().factors(days)
    price = market.commodity("gas").price_model()

    # Six digits are printed.
    assert market.commodity("gas").forward_curve(market.years(days)) == pytest.approx(
        40.0 * factors, rel=1e-5
    )
    assert price.volatility == pytest.approx(found.fit["volatility"].value, rel=1e-5)
    # How the prices move is measured without seasons, where there is one a month.
    assert found.staleness.by_horizon[0].volatility == pytest.approx(VOLATILITY, rel=0.2)
    document = found.to_dict()
    assert document["seasonality"]["months"] == np.exp(found.seasons.estimate.log_factors).tolist()
    assert document["price"] == "gas without seasons"
    assert document["fragment"] == found.fragment()
    assert "prices divided by factors of the months" in found.fit.fragment().replace("\n   ", "")
