r"""The geometric mean of lognormal prices is lognormal: its law, and options on it.

With means :math:`m_i` and covariance :math:`\Sigma` of the log prices, and weights :math:`w_i`,

.. math::

    G = \prod_i P_i^{w_i}, \qquad \ln G \sim N(m, v), \qquad
    m = \sum_i w_i m_i, \quad v = w^\top\Sigma w, \qquad \mathbb{E}[G] = e^{m + v/2} .

For any lognormal amount :math:`Y`, :math:`\mathbb{E}[(Y-k)^+]` and :math:`\mathbb{E}[(k-Y)^+]` are
Black's, and any real :math:`k` is taken: below zero the first is :math:`\mathbb{E}[Y] - k` and the
second nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.black import Kind, black76
from montecarlo.checks import FloatArray
from montecarlo.normal import normal_cdf


def geometric_average_law(
    *,
    log_means: npt.ArrayLike,
    log_covariance: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
) -> tuple[float, float]:
    r"""Return the mean and the variance of the logarithm of a weighted geometric mean.

    Parameters
    ----------
    log_means
        :math:`m_i`, means of the log prices at the fixings, shape (n_fixings,).
    log_covariance
        :math:`\Sigma`, shape (n_fixings, n_fixings).
    weights
        :math:`w_i`, shape (n_fixings,); equal ones that sum to 1 by default.

    Returns
    -------
    mean, variance
        :math:`m` and :math:`v`.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    Two independent prices of log variance 0.04 each: half of it is left.

    >>> mean, variance = geometric_average_law(
    ...     log_means=[4.5, 4.7], log_covariance=0.04 * np.eye(2)
    ... )
    >>> round(mean, 6), round(variance, 6)
    (4.6, 0.02)
    """
    means = checks.finite_array("log_means", log_means)
    n = means.size
    covariance = checks.finite_array("log_covariance", log_covariance, n_dimensions=2)
    if covariance.shape != (n, n):
        msg = f"log_covariance must have shape ({n}, {n}), got {covariance.shape}"
        raise ValueError(msg)
    share = np.full(n, 1.0 / n) if weights is None else checks.finite_array("weights", weights)
    checks.same_length("weights", share, "log_means", n)
    # Sums of products, not matrix products: those add in an order that depends on the processor.
    variance = float(np.sum(share[:, None] * covariance * share))
    # Rounding may leave the variance of a price that cannot move just below zero.
    return float(np.sum(share * means)), max(variance, 0.0)


def geometric_average_option(
    *,
    log_means: npt.ArrayLike,
    log_covariance: npt.ArrayLike,
    strike: npt.ArrayLike,
    discount_factor: npt.ArrayLike,
    kind: Kind,
    weights: npt.ArrayLike | None = None,
) -> FloatArray:
    r"""Return the value of an option on the weighted geometric mean of lognormal prices.

    .. math::

        G = \prod_i P_i^{w_i}, \qquad
        \ln G \sim N(m, v), \quad m = \sum_i w_i m_i, \quad v = w^\top\Sigma w, \qquad
        \text{value} = \mathrm{Black}(e^{m + v/2}, K, v, D)

    Parameters
    ----------
    log_means
        :math:`m_i`, means of the log prices at the fixings, shape (n_fixings,).
    log_covariance
        :math:`\Sigma`, shape (n_fixings, n_fixings).
    strike, discount_factor, kind
        As for :func:`black76`.
    weights
        :math:`w_i`, shape (n_fixings,); equal ones that sum to 1 by default.

    Returns
    -------
    ndarray
        Currency per unit, of the shape of ``strike`` and ``discount_factor`` broadcast.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    One fixing is a plain option:

    >>> geometric_average_option(
    ...     log_means=[np.log(100.0) - 0.02], log_covariance=[[0.04]], strike=110.0,
    ...     discount_factor=0.95, kind="put",
    ... ).round(6)
    np.float64(13.57741)
    """
    mean, variance = geometric_average_law(
        log_means=log_means, log_covariance=log_covariance, weights=weights
    )
    return black76(
        forward=math.exp(mean + 0.5 * variance),
        strike=strike,
        total_variance=variance,
        discount_factor=discount_factor,
        kind=kind,
    )


@dataclass(frozen=True, slots=True, eq=False)
class KinkMeans:
    r"""Means at kinks of a lognormal amount :math:`Y`, of the shape of the strikes.

    Attributes
    ----------
    put, call
        :math:`\mathbb{E}[(k-Y)^+]` and :math:`\mathbb{E}[(Y-k)^+]`.
    squared_share
        :math:`\mathbb{E}[Y^2 1_{Y>k}] / \mathbb{E}[Y^2]`: the slope of the regression of
        :math:`1_{Y>k}\,Y e` on :math:`Y e` for a small error :math:`e` of mean 0 that does not
        depend on :math:`Y`.
    """

    put: FloatArray
    call: FloatArray
    squared_share: FloatArray


def kink_means(
    *, mean: npt.ArrayLike, log_variance: npt.ArrayLike, strike: npt.ArrayLike
) -> KinkMeans:
    r"""Return what a kink of a payoff on a lognormal amount is worth, for any real strike.

    Parameters
    ----------
    mean, log_variance
        :math:`m`, above 0, and :math:`v`, at least 0.
    strike
        :math:`k`, of any sign, in the unit of the mean.

    Returns
    -------
    KinkMeans
        Undiscounted, of the shape the arguments broadcast to. Where a strike is zero or less, or
        the variance is zero, the amount is surely on one side of it.

    Raises
    ------
    ValueError
        When a mean is not above 0 or a variance is below 0.

    Examples
    --------
    >>> found = kink_means(mean=100.0, log_variance=0.04, strike=[110.0, -10.0])
    >>> found.put.round(6), found.call.round(6), found.squared_share.round(3)
    (array([14.292011,  0.      ]), array([  4.292011, 110.      ]), array([0.43, 1.  ]))
    """
    m, v, k = np.broadcast_arrays(
        np.asarray(mean, dtype=np.float64),
        np.asarray(log_variance, dtype=np.float64),
        np.asarray(strike, dtype=np.float64),
    )
    if not (m > 0.0).all():
        msg = f"mean must be greater than 0, got {float(m.min())!r}"
        raise ValueError(msg)
    if not (v >= 0.0).all():
        msg = f"log_variance must be at least 0, got {float(v.min())!r}"
        raise ValueError(msg)
    is_plain = (v > 0.0) & (k > 0.0)
    deviation = np.sqrt(np.where(is_plain, v, 1.0))
    upper = np.log(m / np.where(is_plain, k, m)) / deviation + 0.5 * deviation
    lower = upper - deviation
    # All at once: for a few strikes a call costs more than its work.
    points = np.stack([upper, lower, -upper, -lower, upper + deviation])
    above, above_strike, below, below_strike, squared = normal_cdf(points)
    return KinkMeans(
        np.where(is_plain, k * below_strike - m * below, np.maximum(k - m, 0.0)),
        np.where(is_plain, m * above - k * above_strike, np.maximum(m - k, 0.0)),
        np.where(is_plain, squared, np.where(m > k, 1.0, 0.0)),
    )
