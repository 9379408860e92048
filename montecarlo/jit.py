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

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numba.extending
import numpy as np
from numba import types
from numba.core import config

from montecarlo.intrinsics import bits_of, float_of, fma
from montecarlo.kernel_cache import depends_on, follow
from montecarlo.kernel_files import Untyped
from montecarlo.vector_width import wants_wide, wide_compiler

__all__ = [
    "IS_COMPILED",
    "bits_of",
    "by_precision",
    "float_of",
    "fma",
    "inlined",
    "kernel",
    "python_source",
]

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
    # Without the wrapper for calls from C, which nothing here makes: less to compile.
    options: dict[str, Untyped] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    options.update(more)
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


def by_precision(double: Untyped, single: Untyped, *, argument: int) -> Untyped:
    """Return a function for kernels that stands for one of two, chosen while compiling.

    Parameters
    ----------
    double, single
        Kernels with the same arguments, for doubles and for 32-bit floats.
    argument
        Position of the number or array whose type decides.

    Examples
    --------
    >>> @kernel
    ... def half(x):
    ...     return 0.5 * x
    >>> @kernel
    ... def third_of_single(x):
    ...     return x / np.float32(3.0)
    >>> share = by_precision(half, third_of_single, argument=0)
    >>> share(3.0), float(share(np.float32(3.0)))
    (1.5, 1.0)
    """

    def chosen(*arguments: Untyped) -> Untyped:
        is_single = getattr(arguments[argument], "dtype", None) == np.float32
        return (single if is_single else double)(*arguments)

    if IS_COMPILED:
        extending: Untyped = numba.extending

        def choose(*arguments):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN202
            decides = arguments[argument]
            picked = single if getattr(decides, "dtype", decides) == types.float32 else double
            return lambda *arguments: picked(*arguments)

        extending.overload(chosen)(choose)
    depends_on(chosen, (double, single))
    return chosen
