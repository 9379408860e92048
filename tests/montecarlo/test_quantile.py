"""Quantiles and tail means: hand arithmetic, a normal sample, and bad input."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from montecarlo import expected_shortfall, quantile, quantile_standard_error, quantiles
from tests.montecarlo import adversarial
from tests.montecarlo.adversarial import properties

RNG = np.random.default_rng(21)


def test_quantiles_by_hand():
    # 5 samples: level 0.3 stands at rank 1 + 4 * 0.3 = 2.2, so 20 + 0.2 * (40 - 20).
    samples = [50.0, 10.0, 20.0, 90.0, 40.0]

    np.testing.assert_allclose(quantiles(samples, [0.0, 0.3, 1.0]), [10.0, 24.0, 90.0], rtol=1e-15)
    assert float(quantiles(samples, 0.5)) == 40.0


def test_quantiles_of_rows():
    samples = RNG.standard_normal((3, 101)) + np.array([[0.0], [10.0], [20.0]])
    levels = [0.05, 0.5, 0.95]
    result = quantiles(samples, levels)

    assert result.shape == (3, 3)
    for row, expected in zip(samples, result, strict=True):
        np.testing.assert_array_equal(np.quantile(row, levels), expected)


def test_expected_shortfall_by_hand():
    samples = [5.0, 1.0, 8.0, 2.0, 3.0, 13.0, 21.0, 34.0, 0.0, 55.0]

    # The worst 20% are 55 and 34; the worst 25% add half of 21.
    assert float(expected_shortfall(samples, 0.8)) == pytest.approx(44.5, rel=1e-15)
    assert float(expected_shortfall(samples, 0.75)) == pytest.approx((89.0 + 10.5) / 2.5)
    assert float(expected_shortfall(samples, 0.95)) == pytest.approx(55.0)
    assert float(expected_shortfall(samples, 0.0)) == pytest.approx(np.mean(samples))


def test_expected_shortfall_of_a_round_share_takes_whole_samples():
    # 100 * (1 - 0.95) is a little over 5 in doubles: the sixth sample must not come in.
    samples = np.arange(100.0)
    samples[:95] = -1e12

    assert float(expected_shortfall(samples, 0.95)) == 97.0


def test_expected_shortfall_of_normals():
    samples = RNG.standard_normal((2, 400_000))
    expected = stats.norm.pdf(stats.norm.ppf(0.95)) / 0.05

    assert expected_shortfall(samples, 0.95) == pytest.approx([expected] * 2, abs=0.01)


def test_expected_shortfall_is_at_least_the_quantile():
    samples = RNG.lognormal(size=(5, 1001))

    assert (expected_shortfall(samples, 0.9) >= quantiles(samples, 0.9)).all()


def test_samples_are_left_alone():
    samples = RNG.standard_normal(1000)
    before = samples.copy()
    quantiles(samples, [0.1])
    expected_shortfall(samples, 0.9)
    quantile_standard_error(samples, 0.9)

    np.testing.assert_array_equal(samples, before)


def test_standard_error_of_a_quantile():
    # Repeating the experiment gives the spread that one sample predicts.
    samples = RNG.standard_normal((2000, 2000))
    for level in (0.05, 0.5, 0.9):
        spread = quantiles(samples, level).std()
        predicted = quantile_standard_error(samples, level).mean()
        assert predicted == pytest.approx(spread, rel=0.08)


def test_too_few_samples_for_a_standard_error():
    assert np.isnan(quantile_standard_error([1.0, 2.0], 0.01))
    assert np.isnan(quantile_standard_error(np.arange(100.0), 1.0))


@pytest.mark.parametrize("level", [-0.1, 1.5, np.nan])
def test_bad_level(level):
    with pytest.raises(ValueError, match=r"levels? must be"):
        quantiles([1.0], level)
    with pytest.raises(ValueError, match="level must be"):
        expected_shortfall([1.0], level)


def test_level_one_has_no_tail():
    with pytest.raises(ValueError, match=r"level must be below 1, got 1.0"):
        expected_shortfall([1.0], 1.0)


@pytest.mark.parametrize("function", [expected_shortfall, quantiles, quantile_standard_error])
@pytest.mark.parametrize("samples", [[], 3.0, np.empty((2, 0))])
def test_no_samples(function, samples):
    with pytest.raises(ValueError, match="samples must have at least one path"):
        function(samples, 0.5)


@properties
@given(adversarial.rows(2), st.lists(st.floats(0.0, 1.0)))
def test_quantiles_are_those_of_numpy(samples, levels):
    with np.errstate(all="ignore"):
        distances = np.diff(np.sort(samples, axis=-1), axis=-1)
    assume(np.isfinite(distances).all())

    np.testing.assert_array_equal(
        quantiles(samples, levels), np.quantile(samples, levels, axis=-1).T
    )


@properties
@given(adversarial.arrays(), st.floats(0.0, 1.0, exclude_max=True))
def test_expected_shortfall_is_exact_and_rounded_once(values, level):
    n_tail = Fraction(round(values.size * (1.0 - level), 9) or values.size * (1.0 - level))
    ordered = [Fraction(value) for value in np.sort(values)[::-1].tolist()]
    whole = int(n_tail)
    total = sum(ordered[:whole], Fraction(0))
    if whole < len(ordered):
        total += (n_tail - whole) * ordered[whole]

    assert float(expected_shortfall(values, level)) == float(total / n_tail)


@pytest.mark.parametrize("name", adversarial.SAMPLES)
def test_samples_that_are_not_copied_give_the_same_bits(name, monkeypatch):
    samples = adversarial.SAMPLES[name]
    levels = [0.0, 0.003, 0.05, 0.3, 0.5, 0.95, 0.9999, 1.0]
    copied = [quantiles(samples, levels), *both(samples)]
    monkeypatch.setattr(quantile, "_COPIED", 0)
    monkeypatch.setattr(quantile, "_CHUNK", 700)

    for found, expected in zip([quantiles(samples, levels), *both(samples)], copied, strict=True):
        np.testing.assert_array_equal(found, expected)


def both(samples):
    return (
        [expected_shortfall(samples, level) for level in (0.0, 0.5, 0.95)],
        [quantile_standard_error(samples, level) for level in (0.5, 0.95)],
    )


@pytest.mark.parametrize("statistic", [quantiles, expected_shortfall, quantile_standard_error])
def test_many_samples_are_not_copied(statistic):
    n_paths = 1_000_000
    samples = RNG.normal(1e9, 1e8, n_paths)
    statistic(samples, 0.95)
    tracemalloc.start()
    statistic(samples, 0.95)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    # A copy would be 8 bytes a path; a sixteenth of the samples and as many counts are one.
    assert peak < 1.5 * n_paths


@pytest.mark.parametrize("n_paths", [5, 300_000])
def test_nan_among_the_samples_is_not_hidden(n_paths):
    samples = RNG.standard_normal((2, n_paths))
    samples[1, n_paths // 2] = np.nan

    assert np.isnan(quantiles(samples, [0.1, 0.9])).tolist() == [[False] * 2, [True] * 2]
    assert np.isnan(expected_shortfall(samples, 0.5)).tolist() == [False, True]
    assert np.isnan(quantile_standard_error(samples, 0.5)).tolist() == [False, True]


def test_infinite_samples_are_ends_of_their_own():
    samples = [-np.inf, 1.0, 2.0, np.inf]

    assert quantiles(samples, [0.0, 0.1, 0.5, 0.9, 1.0]).tolist() == [
        -np.inf, -np.inf, 1.5, np.inf, np.inf,
    ]  # fmt: skip


def test_no_zero_is_negative():
    assert not np.signbit(quantiles([-0.0, -0.0], [0.0, 0.5, 1.0])).any()


def test_a_distance_beyond_the_largest_double():
    assert quantiles([-1.5e308, 1.5e308], [0.25, 0.5, 0.75]).tolist() == [-7.5e307, 0.0, 7.5e307]


def test_rows_of_a_view():
    samples = RNG.standard_normal((3, 400))
    view = samples[:, ::4]

    np.testing.assert_array_equal(quantiles(view, 0.3), np.quantile(view, 0.3, axis=-1))
    np.testing.assert_array_equal(
        expected_shortfall(view, 0.9), expected_shortfall(view.copy(), 0.9)
    )
