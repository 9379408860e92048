"""Threads of this process, the executor that is used where none is given."""

from __future__ import annotations

from collections.abc import Iterable

from montecarlo import checks
from montecarlo.executors.job import Chunk, Task
from montecarlo.executors.protocol import Results
from montecarlo.processors import default_threads
from montecarlo.workers import IsStopped, in_order


class Threads:
    """Works off chunks on threads of this process.

    Parameters
    ----------
    n_threads
        By default the processors this process may use.

    Examples
    --------
    >>> Threads(2).n_threads
    2
    """

    __slots__ = ("n_threads",)

    def __init__(self, n_threads: int | None = None) -> None:
        wanted = default_threads() if n_threads is None else n_threads
        self.n_threads = checks.integer("n_threads", wanted, 1)

    @property
    def is_local(self) -> bool:
        """True."""
        return True

    def run_tasks(self, tasks: Iterable[Task]) -> Results:
        """Yield each task with its result, in order."""
        yield from in_order(tasks, _run, self.n_threads)


def _run(task: Task, is_stopped: IsStopped) -> tuple[Task, Chunk]:
    return task, task.job.chunk(task.start, task.stop, is_stopped)
