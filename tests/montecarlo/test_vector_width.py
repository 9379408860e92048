"""The setting for 512-bit vectors: what it asks the compiler for, and that no bit depends on it."""

import subprocess
import sys
from pathlib import Path

import pytest

from montecarlo.vector_width import has_wide_vectors, wants_wide

ROOT = Path(__file__).parents[2]

# Compiled for a processor that this machine need not have, and never run.
COMPILE = """
import numba
from montecarlo.random import _normals_in_place
row = numba.float64[::1]
_normals_in_place.disable_cache() if hasattr(_normals_in_place, "disable_cache") else None
_normals_in_place.compile((row, row))
text = next(iter(_normals_in_place.inspect_asm().values()))
print(text.count("zmm"), text.count("ymm"))
"""

BITS = """
import hashlib
from montecarlo import normals
print(hashlib.sha256(normals(seed=1, n_paths=300, n_steps=5, n_factors=2).tobytes()).hexdigest())
"""


def run(code, folder, **environment):
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "NUMBA_CACHE_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def test_setting():
    assert wants_wide({}) == has_wide_vectors()
    assert wants_wide({"OFFTAKE_VECTOR_BITS": "auto"}) == has_wide_vectors()
    assert not wants_wide({"OFFTAKE_VECTOR_BITS": "256"})
    assert wants_wide({"OFFTAKE_VECTOR_BITS": "512"})


def test_bad_setting():
    with pytest.raises(
        ValueError, match="OFFTAKE_VECTOR_BITS must be one of auto, 256, 512, got '1024'"
    ):
        wants_wide({"OFFTAKE_VECTOR_BITS": "1024"})


@pytest.mark.parametrize(("setting", "is_wide"), [("256", False), ("512", True)])
def test_compiled_for_a_processor_with_wide_vectors(tmp_path, setting, is_wide):
    processor = {"NUMBA_CPU_NAME": "skylake-avx512", "NUMBA_CPU_FEATURES": "+avx512f,+avx512dq"}
    counts = run(COMPILE, tmp_path, OFFTAKE_VECTOR_BITS=setting, **processor)
    wide, narrow = map(int, counts.split())

    # Without the setting this compiler prefers 256 bits on that processor.
    assert (wide > narrow) == is_wide


def test_no_bit_depends_on_it(tmp_path):
    # In one cache folder: code of the one width must not serve the other.
    found = {run(BITS, tmp_path, OFFTAKE_VECTOR_BITS=setting) for setting in ("256", "512", "256")}

    assert len(found) == 1
