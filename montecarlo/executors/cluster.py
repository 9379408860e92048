"""The workers of a Dask cluster (extra ``cluster``), each chunk one task on one thread."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from montecarlo.executors.job import Chunk, Job, Task
from montecarlo.executors.protocol import (
    ExecutorError,
    OtherVersionError,
    Results,
    SchedulerLostError,
)
from montecarlo.executors.sealed import run_sealed, seal

Future: TypeAlias = Any
"""A future of the cluster's client."""

_POLL_SECONDS = 0.2
_AHEAD = 256
_AHEAD_PER_THREAD = 4
_INLINE_BYTES = 2**16


class Cluster:
    """Works off chunks on the workers of a Dask cluster.

    A task carries its job, some kilobytes, and two numbers. Tasks of a worker that dies are run
    again elsewhere by the scheduler.

    Parameters
    ----------
    client
        A ``dask.distributed.Client``, connected and synchronous. It is not closed here.
    """

    __slots__ = ("_client",)

    def __init__(self, client: Any) -> None:  # noqa: ANN401
        if getattr(client, "asynchronous", False):
            msg = "executor must be a synchronous Client, got an asynchronous one"
            raise ValueError(msg)
        self._client = client

    @property
    def is_local(self) -> bool:
        """False."""
        return False

    @property
    def address(self) -> str:
        """Address of the scheduler."""
        scheduler = self._client.scheduler
        return "unknown" if scheduler is None else str(scheduler.address)

    def run_tasks(self, tasks: Iterable[Task]) -> Results:
        """Yield each task with its result, as they come.

        Raises
        ------
        SchedulerLostError
            When the scheduler does not answer any more.
        ExecutorError
            When a worker runs other versions, lacks the package, or dies again and again.
        """
        self._check_alive()
        run = _Run(self._client)
        remaining = iter(tasks)
        n_ahead = max(_AHEAD, _AHEAD_PER_THREAD * sum(self._client.nthreads().values()))
        try:
            while True:
                while len(run.waiting) < n_ahead:
                    task = next(remaining, None)
                    if task is None:
                        break
                    run.submit(task)
                if not run.waiting:
                    return
                for future in self._finished(run):
                    task = run.waiting[future]
                    chunk = self._result(future, task)
                    del run.waiting[future]
                    yield task, chunk
        finally:
            run.cancel()

    def _finished(self, run: _Run) -> Iterator[Future]:
        """Yield what has finished, once something has."""
        while True:
            try:
                yield run.finished.get(timeout=_POLL_SECONDS)
                break
            except Empty:
                self._check_alive()
        with suppress(Empty):
            while True:
                yield run.finished.get_nowait()

    def _check_alive(self) -> None:
        if self._client.status != "running":
            msg = f"the scheduler at {self.address} is gone: its client is {self._client.status}"
            raise SchedulerLostError(msg)

    def _result(self, future: Future, task: Task) -> Chunk:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        where = f"{task.job.label}: paths {task.start:,} to {task.stop - 1:,}"
        try:
            chunk: Chunk = future.result()
            return chunk
        except FutureCancelledError as error:
            self._check_alive()
            if getattr(error, "reason", "") == "scheduler-connection-lost":
                msg = f"the scheduler at {self.address} is gone: it went away and came back empty"
                raise SchedulerLostError(msg) from error
            msg = f"{where}: cancelled on the cluster at {self.address}"
            raise ExecutorError(msg) from error
        except KilledWorker as error:
            msg = f"{where}: every worker that tried died, the last was {error.last_worker.address}"
            raise ExecutorError(msg) from error
        except OtherVersionError:
            raise
        except (ImportError, AttributeError) as error:
            msg = (
                f"{where}: a worker of the cluster at {self.address} could not read the task: "
                f"{error}; it needs the same packages as the caller"
            )
            raise ExecutorError(msg) from error
        except OSError as error:
            self._check_alive()
            msg = f"{where}: the cluster at {self.address} did not hand it over: {error}"
            raise ExecutorError(msg) from error


class _Run:
    """What one run has on the cluster."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401
        self.client = client
        self.waiting: dict[Future, Task] = {}
        self.finished: SimpleQueue[Future] = SimpleQueue()
        self._name = f"offtake-{uuid.uuid4().hex}"
        self._n_tasks = 0
        self._job: Job | None = None
        self._sealed: bytes | Future = b""

    def submit(self, task: Task) -> None:
        if task.job is not self._job:
            self._job, self._sealed = task.job, self._send(seal(task.job))
        future = self.client.submit(
            work_off, self._sealed, task.start, task.stop, key=self._key(), pure=False
        )
        self.waiting[future] = task
        future.add_done_callback(self.finished.put)

    def _send(self, sealed: bytes) -> bytes | Future:
        """Return what to give to each task: the bytes themselves, or if many a task of theirs.

        Scattered data would be gone with the worker that holds it; what a task returns is made
        again.
        """
        if len(sealed) <= _INLINE_BYTES:
            return sealed
        return self.client.submit(bytes, sealed, key=self._key(), pure=False)

    def _key(self) -> str:
        self._n_tasks += 1
        return f"{self._name}-{self._n_tasks}"

    def cancel(self) -> None:
        if self.waiting and self.client.status == "running":
            with suppress(OSError):
                self.client.cancel(list(self.waiting), force=True)
        self.waiting.clear()


def work_off(sealed: bytes, start: int, stop: int) -> Chunk:
    """Work off one chunk on a worker, until it is cancelled."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def is_stopped() -> bool:
        state = worker.state.tasks.get(key)
        return state is None or state.state == "cancelled"

    try:
        return run_sealed(sealed, start, stop, is_stopped)
    except OtherVersionError as error:
        msg = f"{worker.address}: {error}"
        raise OtherVersionError(msg) from None
