"""The worker threads of a simulation: blocks in any order, results in the order of the paths."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import TypeVar

from montecarlo.accumulators import GRANULE
from montecarlo.block import PathBlock
from montecarlo.models.protocol import BlockSource, Workspace

T = TypeVar("T")

_CHUNK_PATHS = 2**14
_CHUNKS_PER_THREAD = 3
_POLL_SECONDS = 0.2


class Blocks:
    """The blocks of one simulation, worked off in chunks whose results come back in order.

    Parameters
    ----------
    source
        Fills the blocks.
    n_paths
        How many paths in all; what the last block has beyond them is for the work to ignore.
    block_size
        Paths in a block, a multiple of 256.
    """

    __slots__ = ("block_size", "chunk_size", "n_paths", "source")

    def __init__(self, source: BlockSource, *, n_paths: int, block_size: int) -> None:
        self.source = source
        self.n_paths = n_paths
        self.block_size = min(block_size, -(-n_paths // GRANULE) * GRANULE)
        self.chunk_size = max(_CHUNK_PATHS // self.block_size, 1) * self.block_size

    def run(self, work: Callable[[PathBlock], T], n_threads: int) -> Generator[list[T], None, None]:
        """Yield the results of each chunk's blocks, in the order of the paths.

        An exception in ``work`` comes out here once the other threads have ended, which takes
        them a block. Closing the generator ends them in the same way.
        """
        starts = range(0, self.n_paths, self.chunk_size)
        n_workers = min(n_threads, len(starts))
        stop = threading.Event()
        if n_workers == 1:
            workspace = self.source.workspace(self.block_size)
            for start in starts:
                yield self._chunk(start, work, workspace, stop)
            return
        yield from self._run_threads(starts, work, n_workers, stop)

    def _run_threads(
        self, starts: range, work: Callable[[PathBlock], T], n_workers: int, stop: threading.Event
    ) -> Generator[list[T], None, None]:
        free: SimpleQueue[Workspace] = SimpleQueue()
        for _ in range(n_workers):
            free.put(self.source.workspace(self.block_size))

        errors: list[BaseException] = []

        def run_chunk(start: int) -> list[T]:
            workspace = free.get()
            try:
                return self._chunk(start, work, workspace, stop)
            except BaseException as error:
                errors.append(error)
                stop.set()
                return []
            finally:
                free.put(workspace)

        pool = ThreadPoolExecutor(n_workers, thread_name_prefix="montecarlo")
        try:
            waiting: deque[Future[list[T]]] = deque()
            remaining = iter(starts)
            for start in remaining:
                waiting.append(pool.submit(run_chunk, start))
                if len(waiting) == n_workers * _CHUNKS_PER_THREAD:
                    break
            while waiting:
                first = waiting.popleft()
                # Waiting in short turns lets Ctrl-C through on every platform.
                while not wait((first,), timeout=_POLL_SECONDS).done:
                    pass
                # A chunk cut short by another's error is never looked at.
                if errors:
                    raise errors[0]
                result = first.result()
                for start in remaining:
                    waiting.append(pool.submit(run_chunk, start))
                    break
                yield result
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _chunk(
        self,
        start: int,
        work: Callable[[PathBlock], T],
        workspace: Workspace,
        stop: threading.Event,
    ) -> list[T]:
        results: list[T] = []
        for first in range(start, min(start + self.chunk_size, self.n_paths), self.block_size):
            if stop.is_set():
                break
            results.append(work(self.source.fill(first, workspace)))
        return results
