"""W1 at a million paths, alone in its process: the time, and the peak memory."""

from __future__ import annotations

from benchmarks.ours.simulated import composed
from benchmarks.programs import Program

VERSIONS = ("numpy", "numba")


def programs():
    return [
        Program(
            name="ours, a million paths",
            workload="W1",
            run=composed("W1"),
            n_paths=1_000_000,
            n_rounds=3,
        )
    ]
