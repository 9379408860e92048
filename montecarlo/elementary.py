r"""Exponential, logarithm, sine and cosine for kernels: vectorised, and the same bits everywhere.

The C library's functions are scalar calls inside a kernel (ten times slower), and differ between
machines in the last bit. These use IEEE operations only, so that every machine gives the same
result.

.. math::

    e^x = 2^n e^r, \qquad |r| \le \tfrac12\ln 2
    \qquad\qquad
    \ln x = e\ln 2 + 2s + s^3 p(s^2), \qquad s = \frac{m - 1}{m + 1},
    \quad \sqrt{\tfrac12} \le m < \sqrt2

and, with the half turn :math:`n` nearest to :math:`2u`,

.. math::

    \sin 2\pi u = (-1)^n\sin\pi r, \qquad \cos 2\pi u = (-1)^n\cos\pi r,
    \qquad r = 2u - n, \qquad |r| \le \tfrac12 .

Polynomials are evaluated as trees rather than as chains: a chain leaves the processor waiting for
each multiplication. The coefficients are those of :mod:`montecarlo.portable`. Largest errors
found against 40-digit arithmetic (see ``tests/montecarlo``): 2.2e-16 relative for exp and log over
all doubles, 4e-16 relative for :func:`minus_two_log`, 6e-16 absolute for sine and cosine.

:func:`exp` and :func:`log` take any double. :func:`exp_normal` and :func:`minus_two_log` are the
cheaper ones for the inside of a simulation, with a stated domain.
"""

from __future__ import annotations

import math

import numpy as np

from montecarlo.jit import bits_of, float_of, fma, kernel
from montecarlo.portable import COSINE, EXP_TAIL, LN2_HIGH, LN2_LOW, LOG2_E, LOG_ODD, SINE

# Adding 1.5 * 2**52 rounds to an integer, which is then in the low bits of the sum.
_ROUNDER = 6755399441055744.0
# The same, with the bias of an exponent in the low bits: they are then those of a power of two.
_BIASED_ROUNDER = _ROUNDER + 1023.0
# With two biases: they are then the sum of the bits of two powers of two.
_TWICE_BIASED_ROUNDER = _ROUNDER + 2046.0
_NORMAL_LOWEST = -708.0
_NORMAL_HIGHEST = 710.0
_LOWEST = -746.0
_HIGHEST = 709.782712893384
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11 = EXP_TAIL
_MINUS_TWO_LN2 = -2.0 * 0.6931471805599453
_L1, _L2, _L3, _L4, _L5, _L6, _L7 = LOG_ODD
_M1, _M2, _M3, _M4, _M5, _M6, _M7 = (-2.0 * c for c in LOG_ODD)
_S1, _S3, _S5, _S7, _S9, _S11, _S13, _S15 = SINE
_C2, _C4, _C6, _C8, _C10, _C12, _C14, _C16 = COSINE

_ONE = np.uint64(1)
_SHIFT_EXPONENT = np.uint64(52)
_SHIFT_SIGN = np.uint64(63)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_TWO_TO_52 = np.uint64(0x4330000000000000)
_SQRT_HALF = np.uint64(0x3FE6A09E667F3BCD)
# An exponent of 1024 less the bits of the square root of a half: no sum below goes out of range.
_OFFSET = np.uint64(0x4000000000000000 - 0x3FE6A09E667F3BCD)
_EXPONENT_OFFSET = 4503599627370496.0 + 1024.0
_SMALLEST_NORMAL = 2.2250738585072014e-308
_TWO_TO_54 = 18014398509481984.0


@kernel
def _exp_reduced(y: float, n: float) -> float:
    """Return ``e**(y - n ln 2)``, the remainder being at most half of ln 2."""
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, y))
    s = r * r
    s2 = s * s
    low = fma(s, fma(r, _E5, _E4), fma(r, _E3, _E2))
    high = fma(s, fma(r, _E9, _E8), fma(r, _E7, _E6))
    tail = fma(s2, fma(s2, fma(r, _E11, _E10), high), low)
    return 1.0 + fma(s, tail, r)


@kernel
def exp(x: float) -> float:
    """Return ``e**x``: 2.2e-16 relative, half a unit in the last place more where subnormal.

    Zero below -745.13, inf above 709.78; NaN passes through.

    Examples
    --------
    >>> exp(0.0), round(exp(1.0), 14), exp(800.0), exp(-800.0), exp(-745.0)
    (1.0, 2.71828182845905, inf, 0.0, 5e-324)
    """
    y = _LOWEST if x < _LOWEST else x
    y = _NORMAL_HIGHEST if y > _NORMAL_HIGHEST else y
    shifted = fma(y, LOG2_E, _TWICE_BIASED_ROUNDER)
    # Two powers of two: neither leaves the range of a double where their product may.
    bits = bits_of(shifted)
    half = bits >> _ONE
    first = float_of(half << _SHIFT_EXPONENT)
    second = float_of((bits - half) << _SHIFT_EXPONENT)
    value = _exp_reduced(y, shifted - _TWICE_BIASED_ROUNDER) * first * second
    return math.inf if x > _HIGHEST else value


@kernel
def exp_normal(x: float) -> float:
    """Return ``e**x``, 2.2e-16 relative between -708 and 709.4; NaN passes through.

    Below -708 it stays at ``e**-708``, which is 3e-308; above 709.4 it is inf.

    Examples
    --------
    >>> exp_normal(0.0), round(exp_normal(1.0), 14), exp_normal(800.0)
    (1.0, 2.71828182845905, inf)
    """
    y = _NORMAL_LOWEST if x < _NORMAL_LOWEST else x
    y = _NORMAL_HIGHEST if y > _NORMAL_HIGHEST else y
    shifted = fma(y, LOG2_E, _BIASED_ROUNDER)
    power = float_of(bits_of(shifted) << _SHIFT_EXPONENT)
    return _exp_reduced(y, shifted - _BIASED_ROUNDER) * power


@kernel
def log(x: float) -> float:
    """Return the natural logarithm, 2.2e-16 relative, of any double.

    Minus inf at zero, NaN below; inf and NaN pass through.

    Examples
    --------
    >>> log(1.0), round(log(10.0), 14), log(0.0), log(5e-324)
    (0.0, 2.30258509299405, -inf, -744.4400719213812)
    """
    is_small = x < _SMALLEST_NORMAL
    y = x * _TWO_TO_54 if is_small else x
    bits = bits_of(y) + _OFFSET
    e = float_of((bits >> _SHIFT_EXPONENT) | _TWO_TO_52) - _EXPONENT_OFFSET
    e = e - 54.0 if is_small else e
    f = float_of((bits & _MANTISSA) + _SQRT_HALF) - 1.0
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    tail = fma(z2 * z2, fma(z2, _L7, fma(z, _L6, _L5)), fma(z2, fma(z, _L4, _L3), fma(z, _L2, _L1)))
    half = 0.5 * f * f
    value = fma(e, LN2_HIGH, f - (half - fma(s, fma(z, tail, half), e * LN2_LOW)))
    value = x if x == math.inf else value
    value = -math.inf if x == 0.0 else value
    return value if x >= 0.0 else math.nan


@kernel
def minus_two_log(u: float) -> float:
    r"""Return :math:`-2\ln u` of a normal positive double: 4e-16 relative.

    Its square root is the radius of two independent normals. Zero, negative and subnormal
    arguments are outside its domain: uniforms are none of these.

    Examples
    --------
    >>> minus_two_log(0.5), minus_two_log(0.25)
    (1.3862943611198906, 2.772588722239781)
    """
    bits = bits_of(u) + _OFFSET
    e = float_of((bits >> _SHIFT_EXPONENT) | _TWO_TO_52) - _EXPONENT_OFFSET
    m = float_of((bits & _MANTISSA) + _SQRT_HALF)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    z2 = z * z
    tail = fma(z2 * z2, fma(z2, _M7, fma(z, _M6, _M5)), fma(z2, fma(z, _M4, _M3), fma(z, _M2, _M1)))
    return fma(e, _MINUS_TWO_LN2, s * fma(z, tail, -4.0))


@kernel
def sincos_half_turn(r: float) -> tuple[float, float]:
    r"""Return :math:`\sin\pi r` and :math:`\cos\pi r` for ``-1/2 <= r <= 1/2``: 6e-16 absolute.

    Examples
    --------
    >>> sine, cosine = sincos_half_turn(0.25)
    >>> round(sine, 14), round(cosine, 14)
    (0.70710678118655, 0.70710678118655)
    """
    s = r * r
    s2 = s * s
    s4 = s2 * s2
    low = fma(s2, fma(s, _S7, _S5), fma(s, _S3, _S1))
    high = fma(s2, fma(s, _S15, _S13), fma(s, _S11, _S9))
    sine = fma(s4, high, low) * r
    low = fma(s2, fma(s, _C8, _C6), fma(s, _C4, _C2))
    high = fma(s2, fma(s, _C16, _C14), fma(s, _C12, _C10))
    cosine = fma(s, fma(s4, high, low), 1.0)
    return sine, cosine


@kernel
def sincos_2pi(u: float) -> tuple[float, float]:
    r"""Return :math:`\sin 2\pi u` and :math:`\cos 2\pi u`: 6e-16 absolute while ``|u| < 2**50``.

    NaN and infinities give NaN.

    Examples
    --------
    >>> sine, cosine = sincos_2pi(0.125)
    >>> round(sine, 14), round(cosine, 14)
    (0.70710678118655, 0.70710678118655)
    """
    shifted = fma(u, 2.0, _ROUNDER)
    sign = bits_of(shifted) << _SHIFT_SIGN
    sine, cosine = sincos_half_turn(fma(u, 2.0, _ROUNDER - shifted))
    return float_of(bits_of(sine) ^ sign), float_of(bits_of(cosine) ^ sign)
