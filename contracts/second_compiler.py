"""The first run: a second process compiles half of the kernels while the first gets on.

Of what the first valuation after an install compiles, the block of paths takes half, and the
compiler works in one thread. Where two processors are granted, another process compiles what the
run needs last, from :data:`KERNELS` in their order, into the cache that both read. The run itself
waits for nothing: a kernel that it finds in the cache it loads, any other it compiles, and it ends
the second process with itself. So a second process that fails, hangs or cannot be started costs
time and nothing else, and the machine code is the same whoever made it.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

KERNELS = (
    (
        "contracts.legs.piecewise_linear._add_kink",
        "f8[:,::1], f8[:,::1], f8, f8, f8[:,::1], b1, f8[:,::1]",
    ),
    (
        "montecarlo.engine.kernels._two_factor_row",
        "f8[::1], f8[:,::1], f8[:,:,::1], i8, f8, i8, f8[:,::1], f8[::1]",
    ),
    (
        "montecarlo.engine.kernels._one_factor_row",
        "f8[::1], f8[:,::1], f8[:,:,::1], i8, f8, f8[:,::1], f8[::1]",
    ),
    ("montecarlo.engine.kernels._advance", "f8, f8[::1], i8, f8[:,:,::1], i8, f8[::1]"),
    ("montecarlo.engine.kernels._price_row", "f8, f8[:,::1], i8, i8, f8[::1]"),
    (
        "contracts.outputs._contribute",
        "f8[:,::1], f8, f8[:,::1], i8[::1], i8[::1], f8[:,::1], f8[::1], f8[::1], f8[:,::1]",
    ),
    (
        "contracts.price_payoff._on_twin",
        "f8[:,::1], f8[:,::1], f8[::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[::1], f8[:,::1]",
    ),
    (
        "montecarlo.accumulators._reduce",
        "f8[:,::1], i8[::1], f8[::1], f8[:,::1], f8[:,::1]",
    ),
    (
        "montecarlo.accumulators._push",
        "i8, i8[::1], i8[::1], f8[:,::1], f8[:,::1], i8[::1], f8[:,::1], f8[:,::1]",
    ),
)
"""Kernels of a valuation, each with the types that it is called with there."""

LIMIT_SECONDS = 120
"""After which the second process ends itself, should the first have been killed."""

PROGRAM = f"""
import faulthandler, sys
faulthandler.dump_traceback_later({LIMIT_SECONDS}, exit=True)
sys.path[:] = sys.argv[1:]
from contracts.second_compiler import compile_all
compile_all()
"""
"""What the second process runs; its arguments are the folders that the first one imports from."""


@contextmanager
def second_compiler(n_threads: int | None = None) -> Iterator[None]:
    """Let another process compile meanwhile, where there is something to compile and a processor.

    Parameters
    ----------
    n_threads
        As asked for; with one there is no second process.

    Examples
    --------
    >>> with second_compiler(1):
    ...     pass
    """
    child = _started() if _is_wanted(n_threads) else None
    try:
        yield
    finally:
        if child is not None:
            child.kill()
            child.wait()


def compile_all() -> None:
    """Compile :data:`KERNELS`, or load what is in the cache already."""
    from numba.core import sigutils

    parse: Any = sigutils.normalize_signature
    for kernel, arguments in KERNELS:
        module, _, name = kernel.rpartition(".")
        getattr(import_module(module), name).compile(parse(f"({arguments})")[0])


def _is_wanted(n_threads: int | None) -> bool:
    from montecarlo.kernel_cache import cache_status
    from montecarlo.processors import default_threads

    try:
        n_processors = default_threads()
    except ValueError:
        # A faulty setting is the run's to report.
        return False
    if n_processors < 2 or (n_threads is not None and n_threads < 2) or not sys.executable:
        return False
    status = cache_status()
    return status.is_writable and not status.is_warm


def _started() -> subprocess.Popen[bytes] | None:
    with contextlib.suppress(OSError, ValueError):
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, sys.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return None
