"""Chunks in, from any executor and from a store, in any order; an estimate out."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any, TypeAlias

import numpy as np

from montecarlo.accumulators import GranuleMoments
from montecarlo.checks import FloatArray
from montecarlo.executors.job import Chunk, Job, Task
from montecarlo.executors.protocol import Executor, Results, SchedulerLostError
from montecarlo.executors.threads import Threads
from montecarlo.histogram import Histogram
from montecarlo.reduction import Estimate, Tally
from montecarlo.store import Store

ExecutorLike: TypeAlias = Executor | Any | None
"""An executor, a ``dask.distributed.Client``, or None for threads."""

StoreLike: TypeAlias = Store | str | os.PathLike[str] | None
"""A store, its folder, or None."""


def as_executor(executor: ExecutorLike, n_threads: int | None = None) -> Executor:
    """Return what works off chunks: threads by default; a client of a cluster is wrapped.

    Examples
    --------
    >>> as_executor(None, 2).is_local
    True
    >>> as_executor("tcp://127.0.0.1:8786")
    Traceback (most recent call last):
    ValueError: executor must be a dask.distributed.Client or have run_tasks, got \
'tcp://127.0.0.1:8786'
    """
    if executor is None:
        return Threads(n_threads)
    if isinstance(getattr(executor, "run_tasks", None), Callable):  # type: ignore[arg-type]
        found: Executor = executor
        return found
    if any(kind.__module__.startswith("distributed.") for kind in type(executor).__mro__):
        from montecarlo.executors.cluster import Cluster

        return Cluster(executor)
    msg = f"executor must be a dask.distributed.Client or have run_tasks, got {executor!r}"
    raise ValueError(msg)


def chunks(tasks: Iterable[Task], executor: Executor, store: Store | None = None) -> Results:
    """Yield each task with its result, from the store where it is there, else worked off.

    Raises
    ------
    SchedulerLostError
        Saying what had been finished, and whether it is kept.
    """
    n_chunks = n_paths = 0
    stored: deque[Task] = deque()
    try:
        with closing(executor.run_tasks(_missing(tasks, store, stored))) as worked_off:
            for task, chunk in worked_off:
                if store is not None:
                    store.write(task, chunk)
                n_chunks, n_paths = n_chunks + 1, n_paths + task.stop - task.start
                yield task, chunk
                yield from _read(stored, store)
    except SchedulerLostError as error:
        kept = (
            "lost; with a store they would be kept"
            if store is None
            else f"kept in {store.folder}, where the same call finds them"
        )
        msg = f"{error}; the {n_chunks} chunks ({n_paths:,} paths) finished in this call are {kept}"
        raise SchedulerLostError(msg) from error
    yield from _read(stored, store)


def _missing(tasks: Iterable[Task], store: Store | None, stored: deque[Task]) -> Iterator[Task]:
    for task in tasks:
        if store is not None and store.has(task):
            stored.append(task)
        else:
            yield task


def _read(stored: deque[Task], store: Store | None) -> Results:
    while stored and store is not None:
        task = stored.popleft()
        yield task, store.read(task)


class Collection:
    """Puts the chunks of one job in order.

    Parameters
    ----------
    job
        Whose chunks they are.
    """

    __slots__ = ("_histogram", "_job", "_next", "_samples", "_tally", "_waiting", "n_paths")

    def __init__(self, job: Job) -> None:
        self._job = job
        self._next = 0
        self._waiting: dict[int, tuple[int, GranuleMoments]] = {}
        self._tally: Tally | None = None
        self._samples: FloatArray = np.empty((0, 0))
        self._histogram: Histogram | None = None
        self.n_paths = 0

    @property
    def is_whole(self) -> bool:
        """Whether every path is there."""
        return self._next == self._job.plan.n_paths

    def add(self, task: Task, chunk: Chunk) -> None:
        """Take in one chunk; its moments wait until all before it are there."""
        if self._tally is None:
            n_kept, width = chunk.samples.shape
            n_columns = self._job.plan.n_paths if width else 0
            is_all = width == n_columns and chunk.samples.flags.writeable
            self._samples = chunk.samples if is_all else np.empty((n_kept, n_columns))
            self._tally = Tally(chunk.nodes.mean.shape[1], self._job.plan.sampling)
        if chunk.samples is not self._samples:
            self._samples[:, task.start : task.start + chunk.samples.shape[1]] = chunk.samples
        if chunk.histogram is not None:
            counts = Histogram.from_bytes(chunk.histogram)
            if self._histogram is None:
                self._histogram = counts
            else:
                self._histogram.merge(counts)
        self._waiting[task.start] = task.stop, chunk.nodes
        self.n_paths += task.stop - task.start
        while self._next in self._waiting:
            self._next, first = self._waiting.pop(self._next)
            self._tally.update(first)

    def estimate(self) -> Estimate:
        """Return the estimate over all paths.

        Raises
        ------
        RuntimeError
            When the executor left some out.
        """
        if self._tally is None or not self.is_whole:
            msg = f"the executor must return every path, got those before {self._next} in order"
            raise RuntimeError(msg)
        return self._tally.estimate(self._samples, self._histogram)
