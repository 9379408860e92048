"""The parent's side: child processes kept alive, asked one at a time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
QUIET = {
    "JAX_PLATFORMS": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
    "TF_USE_LEGACY_KERAS": "1",
}
WARM_HEAP = {
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**31),
    "MALLOC_TOP_PAD_": str(2**26),
}
"""Keep freed memory for the next array: whoever allocates its output pays no page faults."""


class Child:
    """One family's process.

    Parameters
    ----------
    family
        Of :data:`benchmarks.programs.FAMILIES`.
    python
        Interpreter that has the family's packages; by default this one.
    """

    def __init__(self, family, python=None):
        settings = {**ONE_THREAD, **QUIET, **WARM_HEAP} if family.pinned else QUIET
        if family.name.endswith("-million"):
            settings = {**ONE_THREAD, **QUIET}
        self.family = family
        interpreter = python or sys.executable
        if shutil.which(interpreter) is None:
            msg = f"--python {family.name} must be an interpreter, got {interpreter}"
            raise SystemExit(msg)
        self._process = subprocess.Popen(
            [interpreter, "-m", "benchmarks.worker", family.name],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        greeting = self._answer()
        self.versions = greeting.get("versions", {})
        self.programs = greeting.get("programs", [])
        self.error = greeting.get("error")

    def run(self, program, n_paths, choice=0):
        """Return what one run gave, or ``{"error": ...}``."""
        request = {"program": program, "n_paths": n_paths, "choice": choice}
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return {"error": "the process ended"}
        return self._answer()

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _answer(self):
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"error": "the process ended"}
