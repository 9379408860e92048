r"""Kernels for the moments of a price that switches regimes: linear equations, solved to rounding.

Where the matrix is constant the solution is the Taylor series of its exponential, in steps over
which the series has converged to rounding. Where the matrix changes with time it is Gragg's
modified midpoint rule, extrapolated over eight numbers of substeps to order 16 (Bulirsch and
Stoer): on steps over which matrix and pull advance by at most one its error is that of rounding.

Source: E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary Differential Equations I",
2nd edition, 1993, section II.9.
"""

from __future__ import annotations

import math

import numpy as np

from montecarlo.checks import FloatArray
from montecarlo.elementary import exp, log
from montecarlo.jit import kernel

_TERMS = 24
_COLUMNS = 8


@kernel
def propagate(matrix: FloatArray, duration: float, columns: FloatArray) -> None:
    """Multiply columns (d, m) by the exponential of ``matrix`` (d, d) times ``duration``."""
    d, m = columns.shape
    norm = 0.0
    for i in range(d):
        size = 0.0
        for j in range(d):
            size += abs(matrix[i, j])
        norm = max(norm, size)
    n_steps = max(1, math.ceil(norm * duration))
    step = duration / n_steps
    term = np.empty(d)
    moved = np.empty(d)
    for c in range(m):
        for _ in range(n_steps):
            for i in range(d):
                term[i] = columns[i, c]
            for k in range(1, _TERMS):
                for i in range(d):
                    total = 0.0
                    for j in range(d):
                        total += matrix[i, j] * term[j]
                    moved[i] = total * step / k
                for i in range(d):
                    term[i] = moved[i]
                    columns[i, c] += term[i]


@kernel
def _growth(
    faded: float,
    log_drift: FloatArray,
    variance: FloatArray,
    rates: FloatArray,
    jump_mean: FloatArray,
    jump_variance: FloatArray,
    z: FloatArray,
    out: FloatArray,
) -> None:
    """Write the matrix times ``z``, the power of the price having faded to ``faded``."""
    n = z.shape[0]
    for i in range(n):
        total = (faded * log_drift[i] + 0.5 * faded * faded * variance[i]) * z[i]
        for j in range(n):
            if rates[i, j] > 0.0:
                size = faded * jump_mean[i, j] + 0.5 * faded * faded * jump_variance[i, j]
                total += rates[i, j] * ((z[j] if size == 0.0 else exp(size) * z[j]) - z[i])
        out[i] = total


@kernel
def _midpoint_step(
    power: float,
    mean_reversion: float,
    log_drift: FloatArray,
    variance: FloatArray,
    rates: FloatArray,
    jump_mean: FloatArray,
    jump_variance: FloatArray,
    at: float,
    step: float,
    table: FloatArray,
    work: FloatArray,
    z: FloatArray,
) -> None:
    """Move ``z`` from time to go ``at`` to ``at + step``."""
    n = z.shape[0]
    before, here, slope = work[0], work[1], work[2]
    for column in range(_COLUMNS):
        n_parts = 2 * (column + 1)
        h = step / n_parts
        for i in range(n):
            here[i] = z[i]
        for part in range(n_parts + 1):
            faded = power * exp(-mean_reversion * (at + part * h))
            _growth(faded, log_drift, variance, rates, jump_mean, jump_variance, here, slope)
            for i in range(n):
                if part == 0:
                    before[i] = here[i]
                    here[i] += h * slope[i]
                elif part < n_parts:
                    after = before[i] + 2.0 * h * slope[i]
                    before[i] = here[i]
                    here[i] = after
                else:
                    table[column, i] = 0.5 * (here[i] + before[i] + h * slope[i])
        # The older entries are no longer needed: each is replaced by the next extrapolation.
        for k in range(1, column + 1):
            ratio = (column + 1.0) / (column + 1.0 - k)
            for i in range(n):
                newer, older = table[column - k + 1, i], table[column - k, i]
                table[column - k, i] = newer + (newer - older) / (ratio * ratio - 1.0)
    for i in range(n):
        z[i] = table[0, i]


@kernel
def mean_exponentials(
    power: float,
    mean_reversion: float,
    starts: FloatArray,
    rates: FloatArray,
    initial: FloatArray,
    jump_mean: FloatArray,
    jump_variance: FloatArray,
    log_drift: FloatArray,
    variance: FloatArray,
    times: FloatArray,
    out: FloatArray,
) -> None:
    """Write the log of the mean of exp(power y) at rising times, y being zero at first.

    With one piece the solution for a time is that for the time before, moved on.
    """
    n = initial.shape[0]
    last = starts.shape[0] - 1
    table, work, z = np.empty((_COLUMNS, n)), np.empty((3, n)), np.ones(n)
    shift = 0.0
    reached = 0.0
    for t in range(times.shape[0]):
        if last > 0:
            z[:] = 1.0
            shift = 0.0
            reached = 0.0
        for piece in range(last + 1):
            k = last - piece
            goal = times[t] - starts[k]
            if goal > reached:
                norm = mean_reversion
                for i in range(n):
                    size = abs(power * log_drift[i]) + 0.5 * power * power * variance[i]
                    for j in range(n):
                        jump = max(0.0, power * jump_mean[i, j])
                        jump += 0.5 * power * power * jump_variance[i, j]
                        if rates[k, i, j] > 0.0:
                            size += rates[k, i, j] * (1.0 + exp(jump))
                    norm = max(norm, mean_reversion + size)
                n_steps = max(1, math.ceil(norm * (goal - reached)))
                step = (goal - reached) / n_steps
                for i in range(n_steps):
                    _midpoint_step(
                        power,
                        mean_reversion,
                        log_drift,
                        variance,
                        rates[k],
                        jump_mean,
                        jump_variance,
                        reached + i * step,
                        step,
                        table,
                        work,
                        z,
                    )
                    largest = 0.0
                    for j in range(n):
                        largest = max(largest, z[j])
                    if not 1e-100 < largest < 1e100:
                        shift += log(largest)
                        for j in range(n):
                            z[j] /= largest
                reached = goal
        total = 0.0
        for i in range(n):
            total += initial[i] * z[i]
        out[t] = shift + log(total)
