r"""Exact quantiles and tail means of kept samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray


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
    result = np.quantile(values, wanted, axis=-1)
    return np.moveaxis(np.asarray(result), 0, -1) if wanted.ndim else np.asarray(result)


def expected_shortfall(samples: npt.ArrayLike, level: float) -> FloatArray:
    r"""Return the mean of the largest ``1 - level`` share of samples, along the last axis.

    With :math:`m = n(1 - p)` and :math:`x_{(1)} \ge x_{(2)} \ge \dots`,

    .. math::

        \mathrm{ES}_p = \frac1m\Big(\sum_{i \le \lfloor m\rfloor} x_{(i)}
        + (m - \lfloor m\rfloor)\, x_{(\lfloor m\rfloor + 1)}\Big),

    so that the sample at the boundary counts with the fraction of it that belongs to the tail.
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
    p = checks.between("level", level, 0.0, 1.0)
    if p == 1.0:
        msg = f"level must be below 1, got {p!r}"
        raise ValueError(msg)
    n_paths = values.shape[-1]
    # Rounded first: 100 * (1 - 0.95) is 5.000000000000004.
    n_tail = round(n_paths * (1.0 - p), 9)
    n_whole = int(n_tail)
    n_kept = min(n_whole + 1, n_paths)
    tail = np.partition(values, n_paths - n_kept, axis=-1)[..., n_paths - n_kept :]
    tail = np.sort(tail, axis=-1)[..., ::-1]
    total = tail[..., :n_whole].sum(axis=-1)
    if n_whole < n_kept:
        total = total + (n_tail - n_whole) * tail[..., n_whole]
    return np.asarray(total / n_tail)


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
    part = np.partition(values, (low, high), axis=-1)
    return np.asarray(0.5 * (part[..., high] - part[..., low]))


def _samples(samples: npt.ArrayLike) -> FloatArray:
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] == 0:
        msg = f"samples must have at least one path, got shape {values.shape}"
        raise ValueError(msg)
    return values
