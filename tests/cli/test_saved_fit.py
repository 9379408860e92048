"""A saved fit: the same to the last bit, refused where it was changed, used by ``uncertainty``."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from contracts import calibration
from contracts.calibration_document import digest_of
from contracts.catalogue import load_market
from contracts.cli import app
from contracts.saved_fit import read_fit, save_fit
from montecarlo import calibrate
from montecarlo.calibrate import PriceHistory, draw_parameters, parameter_draws


def history(n=150, clock="calendar"):
    rng = np.random.default_rng(5)
    dates = np.datetime64("2008-01-31") + 30 * np.arange(n)
    prices = 55.0 * np.exp(np.cumsum(0.09 * rng.standard_normal(n)))
    return PriceHistory(name="oxide", unit="USD/kg", dates=dates, prices=prices, clock=clock)


def panel():
    rng = np.random.default_rng(8)
    level = 4.0 + np.cumsum(0.03 * rng.standard_normal(100))
    near, far = np.exp(level + 0.01 * rng.standard_normal((2, 100)))
    return calibrate.FuturesPanel(
        name="oil",
        unit="USD/kg",
        contracts=("near", "far"),
        dates=np.datetime64("2018-01-02") + 7 * np.arange(100),
        prices=np.stack([near, far], axis=1),
        maturities=[0.25, 1.0],
    )


FITS = {
    "gbm": lambda: (calibrate.fit(history(), "gbm"), history()),
    "schwartz": lambda: (
        calibrate.fit(history(), "schwartz", horizon="quarter-average"), history()
    ),
    "overridden": lambda: (
        calibrate.fit(history(), "schwartz", is_interval_found=False).overridden(
            reason="as the bank has it", mean_reversion=0.3
        ),
        history(),
    ),
    "lag": lambda: (calibrate.fit(history(), "gbm", smoothing="lag"), history()),
    "merton": lambda: (calibrate.fit(history(), "merton"), history()),
    "regimes": lambda: (
        calibrate.fit(history(), "regime-switching", is_mean_reverting=True, n_starts=1), history()
    ),
    "n-factor": lambda: (calibrate.fit_n_factor(panel(), n_factors=1), None),
}  # fmt: skip


def same(first, second):
    """Equal, NaN equal to NaN."""
    if isinstance(first, float) and math.isnan(first):
        return math.isnan(second)
    return first == second


@pytest.mark.parametrize("kind", FITS)
def test_fit_comes_back_to_the_last_bit(kind, tmp_path):
    fit, source = FITS[kind]()
    save_fit(fit, tmp_path / "fit.json", history=source)
    saved = read_fit(tmp_path / "fit.json")

    for field in ("kind", "name", "unit", "log_likelihood", "n_observations", "method", "horizon",
                  "data_hash", "first_date", "last_date", "last_price", "warnings", "notices",
                  "overrides", "made_on"):  # fmt: skip
        assert getattr(saved.fit, field) == getattr(fit, field), field
    assert len(saved.fit.parameters) == len(fit.parameters)
    for first, second in zip(fit.parameters, saved.fit.parameters, strict=True):
        for field in ("name", "value", "unit", "standard_error", "low", "high", "interval", "role",
                      "meaning"):  # fmt: skip
            assert same(getattr(first, field), getattr(second, field)), (first.name, field)
    assert np.array_equal(fit.covariance, saved.fit.covariance, equal_nan=True)
    assert saved.fit.fragment() == fit.fragment()
    assert (saved.dates is None) == (source is None)


def test_limits_that_do_not_exist_are_told_from_unknown_ones(tmp_path):
    # A steady rise: no mean reversion, so that its lower limit and its level are not known.
    fit = calibrate.fit(history(), "schwartz")
    ends = {end for item in fit.parameters for end in (item.low, item.high)}
    save_fit(fit, tmp_path / "fit.json")
    text = (tmp_path / "fit.json").read_text()

    assert any(math.isinf(end) for end in ends) or any(math.isnan(end) for end in ends)
    assert "NaN" not in text
    assert "Infinity" not in text


@pytest.mark.parametrize("way", ["asymptotic", "bootstrap", "reflected"])
@pytest.mark.parametrize("clock", ["calendar", "weekdays"])
def test_draws_are_those_of_the_fit_itself(way, clock, tmp_path):
    source = history(clock=clock)
    fit = calibrate.fit(source, "gbm", horizon="month-average")
    save_fit(fit, tmp_path / "fit.json", history=source)
    saved = read_fit(tmp_path / "fit.json")
    first = draw_parameters(fit, 5, way=way, history=source)
    second = draw_parameters(saved.fit, 5, way=way, history=saved.dates)

    for name, values in first.values.items():
        assert values.tolist() == second.values[name].tolist()


def test_bootstrap_repeats_the_kind_of_regimes(monkeypatch):
    fit, source = FITS["regimes"]()
    seen = []

    def noted(simulated, kind, **options):
        seen.append(options)
        return fit

    monkeypatch.setattr(parameter_draws, "fit_kind", noted)
    draw_parameters(fit, 2, way="bootstrap", history=source)

    repeated = {
        "n_regimes": 2, "is_mean_reverting": True, "n_starts": 2, "is_interval_found": False,
        "horizon": "daily",
    }  # fmt: skip
    assert seen == [repeated, repeated]


def test_panel_has_no_bootstrap(tmp_path):
    fit, _ = FITS["n-factor"]()
    save_fit(fit, tmp_path / "fit.json")
    saved = read_fit(tmp_path / "fit.json")

    with pytest.raises(ValueError, match="way must be asymptotic for n-factor, which is fitted"):
        draw_parameters(saved.fit, 5, way="bootstrap", history=saved.dates)


def test_panel_is_not_told_to_be_bootstrapped():
    fit, _ = FITS["n-factor"]()
    unknown = np.full(fit.covariance.shape, np.nan)

    with pytest.raises(ValueError, match="fit fewer factors, or put more prices into a group"):
        draw_parameters(replace(fit, covariance=unknown), 5)


@pytest.mark.parametrize("n_draws", [0, 1, 1_000_001, 10**20])
def test_number_of_draws_is_refused_before_any_memory_is_taken(n_draws):
    with pytest.raises(ValueError, match=rf"n_draws must be an integer in .*, got {n_draws}"):
        draw_parameters(calibrate.fit(history(), "gbm"), n_draws)


def test_another_history_is_not_saved_with_a_fit(tmp_path):
    with pytest.raises(ValueError, match="history must be the one that"):
        save_fit(calibrate.fit(history(), "gbm"), tmp_path / "fit.json", history=history(149))


def changed(document, *path, value):
    *inner, last = path
    part = document
    for key in inner:
        part = part[key]
    part[last] = value
    return document


def signed(document):
    return document | {"sha256": digest_of(document)}


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    file = tmp_path_factory.mktemp("fit") / "fit.json"
    save_fit(calibrate.fit(history(), "gbm"), file, history=history())
    return file.read_text()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("parameters", 0, "value"), "high", r"parameters\[0\].value must be a valid number, got"),
        (("parameters", 0, "value"), None, r"parameters\[0\].value must be a valid number"),
        (("parameters", 0, "role"), "extra", r"parameters\[0\].role must be 'model', 'physical'"),
        (("parameters", 1, "parameter"), "volatility", "parameters must be named once each"),
        (("covariance",), [[1.0, 0.0]], "covariance must be square"),
        (("covariance",), [], "covariance must be square, of at least one"),
        (("covariance", 0, 0), -1.0, "covariance must have no negative variance"),
        (("covariance", 0, 1), 5.0, "covariance must be symmetric"),
        (("kind",), "gmb", "kind must be one of gbm, .* got 'gmb'"),
        (("kind",), "regime-switching", "structure must be those of regime-switching"),
        (("data_sha256",), "abc", "data_sha256 must match"),
        (("made_on",), "yesterday", "made_on must be a date as 2025-07-10, got 'yesterday'"),
        (("last_price",), 0.0, "last_price must be greater than 0, got 0.0"),
        (("overrides",), [{"name": "x", "estimate": 1.0, "value": 2.0, "reason": "r"}],
         "overrides must name parameters"),
        (("dates", "days"), ["2020-01-02", "2020-01-01"], "dates must be at least 2 and rise"),
        (("dates", "first_price"), -1.0, "first_price must be"),
        (("dates", "clock"), "sun", "dates.clock must be 'calendar' or 'weekdays', got 'sun'"),
        (("format",), "offtake fit 2", "its format 'offtake fit 1', got 'offtake fit 2'"),
    ],
)  # fmt: skip
def test_corrupt_entry_is_named(document, path, value, said, tmp_path):
    file = tmp_path / "fit.json"
    file.write_text(json.dumps(signed(changed(json.loads(document), *path, value=value))))

    with pytest.raises(ValueError, match=said) as error:
        read_fit(file)
    assert str(error.value).startswith(str(file))


def test_missing_entry_is_named(document, tmp_path):
    content = json.loads(document)
    del content["covariance"]
    (tmp_path / "fit.json").write_text(json.dumps(signed(content)))

    with pytest.raises(ValueError, match="covariance must be given, got none"):
        read_fit(tmp_path / "fit.json")


def test_changed_number_is_noticed_and_another_layout_is_not(document, tmp_path):
    content = json.loads(document)
    (tmp_path / "flat.json").write_text(json.dumps(dict(reversed(content.items()))))
    content["parameters"][0]["value"] *= 1.0 + 1e-15
    (tmp_path / "changed.json").write_text(json.dumps(content))

    assert read_fit(tmp_path / "flat.json").fit.kind == "gbm"
    with pytest.raises(ValueError, match="sha256 must be that of the other entries"):
        read_fit(tmp_path / "changed.json")


def test_entry_given_twice_is_refused(document, tmp_path):
    # Each reader of such a file sees the one or the other.
    twice = document.replace('"log_likelihood":', '"log_likelihood": 9999.0, "log_likelihood":', 1)
    (tmp_path / "fit.json").write_text(twice)

    with pytest.raises(ValueError, match="each entry must be given once, got 'log_likelihood'"):
        read_fit(tmp_path / "fit.json")


def test_mark_of_the_encoding_is_read_over(document, tmp_path):
    (tmp_path / "fit.json").write_text(document, encoding="utf-8-sig")

    assert read_fit(tmp_path / "fit.json").fit.kind == "gbm"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,mid\n2020-01-01,5\n", "must be a fit, which is JSON"),
        ("[1, 2]", "its format 'offtake fit 1', got None"),
        ('{"pv": 3.0}', "its format 'offtake fit 1', got None"),
        ("", "must be a fit, which is JSON"),
    ],
)
def test_foreign_file_is_refused(text, said, tmp_path):
    (tmp_path / "fit.json").write_text(text)

    with pytest.raises(ValueError, match=said):
        read_fit(tmp_path / "fit.json")


def test_no_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such fit"):
        read_fit(tmp_path / "fit.json")


@pytest.fixture
def file(tmp_path):
    source = history()
    pairs = zip(source.dates, source.prices.tolist(), strict=True)
    path = tmp_path / "oxide.csv"
    path.write_text("\n".join(["date,mid", *(f"{day},{price!r}" for day, price in pairs)]) + "\n")
    return path


def uncertainty(*more):
    arguments = ["uncertainty", "lynas-jare", "--commodity", "ndpr-oxide", "--draws", "4"]
    done = CliRunner().invoke(app, [*arguments, "--paths", "64", "--json", *map(str, more)])
    return done


def test_uncertainty_of_a_saved_fit_is_that_of_the_file(file, tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "floor_choices", lambda *a, **k: ())
    model = ["--unit", "USD/kg", "--model", "gbm", "--horizon", "month"]
    kept = tmp_path / "fit.json"
    made = CliRunner().invoke(
        app, ["calibrate", str(file), *model, "--json", "--write-fit", str(kept)]
    )
    assert made.exit_code == 0, made.output
    whole = tmp_path / "calibration.json"
    whole.write_text(made.stdout)
    fresh = uncertainty("--calibrate", file, *model)
    saved = uncertainty("--fit", kept)
    printed = uncertainty("--fit", whole)

    assert fresh.exit_code == 0, fresh.output
    assert fresh.stdout == saved.stdout == printed.stdout
    found = json.loads(saved.stdout)
    assert found["fit"]["data_sha256"] == json.loads(kept.read_text())["data_sha256"]
    assert found["fit"]["data_sha256"][:16] in found["notices"][0]


def test_uncertainty_of_a_fit_to_futures_prices(tmp_path):
    fit, _ = FITS["n-factor"]()
    save_fit(fit, tmp_path / "fit.json")
    found = uncertainty("--fit", tmp_path / "fit.json")

    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["model"] == "n-factor"


def test_fit_in_another_unit_is_pointed_out(tmp_path):
    source = replace(history(), unit="EUR/MWh", name="gas")
    save_fit(calibrate.fit(source, "gbm"), tmp_path / "fit.json")
    found = uncertainty("--fit", tmp_path / "fit.json")

    assert found.exit_code == 0, found.output
    said = json.loads(found.stdout)["notices"][1]
    assert said.startswith("the fit is of gas in EUR/MWh, ndpr-oxide is in USD/kg")


def test_premia_that_the_fitted_model_cannot_have_are_named(tmp_path):
    save_fit(calibrate.fit(history(), "gbm"), tmp_path / "fit.json")
    terms = dict(load_market("critical-minerals-2025-07-10").terms)
    terms["commodities"] = dict(terms["commodities"])
    terms["commodities"]["ndpr-oxide"] = terms["commodities"]["ndpr-oxide"] | {
        "model": {
            "kind": "schwartz-smith",
            "mean_reversion": 1.0,
            "short_volatility": 0.3,
            "long_volatility": 0.1,
            "correlation": 0.0,
            "short_risk_premium": 0.04,
            "long_risk_premium": 0.01,
        }
    }
    terms["sources"] = [item for item in terms["sources"] if ".model." not in item["path"]]
    (tmp_path / "market.yaml").write_text(json.dumps(terms))
    found = uncertainty("--fit", tmp_path / "fit.json", "--market", tmp_path / "market.yaml")

    assert found.exit_code == 0, found.output
    assert (
        "premia of the market's schwartz-smith model are left out, for gbm has no such terms: "
        "short_risk_premium, long_risk_premium" in json.loads(found.stdout)["notices"]
    )


def test_premia_that_the_fitted_model_can_have_are_kept_without_a_word(tmp_path):
    save_fit(calibrate.fit(history(), "gbm"), tmp_path / "fit.json")
    found = uncertainty("--fit", tmp_path / "fit.json")

    assert not [said for said in json.loads(found.stdout)["notices"] if "premia" in said]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "either --calibrate FILE.csv or --fit FILE.json must be given, got none"),
        (["--calibrate", "a.csv", "--fit", "a.json"], "must be given, got both"),
        (["--fit", "a.json", "--vat", "0.13"], "--vat must not be given with --fit"),
        (["--fit", "a.json", "--model", "gbm"], "--model must not be given with --fit"),
        (["--calibrate", "a.csv", "--model", "gbm"], "--unit must be given with --calibrate"),
        (["--calibrate", "a.csv", "--unit", "USD/kg"], "--model must be given with --calibrate"),
    ],
)
def test_bad_options_are_refused(more, said):
    done = uncertainty(*more)

    assert done.exit_code != 0
    assert said in str(done.exception)
