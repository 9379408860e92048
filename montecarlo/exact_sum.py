r"""Sums of doubles without any rounding, whatever their order.

A double is an integer :math:`m` of at most 53 bits times a power of two. Integers of one power
add without rounding, so

.. math::

    \sum_i x_i = \sum_e 2^{e - 1075} \Big(\sum_{i:\, e_i = e} m_i\Big)

is kept as one integer for each of 2047 exponents and rounded once, when it is read. The result
does not depend on order, on blocks or on the machine, and a sum that would overflow on the way
does not.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from montecarlo.checks import FloatArray

_LOW_BITS = 32
_LOW_MASK = (1 << _LOW_BITS) - 1
_CHUNK = 2**15
_EXPONENTS = 2047


class ExactSum:
    """The exact sum of the doubles taken in so far, in 32 kilobytes.

    Examples
    --------
    >>> total = ExactSum()
    >>> total.update(np.array([1e16, 1.0, -1e16]))
    >>> total.value(), total.count
    (1.0, 3)
    """

    __slots__ = ("_high", "_low", "_repeated", "_special", "count")

    def __init__(self) -> None:
        self._low = np.zeros(_EXPONENTS, dtype=np.int64)
        self._high = np.zeros(_EXPONENTS, dtype=np.int64)
        self._repeated = Fraction(0)
        self._special = 0.0
        self.count = 0

    def update(self, values: FloatArray) -> None:
        """Add values, shape (n,); infinities and NaN make the sum what they make any sum."""
        for start in range(0, values.shape[0], _CHUNK):
            part = np.ascontiguousarray(values[start : start + _CHUNK], dtype=np.float64)
            self.count += part.shape[0]
            is_finite = np.isfinite(part)
            if not is_finite.all():
                with np.errstate(invalid="ignore"):
                    self._special += float(part[~is_finite].sum())
                part = part[is_finite]
            bits = part.view(np.int64)
            exponent = (bits >> 52) & 0x7FF
            # A subnormal has the exponent of the smallest normal and no hidden bit.
            mantissa = (bits & ((1 << 52) - 1)) | ((exponent > 0).astype(np.int64) << 52)
            exponent = np.maximum(exponent, 1)
            sign = 1 | (bits >> 63)
            np.add.at(self._low, exponent, sign * (mantissa & _LOW_MASK))
            np.add.at(self._high, exponent, sign * (mantissa >> _LOW_BITS))
            # Carries: the low halves have room for 2**31 more values before the next.
            self._high += self._low >> _LOW_BITS
            self._low &= _LOW_MASK

    def add(self, value: float, count: int) -> None:
        """Add the same value ``count`` times.

        Examples
        --------
        >>> total = ExactSum()
        >>> total.add(0.1, 10)
        >>> total.value(), total.count
        (1.0, 10)
        """
        if count == 0:
            return
        if math.isfinite(value):
            self._repeated += Fraction(value) * count
        else:
            self._special += value
        self.count += count

    def merge(self, other: ExactSum) -> None:
        """Add another sum to this one, exactly."""
        self._low += other._low
        self._high += other._high + (self._low >> _LOW_BITS)
        self._low &= _LOW_MASK
        self._repeated += other._repeated
        self._special += other._special
        self.count += other.count

    def mean(self, *, weight: float, boundary: float, share: float) -> float:
        """Return ``(sum + share * boundary) / weight``, rounded once.

        Parameters
        ----------
        weight
            What to divide by, above 0.
        boundary, share
            One more value, and the share of it that counts; with a share of 0 it does not.

        Examples
        --------
        >>> total = ExactSum()
        >>> total.update(np.array([1e308, 1e308, 1e308]))
        >>> total.mean(weight=3.5, boundary=1e308, share=0.5)
        1e+308
        """
        special = self._special
        if share > 0.0 and not math.isfinite(boundary):
            special += boundary
        if special != 0.0:
            return special
        exact = self.fraction()
        if share > 0.0:
            exact += Fraction(share) * Fraction(boundary)
        return _rounded(exact / Fraction(weight))

    def value(self) -> float:
        """Return the sum, rounded once; infinite where it is beyond the largest double."""
        return self._special if self._special != 0.0 else _rounded(self.fraction())

    def fraction(self) -> Fraction:
        """Return the exact sum of the finite values."""
        total = 0
        for exponent in np.flatnonzero(self._low | self._high).tolist():
            mantissas = (int(self._high[exponent]) << _LOW_BITS) + int(self._low[exponent])
            total += mantissas << (exponent - 1)
        return Fraction(total, 1 << 1074) + self._repeated


def _rounded(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
