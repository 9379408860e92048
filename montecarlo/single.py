r"""Normals and exponentials in 32-bit floats: twice as many to a vector, seven digits of each.

.. math::

    z = \sqrt{-2\ln u}\,\sin 2\pi v, \qquad z' = -\sqrt{-2\ln u}\,\cos 2\pi v

from the same words, and so the same uniforms, as :mod:`montecarlo.random`: :math:`u` is rounded to
32 bits, :math:`v` needs no rounding. The formulas are those of :mod:`montecarlo.elementary`, with
shorter polynomials (minimax by Remez exchange, rounded to single). Largest errors found against
40-digit arithmetic (see ``tests/montecarlo``): 2e-7 relative for exp and :func:`minus_two_log`,
3e-7 absolute for sine and cosine.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo.jit import bits_of, float_of, fma, kernel
from montecarlo.philox import LOW, N_ROUNDS, SHIFT_WORD, WEYL_0, WEYL_1, philox_round
from montecarlo.random import radius_uniform

SingleArray: TypeAlias = npt.NDArray[np.float32]
AngleArray: TypeAlias = npt.NDArray[np.uint32]

_F = np.float32
_ONE = _F(1.0)
_HALF_STEP = _F(2.0**-24)
_MIDDLE = _F(1.5)
_ROUNDER = _F(12582912.0 + 127.0)
_LOWEST = _F(-87.0)
_HIGHEST = _F(88.7)
_LOG2_E = _F(1.4426950408889634)
# Minus ln 2 in two parts; the first has zero bits at its end, so that its products are exact.
_LN2_HIGH = _F(-0.693145751953125)
_LN2_LOW = _F(-1.4286067653302e-06)
_E2, _E3, _E4, _E5, _E6 = (
    _F(0.5),
    _F(0.1666651964187622),
    _F(0.04166620969772339),
    _F(0.008368815295398235),
    _F(0.0013950292486697435),
)
_MINUS_TWO_LN2 = _F(-1.3862943611198906)
_M0 = _F(-4.0)
_M1, _M2, _M3 = (
    _F(-2.0 * 0.666667640209198),
    _F(-2.0 * 0.39978647232055664),
    _F(-2.0 * 0.298464834690094),
)
_S1, _S3, _S5, _S7, _S9 = (
    _F(3.141592502593994),
    _F(-5.1677069664001465),
    _F(2.5500316619873047),
    _F(-0.5980464816093445),
    _F(0.07722225785255432),
)
_C2, _C4, _C6, _C8, _C10 = (
    _F(-4.934802055358887),
    _F(4.058709621429443),
    _F(-1.3352166414260864),
    _F(0.23495638370513916),
    _F(-0.024424495175480843),
)
_SHIFT_EXPONENT = np.uint32(23)
_MANTISSA = np.uint32(0x007FFFFF)
_SQRT_HALF = np.uint32(0x3F3504F3)
_OFFSET = np.uint32(0x40000000 - 0x3F3504F3)
_TWO_TO_23 = np.uint32(0x4B000000)
_EXPONENT_OFFSET = _F(8388608.0 + 128.0)
_ONE_TO_TWO = np.uint32(0x3F800000)
_SHIFT_SIGN = np.uint32(8)
_SIGN = np.uint32(0x80000000)


@kernel
def exp(x: np.float32) -> np.float32:
    """Return ``e**x``, 2e-7 relative between -87 and 88.3; NaN passes through.

    It stays at its least value below, and is inf above 88.38.

    Examples
    --------
    >>> bool(abs(exp(np.float32(1.0)) - 2.7182817) < 1e-6)
    True
    """
    y = _LOWEST if x < _LOWEST else x
    y = _HIGHEST if y > _HIGHEST else y
    shifted = fma(y, _LOG2_E, _ROUNDER)
    n = shifted - _ROUNDER
    r = fma(n, _LN2_LOW, fma(n, _LN2_HIGH, y))
    s = r * r
    tail = fma(s, fma(s, _E6, fma(r, _E5, _E4)), fma(r, _E3, _E2))
    power = float_of(np.uint32(bits_of(shifted) << _SHIFT_EXPONENT))
    return (_ONE + fma(s, tail, r)) * power


@kernel
def minus_two_log(u: np.float32) -> np.float32:
    r"""Return :math:`-2\ln u` of a normal positive single, 2e-7 relative.

    Examples
    --------
    >>> bool(abs(minus_two_log(np.float32(0.5)) - 1.3862944) < 1e-6)
    True
    """
    bits = np.uint32(bits_of(u) + _OFFSET)
    e = float_of(np.uint32((bits >> _SHIFT_EXPONENT) | _TWO_TO_23)) - _EXPONENT_OFFSET
    m = float_of(np.uint32((bits & _MANTISSA) + _SQRT_HALF))
    s = (m - _ONE) / (m + _ONE)
    z = s * s
    tail = fma(z, fma(z, _M3, _M2), _M1)
    return fma(e, _MINUS_TWO_LN2, s * fma(z, tail, _M0))


@kernel
def sincos_half_turn(r: np.float32) -> tuple[np.float32, np.float32]:
    r"""Return :math:`\sin\pi r` and :math:`\cos\pi r` for ``-1/2 <= r <= 1/2``: 3e-7 absolute.

    Examples
    --------
    >>> sine, cosine = sincos_half_turn(np.float32(0.25))
    >>> bool(abs(sine - cosine) < 1e-6)
    True
    """
    s = r * r
    s2 = s * s
    sine = fma(s2, fma(s2, _S9, fma(s, _S7, _S5)), fma(s, _S3, _S1)) * r
    cosine = fma(s, fma(s2, fma(s2, _C10, fma(s, _C8, _C6)), fma(s, _C4, _C2)), _ONE)
    return sine, cosine


@kernel
def _word_rows(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    quad: np.uint64,
    factor: np.uint64,
    u0: SingleArray,
    v0: AngleArray,
    u1: SingleArray,
    v1: AngleArray,
) -> None:
    """Write the radius uniforms of the two words, rounded, and the low half of each word."""
    for j in range(u0.shape[0]):
        path = first_path + np.uint64(j)
        c0 = path & LOW
        c1 = path >> SHIFT_WORD
        c2 = quad
        c3 = factor
        key_0 = key[0]
        key_1 = key[1]
        for _ in range(N_ROUNDS):
            c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, key_0, key_1)
            key_0 = (key_0 + WEYL_0) & LOW
            key_1 = (key_1 + WEYL_1) & LOW
        u0[j] = _F(radius_uniform((c0 << SHIFT_WORD) | (c1 & LOW)))
        v0[j] = np.uint32(c1)
        u1[j] = _F(radius_uniform((c2 << SHIFT_WORD) | (c3 & LOW)))
        v1[j] = np.uint32(c3)


@kernel
def _normal_rows_of(u: SingleArray, v: AngleArray, out: SingleArray) -> None:
    """Turn radius uniforms in place, and angles into ``out``, into two rows of normals."""
    for j in range(u.shape[0]):
        u[j] = minus_two_log(u[j])
    for j in range(u.shape[0]):
        word = v[j]
        r = float_of(np.uint32((word & _MANTISSA) | _ONE_TO_TWO)) - _MIDDLE + _HALF_STEP
        sine, cosine = sincos_half_turn(r)
        sign = np.uint32((word << _SHIFT_SIGN) & _SIGN)
        radius = float_of(np.uint32(bits_of(np.sqrt(u[j])) ^ sign))
        u[j] = radius * cosine
        out[j] = radius * sine


@kernel
def draw_rows(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    quad: np.uint64,
    factor: np.uint64,
    angles: AngleArray,
    rows: SingleArray,
    n: int,
) -> None:
    """Write the normals of steps ``4 quad`` to ``4 quad + 3`` of one factor.

    ``rows`` is (4, n or more), ``angles`` room for two rows.
    """
    v0 = angles[0, :n]
    v1 = angles[1, :n]
    z0 = rows[0, :n]
    z2 = rows[2, :n]
    _word_rows(key, first_path, quad, factor, z0, v0, z2, v1)
    _normal_rows_of(z0, v0, rows[1, :n])
    _normal_rows_of(z2, v1, rows[3, :n])
