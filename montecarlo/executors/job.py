r"""A simulation as a job: any of its chunks can be worked off alone, anywhere.

A chunk is a range of paths that starts at a multiple of its size, a power of two of granules. It
is reduced where it is simulated to the nodes that the whole simulation would have made of it
(:mod:`montecarlo.accumulators`), a few numbers an output, so that where and in what order chunks
are worked off changes no bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, get_args, runtime_checkable

import numpy as np

from montecarlo import checks
from montecarlo.accumulators import GRANULE, GranuleMoments
from montecarlo.block import PathBlock
from montecarlo.canonical import digest
from montecarlo.checks import FloatArray
from montecarlo.functional import Functional
from montecarlo.grid import TimeGrid
from montecarlo.histogram import Histogram
from montecarlo.models.protocol import BlockSource, Measure, PriceModel
from montecarlo.plan import Plan, default_block_size
from montecarlo.reduction import ChunkMoments, granules_of
from montecarlo.workers import Blocks, IsStopped, StoppedError

Kept: TypeAlias = Literal["samples", "histogram", "nothing"]
"""What stays of the rows kept path by path: samples, counts of them, or only their averages."""

SMALLEST_CHUNK = 2**14
LARGEST_CHUNK = 2**20
_ROW_PATHS = 2_500_000
"""Rows times paths that take about 20 ms."""
_FEWEST_CHUNKS = 8
_SMALLEST_THREAD = 2**11
_LARGEST_THREAD = 2**16
_MANY_CHUNKS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a simulation is made of; also the recipe of a functional of one's own."""

    model: PriceModel
    grid: TimeGrid
    functional: Functional

    @property
    def label(self) -> str:
        """What to call it in messages."""
        return "simulation"

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages whose sources decide the result."""
        return ("montecarlo",)

    @property
    def fingerprint(self) -> str:
        """The functional's own fingerprint; the rest is fingerprinted as it stands."""
        own = getattr(self.functional, "fingerprint", None)
        if not isinstance(own, str) or not own:
            name = type(self.functional).__qualname__
            msg = (
                "functional must have a fingerprint, a text that changes with what it works out, "
                f"to be kept in a store; {name} has none"
            )
            raise ValueError(msg)
        return digest((own, self.model, self.grid))

    def build(self) -> Parts:
        """Return the parts."""
        return self


@runtime_checkable
class Recipe(Protocol):
    """Little data from which the parts of a simulation are built again elsewhere.

    Attributes
    ----------
    label
        What to call it in messages.
    packages
        Packages whose sources decide the result: they must be the same everywhere.
    fingerprint
        A text that is the same only for the same parts.
    """

    @property
    def label(self) -> str:
        """What to call it in messages."""
        ...

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages whose sources decide the result."""
        ...

    @property
    def fingerprint(self) -> str:
        """A text that is the same only for the same parts."""
        ...

    def build(self) -> Parts:
        """Return the parts."""
        ...


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Chunk:
    """What a range of paths came to.

    Parameters
    ----------
    nodes
        Moments of all outputs.
    samples
        The kept rows, shape (n_kept, n); (n_kept, 0) where they are not wanted.
    histogram
        Counts of the kept rows as bytes (:class:`~montecarlo.histogram.Histogram`), where they
        are wanted.
    """

    nodes: GranuleMoments
    samples: FloatArray
    histogram: bytes | None = None


class Simulation:
    """A simulation made ready, of which any chunk can be worked off, from several threads."""

    __slots__ = ("_blocks", "_functional", "_kept", "_n_kept", "_n_outputs", "_plan")

    def __init__(self, parts: Parts, plan: Plan, measure: Measure, kept: Kept) -> None:
        source = parts.model.prepare(
            parts.grid, seed=plan.seed, measure=measure, sampling=plan.sampling
        )
        available(source, plan.n_paths)
        self._n_outputs = checks.integer("n_outputs", parts.functional.n_outputs, 1)
        self._n_kept = checks.integer("n_kept", parts.functional.n_kept, 0, self._n_outputs)
        self._functional = parts.functional
        self._plan = plan
        self._kept = kept
        self._blocks = blocks_of(source, plan)

    def chunk(self, start: int, stop: int, is_stopped: IsStopped) -> Chunk:
        """Work off the paths from ``start`` to before ``stop``.

        Raises
        ------
        ValueError
            When the functional returns another shape.
        StoppedError
            When ``is_stopped`` says so between two blocks.
        """
        sampling = self._plan.sampling
        # Chunks start at multiples of their size; a last one that is shorter does all the more.
        size = _power_of_two(max(stop - start, 2 * GRANULE))
        moments = ChunkMoments(self._n_outputs, sampling, first_path=start, chunk_paths=size)
        n_columns = stop - start if self._kept == "samples" else 0
        samples = np.empty((self._n_kept, n_columns))
        counts = Histogram(self._n_kept) if self._kept == "histogram" and self._n_kept else None
        for block in self._blocks.fill(start, stop, is_stopped):
            n_real = min(block.n_paths, stop - block.first_path)
            values = self._values(block)
            if n_columns and self._n_kept:
                columns = slice(block.first_path - start, block.first_path - start + n_real)
                samples[:, columns] = values[: self._n_kept, :n_real]
            if counts is not None:
                counts.update(values[: self._n_kept], n_real)
            moments.update(
                granules_of(values, first_path=block.first_path, n_paths=n_real, sampling=sampling)
            )
        histogram = None if counts is None else counts.to_bytes()
        return Chunk(nodes=moments.nodes(), samples=samples, histogram=histogram)

    def _values(self, block: PathBlock) -> FloatArray:
        values = np.ascontiguousarray(self._functional(block))
        if values.dtype == np.float32:
            # Prices in single precision as they are: what is averaged is in double.
            values = values.astype(np.float64)
        expected = (self._n_outputs, block.n_paths)
        if values.shape != expected or values.dtype != np.float64:
            msg = (
                f"the functional must return float64 of shape (n_outputs, n_paths) = {expected}, "
                f"got {values.dtype} of shape {values.shape}"
            )
            raise ValueError(msg)
        return values


@dataclass(slots=True, eq=False, kw_only=True)
class Job:
    """A simulation to be worked off in chunks.

    Parameters
    ----------
    recipe
        Builds the parts, here or elsewhere.
    plan, measure
        As for :func:`~montecarlo.simulation.simulate`.
    kept
        What stays of the rows that the functional keeps.
    fingerprint
        Of everything that decides the chunks, once a store has worked it out.
    """

    recipe: Recipe
    plan: Plan
    measure: Measure = "pricing"
    kept: Kept = "samples"
    fingerprint: str = ""
    _simulation: Simulation | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        if self.kept not in get_args(Kept):
            msg = f"kept must be one of {', '.join(get_args(Kept))}, got {self.kept!r}"
            raise ValueError(msg)

    @property
    def label(self) -> str:
        """What to call the job in messages."""
        return self.recipe.label

    def open(self, build: Callable[[], Parts] | None = None) -> Simulation:
        """Return the simulation, made ready at the first call, whichever thread that is in."""
        with self._lock:
            if self._simulation is None:
                parts = (build or self.recipe.build)()
                self._simulation = Simulation(parts, self.plan, self.measure, self.kept)
            return self._simulation

    def chunk(self, start: int, stop: int, is_stopped: IsStopped) -> Chunk:
        """Work off the paths from ``start`` to before ``stop``; see :meth:`Simulation.chunk`.

        Raises
        ------
        Exception
            What the work raises, as the recipe's ``named`` makes it over, where it has one.
        """
        try:
            return self.open().chunk(start, stop, is_stopped)
        except StoppedError:
            raise
        except Exception as error:
            named = getattr(self.recipe, "named", None)
            if named is None:
                raise
            raise named(error) from error

    def close(self) -> None:
        """Let go of the workspaces."""
        with self._lock:
            self._simulation = None

    def tasks(self, chunk_paths: int) -> Iterator[Task]:
        """Yield the chunks of the job, in order; there may be more than fit the memory."""
        n_paths = self.plan.n_paths
        for start in range(0, n_paths, chunk_paths):
            yield Task(self, start, min(start + chunk_paths, n_paths))


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One chunk of a job: the paths from ``start`` to before ``stop``."""

    job: Job
    start: int
    stop: int


def chunk_paths(plan: Plan, *, is_small: bool) -> int:
    """Return the paths of a chunk that is sent to a cluster or kept in a store.

    A function of the plan alone, so that what is stored fits whoever comes back to it: about a
    thousand chunks or fewer up to a billion paths.

    Examples
    --------
    >>> [chunk_paths(Plan(n_paths=n, seed=1), is_small=False) for n in (10**5, 10**8, 10**9)]
    [16384, 131072, 1048576]
    """
    wanted = 1 if is_small else -(-plan.n_paths // _MANY_CHUNKS)
    power = min(max(_power_of_two(wanted), SMALLEST_CHUNK), LARGEST_CHUNK)
    return max(power, _power_of_two(plan.block_size or 1))


def thread_chunk_paths(plan: Plan, n_rows: int) -> int:
    """Return the paths of a chunk for threads: 10 to 30 ms of work, but at least eight chunks.

    A price on a date takes some 8 ns a path, with what is worked out from it. Which chunks there
    are changes no bit.

    Parameters
    ----------
    plan
        Of the simulation.
    n_rows
        Prices times dates.

    Examples
    --------
    >>> plan = Plan(n_paths=10**6, seed=1)
    >>> [thread_chunk_paths(plan, n_rows) for n_rows in (1, 120, 960)]
    [65536, 16384, 2048]
    >>> thread_chunk_paths(Plan(n_paths=20_000, seed=1), 120)
    2048
    """
    wanted = min(_ROW_PATHS // max(n_rows, 1), plan.n_paths // _FEWEST_CHUNKS, _LARGEST_THREAD)
    power = max(_power_of_two(wanted + 1) // 2, _SMALLEST_THREAD)
    return max(power, _power_of_two(plan.block_size or 1))


def _power_of_two(n: int) -> int:
    return 1 << (n - 1).bit_length()


def available(source: BlockSource, n_paths: int) -> int:
    """Return ``n_paths``, or refuse more than a source has."""
    if source.n_paths is not None and n_paths > source.n_paths:
        msg = f"n_paths must be at most the {source.n_paths} supplied, got {n_paths}"
        raise ValueError(msg)
    return n_paths


def blocks_of(source: BlockSource, plan: Plan) -> Blocks:
    """Return the blocks of a plan."""
    n_rows = source.n_dates * len(source.names)
    block_size = plan.block_size or default_block_size(n_rows)
    return Blocks(source, n_paths=plan.n_paths, block_size=block_size)
