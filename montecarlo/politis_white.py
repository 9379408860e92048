r"""How long the blocks of a bootstrap should be, from the history's own autocorrelation.

The mean length that makes the variance of a bootstrapped mean most exact is, for n values with
autocovariances R,

.. math::

    L = \Big(\frac{2 G^2}{D}\Big)^{1/3} n^{1/3}, \qquad
    G = \sum_k \lambda(k/M)\,|k|\,R(k), \qquad D = 2\Big(\sum_k \lambda(k/M)\,R(k)\Big)^2,

with :math:`\lambda` the flat-top window, 1 up to a half and falling to 0 at 1, and M twice the
lag from which on no autocorrelation stands out.

Source: D. N. Politis and H. White, "Automatic block-length selection for the dependent
bootstrap", Econometric Reviews 23, 2004, with the correction of A. Patton, D. N. Politis and
H. White, Econometric Reviews 28, 2009.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from montecarlo import checks

_STANDS_OUT = 1.959963984540054
_FEWEST = 10


def block_length(values: npt.ArrayLike) -> float:
    """Return the mean block length for the stationary bootstrap, in steps, at least 1.

    Parameters
    ----------
    values
        Of each step, such as log returns; shape (n,), at least 10.

    Returns
    -------
    float
        At least 1, at most the smaller of three times the root of n and a third of n.

    Raises
    ------
    ValueError
        When there are fewer than 10 values, one is not finite, or all are equal.

    Examples
    --------
    A level that moved once has long memory; noise, by chance, is given a few steps.

    >>> block_length([0.0] * 32 + [1.0] * 32)
    10.809161094745882
    >>> round(block_length(np.random.default_rng(1).normal(size=400)), 1)
    4.2
    """
    series = checks.finite_array("values", values)
    n = series.size
    if n < _FEWEST:
        msg = f"values must have at least {_FEWEST} entries, got {n}"
        raise ValueError(msg)
    centred = series - series.mean()
    spread = float(np.sum(centred * centred)) / n
    if spread <= 1e-28 * max(1.0, float(np.max(np.abs(series))) ** 2):
        msg = f"values must differ from each other, got {n} times {float(series[0])!r}"
        raise ValueError(msg)
    longest = min(3.0 * math.sqrt(n), n / 3.0)
    most = min(math.ceil(math.sqrt(n)) + _run(n), n - 1)
    covariance = np.array(
        [float(np.sum(centred[lag:] * centred[: n - lag])) / n for lag in range(most + 1)]
    )
    window = min(2 * _last_that_stands_out(covariance / covariance[0], n), most)
    lags = np.arange(-window, window + 1)
    share = np.abs(lags) / max(window, 1)
    weights = np.where(share <= 0.5, 1.0, 2.0 * (1.0 - share)) * covariance[np.abs(lags)]
    slope = float(np.sum(np.abs(lags) * weights))
    level = float(np.sum(weights))
    if level == 0.0:
        return longest
    length = float(np.cbrt(slope * slope / (level * level) * n))
    return min(max(length, 1.0), longest)


def _run(n: int) -> int:
    """Return how many autocorrelations in a row must be small."""
    return max(5, math.ceil(math.sqrt(math.log10(n))))


def _last_that_stands_out(correlation: npt.NDArray[np.float64], n: int) -> int:
    """Return the lag before the first run of small ones, or the last large one; at least 1."""
    bound = _STANDS_OUT * math.sqrt(math.log10(n) / n)
    is_large = np.abs(correlation[1:]) > bound
    run = _run(n)
    for lag in range(is_large.size - run + 1):
        if not is_large[lag : lag + run].any():
            return max(lag, 1)
    large = np.flatnonzero(is_large)
    return int(large[-1]) + 1 if large.size else 1
