"""Averages of a Brownian motion: their moments, and the volatility behind them."""

import math

import numpy as np
import pytest
from scipy import stats

from montecarlo.calibrate import PriceHistory, fit
from montecarlo.calibrate.gbm import moments


def daily(seed, years=10, volatility=0.3):
    dates = np.arange("2010-01-01", f"{2010 + years}-01-01", dtype="datetime64[D]")
    moves = np.random.default_rng(seed).standard_normal(dates.size)
    logs = 4.0 + np.cumsum(volatility / math.sqrt(365.0) * moves)
    return PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.exp(logs))


def test_moments_of_equal_quarters_are_those_of_working():
    averages = daily(1).averages("quarter")
    mean, variance, shared = moments(averages)

    # Two thirds and one sixth of a quarter, up to the days in one.
    assert mean == pytest.approx(np.full(39, 0.25), rel=0.02)
    assert variance == pytest.approx(np.full(39, 0.25 * 2.0 / 3.0), rel=0.02)
    assert shared == pytest.approx(np.full(38, 0.25 / 6.0), rel=0.02)


def test_moments_across_a_gap_by_hand():
    # January 2021 (31 days), then March (31 days): February's 28 days lie between.
    gap = PriceHistory(
        name="ndpr",
        unit="USD/kg",
        dates=["2021-01-31", "2021-03-31", "2021-04-30"],
        prices=[50.0, 51.0, 52.0],
        averaged="month",
    )
    mean, variance, shared = moments(gap)

    assert 365.0 * mean == pytest.approx([15.5 + 28.0 + 15.5, 15.5 + 15.0])
    assert 365.0 * variance == pytest.approx([31 / 3 + 28.0 + 31 / 3, 31 / 3 + 30 / 3])
    assert 365.0 * shared == pytest.approx([31 / 6])


def test_likelihood_is_the_multivariate_normal_density():
    history = daily(2)
    averages = history.averages("month")
    found = fit(history, "gbm", horizon="month-average")
    mean, variance, shared = moments(averages)
    covariance = np.diag(variance) + np.diag(shared, 1) + np.diag(shared, -1)
    log_drift = found["drift"].value - 0.5 * found["volatility"].value ** 2
    expected = stats.multivariate_normal.logpdf(
        np.diff(np.log(averages.prices)),
        log_drift * mean,
        found["volatility"].value ** 2 * covariance,
    )

    assert found.log_likelihood == pytest.approx(expected, abs=1e-8)
    assert np.mean(found.residuals**2) == pytest.approx(1.0)


@pytest.mark.parametrize("horizon", ["month-average", "quarter-average"])
def test_volatility_behind_averages_is_that_of_the_motion(horizon):
    found = [fit(daily(seed), "gbm", horizon=horizon) for seed in range(40)]
    values = np.array([item["volatility"].value for item in found])
    inside = sum(item["volatility"].low <= 0.3 <= item["volatility"].high for item in found)

    # Of averages taken for moments the mean would be 0.245.
    error = values.std() / math.sqrt(40)
    assert abs(values.mean() - 0.3) < 3.0 * error + 0.006
    assert inside >= 34


def test_mean_reversion_of_averages_says_what_it_neglects():
    found = fit(daily(3), "schwartz", horizon="month-average")

    assert any("Working 1960" in text for text in found.warnings)


def test_monthly_averages_are_averaged_to_quarters_and_no_further():
    months = daily(4).averages("month")
    quarters = months.averages("quarter")

    assert quarters.prices[0] == pytest.approx(months.prices[:3].mean())
    assert len(quarters) == 40
    assert fit(months, "gbm", horizon="month-average").values == fit(months, "gbm").values
    with pytest.raises(ValueError, match="is averaged by quarter"):
        fit(quarters, "gbm", horizon="month-average")
