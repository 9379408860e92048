"""Progress on stderr: a line when kernels are compiled, a bar when it takes over a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from montecarlo.kernel_cache import Compiling, NotKept

DELAY_SECONDS = 1.0


@contextmanager
def announced() -> Iterator[Callable[[int, int], None]]:
    """Yield a progress callback; say once when this run has to compile.

    The bar appears once a second has passed, and only on a terminal.
    """
    from montecarlo.kernel_cache import watch_compiling

    notice = _Notice()
    bar = _LateBar()
    try:
        with watch_compiling(notice):
            yield bar
    finally:
        bar.stop()


class _Notice:
    """A line on stderr before the first kernel is compiled, and one if it cannot be kept."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, event: Compiling | NotKept) -> None:
        from montecarlo.kernel_cache import NotKept, trouble_with

        if isinstance(event, NotKept):
            self._say(f"compiled kernels are not kept in {event.folder}: {event.reason}")
            return
        trouble = trouble_with(event.folder)
        if trouble:
            self._say(trouble)
        once = "once; the next run is quick" if event.folder else "again, as in every run"
        self._say(f"compiling {once}")

    def _say(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


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
