r"""The simulation: chunks of paths on any executor, ordered merge, progress, clean interruption.

.. math::

    \hat\mu = \frac1n\sum_{p=0}^{n-1} f(\text{path}_p), \qquad
    \mathrm{se}(\hat\mu) = \Big(\frac{1}{n(n-1)}\sum_p (f_p - \hat\mu)^2\Big)^{1/2}

A worker simulates one block at a time in its own workspace, hands it to the functional, and
reduces what comes back, a chunk of some thousand paths, to a node or a few of the merge tree
(:mod:`montecarlo.accumulators`). The calling thread merges them in the order of the paths. Where
chunks are worked off, on how many threads or machines, and in blocks of what size, changes the
speed and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TypeAlias

import numpy as np

from montecarlo.checks import FloatArray
from montecarlo.executors.collection import (
    Collection,
    ExecutorLike,
    StoreLike,
    as_executor,
    chunks,
)
from montecarlo.executors.job import (
    SMALLEST_CHUNK,
    Job,
    Kept,
    Parts,
    Recipe,
    available,
    blocks_of,
    chunk_paths,
    thread_chunk_paths,
)
from montecarlo.functional import Functional
from montecarlo.grid import TimeGrid
from montecarlo.models.protocol import Measure, PriceModel
from montecarlo.plan import Plan
from montecarlo.processors import default_threads
from montecarlo.reduction import Estimate
from montecarlo.sampling import INDEPENDENT, Sampling
from montecarlo.store import Store
from montecarlo.workers import IsStopped, in_order

Progress: TypeAlias = Callable[[int, int], None]
"""Called from the calling thread with the paths done and the paths asked for, both rising."""


def simulate(
    model: PriceModel,
    grid: TimeGrid,
    functional: Functional,
    plan: Plan,
    *,
    measure: Measure = "pricing",
    progress: Progress | None = None,
    executor: ExecutorLike = None,
    store: StoreLike = None,
    kept: Kept = "samples",
    recipe: Recipe | None = None,
) -> Estimate:
    """Average a functional over simulated paths.

    Parameters
    ----------
    model
        Gives the prices.
    grid
        The dates on which they are simulated.
    functional
        Turns a block of prices into samples. It must not keep or change the block.
    plan
        How many paths, from what seed, on how many threads.
    measure
        ``"pricing"`` for value, ``"physical"`` for expected outlays.
    progress
        Called as ``progress(done, total)`` in the calling thread, both rising.
    executor
        Where it is worked off: by default on threads of this process; else a
        ``dask.distributed.Client`` (extra ``cluster``) or an
        :class:`~montecarlo.executors.protocol.Executor` of your own.
    store
        A folder where finished chunks are kept, and taken from when the same simulation is asked
        for again (:mod:`montecarlo.store`). The functional must then have a ``fingerprint``.
    kept
        What stays of the rows that the functional keeps: the ``"samples"``, 8 bytes each; a
        ``"histogram"`` of them, whose size does not grow with the paths; or ``"nothing"``.
    recipe
        Little data from which model, grid and functional can be built elsewhere; without it they
        are pickled themselves.

    Returns
    -------
    Estimate
        The same bits for any block size, number of threads and executor.

    Raises
    ------
    ValueError
        When the model has fewer paths than asked for, or the functional returns another shape.
    Exception
        Whatever ``functional`` or ``progress`` raises, within about a block's time; so does
        Ctrl-C. No thread and no task of a cluster is left behind.
    ExecutorError
        When the cluster is gone or runs other versions.

    Examples
    --------
    The mean of a price a year ahead, whose forward is 100:

    >>> from montecarlo.models.gbm import GBM
    >>> class LastPrice:
    ...     n_outputs = 1
    ...     n_kept = 0
    ...
    ...     def __call__(self, block):
    ...         return block.price["copper"][-1:]
    >>> estimate = simulate(
    ...     GBM(name="copper", volatility=0.2, spot=100.0, drift=0.0),
    ...     TimeGrid.from_times([1.0]),
    ...     LastPrice(),
    ...     Plan(n_paths=10_000, seed=1),
    ... )
    >>> bool(abs(estimate.mean[0] - 100.0) < 4.0 * estimate.standard_error[0])
    True
    """
    parts = Parts(model, grid, functional)
    job = Job(recipe=recipe or parts, plan=plan, measure=measure, kept=kept)
    works = as_executor(executor, plan.n_threads)
    if works.is_local:
        job.open(lambda: parts)
    kept_in = None if store is None else Store.at(store)
    if works.is_local and kept_in is None:
        size = thread_chunk_paths(plan, grid.times.size * len(model.names))
    else:
        size = chunk_paths(plan, is_small=False)
    tasks = job.tasks(size)
    collection = Collection(job)
    with closing(chunks(tasks, works, kept_in)) as found:
        for task, chunk in found:
            collection.add(task, chunk)
            if progress is not None:
                progress(collection.n_paths, plan.n_paths)
    return collection.estimate()


def simulate_paths(
    model: PriceModel,
    grid: TimeGrid,
    *,
    n_paths: int,
    seed: int,
    measure: Measure = "pricing",
    n_threads: int | None = None,
    sampling: Sampling = INDEPENDENT,
) -> dict[str, FloatArray]:
    """Return whole simulated paths, for a picture, a replay or work of your own.

    Parameters
    ----------
    model, grid, measure
        As for :func:`simulate`.
    n_paths, seed, n_threads, sampling
        As for :class:`~montecarlo.plan.Plan`.

    Returns
    -------
    dict
        For each name an array of shape (n_dates, n_paths), currency per unit: 8 bytes a date
        and path.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> from montecarlo.models.gbm import GBM
    >>> model = GBM(name="copper", volatility=0.2, spot=100.0, drift=0.0)
    >>> paths = simulate_paths(model, TimeGrid.from_times([0.0, 1.0]), n_paths=5, seed=1)
    >>> paths["copper"][0]
    array([100., 100., 100., 100., 100.])
    """
    plan = Plan(n_paths=n_paths, seed=seed, n_threads=n_threads, sampling=sampling)
    source = model.prepare(grid, seed=plan.seed, measure=measure, sampling=sampling)
    available(source, plan.n_paths)
    out = {name: np.empty((source.n_dates, plan.n_paths)) for name in source.names}
    blocks = blocks_of(source, plan)

    def copy_chunk(start: int, is_stopped: IsStopped) -> None:
        stop = min(start + SMALLEST_CHUNK, plan.n_paths)
        for block in blocks.fill(start, stop, is_stopped):
            last = min(block.first_path + block.n_paths, stop)
            for name, rows in out.items():
                target = rows[:, block.first_path : last]
                target[...] = block.price[name][:, : target.shape[1]]

    starts = range(0, plan.n_paths, SMALLEST_CHUNK)
    with closing(in_order(starts, copy_chunk, plan.n_threads or default_threads())) as copied:
        for _ in copied:
            pass
    return out
