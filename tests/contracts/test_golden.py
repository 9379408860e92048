import json
import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import contracts
from contracts import golden, golden_file
from contracts.catalogue import deal_path
from montecarlo.sampling import Sampling

DEAL = "lynas-jare"
N_PATHS = 512


@pytest.fixture(scope="module")
def valuation():
    return contracts.value(DEAL, n_paths=N_PATHS, seed=7)


@pytest.fixture(scope="module")
def recorded(valuation, tmp_path_factory):
    return golden.record(valuation, tmp_path_factory.mktemp("golden") / "lynas.json")


@pytest.fixture
def changed(recorded, tmp_path):
    """Write the golden with some of it changed; a key may go deep, as in ``total.pv``."""

    def change(**changes):
        content = json.loads(recorded.read_text(encoding="utf-8"))
        for address, value in changes.items():
            here, *rest = content, *address.split("__")
            for key in rest[:-1]:
                here = here[key.replace("_", " ") if key not in here else key]
            here[rest[-1]] = value(here[rest[-1]]) if callable(value) else value
        file = tmp_path / "changed.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        return file

    return change


def other_numpy(versions):
    return {**versions, "numpy": "1.0"}


def test_check_of_a_fresh_golden_is_bit_equal(recorded):
    for n_threads in (1, 2):
        result = golden.check(recorded, n_threads=n_threads)

        assert result.passed
        assert result.is_bit_equal
        assert result.message == f"{DEAL}: passed, bit-equal under the same versions"


def test_golden_holds_inputs_and_results_in_full(valuation, recorded):
    content = json.loads(recorded.read_text(encoding="utf-8"))

    assert content["total"]["pv"] == valuation.pv
    assert content["total"]["standard_error"] == valuation.standard_error
    assert list(content["legs"]) == [leg.clause.name for leg in valuation.legs]
    for leg in valuation.legs:
        assert content["legs"][leg.clause.name]["pv"] == leg.pv
        assert content["legs"][leg.clause.name]["expected_amount"] == leg.expected_amount
    assert content["deal"]["terms"] == valuation.deal.terms
    assert content["market"]["terms"] == valuation.market.terms
    assert content["fingerprint"] == valuation.fingerprint()
    assert content["versions"]["numpy"] == np.__version__
    assert (content["n_paths"], content["seed"], content["measure"]) == (N_PATHS, 7, "pricing")
    assert content["deal"]["place"] == "built-in"


@pytest.mark.parametrize(
    "given",
    [
        {"sampling": "antithetic", "n_paths": N_PATHS},
        {"sampling": "sobol", "n_paths": 8192},
        {"precision": "single", "n_paths": N_PATHS},
        {"sampling": Sampling(method="antithetic"), "n_paths": N_PATHS},
        {"n_paths": "auto", "standard_error": 1e9},
    ],
    ids=["antithetic", "sobol", "single", "own", "auto"],
)
def test_paths_are_drawn_as_recorded(tmp_path, given):
    file = golden.record(contracts.value(DEAL, seed=7, **given), tmp_path / "drawn.json")

    assert golden.check(file).is_bit_equal


def test_golden_without_sampling_is_of_a_plain_valuation(changed):
    file = changed()
    content = json.loads(file.read_text(encoding="utf-8"))
    del content["sampling"]
    file.write_text(json.dumps(content), encoding="utf-8")

    assert golden.check(file).is_bit_equal


def test_other_sampling_is_named(recorded):
    other = contracts.value(DEAL, n_paths=N_PATHS, seed=7, sampling="antithetic")
    result = golden.compare(other, golden_file.read(recorded))

    assert not result.passed
    assert result.changed_inputs == ('sampling method: was "random", is "antithetic"',)


def test_existing_file_is_not_written_over(valuation, tmp_path):
    file = tmp_path / "taken.json"
    file.write_text("mine", encoding="utf-8")

    with pytest.raises(ValueError, match=r"taken\.json exists"):
        golden.record(valuation, file)
    assert file.read_text(encoding="utf-8") == "mine"

    golden.record(valuation, file, force=True)
    assert golden.check(file).is_bit_equal


@pytest.mark.parametrize("broken", [(os, "fsync"), (Path, "replace")])
def test_failed_write_leaves_the_old_file(valuation, tmp_path, monkeypatch, broken):
    file = tmp_path / "old.json"
    file.write_text("mine", encoding="utf-8")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*broken, fail)
    with pytest.raises(OSError, match="No space left"):
        golden.record(valuation, file, force=True)

    assert file.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]


def test_last_bit_fails_under_the_same_versions(changed):
    file = changed(total__pv=lambda pv: math.nextafter(pv, 0.0))

    result = golden.check(file)

    assert not result.passed
    assert "not bit-equal under the same versions" in result.message
    assert [difference.leg for difference in result.differences] == ["total"]


def test_last_bit_passes_under_other_versions(changed):
    file = changed(total__pv=lambda pv: math.nextafter(pv, 0.0), versions=other_numpy)

    result = golden.check(file)

    assert result.passed
    assert not result.is_bit_equal
    assert "passed, within 4 combined standard errors under other versions" in result.message
    assert f"numpy 1.0 -> {np.__version__}" in result.message


def test_other_machine_is_named(changed):
    result = golden.check(changed(vector_extensions=["NONE"]))

    assert result.passed
    assert "vector extensions NONE ->" in result.message


@pytest.mark.parametrize(("errors", "passed"), [(3.9, True), (4.1, False), (-4.1, False)])
def test_tolerance_is_in_combined_standard_errors(changed, valuation, errors, passed):
    shift = errors * math.sqrt(2.0) * valuation.standard_error
    file = changed(total__pv=lambda pv: pv + shift, versions=other_numpy)

    result = golden.check(file)

    assert result.passed is passed
    assert result.differences[0].distance == pytest.approx(abs(errors))
    assert "total: pv was" in result.message


def test_tolerance_of_the_file_is_used(changed, valuation):
    shift = 4.1 * math.sqrt(2.0) * valuation.standard_error
    changes = {"total__pv": lambda pv: pv + shift, "versions": other_numpy}

    assert not golden.check(changed(**changes)).passed
    assert golden.check(changed(**changes, tolerance=5.0)).passed


def test_worst_leg_is_named(changed, valuation):
    floor, upside = valuation.legs
    result = golden.check(
        changed(
            legs__price_floor__pv=lambda pv: pv + 6.0 * floor.standard_error,
            legs__upside_share__pv=lambda pv: pv + 60.0 * upside.standard_error,
            versions=other_numpy,
        )
    )

    assert [difference.leg for difference in result.differences] == ["upside share", "price floor"]
    assert "the worst is upside share: pv" in result.message


def test_standard_error_that_grew_fails(changed):
    wider = changed(total__standard_error=lambda error: 3.0 * error, versions=other_numpy)

    result = golden.check(wider)

    assert not result.passed
    assert "total: standard_error was" in result.message


def test_changed_term_is_named(changed):
    def dearer(terms):
        terms["legs"][1]["share"] = 0.99
        del terms["title"]
        return terms

    result = golden.check(changed(deal__terms=dearer))

    assert not result.passed
    assert "deal legs[upside share].share: was 0.99, is 0.3" in result.changed_inputs
    assert any(change.startswith("deal title: was absent") for change in result.changed_inputs)
    assert len(result.changed_inputs) == 2
    assert "inputs are not those recorded" in result.message


def test_changed_market_is_named(changed):
    def earlier(terms):
        return {**terms, "title": "Another"}

    result = golden.check(changed(market__terms=earlier))

    assert len(result.changed_inputs) == 1
    assert result.changed_inputs[0].startswith('market title: was "Another", is ')


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 8}, "seed: was 8, is 7"),
        ({"n_paths": 513}, f"n_paths: was 513, is {N_PATHS}"),
        ({"measure": "physical"}, "measure: was physical, is pricing"),
        ({"perspective": "producer"}, "perspective: was producer, is"),
    ],
)
def test_changed_setting_is_named(changed, valuation, change, said):
    result = golden.compare(valuation, golden_file.read(changed(**change)))

    assert not result.passed
    assert said in result.message


def test_edited_fingerprint_is_seen(changed):
    result = golden.check(changed(fingerprint="0" * 64))

    assert not result.passed
    assert "was the file edited?" in result.message


def test_own_file_is_read_again_where_it_lies(tmp_path):
    own = tmp_path / "deals" / "own.yaml"
    own.parent.mkdir()
    text = deal_path(DEAL).read_text(encoding="utf-8").replace(f"deal: {DEAL}", "deal: own")
    own.write_text(text, encoding="utf-8")
    file = tmp_path / "goldens.json"
    golden.record(contracts.value(own, n_paths=N_PATHS, seed=7), file)

    assert json.loads(file.read_text(encoding="utf-8"))["deal"]["place"] == "deals/own.yaml"
    assert golden.check(file).is_bit_equal

    own.write_text(text.replace("title: ", "title: New "), encoding="utf-8")
    assert any("deal title" in change for change in golden.check(file).changed_inputs)

    moved = Path(shutil.move(file, tmp_path / "deals" / "elsewhere.json"))
    own.unlink()
    assert golden.check(moved).is_bit_equal


def test_amended_deal_is_held_in_the_golden(tmp_path):
    amended = contracts.load(DEAL).amend({"legs[upside share].share": 0.5})
    file = golden.record(contracts.value(amended, n_paths=N_PATHS), tmp_path / "amended.json")

    assert json.loads(file.read_text(encoding="utf-8"))["deal"]["place"] == "held here"
    assert golden.check(file).is_bit_equal


def test_replayed_prices_are_refused(tmp_path):
    prices = contracts.simulated_prices(DEAL, n_paths=256, seed=7)
    replayed = contracts.value(DEAL, prices=prices)

    with pytest.raises(ValueError, match="prices must come from a model"):
        golden.record(replayed, tmp_path / "replay.json")
    assert list(tmp_path.iterdir()) == []


def test_single_path_is_refused(tmp_path):
    single = contracts.value(DEAL, n_paths=1)

    with pytest.raises(ValueError, match="must have a standard error to be recorded"):
        golden.record(single, tmp_path / "one.json")


@pytest.mark.parametrize("tolerance", [0.0, -1.0, math.nan])
def test_tolerance_must_be_positive(valuation, tmp_path, tolerance):
    with pytest.raises(ValueError, match="tolerance must be positive"):
        golden.record(valuation, tmp_path / "x.json", tolerance=tolerance)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_truncated_file_is_refused(recorded, tmp_path, share):
    text = recorded.read_text(encoding="utf-8")
    file = tmp_path / "cut.json"
    file.write_text(text[: int(share * len(text))], encoding="utf-8")

    with pytest.raises(ValueError, match=r"cut\.json must be a golden file, which is JSON"):
        golden.check(file)


@pytest.mark.parametrize(
    "text", ["[]", "{}", "3", "null", '{"format": "offtake golden 2"}', '{"format": ["a"]}']
)
def test_other_json_is_refused(tmp_path, text):
    file = tmp_path / "other.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"other\.json must be a golden file with format"):
        golden.check(file)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 100_000])
def test_hostile_bytes_are_refused(tmp_path, content):
    file = tmp_path / "bytes.json"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=r"bytes\.json must be a golden file"):
        golden.check(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_paths": "many"}, "n_paths"),
        ({"n_paths": "512"}, "n_paths"),
        ({"n_paths": 1}, "n_paths"),
        ({"total__pv": math.nan}, r"total\.pv"),
        ({"total__pv": None}, r"total\.pv"),
        ({"total__standard_error": -1.0}, r"total\.standard_error"),
        ({"legs": {"price floor": {}}}, r"legs\.price floor\.pv"),
        ({"deal": {}}, r"deal\.terms"),
        ({"measure": "both"}, "measure"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"sampling__method": "halton"}, r"sampling\.method"),
        ({"sampling__method": "sobol"}, "n_points must be"),
    ],
)
def test_damage_is_named(changed, change, said):
    with pytest.raises(ValueError, match=rf"changed\.json is a damaged golden file: .*{said}"):
        golden.check(changed(**change))


def test_unreadable_terms_are_refused_with_the_file(changed):
    def without_legs(deal):
        terms = {key: value for key, value in deal["terms"].items() if key != "legs"}
        return {**deal, "place": "held here", "terms": terms}

    with pytest.raises(ValueError, match=r"changed\.json: deal.*legs"):
        golden.check(changed(deal=without_legs))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.json: there is no such golden file"):
        golden.check(tmp_path / "none.json")
