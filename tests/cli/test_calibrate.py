"""``offtake calibrate``: what it prints where, and how it ends."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts.cli import app


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(5)
    dates = np.datetime64("2015-01-05") + 7 * np.arange(260)
    prices = 350.0 * np.exp(np.cumsum(0.04 * rng.standard_normal(260)))
    rows = [f"{day},{price:.2f}" for day, price in zip(dates, prices, strict=True)]
    path = tmp_path / "oxide.csv"
    path.write_text("\n".join(["date,mid", *rows]) + "\n")
    return path


ENDING = ["--unit", "1000 CNY/t", "--vat", "0.13", "--fx", "7.1", "--to", "USD/kg"]


def test_json_is_one_document(file):
    run = CliRunner().invoke(
        app, ["calibrate", str(file), "--model", "gbm", *ENDING, "--json", "--floor-years", "1"]
    )

    assert run.exit_code == 0, run.output
    document = json.loads(run.stdout)
    assert document["unit"] == "USD/kg"
    assert document["fit"]["model_terms"]["volatility"] == pytest.approx(0.29, abs=0.04)


def test_fragment_is_written_with_the_override(file, tmp_path):
    target = tmp_path / "model.yaml"
    arguments = ["calibrate", str(file), "--model", "gbm", *ENDING, "--floor-years", "1"]
    arguments += ["--override", "volatility=0.35", "--reason", "as the bank has it"]
    run = CliRunner().invoke(app, [*arguments, "--write-fragment", str(target)])

    assert run.exit_code == 0, run.output
    assert "volatility: 0.35" in target.read_text()
    assert "as the bank has it" in target.read_text()
    assert "as the bank has it" in run.stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--model", "gmb"], "model must be one of"),
        (["--model", "gbm", "--override", "volatility"], "--override must be a parameter"),
        (["--model", "gbm", "--quotes-are", "asks"], "--quotes-are must be one of"),
        (["--model", "gbm", "--smoothing", "some"], "smoothing must be none or lag"),
        (["--model", "gbm", "--first", "2030-01-01"], "window must hold a price"),
    ],
)
def test_bad_option_is_refused(file, more, said):
    run = CliRunner().invoke(app, ["calibrate", str(file), *ENDING, *more])

    assert run.exit_code != 0
    assert said in str(run.exception)
