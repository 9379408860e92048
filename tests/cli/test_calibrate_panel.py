"""``offtake calibrate --maturities``: factors from a file of futures prices."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts.cli import app


@pytest.fixture
def folder(tmp_path):
    """Two contracts of geometric Brownian motion, volatility 0.2, some prices missing."""
    rng = np.random.default_rng(8)
    n = 120
    level = 4.0 + np.cumsum(0.2 * np.sqrt(7 / 365) * rng.standard_normal(n))
    dates = np.datetime64("2018-01-02") + 7 * np.arange(n)
    lines, left = ["date,near,far"], ["date,near,far"]
    for t, (day, x) in enumerate(zip(dates, level, strict=True)):
        near, far = np.exp(x + 0.01 * rng.standard_normal(2))
        lines.append(f"{day},{near:.4f},{'' if t % 5 == 0 else f'{far:.4f}'}")
        left.append(f"{day},0.25,1")
    (tmp_path / "oil.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "left.csv").write_text("\n".join(left) + "\n")
    return tmp_path


def run(folder, *more):
    arguments = ["calibrate", str(folder / "oil.csv"), "--unit", "USD/t", *more]
    return CliRunner().invoke(app, arguments)


def test_quick_leaves_the_profile_of_the_likelihood_out(folder):
    ran = run(folder, *ONE_FACTOR, "--maturities", "3m,1y", "--quick", "--json")

    assert ran.exit_code == 0, ran.output
    rows = json.loads(ran.stdout)["fit"]["parameters"]
    assert {row["interval"] for row in rows} == {"normal"}


ONE_FACTOR = ("--model", "n-factor", "--factors", "1")


def test_json_is_one_document(folder):
    ran = run(folder, *ONE_FACTOR, "--maturities", "3m,1y", "--json")

    assert ran.exit_code == 0, ran.output
    document = json.loads(ran.stdout)
    assert document["n_prices"] == 120 + 96
    assert document["fit"]["model_terms"]["volatility"][0] == pytest.approx(0.2, abs=0.04)
    assert document["fit"]["n_observations"] == 216
    assert set(document["root_mean_square"]) == {"near", "far"}


def test_fit_has_the_fields_of_every_fit(folder):
    path = folder / "near.csv"
    lines = (folder / "oil.csv").read_text().splitlines()
    path.write_text("\n".join(",".join(line.split(",")[:2]) for line in lines) + "\n")
    arguments = ["calibrate", str(path), "--unit", "USD/t", "--model", "gbm", "--json"]
    one = CliRunner().invoke(app, [*arguments, "--floor-years", "1"])
    panel = run(folder, *ONE_FACTOR, "--maturities", "3m,1y", "--json")

    first, second = (json.loads(each.stdout) for each in (one, panel))
    assert list(first["fit"]) == list(second["fit"])
    common = ["price", "unit", "source", "n_prices", "first_date", "last_date", "data_sha256"]
    assert list(first)[:9] == list(second)[:9] == [*common, "warnings", "fit"]
    assert second["fit"]["starts"][0]["values"].keys() == set(second["fit"]["free"])


def test_years_left_may_stand_in_a_file(folder):
    ran = run(folder, *ONE_FACTOR, "--maturities", str(folder / "left.csv"), "--json")
    stated = run(folder, *ONE_FACTOR, "--maturities", "3m,1y", "--json")

    assert ran.exit_code == 0, ran.output
    first, second = (json.loads(one.stdout)["fit"]["parameters"] for one in (ran, stated))
    names = [row["parameter"] for row in first]
    # Years left that may change from date to date get groups of errors by years.
    assert "measurement_error[0.25 to 0.5 yr]" in names
    assert first[0]["value"] == pytest.approx(second[0]["value"], rel=1e-3)


def test_prices_share_the_error_of_their_group(folder):
    by_edges = run(folder, *ONE_FACTOR, "--maturities", "3m,1y", "--error-edges", "2", "--json")
    by_group = run(
        folder, *ONE_FACTOR, "--maturities", "3m,1y", "--error-groups", "all,all", "--json"
    )

    assert by_edges.exit_code == by_group.exit_code == 0, by_edges.output + by_group.output
    first, second = (json.loads(one.stdout)["fit"] for one in (by_edges, by_group))
    # An edge beyond every contract leaves one group, as one name for all does.
    assert "measurement_error[0 to 2 yr]" in first["free"]
    assert "measurement_error[all]" in second["free"]
    assert first["log_likelihood"] == pytest.approx(second["log_likelihood"], abs=1e-6)


def test_tables_and_fragment(folder):
    target = folder / "model.yaml"
    ran = run(
        folder, *ONE_FACTOR, "--maturities", "3m,1y", "--write-fragment", str(target),
        "--override", "volatility[0]=0.25", "--reason", "as the bank has it",
        "--plot", str(folder / "pictures"),
    )  # fmt: skip

    assert ran.exit_code == 0, ran.output
    names = {file.name for file in (folder / "pictures").iterdir()}
    assert names == {"curves.png", "errors.png", "factors.png"}
    assert "216 prices of 2 contracts in USD/t" in ran.stdout
    assert "risk_premium[0] cannot be told from zero" in ran.stdout
    text = target.read_text()
    assert "volatility: [0.25]" in text
    assert "as the bank has it" in text


def test_errors_of_futures_are_not_called_late_quotes_and_notes_are_not_broken(folder):
    ran = run(folder, *ONE_FACTOR, "--maturities", "3m,1y", "--quick")

    assert ran.exit_code == 0, ran.output
    assert "Quotes stray from the model: measurement_error[near]" in " ".join(ran.stdout.split())
    assert "follow the price late" not in ran.stdout
    assert "Root mean square of the log price less that of the filtered factors.\n" in ran.stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((*ONE_FACTOR,), "--maturities must be given for n-factor"),
        ((*ONE_FACTOR, "--maturities", "3m"), "maturities must be 2, one for each contract"),
        ((*ONE_FACTOR, "--maturities", "3m,12"), "months or years, as 5m or 1.5y, got '12'"),
        ((*ONE_FACTOR, "--maturities", "none.csv"), "none.csv must exist"),
        ((*ONE_FACTOR, "--maturities", "3m,1y", "--vat", "0.1"), "--vat must not be given with"),
        (
            (*ONE_FACTOR, "--maturities", "3m,1y", "--clock", "weekdays"),
            "--clock must not be given",
        ),
        ((*ONE_FACTOR, "--maturities", "3m,1y", "--regimes", "2"), "--regimes must not be given"),
        ((*ONE_FACTOR, "--maturities", "3m,1y", "--error-edges", "x"), "must be years such as"),
        ((*ONE_FACTOR, "--maturities", "3m,1y", "--error-groups", "a"), "as long as contracts (2)"),
        (
            (*ONE_FACTOR, "--maturities", "3m,1y", "--error-groups", "a,"),
            "error_groups must be a non-empty text, got ''",
        ),
        (
            (*ONE_FACTOR, "--maturities", "3m,1y", "--unit", "USD/barel"),
            "unit must be a price, as CNY/t or 10000 CNY/t, got 'USD/barel': 'barel' is not a",
        ),
        (("--model", "gbm", "--maturities", "3m,1y"), "model must be schwartz-smith or n-factor"),
        (
            ("--model", "schwartz-smith", "--factors", "3", "--maturities", "3m,1y"),
            "factors must be 2 for schwartz-smith, got 3",
        ),
        (("--model", "n-factor", "--factors", "9", "--maturities", "3m,1y"), "n_factors must be"),
    ],
)
def test_bad_option_is_refused(folder, more, said):
    ran = run(folder, *more)

    assert ran.exit_code != 0
    assert said in f"{ran.output} {ran.exception}"


@pytest.mark.parametrize(
    ("file", "entry", "said"),
    [
        ("oil.csv", "n.q.", "far must be numbers, got the text 'n.q.' on 2018-01-09 (1 of 120 is"),
        (
            "left.csv",
            "soon",
            "years left of far must be numbers, got the text 'soon' on 2018-01-09",
        ),
        ("oil.csv", "inf", "far must be finite, got inf on 2018-01-09"),
    ],
)
def test_an_entry_that_is_no_number_is_named_with_its_date(folder, file, entry, said):
    lines = (folder / file).read_text().splitlines()
    lines[2] = ",".join([*lines[2].split(",")[:2], entry])
    (folder / file).write_text("\n".join(lines) + "\n")
    ran = run(folder, *ONE_FACTOR, "--maturities", str(folder / "left.csv"))

    assert ran.exit_code != 0
    assert said in str(ran.exception)


def test_a_panel_of_dates_alone_is_refused(folder):
    lines = (folder / "oil.csv").read_text().splitlines()
    (folder / "oil.csv").write_text("\n".join(line.split(",")[0] for line in lines) + "\n")
    ran = run(folder, *ONE_FACTOR, "--maturities", str(folder / "left.csv"))

    assert "table must have a column for each contract beside date, got none" in str(ran.exception)
