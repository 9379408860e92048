"""The NdPr models of the built-in markets are what the assessments give, to the digits stated."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import load_market
from montecarlo.calibrate import PriceHistory, fit, staleness_of

FILE = Path(__file__).parents[3] / "shared" / "data" / "china_rare_earth_oxides_daily.csv"
MARKETS = ["critical-minerals-2025-07-10", "critical-minerals-2026-06-30"]
CNY_PER_USD = dict(
    zip(
        range(2013, 2025),
        [6.20, 6.14, 6.23, 6.64, 6.76, 6.62, 6.91, 6.90, 6.45, 6.74, 7.08, 7.22],
        strict=True,
    )
)

pytestmark = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not in ../shared/data")


@pytest.fixture(scope="module")
def history():
    """10,000 CNY/t with VAT -> USD/kg without; yearly exchange rates are approximate."""
    table = pd.read_csv(FILE, parse_dates=["date"])
    cny_per_kg = 10.0 * (
        0.375 * (table["nd2o3_low"] + table["nd2o3_high"])
        + 0.125 * (table["pr6o11_low"] + table["pr6o11_high"])
    )
    vat = np.where(
        table["date"] < "2018-05-01", 0.17, np.where(table["date"] < "2019-04-01", 0.16, 0.13)
    )
    exchange = table["date"].dt.year.map(CNY_PER_USD)
    return PriceHistory(
        name="ndpr-oxide",
        unit="USD/kg",
        dates=table["date"].to_numpy(),
        prices=(cny_per_kg / (1.0 + vat) / exchange).to_numpy(),
    )


def stated(market):
    return load_market(market).terms["commodities"]["ndpr-oxide"]


@pytest.mark.parametrize("market", MARKETS)
def test_the_model_is_the_fit_at_quarter_ends(history, market):
    found, terms = fit(history, "schwartz", horizon="quarter"), stated(market)

    assert terms["model"]["kind"] == found.kind
    for name in ("mean_reversion", "volatility"):
        assert terms["model"][name] == pytest.approx(found[name].value, abs=0.006)
    level = found["long_run_log_mean"].value
    assert level == pytest.approx(3.95, abs=0.005)
    # The stationary mean exp(a + s^2 / 4k), which is where the curve ends.
    last = float(str(list(terms["forward_curve"].values())[-1]).split()[0])
    assert last == pytest.approx(math.exp(3.95 + 0.37**2 / (4 * 0.51)), abs=0.06)
    assert any("weakly identified" in warning for warning in found.warnings)


@pytest.mark.parametrize("market", MARKETS)
def test_alternatives_are_fits_of_the_same_assessments(history, market):
    others = stated(market)["alternatives"]
    walk = fit(history, "gbm", horizon="quarter")
    slow = fit(history, "schwartz", horizon="month")

    assert others["random-walk"]["model"]["volatility"] == pytest.approx(
        walk["volatility"].value, abs=0.006
    )
    assert others["slow-reversion"]["model"]["mean_reversion"] == pytest.approx(
        slow["mean_reversion"].value, abs=0.006
    )
    assert others["slow-reversion"]["model"]["volatility"] == pytest.approx(
        slow["volatility"].value, abs=0.006
    )


def test_the_reasons_given_hold(history):
    """Stale by day; and eleven years cannot tell mean reversion from a random walk."""
    found = fit(history, "schwartz", horizon="quarter")
    walk = fit(history, "gbm", horizon="quarter")

    assert staleness_of(history).unchanged_share == pytest.approx(0.63, abs=0.005)
    assert found.log_likelihood == pytest.approx(15.3, abs=0.1)
    assert walk.log_likelihood == pytest.approx(13.9, abs=0.1)
    assert found.bic - walk.bic == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("market", MARKETS)
def test_jumps_are_fitted_at_quarter_ends(fitted_jumps, market):
    model = stated(market)["alternatives"]["jumps"]["model"]

    assert model["kind"] == fitted_jumps.kind
    for name in ("mean_reversion", "volatility", "jump_intensity", "jump_mean", "jump_volatility"):
        assert model[name] == pytest.approx(fitted_jumps[name].value, abs=0.03)
    assert fitted_jumps.aic == pytest.approx(-31.1, abs=0.1)


@pytest.fixture(scope="module")
def fitted_jumps(history):
    return fit(history, "jump-diffusion", horizon="quarter")
