r"""Exponential and logarithm of whole arrays, the same bits on every machine.

NumPy's own differ in the last bit between processors, and would carry that into every path
through a curve or a step's standard deviation. These use only IEEE operations, element by
element:

.. math::

    e^x = 2^n\,(1 + r + r^2 q(r)), \qquad |r| \le \tfrac12\ln 2
    \qquad\qquad
    \ln x = e\ln 2 + f + f^2 p(f), \qquad \sqrt{\tfrac12} \le 1 + f < \sqrt2

Errors are below 4e-16 relative. The coefficients of :math:`q`, :math:`p` and of the sine and
cosine in :mod:`montecarlo.elementary` stand here once: minimax polynomials by Remez exchange in
60-digit arithmetic, rounded to double.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.6931471805582987
"""The leading bits of ln 2, 14 zero bits at the end: a product with an exponent is exact."""
LN2_LOW = 1.6465949582897082e-12

EXP_TAIL = (
    0.5000000000000011,
    0.16666666666666408,
    0.04166666666653049,
    0.00833333333349706,
    0.0013888888943566693,
    0.00019841269501440326,
    2.4801493146447626e-05,
    2.7557590531621924e-06,
    2.7630236169716084e-07,
    2.4998869303966027e-08,
)
""":math:`(e^r - 1 - r)/r^2`, rising powers of r."""

LOG_TAIL = (
    -0.5,
    0.33333333333327997,
    -0.24999999999993744,
    0.20000000001759646,
    -0.1666666666916963,
    0.14285714087455786,
    -0.12499999631453608,
    0.11111121844970645,
    -0.10000025291762114,
    0.09090594115181691,
    -0.0833240996804544,
    0.07697407528256077,
    -0.07161814389585448,
    0.0662600718197297,
    -0.06033281082599005,
    0.05941278777399876,
    -0.06790083336562114,
    0.06419687884629763,
    -0.02912197062056418,
)
""":math:`(\\ln(1 + f) - f)/f^2`, rising powers of f."""

LOG_ODD = (
    0.6666666666666731,
    0.3999999999943694,
    0.28571428738157423,
    0.22222198958083791,
    0.18183546165620496,
    0.15314479264390243,
    0.14791944886047476,
)
""":math:`(\\ln\\frac{1 + s}{1 - s} - 2s)/s^3`, rising powers of s squared."""

SINE = (
    3.14159265358979,
    -5.167712780049385,
    2.550164039844564,
    -0.5992645284956978,
    0.08214587559477843,
    -0.007370347459480217,
    0.00046594204134591406,
    -2.1085658256612164e-05,
)
""":math:`\\sin(\\pi r)/r`, rising powers of r squared."""

COSINE = (
    -4.934802200544677,
    4.058712126416545,
    -1.3352627688446828,
    0.23533063014626865,
    -0.025806888864927522,
    0.00192955682749443,
    -0.0001045678281160776,
    4.1507679384370034e-06,
)
""":math:`(\\cos(\\pi r) - 1)/r^2`, rising powers of r squared."""

_LOWEST = -745.0
_HIGHEST = 709.782712893384
_SMALL = 0.34


def _horner(coefficients: tuple[float, ...], x: FloatArray) -> FloatArray:
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def exp(x: npt.ArrayLike) -> FloatArray:
    """Return ``e**x`` elementwise: zero below -745, inf above 709.78; NaN passes through.

    Examples
    --------
    >>> exp([0.0, 1.0, -1000.0]).round(12)
    array([1.        , 2.71828183, 0.        ])
    """
    at = np.asarray(x, dtype=np.float64)
    inside = np.clip(at, _LOWEST, _HIGHEST)
    n = np.rint(np.nan_to_num(inside) * LOG2_E)
    r = (inside - n * LN2_HIGH) - n * LN2_LOW
    # Half the power of two is applied twice: the largest power alone would overflow.
    value = np.ldexp(1.0 + (r + r * r * _horner(EXP_TAIL, r)), n.astype(np.int64) - 1) * 2.0
    value = np.where(at > _HIGHEST, np.inf, value)
    return np.where(at < _LOWEST, 0.0, value)


def expm1(x: npt.ArrayLike) -> FloatArray:
    """Return ``e**x - 1`` elementwise, exact to rounding near zero too.

    Examples
    --------
    >>> float(expm1(1e-20))
    1e-20
    """
    at = np.asarray(x, dtype=np.float64)
    r = np.where(np.abs(at) < _SMALL, at, 0.0)
    return np.where(np.abs(at) < _SMALL, r + r * r * _horner(EXP_TAIL, r), exp(at) - 1.0)


def log(x: npt.ArrayLike) -> FloatArray:
    """Return the natural logarithm elementwise, of numbers above zero.

    Examples
    --------
    >>> log([1.0, 10.0]).round(12)
    array([0.        , 2.30258509])
    """
    mantissa, exponent = np.frexp(np.asarray(x, dtype=np.float64))
    is_low = mantissa < 0.7071067811865476
    e = np.where(is_low, exponent - 1, exponent).astype(np.float64)
    f = np.where(is_low, mantissa + mantissa, mantissa) - 1.0
    tail = f * f * _horner(LOG_TAIL, f) + e * LN2_LOW
    return e * LN2_HIGH + (f + tail)


def sincos_2pi(u: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    r"""Return :math:`\sin 2\pi u` and :math:`\cos 2\pi u` elementwise: 6e-16 absolute.

    Examples
    --------
    >>> sine, cosine = sincos_2pi([0.0, 0.125, 0.25])
    >>> sine.round(12), cosine.round(12)
    (array([0.        , 0.70710678, 1.        ]), array([1.        , 0.70710678, 0.        ]))
    """
    turns = 2.0 * np.asarray(u, dtype=np.float64)
    n = np.rint(turns)
    r = turns - n
    s = r * r
    sign = np.where(np.fmod(n, 2.0) == 0.0, 1.0, -1.0)
    return sign * r * _horner(SINE, s), sign * (1.0 + s * _horner(COSINE, s))
