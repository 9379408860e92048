"""As many normals as W1 draws, into rows that stay in the cache."""

from __future__ import annotations

import numpy as np

from benchmarks import terms
from benchmarks.ours.workloads import SEED
from benchmarks.programs import Answer
from montecarlo import kernel
from montecarlo.random import key_of, normals_in_place, uniform_rows

N_FACTORS = 2
ROW = 1024
"""Paths in a row: four rows of 8 KB stay in the first-level cache."""


def run(n_paths):
    """Draw 240 normals a path; the answer is the mean of the last date's first factor."""
    rows = np.empty((N_FACTORS, 2, ROW))
    last = np.empty(n_paths // ROW * ROW)
    _draw(key_of(SEED), terms.N_MONTHS // 2, rows, last)
    return Answer(
        n_paths=last.size,
        mean=float(last.mean()),
        standard_error=float(last.std(ddof=1) / np.sqrt(last.size)),
        details={"normals": terms.N_MONTHS * N_FACTORS},
    )


@kernel
def _draw(key, n_pairs, rows, last):
    n_row = rows.shape[2]
    for block in range(last.shape[0] // n_row):
        first = np.uint64(block * n_row)
        for pair in range(n_pairs):
            for factor in range(rows.shape[0]):
                u, v = rows[factor, 0], rows[factor, 1]
                uniform_rows(key, first, np.uint64(pair), np.uint64(factor), u, v)
                normals_in_place(u, v)
        last[block * n_row : (block + 1) * n_row] = rows[0, 1]
