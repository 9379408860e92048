"""Elementary functions against 40-digit arithmetic, and at the ends of their range."""

import math

import mpmath
import numpy as np
import pytest

from montecarlo import portable
from montecarlo.elementary import (
    exp,
    exp_normal,
    log,
    minus_two_log,
    sincos_2pi,
    sincos_half_turn,
)
from montecarlo.jit import python_source

RNG = np.random.default_rng(11)
MP = mpmath.mp.clone()
MP.dps = 40

EXPONENTS = np.concatenate(
    [
        RNG.uniform(-5.0, 5.0, 1500),
        RNG.uniform(-707.9, 709.4, 1500),
        # Where the reduction changes its mind: odd multiples of half of ln 2.
        *[
            np.nextafter((k + 0.5) * math.log(2.0), d) + np.zeros(1)
            for k in range(-9, 9)
            for d in (-np.inf, np.inf)
        ],
        RNG.uniform(-1e-8, 1e-8, 200),
    ]
)
UNIFORMS = np.concatenate(
    [
        RNG.uniform(0.0, 1.0, 2000),
        2.0 ** -RNG.uniform(0.0, 53.0, 1000),
        1.0 - 2.0 ** -RNG.uniform(1.0, 53.0, 1000),
        np.nextafter(math.sqrt(0.5) * 2.0 ** -np.arange(9.0), 1.0),
        np.nextafter(math.sqrt(0.5) * 2.0 ** -np.arange(9.0), 0.0),
        np.arange(1, 16) / 16.0,
    ]
)


def worst_relative(function, exact, points):
    return max(
        abs((MP.mpf(float(function(x))) - exact(MP.mpf(float(x)))) / exact(MP.mpf(float(x))))
        for x in points
    )


def test_exp():
    assert worst_relative(exp, MP.exp, EXPONENTS) < 2.2e-16


def test_exp_normal():
    assert worst_relative(exp_normal, MP.exp, EXPONENTS) < 2.2e-16


def test_exp_where_it_is_subnormal():
    # Half a unit of 2**-1074 from the rounding of the result, and 2.2e-16 before it.
    for x in RNG.uniform(-745.1, -708.4, 2000):
        exact = MP.exp(MP.mpf(float(x)))
        assert abs(MP.mpf(exp(x)) - exact) <= MP.mpf(2) ** -1075 + exact * 2.2e-16


def test_log():
    # All binades, both sides of one, subnormals.
    points = np.concatenate(
        [
            2.0 ** RNG.uniform(-1074.0, 1023.9, 3000),
            UNIFORMS[UNIFORMS < 1.0],
            1.0 / UNIFORMS[UNIFORMS < 1.0],
            1.0 + RNG.uniform(-1e-12, 1e-12, 300),
            np.nextafter(1.0, [0.0, 2.0]),
            [5e-324, 2.2250738585072014e-308, 1.7976931348623157e308],
        ]
    )
    assert worst_relative(log, MP.log, points[points != 1.0]) < 2.2e-16
    assert log(1.0) == 0.0


@pytest.mark.parametrize(
    ("x", "expected"),
    [(0.0, -math.inf), (-0.0, -math.inf), (math.inf, math.inf)],
)
def test_log_at_its_ends(x, expected):
    assert log(x) == expected


@pytest.mark.parametrize("x", [-5e-324, -1.0, -math.inf, math.nan])
def test_log_below_zero(x):
    assert math.isnan(log(x))


def test_minus_two_log():
    inside = UNIFORMS[UNIFORMS < 1.0]
    assert worst_relative(minus_two_log, lambda u: -2 * MP.log(u), inside) < 4e-16


@pytest.mark.parametrize("u", [math.nan, math.inf, -math.inf])
def test_sine_and_cosine_of_no_number(u):
    assert all(math.isnan(value) for value in sincos_2pi(u))


def test_sine_and_cosine_of_a_half_turn():
    for r in np.concatenate([RNG.uniform(-0.5, 0.5, 2000), [-0.5, 0.5, 0.0, 5e-324, 1e-300]]):
        sine, cosine = sincos_half_turn(r)
        assert abs(MP.mpf(sine) - MP.sin(MP.pi * MP.mpf(float(r)))) < 6e-16
        assert abs(MP.mpf(cosine) - MP.cos(MP.pi * MP.mpf(float(r)))) < 6e-16


def test_sine_and_cosine():
    for u in UNIFORMS:
        sine, cosine = sincos_2pi(u)
        angle = 2 * MP.pi * MP.mpf(float(u))
        assert abs(MP.mpf(sine) - MP.sin(angle)) < 6e-16
        assert abs(MP.mpf(cosine) - MP.cos(angle)) < 6e-16


def test_portable_exp():
    assert worst_relative(portable.exp, MP.exp, EXPONENTS) < 4e-16


def test_portable_expm1():
    points = np.concatenate([EXPONENTS, RNG.uniform(-0.7, 0.7, 1000), [1e-300, -1e-17, 0.34]])
    assert worst_relative(portable.expm1, MP.expm1, points[points != 0.0]) < 1e-15


def test_portable_log():
    points = np.concatenate([UNIFORMS[UNIFORMS < 1.0], 1.0 / UNIFORMS[UNIFORMS < 1.0], [1e-308]])
    assert worst_relative(portable.log, MP.log, points) < 4e-16


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.0, 1.0),
        (-0.0, 1.0),
        (709.7827128933841, math.inf),
        (1e308, math.inf),
        (math.inf, math.inf),
        (-745.13321910194109, 5e-324),
        (-745.2, 0.0),
        (-1e308, 0.0),
        (-math.inf, 0.0),
    ],
)
def test_exp_at_its_ends(x, expected):
    assert exp(x) == expected


def test_exp_passes_nan():
    assert math.isnan(exp(math.nan))
    assert math.isnan(exp_normal(math.nan))


@pytest.mark.parametrize(
    ("x", "expected"), [(0.0, 1.0), (709.5, math.inf), (1e308, math.inf), (math.inf, math.inf)]
)
def test_exp_normal_above(x, expected):
    assert exp_normal(x) == expected


@pytest.mark.parametrize("x", [-708.5, -800.0, -math.inf])
def test_exp_normal_far_below(x):
    assert 0.0 < exp_normal(x) < 4e-308


def test_portable_functions_at_their_ends():
    np.testing.assert_array_equal(
        portable.exp([-np.inf, -746.0, 0.0, 709.8, np.inf]), [0.0, 0.0, 1.0, np.inf, np.inf]
    )
    assert np.isfinite(portable.exp(709.7))
    assert portable.exp(-744.0) > 0.0
    assert np.isnan(portable.exp(np.nan))
    assert np.isnan(portable.expm1(np.nan))
    np.testing.assert_array_equal(portable.expm1([0.0, np.inf, -np.inf]), [0.0, np.inf, -1.0])
    np.testing.assert_array_equal(portable.log([1.0, 1.0]), [0.0, 0.0])


def test_no_point_of_an_array_sees_its_neighbours():
    # The last entries of an array would differ if a remainder loop rounded in its own way.
    points = RNG.uniform(-9.0, 9.0, 37)
    for function in (portable.exp, portable.expm1):
        whole = function(points)
        np.testing.assert_array_equal(whole, [float(function(x)) for x in points])


@pytest.mark.parametrize("function", [exp, exp_normal, log, minus_two_log, sincos_2pi])
def test_compiled_is_its_python_source(function):
    for u in UNIFORMS[::20]:
        assert function(u) == python_source(function)(u)
