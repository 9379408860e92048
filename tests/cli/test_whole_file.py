"""Nothing that was saved is lost: no file is written over unasked, or left half written."""

import os

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts import calibration, whole_file
from contracts.cli import app
from contracts.whole_file import write_whole


@pytest.fixture
def prices(tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "floor_choices", lambda *a, **k: ())
    days = np.datetime64("2015-01-31") + 30 * np.arange(60)
    quoted = np.exp(4.0 + 0.1 * np.cumsum(np.random.default_rng(6).standard_normal(60)))
    lines = [f"{day},{price!r}" for day, price in zip(days, quoted.tolist(), strict=True)]
    file = tmp_path / "oxide.csv"
    file.write_text("\n".join(["date,mid", *lines]) + "\n")
    return file


def calibrate(prices, *more):
    arguments = ["calibrate", str(prices), "--unit", "USD/kg", "--model", "gbm"]
    return CliRunner().invoke(app, [*arguments, *map(str, more)])


@pytest.mark.parametrize("option", ["--write-fit", "--write-fragment"])
def test_existing_file_is_replaced_only_when_forced(option, prices, tmp_path):
    kept = tmp_path / "approved"
    kept.write_text("approved")
    refused = calibrate(prices, option, kept)

    assert "approved exists and is not written over; force replaces it" in str(refused.exception)
    assert kept.read_text() == "approved"

    assert calibrate(prices, option, kept, "--force").exit_code == 0
    assert "gbm" in kept.read_text()


def test_prices_are_not_replaced_by_their_fit(prices):
    before = prices.read_text()

    assert calibrate(prices, "--write-fit", prices).exit_code != 0
    assert prices.read_text() == before


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("", "must be a file to be written, got a folder"),
        ("nowhere/fit.json", "must be in a folder that exists, got '.*nowhere'"),
        ("oxide.csv/fit.json", "must be in a folder that exists, got '.*oxide.csv'"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_before_the_fit(
    target, said, prices, tmp_path, monkeypatch
):
    monkeypatch.setattr(calibration, "fit", lambda *a, **k: pytest.fail("fitted"))
    done = calibrate(prices, "--write-fit", tmp_path / target, "--force")

    with pytest.raises(ValueError, match=said):
        raise done.exception


def test_fit_and_fragment_are_two_files(prices, tmp_path):
    both = tmp_path / "both"
    done = calibrate(prices, "--write-fit", both, "--write-fragment", both)

    assert "must be two files" in str(done.exception)
    assert not both.exists()


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    kept = tmp_path / "fit.json"
    kept.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_file.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole("new", kept)

    assert kept.read_text() == "old"
    assert os.listdir(tmp_path) == ["fit.json"]


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "fit.json", tmp_path / "latest.json"
    target.write_text("old")
    link.symlink_to(target)
    write_whole("new", link)

    assert link.is_symlink()
    assert target.read_text() == "new"
