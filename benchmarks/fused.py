"""Ours, with the contract written by hand as one kernel over the block."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.workload import (
    DISCOUNT_FACTORS,
    GRID,
    N_QUARTERS,
    PRICE,
    QUANTITY,
    SHARE,
    STRIKE,
    W1,
    W2,
    Result,
)
from montecarlo import Plan, kernel, simulate


class FusedContract:
    """Present value (kept) and forty discounted flows of a block."""

    n_outputs = 1 + N_QUARTERS
    n_kept = 1

    def __call__(self, block):
        out = np.empty((self.n_outputs, block.n_paths))
        _quarterly_floors(block.price[PRICE], DISCOUNT_FACTORS, out)
        return out


@kernel
def _quarterly_floors(price, discount_factors, out):
    total = out[0]
    for path in range(total.shape[0]):
        total[path] = 0.0
    for quarter in range(discount_factors.shape[0]):
        first, second, third = price[3 * quarter], price[3 * quarter + 1], price[3 * quarter + 2]
        flow = out[1 + quarter]
        scale = QUANTITY * discount_factors[quarter]
        for path in range(total.shape[0]):
            gap = STRIKE - (first[path] + second[path] + third[path]) / 3.0
            paid = scale * (SHARE * gap if gap < 0.0 else gap)
            flow[path] = paid
            total[path] = total[path] + paid


def run(model, n_paths, n_threads=1, functional=None):
    """Time one simulation in the calling thread."""
    started = time.process_time()
    estimate = simulate(
        model,
        GRID,
        functional or FusedContract(),
        Plan(n_paths=n_paths, seed=20250709, n_threads=n_threads),
    )
    seconds = time.process_time() - started
    return Result(
        seconds=seconds,
        n_paths=n_paths,
        mean=float(estimate.mean[0]),
        standard_error=float(estimate.standard_error[0]),
    )


def run_w1(n_paths):
    return run(W1, n_paths)


def run_w2(n_paths):
    return run(W2, n_paths)
