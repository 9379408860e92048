r"""Exponential, logarithm, sine and cosine for kernels: vectorised, and the same bits everywhere.

The C library's functions are scalar calls inside a kernel (ten times slower), and differ between
machines in the last bit. These are polynomials over IEEE operations only, so that every machine
gives the same result.

.. math::

    e^x = 2^n e^r, \qquad |r| \le \tfrac12\ln 2
    \qquad\qquad
    \ln u = e\ln 2 + \ln(1 + f), \qquad \sqrt{\tfrac12} \le 1 + f < \sqrt2

and, with the half turn :math:`n` nearest to :math:`2u`,

.. math::

    \sin 2\pi u = (-1)^n\sin\pi r, \qquad \cos 2\pi u = (-1)^n\cos\pi r,
    \qquad r = 2u - n, \qquad |r| \le \tfrac12 .

Polynomials are evaluated as trees rather than as chains: a chain leaves the processor waiting for
each multiplication. The coefficients are those of :mod:`montecarlo.portable`. Largest errors
found against 40-digit arithmetic (see ``tests/montecarlo``): 2.2e-16 relative for exp, 3e-16
relative for the logarithm, 5e-16 absolute for sine and cosine.
"""

from __future__ import annotations

import numpy as np

from montecarlo.jit import bits_of, float_of, fma, kernel
from montecarlo.portable import COSINE, EXP_TAIL, LN2_HIGH, LN2_LOW, LOG2_E, LOG_TAIL, SINE

# Adding 1.5 * 2**52 rounds to an integer, which is then in the low bits of the sum.
_ROUNDER = 6755399441055744.0
# The same, with the bias of an exponent in the low bits: they are then those of a power of two.
_BIASED_ROUNDER = _ROUNDER + 1023.0
_EXP_LOWEST = -708.0
_EXP_HIGHEST = 710.0
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11 = EXP_TAIL
_MINUS_TWO_LN2 = -2.0 * 0.6931471805599453
_L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = (-2.0 * c for c in LOG_TAIL[:9])
_L11, _L12, _L13, _L14, _L15, _L16, _L17, _L18, _L19, _L20 = (-2.0 * c for c in LOG_TAIL[9:])
_S1, _S3, _S5, _S7, _S9, _S11, _S13, _S15 = SINE
_C2, _C4, _C6, _C8, _C10, _C12, _C14, _C16 = COSINE

_SHIFT_EXPONENT = np.uint64(52)
_SHIFT_SIGN = np.uint64(63)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_TWO_TO_52 = np.uint64(0x4330000000000000)
_SQRT_HALF = np.uint64(0x3FE6A09E667F3BCD)
# An exponent of 1024 less the bits of the square root of a half: no sum below goes out of range.
_OFFSET = np.uint64(0x4000000000000000 - 0x3FE6A09E667F3BCD)
_EXPONENT_OFFSET = 4503599627370496.0 + 1024.0


@kernel
def exp(x: float) -> float:
    """Return ``e**x``, 2.2e-16 relative between -708 and 709.4; NaN passes through.

    Below -708 it stays at ``e**-708``, which is 3e-308; above 709.4 it is inf.

    Examples
    --------
    >>> exp(0.0), round(exp(1.0), 14), exp(800.0)
    (1.0, 2.71828182845905, inf)
    """
    y = _EXP_LOWEST if x < _EXP_LOWEST else x
    y = _EXP_HIGHEST if y > _EXP_HIGHEST else y
    shifted = fma(y, LOG2_E, _BIASED_ROUNDER)
    n = shifted - _BIASED_ROUNDER
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, y))
    s = r * r
    s2 = s * s
    low = fma(s, fma(r, _E5, _E4), fma(r, _E3, _E2))
    high = fma(s, fma(r, _E9, _E8), fma(r, _E7, _E6))
    tail = fma(s2, fma(s2, fma(r, _E11, _E10), high), low)
    power = float_of(bits_of(shifted) << _SHIFT_EXPONENT)
    return (1.0 + fma(s, tail, r)) * power


@kernel
def minus_two_log(u: float) -> float:
    r"""Return :math:`-2\ln u` of a normal positive double: 3e-16 relative.

    Its square root is the radius of two independent normals. Zero, negative and subnormal
    arguments are outside its domain: uniforms are none of these.

    Examples
    --------
    >>> minus_two_log(1.0), minus_two_log(0.5)
    (0.0, 1.3862943611198906)
    """
    bits = bits_of(u) + _OFFSET
    exponent = float_of((bits >> _SHIFT_EXPONENT) | _TWO_TO_52)
    e = exponent - _EXPONENT_OFFSET
    f = float_of((bits & _MANTISSA) + _SQRT_HALF) - 1.0
    s = f * f
    s2 = s * s
    s4 = s2 * s2
    low = fma(s, fma(f, _L5, _L4), fma(f, _L3, _L2))
    middle = fma(s, fma(f, _L9, _L8), fma(f, _L7, _L6))
    high = fma(s, fma(f, _L13, _L12), fma(f, _L11, _L10))
    higher = fma(s, fma(f, _L17, _L16), fma(f, _L15, _L14))
    highest = fma(s, _L20, fma(f, _L19, _L18))
    top = fma(s4, highest, fma(s2, higher, high))
    tail = fma(s4, top, fma(s2, middle, low))
    return fma(e, _MINUS_TWO_LN2, fma(s, tail, -2.0 * f))


@kernel
def sincos_2pi(u: float) -> tuple[float, float]:
    r"""Return :math:`\sin 2\pi u` and :math:`\cos 2\pi u` for ``0 <= u <= 1``: 5e-16 absolute.

    Examples
    --------
    >>> sine, cosine = sincos_2pi(0.125)
    >>> round(sine, 14), round(cosine, 14)
    (0.70710678118655, 0.70710678118655)
    """
    shifted = fma(u, 2.0, _ROUNDER)
    sign = bits_of(shifted) << _SHIFT_SIGN
    r = fma(u, 2.0, _ROUNDER - shifted)
    s = r * r
    s2 = s * s
    s4 = s2 * s2
    low = fma(s2, fma(s, _S7, _S5), fma(s, _S3, _S1))
    high = fma(s2, fma(s, _S15, _S13), fma(s, _S11, _S9))
    sine = fma(s4, high, low) * r
    low = fma(s2, fma(s, _C8, _C6), fma(s, _C4, _C2))
    high = fma(s2, fma(s, _C16, _C14), fma(s, _C12, _C10))
    cosine = fma(s, fma(s4, high, low), 1.0)
    return float_of(bits_of(sine) ^ sign), float_of(bits_of(cosine) ^ sign)
