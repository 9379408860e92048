"""``offtake uncertainty``: what it prints where, and how it ends."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts.cli import app


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(5)
    dates = np.datetime64("2008-01-31") + 30 * np.arange(150)
    prices = 55.0 * np.exp(np.cumsum(0.09 * rng.standard_normal(150)))
    rows = [f"{day},{price:.2f}" for day, price in zip(dates, prices, strict=True)]
    path = tmp_path / "oxide.csv"
    path.write_text("\n".join(["date,mid", *rows]) + "\n")
    return path


def run(file, *more):
    arguments = ["uncertainty", "lynas-jare", "--commodity", "ndpr-oxide", "--calibrate", str(file)]
    arguments += ["--unit", "USD/kg", "--model", "gbm", "--draws", "4", "--paths", "64", *more]
    return CliRunner().invoke(app, arguments)


def test_cost_goes_to_stderr_and_json_to_stdout(file):
    done = run(file, "--json")

    assert done.exit_code == 0, done.output
    assert "10 simulations of 64 paths" in done.stderr
    document = json.loads(done.stdout)
    assert document["n_draws"] == 4
    assert len(document["fair_values"]) == 4
    assert {row["part"] for row in document["spread"]} == {"present value", "leg", "fiscal year"}


def test_tables_and_pictures(file, tmp_path):
    more = ["--way", "reflected", "--curve", "model", "--plot", str(tmp_path / "pictures")]
    done = run(file, *more)

    assert done.exit_code == 0, done.output
    assert "share of variance" in done.stdout
    assert "the forward curve is that of each draw" in done.stdout
    assert "turned round the estimates" in done.stdout
    names = {picture.name for picture in (tmp_path / "pictures").iterdir()}
    assert names == {"spread-by-leg.png", "spread-by-fiscal-year.png"}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--way", "bayes"], "way must be one of asymptotic, bootstrap, reflected, got 'bayes'"),
        (["--curve", "drawn"], "curve must be"),
        (["--commodity", "ndpr"], "did you mean ndpr-oxide"),
        (["--draws", "2"], "n_draws must be at least 3, got 2"),
    ],
)
def test_bad_options_are_refused(file, more, message):
    done = run(file, *more)

    assert done.exit_code != 0
    assert message in str(done.exception)
