"""What an executor is: it works off the chunks of jobs, in any order and anywhere."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Protocol, TypeAlias

from montecarlo.executors.job import Chunk, Task

Results: TypeAlias = Generator[tuple[Task, Chunk], None, None]


class Executor(Protocol):
    """Works off chunks.

    An executor of one's own that leaves this process sends
    :func:`~montecarlo.executors.sealed.seal` of a job and two numbers, and calls
    :func:`~montecarlo.executors.sealed.run_sealed` where they arrive.
    """

    @property
    def is_local(self) -> bool:
        """Whether chunks are worked off in this process, where they may be small and many."""
        ...

    def run_tasks(self, tasks: Iterable[Task]) -> Results:
        """Yield each task with its result, in any order.

        Tasks are taken from the iterable a few ahead, in the calling thread. What a chunk raises
        comes out here. When the generator is closed, nothing more is begun, what is running is
        told to stop, and no thread or task is left behind.
        """
        ...


class ExecutorError(RuntimeError):
    """What works off the chunks failed, not what they work out."""


class SchedulerLostError(ExecutorError):
    """The scheduler of a cluster went away or was never there."""


class OtherVersionError(ExecutorError):
    """A worker runs other sources or packages, so that its numbers might be others."""
