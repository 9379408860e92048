"""Seasons of the year: factors by hand, curves of any model."""

import dataclasses

import numpy as np
import pytest

from montecarlo import (
    Constant,
    ForwardCurve,
    HarmonicSeasonality,
    MonthlySeasonality,
    Schwartz,
    TimeGrid,
    seasonal_forward_curve,
    simulate_paths,
)

MONTHS = [1.3, 1.2, 1.1, 1.0, 0.8, 0.7, 0.75, 0.9, 0.95, 1.05, 1.15, 1.25]
YEAR = np.arange("2027-01-01", "2028-01-01", dtype="datetime64[D]")


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


def test_monthly_factors_are_scaled_as_stated():
    middle = days(*(f"2027-{month:02d}-15" for month in range(1, 13)))
    level = MonthlySeasonality(months=MONTHS, normalised_by="mean-level").factors(middle)
    log = MonthlySeasonality(months=MONTHS, normalised_by="mean-log").factors(middle)

    # The twelve add up to 12.15.
    assert level == pytest.approx(np.array(MONTHS) * 12.0 / 12.15, rel=1e-15)
    assert level.mean() == pytest.approx(1.0, rel=1e-15)
    assert np.log(log).mean() == pytest.approx(0.0, abs=1e-15)
    assert log[0] / log[5] == pytest.approx(1.3 / 0.7, rel=1e-14)


def test_a_month_holds_from_its_first_to_its_last_day_before_1970_too():
    season = MonthlySeasonality(months=MONTHS, normalised_by="mean-level")
    found = season.factors(days("1969-12-31", "2028-02-29", "2028-03-01", "2030-12-01"))

    assert found * 12.15 / 12.0 == pytest.approx([1.25, 1.2, 1.1, 1.25], rel=1e-15)


def test_harmonics_against_their_formula():
    season = HarmonicSeasonality(cosine=[0.2, -0.05], sine=[0.1, 0.03], normalised_by="mean-log")
    u = np.arange(365) / 365.0
    expected = 0.2 * np.cos(2 * np.pi * u) + 0.1 * np.sin(2 * np.pi * u)
    expected += -0.05 * np.cos(4 * np.pi * u) + 0.03 * np.sin(4 * np.pi * u)

    assert np.log(season.factors(YEAR)) == pytest.approx(expected, abs=3e-15)
    assert np.log(season.factors(YEAR)).sum() == pytest.approx(0.0, abs=1e-12)
    level = dataclasses.replace(season, normalised_by="mean-level")
    assert level.factors(YEAR).mean() == pytest.approx(1.0, rel=1e-14)
    # 183 of the 366 days of a leap year lie before 2 July.
    half = season.factors(days("2028-07-02"))
    assert np.log(half) == pytest.approx([-0.2 - 0.05], abs=1e-14)


def test_a_seasonal_curve_has_a_price_for_every_day_and_is_flat_beyond():
    trend = ForwardCurve.from_dates("2026-06-30", ["2026-06-30", "2028-06-30"], [50.0, 72.0])
    season = MonthlySeasonality(months=MONTHS, normalised_by="mean-level")
    curve = seasonal_forward_curve(trend, season, valuation_date="2026-06-30", until="2028-12-31")
    grid = TimeGrid("2026-06-30", ["2026-06-30", "2026-07-01", "2027-12-31", "2028-12-31"])

    expected = trend(grid.times) * season.factors(grid.dates)
    assert curve(grid.times).tolist() == expected.tolist()
    assert float(curve(40.0)) == expected[-1]


def test_every_model_takes_a_seasonal_curve():
    season = MonthlySeasonality(months=MONTHS, normalised_by="mean-level")
    curve = seasonal_forward_curve(
        ForwardCurve.flat(40.0), season, valuation_date="2026-12-31", until="2027-12-31"
    )
    grid = TimeGrid("2026-12-31", ["2027-01-15", "2027-06-15"])
    deck = Constant(name="power", forward_curve=curve)
    model = Schwartz(name="power", mean_reversion=2.0, volatility=0.5, forward_curve=curve)

    assert simulate_paths(deck, grid, n_paths=3, seed=1)["power"][:, 0] == pytest.approx(
        [40.0 * 1.3 * 12 / 12.15, 40.0 * 0.7 * 12 / 12.15], rel=1e-14
    )
    paths = simulate_paths(model, grid, n_paths=20_000, seed=1)["power"]
    error = paths.std(axis=1, ddof=1) / np.sqrt(20_000)
    assert (np.abs(paths.mean(axis=1) - model.forward(grid.times)) < 4.0 * error).all()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MonthlySeasonality(months=MONTHS[:11], normalised_by="mean-log"), "12.*got 11"),
        (
            lambda: MonthlySeasonality(months=[*MONTHS[:11], 0.0], normalised_by="mean-log"),
            r"months\[11\] must be greater than 0, got 0.0",
        ),
        (
            lambda: MonthlySeasonality(months=[*MONTHS[:11], np.nan], normalised_by="mean-log"),
            "months must be finite numbers, got nan at index 11",
        ),
        (
            lambda: MonthlySeasonality(months=MONTHS, normalised_by="mean"),
            "normalised_by must be 'mean-level' or 'mean-log', got 'mean'",
        ),
        (
            lambda: HarmonicSeasonality(cosine=[0.1], sine=[], normalised_by="mean-log"),
            r"sine must be as long as cosine \(1\), got 0",
        ),
        (
            lambda: HarmonicSeasonality(cosine=[], sine=[], normalised_by="mean-log"),
            "cosine must have at least one entry",
        ),
        (
            lambda: seasonal_forward_curve(
                ForwardCurve.flat(1.0),
                MonthlySeasonality(months=MONTHS, normalised_by="mean-log"),
                valuation_date="2026-01-01",
                until="2025-12-31",
            ),
            "until must not come before the valuation date",
        ),
    ],
)
def test_what_is_wrong_is_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
