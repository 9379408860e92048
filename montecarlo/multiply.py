r"""A matrix times rows of paths, as quick as a linear algebra library and the same bits anywhere.

.. math:: y_{i,p} = \sum_k A_{ik}\,z_{k,p}

is summed over rising k from zero, each term by one fused multiply-add, for every i and p alike: so
an entry depends on its own row and path alone. Libraries choose the order by machine, size and
number of threads.

The compiler vectorises the innermost loop only, and so would move every partial sum to memory and
back. :func:`multiply_tile` keeps those of six rows and eight paths in registers over all k, which
needs vectors spelled out. At the edges :func:`multiply_edge` does the same sums one by one.
"""

from __future__ import annotations

from collections.abc import Callable

import numba.extending
from numba import types

from montecarlo.checks import FloatArray
from montecarlo.jit import fma, kernel
from montecarlo.kernel_files import Untyped

_compiler: Untyped = numba.extending

ROWS = 6
LANES = 8
"""Paths of a tile: one 512-bit vector, or two of 256 bits."""


def multiply_tile(a: FloatArray, row: int, z: FloatArray, path: int, out: FloatArray) -> None:
    """Write six rows and eight paths of ``a @ z``, from ``row`` and ``path`` on.

    In a kernel this is a loop over vectors. Outside, it is worked out one by one.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.zeros((6, 8))
    >>> multiply_tile(2.0 * np.eye(6), 0, np.ones((6, 8)), 0, out)
    >>> bool((out == 2.0).all())
    True
    """
    for i in range(row, row + ROWS):
        for p in range(path, path + LANES):
            total = 0.0
            for k in range(a.shape[1]):
                total = fma(a[i, k], z[k, p], total)
            out[i, p] = total


def _type_tile(context: Untyped) -> Callable[..., Untyped]:
    def result(a: Untyped, row: Untyped, z: Untyped, path: Untyped, out: Untyped) -> Untyped:
        is_plain = all(
            isinstance(array, types.Array)
            and (array.dtype, array.ndim, array.layout) == (types.float64, 2, "C")
            for array in (a, z, out)
        )
        return types.none if is_plain else None

    return result


_compiler.type_callable(multiply_tile)(_type_tile)


def _lower_tile(
    context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped
) -> Untyped:
    from llvmlite import ir
    from numba.core import cgutils

    code: Untyped = ir
    tools: Untyped = cgutils
    a, z, out = (
        context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 2, 4)
    )
    row, path = arguments[1], arguments[3]
    vector = code.VectorType(code.DoubleType(), LANES)
    pointer = vector.as_pointer()
    multiply_add = tools.get_or_insert_function(
        builder.module, code.FunctionType(vector, [vector] * 3), f"llvm.fma.v{LANES}f64"
    )
    n_terms = builder.extract_value(a.shape, 1)
    z_width = builder.extract_value(z.shape, 1)
    out_width = builder.extract_value(out.shape, 1)
    undefined = code.Constant(vector, code.Undefined)
    first_lane = code.Constant(code.VectorType(code.IntType(32), LANES), [0] * LANES)
    rows = [builder.add(row, code.Constant(row.type, r)) for r in range(ROWS)]
    factors = [builder.gep(a.data, [builder.mul(i, n_terms)]) for i in rows]
    column = builder.gep(z.data, [path])
    zero = code.Constant(vector, [0.0] * LANES)
    totals = [tools.alloca_once_value(builder, zero) for _ in rows]
    with tools.for_range(builder, n_terms) as loop:
        k = loop.index
        source = builder.gep(column, [builder.mul(k, z_width)])
        paths = builder.load(builder.bitcast(source, pointer), align=8)
        for factor, total in zip(factors, totals, strict=True):
            lane = builder.insert_element(
                undefined,
                builder.load(builder.gep(factor, [k])),
                code.Constant(code.IntType(32), 0),
            )
            lanes = builder.shuffle_vector(lane, undefined, first_lane)
            summed = builder.call(multiply_add, [lanes, paths, builder.load(total)])
            builder.store(summed, total)
    for i, total in zip(rows, totals, strict=True):
        target = builder.gep(out.data, [builder.add(builder.mul(i, out_width), path)])
        builder.store(builder.load(total), builder.bitcast(target, pointer), align=8)
    return context.get_dummy_value()


_compiler.lower_builtin(
    multiply_tile, types.Array, types.intp, types.Array, types.intp, types.Array
)(_lower_tile)


@kernel
def multiply_edge(
    a: FloatArray, first_row: int, z: FloatArray, first_path: int, out: FloatArray
) -> None:
    """Write all rows and paths from ``first_row`` and ``first_path`` on."""
    for i in range(first_row, a.shape[0]):
        row = out[i]
        for path in range(first_path, out.shape[1]):
            row[path] = 0.0
        for k in range(a.shape[1]):
            factor = a[i, k]
            source = z[k]
            for path in range(first_path, out.shape[1]):
                row[path] = fma(factor, source[path], row[path])


@kernel
def multiply_rows(a: FloatArray, z: FloatArray, out: FloatArray) -> None:
    """Write ``a @ z``: a (n_rows, n_terms), z (n_terms, n_paths), out (n_rows, n_paths).

    All in C order; ``out`` overlaps neither. Quickest for some hundred paths, a multiple of eight:
    the rows then stay in the nearest cache.
    """
    whole_rows = a.shape[0] - a.shape[0] % ROWS
    whole_paths = out.shape[1] - out.shape[1] % LANES
    for path in range(0, whole_paths, LANES):
        for row in range(0, whole_rows, ROWS):
            multiply_tile(a, row, z, path, out)
    multiply_edge(a, whole_rows, z, 0, out)
    if whole_paths < out.shape[1]:
        multiply_edge(a, 0, z, whole_paths, out)
