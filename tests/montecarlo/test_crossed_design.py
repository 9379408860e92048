"""The two parts of a variance, against a design whose parts are known."""

import math

import numpy as np
import pytest

from montecarlo.crossed_design import variance_components


def crossed(rng, n_draws, n_paths, *, draw=2.0, path=3.0, both=1.5, mean=7.0):
    """X = mean + a_m + b_p + c_mp, independent normals: the random model of the source."""
    a = draw * rng.normal(size=(n_draws, 1))
    b = path * rng.normal(size=(1, n_paths))
    return mean + a + b + both * rng.normal(size=(n_draws, n_paths))


@pytest.fixture(scope="module")
def repeated():
    rng = np.random.default_rng(2)
    return [variance_components(crossed(rng, 12, 60)) for _ in range(600)]


def spread(found, name):
    return np.std([getattr(one, name) for one in found], ddof=1)


def test_both_parts_have_no_bias(repeated):
    # between = 2^2, within = 3^2 + 1.5^2.
    for name, expected in (("between", 4.0), ("within", 11.25), ("mean", 7.0)):
        values = [getattr(one, name) for one in repeated]
        error = np.std(values, ddof=1) / math.sqrt(len(values))
        assert abs(np.mean(values) - expected) < 4.0 * error


def test_correction_of_independent_paths_would_be_too_large(repeated):
    # 1.5^2/60 is right; on independent paths it would be (3^2 + 1.5^2)/60.
    assert np.mean([one.correction for one in repeated]) == pytest.approx(2.25 / 60, rel=0.02)
    assert np.mean([one.independent_correction for one in repeated]) == pytest.approx(
        11.25 / 60, rel=0.02
    )


def test_without_parameters_that_move_anything_the_part_is_zero_on_average():
    rng = np.random.default_rng(8)
    found = [variance_components(crossed(rng, 10, 60, draw=0.0)) for _ in range(400)]
    values = [one.between for one in found]

    assert abs(np.mean(values)) < 4.0 * np.std(values, ddof=1) / math.sqrt(400)
    assert min(values) < 0.0
    assert math.isnan(found[0].deviation(min(values)))


@pytest.mark.parametrize("name", ["within", "between", "share", "mean"])
def test_stated_errors_are_those_seen(repeated, name):
    seen = spread(repeated, name)
    stated = math.sqrt(np.mean([getattr(one, f"{name}_error") ** 2 for one in repeated]))

    # The seen one is known within 3% (600 repetitions); the jackknife of a variance of 12 draws
    # errs upwards by up to a quarter and never far below.
    assert 0.93 * seen < stated < 1.35 * seen


def test_leaving_out_draws_by_sums_is_leaving_them_out():
    from montecarlo.crossed_design import _Sums

    samples = crossed(np.random.default_rng(3), 6, 50)
    quick = _Sums.of(samples).without_each_draw()
    plain = [_Sums.of(np.delete(samples, k, axis=0)).components() for k in range(6)]

    assert quick == pytest.approx(np.array(plain), rel=1e-10)


def test_parts_by_their_definition():
    samples = crossed(np.random.default_rng(4), 5, 44)
    found = variance_components(samples)
    centred = samples - samples.mean(axis=0) - samples.mean(axis=1)[:, None] + samples.mean()
    square = np.sum(centred**2) / (4 * 43)

    assert found.within == pytest.approx(np.var(samples, axis=1, ddof=1).mean())
    assert found.between == pytest.approx(np.var(samples.mean(axis=1), ddof=1) - square / 44)
    assert found.correction == pytest.approx(square / 44)
    assert found.total == found.within + found.between
    # The interaction is the variance less the mean covariance between draws.
    matrix = np.cov(samples)
    mean_covariance = (matrix.sum() - np.trace(matrix)) / 20
    assert square == pytest.approx(np.trace(matrix) / 5 - mean_covariance)


def test_large_amounts_lose_no_digits():
    samples = crossed(np.random.default_rng(5), 5, 44)
    found, moved = variance_components(samples), variance_components(samples + 1e9)

    # A sample of 1e9 is rounded to 1e-7.
    assert moved.between == pytest.approx(found.between, rel=1e-6)
    assert moved.correction == pytest.approx(found.correction, rel=1e-6)


def test_nothing_random_is_nothing():
    found = variance_components(np.full((3, 40), 5.0))

    assert (found.within, found.between, found.correction) == (0.0, 0.0, 0.0)
    assert math.isnan(found.share)


@pytest.mark.parametrize("shape", [(2, 100), (3, 39), (100,)])
def test_too_few_are_refused(shape):
    with pytest.raises(ValueError, match="at least 3 draws x 40 paths"):
        variance_components(np.ones(shape))


def test_a_sample_that_is_no_number_is_refused():
    samples = crossed(np.random.default_rng(4), 5, 44)
    samples[2, 7] = math.nan

    with pytest.raises(ValueError, match="samples must be finite"):
        variance_components(samples)
