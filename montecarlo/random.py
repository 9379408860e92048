r"""Counter-based random numbers: each is a pure function of (seed, path, step, factor).

One call of Philox4x32-10 (:mod:`montecarlo.philox`) under the 64-bit seed, for the counter (path
modulo 2**32, path over 2**32, step over 4, factor), gives two words of 64 bits, and each of these
two uniforms strictly between 0 and 1,

.. math::

    u = \frac{\lfloor w / 2^{24}\rfloor + \tfrac12}{2^{40}}, \qquad
    v = \frac{(w \bmod 2^{24}) + \tfrac12}{2^{24}},

from which come the normals of two steps of one factor (Box-Muller),

.. math:: z = \sqrt{-2\ln u}\,\sin 2\pi v, \qquad z' = -\sqrt{-2\ln u}\,\cos 2\pi v .

The first word serves steps :math:`4k` and :math:`4k + 1`, the second :math:`4k + 2` and
:math:`4k + 3`. So a number depends on nothing else: not on how many paths, steps or factors are
asked for, nor on blocks or threads; and since the arithmetic is that of :mod:`montecarlo.jit`, nor
on the machine. The 40 bits of the radius reach out to 7.54 standard deviations, which one normal
in twenty million million exceeds; the angle takes 2**24 equally spaced values, over which every
moment of a sine below the order 2**24 is exact.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.elementary import minus_two_log, sincos_half_turn
from montecarlo.jit import bits_of, float_of, kernel
from montecarlo.philox import (
    LOW,
    N_ROUNDS,
    SHIFT_WORD,
    WEYL_0,
    WEYL_1,
    key_of,
    philox_round,
    philox_words,
)

STEPS = 4
"""How many steps one call of the generator serves."""

_SHIFT_RADIUS = np.uint64(12)
_RADIUS_MANTISSA = np.uint64(0x000FFFFFFFFFF000)
_SHIFT_ANGLE = np.uint64(29)
_ANGLE_MANTISSA = np.uint64(0x000FFFFFE0000000)
_SHIFT_SIGN = np.uint64(40)
_SIGN = np.uint64(0x8000000000000000)
_ONE_TO_TWO = np.uint64(0x3FF0000000000000)
_OPEN_RADIUS = 1.0 - 2.0**-41
_MIDDLE_ANGLE = 1.5 - 2.0**-24
_ANGLES = np.uint64(0xFFFFFF)
_MAX_PATH = 2**63 - 1


@kernel
def radius_uniform(word: np.uint64) -> float:
    """Return the uniform of the upper 40 bits, an odd multiple of 2**-41."""
    return float_of(((word >> _SHIFT_RADIUS) & _RADIUS_MANTISSA) | _ONE_TO_TWO) - _OPEN_RADIUS


@kernel
def word_rows(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    quad: np.uint64,
    factor: np.uint64,
    u0: FloatArray,
    w0: FloatArray,
    u1: FloatArray,
    w1: FloatArray,
) -> None:
    """Write the radius uniforms of the two words, for consecutive paths, and the words themselves.

    The words are in the guise of doubles, moved and never calculated with. Two paths, half a row
    apart, go through the rounds side by side: one alone leaves the processor waiting for its
    multiplications.
    """
    n_paths = u0.shape[0]
    half = n_paths // 2
    for j in range(half):
        path = first_path + np.uint64(j)
        a0 = path & LOW
        a1 = path >> SHIFT_WORD
        a2 = quad
        a3 = factor
        path = path + np.uint64(half)
        b0 = path & LOW
        b1 = path >> SHIFT_WORD
        b2 = quad
        b3 = factor
        key_0 = key[0]
        key_1 = key[1]
        for _ in range(N_ROUNDS):
            a0, a1, a2, a3 = philox_round(a0, a1, a2, a3, key_0, key_1)
            b0, b1, b2, b3 = philox_round(b0, b1, b2, b3, key_0, key_1)
            key_0 = (key_0 + WEYL_0) & LOW
            key_1 = (key_1 + WEYL_1) & LOW
        word = (a0 << SHIFT_WORD) | (a1 & LOW)
        u0[j] = radius_uniform(word)
        w0[j] = float_of(word)
        word = (a2 << SHIFT_WORD) | (a3 & LOW)
        u1[j] = radius_uniform(word)
        w1[j] = float_of(word)
        word = (b0 << SHIFT_WORD) | (b1 & LOW)
        u0[j + half] = radius_uniform(word)
        w0[j + half] = float_of(word)
        word = (b2 << SHIFT_WORD) | (b3 & LOW)
        u1[j + half] = radius_uniform(word)
        w1[j + half] = float_of(word)
    for j in range(2 * half, n_paths):
        path = first_path + np.uint64(j)
        first, second = philox_words(path & LOW, path >> SHIFT_WORD, quad, factor, key[0], key[1])
        u0[j] = radius_uniform(first)
        w0[j] = float_of(first)
        u1[j] = radius_uniform(second)
        w1[j] = float_of(second)


@kernel
def _normals_in_place(u: FloatArray, w: FloatArray) -> None:
    r"""Turn a row of uniforms and a row of words into two rows of independent standard normals.

    With :math:`v = (n + \tfrac12 + r)/2`, n the top bit of the angle: sine and cosine of a full
    turn are cosine and minus sine of the half turn r, with the sign of n. The logarithm has a loop
    of its own: in one loop with the rest it is slower.
    """
    for j in range(u.shape[0]):
        u[j] = minus_two_log(u[j])
    for j in range(u.shape[0]):
        word = bits_of(w[j])
        r = float_of(((word << _SHIFT_ANGLE) & _ANGLE_MANTISSA) | _ONE_TO_TWO) - _MIDDLE_ANGLE
        sine, cosine = sincos_half_turn(r)
        sign = (word << _SHIFT_SIGN) & _SIGN
        radius = float_of(bits_of(math.sqrt(u[j])) ^ sign)
        u[j] = radius * cosine
        w[j] = radius * sine


@kernel
def normal_rows(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    quad: np.uint64,
    factor: np.uint64,
    z0: FloatArray,
    z1: FloatArray,
    z2: FloatArray,
    z3: FloatArray,
) -> None:
    """Write the normals of steps ``4 quad`` to ``4 quad + 3`` of one factor, a row each."""
    word_rows(key, first_path, quad, factor, z0, z1, z2, z3)
    _normals_in_place(z0, z1)
    _normals_in_place(z2, z3)


@kernel
def draw_rows(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    quad: np.uint64,
    factor: np.uint64,
    angles: npt.NDArray[np.uint32],
    rows: FloatArray,
    n: int,
) -> None:
    """Write :func:`normal_rows` into the first n columns of ``rows``; ``angles`` is not needed.

    Not by calling it: one function fewer to compile in every first run.
    """
    z0, z1, z2, z3 = rows[0, :n], rows[1, :n], rows[2, :n], rows[3, :n]
    word_rows(key, first_path, quad, factor, z0, z1, z2, z3)
    _normals_in_place(z0, z1)
    _normals_in_place(z2, z3)


@kernel
def _angle_uniforms(w: FloatArray) -> None:
    """Replace each word by its angle, an odd multiple of 2**-25."""
    for j in range(w.shape[0]):
        w[j] = (float(np.int64(bits_of(w[j]) & _ANGLES)) + 0.5) * 2.0**-24


@kernel
def _fill(
    key: npt.NDArray[np.uint64], first_path: np.uint64, is_normal: bool, out: FloatArray
) -> None:
    n_quads, n_factors, _, _ = out.shape
    for quad in range(n_quads):
        for factor in range(n_factors):
            z = out[quad, factor]
            if is_normal:
                normal_rows(
                    key, first_path, np.uint64(quad), np.uint64(factor), z[0], z[1], z[2], z[3]
                )
            else:
                word_rows(
                    key, first_path, np.uint64(quad), np.uint64(factor), z[0], z[1], z[2], z[3]
                )
                _angle_uniforms(z[1])
                _angle_uniforms(z[3])


def uniforms(
    *, seed: int, n_paths: int, n_steps: int, n_factors: int, first_path: int = 0
) -> FloatArray:
    """Return uniforms strictly between 0 and 1, those from which :func:`normals` are made.

    Even steps have the radius (40 bits), odd steps the angle (24 bits). The parameters, shape and
    errors are those of :func:`normals`.

    Examples
    --------
    >>> u = uniforms(seed=1, n_paths=1000, n_steps=2, n_factors=1)
    >>> bool(u.min() > 0.0), bool(u.max() < 1.0)
    (True, True)
    """
    return _numbers(seed, n_paths, n_steps, n_factors, first_path, is_normal=False)


def normals(
    *, seed: int, n_paths: int, n_steps: int, n_factors: int, first_path: int = 0
) -> FloatArray:
    """Return the independent standard normals of some paths, steps and factors.

    Parameters
    ----------
    seed
        An integer in ``[0, 2**64)``.
    n_paths, n_steps, n_factors
        How many of each, at least 1.
    first_path
        Absolute index of the first path.

    Returns
    -------
    ndarray, shape (n_steps, n_factors, n_paths)
        Entry ``[t, f, p]`` depends on ``(seed, first_path + p, t, f)`` only.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    Path 7 is path 7, however many are drawn:

    >>> many = normals(seed=42, n_paths=10, n_steps=3, n_factors=2)
    >>> one = normals(seed=42, n_paths=1, n_steps=3, n_factors=2, first_path=7)
    >>> bool((many[:, :, 7] == one[:, :, 0]).all())
    True
    """
    return _numbers(seed, n_paths, n_steps, n_factors, first_path, is_normal=True)


def _numbers(
    seed: int, n_paths: int, n_steps: int, n_factors: int, first_path: int, *, is_normal: bool
) -> FloatArray:
    key = key_of(seed)
    n_paths = checks.integer("n_paths", n_paths, 1)
    n_steps = checks.integer("n_steps", n_steps, 1)
    n_factors = checks.integer("n_factors", n_factors, 1)
    first_path = checks.integer("first_path", first_path, 0, _MAX_PATH - n_paths)
    n_quads = -(-n_steps // STEPS)
    out = np.empty((n_quads, n_factors, STEPS, n_paths))
    _fill(key, np.uint64(first_path), is_normal, out)
    by_step = out.transpose(0, 2, 1, 3).reshape(STEPS * n_quads, n_factors, n_paths)
    return np.ascontiguousarray(by_step[:n_steps])
