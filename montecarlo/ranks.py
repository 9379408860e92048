r"""Ranks of samples: the order of doubles as integers, and what lies between two of them.

The doubles, NaN apart, are in the order of the integers

.. math::

    k(x) = \begin{cases} b(x) + 2^{63} & x \ge 0 \\ 2^{64} - 1 - b(x) & x < 0 \end{cases}

with :math:`b(x)` the 64 bits of :math:`x` as an integer, and -0.0 counted as 0.0.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray

KeyArray: TypeAlias = npt.NDArray[np.uint64]
"""Keys of doubles; docstrings give the shape."""

KEY_BITS = 64
SIGN_BIT = np.uint64(1 << 63)


def order_keys(values: FloatArray) -> KeyArray:
    """Return integers in the order of the values; NaN has no place among them.

    Examples
    --------
    >>> keys = order_keys(np.array([-np.inf, -2.0, -0.0, 0.0, 5e-324, 1.0]))
    >>> (np.diff(keys) > 0).tolist(), bool(keys[2] == keys[3])
    ([True, True, False, True, True], True)
    """
    # Adding zero turns -0.0 into 0.0.
    bits = (values + 0.0).view(np.uint64)
    return np.where(bits < SIGN_BIT, bits ^ SIGN_BIT, ~bits)


def values_of(keys: KeyArray) -> FloatArray:
    """Return the values of keys: the inverse of :func:`order_keys`.

    Examples
    --------
    >>> values_of(order_keys(np.array([-1.5, 0.0, 2.0])))
    array([-1.5,  0. ,  2. ])
    """
    return np.where(keys >= SIGN_BIT, keys ^ SIGN_BIT, ~keys).view(np.float64)


def value_of(key: int) -> float:
    """Return the value of one key."""
    return float(values_of(np.array([key], dtype=np.uint64))[0])


def position(n_samples: int, level: float) -> tuple[int, int, float]:
    """Return the ranks (from 0) on either side of a quantile and the weight of the upper one.

    Examples
    --------
    Of 5 samples, level 0.3 stands a fifth of the way from the second to the third.

    >>> low, high, weight = position(5, 0.3)
    >>> low, high, round(weight, 12)
    (1, 2, 0.2)
    """
    place = (n_samples - 1) * level
    low = int(place)
    return (low, min(low + 1, n_samples - 1), place - low)


def interpolate(low: float, high: float, weight: float) -> float:
    """Return the point between two order statistics, to the bit as ``numpy.quantile`` does.

    Where the distance overflows or an end is infinite, that function may give NaN. Here finite
    ends give something between them, one infinite end gives itself, and only two give NaN.

    Examples
    --------
    >>> interpolate(1.0, 3.0, 0.25), interpolate(-1e308, 1e308, 0.5)
    (1.5, 0.0)
    """
    if low == high or weight == 0.0:
        return low
    if math.isinf(low) or math.isinf(high):
        return low + high
    distance = high - low
    if math.isinf(distance):
        return low * (1.0 - weight) + high * weight
    return high - distance * (1.0 - weight) if weight >= 0.5 else low + distance * weight


def tail_boundary(n_samples: int, level: float) -> tuple[float, int, int]:
    """Return the samples in a tail, how many of them are whole, and the rank of the part of one.

    Examples
    --------
    The tail of 5 samples above level 0.7 is one and a half of them.

    >>> tail_boundary(5, 0.7)
    (1.5, 1, 3)
    """
    exact = n_samples * (1.0 - level)
    # Rounded first: 100 * (1 - 0.95) is 5.000000000000004.
    n_tail = round(exact, 9) or exact
    n_whole = int(n_tail)
    return n_tail, n_whole, max(n_samples - n_whole - 1, 0)
