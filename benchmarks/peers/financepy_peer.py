"""FinancePy's compiled Brownian paths with NumPy payoffs, in blocks; its paths come in pairs.

Its steps are equal, so that this values W2 on equal months rather than on the 28th of each.
"""

from __future__ import annotations

import numpy as np

from benchmarks import terms
from benchmarks.programs import Answer, Program

VERSIONS = ("financepy", "numba", "numpy")


def run(n_paths, block_size):
    from financepy.models.gbm_process_simulator import get_paths_times

    n_blocks = max(n_paths // block_size, 1)
    half = block_size // 2
    values = np.empty((n_blocks, half))
    flows = np.zeros(terms.N_QUARTERS)
    scales = terms.QUANTITY * terms.DISCOUNT_FACTORS
    end = float(terms.TIMES[-1])
    for i in range(n_blocks):
        _, price = get_paths_times(
            block_size, terms.N_MONTHS, end, 0.0, terms.FORWARD, terms.VOLATILITY, i + 1
        )
        mean = price[:, 1::3] + price[:, 2::3]
        mean += price[:, 3::3]
        gap = terms.STRIKE - mean * (1.0 / 3.0)
        flow = np.maximum(gap, 0.0) + terms.SHARE * np.minimum(gap, 0.0)
        flow *= scales
        flows += flow.sum(axis=0)
        value = flow.sum(axis=1)
        values[i] = 0.5 * (value[0::2] + value[1::2])
    return Answer(
        n_paths=n_blocks * block_size,
        mean=float(values.mean()),
        standard_error=float(values.std(ddof=1) / np.sqrt(values.size)),
    )


def programs():
    return [
        Program(
            name="FinancePy paths + NumPy",
            workload="W2",
            run=run,
            quantity="value on equal months",
            choices=tuple({"block_size": size} for size in (1000, 5000, 20_000)),
            least_paths=20_000,
        )
    ]
