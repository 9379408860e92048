"""Progress on stderr: a line when kernels are compiled, a bar when it takes over a second."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

DELAY_SECONDS = 1.0


@contextmanager
def announced() -> Iterator[Callable[[int, int], None]]:
    """Yield a progress callback; say first when this run has to compile.

    The bar appears once a second has passed, and only on a terminal.
    """
    from montecarlo.jit import cache_status

    is_compiled = os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")
    if is_compiled and not cache_status().is_warm:
        sys.stderr.write("compiling once; the next run is quick\n")
        sys.stderr.flush()
    bar = _LateBar()
    try:
        yield bar
    finally:
        bar.stop()


class _LateBar:
    def __init__(self) -> None:
        self._started = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            late = time.monotonic() - self._started > DELAY_SECONDS
            if not late or done >= total or not sys.stderr.isatty():
                return
            self._open(total)
        self._bar.update(self._task, completed=done, total=total)

    def _open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task("paths", total=total)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
