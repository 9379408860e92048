"""Stopping at a wanted standard error: what is tried, what is taken, when it stops."""

import itertools
import math

import numpy as np
import pytest

from contracts.accuracy import (
    LEAST_PATHS,
    PILOT_PATHS,
    RANDOMISATIONS,
    Search,
    Trial,
    sampling_of,
    search,
)


class Laboratory:
    """Standard errors by law, and a record of every call."""

    def __init__(self, deviation, rate=None, refused=()):
        self.deviation = deviation
        self.rate = rate or {}
        self.refused = refused
        self.calls = []

    def __call__(self, method, n_paths, seed):
        self.calls.append((method, n_paths, seed))
        if method in self.refused:
            message = f"sampling must not be {method} here"
            raise ValueError(message)
        return self.deviation[method] / n_paths ** self.rate.get(method, 0.5)


def test_the_quickest_way_is_taken():
    lab = Laboratory({"random": 1000.0, "antithetic": 900.0, "sobol": 1000.0})
    found = search(lab, 1.0, seed=5)
    last = found.trials[-1]

    # 1.1 * 900**2 at 0.8 of the cost beats 1.1 * 1000**2, and Sobol at the same rate costs twice.
    assert (last.stage, last.method) == ("run", "antithetic")
    assert last.n_paths == math.ceil(1.1 * 900**2 / 1024) * 1024
    assert last.standard_error <= 1.0
    assert lab.calls[-1] == ("antithetic", last.n_paths, 5)


def test_cost_counts():
    # Antithetic needs 1.2 times the paths at 0.8 of the cost: 0.96 of the work.
    lab = Laboratory({"random": 1000.0, "antithetic": 1000.0 * math.sqrt(1.2)})
    methods = ["random", "antithetic"]
    assert search(lab, 1.0, seed=1, methods=methods).trials[-1].method == "antithetic"
    # With 1.3 times the paths it is 1.04 of it.
    lab = Laboratory({"random": 1000.0, "antithetic": 1000.0 * math.sqrt(1.3)})
    assert search(lab, 1.0, seed=1, methods=methods).trials[-1].method == "random"


def test_sobol_is_taken_at_a_rate_that_is_not_trusted_beyond_its_limit():
    # Errors of 9,900 / n are 0.302 at the second pilot's 32,768 paths. At a rate of 0.8 they would
    # want (1.1**0.5 * 30.2)**1.25 = 75.2 times as many for 0.01: 2.46 million, so 2**17 points.
    # Plain paths want 1.1e8, at half the cost.
    lab = Laboratory({"random": 100.0, "sobol": 9.9e3}, rate={"sobol": 1.0})
    found = search(lab, 0.01, seed=1, methods=["random", "sobol"])
    last = found.trials[-1]

    assert last.method == "sobol"
    assert last.n_paths == RANDOMISATIONS * 2**17
    assert [t.n_paths for t in found.trials if t.method == "sobol"][:2] == [8192, 32768]


def test_pilots_have_another_seed():
    lab = Laboratory({"random": 10.0})
    search(lab, 0.01, seed=77, methods=["random"])

    assert lab.calls[0][:2] == ("random", PILOT_PATHS)
    assert lab.calls[0][2] != 77
    assert 0 <= lab.calls[0][2] < 2**64


def test_a_run_that_misses_is_repeated_with_more_paths():
    class Optimist(Laboratory):
        # The pilot sees a tenth of the deviation.
        def __call__(self, method, n_paths, seed):
            error = super().__call__(method, n_paths, seed)
            return error / 10.0 if n_paths == PILOT_PATHS else error

    lab = Optimist({"random": 1000.0})
    found = search(lab, 1.0, seed=1, methods=["random"])
    runs = [t for t in found.trials if t.stage == "run"]

    assert len(runs) > 1
    assert runs[-1].standard_error <= 1.0 < runs[-2].standard_error
    assert all(later.n_paths > run.n_paths for run, later in itertools.pairwise(runs))


def test_a_method_that_does_not_apply_is_named():
    lab = Laboratory({"random": 10.0, "antithetic": 1.0, "sobol": 1.0}, refused=("sobol",))
    found = search(lab, 0.01, seed=1)

    assert found.trials[-1].method == "antithetic"
    assert [t.reason for t in found.trials if t.reason] == ["sampling must not be sobol here"]
    assert "sobol does not apply" in str(found)


def test_nothing_applies():
    lab = Laboratory({}, refused=("random", "antithetic", "sobol"))
    with pytest.raises(ValueError, match="no way of drawing paths applies: sampling must not"):
        search(lab, 1.0, seed=1)


def test_too_much_is_refused_before_it_starts():
    lab = Laboratory({"random": 1e6})
    with pytest.raises(
        ValueError,
        match=r"standard_error must be reachable within max_paths \(1,000,000\); .* random paths "
        r"would be needed, got 1.0",
    ):
        search(lab, 1.0, seed=1, methods=["random"], max_paths=1_000_000)
    assert len(lab.calls) == 1


def test_an_exact_value_takes_the_least():
    lab = Laboratory({"random": 0.0, "antithetic": 0.0, "sobol": 0.0})
    found = search(lab, 1e-9, seed=1)

    assert found.trials[-1].standard_error == 0.0
    assert found.trials[-1].n_paths == LEAST_PATHS


@pytest.mark.parametrize("wanted", [5e-324, 1e-300, 1e-100, 1e-9])
def test_an_absurd_error_is_refused_before_it_starts(wanted):
    lab = Laboratory(dict.fromkeys(("random", "antithetic", "sobol"), 1e6))
    with pytest.raises(ValueError, match=r"max_paths \(50,000,000\); more than 1,0[0,]* .* paths"):
        search(lab, wanted, seed=1)
    assert [seed for _, _, seed in lab.calls if seed == 1] == []


def test_a_first_pilot_without_error_says_nothing_of_the_rate():
    # As for a floor so far away that the first few paths never meet it.
    class Rare(Laboratory):
        def __call__(self, method, n_paths, seed):
            error = super().__call__(method, n_paths, seed)
            return 0.0 if n_paths <= RANDOMISATIONS * 256 else error

    found = search(Rare({"sobol": 100.0}), 0.1, seed=1, methods=["sobol"])
    assert found.trials[1].expected_paths == math.ceil(1.1 * 100.0**2 / 0.1**2)


def test_a_pilot_without_a_standard_error_is_left_out():
    lab = Laboratory({"random": 1.0, "antithetic": math.nan})
    found = search(lab, 1.0, seed=1, methods=["antithetic", "random"])

    assert found.trials[-1].method == "random"
    assert found.trials[0].reason == "the pilot has no standard error"


def test_a_run_without_a_standard_error_is_refused():
    class Broken(Laboratory):
        def __call__(self, method, n_paths, seed):
            return math.nan if seed == 1 else super().__call__(method, n_paths, seed)

    with pytest.raises(ValueError, match="standard_error must be a number for the run, got nan"):
        search(Broken({"random": 1.0}), 1.0, seed=1, methods=["random"])


def test_a_fault_of_the_call_is_not_put_on_the_methods():
    def faulty(method, n_paths, seed):
        message = "perspective must be one of offtaker, producer, got 'nobody'"
        raise ValueError(message)

    with pytest.raises(ValueError, match=r"^perspective must be one of"):
        search(faulty, 1.0, seed=1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_paths": 0}, "max_paths must be an integer of at least 1, got 0"),
        ({"max_paths": "x"}, "max_paths must be an integer of at least 1, got 'x'"),
        ({"max_paths": None}, "max_paths must be an integer of at least 1, got None"),
        ({"seed": -1}, "seed must be an integer in .*, got -1$"),
        ({"seed": "1"}, "seed must be an integer in .*, got '1'$"),
    ],
)
def test_bad_numbers(given, message):
    with pytest.raises(ValueError, match=message):
        search(Laboratory({"random": 1.0}), 1.0, **{"seed": 1, **given})


def test_a_number_of_any_kind():
    lab = Laboratory({"random": 1.0})
    for wanted in (np.float32(0.5), np.int64(1), 1):
        assert search(lab, wanted, seed=1, methods=["random"]).standard_error == float(wanted)


@pytest.mark.parametrize("wanted", [0.0, -1.0, math.nan, math.inf, "much", True])
def test_bad_standard_error(wanted):
    with pytest.raises(ValueError, match="standard_error must be a number above zero, got"):
        search(Laboratory({"random": 1.0}), wanted, seed=1)


def test_sampling_of_a_number_of_paths():
    assert sampling_of("sobol", 32 * 512).n_points == 512
    assert sampling_of("antithetic", 1024).method == "antithetic"
    assert sampling_of("random", 1024).spot_only
    with pytest.raises(ValueError, match=r"n_paths must be 32 .* the nearest are 8192 and 16384"):
        sampling_of("sobol", 10_000)


def test_text():
    found = Search(2.0, (Trial("run", "sobol", 8192, 1.25),))
    assert str(found) == "standard error 1.25 (wanted 2) from 8,192 Sobol paths"
