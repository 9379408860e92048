"""Fused multiply-add and the bits of floats: one machine instruction each inside a kernel.

In Python they give the same bits, so that a kernel's source can be run as it stands. They take
doubles, and 32-bit floats where every argument is one.
"""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar, overload

import numba.extending
import numpy as np
from numba import types

Untyped: TypeAlias = Any
"""An object of the compiler, which declares no types."""

_compiler: Untyped = numba.extending

F = TypeVar("F", float, np.float32)


def fma(a: F, b: F, c: F) -> F:
    """Return ``a * b + c`` rounded once (IEEE 754 fusedMultiplyAdd).

    In a kernel this is one machine instruction where there is one. Outside, it is worked out
    in exact fractions, to the same bits.

    Examples
    --------
    >>> x = 1.0 + 2.0**-30
    >>> x * x - (1.0 + 2.0**-29), fma(x, x, -(1.0 + 2.0**-29)) == 2.0**-60
    (0.0, True)
    """
    if isinstance(a, np.float32) and isinstance(b, np.float32) and isinstance(c, np.float32):
        return _fma_single(float(a), float(b), float(c))
    return _fma_double(float(a), float(b), float(c))


def _fma_double(a: float, b: float, c: float) -> float:
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        with np.errstate(all="ignore"):
            return float(np.float64(a) * np.float64(b) + np.float64(c))
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return a * b + c
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def _fma_single(a: float, b: float, c: float) -> np.float32:
    # The product of two singles is exact in double, and only the sum has to be rounded once.
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        with np.errstate(all="ignore"):
            return np.float32(np.float64(a) * np.float64(b) + np.float64(c))
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    return _nearest_single(exact) if exact != 0 else np.float32(a * b + c)


def _nearest_single(exact: Fraction) -> np.float32:
    """Return the 32-bit float nearest to a fraction, the even one of two as near."""
    with np.errstate(all="ignore"):
        guess = np.float32(float(exact))
        if not np.isfinite(guess):
            return guess
        near = [np.nextafter(guess, np.float32(side * np.inf)) for side in (-1, 1)]
    around = [value for value in (guess, *near) if np.isfinite(value)]
    return min(around, key=lambda value: (abs(Fraction(float(value)) - exact), bits_of(value) & 1))


@overload
def bits_of(x: np.float32) -> np.uint32: ...
@overload
def bits_of(x: float) -> np.uint64: ...
def bits_of(x: float | np.float32) -> np.uint64 | np.uint32:
    """Return the bits of a float as an unsigned integer: 64 of a double, 32 of a single.

    Examples
    --------
    >>> hex(bits_of(1.0)), hex(bits_of(np.float32(1.0)))
    ('0x3ff0000000000000', '0x3f800000')
    """
    if isinstance(x, np.float32):
        return x.view(np.uint32)
    return np.uint64(struct.unpack("<Q", struct.pack("<d", float(x)))[0])


@overload
def float_of(bits: np.uint64) -> float: ...
@overload
def float_of(bits: np.uint32) -> np.float32: ...
def float_of(bits: np.uint64 | np.uint32) -> float | np.float32:
    """Return the float that has these bits: a single for 32 of them, else a double.

    Examples
    --------
    >>> float_of(np.uint64(0x4000000000000000)), float(float_of(np.uint32(0x40000000)))
    (2.0, 2.0)
    """
    if isinstance(bits, np.uint32):
        return bits.view(np.float32)
    number: float = struct.unpack("<d", struct.pack("<Q", int(bits)))[0]
    return number


def _type_fma(context: Untyped) -> Untyped:
    def choose(a: Untyped, b: Untyped, c: Untyped) -> Untyped:
        is_single = all(x == types.float32 for x in (a, b, c))
        return types.float32 if is_single else types.float64

    return choose


def _lower_fma(
    context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
) -> Untyped:
    return builder.fma(*arguments)


def _type_bits_of(context: Untyped) -> Untyped:
    return lambda x: types.uint32 if x == types.float32 else types.uint64


def _type_float_of(context: Untyped) -> Untyped:
    return lambda bits: types.float32 if bits == types.uint32 else types.float64


def _lower_bits(
    context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
) -> Untyped:
    return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))


_compiler.type_callable(fma)(_type_fma)
_compiler.type_callable(bits_of)(_type_bits_of)
_compiler.type_callable(float_of)(_type_float_of)
for _float, _bits in ((types.float64, types.uint64), (types.float32, types.uint32)):
    _compiler.lower_builtin(fma, _float, _float, _float)(_lower_fma)
    _compiler.lower_builtin(bits_of, _float)(_lower_bits)
    _compiler.lower_builtin(float_of, _bits)(_lower_bits)
