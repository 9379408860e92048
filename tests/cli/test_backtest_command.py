"""``offtake backtest``: what it prints where, and how it ends."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts.cli import app


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(5)
    dates = np.datetime64("2008-01-07") + 7 * np.arange(520)
    prices = 350.0 * np.exp(np.cumsum(0.04 * rng.standard_normal(520)))
    rows = [f"{day},{price:.2f}" for day, price in zip(dates, prices, strict=True)]
    path = tmp_path / "oxide.csv"
    path.write_text("\n".join(["date,mid", *rows]) + "\n")
    return path


def run(file, *more):
    arguments = ["backtest", str(file), "--unit", "CNY/t", "--models", "gbm, empirical", *more]
    return CliRunner().invoke(app, arguments)


def test_json_is_one_document(file):
    done = run(file, "--horizons", "3,6", "--json")

    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert [(row["months"], row["model"]) for row in document["scores"]] == [
        (3, "gbm"), (3, "empirical"), (3, "random-walk"),
        (6, "gbm"), (6, "empirical"), (6, "random-walk"),
    ]  # fmt: skip
    first = document["scores"][0]
    assert first["n_forecasts"] == sum(
        made["model"] == "gbm" and made["months"] == 3 for made in document["forecasts"]
    )
    assert document["scores"][1]["log_score"] is None
    assert document["fits"][0]["values"]["volatility"] == pytest.approx(0.29, abs=0.05)


def test_table_and_pictures(file, tmp_path):
    done = run(file, "--horizons", "3", "--plot", str(tmp_path / "pictures"))

    assert done.exit_code == 0, done.output
    assert "Forecasts against what came" in done.stdout
    assert "random-walk" in done.stdout
    names = {picture.name for picture in (tmp_path / "pictures").iterdir()}
    assert {"coverage.png", "fans-gbm.png", "histogram-empirical.png"} <= names


def test_a_band_that_is_too_narrow_is_said(tmp_path):
    # Quotes that follow a price late: a daily fit sees a fraction of the volatility.
    rng = np.random.default_rng(1)
    days = np.datetime64("2008-01-01") + np.arange(3_650)
    logs = np.cumsum(0.02 * rng.standard_normal(days.size))
    quoted = np.empty_like(logs)
    quoted[0] = logs[0]
    for i in range(1, days.size):
        quoted[i] = quoted[i - 1] + 0.03 * (logs[i] - quoted[i - 1])
    path = tmp_path / "stale.csv"
    lines = [f"{day},{price:.6f}" for day, price in zip(days, 50 * np.exp(quoted), strict=True)]
    path.write_text("\n".join(["date,mid", *lines]) + "\n")
    daily, monthly = (
        run(path, "--horizons", "6", "--horizon", horizon) for horizon in ("daily", "quarter")
    )

    assert "too narrow: gbm, 6 months ahead" in daily.stdout
    assert "too narrow: gbm" not in monthly.stdout


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--horizons", "3,x"], "--horizons must be whole months such as 3,6,12, got '3,x'"),
        (["--benchmark", "best"], "benchmark must be one of"),
        (["--quotes-are", "means"], "--quotes-are must be one of prices"),
        (["--past-years", "50"], "must hold 50 years"),
    ],
)
def test_bad_options_are_refused(file, more, message):
    done = run(file, *more)

    assert done.exit_code != 0
    assert message in str(done.exception)
