"""The files of machine code: one for each signature of each version of a kernel.

The compiler numbers its files, and writes the index that says what a number stands for before the
file itself. Two processes that compile one kernel at the same time, for different types or after
a change of the source, could then read one's machine code under the other's signature. Here a
file's name says what it holds, so that an entry of the index finds that or nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import Any, TypeAlias

Untyped: TypeAlias = Any
"""An object of the compiler, which declares no types."""

_PARTS = ("save", "_cache_path", "_data_name_pattern", "_index_name", "_source_stamp")


def keep_apart(cache_file: Untyped) -> None:
    """Name the files that ``cache_file`` writes after what they hold; remove those of other stamps.

    Parameters
    ----------
    cache_file
        The compiler's index of one kernel. One that lacks the parts this hangs on is left alone.
    """
    if not all(hasattr(cache_file, name) for name in _PARTS):
        return
    base = cache_file._index_name.removesuffix(".nbi")

    def save(key: Untyped, machine_code: Untyped) -> None:
        version = f"{base}.{_short(cache_file._source_stamp)}"
        cache_file._data_name_pattern = f"{version}-{_short(key)}.{{number:d}}.nbc"
        type(cache_file).save(cache_file, key, machine_code)
        _remove_others(cache_file._cache_path, f"{base}.", f"{version}-")

    cache_file.save = save


def _short(what: object) -> str:
    # Paths have a limit on some systems.
    return hashlib.sha256(repr(what).encode()).hexdigest()[:8]


def _remove_others(folder: str, of_kernel: str, of_version: str) -> None:
    """Remove the machine code of a kernel's other versions, which no index leads to any more."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            is_other = name.startswith(of_kernel) and not name.startswith(of_version)
            if is_other and name.endswith(".nbc"):
                os.unlink(os.path.join(folder, name))
