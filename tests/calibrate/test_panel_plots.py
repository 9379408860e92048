"""Pictures of factors behind futures prices, and their tables."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from contracts import plots
from contracts.panel_calibration import calibrate_panel
from contracts.plots.panel_files import save_panel_pictures
from montecarlo.calibrate import FuturesPanel

N = 80
LEFT = np.array([1 / 12, 0.5, 1.0, 2.0])
DATES = np.datetime64("2018-01-02") + 7 * np.arange(N)
NOISE = np.array([0.02, 0.004, 0.004, 0.004])


def panel(maturities=LEFT, gaps=True):
    """A lasting level and a deviation that fades by e in half a year, without premia."""
    rng = np.random.default_rng(8)
    level = 4.0 + np.cumsum(0.02 * rng.standard_normal(N))
    short = np.zeros(N)
    for t in range(1, N):
        short[t] = math.exp(-2.0 * 7 / 365) * short[t - 1] + 0.04 * rng.standard_normal()
    left = np.broadcast_to(maturities, (N, 4))
    logs = level[:, None] + np.exp(-2.0 * left) * short[:, None]
    prices = np.exp(logs + NOISE * rng.standard_normal((N, 4)))
    if gaps:
        prices[::7, 3] = np.nan
    return FuturesPanel(
        name="oil", unit="USD/bbl", contracts=("m1", "m6", "y1", "y2"), dates=DATES, prices=prices,
        maturities=maturities,
    )  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return calibrate_panel(panel(), "schwartz-smith")


@pytest.fixture(scope="module")
def rolling():
    """Contracts whose time left shrinks from date to date; one factor, one error."""
    left = LEFT + (N - np.arange(N))[:, None] * 7 / 365
    return calibrate_panel(panel(left), "n-factor", n_factors=1, error_edges=[9.0])


def test_curve_is_what_the_residuals_are_taken_from(found):
    table = plots.panel_curves_table(found, dates=[DATES[10], DATES[50]]).droplevel("unit", axis=1)

    for t in (10, 50):
        part = table.loc[pd.Timestamp(DATES[t])]
        residuals = np.log(part["quoted"] / part["fitted"])
        for contract, residual in residuals.items():
            column = found.panel.contracts.index(contract)
            assert residual == pytest.approx(found.filtered.residuals[t, column], abs=1e-10)


def test_curves_are_those_of_the_estimates_whatever_is_set_by_hand(found):
    fit = found.fit.overridden(reason="as a test", mean_reversion=9.0)
    by_hand = replace(found, fit=fit)

    pd.testing.assert_frame_equal(
        plots.panel_curves_table(by_hand), plots.panel_curves_table(found), rtol=1e-12
    )


def test_dates_shown_are_the_ends_and_the_steepest_curves(found):
    dates = plots.panel_curves_table(found).index.get_level_values("date").unique()
    prices = found.panel.prices
    slope = np.log(prices[:, 3] / prices[:, 0])
    known = [t for t in range(2, N) if np.isfinite(slope[t])]

    shown = [int(np.flatnonzero(date.to_datetime64() == DATES)[0]) for date in dates]
    steepest = {int(known[np.argmin(slope[known])]), int(known[np.argmax(slope[known])])}
    assert shown == sorted({known[0], known[-1], *steepest})


def test_dates_without_prices_are_refused(found):
    with pytest.raises(ValueError, match="dates must have prices in the panel, got '2017-01-01'"):
        plots.panel_curves_table(found, dates=["2017-01-01"])


def test_errors_by_contract(found):
    table = plots.panel_errors_table(found).droplevel("unit", axis=1)
    residuals = found.filtered.residuals[:, 3]
    kept = residuals[np.isfinite(residuals)]

    assert list(table.index) == ["m1", "m6", "y1", "y2"]
    assert table["n_prices"].tolist() == [80, 80, 80, 68]
    assert table["years_left"].tolist() == pytest.approx(LEFT)
    assert table["root_mean_square"]["y2"] == pytest.approx(np.sqrt(np.mean(kept**2)))
    assert table["mean"]["y2"] == pytest.approx(kept.mean())
    assert table["p95"]["y2"] == pytest.approx(np.quantile(kept, 0.95))
    assert table["measurement_error"]["m1"] == found.fit["measurement_error[m1]"].value
    # The nearest was made five times as noisy; 80 prices give its error to 8%.
    assert table["measurement_error"]["m1"] == pytest.approx(0.02, rel=0.3)


def test_errors_of_single_contracts_are_by_years_left(rolling):
    table = plots.panel_errors_table(rolling).droplevel("unit", axis=1)

    assert table.index.name == "years left"
    assert table.index[0] == "0 to 0.25 yr"
    assert table["years_left"].is_monotonic_increasing
    assert table["n_prices"].sum() == rolling.panel.n_prices
    assert table["measurement_error"].to_numpy() == pytest.approx(
        rolling.fit["measurement_error[0 to 9 yr]"].value, rel=1e-12
    )


def test_factors_are_a_price_and_shares_of_it(found):
    table = plots.panel_factors_table(found)
    states, errors = found.filtered.states, found.filtered.standard_errors

    assert table["level", "USD/bbl"].tolist() == pytest.approx(np.exp(states[:, 0]).tolist())
    assert table["deviation", "1"].tolist() == pytest.approx((np.exp(states[:, 1]) - 1).tolist())
    assert table["deviation_high", "1"].tolist() == pytest.approx(
        (np.exp(states[:, 1] + 2 * errors[:, 1]) - 1).tolist()
    )
    assert table["nearest_quote", "USD/bbl"].tolist() == found.panel.prices[:, 0].tolist()


def test_pictures_are_written(found, rolling, tmp_path):
    pytest.importorskip("matplotlib")
    for name, one in (("found", found), ("rolling", rolling)):
        written = save_panel_pictures(one, tmp_path / name)

        assert [file.name for file in written] == ["curves.png", "errors.png", "factors.png"]
        assert all(file.stat().st_size > 10_000 for file in written)
    level, deviation = plots.panel_factors(found)
    speed = found.fit["mean_reversion"].value
    assert level.get_ylabel() == "USD/bbl"
    assert f"by half in {12 * math.log(2) / speed:.2g} months" in deviation.get_title(loc="left")
    assert len(plots.panel_factors(rolling)) == 1
