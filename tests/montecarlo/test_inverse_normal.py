"""The inverse normal against 40-digit arithmetic over the whole range of doubles."""

import math

import mpmath
import numpy as np
import pytest
from scipy.special import ndtri

from montecarlo import normal_quantiles
from montecarlo.inverse_normal import (
    inverse_normal,
    inverse_normals_in_place,
    open_uniforms_to_normals,
)
from montecarlo.jit import python_source

RNG = np.random.default_rng(23)
MP = mpmath.mp.clone()
MP.dps = 40
LARGEST = 1.0 - 2.0**-53

# Where the centre hands over to the tails, with neighbours on either side.
SEAMS = np.array([0.1, 0.9, 0.5, 2.0**-800])
SEAMS = np.concatenate([SEAMS, np.nextafter(SEAMS, 0.0), np.nextafter(SEAMS, 1.0)])
INSIDE = np.concatenate(
    [
        RNG.uniform(0.0, 1.0, 1500),
        0.5 + RNG.uniform(-1.0, 1.0, 300) * 10.0 ** -RNG.uniform(0.0, 16.0, 300),
        RNG.uniform(0.09, 0.11, 300),
        1.0 - 2.0 ** -RNG.uniform(1.0, 53.0, 500),
        2.0 ** -RNG.uniform(1.0, 799.0, 700),
        [LARGEST, 2.0**-53],
        SEAMS[SEAMS >= 2.0**-800],
    ]
)
INSIDE = INSIDE[(INSIDE > 0.0) & (INSIDE <= LARGEST)]
POINTS = np.concatenate(
    [
        INSIDE,
        10.0 ** -RNG.uniform(200.0, 323.0, 700),
        [5e-324, 1e-323, 2.0**-1022, np.nextafter(2.0**-1022, 0.0)],
        SEAMS,
    ]
)
POINTS = POINTS[(POINTS > 0.0) & (POINTS < 1.0)]


def exact(u, start):
    """Return the root of the distribution function by two steps of Newton's method."""
    q = MP.mpf(min(u, 1.0 - u))
    z = abs(MP.mpf(start))
    for _ in range(2):
        density = MP.exp(-z * z / 2) / MP.sqrt(2 * MP.pi)
        if z < 1:
            z -= (MP.erf(z / MP.sqrt(2)) / 2 - (MP.mpf(1) / 2 - q)) / density
        else:
            tail = MP.erfc(z / MP.sqrt(2)) / 2
            z -= tail * MP.log(q / tail) / density
    return z if u > 0.5 else -z


def test_it_is_the_root_of_the_distribution_function():
    for u, z in zip(POINTS.tolist(), normal_quantiles(POINTS).tolist(), strict=True):
        if u == 0.5:
            assert z == 0.0
        else:
            root = exact(u, z)
            assert abs((MP.mpf(z) - root) / root) < 1.2e-15


def test_it_agrees_with_another_implementation():
    z = normal_quantiles(POINTS)

    np.testing.assert_allclose(z, ndtri(POINTS), rtol=4e-15, atol=0.0)


def test_it_rises_across_the_seams():
    for seam in (0.1, 0.9):
        z = normal_quantiles(np.linspace(seam - 1e-12, seam + 1e-12, 2001))

        assert (np.diff(z) > 0.0).all()


def test_tails_are_opposite_where_one_less_u_is_exact():
    u = RNG.integers(1, 2**52, 4000) * 2.0**-53

    np.testing.assert_array_equal(normal_quantiles(u), -normal_quantiles(1.0 - u))


def test_ends_and_what_lies_outside():
    u = np.array([0.0, -0.0, 1.0, -5e-324, -1.0, np.nextafter(1.0, 2.0), 2.0, -np.inf, np.inf])
    expected = [-np.inf, -np.inf, np.inf] + 6 * [np.nan]

    np.testing.assert_array_equal(normal_quantiles(u), expected)
    assert math.isnan(inverse_normal(math.nan))
    assert inverse_normal(0.5) == 0.0


def test_shape_is_kept_and_the_argument_left_alone():
    u = RNG.uniform(0.0, 1.0, (3, 4, 5))[:, ::2]
    before = u.copy()

    assert normal_quantiles(u).shape == (3, 2, 5)
    assert normal_quantiles(0.25).shape == ()
    assert normal_quantiles([]).shape == (0,)
    np.testing.assert_array_equal(u, before)


@pytest.mark.parametrize("n", [1, 3, 4, 7, 37])
def test_no_point_of_a_row_sees_its_neighbours(n):
    u = POINTS[:n].copy()
    inverse_normals_in_place(u)

    np.testing.assert_array_equal(u, [inverse_normal(x) for x in POINTS[:n]])


def test_the_quick_way_gives_the_same_bits():
    row = INSIDE.copy()
    open_uniforms_to_normals(row)

    np.testing.assert_array_equal(row, normal_quantiles(INSIDE))


def test_compiled_is_its_python_source():
    for u in [*POINTS[::40].tolist(), 0.0, 1.0]:
        assert inverse_normal(u) == python_source(inverse_normal)(u)
