"""Pictures and tables of a backtest show what it found."""

import numpy as np
import pytest

from contracts import plots
from contracts.backtest_tables import fit_table, forecast_table, score_table
from montecarlo.calibrate import PriceHistory, backtest


@pytest.fixture(scope="module")
def history():
    rng = np.random.default_rng(4)
    days = np.datetime64("2000-01-31") + 7 * np.arange(800)
    prices = np.exp(4.0 + np.cumsum(0.04 * rng.normal(size=800)))
    return PriceHistory(name="ndpr", unit="USD/kg", dates=days, prices=prices)


@pytest.fixture(scope="module")
def found(history):
    return backtest(history, ["gbm", "empirical"], months=[3, 12])


def test_score_table_holds_the_scores_with_units(found):
    table = score_table(found)

    assert table.index.names == ["months", "model"]
    assert list(table.index)[:3] == [(3, "gbm"), (3, "empirical"), (3, "random-walk")]
    expected = found.score("empirical", 12)
    assert table.loc[(12, "empirical"), ("crps_of_price", "USD/kg")] == expected["crps_of_price"]
    assert table.loc[(12, "empirical"), ("skill", "1")] == expected["skill"]


def test_forecast_table_holds_every_forecast(found):
    table = forecast_table(found)
    last = found.forecasts[-1]

    assert len(table) == len(found.forecasts)
    assert table.iloc[-1][("p05", "USD/kg")] == last.quantiles["p05"]
    assert table.index[-1] == (last.model, last.months, last.origin)


def test_fit_table_has_one_row_a_fit(found):
    table = fit_table(found)

    assert list(table.loc["gbm"].index) == list(found.origins)
    assert {"volatility", "drift", "warnings"} <= set(table.columns)


def test_histogram_counts_where_what_came_fell(found):
    table = plots.transform_histogram_table(found, "gbm", 3, n_bins=4)
    values = found.probabilities_below("gbm", 3)

    assert table["share"].sum() == pytest.approx(1.0)
    assert table["share"].iloc[0] == np.mean(values < 0.25)
    # Two binomial errors about a quarter: forecasts of a quarter, every quarter, do not overlap.
    assert table["high"].iloc[0] == pytest.approx(0.25 + 2 * (0.25 * 0.75 / values.size) ** 0.5)
    ax = plots.transform_histogram(found, "gbm", 3, n_bins=4)
    assert [patch.get_height() for patch in ax.patches[:4]] == table["share"].tolist()
    assert ax.get_title(loc="left") == f"ndpr, gbm: {values.size} forecasts 3 months ahead"


def test_coverage_picture_shows_its_table(found):
    table = plots.coverage_table(found)
    ax = plots.coverage(found)
    marks = {line.get_label(): line.get_xdata() for line in ax.lines}

    assert [text.get_text() for text in ax.get_yticklabels()][:2] == [
        "3 months: gbm",
        "3 months: empirical",
    ]
    drawn = [container.lines[0].get_xdata().tolist() for container in ax.containers]
    assert drawn == [table[("coverage_50", "1")].tolist(), table[("coverage_90", "1")].tolist()]
    assert marks


def test_fans_do_not_overlap_and_end_at_the_table(found, history):
    table = plots.forecast_fans_table(found, history, "gbm")
    origins = sorted(set(table.index.get_level_values("origin")))

    assert all(np.diff(origins) >= np.timedelta64(345, "D"))
    ax = plots.forecast_fans(found, history, "gbm")
    line = next(line for line in ax.lines if line.get_label() == "median")
    shown = table.xs(origins[0], level="origin")[("p50", "USD/kg")]
    assert line.get_ydata()[1:].tolist() == shown.tolist()
    assert ax.get_ylabel() == "USD/kg"


def test_fans_want_the_history_that_was_tested(found, history):
    with pytest.raises(ValueError, match="history must be the one that was tested"):
        plots.forecast_fans(found, history.window("2005-01-01"), "gbm")


def test_histogram_without_forecasts_is_refused(history):
    def never(past):
        msg = "never"
        raise ValueError(msg)

    found = backtest(history, {"never": never}, months=[3])

    assert score_table(found).loc[(3, "never"), ("n_failed", "")] == len(found.origins)
    assert fit_table(found).empty
    with pytest.raises(ValueError, match="have forecasts 3 months ahead"):
        plots.transform_histogram(found, "never", 3)
