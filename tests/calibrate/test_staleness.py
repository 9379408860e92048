"""Stale and smoothed quotes: found where they are, not found where they are not."""

import math

import numpy as np
import pytest

from montecarlo.calibrate import PriceHistory, fit, staleness_of
from montecarlo.calibrate.staleness import by_overlap
from tests.calibrate.ndpr import ndpr_history, needs_ndpr


def walk(seed, n=1500, volatility=0.3):
    rng = np.random.default_rng(seed)
    dates = np.busday_offset("2015-01-01", np.arange(n), roll="forward")
    logs = 4.0 + np.cumsum(volatility / math.sqrt(261.0) * rng.standard_normal(n))
    return dates, logs


def of(dates, logs):
    return PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.exp(logs))


@needs_ndpr
def test_figures_of_the_reference_are_reproduced():
    # Deals reference, section 1.9; changes over quotes are annualised with 244 a year. The months
    # there include the five days of July 2024, which are left out here: 0.1 and 0.4 points.
    found = staleness_of(ndpr_history(), quotes_a_year=244.0)
    volatility = {item.horizon: 100.0 * item.volatility for item in found.by_horizon}

    assert found.unchanged_share == pytest.approx(0.63, abs=0.005)
    assert volatility["1 quote"] == pytest.approx(12.7, abs=0.05)
    assert volatility["5 quotes"] == pytest.approx(19.8, abs=0.05)
    assert volatility["10 quotes"] == pytest.approx(24.5, abs=0.06)
    assert volatility["1 month"] == pytest.approx(29.5, abs=0.2)
    assert volatility["3 months"] == pytest.approx(33.1, abs=0.1)
    assert volatility["6 months"] == pytest.approx(33.4, abs=0.1)
    assert volatility["12 months"] == pytest.approx(34.7, abs=0.1)
    assert volatility["24 months"] == pytest.approx(36.2, abs=0.5)
    assert found.ratio == pytest.approx(2.6, abs=0.05)
    assert 0.3 <= found.monthly_autocorrelation <= 0.365
    assert found.monthly_excess_kurtosis == pytest.approx(1.6, abs=0.05)
    assert found.is_stale
    for number in ("63%", "12.7%", "33.1%", "a factor of 2.6"):
        assert number in found.verdict


@needs_ndpr
def test_mean_reversion_of_monthly_averages_is_that_of_the_reference():
    # Section 1.9: 0.30 a year on 2013-2024, 0.46 on 2017-2024, weakly identified.
    whole = fit(ndpr_history(), "schwartz", horizon="month-average")
    late = fit(ndpr_history().window("2017-01-01"), "schwartz", horizon="month-average")

    assert whole["mean_reversion"].value == pytest.approx(0.30, abs=0.01)
    assert late["mean_reversion"].value == pytest.approx(0.46, abs=0.02)
    assert any("weakly identified" in text for text in whole.warnings)


def test_volatility_by_hand():
    # Log changes +2, -1, +2, -1 over steps of a quarter: mean 0.5, squares 4 x 2.25 = 9, over 3,
    # times 4: 12. Over two steps they are 1 all three times.
    logs = np.array([0.0, 2.0, 1.0, 3.0, 2.0])

    assert by_overlap(logs, 1, 0.25, "").volatility == pytest.approx(math.sqrt(12.0))
    assert by_overlap(logs, 2, 0.5, "").volatility == pytest.approx(0.0)


def test_random_walk_is_not_stale():
    found = [staleness_of(of(*walk(seed))) for seed in range(20)]

    assert sum(item.is_stale for item in found) == 0
    assert "no sign" in found[0].verdict


def test_smoothed_quotes_are_found():
    dates, logs = walk(3)
    quotes = logs.copy()
    for i in range(1, quotes.size):
        quotes[i] = 0.8 * quotes[i - 1] + 0.2 * logs[i]
    found = staleness_of(of(dates, quotes))

    assert found.is_stale
    assert found.ratio > 1.5
    assert "understate" in found.verdict


def test_unchanged_quotes_that_catch_up_are_not_smoothed():
    dates, logs = walk(4)
    kept = logs[5 * (np.arange(logs.size) // 5)]
    found = staleness_of(of(dates, kept))

    assert found.unchanged_share > 0.75
    assert "catch up" in found.verdict


@pytest.mark.parametrize("k", [1, 5, 20])
def test_standard_errors_hold_for_a_random_walk(k):
    found = [by_overlap(walk(seed, n=600)[1], k, k / 261.0, "") for seed in range(200)]
    z = np.array([(item.volatility - 0.3) / item.standard_error for item in found])

    # The spread of 200 z has a standard error of 5%; the larger of two errors is on the safe side.
    assert 0.75 < z.std() < 1.1


@pytest.mark.parametrize("frequency", ["month", "quarter"])
def test_sparse_history_is_measured_over_what_it_has(frequency):
    months = 1 if frequency == "month" else 3
    dates = (np.datetime64("2005-01") + months * np.arange(80)).astype("datetime64[D]")
    logs = 4.0 + 0.1 * np.cumsum(np.random.default_rng(1).standard_normal(80))
    found = staleness_of(of(dates, logs))
    horizons = [item.horizon for item in found.by_horizon]

    assert horizons[0] == "1 quote"
    assert "5 quotes" not in horizons
    assert "12 months" in horizons
    assert not found.is_stale


def test_averages_of_a_random_walk_are_not_stale():
    found = [staleness_of(of(*walk(seed, n=4000)).averages("month")) for seed in range(10)]

    assert sum(item.is_stale for item in found) == 0
    # Averaging alone makes it 0.25; ten histories of 180 months leave 0.03.
    assert np.mean([item.monthly_autocorrelation for item in found]) == pytest.approx(
        0.25, abs=0.08
    )


def test_too_short_a_history_is_refused():
    dates, logs = walk(1, n=9)

    with pytest.raises(ValueError, match="at least 10 prices"):
        staleness_of(of(dates, logs))
