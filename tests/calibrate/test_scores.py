"""Scores against definitions, closed forms and quadrature; their errors against simulation."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from montecarlo.calibrate.forecasts import (
    DrawnForecast,
    NormalForecast,
    empirical_forecasts,
    forecasts_of,
)
from montecarlo.calibrate.scores import (
    average_of_dependent,
    coverage_error,
    crps_of_draws,
    crps_of_lognormal,
    crps_of_normal,
    effective_number,
    share_below,
)
from montecarlo.models import GBM, Merton, Schwartz

DRAWS = np.random.default_rng(5).gamma(2.0, 3.0, size=40)


def test_score_of_draws_is_its_definition_pair_by_pair():
    n = DRAWS.size
    pairs = sum(abs(x - y) for x in DRAWS for y in DRAWS) / (2.0 * n * (n - 1))
    expected = np.mean(np.abs(DRAWS - 4.5)) - pairs

    assert crps_of_draws(DRAWS, 4.5) == pytest.approx(expected, rel=1e-13)


def test_score_of_draws_keeps_its_digits_far_from_zero():
    # 1e6 has 20 bits before the point: 2**-33 of the draws is lost when they are moved there.
    moved = crps_of_draws(DRAWS + 1e6, 1e6 + 4.5)

    assert moved == pytest.approx(crps_of_draws(DRAWS, 4.5), abs=1e-9)


def test_fair_score_has_no_bias_however_few_draws():
    rng = np.random.default_rng(11)
    scores = [crps_of_draws(rng.normal(size=3), 0.7) for _ in range(20_000)]
    error = np.std(scores, ddof=1) / math.sqrt(len(scores))

    assert abs(np.mean(scores) - crps_of_normal(0.0, 1.0, 0.7)) < 4.0 * error


@pytest.mark.parametrize("observed", [-1.2, 0.4, 2.5])
def test_score_of_a_normal_is_the_integral_that_defines_it(observed):
    def squared(x):
        return (norm.cdf(x, 0.5, 1.7) - (x >= observed)) ** 2

    expected = quad(squared, -15, observed, epsabs=1e-11)[0]
    expected += quad(squared, observed, 18, epsabs=1e-11)[0]

    assert crps_of_normal(0.5, 1.7, observed) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("observed", [0.3, 1.1, 6.0])
def test_score_of_a_lognormal_is_the_integral_that_defines_it(observed):
    def squared(x):
        return (norm.cdf(math.log(x), 0.2, 0.6) - (x >= observed)) ** 2

    expected = quad(squared, 1e-9, observed, epsabs=1e-11)[0]
    expected += quad(squared, observed, 80, epsabs=1e-11, limit=200)[0]

    assert crps_of_lognormal(0.2, 0.6, observed) == pytest.approx(expected, abs=1e-8)


def test_transform_of_draws_counts_ties_by_half():
    assert share_below(np.array([1.0, 2.0, 2.0, 5.0]), 2.0) == (1 + 1 + 0.5) / 5


def overlapping(rng, n, width):
    noise = rng.normal(size=n + width - 1)
    return np.convolve(noise, np.ones(width), mode="valid")


@pytest.mark.parametrize(("n", "width"), [(40, 1), (120, 4), (120, 12)])
def test_error_of_a_mean_of_overlapping_values_has_its_stated_size_and_law(n, width):
    # The mean divided by its error is Student's t: 95% intervals hold the truth in 95%.
    from scipy.stats import t

    rng = np.random.default_rng(3)
    found = [average_of_dependent(overlapping(rng, n, width), width) for _ in range(1_500)]
    inside = [abs(a.mean) <= t.ppf(0.975, a.degrees_of_freedom) * a.standard_error for a in found]

    # Three binomial errors of 1500 trials, and what few cosines lose at such an overlap.
    assert 0.92 < np.mean(inside) < 0.97


def test_plain_error_of_overlapping_values_would_be_far_too_small():
    values = overlapping(np.random.default_rng(3), 120, 12)
    plain = np.std(values, ddof=1) / math.sqrt(values.size)

    assert average_of_dependent(values, 12).standard_error > 2.0 * plain


def test_one_value_has_no_error_and_none_has_no_mean():
    assert math.isnan(average_of_dependent([1.0]).standard_error)
    assert math.isnan(average_of_dependent([]).mean)


def test_effective_number_is_that_of_sums_of_shared_steps():
    # The variance of the mean of n overlapping sums of K steps, by counting how often each counts.
    n, width = 30, 5
    counts = np.convolve(np.ones(n), np.ones(width))
    variance_of_mean = np.sum(counts**2) / n**2

    assert effective_number(n, width) == pytest.approx(width / variance_of_mean, rel=1e-12)


def test_no_forecast_has_no_coverage_error():
    assert math.isnan(coverage_error(0.5, 0))


def test_normal_forecast_and_its_draws_agree():
    normal = NormalForecast(math.log(50.0), 0.3)
    drawn = DrawnForecast.of(math.log(50.0) + 0.3 * norm.ppf((np.arange(4_000) + 0.5) / 4_000))

    assert drawn.quantiles([0.05, 0.95]) == pytest.approx(normal.quantiles([0.05, 0.95]), rel=2e-3)
    for observed in (30.0, 55.0):
        where = normal.probability_below(observed)
        assert drawn.probability_below(observed) == pytest.approx(where, abs=1e-3)
        assert drawn.crps(observed) == pytest.approx(normal.crps(observed), abs=1e-3)
        price = normal.crps_of_price(observed)
        assert drawn.crps_of_price(observed) == pytest.approx(price, rel=5e-3)


def test_forecast_without_spread_is_a_point():
    forecast = NormalForecast(math.log(50.0), 0.0)

    assert forecast.quantiles([0.05, 0.95]) == pytest.approx([50.0, 50.0])
    assert forecast.crps_of_price(53.0) == pytest.approx(3.0)
    assert forecast.probability_below(53.0) == 1.0
    assert math.isnan(forecast.log_density(53.0))


def test_closed_form_is_of_the_physical_measure():
    model = Schwartz(
        name="x", mean_reversion=0.8, volatility=0.3, spot=80.0, long_run_log_mean=4.0,
        risk_premium=0.1,
    )  # fmt: skip
    (forecast,) = forecasts_of(model, np.array([2.0]), n_paths=0, seed=1)
    fade = math.exp(-1.6)
    level = 4.0 + 0.1 / 0.8

    assert forecast.mean == pytest.approx(level + fade * (math.log(80.0) - level))
    assert forecast.spread == pytest.approx(0.3 * math.sqrt((1 - fade**2) / 1.6))


def test_density_is_that_of_the_log_price():
    forecast = NormalForecast(4.0, 0.3)

    assert forecast.log_density(60.0) == pytest.approx(norm.logpdf(math.log(60.0), 4.0, 0.3))


def test_model_without_closed_form_is_drawn():
    quiet = Merton(
        name="x", volatility=0.2, jump_intensity=0.0, jump_mean=0.1, jump_volatility=0.1,
        spot=50.0, drift=0.0,
    )  # fmt: skip
    times = np.array([0.5, 1.0])
    drawn = forecasts_of(quiet, times, n_paths=4_000, seed=3)
    closed = forecasts_of(
        GBM(name="x", volatility=0.2, spot=50.0, drift=0.0), times, n_paths=0, seed=3
    )

    for one, other in zip(drawn, closed, strict=True):
        # Four standard errors of the share of 4000 draws below a point.
        expected = other.probability_below(47.0)
        error = math.sqrt(expected * (1.0 - expected) / 4_000)
        assert abs(one.probability_below(47.0) - expected) < 4.0 * error


def test_empirical_forecast_is_the_past_on_top_of_the_last_price():
    logs = np.array([0.0, 1.0, 3.0, 2.0, 2.5, 4.0, 3.0, 3.5, 3.6, 3.0, 5.0])
    years = np.arange(11.0)
    (forecast,) = empirical_forecasts(logs, years, [2.0])
    # 3-0, 2-1, 2.5-3, 4-2, 3-2.5, 3.5-4, 3.6-3, 3-3.5, 5-3.6 on top of 5.
    expected = 5.0 + np.sort([3.0, 1.0, -0.5, 2.0, 0.5, -0.5, 0.6, -0.5, 1.4])

    assert forecast.log_prices == pytest.approx(expected)


def test_empirical_forecast_needs_changes():
    with pytest.raises(ValueError, match="at least 8 changes over 2 years, got 3"):
        empirical_forecasts(np.arange(5.0), np.arange(5.0), [2.0])


@pytest.mark.parametrize(
    ("draws", "message"),
    [([1.0], "at least 2"), ([1.0, math.nan], "finite"), ([1.0, math.inf], "finite")],
)
def test_bad_draws_are_refused(draws, message):
    with pytest.raises(ValueError, match=message):
        crps_of_draws(draws, 1.0)
