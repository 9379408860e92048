"""Peak memory a path beyond the base, of ours on W1, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
from pathlib import Path
from benchmarks.fused import FusedContract, run
from benchmarks.workload import W1

def peak(n_paths):
    run(W1, n_paths, n_threads=2)
    return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

base = peak({low})
print(base, peak({high}))
"""


def bytes_a_path(low=200_000, high=2_000_000):
    """Return the base in bytes and what each further path adds; None where it cannot be read."""
    if not Path("/proc/self/status").exists():
        return None
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(low=low, high=high)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    base, top = map(int, done.stdout.split())
    return base, (top - base) / (high - low)
