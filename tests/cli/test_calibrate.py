"""``offtake calibrate``: what it prints where, and how it ends."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts import calibration
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


def document(file, *more):
    run = CliRunner().invoke(
        app, ["calibrate", str(file), *ENDING, "--floor-years", "1", "--json", *more]
    )
    assert run.exit_code == 0, run.output
    return json.loads(run.stdout)


@pytest.fixture
def floors(monkeypatch):
    """What the floors were asked with, none of them valued."""
    seen = []

    def noted(history, model, **more):
        seen.append(more["options"])
        return ()

    monkeypatch.setattr(calibration, "floor_choices", noted)
    return seen


def test_regimes_are_of_the_kind_that_was_asked_for(file, floors, monkeypatch):
    monkeypatch.setattr(calibration, "ONE_PRICE", ("gbm", "regime-switching"))
    arguments = ("--model", "regime-switching", "--horizon", "month", "--quick")
    found = document(file, *arguments, "--mean-reverting", "--compare")
    terms = found["fit"]["model_terms"]
    (compared,) = [row for row in found["comparison"] if row["model"] == "regime-switching"]

    assert set(terms["regimes"]) == {"calm", "volatile"}
    assert {"log_level", "volatility"} == set(terms["regimes"]["calm"])
    assert terms["mean_reversion"] > 0.0
    assert len(found["fit"]["starts"]) == 2
    # Two regimes, each a volatility and a level, two intensities, and the speed.
    assert len(found["fit"]["free"]) == compared["n_parameters"] == 7
    assert found["fit"]["log_likelihood"] == compared["log_likelihood"]


def test_number_of_regimes_reaches_the_floors_too(floors, tmp_path):
    rng = np.random.default_rng(2)
    path = tmp_path / "oxide.csv"
    scale = np.tile(np.repeat([0.01, 0.05, 0.2], 20), 3)
    prices = 50.0 * np.exp(np.cumsum(scale * rng.standard_normal(scale.size)))
    days = np.datetime64("2012-01-02") + 7 * np.arange(scale.size)
    rows = [f"{day},{price:.6f}" for day, price in zip(days, prices, strict=True)]
    path.write_text("\n".join(["date,mid", *rows]) + "\n")
    found = document(path, "--model", "regime-switching", "--regimes", "3", "--quick")

    assert list(found["fit"]["model_terms"]["regimes"]) == ["calm", "middle", "volatile"]
    assert floors == [{"n_regimes": 3, "n_starts": 2, "is_interval_found": False}]


def test_jump_test_says_how_probable_the_ratio_is_without_jumps(file, floors):
    found = document(file, "--model", "merton", "--horizon", "month", "--jump-test", "2", "--quick")

    assert "of 2 simulated histories without jumps" in " ".join(found["warnings"])


def test_seasons_are_taken_out_shown_and_written(file, floors, tmp_path):
    arguments = ["calibrate", str(file), "--model", "gbm", *ENDING, "--horizon", "month"]
    arguments += ["--seasonality", "changes", "--write-fragment", str(tmp_path / "gas.yaml")]
    run = CliRunner().invoke(app, [*arguments, "--write-fit", str(tmp_path / "fit.json")])

    assert run.exit_code == 0, run.output
    assert "Seasons taken out of the prices" in run.stdout
    assert "January" in run.stdout
    assert "the factors of the months come from the same" in " ".join(run.stdout.split())
    assert "\nseasonality:\n  normalised_by: mean-log\n" in (tmp_path / "gas.yaml").read_text()
    assert json.loads((tmp_path / "fit.json").read_text())["name"] == "oxide without seasons"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--model", "gmb"], "model must be one of"),
        (["--model", "gbm", "--override", "volatility"], "--override must be a parameter"),
        (
            ["--model", "gbm", "--override", "drift=0.1", "--override", "drift=0.2"],
            "--override must set each parameter once, got drift twice",
        ),
        (["--model", "gbm", "--override", "drift=0.1"], "--reason must be given with --override"),
        (["--model", "gbm", "--reason", "why"], "--reason must not be given without --override"),
        (["--model", "gbm", "--quotes-are", "asks"], "--quotes-are must be one of"),
        (["--model", "gbm", "--smoothing", "some"], "smoothing must be none or lag"),
        (["--model", "gbm", "--first", "2030-01-01"], "window must hold a price"),
        (["--model", "gbm", "--seasonality", "changes"], "horizon must be month, quarter or"),
        (["--model", "gbm", "--seasonality", "x"], "seasonality must be one of changes"),
        (["--model", "gbm", "--regimes", "3"], "--regimes must not be given for gbm"),
        (["--model", "schwartz", "--mean-reverting"], "--mean-reverting must not be given for"),
        (["--model", "schwartz", "--jump-test", "9"], "which does not jump"),
        (["--model", "regime-switching", "--regimes", "5"], "n_regimes must be"),
        (["--model", "gbm", "--factors", "2"], "--factors must not be given with one price"),
        (["--model", "gbm", "--error-edges", "2"], "--error-edges must not be given with one"),
    ],
)
def test_bad_option_is_refused(file, more, said):
    run = CliRunner().invoke(app, ["calibrate", str(file), *ENDING, *more])

    assert run.exit_code != 0
    assert said in str(run.exception)
