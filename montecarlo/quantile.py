r"""Exact quantiles and tail means of kept samples, without a copy of them.

Up to 262,144 samples are copied and partitioned. More are passed over two or three times where
they stand (:mod:`montecarlo.order_statistics`), which keeps about a sixteenth of them at once:
8 bytes a path stay 8 and a half. Both ways give the same bits, and so does a replay of samples
that were never kept (:mod:`montecarlo.replay`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.exact_sum import ExactSum
from montecarlo.order_statistics import Bracket, select, tail_means
from montecarlo.ranks import KEY_BITS, interpolate, position, tail_boundary

_COPIED = 2**18
_CHUNK = 2**15
_KEPT_SHARE = 16


def quantiles(samples: npt.ArrayLike, levels: npt.ArrayLike) -> FloatArray:
    r"""Return quantiles of samples along their last axis, interpolated between order statistics.

    .. math::

        q_p = x_{(k)} + (h - k)(x_{(k+1)} - x_{(k)}), \qquad h = 1 + (n - 1)p,
        \quad k = \lfloor h \rfloor

    Parameters
    ----------
    samples
        Shape (..., n_paths).
    levels
        Probabilities between 0 and 1, shape (n_levels,) or a number.

    Returns
    -------
    ndarray, shape (..., n_levels), or (...) for a single number

    Raises
    ------
    ValueError
        When a level is outside [0, 1], or there is no sample.

    Examples
    --------
    >>> quantiles([30.0, 10.0, 20.0, 50.0], [0.0, 0.5, 1.0])
    array([10., 25., 50.])
    """
    values = _samples(samples)
    wanted = np.asarray(levels, dtype=np.float64)
    for level in wanted.ravel():
        checks.between("levels", level, 0.0, 1.0)
    places = [position(values.shape[-1], float(level)) for level in wanted.ravel()]
    ranks = sorted({rank for low, high, _ in places for rank in (low, high)})

    def of_row(row: FloatArray) -> list[float]:
        found = _order_statistics(row, ranks)
        return [interpolate(found[low], found[high], weight) for low, high, weight in places]

    return _by_row(values, of_row, wanted.shape)


def expected_shortfall(samples: npt.ArrayLike, level: float) -> FloatArray:
    r"""Return the mean of the largest ``1 - level`` share of samples, along the last axis.

    With :math:`m = n(1 - p)` and :math:`x_{(1)} \ge x_{(2)} \ge \dots`,

    .. math::

        \mathrm{ES}_p = \frac1m\Big(\sum_{i \le \lfloor m\rfloor} x_{(i)}
        + (m - \lfloor m\rfloor)\, x_{(\lfloor m\rfloor + 1)}\Big),

    so that the sample at the boundary counts with the fraction of it that belongs to the tail.
    The sum is exact and rounded once with the division, so that no order of it matters.
    The largest samples are the worst when samples are costs; for the tail of gains, negate.

    Parameters
    ----------
    samples
        Shape (..., n_paths).
    level
        :math:`p`, at least 0 and below 1; 0 gives the mean.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        When the level is outside [0, 1), or there is no sample.

    Examples
    --------
    The tail of 5 samples above level 0.7 is one and a half of them: (9 + 0.5 * 7) / 1.5.

    >>> float(expected_shortfall([1.0, 9.0, 3.0, 7.0, 5.0], 0.7).round(12))
    8.333333333333
    """
    values = _samples(samples)
    p = checks.below_one("level", level)
    return _by_row(values, lambda row: [_tail_mean(row, p)], ())


def quantile_standard_error(samples: npt.ArrayLike, level: float) -> FloatArray:
    r"""Return the standard error of a quantile, from the order statistics around it.

    The ranks :math:`n p \pm \sqrt{n p (1 - p)}` hold the quantile with the probability of one
    standard deviation on either side; half the distance between the samples at these ranks is
    the standard error. It assumes nothing about the density.

    Parameters
    ----------
    samples
        Shape (..., n_paths).
    level
        Probability between 0 and 1.

    Returns
    -------
    ndarray, shape (...)
        nan where a rank falls outside the samples: too few paths for that level.

    Examples
    --------
    >>> float(quantile_standard_error(np.arange(10001.0), 0.5))
    51.0
    """
    values = _samples(samples)
    p = checks.between("level", level, 0.0, 1.0)
    n_paths = values.shape[-1]
    spread = np.sqrt(n_paths * p * (1.0 - p))
    centre = (n_paths - 1) * p
    if spread == 0.0 or centre - spread < 0.0 or centre + spread > n_paths - 1:
        return np.full(values.shape[:-1], np.nan)
    low, high = int(np.floor(centre - spread)), int(np.ceil(centre + spread))

    def of_row(row: FloatArray) -> list[float]:
        found = _order_statistics(row, [low, high])
        return [0.5 * (found[high] - found[low])]

    return _by_row(values, of_row, ())


def _by_row(
    values: FloatArray,
    statistics: Callable[[FloatArray], list[float]],
    shape: tuple[int, ...],
) -> FloatArray:
    """Return statistics of each row, in the given shape; nan for a row that holds a nan."""
    rows = values.shape[:-1]
    result = np.empty((*rows, *shape))
    for where in np.ndindex(*rows):
        row = values[where]
        result[where] = np.nan if _has_nan(row) else np.reshape(statistics(row), shape)
    return result


def _chunks(row: FloatArray) -> Iterator[FloatArray]:
    for start in range(0, row.shape[0], _CHUNK):
        yield row[start : start + _CHUNK]


def _has_nan(row: FloatArray) -> bool:
    return any(np.isnan(chunk).any() for chunk in _chunks(row))


def _everything(row: FloatArray) -> Bracket:
    return Bracket(output=0, low=0, bits=KEY_BITS, below=0, inside=row.shape[0])


def _order_statistics(row: FloatArray, ranks: Sequence[int]) -> Mapping[int, float]:
    """Return the samples of the given ranks from 0, rank -> sample; 0.0 for -0.0."""
    n_paths = row.shape[0]
    if n_paths > _COPIED:
        limit = n_paths // _KEPT_SHARE
        return select(lambda: _chunks(row), [_everything(row)], [ranks], limit)[0]
    part = np.partition(row, np.array(ranks, dtype=np.intp))
    return {rank: float(part[rank]) + 0.0 for rank in ranks}


def _tail_mean(row: FloatArray, level: float) -> float:
    n_paths = row.shape[0]
    if n_paths > _COPIED:
        limit = n_paths // _KEPT_SHARE
        means = tail_means(lambda: _chunks(row), [_everything(row)], n_paths, level, limit)
        return float(means[0])
    n_tail, n_whole, rank = tail_boundary(n_paths, level)
    part = np.partition(row, rank)
    total = ExactSum()
    total.update(part[n_paths - n_whole :])
    return total.mean(weight=n_tail, boundary=float(part[rank]), share=n_tail - n_whole)


def _samples(samples: npt.ArrayLike) -> FloatArray:
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] == 0:
        msg = f"samples must have at least one path, got shape {values.shape}"
        raise ValueError(msg)
    return values
