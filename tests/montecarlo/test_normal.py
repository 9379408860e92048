"""The normal distribution function against 50 digits, its symmetry and its ends."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from montecarlo.normal import normal_cdf

mpmath.mp.dps = 50


@given(st.floats(-37.0, 37.0))
def test_against_fifty_digits(x):
    exact = mpmath.ncdf(mpmath.mpf(x))

    assert abs(mpmath.mpf(float(normal_cdf(x))) / exact - 1) < 2e-15


def test_against_fifty_digits_on_a_fine_grid():
    x = np.concatenate([np.linspace(-37.0, 9.0, 4001), np.linspace(-1e-3, 1e-3, 101)])
    exact = [mpmath.ncdf(mpmath.mpf(float(at))) for at in x]
    errors = [
        float(abs(mpmath.mpf(float(found)) / true - 1))
        for found, true in zip(normal_cdf(x), exact, strict=True)
    ]

    assert max(errors) < 1.5e-15


def test_agrees_with_scipy():
    x = np.random.default_rng(5).normal(scale=3.0, size=10_000)

    # In the tail scipy's is the one that is 1.5e-14 off.
    np.testing.assert_allclose(normal_cdf(x), ndtr(x), rtol=2e-14)


@given(st.floats(0.0, 50.0))
def test_both_sides_add_up_to_one(z):
    assert float(normal_cdf(z)) == 1.0 - float(normal_cdf(-z))


def test_never_falls():
    x = np.linspace(-38.0, 9.0, 20_001)

    assert np.all(np.diff(normal_cdf(x)) >= -1e-15 * normal_cdf(x[1:]))


@pytest.mark.parametrize(
    ("x", "value"),
    [(-math.inf, 0.0), (math.inf, 1.0), (0.0, 0.5), (-0.0, 0.5), (-40.0, 0.0), (1e300, 1.0)],
)
def test_at_the_ends(x, value):
    assert float(normal_cdf(x)) == value


def test_nan_and_shape():
    found = normal_cdf([[math.nan, 0.0]])

    assert found.shape == (1, 2)
    assert np.isnan(found[0, 0])
    assert found[0, 1] == 0.5
