import json

import pytest

import contracts
from contracts.golden import record

pytest_plugins = ["pytester"]

SUITE = """
    import contracts

    def test_floor(offtake_golden):
        valuation = contracts.value("lynas-jare", n_paths=256, seed={seed})
        {call}
"""
CALL = 'offtake_golden(valuation, "goldens/floor.json")'
OPTION = "--offtake-golden-record"


@pytest.fixture(scope="module", autouse=True)
def golden_text(tmp_path_factory):
    """Record a golden in this process.

    An inner run forgets the modules that it was first to import, and the compiler cannot be
    imported twice in one process; so this comes before the first.
    """
    valuation = contracts.value("lynas-jare", n_paths=256, seed=3)
    return record(valuation, tmp_path_factory.mktemp("golden") / "floor.json").read_text()


@pytest.fixture
def write(pytester, golden_text):
    """Write a test that values with a seed and, if asked, its golden, which was made with 3."""

    def write(seed=3, call=CALL, golden=golden_text):
        pytester.makepyfile(SUITE.format(seed=seed, call=call))
        if golden is not None:
            pytester.mkdir("goldens").joinpath("floor.json").write_text(golden)
        return pytester.path / "goldens" / "floor.json"

    return write


def test_missing_golden_fails_with_the_remedy(pytester, write):
    write(golden=None)

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*floor.json does not exist; pytest {OPTION} writes it"])


def test_result_is_returned(pytester, write):
    write(call=f"assert {CALL}.is_bit_equal")

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*goldens are recorded*")


def test_changed_input_fails_and_is_named(pytester, write):
    write(seed=4)

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*inputs are not those recorded*", "*seed: was 3, is 4*"])


def test_changed_value_fails_and_is_named(pytester, write, golden_text):
    content = json.loads(golden_text)
    content["legs"]["price floor"]["pv"] += 1.0
    write(golden=json.dumps(content))

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*not bit-equal*price floor: pv was*"])


@pytest.mark.parametrize("is_new", [True, False])
def test_recording_writes_or_replaces(pytester, write, golden_text, is_new):
    file = write(golden=None if is_new else golden_text.replace('"seed": 3', '"seed": 4'))

    result = pytester.runpytest_inprocess(OPTION)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"offtake: goldens are recorded ({OPTION})"])
    assert file.read_text() == golden_text


def test_path_is_relative_to_the_test_file(pytester, golden_text):
    folder = pytester.mkdir("deeper")
    folder.joinpath("goldens").mkdir()
    folder.joinpath("goldens", "floor.json").write_text(golden_text)
    text = SUITE.format(seed=3, call=CALL).replace("\n    ", "\n")
    folder.joinpath("test_deeper.py").write_text(text)

    pytester.runpytest_inprocess().assert_outcomes(passed=1)
