r"""The loop over blocks of paths: threads, ordered merge, progress, clean interruption.

.. math::

    \hat\mu = \frac1n\sum_{p=0}^{n-1} f(\text{path}_p), \qquad
    \mathrm{se}(\hat\mu) = \Big(\frac{1}{n(n-1)}\sum_p (f_p - \hat\mu)^2\Big)^{1/2}

A worker simulates one block at a time in its own workspace, hands it to the functional, and
reduces what comes back to granules (:mod:`montecarlo.accumulators`). The calling thread merges
them in the order of the paths. The number of threads and the size of a block change the speed
and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Protocol, TypeAlias

import numpy as np

from montecarlo import checks
from montecarlo.accumulators import GranuleMoments
from montecarlo.block import PathBlock
from montecarlo.checks import FloatArray
from montecarlo.grid import TimeGrid
from montecarlo.models.protocol import BlockSource, Measure, PriceModel
from montecarlo.plan import Plan, default_block_size
from montecarlo.processors import default_threads
from montecarlo.reduction import Estimate, Tally, granules_of
from montecarlo.sampling import INDEPENDENT, Sampling
from montecarlo.workers import Blocks

Progress: TypeAlias = Callable[[int, int], None]
"""Called from the calling thread with the paths done and the paths asked for, both rising."""


class Functional(Protocol):
    """What is worked out from each path: the only thing a contract must be.

    Attributes
    ----------
    n_outputs
        Rows of what it returns.
    n_kept
        How many of the first rows are also kept path by path (8 bytes a path and row).
    """

    @property
    def n_outputs(self) -> int:
        """Rows of what it returns."""
        ...

    @property
    def n_kept(self) -> int:
        """How many of the first rows are kept path by path."""
        ...

    def __call__(self, block: PathBlock) -> FloatArray:
        """Return shape (n_outputs, block.n_paths); called from several threads at once."""
        ...


def simulate(
    model: PriceModel,
    grid: TimeGrid,
    functional: Functional,
    plan: Plan,
    *,
    measure: Measure = "pricing",
    progress: Progress | None = None,
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
        Called as ``progress(done, total)`` in the calling thread, in order.

    Returns
    -------
    Estimate
        The same bits for any block size and any number of threads.

    Raises
    ------
    ValueError
        When the model has fewer paths than asked for, or the functional returns another shape.
    Exception
        Whatever ``functional`` or ``progress`` raises, within about a block's time; so does
        Ctrl-C. No thread is left behind.

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
    source = model.prepare(grid, seed=plan.seed, measure=measure, sampling=plan.sampling)
    n_paths = _available(source, plan.n_paths)
    n_outputs = checks.integer("n_outputs", functional.n_outputs, 1)
    n_kept = checks.integer("n_kept", functional.n_kept, 0, n_outputs)
    samples = np.empty((n_kept, n_paths))

    def reduce_block(block: PathBlock) -> GranuleMoments:
        n_real = min(block.n_paths, n_paths - block.first_path)
        values = np.ascontiguousarray(functional(block))
        expected = (n_outputs, block.n_paths)
        if values.shape != expected or values.dtype != np.float64:
            msg = (
                f"the functional must return float64 of shape (n_outputs, n_paths) = {expected}, "
                f"got {values.dtype} of shape {values.shape}"
            )
            raise ValueError(msg)
        if n_kept:
            columns = slice(block.first_path, block.first_path + n_real)
            samples[:, columns] = values[:n_kept, :n_real]
        return granules_of(
            values, first_path=block.first_path, n_paths=n_real, sampling=plan.sampling
        )

    tally = Tally(n_outputs, plan.sampling)
    blocks = _blocks(source, plan)
    n_threads = plan.n_threads or default_threads()
    with closing(blocks.run(reduce_block, n_threads)) as chunks:
        for chunk in chunks:
            for granules in chunk:
                tally.update(granules)
            if progress is not None:
                progress(tally.n_paths, n_paths)
    return tally.estimate(samples)


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
    _available(source, plan.n_paths)
    out = {name: np.empty((source.n_dates, plan.n_paths)) for name in source.names}

    def copy_block(block: PathBlock) -> None:
        columns = slice(block.first_path, block.first_path + block.n_paths)
        for name, rows in out.items():
            target = rows[:, columns]
            target[...] = block.price[name][:, : target.shape[1]]

    with closing(
        _blocks(source, plan).run(copy_block, plan.n_threads or default_threads())
    ) as chunks:
        for _ in chunks:
            pass
    return out


def _available(source: BlockSource, n_paths: int) -> int:
    if source.n_paths is not None and n_paths > source.n_paths:
        msg = f"n_paths must be at most the {source.n_paths} supplied, got {n_paths}"
        raise ValueError(msg)
    return n_paths


def _blocks(source: BlockSource, plan: Plan) -> Blocks:
    n_rows = source.n_dates * len(source.names)
    block_size = plan.block_size or default_block_size(n_rows)
    return Blocks(source, n_paths=plan.n_paths, block_size=block_size)
