"""As many normals as W1 draws, into rows that stay in the cache."""

from __future__ import annotations

import numpy as np

from benchmarks import terms
from benchmarks.ours.workloads import SEED
from benchmarks.programs import Answer
from montecarlo import kernel
from montecarlo.engine.source import aligned
from montecarlo.random import STEPS, key_of, normal_rows

N_FACTORS = 2
ROW = 256
"""Paths in a row, as in the simulation: a factor's four rows stay in the nearest cache."""


def run(n_paths):
    """Draw 240 normals a path; the answer is the mean of the last date's first factor."""
    rows = aligned((N_FACTORS, STEPS, ROW))
    last = np.empty(n_paths // ROW * ROW)
    _draw(key_of(SEED), terms.N_MONTHS // STEPS, rows, last)
    return Answer(
        n_paths=last.size,
        mean=float(last.mean()),
        standard_error=float(last.std(ddof=1) / np.sqrt(last.size)),
        details={"normals": terms.N_MONTHS * N_FACTORS},
    )


@kernel
def _draw(key, n_quads, rows, last):
    n_row = rows.shape[2]
    for block in range(last.shape[0] // n_row):
        first = np.uint64(block * n_row)
        for quad in range(n_quads):
            for factor in range(rows.shape[0]):
                z = rows[factor]
                normal_rows(key, first, np.uint64(quad), np.uint64(factor), z[0], z[1], z[2], z[3])
        last[block * n_row : (block + 1) * n_row] = rows[0, STEPS - 1]
