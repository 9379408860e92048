r"""Sobol points into prices: by principal components, by a Brownian bridge, or step by step.

Path p is point :math:`p \bmod n` of randomisation :math:`\lfloor p / n \rfloor`, with n points
each; its coordinates, one a dimension, become normals by the inverse distribution function. Which
dimension drives what is the ordering:

- **principal** (:class:`Components`): with C the covariance of all log prices on all dates and
  :math:`AA^\top = C` by principal components, :math:`P = m\,e^{Az}`, m being the price's scale.
  Dimension k is component k. Factors never appear.
- **bridge** (:class:`Walk`): dimension :math:`kJ + j` is cut k of the Brownian bridge of noise j,
  of J noises; the bridge's normals go through the steps of the factors.
- **leading** (:class:`Walk`): the first dimensions are the leading principal components, the rest
  a bridge (:mod:`montecarlo.engine.leading`).
- **time** (:class:`Walk`): dimension :math:`tJ + j` is noise j of step t.

Each is exact. A scramble costs a workspace some 0.3 microseconds a dimension when it comes to the
next randomisation: there is nothing to share between threads, and nothing to let go of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo.block import PathBlock
from montecarlo.bridge import BrownianBridge, brownian_bridge
from montecarlo.checks import FloatArray
from montecarlo.directions import MAX_DIMENSIONS
from montecarlo.engine.kernels import STRIP
from montecarlo.engine.leading import Rotation
from montecarlo.engine.sobol_kernels import IndexArray, fill_components, fill_walk
from montecarlo.engine.source import aligned
from montecarlo.sampling import Ordering
from montecarlo.sobol import SobolPoints

MAX_COMPONENTS = 512
"""Log prices (names times dates) up to which principal components are worked out: the time of a
path rises with their square."""

MAX_LEADING = 1024
"""Log prices up to which their leading components are worked out: the time to find them rises with
the cube, about a second here."""

_COMPONENT_STRIP = 128
_WIDE_STRIP = 64
_MANY_ROWS = 256
_STRIP_BYTES = 2**19


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Components:
    """Log prices from their principal components.

    Parameters
    ----------
    matrix
        A, shape (n_rows, n_rows): a row for each name and date with any variance.
    name_of_row, date_of_row
        Of each row, shape (n_rows,).
    still_names, still_dates
        The names and dates without variance.
    scale
        What multiplies the exponential, shape (n_dates, n_names).
    """

    matrix: FloatArray
    name_of_row: IndexArray
    date_of_row: IndexArray
    still_names: IndexArray
    still_dates: IndexArray
    scale: FloatArray

    @property
    def n_dimensions(self) -> int:
        """How many coordinates a point has."""
        return int(self.matrix.shape[1])

    def scratch(self) -> tuple[FloatArray, FloatArray]:
        """Return room for the normals and the log deviations of a strip."""
        n_rows = self.matrix.shape[0]
        strip = _COMPONENT_STRIP if n_rows <= _MANY_ROWS else _WIDE_STRIP
        return aligned((n_rows, strip)), aligned((n_rows, strip))

    def fill(
        self,
        points: SobolPoints,
        first_point: int,
        scratch: tuple[FloatArray, ...],
        prices: FloatArray,
        first: int,
        last: int,
    ) -> None:
        """Write the prices of consecutive points into the columns from ``first`` to ``last``."""
        fill_components(
            points.directions,
            points.shift,
            np.uint64(first_point),
            self.matrix,
            self.name_of_row,
            self.date_of_row,
            self.still_names,
            self.still_dates,
            self.scale,
            scratch[0],
            scratch[1],
            prices,
            first,
            last,
        )


def components(
    matrix: FloatArray, is_random: npt.NDArray[np.bool_], scale: FloatArray
) -> Components:
    """Return the components of log prices.

    Parameters
    ----------
    matrix
        One a column: of the log prices with any variance, name by name, in the order of dates.
    is_random
        Which have: shape (n_names, n_dates).
    scale
        What multiplies the exponential, shape (n_dates, n_names).
    """
    name_of_row, date_of_row = np.nonzero(is_random)
    still_names, still_dates = np.nonzero(~is_random)
    return Components(
        matrix=matrix,
        name_of_row=name_of_row,
        date_of_row=date_of_row,
        still_names=still_names,
        still_dates=still_dates,
        scale=scale,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walk:
    """Factors that move from date to date, their normals by a bridge or one step after the other.

    Parameters
    ----------
    bridge
        Over the steps that take time; without cuts for normals one step after the other.
    rotation
        Of the bridge's normals.
    starts, n_reads, decay, loading, scale
        As for :class:`~montecarlo.engine.source.GaussianSource`.
    """

    bridge: BrownianBridge
    rotation: Rotation
    starts: IndexArray
    n_reads: IndexArray
    decay: FloatArray
    loading: FloatArray
    scale: FloatArray

    @property
    def n_dimensions(self) -> int:
        """How many coordinates a point has."""
        return int(self.bridge.row.size * self.loading.shape[2])

    def scratch(self) -> tuple[FloatArray, ...]:
        """Return room for normals and factors of a strip, and for what their rotation takes."""
        n_factors, n_noises = self.loading.shape[1:]
        strip = STRIP
        while strip > _WIDE_STRIP and 8 * strip * self.n_dimensions > _STRIP_BYTES:
            strip //= 2
        m = self.rotation.into.shape[0]
        return (
            aligned((n_noises, self.bridge.row.size, strip)),
            aligned((n_factors + 1, strip)),
            aligned((m, strip)),
            aligned((self.n_dimensions if m else 0, strip)),
        )

    def fill(
        self,
        points: SobolPoints,
        first_point: int,
        scratch: tuple[FloatArray, ...],
        prices: FloatArray,
        first: int,
        last: int,
    ) -> None:
        """Write the prices of consecutive points into the columns from ``first`` to ``last``."""
        fill_walk(
            points.directions,
            points.shift,
            np.uint64(first_point),
            self.bridge.row,
            self.bridge.left,
            self.bridge.right,
            self.bridge.cosine,
            self.bridge.sine,
            self.rotation.into,
            self.rotation.out_of,
            self.starts,
            self.n_reads,
            self.decay,
            self.loading,
            self.scale,
            scratch[0],
            scratch[1],
            scratch[2],
            scratch[3],
            prices,
            first,
            last,
        )


def walk_bridge(times: FloatArray, n_noises: int, ordering: Ordering) -> BrownianBridge:
    """Return the bridge over the steps that take time, or one without cuts for order ``"time"``.

    Raises
    ------
    ValueError
        When there are more dimensions than Sobol points have.

    Examples
    --------
    >>> walk_bridge(np.array([0.0, 0.5, 1.0]), 1, "time").row
    array([0, 1])
    >>> walk_bridge(np.arange(1.0, 8000.0), 3, "bridge")
    Traceback (most recent call last):
    ValueError: sobol sampling must have at most 21201 dimensions, got 7999 dates x 3 factors = \
23997
    """
    steps = np.diff(times, prepend=0.0)
    steps = steps[steps > 0.0]
    if steps.size * n_noises > MAX_DIMENSIONS:
        msg = (
            f"sobol sampling must have at most {MAX_DIMENSIONS} dimensions, got {steps.size} dates "
            f"x {n_noises} factors = {steps.size * n_noises}"
        )
        raise ValueError(msg)
    if ordering != "time" and steps.size:
        return brownian_bridge(steps.size, variances=steps)
    none, no_weights = np.empty(0, dtype=np.int64), np.empty(0)
    return BrownianBridge(
        row=np.arange(steps.size), left=none, right=none, cosine=no_weights, sine=no_weights
    )


@dataclass(slots=True, kw_only=True, eq=False)
class SobolWorkspace:
    """Arrays of one thread, and the scramble of the randomisation it is at."""

    prices: FloatArray
    by_name: dict[str, FloatArray]
    scratch: tuple[FloatArray, ...]
    points: SobolPoints | None = None
    randomisation: int = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SobolSource:
    """A Gaussian law made ready to be driven by Sobol points.

    Parameters
    ----------
    names
        The prices.
    seed
        Of the scrambles.
    n_points
        Points of a randomisation, a power of two.
    ordering
        What the first dimensions are spent on: never ``"auto"``, but what that came to.
    draw
        Turns points into prices.
    kind
        Type of the prices' floats. They are worked out in doubles.
    """

    names: tuple[str, ...]
    seed: int
    n_points: int
    ordering: Ordering
    draw: Components | Walk
    kind: npt.DTypeLike

    @property
    def n_dates(self) -> int:
        """How many dates each price has."""
        return int(self.draw.scale.shape[0])

    @property
    def n_paths(self) -> int | None:
        """None: there is no end of paths."""
        return None

    def workspace(self, n_paths: int) -> SobolWorkspace:
        """Return fresh arrays for blocks of ``n_paths`` paths."""
        prices = aligned((len(self.names), self.n_dates, n_paths), self.kind)
        return SobolWorkspace(
            prices=prices,
            by_name={name: prices[a] for a, name in enumerate(self.names)},
            scratch=self.draw.scratch(),
        )

    def fill(self, first_path: int, workspace: SobolWorkspace) -> PathBlock:
        """Simulate the paths from ``first_path`` on, as many as the workspace is wide."""
        n_paths = workspace.prices.shape[2]
        first = 0
        while first < n_paths:
            randomisation, point = divmod(first_path + first, self.n_points)
            last = min(first + self.n_points - point, n_paths)
            points = self._points(randomisation, workspace)
            self.draw.fill(points, point, workspace.scratch, workspace.prices, first, last)
            first = last
        return PathBlock(first_path=first_path, n_paths=n_paths, price=workspace.by_name)

    def _points(self, randomisation: int, workspace: SobolWorkspace) -> SobolPoints:
        """Return the points of a randomisation, scrambled anew only when it is another one."""
        if workspace.points is None or workspace.randomisation != randomisation:
            workspace.points = SobolPoints.scrambled(
                max(self.draw.n_dimensions, 1),
                seed=self.seed,
                randomisation=randomisation,
                n_points=self.n_points,
            )
            workspace.randomisation = randomisation
        return workspace.points
