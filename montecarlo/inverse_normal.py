r"""Normals from uniforms one by one: the inverse of the normal distribution function.

The number :math:`z` with :math:`\Phi(z) = u` is, with :math:`x = u - \tfrac12` and
:math:`q = \min(u, 1 - u)`,

.. math::

    z = x\,\frac{P(v)}{Q(v)}, \quad v = 0.16 - x^2, \quad\text{where } |x| \le 0.4,
    \qquad\qquad
    z = \pm\frac{R(w)}{S(w)}, \quad w = \sqrt{-2\ln q} - \sqrt{-2\ln 0.1}, \quad\text{beyond,}

so that one formula serves each tail down to the smallest double. Quasi-random points need it:
Box-Muller mixes two of their coordinates and spoils their evenness. It costs about twice as much.

The fractions are of degrees 7/6 and 10/9: minimax in relative error by Remez exchange, fitted in
50-digit arithmetic to the root that Newton's method finds on ``erfc``, then rounded to double.
Their errors are 5e-17 and 2.3e-16. All coefficients but one are positive and both variables are
measured from the end where the fraction is smallest, so that next to nothing cancels. Both are
worked out for every number and one is taken, since a branch would keep the loop from being
vectorised. Errors against 40-digit arithmetic (``tests/montecarlo``): below 1.2e-15 relative,
the largest where the tails begin, hence 5e-14 absolute, from 5e-324 to 1 - 2**-53.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.elementary import minus_two_log
from montecarlo.jit import fma, kernel

_CENTRE_ENDS = 0.4
_CENTRE_SQUARED = 0.16
_TAIL_STARTS = 2.145966026289347
# Subnormal numbers are outside the logarithm's domain: far tails are scaled up by 2**200 first.
_FAR_TAIL = 2.0**-800
_SCALE = 2.0**200
_MINUS_TWO_LOG_OF_SCALE_BACK = 277.25887222397813

_P0, _P1, _P2, _P3 = 3.203878913861501, 92.43598084446802, 984.4605245438463, 4764.2009506450495
_P4, _P5, _P6 = 10378.685236886895, 8581.816323984456, 1485.5666006613687
_P7 = -73.88125447910305
_Q1, _Q2, _Q3 = 31.284046302552845, 369.4165819734277, 2051.1408606225455
_Q4, _Q5, _Q6 = 5430.668991868587, 6123.794778091757, 2079.4969751547915
_R0, _R1, _R2 = 1.2815515655446006, 3.2396793507326564, 3.1543004115507243
_R3, _R4, _R5 = 1.599503668635576, 0.4721084470188349, 0.08453439328925118
_R6, _R7, _R8 = 0.009138291589882016, 0.0005672120271505075, 1.8266689969412887e-05
_R9, _R10 = 2.563083947100907e-07, 1.087432597312845e-09
_S1, _S2, _S3 = 1.5737915806583955, 1.0135586827866305, 0.3476896425032169
_S4, _S5, _S6 = 0.0691607407863145, 0.008080558484467834, 0.0005305925587040565
_S7, _S8, _S9 = 1.772953094617792e-05, 2.539772806504126e-07, 1.087430357491693e-09


@kernel
def _signed(u: float, length: float) -> float:
    """Return ``u - 0.5`` up to 0.4, else ``length = -2 ln q``, at least 4.6, signed like it.

    The sizes tell the two apart, so that a row needs no second one beside it.
    """
    x = u - 0.5
    signed = length if x > 0.0 else -length
    return x if abs(x) <= _CENTRE_ENDS else signed


@kernel
def _reduced(u: float) -> float:
    """Return the same of any number: infinite at both ends, NaN beyond them."""
    tail = 1.0 - u if u > 0.5 else u
    is_far = tail < _FAR_TAIL
    length = minus_two_log(tail * _SCALE if is_far else tail)
    length += _MINUS_TWO_LOG_OF_SCALE_BACK if is_far else 0.0
    length = math.inf if tail == 0.0 else length
    return _signed(u, length if tail >= 0.0 else math.nan)


@kernel
def _from_reduced(y: float) -> float:
    """Return the normal of what :func:`_reduced` gives; an infinity stays."""
    v = fma(-y, y, _CENTRE_SQUARED)
    v2 = v * v
    v4 = v2 * v2
    p_low = fma(v2, fma(v, _P3, _P2), fma(v, _P1, _P0))
    p_high = fma(v2, fma(v, _P7, _P6), fma(v, _P5, _P4))
    q_low = fma(v2, fma(v, _Q3, _Q2), fma(v, _Q1, 1.0))
    q_high = fma(v2, _Q6, fma(v, _Q5, _Q4))
    p = y * fma(v4, p_high, p_low)
    q = fma(v4, q_high, q_low)

    w = math.sqrt(abs(y)) - _TAIL_STARTS
    w2 = w * w
    w4 = w2 * w2
    w8 = w4 * w4
    r_low = fma(w2, fma(w, _R3, _R2), fma(w, _R1, _R0))
    r_high = fma(w2, fma(w, _R7, _R6), fma(w, _R5, _R4))
    r = fma(w8, fma(w2, _R10, fma(w, _R9, _R8)), fma(w4, r_high, r_low))
    s_low = fma(w2, fma(w, _S3, _S2), fma(w, _S1, 1.0))
    s_high = fma(w2, fma(w, _S7, _S6), fma(w, _S5, _S4))
    s = fma(w8, fma(w, _S9, _S8), fma(w4, s_high, s_low))
    signed = r if y > 0.0 else -r

    is_central = abs(y) <= _CENTRE_ENDS
    z = (p if is_central else signed) / (q if is_central else s)
    return y if abs(y) == math.inf else z


@kernel
def inverse_normal(u: float) -> float:
    r"""Return :math:`\Phi^{-1}(u)`: -inf at 0, inf at 1, NaN outside ``[0, 1]`` and at NaN.

    Where ``1 - u`` is exact, it is the exact opposite of the result at ``1 - u``.

    Examples
    --------
    >>> inverse_normal(0.5), round(inverse_normal(0.975), 12), round(inverse_normal(5e-324), 9)
    (0.0, 1.95996398454, -38.467405617)
    """
    return _from_reduced(_reduced(u))


@kernel
def inverse_normals_in_place(u: FloatArray) -> None:
    """Turn a row of uniforms into one of normals, as :func:`inverse_normal` would each.

    Two loops: one alone has more in hand than the processor has registers for.
    """
    for j in range(u.shape[0]):
        u[j] = _reduced(u[j])
    for j in range(u.shape[0]):
        u[j] = _from_reduced(u[j])


@kernel
def open_uniforms_to_normals(u: FloatArray) -> None:
    """Do the same, to the same bits, where none is below 2**-800 or above 1 - 2**-53.

    Uniforms of 53 bits need no care for the ends, and a sixth of the time goes into it.
    """
    for j in range(u.shape[0]):
        tail = 1.0 - u[j] if u[j] > 0.5 else u[j]
        u[j] = _signed(u[j], minus_two_log(tail))
    for j in range(u.shape[0]):
        u[j] = _from_reduced(u[j])


def normal_quantiles(u: npt.ArrayLike) -> FloatArray:
    r"""Return :math:`\Phi^{-1}(u)` of every entry, the same bits on every machine.

    Parameters
    ----------
    u
        Probabilities, any shape.

    Returns
    -------
    ndarray, shape of ``u``
        -inf at 0, inf at 1, NaN outside ``[0, 1]`` and at NaN.

    Examples
    --------
    >>> normal_quantiles([0.0, 0.5, 0.8413447460685429, 1.0, 1.5]).round(12)
    array([-inf,   0.,   1.,  inf,  nan])
    """
    out = np.array(u, dtype=np.float64, order="C")
    inverse_normals_in_place(out.reshape(-1))
    return out
