"""Valuations by every way of drawing paths: the same value, honest errors, what is said of it."""

import json
import math

import numpy as np
import pytest

import contracts
from benchmarks.ours.deals import deal, market
from contracts.defaults import ROUNDING_PATHS
from contracts.reports.terminal import print_valuation
from montecarlo import Sampling

N = 32 * 512


def value(**options):
    return contracts.value(deal(), market=market("W1"), **({"n_paths": N} | options))


@pytest.fixture(scope="module")
def plain():
    return value(control=False, seed=3)


@pytest.mark.parametrize("sampling", ["antithetic", "sobol", Sampling()])
@pytest.mark.parametrize("measure", ["pricing", "physical"])
def test_every_way_gives_the_value(sampling, measure):
    one = value(control=False, measure=measure, seed=3)
    other = value(control=False, measure=measure, sampling=sampling, seed=4)
    error = math.hypot(one.standard_error, other.standard_error)

    assert abs(one.pv - other.pv) < 4.0 * error
    assert other.samples.shape == (N,)
    # Legs and years tie out whatever the paths.
    assert sum(leg.pv for leg in other.legs) == pytest.approx(other.pv, rel=1e-12)


def test_pairs_and_points_gain(plain):
    # By the reference about 200 and 2,000 in variance.
    assert value(control=False, sampling="antithetic").standard_error < plain.standard_error / 9
    assert value(control=False, sampling="sobol").standard_error < plain.standard_error / 20


def test_one_normal_a_price_by_default(plain):
    assert plain.plan.sampling == Sampling(spot_only=True)
    assert plain.pv != value(control=False, seed=3, sampling=Sampling()).pv


@pytest.mark.parametrize("sampling", ["random", "antithetic", "sobol"])
def test_bits_do_not_depend_on_threads(sampling):
    one, other = (value(sampling=sampling, n_threads=n) for n in (1, 2))

    assert one.to_dict() == other.to_dict()
    np.testing.assert_array_equal(one.samples, other.samples)


@pytest.mark.parametrize("sampling", ["random", "antithetic"])
def test_replay_of_simulated_prices(sampling):
    drawn = Sampling(method=sampling, spot_only=True)
    prices = contracts.simulated_prices(
        deal(), market=market("W1"), n_paths=512, seed=5, sampling=drawn
    )
    replayed = value(prices=prices)
    simulated = value(n_paths=512, seed=5, control=False, sampling=drawn)

    np.testing.assert_array_equal(replayed.samples, simulated.samples)


def test_single_precision_says_what_it_moves():
    double = value(seed=3, control=False, n_paths=ROUNDING_PATHS)
    single = value(seed=3, control=False, n_paths=ROUNDING_PATHS, precision="single")

    # The same uniforms: the difference on the first paths is the difference of the two.
    assert single.rounding == pytest.approx(single.pv - double.pv, abs=1e-6)
    assert 0.0 < abs(single.rounding / double.pv) < 1e-6
    assert double.rounding is None
    assert single.to_dict()["rounding"] == single.rounding


@pytest.mark.parametrize(("n_paths", "compared"), [(1000, "1,000"), (10_000, "8,192")])
def test_the_report_says_on_how_many_paths(capsys, n_paths, compared):
    print_valuation(value(n_paths=n_paths, precision="single"))

    assert f"on the same {compared} paths" in " ".join(capsys.readouterr().out.split())


def test_wanted_standard_error():
    found = value(n_paths="auto", standard_error=50.0, control=False)

    assert found.standard_error <= 50.0
    assert found.search.trials[-1].n_paths == found.plan.n_paths
    assert found.search.trials[-1].method == found.plan.sampling.method
    again = value(n_paths=found.plan.n_paths, sampling=found.plan.sampling, control=False)
    assert (again.pv, again.standard_error) == (found.pv, found.standard_error)
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(text)["search"]["standard_error"] == 50.0


def test_exposure_after_a_search_has_the_usual_paths():
    found = contracts.value("nouveau-monde", n_paths="auto", standard_error=2e6)
    plain = contracts.value("nouveau-monde")

    assert found.plan.n_paths < plain.plan.n_paths
    assert found.exposure().equals(plain.exposure())


def test_exposure_draws_independent_paths():
    pairs = contracts.value("nouveau-monde", n_paths=2000, sampling="antithetic")
    plain = contracts.value("nouveau-monde", n_paths=2000)

    assert pairs.exposure().equals(plain.exposure())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_paths": "auto"}, "standard_error must be given with n_paths auto, got None"),
        ({"standard_error": 5.0}, "standard_error must be given with n_paths 'auto' only, got 5.0"),
        ({"n_paths": "many"}, "n_paths must be an integer of at least 1, got 'many'"),
        (
            {"n_paths": "auto", "standard_error": 1.0, "sampling": "sobol"},
            "sampling must be left to the search with n_paths auto, got 'sobol'",
        ),
        (
            {"n_paths": "auto", "standard_error": 1e-9, "control": False},
            r"standard_error must be reachable within max_paths \(50,000,000\); .* paths would be",
        ),
        ({"sampling": "halton"}, "sampling must be one of random, antithetic, sobol"),
        ({"precision": "half"}, "precision must be one of double, single"),
        ({"n_paths": 7, "sampling": "antithetic"}, "n_paths must be even with antithetic"),
        ({"n_paths": 100_000, "sampling": "sobol"}, "n_paths must be .*, got 100000"),
        (
            {"sampling": Sampling(), "precision": "single"},
            "precision must be said in the sampling given, got 'single'",
        ),
    ],
)
def test_bad_requests(options, message):
    with pytest.raises(ValueError, match=message):
        value(**options)


@pytest.mark.parametrize("name", ["lynas-jare", "nouveau-monde", "australia-cis-collar"])
def test_only_the_prices_are_in_single_precision(name):
    # Replayed, the same prices are in 64 bits from the start: all that follows must be too.
    single = Sampling(precision="single", spot_only=True)
    prices = contracts.simulated_prices(name, n_paths=512, seed=3, sampling=single)
    simulated = contracts.value(name, n_paths=512, seed=3, sampling=single, control=False)
    replayed = contracts.value(name, prices=prices, control=False)

    np.testing.assert_array_equal(simulated.samples, replayed.samples)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": "sobol"}, "sampling must be left out with supplied prices, got 'sobol'"),
        ({"sampling": "antithetic"}, "sampling must be left out with supplied prices"),
        ({"precision": "single"}, "precision must be left out with supplied prices"),
    ],
)
def test_supplied_prices_are_not_drawn(options, message):
    prices = contracts.simulated_prices(deal(), market=market("W1"), n_paths=100, seed=5)
    with pytest.raises(ValueError, match=message):
        value(prices=prices, **options)


def test_a_search_is_for_one_deal():
    with pytest.raises(
        ValueError, match="n_paths must be a number where deals are valued together, got 'auto'"
    ):
        contracts.value_together([deal()], market=market("W1"), n_paths="auto")
