r"""The compile policy: the one place that spells compiler options.

Every kernel is compiled by :func:`kernel` with the same options:

- **no fast-math flag of any kind.** The compiler then neither reorders, contracts nor
  approximates floating-point work, so a vector lane, a scalar remainder lane, a 256-bit and a
  512-bit machine word all carry out the same IEEE 754 operations;
- ``error_model="numpy"``: a division by zero gives inf or nan, as in NumPy. The default would
  put a branch at every division and keep the loop from being vectorised;
- ``nogil=True``: threads run kernels side by side;
- 512-bit vectors where the processor has them (:mod:`montecarlo.vector_width`);
- ``cache=True``: machine code is kept on disk, and compiled again when anything that decides it
  has changed (:mod:`montecarlo.kernel_cache`), which the compiler alone does not see across
  files.

Where one rounding instead of two is wanted, :func:`fma` says so explicitly. It rounds correctly
on every machine, with or without the instruction.

What follows from this: kernels built from ``+ - * /``, square roots, :func:`fma` and integer
operations give **the same bits on every machine with IEEE 754 doubles**, in every lane, for
every vector width. The kernels of this package use nothing else (see
:mod:`montecarlo.elementary` for exp, log, sine and cosine).

A kernel takes plain arrays, writes into its last arguments, raises nothing and draws nothing.
NaN must pass through it: write ``0.0 if x < 0.0 else x``, not ``max(x, 0.0)``.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import ParamSpec, TypeVar, cast

import numba
import numba.extending
import numpy as np
from numba import types
from numba.core import config

from montecarlo.kernel_cache import Untyped, follow
from montecarlo.vector_width import wants_wide, wide_compiler

_compiler: Untyped = numba.extending

P = ParamSpec("P")
R = TypeVar("R")

IS_COMPILED = not getattr(config, "DISABLE_JIT", 0)
"""False under ``NUMBA_DISABLE_JIT=1``, when every kernel is a plain Python function."""

_WIDE: Untyped = wide_compiler() if IS_COMPILED and wants_wide() else None


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` under the policy of this module, at its first call.

    Parameters
    ----------
    function
        A module-level function over float64 arrays and numbers.

    Returns
    -------
    Callable
        The compiled function, or ``function`` itself under ``NUMBA_DISABLE_JIT=1``.

    Examples
    --------
    >>> import numpy as np
    >>> @kernel
    ... def twice(values, out):
    ...     for i in range(values.shape[0]):
    ...         out[i] = 2.0 * values[i]
    >>> out = np.empty(2)
    >>> twice(np.array([1.0, 4.0]), out)
    >>> out
    array([2., 8.])
    """
    return _compiled(function)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` into each kernel that calls it, under the same policy.

    For what only other kernels call: the first run then compiles one function fewer, which takes
    a tenth of a second or more. It can be called from Python as well.

    Examples
    --------
    >>> @inlined
    ... def square(x):
    ...     return x * x
    >>> @kernel
    ... def fourth_power(x):
    ...     return square(square(x))
    >>> fourth_power(3.0)
    81.0
    """
    return _compiled(function, inline="always")


def _compiled(function: Callable[P, R], **more: str) -> Callable[P, R]:
    if not IS_COMPILED:
        return function
    options: dict[str, Untyped] = {"nogil": True, "error_model": "numpy", **more}
    if _WIDE is not None:
        options["pipeline_class"] = _WIDE
    on_disk = os.path.exists(function.__code__.co_filename)
    dispatcher: Untyped
    try:
        dispatcher = numba.njit(cache=on_disk, **options)(function)
    except RuntimeError:
        # No folder can be written to: compile in each process rather than fail.
        dispatcher = numba.njit(**options)(function)
    follow(dispatcher, function, _start_runtime)
    return cast("Callable[P, R]", dispatcher)


def _start_runtime(context: Untyped) -> None:
    from numba.core import runtime

    parts: Untyped = runtime
    parts.rtsys.initialize(context)


def python_source(compiled: Callable[P, R]) -> Callable[P, R]:
    """Return the plain Python function of a kernel, whether compiling is on or off.

    Examples
    --------
    >>> @kernel
    ... def half(x):
    ...     return 0.5 * x
    >>> python_source(half)(3.0)
    1.5
    """
    return cast("Callable[P, R]", getattr(compiled, "py_func", compiled))


def fma(a: float, b: float, c: float) -> float:
    """Return ``a * b + c`` rounded once (IEEE 754 fusedMultiplyAdd).

    In a kernel this is one machine instruction where there is one. Outside, it is worked out
    in exact fractions, to the same bits.

    Examples
    --------
    >>> x = 1.0 + 2.0**-30
    >>> x * x - (1.0 + 2.0**-29), fma(x, x, -(1.0 + 2.0**-29)) == 2.0**-60
    (0.0, True)
    """
    a, b, c = float(a), float(b), float(c)
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


def bits_of(x: float) -> np.uint64:
    """Return the 64 bits of a double as an unsigned integer.

    Examples
    --------
    >>> hex(bits_of(1.0))
    '0x3ff0000000000000'
    """
    return np.uint64(struct.unpack("<Q", struct.pack("<d", float(x)))[0])


def float_of(bits: np.uint64) -> float:
    """Return the double that has these 64 bits.

    Examples
    --------
    >>> float_of(np.uint64(0x4000000000000000))
    2.0
    """
    number: float = struct.unpack("<d", struct.pack("<Q", int(bits)))[0]
    return number


def _type_fma(context: Untyped) -> Untyped:
    return lambda a, b, c: types.float64


_compiler.type_callable(fma)(_type_fma)


def _lower_fma(
    context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
) -> Untyped:
    return builder.fma(*arguments)


_compiler.lower_builtin(fma, types.float64, types.float64, types.float64)(_lower_fma)


def _type_bits_of(context: Untyped) -> Untyped:
    return lambda x: types.uint64


_compiler.type_callable(bits_of)(_type_bits_of)


def _lower_bits_of(
    context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
) -> Untyped:
    return builder.bitcast(arguments[0], context.get_value_type(types.uint64))


_compiler.lower_builtin(bits_of, types.float64)(_lower_bits_of)


def _type_float_of(context: Untyped) -> Untyped:
    return lambda bits: types.float64


_compiler.type_callable(float_of)(_type_float_of)


def _lower_float_of(
    context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
) -> Untyped:
    return builder.bitcast(arguments[0], context.get_value_type(types.float64))


_compiler.lower_builtin(float_of, types.uint64)(_lower_float_of)
