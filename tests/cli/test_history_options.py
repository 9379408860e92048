"""Commands that read a file of prices spell its options alike."""

import json
from typing import get_type_hints

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts.cli import app
from contracts.commands import history_options
from contracts.commands.backtest import backtest
from contracts.commands.calibrate import calibrate
from contracts.commands.uncertainty import uncertainty

COMMON = (
    "horizon", "columns", "date_column", "quotes_are", "clock", "vat", "fx", "to", "name",
    "first", "last", "plot",
)  # fmt: skip


@pytest.mark.parametrize("option", COMMON)
def test_option_is_the_same_object_in_every_command(option):
    spelled = [
        get_type_hints(command, include_extras=True)[option]
        for command in (calibrate, backtest, uncertainty)
    ]

    kept = [item for name, item in vars(history_options).items() if not name.startswith("_")]
    assert all(any(spelling is item for item in kept) for spelling in spelled)
    assert spelled[0] is spelled[1] is spelled[2]


@pytest.fixture
def weekdays(tmp_path):
    rng = np.random.default_rng(3)
    days = np.busday_offset("2012-01-02", np.arange(1_600), roll="forward")
    prices = 50.0 * np.exp(np.cumsum(0.01 * rng.standard_normal(days.size)))
    path = tmp_path / "oxide.csv"
    rows = [f"{day},{price:.6f}" for day, price in zip(days, prices, strict=True)]
    path.write_text("\n".join(["date,mid", *rows]) + "\n")
    return path


def test_backtest_takes_the_clock(weekdays):
    def volatility(clock):
        arguments = ["backtest", str(weekdays), "--unit", "USD/kg", "--models", "gbm", "--json"]
        arguments += ["--horizons", "6", "--every-months", "12", "--clock", clock]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)["fits"][0]["values"]["volatility"]

    # Weekends hold a third of the calendar's gaps: 1 of 5 steps is three days long, so that the
    # mean of change^2 / step is larger by (4 + 1/3) / 5 x 7 / 5.
    assert (volatility("calendar") / volatility("weekdays")) ** 2 == pytest.approx(
        (4 + 1 / 3) / 5 * 7 / 5, rel=0.05
    )


def test_unknown_clock_is_refused(weekdays):
    done = CliRunner().invoke(
        app, ["backtest", str(weekdays), "--unit", "USD/kg", "--models", "gbm", "--clock", "sun"]
    )

    assert done.exit_code != 0
    assert "--clock must be calendar or weekdays, got 'sun'" in str(done.exception)
