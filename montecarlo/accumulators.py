r"""Mean and variance of streams of samples, without sums of squares and in a fixed order.

Two sets of samples with counts, means and sums of squared deviations :math:`(n, \bar x, M)`
merge exactly (Chan, Golub and LeVeque 1983):

.. math::

    \delta = \bar x_b - \bar x_a, \qquad
    \bar x = \bar x_a + \delta\frac{n_b}{n}, \qquad
    M = M_a + M_b + \delta^2\frac{n_a n_b}{n}, \qquad n = n_a + n_b .

Paths are cut into granules of 256 by their absolute index. A granule's mean and M are worked out
in two passes, by a tree of additions whose shape is fixed; granules merge as a binary counter
counts, so that the order of merging is a function of the number of paths alone. Block size,
chunks, threads and processes therefore do not change a bit of the result. Those that the counter
has merged already, :math:`2^k` granules from a multiple of :math:`2^k` on, are a node of level k:
nodes worked out elsewhere go into the counter as their granules would.

Source: T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample
variance", The American Statistician 37, 1983.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.jit import kernel

GRANULE = 256
"""Paths in a granule: the unit of summation, and what block sizes are multiples of."""

_MAX_LEVELS = 56


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GranuleMoments:
    """Mean and sum of squared deviations of consecutive granules, or of nodes of them.

    Parameters
    ----------
    first_granule
        Absolute index of the first granule.
    levels
        A node of level k stands for ``2**k`` granules, of which the last of a simulation may be
        missing; 0 is a granule. Shape (n_nodes,).
    counts
        Paths in each node: 256 a granule but for the last of a simulation; shape (n_nodes,).
    mean, squares
        Shape (n_nodes, n_outputs).
    """

    first_granule: int
    levels: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    mean: FloatArray
    squares: FloatArray

    @property
    def firsts(self) -> npt.NDArray[np.int64]:
        """Absolute index of the first granule of each node, and of the one after them all."""
        ends: npt.NDArray[np.int64] = np.cumsum(np.left_shift(1, self.levels))
        return self.first_granule + np.concatenate([[0], ends])

    def part(self, start: int, stop: int, first_granule: int) -> GranuleMoments:
        """Return nodes number ``start`` to ``stop``, counted from another first granule."""
        return GranuleMoments(
            first_granule=first_granule,
            levels=self.levels[start:stop],
            counts=self.counts[start:stop],
            mean=self.mean[start:stop],
            squares=self.squares[start:stop],
        )


def granule_moments(samples: FloatArray, *, first_path: int, n_paths: int) -> GranuleMoments:
    """Reduce samples to the moments of their granules.

    Parameters
    ----------
    samples
        Shape (n_outputs, n): the samples of paths ``first_path`` on, at least ``n_paths`` wide.
    first_path
        Absolute index of the first column, a multiple of 256.
    n_paths
        How many columns count; the rest is ignored.

    Raises
    ------
    ValueError
        When ``first_path`` is not a multiple of 256.

    Examples
    --------
    >>> granules = granule_moments(np.array([[1.0, 2.0, 6.0, 99.0]]), first_path=0, n_paths=3)
    >>> granules.mean, granules.squares
    (array([[3.]]), array([[14.]]))
    """
    if first_path % GRANULE:
        msg = f"first_path must be a multiple of {GRANULE}, got {first_path}"
        raise ValueError(msg)
    n_outputs = samples.shape[0]
    n_granules = -(-n_paths // GRANULE)
    counts = np.full(n_granules, GRANULE, dtype=np.int64)
    counts[-1] = n_paths - GRANULE * (n_granules - 1)
    mean = np.empty((n_granules, n_outputs))
    squares = np.empty((n_granules, n_outputs))
    _reduce(samples, counts, np.empty(GRANULE // 2), mean, squares)
    return GranuleMoments(
        first_granule=first_path // GRANULE,
        levels=np.zeros(n_granules, dtype=np.int64),
        counts=counts,
        mean=mean,
        squares=squares,
    )


class Moments:
    """Running mean and variance of several outputs, from granules in order.

    Memory is a few numbers for each doubling of the number of paths.

    Parameters
    ----------
    n_outputs
        How many outputs each path has.

    Examples
    --------
    >>> moments = Moments(1)
    >>> samples = 1e9 + np.arange(1000.0)[None, :]
    >>> moments.update(granule_moments(samples, first_path=0, n_paths=1000))
    >>> float(moments.mean()[0]) - 1e9, float(moments.variance()[0])
    (499.5, 83416.66666666667)
    """

    __slots__ = ("_counts", "_mean", "_next_granule", "_squares")

    def __init__(self, n_outputs: int) -> None:
        self._counts = np.zeros(_MAX_LEVELS, dtype=np.int64)
        self._mean = np.zeros((_MAX_LEVELS, n_outputs))
        self._squares = np.zeros((_MAX_LEVELS, n_outputs))
        self._next_granule = 0

    def update(self, granules: GranuleMoments) -> None:
        """Take in the next granules, or nodes of them.

        Raises
        ------
        ValueError
            When they are not the next ones, follow a granule that was not full, or are a node
            that does not start at a multiple of its size.
        """
        if granules.first_granule != self._next_granule:
            msg = f"the next granule must be {self._next_granule}, got {granules.first_granule}"
            raise ValueError(msg)
        if self.n_paths != GRANULE * self._next_granule:
            msg = f"only the last granule may hold fewer than {GRANULE} paths"
            raise ValueError(msg)
        firsts = granules.firsts
        astray = np.flatnonzero(firsts[:-1] & (np.left_shift(1, granules.levels) - 1))
        if astray.size:
            level, first = granules.levels[astray[0]], firsts[astray[0]]
            msg = f"a node of level {level} must start at a multiple of {1 << level}, got {first}"
            raise ValueError(msg)
        # Copies: the counter merges in place, and what came from elsewhere may be read-only.
        _push(
            granules.first_granule,
            granules.levels,
            granules.counts,
            granules.mean.copy(),
            granules.squares.copy(),
            self._counts,
            self._mean,
            self._squares,
        )
        self._next_granule = int(firsts[-1])

    def nodes(self, first_granule: int = 0) -> GranuleMoments:
        """Return the counter's levels as nodes, the earliest paths first.

        Parameters
        ----------
        first_granule
            What to count the granules from, a multiple of the first node's size.

        Examples
        --------
        >>> moments = Moments(1)
        >>> moments.update(granule_moments(np.ones((1, 1300)), first_path=0, n_paths=1300))
        >>> nodes = moments.nodes()
        >>> nodes.levels, nodes.counts
        (array([2, 1]), array([1024,  276]))
        """
        levels = np.flatnonzero(self._counts)[::-1].copy()
        return GranuleMoments(
            first_granule=first_granule,
            levels=levels,
            counts=self._counts[levels],
            mean=self._mean[levels],
            squares=self._squares[levels],
        )

    @property
    def n_paths(self) -> int:
        """How many paths have been taken in."""
        return int(self._counts.sum())

    def mean(self) -> FloatArray:
        """Return the mean of each output, shape (n_outputs,); nan before the first path."""
        return self._total()[0]

    def variance(self) -> FloatArray:
        """Return the variance (n - 1) of each output, shape (n_outputs,); nan below two paths."""
        n_paths = self.n_paths
        squares = self._total()[1]
        return squares / (n_paths - 1) if n_paths > 1 else np.full_like(squares, np.nan)

    def _total(self) -> tuple[FloatArray, FloatArray]:
        """Merge the counter's levels, the latest paths first."""
        mean = np.full(self._mean.shape[1], np.nan)
        squares = mean.copy()
        count = 0
        for level in range(_MAX_LEVELS):
            n = int(self._counts[level])
            if n == 0:
                continue
            if count == 0:
                mean, squares, count = self._mean[level].copy(), self._squares[level].copy(), n
                continue
            _merge_into(n, self._mean[level], self._squares[level], count, mean, squares)
            count += n
        return mean, squares


@kernel
def _fold(lanes: FloatArray) -> float:
    """Add 128 lanes by halves, destroying them: a fixed order in vector loops of fixed length."""
    for j in range(64):
        lanes[j] = lanes[j] + lanes[j + 64]
    for j in range(32):
        lanes[j] = lanes[j] + lanes[j + 32]
    for j in range(16):
        lanes[j] = lanes[j] + lanes[j + 16]
    for j in range(8):
        lanes[j] = lanes[j] + lanes[j + 8]
    even = (lanes[0] + lanes[4]) + (lanes[2] + lanes[6])
    odd = (lanes[1] + lanes[5]) + (lanes[3] + lanes[7])
    total: float = even + odd
    return total


@kernel
def _reduce(
    samples: FloatArray,
    counts: npt.NDArray[np.int64],
    lanes: FloatArray,
    mean: FloatArray,
    squares: FloatArray,
) -> None:
    for g in range(counts.shape[0]):
        n = counts[g]
        start = g * GRANULE
        for output in range(samples.shape[0]):
            if n == GRANULE:
                left = samples[output, start : start + 128]
                right = samples[output, start + 128 : start + 256]
                for j in range(128):
                    lanes[j] = left[j] + right[j]
                centre = _fold(lanes) / n
                for j in range(128):
                    lanes[j] = (left[j] - centre) * (left[j] - centre) + (right[j] - centre) * (
                        right[j] - centre
                    )
                total = _fold(lanes)
            else:
                # The last granule of a simulation: short, so in plain order.
                row = samples[output, start : start + n]
                centre = 0.0
                for j in range(n):
                    centre += row[j]
                centre = centre / n
                rest = 0.0
                total = 0.0
                for j in range(n):
                    rest += row[j] - centre
                    total += (row[j] - centre) * (row[j] - centre)
                # What rounding left in the mean, of which the squares have n times the square.
                rest = rest / n
                centre = centre + rest
                total = total - n * rest * rest
            mean[g, output] = centre
            squares[g, output] = total


@kernel
def _merge_into(
    n_first: int,
    first_mean: FloatArray,
    first_squares: FloatArray,
    n_second: int,
    mean: FloatArray,
    squares: FloatArray,
) -> None:
    """Merge earlier moments into later ones, in place."""
    weight = n_second / (n_first + n_second)
    scale = n_first * weight
    for output in range(mean.shape[0]):
        delta = mean[output] - first_mean[output]
        squares[output] = (first_squares[output] + squares[output]) + delta * delta * scale
        mean[output] = first_mean[output] + delta * weight


@kernel
def _push(
    first_granule: int,
    levels: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    mean: FloatArray,
    squares: FloatArray,
    level_counts: npt.NDArray[np.int64],
    level_mean: FloatArray,
    level_squares: FloatArray,
) -> None:
    """Add nodes to the binary counter: level k holds 2**k whole granules or nothing."""
    first = first_granule
    for g in range(counts.shape[0]):
        count = counts[g]
        level = levels[g]
        index = first >> level
        first = first + (1 << level)
        while index & 1:
            _merge_into(
                level_counts[level],
                level_mean[level],
                level_squares[level],
                count,
                mean[g],
                squares[g],
            )
            count = count + level_counts[level]
            level_counts[level] = 0
            level = level + 1
            index = index >> 1
        level_counts[level] = count
        for output in range(mean.shape[1]):
            level_mean[level, output] = mean[g, output]
            level_squares[level, output] = squares[g, output]
