"""A calibration as a whole: the floor's value, JSON, the fragment in a market file, pictures."""

import json
import math

import numpy as np
import pytest

from contracts import plots
from contracts.calibration import calibrate
from contracts.floor_choices import FloorTerms, floor_value
from contracts.plots.calibration_files import save_pictures
from contracts.reports.calibration import print_calibration
from contracts.simulated_history import simulate_history
from montecarlo import ForwardCurve, black76
from montecarlo.calibrate import PriceHistory, fit
from montecarlo.models import GBM
from tests.calibrate.ndpr import ndpr_history, needs_ndpr


def smoothed(seed=2, n=1300):
    """Return five years of daily quotes that follow a price of volatility 0.4 late."""
    rng = np.random.default_rng(seed)
    price = 4.0 + np.cumsum(0.4 / math.sqrt(261.0) * rng.standard_normal(n))
    quotes = price.copy()
    for i in range(1, n):
        quotes[i] = 0.85 * quotes[i - 1] + 0.15 * price[i]
    dates = np.busday_offset("2018-01-01", np.arange(n), roll="forward")
    return PriceHistory(name="ndpr-oxide", unit="USD/kg", dates=dates, prices=np.exp(quotes))


@pytest.fixture(scope="module")
def found():
    return calibrate(smoothed(), "gbm", is_compared=True, floor_years=2)


def test_naive_fit_is_warned_about_with_the_numbers(found):
    assert "understate" in found.warnings[0]
    assert found.staleness.is_stale


def test_floor_rises_with_the_horizon_and_with_the_lag(found):
    value = {(item.horizon, item.smoothing): item.value for item in found.floors}

    assert value["daily", "none"] < 0.6 * value["quarter", "none"]
    assert value["daily", "lag"] > 1.5 * value["daily", "none"]
    assert all(not item.failure for item in found.floors)


def test_floor_is_an_average_of_black_prices():
    model = GBM(name="ndpr", volatility=0.3, forward_curve=ForwardCurve.flat(50.0))
    value, error = floor_value(model, FloorTerms(strike=45.0, forward_price=50.0, years=1))
    # An average over a quarter has the mean of the curve and nearly the variance of the geometric
    # average: with 13 dates, the mean over all pairs of the smaller time.
    times = np.arange(1, 53).reshape(4, 13) / 52.0
    variance = np.array([np.minimum.outer(row, row).mean() for row in times]) * 0.3**2
    black = black76(
        forward=50.0, strike=45.0, total_variance=variance, discount_factor=1.0, kind="put"
    )

    # The arithmetic average is not quite lognormal: a percent at most at this volatility.
    assert value == pytest.approx(float(black.sum()), abs=4.0 * error + 0.01 * value)


def test_json_is_plain_and_whole(found):
    text = json.dumps(found.to_dict(), allow_nan=False)
    document = json.loads(text)

    assert document["fit"]["kind"] == "gbm"
    assert document["data_sha256"] == found.history.data_hash
    assert {row["parameter"] for row in document["fit"]["parameters"]} >= {"volatility", "drift"}
    assert [row["model"] for row in document["comparison"]] != []
    assert document["fragment"].startswith("model:\n  kind: gbm\n")


def test_fit_behind_quotes_is_told_in_the_fragment_and_compared_with_its_like():
    found = calibrate(
        smoothed(), "gbm", horizon="week", smoothing="lag", is_compared=True, floor_years=1
    )

    assert set(found.comparison.fits) >= {"gbm", "schwartz"}
    assert all("immediate_share" in item for item in found.comparison.fits.values())
    assert "Quotes follow the price late: immediate_share" in found.fit.fragment()
    assert not any("standard errors too small" in text for text in found.warnings)


def test_report_prints_what_was_found(found, capsys):
    print_calibration(found)
    printed = capsys.readouterr().out

    for said in ("unchanged", "Estimates", "Jarque-Bera", "behind quotes", "kind: gbm", "chosen"):
        assert said.lower() in printed.lower()


@pytest.mark.parametrize("kind", ["gbm", "schwartz"])
def test_fragment_is_read_back_from_a_market_file(kind, tmp_path):
    import contracts

    made = fit(smoothed(), kind, horizon="month").overridden(
        volatility=0.37, reason="as quarterly changes show: 'seen' by the contract"
    )
    lines = [f"    {line}" for line in made.fragment().splitlines()]
    market = tmp_path / "fitted.yaml"
    market.write_text(
        "market: fitted\ntitle: A fitted price\nvaluation_date: 2023-01-02\ncurrency: USD\n"
        "discount: {name: Treasury, zero_rates: {2024-01-02: 0.03}}\n"
        "commodities:\n  ndpr-oxide:\n    unit: USD/kg\n    traded: false\n"
        "    forward_curve: {2023-01-02: 60 USD/kg}\n" + "\n".join(lines) + "\n",
        encoding="utf-8",
    )
    read = contracts.load_market(str(market)).commodity("ndpr-oxide")
    model = read.price_model()
    for key, value in made.model_terms().items():
        # Written with six digits.
        assert getattr(model, key) == pytest.approx(value, rel=1e-5)
    assert made.data_hash[:16] in read.note
    assert "set to 0.37" in read.note


def test_pictures_are_written_and_their_tables_hold_the_numbers(found, tmp_path):
    files = save_pictures(found, tmp_path / "pictures")

    assert [file.name for file in files] == [
        "volatility_by_horizon.png",
        "fit.png",
        "residuals.png",
        "fan.png",
        "extremes.png",
    ]
    assert all(file.stat().st_size > 10_000 for file in files)
    table = plots.volatility_by_horizon_table(found.staleness)
    assert table["volatility"].tolist() == [h.volatility for h in found.staleness.by_horizon]
    quantiles = plots.residual_quantiles_table(found.fit)
    assert quantiles["residual"].is_monotonic_increasing
    assert len(plots.residual_series_table(found.fit)) == found.fit.n_observations
    lags = plots.residual_autocorrelation_table(found.fit)
    assert lags.index.tolist() == list(range(1, 21))
    fitted = plots.fitted_history_table(found.history, found.fit)
    assert fitted["quoted"].iloc[:, 0].tolist() == found.history.prices.tolist()


def test_extremes_by_hand():
    simulated = simulate_history(fit(smoothed(), "gbm"), smoothed(), n_paths=500)
    highest, came = simulated.maxima()
    row = plots.extremes_table(simulated, "maximum").iloc[0]

    assert simulated.simulated[0] == pytest.approx(np.full(500, simulated.realised[0]))
    assert row["rank"] == np.mean(highest < came)
    assert came == simulated.realised.max() / simulated.realised[0]
    with pytest.raises(ValueError, match="extreme must be one of maximum, drawdown"):
        plots.extremes_table(simulated, "minimum")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"floor_strike": -1.0}, "floor strike must be above zero"),
        ({"floor_years": 0}, "floor years must be between 1 and 50"),
        ({"overrides": {"volatility": 0.3}}, "reason must be a non-empty text"),
        ({"horizon": "year"}, "horizon must be one of"),
    ],
)
def test_bad_choice_is_refused(more, said):
    with pytest.raises(ValueError, match=said):
        calibrate(smoothed(), "gbm", **more)


@needs_ndpr
def test_ndpr_floor_far_below_the_price_hangs_on_the_horizon():
    found = calibrate(ndpr_history(), "gbm", horizon="quarter-average", floor_strike=25.0)
    value = {(item.horizon, item.smoothing): item.value for item in found.floors}

    # A strike at 68% of the last price: the naive fit leaves a small part of the value.
    assert value["daily", "none"] < 0.35 * value["quarter", "none"]
