"""The product of a matrix with rows of paths: right, and summed in a fixed order."""

import numpy as np
import pytest

from montecarlo.jit import fma, python_source
from montecarlo.multiply import multiply_rows

RNG = np.random.default_rng(43)


def product(a, z):
    out = np.full((a.shape[0], z.shape[1]), np.nan)
    multiply_rows(a, z, out)
    return out


@pytest.mark.parametrize("n_rows", [1, 5, 6, 7, 12, 31])
@pytest.mark.parametrize("n_terms", [1, 2, 9, 32])
@pytest.mark.parametrize("n_paths", [1, 7, 8, 13, 16, 64])
def test_the_product_with_rows(n_rows, n_terms, n_paths):
    a = RNG.normal(size=(n_rows, n_terms))
    z = RNG.normal(size=(n_terms, n_paths))

    np.testing.assert_allclose(product(a, z), a @ z, rtol=0.0, atol=1e-14 * n_terms)


def test_the_product_is_summed_over_rising_terms():
    a = RNG.normal(size=(8, 11))
    z = RNG.normal(size=(11, 19))
    expected = np.zeros((8, 19))
    for i in range(8):
        for path in range(19):
            for k in range(11):
                expected[i, path] = fma(a[i, k], z[k, path], expected[i, path])

    np.testing.assert_array_equal(product(a, z), expected)


def test_paths_and_rows_do_not_see_each_other():
    a = RNG.normal(size=(23, 23))
    z = RNG.normal(size=(23, 45))
    whole = product(a, z)

    np.testing.assert_array_equal(
        product(a[3:10], np.ascontiguousarray(z[:, 5:26])), whole[3:10, 5:26]
    )


def test_not_a_number_and_infinity_stay_in_their_place():
    a, z = np.ones((7, 3)), np.ones((3, 17))
    a[2, 1], z[0, 4], z[1, 9] = np.nan, np.inf, np.nan
    expected = np.full((7, 17), 3.0)
    expected[:, 4] = np.inf
    expected[2], expected[:, 9] = np.nan, np.nan

    np.testing.assert_array_equal(product(a, z), expected)


def test_compiled_is_its_python_source():
    a = RNG.normal(size=(7, 6))
    z = RNG.normal(size=(6, 9))
    interpreted = np.empty((7, 9))
    python_source(multiply_rows)(a, z, interpreted)

    np.testing.assert_array_equal(product(a, z), interpreted)
