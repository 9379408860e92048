"""Mean and variance: hand arithmetic, hard cases, and no bit that depends on how it was cut."""

from fractions import Fraction

import numpy as np
import pytest

from montecarlo import Moments, granule_moments

RNG = np.random.default_rng(8)


def moments_of(samples, cuts):
    """Moments of samples taken in pieces of whole granules, ``cuts`` granules at a time."""
    n_paths = samples.shape[1]
    moments = Moments(samples.shape[0])
    for first in range(0, n_paths, 256 * cuts):
        piece = samples[:, first : first + 256 * cuts]
        moments.update(granule_moments(piece, first_path=first, n_paths=piece.shape[1]))
    return moments


def exact(row):
    values = [Fraction(float(x)) for x in row]
    mean = sum(values) / len(values)
    return mean, sum((x - mean) ** 2 for x in values) / (len(values) - 1)


def test_by_hand():
    # 2, 4 and 9: mean 5, squares 9 + 1 + 16 = 26, variance 13. The fourth column is surplus.
    moments = Moments(1)
    moments.update(granule_moments(np.array([[2.0, 4.0, 9.0, 77.0]]), first_path=0, n_paths=3))

    assert moments.n_paths == 3
    assert moments.mean() == [5.0]
    assert moments.variance() == [13.0]


@pytest.mark.parametrize("n_paths", [2, 255, 256, 257, 512, 1700])
def test_against_exact_fractions(n_paths):
    samples = RNG.lognormal(size=(2, n_paths)) * [[1.0], [-30.0]]
    moments = moments_of(samples, 3)

    for row, mean, variance in zip(samples, moments.mean(), moments.variance(), strict=True):
        exact_mean, exact_variance = exact(row)
        assert mean == pytest.approx(float(exact_mean), rel=1e-15)
        assert variance == pytest.approx(float(exact_variance), rel=1e-14)


def test_large_mean_small_deviation():
    # The sum of squares would lose every digit: 1e18 against 1e2.
    samples = 1e9 + 10.0 * RNG.standard_normal((1, 20_000))
    moments = moments_of(samples, 4)
    exact_mean, exact_variance = exact(samples[0])

    assert moments.mean()[0] == pytest.approx(float(exact_mean), rel=1e-15)
    assert moments.variance()[0] == pytest.approx(float(exact_variance), rel=1e-10)
    assert moments.variance()[0] == pytest.approx(100.0, rel=0.04)


@pytest.mark.parametrize("n_paths", [1, 256, 257, 7 * 256, 8 * 256, 8 * 256 + 1, 20_000])
def test_cuts_change_no_bit(n_paths):
    samples = RNG.lognormal(size=(3, n_paths))
    first = moments_of(samples, 1)

    for cuts in (2, 3, 4, 7, 1000):
        other = moments_of(samples, cuts)
        np.testing.assert_array_equal(first.mean(), other.mean())
        np.testing.assert_array_equal(first.variance(), other.variance())


def test_constant_samples_have_no_variance():
    moments = moments_of(np.full((1, 3000), 0.1), 2)

    assert moments.mean() == [0.1]
    assert moments.variance() == [0.0]


def test_order_of_outputs_is_kept():
    samples = np.arange(5.0)[:, None] + np.zeros((5, 300))

    np.testing.assert_array_equal(moments_of(samples, 1).mean(), np.arange(5.0))


def test_outputs_do_not_see_each_other():
    samples = RNG.standard_normal((4, 1000))
    together = moments_of(samples, 2).mean()

    for output in range(4):
        assert moments_of(samples[output : output + 1], 2).mean()[0] == together[output]


def test_nan_is_seen_and_not_spread():
    samples = RNG.standard_normal((2, 600))
    samples[1, 300] = np.nan
    moments = moments_of(samples, 1)

    assert np.isfinite(moments.mean()[0])
    assert np.isnan(moments.mean()[1])
    assert np.isnan(moments.variance()[1])


def test_nothing_and_one():
    moments = Moments(1)
    assert moments.n_paths == 0
    assert np.isnan(moments.mean()).all()

    moments.update(granule_moments(np.array([[3.0]]), first_path=0, n_paths=1))
    assert moments.mean() == [3.0]
    assert np.isnan(moments.variance()).all()


def test_granules_out_of_turn():
    moments = Moments(1)
    granules = granule_moments(np.ones((1, 256)), first_path=256, n_paths=256)
    with pytest.raises(ValueError, match="the next granule must be 0, got 1"):
        moments.update(granules)

    moments.update(granule_moments(np.ones((1, 10)), first_path=0, n_paths=10))
    with pytest.raises(ValueError, match="only the last granule may hold fewer than 256"):
        moments.update(granules)


def test_first_path_within_a_granule():
    with pytest.raises(ValueError, match="first_path must be a multiple of 256, got 100"):
        granule_moments(np.ones((1, 10)), first_path=100, n_paths=10)


def test_memory_does_not_grow_with_paths():
    moments = Moments(1)
    size = moments._mean.nbytes
    for granule in range(2000):
        moments.update(granule_moments(np.ones((1, 256)), first_path=256 * granule, n_paths=256))

    assert moments._mean.nbytes == size
    assert moments.n_paths == 512_000
