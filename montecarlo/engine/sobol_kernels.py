"""The kernels that turn Sobol points into prices; they are written for both types of floats."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo.bridge import bridge_in_place
from montecarlo.checks import FloatArray
from montecarlo.directions import WordArray
from montecarlo.elementary import exp_normal
from montecarlo.engine.kernels import move_and_price
from montecarlo.jit import kernel
from montecarlo.multiply import multiply_rows
from montecarlo.sobol import sobol_normals

IndexArray: TypeAlias = npt.NDArray[np.int64]


@kernel
def _exponential_row(scale: float, deviation: FloatArray, out: FloatArray) -> None:
    for path in range(out.shape[0]):
        out[path] = scale * exp_normal(deviation[path])


@kernel
def _constant_row(value: float, out: FloatArray) -> None:
    for path in range(out.shape[0]):
        out[path] = value


@kernel
def _subtract(change: FloatArray, row: FloatArray) -> None:
    for path in range(row.shape[0]):
        row[path] = row[path] - change[path]


@kernel
def fill_components(
    directions: WordArray,
    shift: WordArray,
    first_point: np.uint64,
    matrix: FloatArray,
    name_of_row: IndexArray,
    date_of_row: IndexArray,
    still_names: IndexArray,
    still_dates: IndexArray,
    scale: FloatArray,
    normals: FloatArray,
    deviations: FloatArray,
    prices: FloatArray,
    first: int,
    last: int,
) -> None:
    """Write columns of ``prices`` strip by strip: normals, their combinations, exponentials.

    ``normals`` and ``deviations`` are (n_rows, strip), ``prices`` (n_names, n_dates, width).
    """
    n_rows, strip = normals.shape
    for start in range(first, last, strip):
        end = min(start + strip, last)
        point = first_point + np.uint64(start - first)
        for d in range(n_rows):
            sobol_normals(directions[d], shift[d], point, normals[d, : end - start])
        # Of a strip cut short the rest is worked out too, and not used.
        multiply_rows(matrix, normals, deviations)
        for row in range(n_rows):
            a = name_of_row[row]
            t = date_of_row[row]
            _exponential_row(scale[t, a], deviations[row], prices[a, t, start:end])
        for row in range(still_names.shape[0]):
            a = still_names[row]
            t = still_dates[row]
            _constant_row(scale[t, a], prices[a, t, start:end])


@kernel
def fill_walk(
    directions: WordArray,
    shift: WordArray,
    first_point: np.uint64,
    rank_row: IndexArray,
    left: IndexArray,
    right: IndexArray,
    cosine: FloatArray,
    sine: FloatArray,
    into: FloatArray,
    out_of: FloatArray,
    starts: IndexArray,
    n_reads: IndexArray,
    decay: FloatArray,
    loading: FloatArray,
    scale: FloatArray,
    normals: FloatArray,
    state: FloatArray,
    leading: FloatArray,
    change: FloatArray,
    prices: FloatArray,
    first: int,
    last: int,
) -> None:
    """Write columns of ``prices`` strip by strip: normals, rotation, bridges, then date by date.

    ``normals`` is (n_noises, n_steps, strip), ``state`` (n_factors + 1, strip), ``leading``
    (m, strip), ``change`` (n_noises * n_steps, strip), or without rows where nothing is rotated,
    ``prices`` (n_names, n_dates, width). A first date that no time leads to has no step.
    """
    n_noises, n_steps, strip = normals.shape
    n_names, n_dates = prices.shape[:2]
    n_still = n_dates - n_steps
    flat = normals.reshape((n_noises * n_steps, strip))
    for start in range(first, last, strip):
        end = min(start + strip, last)
        point = first_point + np.uint64(start - first)
        for k in range(n_steps):
            for j in range(n_noises):
                d = k * n_noises + j
                z = normals[j, rank_row[k], : end - start]
                sobol_normals(directions[d], shift[d], point, z)
        if into.shape[0] > 0:
            multiply_rows(into, flat, leading)
            multiply_rows(out_of, leading, change)
            for row in range(flat.shape[0]):
                _subtract(change[row], flat[row])
        for j in range(n_noises):
            bridge_in_place(left, right, cosine, sine, normals[j])
        state[:] = 0.0
        for t in range(n_still):
            for a in range(n_names):
                _constant_row(scale[t, a], prices[a, t, start:end])
        for t in range(n_still, n_dates):
            move_and_price(
                t, t - n_still, start, end, starts, n_reads, decay, loading, scale, normals, state,
                prices,
            )  # fmt: skip
