"""W1 on one thread and on two, for the wall-clock efficiency of the second core."""

from __future__ import annotations

from benchmarks.ours.simulated import composed
from benchmarks.programs import Program

VERSIONS = ("numpy", "numba")


def programs():
    return [
        Program(
            name=f"ours, {word} by wall clock",
            workload="threads",
            run=composed("W1", n_threads=n_threads),
            n_paths=2**20,
        )
        for n_threads, word in ((1, "one thread"), (2, "two threads"))
    ]
