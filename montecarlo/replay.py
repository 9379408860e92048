r"""Exact quantiles and tail means of samples that are made twice instead of kept.

A first pass counts the samples in a :class:`~montecarlo.histogram.Histogram`, a few hundred
kilobytes an output for any number of paths. It says in which bin a wanted order statistic lies.
As a path is a function of the seed and its index alone, the same samples can be made again: a
second pass keeps only those in these bins, commonly a few in a thousand, and sorts them. The
results are those of :mod:`montecarlo.quantile` on all samples at once, to the bit.

When the bins hold more than ``limit`` samples (many paths, or samples that differ by less than
a thousandth), passes in between count them by further bits of their mantissas first, as many as
``limit`` counts allow. Memory is 16 bytes times ``limit``, beside the histogram and a block.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.histogram import Histogram
from montecarlo.order_statistics import Replay, select, tail_means
from montecarlo.ranks import interpolate, position, tail_boundary

LIMIT = 2**20
"""Samples kept at once by default: 8 megabytes, and as much again for counts."""


def replay_order_statistics(
    histogram: Histogram, replay: Replay, ranks: Sequence[int], *, limit: int = LIMIT
) -> FloatArray:
    """Return the samples of the given ranks of every output, shape (n_outputs, n_ranks).

    Parameters
    ----------
    histogram
        Of the same samples.
    replay
        Called once a pass; gives all samples again in blocks (n_outputs, n), in any order and of
        any widths. For a single output blocks may be (n,).
    ranks
        From 0, the smallest sample, to n - 1.
    limit
        Samples kept at once; below it two passes in all are enough.

    Raises
    ------
    ValueError
        For a rank out of range, an empty histogram, or a replay of other samples.

    Examples
    --------
    >>> blocks = [np.array([3.0, 9.0]), np.array([1.0, 4.0, 7.0])]
    >>> histogram = Histogram(1)
    >>> for block in blocks:
    ...     histogram.update(block)
    >>> replay_order_statistics(histogram, lambda: blocks, [0, 2])
    array([[1., 4.]])
    """
    checks.integer("limit", limit, 1)
    n = histogram.counted()
    wanted = [checks.integer("ranks", rank, 0, n - 1) for rank in ranks]
    brackets = histogram.brackets(wanted)
    found = select(replay, brackets, [wanted] * histogram.n_outputs, limit)
    return np.array([[row[rank] for rank in wanted] for row in found])


def replay_quantiles(
    histogram: Histogram, replay: Replay, levels: npt.ArrayLike, *, limit: int = LIMIT
) -> FloatArray:
    """Return quantiles of every output, as :func:`montecarlo.quantiles` would of all samples.

    Parameters
    ----------
    histogram, replay, limit
        As for :func:`replay_order_statistics`.
    levels
        Probabilities between 0 and 1, shape (n_levels,) or a number.

    Returns
    -------
    ndarray, shape (n_outputs, n_levels), or (n_outputs,) for a single number

    Raises
    ------
    ValueError
        For a level outside [0, 1], an empty histogram, or a replay of other samples.

    Examples
    --------
    >>> blocks = [np.array([30.0, 10.0]), np.array([20.0, 50.0])]
    >>> histogram = Histogram(1)
    >>> for block in blocks:
    ...     histogram.update(block)
    >>> replay_quantiles(histogram, lambda: blocks, [0.0, 0.5, 1.0])
    array([[10., 25., 50.]])
    """
    wanted = np.asarray(levels, dtype=np.float64)
    n = histogram.counted()
    places = [position(n, checks.between("levels", p, 0.0, 1.0)) for p in wanted.ravel()]
    ranks = sorted({rank for low, high, _ in places for rank in (low, high)})
    samples = replay_order_statistics(histogram, replay, ranks, limit=limit)
    result = np.empty((histogram.n_outputs, len(places)))
    for output, row in enumerate(samples.tolist()):
        found = dict(zip(ranks, row, strict=True))
        result[output] = [interpolate(found[low], found[high], w) for low, high, w in places]
    return result.reshape(histogram.n_outputs, *wanted.shape)


def replay_expected_shortfall(
    histogram: Histogram, replay: Replay, level: float, *, limit: int = LIMIT
) -> FloatArray:
    """Return the mean of the largest ``1 - level`` share, as :func:`montecarlo.expected_shortfall`.

    Parameters
    ----------
    histogram, replay, limit
        As for :func:`replay_order_statistics`.
    level
        At least 0 and below 1; 0 gives the mean.

    Returns
    -------
    ndarray, shape (n_outputs,)

    Raises
    ------
    ValueError
        For a level outside [0, 1), an empty histogram, or a replay of other samples.

    Examples
    --------
    The tail of 5 samples above level 0.7 is one and a half of them: (9 + 0.5 * 7) / 1.5.

    >>> blocks = [np.array([1.0, 9.0]), np.array([3.0, 7.0, 5.0])]
    >>> histogram = Histogram(1)
    >>> for block in blocks:
    ...     histogram.update(block)
    >>> replay_expected_shortfall(histogram, lambda: blocks, 0.7).round(12)
    array([8.33333333])
    """
    checks.integer("limit", limit, 1)
    n = histogram.counted()
    p = checks.below_one("level", level)
    brackets = histogram.brackets([tail_boundary(n, p)[2]])
    return tail_means(replay, brackets, n, p, limit)
