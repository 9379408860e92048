r"""Exponential, logarithm, sine and cosine for kernels: vectorised, and the same bits everywhere.

The C library's functions are scalar calls inside a kernel (ten times slower), and differ between
machines in the last bit. These are polynomials over IEEE operations only, so that every machine
gives the same result.

.. math::

    e^x = 2^n e^r, \qquad |r| \le \tfrac12\ln 2
    \qquad\qquad
    \ln u = e\ln 2 + \ln(1 + f), \qquad \sqrt{\tfrac12} \le 1 + f < \sqrt2

and, with the quarter turn :math:`q` nearest to :math:`4u`,

.. math::

    2\pi u = \tfrac{\pi}{2}(q + r), \qquad |r| \le \tfrac12 .

The coefficients are those of :mod:`montecarlo.portable`. Largest errors found against 40-digit
arithmetic (see ``tests/montecarlo``): 2.2e-16 relative for exp and log, 2.2e-16 absolute for
sine and cosine.
"""

from __future__ import annotations

import numpy as np

from montecarlo.jit import bits_of, float_of, fma, kernel
from montecarlo.portable import COSINE, EXP_TAIL, LN2_HIGH, LN2_LOW, LOG2_E, LOG_TAIL, SINE

# Adding 1.5 * 2**52 rounds to an integer, which is then in the low bits of the sum.
_ROUNDER = 6755399441055744.0
_EXP_LOWEST = -708.0
_EXP_HIGHEST = 709.782712893384
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11 = EXP_TAIL
_L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = LOG_TAIL[:9]
_L11, _L12, _L13, _L14, _L15, _L16, _L17, _L18, _L19, _L20 = LOG_TAIL[9:]
_S1, _S3, _S5, _S7, _S9, _S11, _S13 = SINE
_C0, _C2, _C4, _C6, _C8, _C10, _C12, _C14 = COSINE

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TWO = np.uint64(2)
_SHIFT_EXPONENT = np.uint64(52)
_SHIFT_SIGN = np.uint64(62)
_BIAS_MINUS_ONE = np.uint64(1022)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_TWO_TO_52 = np.uint64(0x4330000000000000)
_SQRT_HALF = np.uint64(0x3FE6A09E667F3BCD)
_BIASED_1024 = np.uint64(0x4000000000000000)
_EXPONENT_OFFSET = 4503599627370496.0 + 1024.0


@kernel
def exp(x: float) -> float:
    """Return ``e**x``: 2.2e-16 relative; zero below -708, inf above 709.78; NaN passes through.

    Examples
    --------
    >>> exp(0.0), round(exp(1.0), 14), exp(-800.0), exp(800.0)
    (1.0, 2.71828182845905, 0.0, inf)
    """
    y = _EXP_LOWEST if x < _EXP_LOWEST else x
    y = _EXP_HIGHEST if y > _EXP_HIGHEST else y
    shifted = fma(y, LOG2_E, _ROUNDER)
    n = shifted - _ROUNDER
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, y))
    s = r * r
    even = fma(s, _E10, _E8)
    odd = fma(s, _E11, _E9)
    even = fma(s, even, _E6)
    odd = fma(s, odd, _E7)
    even = fma(s, even, _E4)
    odd = fma(s, odd, _E5)
    even = fma(s, even, _E2)
    odd = fma(s, odd, _E3)
    tail = fma(r, odd, even)
    half = float_of((bits_of(shifted) + _BIAS_MINUS_ONE) << _SHIFT_EXPONENT)
    value = (1.0 + fma(s, tail, r)) * half * 2.0
    value = 0.0 if x < _EXP_LOWEST else value
    return np.inf if x > _EXP_HIGHEST else value


@kernel
def log(u: float) -> float:
    """Return the natural logarithm of a normal positive double: 2.2e-16 relative.

    Zero, negative and subnormal arguments are outside its domain: uniforms are none of these.

    Examples
    --------
    >>> log(1.0), log(0.5)
    (0.0, -0.6931471805599453)
    """
    bits = bits_of(u) - _SQRT_HALF
    exponent = float_of(((bits + _BIASED_1024) >> _SHIFT_EXPONENT) | _TWO_TO_52)
    e = exponent - _EXPONENT_OFFSET
    f = float_of((bits & _MANTISSA) + _SQRT_HALF) - 1.0
    s = f * f
    even = fma(s, _L20, _L18)
    odd = fma(s, _L19, _L17)
    even = fma(s, even, _L16)
    odd = fma(s, odd, _L15)
    even = fma(s, even, _L14)
    odd = fma(s, odd, _L13)
    even = fma(s, even, _L12)
    odd = fma(s, odd, _L11)
    even = fma(s, even, _L10)
    odd = fma(s, odd, _L9)
    even = fma(s, even, _L8)
    odd = fma(s, odd, _L7)
    even = fma(s, even, _L6)
    odd = fma(s, odd, _L5)
    even = fma(s, even, _L4)
    odd = fma(s, odd, _L3)
    even = fma(s, even, _L2)
    tail = fma(f, odd, even)
    return fma(e, LN2_HIGH, f + fma(s, tail, e * LN2_LOW))


@kernel
def sincos_2pi(u: float) -> tuple[float, float]:
    r"""Return :math:`\sin 2\pi u` and :math:`\cos 2\pi u` for ``0 <= u <= 1``: 2.2e-16 absolute.

    Examples
    --------
    >>> sincos_2pi(0.25), sincos_2pi(0.5)
    ((1.0, -0.0), (-0.0, -1.0))
    """
    shifted = fma(u, 4.0, _ROUNDER)
    quarter = bits_of(shifted)
    r = fma(u, 4.0, _ROUNDER - shifted)
    s = r * r
    sine = fma(s, _S13, _S11)
    cosine = fma(s, _C14, _C12)
    sine = fma(s, sine, _S9)
    cosine = fma(s, cosine, _C10)
    sine = fma(s, sine, _S7)
    cosine = fma(s, cosine, _C8)
    sine = fma(s, sine, _S5)
    cosine = fma(s, cosine, _C6)
    sine = fma(s, sine, _S3)
    cosine = fma(s, cosine, _C4)
    sine = fma(s, sine, _S1) * r
    cosine = fma(s, cosine, _C2)
    cosine = fma(s, cosine, _C0)
    is_swapped = (quarter & _ONE) != _ZERO
    first = cosine if is_swapped else sine
    second = sine if is_swapped else cosine
    first_sign = (quarter & _TWO) << _SHIFT_SIGN
    second_sign = ((quarter + _ONE) & _TWO) << _SHIFT_SIGN
    return float_of(bits_of(first) ^ first_sign), float_of(bits_of(second) ^ second_sign)
