"""What each further path of a valuation adds to the peak memory, in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.programs import Answer

LEAST = 200_000
CODE = """
import sys
from benchmarks import machine
from benchmarks.ours.simulated import composed

for n_paths in map(int, sys.argv[1:]):
    composed("W1")(n_paths)
    print(machine.peak_bytes())
"""


def growth(n_paths):
    """Return bytes a path between a tenth of the paths and all of them; the mean is that."""
    low = max(n_paths // 10, 1)
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(low), str(n_paths)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    base, top = (int(text) for text in done.stdout.split())
    return Answer(
        n_paths=n_paths,
        mean=(top - base) / (n_paths - low),
        standard_error=0.0,
        details={"base_bytes": base},
    )
