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
chunks, threads and processes therefore do not change a bit of the result.

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
    """Mean and sum of squared deviations of consecutive granules.

    Parameters
    ----------
    first_granule
        Absolute index of the first granule.
    counts
        Paths in each granule: 256 but for the last of a simulation; shape (n_granules,).
    mean, squares
        Shape (n_granules, n_outputs).
    """

    first_granule: int
    counts: npt.NDArray[np.int64]
    mean: FloatArray
    squares: FloatArray


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
        first_granule=first_path // GRANULE, counts=counts, mean=mean, squares=squares
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
        """Take in the next granules.

        Raises
        ------
        ValueError
            When they are not the next ones, or follow a granule that was not full.
        """
        if granules.first_granule != self._next_granule:
            msg = f"the next granule must be {self._next_granule}, got {granules.first_granule}"
            raise ValueError(msg)
        if self.n_paths != GRANULE * self._next_granule:
            msg = f"only the last granule may hold fewer than {GRANULE} paths"
            raise ValueError(msg)
        _push(
            granules.first_granule,
            granules.counts,
            granules.mean,
            granules.squares,
            self._counts,
            self._mean,
            self._squares,
        )
        self._next_granule += granules.counts.size

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
    counts: npt.NDArray[np.int64],
    mean: FloatArray,
    squares: FloatArray,
    level_counts: npt.NDArray[np.int64],
    level_mean: FloatArray,
    level_squares: FloatArray,
) -> None:
    """Add granules to the binary counter: level k holds 2**k whole granules or nothing."""
    for g in range(counts.shape[0]):
        count = counts[g]
        index = first_granule + g
        level = 0
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
