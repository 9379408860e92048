"""The kernels of the Gaussian engine: normals, factors and prices of one block.

They are written once for doubles and 32-bit floats: the type of the arrays decides.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.elementary import exp_normal
from montecarlo.jit import by_precision, fma, inlined, kernel
from montecarlo.random import draw_rows
from montecarlo.single import AngleArray
from montecarlo.single import draw_rows as draw_single_rows
from montecarlo.single import exp as single_exp

STRIP = 256
"""Paths worked on at a time: their normals and factors stay in the nearest cache."""

exponential: Callable[[float], float] = by_precision(exp_normal, single_exp, argument=0)
draw: Callable[..., None] = by_precision(draw_rows, draw_single_rows, argument=5)


@kernel
def _one_factor_row(
    decay: FloatArray,
    loading: FloatArray,
    normals: FloatArray,
    step: int,
    scale: float,
    state: FloatArray,
    out: FloatArray,
) -> None:
    """Do what the two kernels below do, in one loop, for the first price with one factor."""
    keep = decay[0]
    weight = loading[0, 0]
    z = normals[0, step]
    x = state[0]
    for path in range(out.shape[0]):
        moved = fma(weight, z[path], keep * x[path])
        x[path] = moved
        out[path] = scale * exponential(moved)


@kernel
def _two_factor_row(
    decay: FloatArray,
    loading: FloatArray,
    normals: FloatArray,
    step: int,
    scale: float,
    second: int,
    state: FloatArray,
    out: FloatArray,
) -> None:
    """Do what the two kernels below do, in one loop, for two factors.

    The second factor reads the first normal and normal ``second``: 1, or again 0 where the two
    share one, which then counts with no weight.
    """
    keep_x = decay[0]
    keep_y = decay[1]
    weight_x = loading[0, 0]
    weight_yx = loading[1, 0]
    weight_y = loading[1, second] if second > 0 else loading.dtype.type(0.0)
    z = normals[0, step]
    w = normals[second, step]
    x = state[0]
    y = state[1]
    for path in range(out.shape[0]):
        moved_x = fma(weight_x, z[path], keep_x * x[path])
        moved_y = fma(weight_y, w[path], fma(weight_yx, z[path], keep_y * y[path]))
        x[path] = moved_x
        y[path] = moved_y
        out[path] = scale * exponential(moved_x + moved_y)


@kernel
def _advance(
    decay: float,
    loading: FloatArray,
    n_reads: int,
    normals: FloatArray,
    step: int,
    row: FloatArray,
) -> None:
    """Move one factor over one step, its normals taken in rising order, four to a pass."""
    keep = decay
    j = 0
    while j + 4 <= n_reads:
        w0, w1, w2, w3 = loading[j], loading[j + 1], loading[j + 2], loading[j + 3]
        z0, z1 = normals[j, step], normals[j + 1, step]
        z2, z3 = normals[j + 2, step], normals[j + 3, step]
        for path in range(row.shape[0]):
            moved = fma(w1, z1[path], fma(w0, z0[path], keep * row[path]))
            row[path] = fma(w3, z3[path], fma(w2, z2[path], moved))
        keep = loading.dtype.type(1.0)
        j += 4
    while j + 2 <= n_reads:
        w0, w1 = loading[j], loading[j + 1]
        z0, z1 = normals[j, step], normals[j + 1, step]
        for path in range(row.shape[0]):
            row[path] = fma(w1, z1[path], fma(w0, z0[path], keep * row[path]))
        keep = loading.dtype.type(1.0)
        j += 2
    if j < n_reads:
        w0 = loading[j]
        z0 = normals[j, step]
        for path in range(row.shape[0]):
            row[path] = fma(w0, z0[path], keep * row[path])


@inlined
def _sum_row(state: FloatArray, first: int, last: int, n_paths: int) -> int:
    """Return the row that holds the sum of some factors: their only one, or the last, for sums."""
    row = first
    if last > first + 1:
        row = state.shape[0] - 1
        total = state[row]
        x = state[first]
        for path in range(n_paths):
            total[path] = x[path]
        for i in range(first + 1, last):
            y = state[i]
            for path in range(n_paths):
                total[path] = total[path] + y[path]
    return row


@kernel
def _price_row(scale: float, state: FloatArray, first: int, last: int, out: FloatArray) -> None:
    """Write ``scale * exp(sum of states)`` of one price on one date.

    The last row of ``state`` belongs to no factor and has room for a sum.
    """
    n_paths = out.shape[0]
    if last == first:
        for path in range(n_paths):
            out[path] = scale
    elif last == first + 1:
        x = state[first]
        for path in range(n_paths):
            out[path] = scale * exponential(x[path])
    else:
        x = state[first]
        y = state[_sum_row(state, first + 1, last, n_paths)]
        for path in range(n_paths):
            out[path] = scale * exponential(x[path] + y[path])


@kernel
def _mirrored_price_row(
    scale: float, state: FloatArray, first: int, last: int, out: FloatArray
) -> None:
    """Write the prices of antithetic pairs side by side: that of the states, that of minus them."""
    n_pairs = out.shape[0] // 2
    if last == first:
        for path in range(out.shape[0]):
            out[path] = scale
    elif last == first + 1:
        x = state[first]
        for pair in range(n_pairs):
            out[2 * pair] = scale * exponential(x[pair])
            out[2 * pair + 1] = scale * exponential(-x[pair])
    else:
        x = state[first]
        y = state[_sum_row(state, first + 1, last, n_pairs)]
        for pair in range(n_pairs):
            total = x[pair] + y[pair]
            out[2 * pair] = scale * exponential(total)
            out[2 * pair + 1] = scale * exponential(-total)


@inlined
def move_and_price(
    t: int,
    step: int,
    start: int,
    end: int,
    starts: npt.NDArray[np.int64],
    n_reads: npt.NDArray[np.int64],
    decay: FloatArray,
    loading: FloatArray,
    scale: FloatArray,
    normals: FloatArray,
    state: FloatArray,
    prices: FloatArray,
) -> None:
    """Move the factors to date ``t`` by the normals of row ``step``, and price paths of a strip."""
    n_done = 0
    if 0 < starts[1] <= 2 and n_reads[0] == 1:
        n_done = 1
        row = prices[0, t, start:end]
        if starts[1] == 1:
            _one_factor_row(decay[t], loading[t], normals, step, scale[t, 0], state, row)
        else:
            second = n_reads[1] - 1
            _two_factor_row(decay[t], loading[t], normals, step, scale[t, 0], second, state, row)
    for i in range(starts[n_done], n_reads.shape[0]):
        _advance(decay[t, i], loading[t, i], n_reads[i], normals, step, state[i, : end - start])
    for a in range(n_done, prices.shape[0]):
        _price_row(scale[t, a], state, starts[a], starts[a + 1], prices[a, t, start:end])


@kernel
def fill_block(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    starts: npt.NDArray[np.int64],
    n_reads: npt.NDArray[np.int64],
    decay: FloatArray,
    loading: FloatArray,
    scale: FloatArray,
    angles: AngleArray,
    normals: FloatArray,
    state: FloatArray,
    price: FloatArray,
) -> None:
    """Simulate one block strip by strip: normals of four dates, then factors, then prices.

    ``normals`` is (n_noises, 4, n), ``state`` (n_factors + 1, n), ``price`` (n_names, n_dates,
    width), with ``n`` the strip. All arrays of floats are of one precision; ``angles`` (2, n) is
    needed in single precision only.
    """
    n_dates, width = price.shape[1:]
    for start in range(0, width, state.shape[1]):
        end = min(start + state.shape[1], width)
        path = first_path + np.uint64(start)
        state[:] = 0.0
        for t in range(n_dates):
            if t % 4 == 0:
                for j in range(normals.shape[0]):
                    quad = np.uint64(t // 4)
                    draw(key, path, quad, np.uint64(j), angles, normals[j], end - start)
            move_and_price(
                t, t % 4, start, end, starts, n_reads, decay, loading, scale, normals, state, price
            )


@kernel
def fill_mirrored_block(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    starts: npt.NDArray[np.int64],
    n_reads: npt.NDArray[np.int64],
    decay: FloatArray,
    loading: FloatArray,
    scale: FloatArray,
    angles: AngleArray,
    normals: FloatArray,
    state: FloatArray,
    price: FloatArray,
) -> None:
    """Simulate one block of antithetic pairs: half the factors, prices from them and minus them.

    The arguments are those of :func:`fill_block`; a strip of factors serves two of paths.
    """
    n_names, n_dates, width = price.shape
    for start in range(0, width, 2 * state.shape[1]):
        end = min(start + 2 * state.shape[1], width)
        n = (end - start) // 2
        pair = (first_path + np.uint64(start)) >> np.uint64(1)
        state[:] = 0.0
        for t in range(n_dates):
            if t % 4 == 0:
                for j in range(normals.shape[0]):
                    draw(key, pair, np.uint64(t // 4), np.uint64(j), angles, normals[j], n)
            for i in range(n_reads.shape[0]):
                _advance(decay[t, i], loading[t, i], n_reads[i], normals, t % 4, state[i, :n])
            for a in range(n_names):
                row = price[a, t, start:end]
                _mirrored_price_row(scale[t, a], state, starts[a], starts[a + 1], row)
