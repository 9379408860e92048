"""A backtest sees the past only, tells a right model from a wrong one, and counts what fails."""

import math
from dataclasses import replace

import numpy as np
import pytest

from montecarlo.calibrate import PriceHistory
from montecarlo.calibrate.backtesting import backtest, random_walk
from montecarlo.calibrate.fitted import Fit
from montecarlo.models import GBM
from montecarlo.random import normals

VOLATILITY = 0.3


def simulated(seed=7, n_months=720, volatility=VOLATILITY):
    months = np.arange(n_months) + np.datetime64("1960-01", "M").astype(int)
    dates = months.astype("datetime64[M]").astype("datetime64[D]")
    steps = np.diff(dates).astype(float) / 365.0
    draws = normals(seed=seed, n_paths=1, n_steps=n_months - 1, n_factors=1)[:, 0, 0]
    logs = np.concatenate([[4.0], 4.0 + np.cumsum(volatility * np.sqrt(steps) * draws)])
    return PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.exp(logs))


@pytest.fixture(scope="module")
def history():
    return simulated()


def half(past):
    walk = random_walk(past)
    return GBM(
        name=past.name,
        spot=float(past.prices[-1]),
        drift=walk.drift,
        volatility=0.5 * walk.volatility,
    )


@pytest.fixture(scope="module")
def found(history):
    return backtest(
        history,
        {"gbm": "gbm", "half": half, "empirical": "empirical"},
        months=[3, 12],
        past_years=10,
    )


@pytest.mark.parametrize("months", [3, 12])
def test_right_model_covers_what_it_says(found, months):
    row = found.score("gbm", months)

    for band, level in (("50", 0.5), ("90", 0.9)):
        away = abs(row[f"coverage_{band}"] - level)
        assert away < 3.0 * row[f"standard_error_coverage_{band}"]
    assert abs(row["mean_probability_below"] - 0.5) < 4.0 * row["standard_error_probability_below"]


@pytest.mark.parametrize("months", [3, 12])
def test_half_of_the_volatility_is_caught(found, months):
    row = found.score("half", months)

    # A band of half the width covers P(|Z| < 1.645/2) = 0.589 and P(|Z| < 0.6745/2) = 0.264.
    assert row["coverage_90"] < 0.9 - 4.0 * row["standard_error_coverage_90"]
    assert abs(row["coverage_90"] - 0.589) < 4.0 * row["standard_error_coverage_90"] + 0.05
    assert row["coverage_50"] < 0.5 - 2.0 * row["standard_error_coverage_50"]
    assert row["skill"] < 0.0
    assert row["log_score"] < found.score("gbm", months)["log_score"]


def test_half_of_the_volatility_loses_beyond_chance(found):
    row = found.score("half", 3)

    assert row["skill_high"] < 0.0


def test_mean_score_of_the_right_model_is_the_one_in_theory(found):
    # E CRPS of N(0, s) against itself is s/sqrt(pi), with s the spread over a quarter of a year.
    row = found.score("gbm", 3)
    expected = VOLATILITY * math.sqrt(0.25) / math.sqrt(math.pi)

    assert abs(row["crps"] - expected) < 4.0 * row["standard_error_crps"]


def test_skill_of_a_score_in_a_fixed_proportion_has_no_error(found):
    theirs = {f.origin: f.crps for f in found.of("random-walk", 3)}
    worse = [
        replace(f, crps=1.25 * theirs[f.origin]) if f.model == "half" and f.months == 3 else f
        for f in found.forecasts
    ]
    row = replace(found, forecasts=tuple(worse)).score("half", 3)

    assert row["skill"] == pytest.approx(-0.25)
    assert row["standard_error_skill"] == pytest.approx(0.0, abs=1e-14)


def test_scores_of_yearly_forecasts_by_hand():
    # Yearly prices, one year ahead, benchmark known: last price 50 or 100, always the other comes.
    dates = np.arange("2000-12", "2012-12", 12, dtype="datetime64[M]").astype("datetime64[D]")
    prices = np.where(np.arange(12) % 2, 100.0, 50.0)
    history = PriceHistory(name="x", unit="USD/kg", dates=dates, prices=prices)
    found = backtest(
        history,
        {"still": lambda past: GBM(name="x", spot=past.prices[-1], drift=0.0, volatility=0.0)},
        months=[12],
        every_months=12,
        past_years=4,
    )
    row = found.score("still", 12)

    # Without spread the score is the distance: ln 2, and 50 USD/kg.
    assert row["n_forecasts"] == 7
    assert row["crps"] == pytest.approx(math.log(2.0))
    assert row["crps_of_price"] == pytest.approx(50.0)
    assert row["coverage_50"] == row["coverage_90"] == 0.0
    assert row["standard_error_coverage_90"] == pytest.approx(math.sqrt(0.09 / 7))
    benchmark = found.score("random-walk", 12)
    assert row["skill"] == pytest.approx(1.0 - row["crps"] / benchmark["crps"])
    assert math.isnan(benchmark["skill"])


def test_future_changes_no_forecast_made_before(history, found):
    cut = np.datetime64("2000-01-01")
    shaken = np.where(history.dates > cut, history.prices[::-1] * 3.0, history.prices)
    other = backtest(
        PriceHistory(name="ndpr", unit="USD/kg", dates=history.dates, prices=shaken),
        {"gbm": "gbm", "half": half, "empirical": "empirical"},
        months=[3, 12],
        past_years=10,
    )
    before = [f for f in found.forecasts if f.origin <= cut]
    same = [f for f in other.forecasts if f.origin <= cut]

    assert len(before) > 100
    assert [f.quantiles for f in before] == [f.quantiles for f in same]
    after = [f.quantiles for f in found.forecasts if f.origin > cut]
    assert after != [f.quantiles for f in other.forecasts if f.origin > cut]


def test_methods_are_given_the_past_and_nothing_else(history):
    seen = []

    def spy(past):
        seen.append((past.dates[0], past.dates[-1]))
        return random_walk(past)

    found = backtest(history, {"spy": spy}, past_years=10, window_years=5, every_months=60)

    assert [last for _, last in seen] == list(found.origins)
    assert all(last - first <= np.timedelta64(5 * 365, "D") for first, last in seen)


def test_forecast_is_for_the_day_of_the_quote_that_came():
    days = np.array(
        [
            "2019-01-31",
            "2019-06-28",
            "2020-01-31",
            "2020-06-26",
            "2020-07-15",
            "2021-01-29",
            "2021-02-15",
        ],
        dtype="datetime64[D]",
    )
    prices = np.array([50.0, 52.0, 49.0, 55.0, 54.0, 60.0, 58.0])
    history = PriceHistory(name="x", unit="USD/kg", dates=days, prices=prices)
    found = backtest(history, ["random-walk"], months=[7], past_years=1, every_months=1)

    # From 31 January 2020 seven months lead to 31 August: no quote within 13 days.
    # From 26 June 2020 they lead to 26 January 2021; the quote of the 29th is nearest.
    assert [(str(f.origin), str(f.date), f.observed) for f in found.forecasts] == [
        ("2020-06-26", "2021-01-29", 60.0),
        ("2020-07-15", "2021-02-15", 58.0),
    ]
    # 217 days.
    assert found.forecasts[0].years == pytest.approx(217 / 365)


def test_failures_are_counted_and_quoted(history):
    def moody(past):
        if past.dates[-1].astype("datetime64[M]").astype(int) % 12 == 0:
            msg = "no fit in January"
            raise ValueError(msg)
        return random_walk(past)

    found = backtest(history, {"moody": moody}, months=[3], past_years=10)
    row = found.score("moody", 3)
    in_january = sum(day.astype("datetime64[M]").astype(int) % 12 == 0 for day in found.origins)

    assert in_january > 10
    assert row["n_failed"] == in_january
    assert row["n_forecasts"] == found.score("random-walk", 3)["n_forecasts"] - in_january
    assert {failure.message for failure in found.failures} == {"no fit in January"}
    # The skill compares both on the origins that both have: the same model has none.
    assert row["skill"] == pytest.approx(0.0, abs=1e-12)


def test_faults_in_a_function_of_ones_own_are_not_swallowed(history):
    with pytest.raises(TypeError):
        backtest(history, {"wrong": lambda past: past + 1})


def test_fits_are_kept_with_their_warnings(history):
    found = backtest(history, ["schwartz"], months=[3], past_years=10, every_months=120)

    assert [fit.origin for fit in found.fits] == list(found.origins)
    assert set(found.fits[0].values) >= {"mean_reversion", "volatility", "long_run_log_mean"}


def test_function_may_return_a_fit(history):
    from montecarlo.calibrate import fit_gbm

    found = backtest(
        history, {"mine": fit_gbm, "gbm": "gbm"}, months=[3], past_years=10, every_months=60
    )

    assert isinstance(fit_gbm(history), Fit)
    assert found.score("mine", 3)["crps"] == found.score("gbm", 3)["crps"]


def test_same_seed_same_draws_whatever_else_is_asked(history):
    one = backtest(history, ["empirical"], months=[3], past_years=10, every_months=24)
    two = backtest(history, ["empirical", "gbm"], months=[12, 3], past_years=10, every_months=24)

    assert one.score("empirical", 3)["crps"] == two.score("empirical", 3)["crps"]
    assert two.months == (3, 12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"models": []}, "models must name at least one"),
        ({"models": ["gmb"]}, "models must be of gbm, .*got 'gmb'"),
        ({"models": ["schwartz-smith"]}, "models must be fitted to one price a date, got 'schw"),
        ({"benchmark": "best"}, "benchmark must be one of random-walk, empirical, gbm, got 'best'"),
        ({"months": [3, 3]}, "months must be whole numbers, each once"),
        ({"months": [0]}, "months must be an integer of at least 1, got 0"),
        ({"months": [2.5]}, "months must be an integer"),
        ({"horizon": "hourly"}, "horizon must be one of"),
        ({"past_years": 0.0}, "past_years must be greater than 0"),
        ({"past_years": 80.0}, "must hold 80 years and then at least 2 origins"),
        ({"window_years": -1.0}, "window_years must be greater than 0"),
        ({"every_months": 0}, "every_months must be an integer of at least 1"),
        ({"n_paths": 1}, "n_paths must be an integer of at least 100"),
    ],
)
def test_bad_questions_are_refused(history, change, message):
    with pytest.raises(ValueError, match=message):
        backtest(history, **{"models": ["gbm"], **change})


def test_negative_price_is_refused_with_its_date(history):
    prices = history.prices.copy()
    prices[400] = -37.63
    bad = PriceHistory(name="wti", unit="USD/bbl", dates=history.dates, prices=prices)

    with pytest.raises(ValueError, match=r"wti must be above zero .*-37.63 on 1993-05-01"):
        backtest(bad, ["gbm"])


def test_unknown_model_or_horizon_is_not_in_the_result(found):
    with pytest.raises(ValueError, match="model must be one of gbm, half, empirical, random-walk"):
        found.of("merton", 3)
    with pytest.raises(ValueError, match="months must be one of 3, 12, got 6"):
        found.of("gbm", 6)
