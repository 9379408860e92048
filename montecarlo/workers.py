"""The blocks of a simulation, and threads that work off its parts in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import Empty, SimpleQueue
from typing import TypeAlias, TypeVar

from montecarlo.accumulators import GRANULE
from montecarlo.block import PathBlock
from montecarlo.models.protocol import BlockSource, Workspace

Item = TypeVar("Item")
R = TypeVar("R")

IsStopped: TypeAlias = Callable[[], bool]
"""Says between two blocks whether the rest of a part is no longer wanted."""

_PARTS_PER_THREAD = 3
_POLL_SECONDS = 0.2


class StoppedError(Exception):
    """A part was cut short because nobody waits for it any more."""


class Blocks:
    """The blocks of one simulation, in workspaces that are used again.

    Parameters
    ----------
    source
        Fills the blocks.
    n_paths
        How many paths in all; what the last block has beyond them is for the work to ignore.
    block_size
        Paths in a block, a multiple of 256.
    """

    __slots__ = ("_free", "block_size", "source")

    def __init__(self, source: BlockSource, *, n_paths: int, block_size: int) -> None:
        self.source = source
        self.block_size = min(block_size, -(-n_paths // GRANULE) * GRANULE)
        self._free: SimpleQueue[Workspace] = SimpleQueue()

    def fill(self, start: int, stop: int, is_stopped: IsStopped) -> Iterator[PathBlock]:
        """Yield blocks of the paths from ``start`` on, the last one reaching ``stop`` or beyond.

        Each block is gone when the next one is asked for. Several threads may do this at once.

        Raises
        ------
        StoppedError
            When ``is_stopped`` says so.
        """
        try:
            workspace = self._free.get_nowait()
        except Empty:
            workspace = self.source.workspace(self.block_size)
        try:
            for first in range(start, stop, self.block_size):
                if is_stopped():
                    raise StoppedError
                yield self.source.fill(first, workspace)
        finally:
            self._free.put(workspace)


def in_order(
    items: Iterable[Item], work: Callable[[Item, IsStopped], R], n_threads: int
) -> Generator[R, None, None]:
    """Yield what the work makes of each item, in their order, a few items ahead on threads.

    An exception in ``work`` comes out here once the other threads have ended, which takes them
    as long as they take to ask ``is_stopped``. Closing the generator ends them in the same way.

    Examples
    --------
    >>> list(in_order([3, 1, 2], lambda item, is_stopped: 10 * item, n_threads=2))
    [30, 10, 20]
    """
    stop = threading.Event()
    n_workers = min(n_threads, len(items)) if isinstance(items, Sized) else n_threads
    if n_workers <= 1:
        for item in items:
            yield work(item, stop.is_set)
        return
    errors: list[BaseException] = []

    def run(item: Item) -> R | None:
        try:
            return None if stop.is_set() else work(item, stop.is_set)
        except BaseException as error:
            errors.append(error)
            stop.set()
            return None

    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="montecarlo")
    try:
        waiting: deque[Future[R | None]] = deque()
        remaining = iter(items)
        for item in remaining:
            waiting.append(pool.submit(run, item))
            if len(waiting) == n_workers * _PARTS_PER_THREAD:
                break
        while waiting:
            first = waiting.popleft()
            # Waiting in short turns lets Ctrl-C through on every platform.
            while not wait((first,), timeout=_POLL_SECONDS).done:
                pass
            # A part cut short by another's error is never looked at.
            if errors:
                raise errors[0]
            result = first.result()
            for item in remaining:
                waiting.append(pool.submit(run, item))
                break
            yield result  # type: ignore[misc]
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
