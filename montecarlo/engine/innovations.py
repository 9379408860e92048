r"""One normal for each price and step: the exact law of the prices without that of their factors.

With factors :math:`x_t` of conditional mean :math:`m_t` given the prices so far, and log prices
:math:`y_t = H x_t` (each the sum of its factors), the Kalman filter without measurement error
gives the innovations form

.. math::

    y_t = H D_t m_{t-1} + C_t z_t, \qquad m_t = D_t m_{t-1} + G_t z_t, \qquad
    C_t C_t^\top = H P_t H^\top, \quad G_t = P_t H^\top C_t^{-\top}

.. math::

    P_t = D_t\,(P_{t-1} - G_{t-1} G_{t-1}^\top)\,D_t + Q_t

with :math:`D_t` the decay and :math:`Q_t` the covariance of a step. The :math:`z_t` are as many
independent normals as there are prices, and :math:`H G_t = C_t`, so that :math:`y_t = H m_t`: the
recursion is that of the factors, with a tall loading :math:`G_t` in place of the square one.

Source: B. D. O. Anderson and J. B. Moore, "Optimal Filtering", Prentice-Hall, 1979, section 9.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray

_SINGULAR = 1e-14


def innovation_loadings(
    decay: FloatArray, covariance: FloatArray, starts: npt.NDArray[np.int64]
) -> FloatArray:
    """Return the loading G of each step, shape (n_dates, n_factors, n_names).

    Parameters
    ----------
    decay
        Of each step and factor, shape (n_dates, n_factors).
    covariance
        Of the factors' shocks in each step, shape (n_dates, n_factors, n_factors).
    starts
        Factors ``starts[a]`` to ``starts[a + 1] - 1`` add up to log price ``a``.

    Examples
    --------
    A price with one factor keeps the standard deviation of its step:

    >>> one = innovation_loadings(np.ones((1, 1)), np.full((1, 1, 1), 0.04), np.array([0, 1]))
    >>> round(float(one[0, 0, 0]), 12)
    0.2
    """
    n_dates, n_factors = decay.shape
    n_names = starts.size - 1
    gain = np.zeros((n_dates, n_factors, n_names))
    spread = np.zeros((n_factors, n_factors))
    for t in range(n_dates):
        fade = decay[t]
        spread = fade[:, None] * spread * fade[None, :] + covariance[t]
        # P H': sums over the factors of each price, added in rising order.
        to_price = np.zeros((n_factors, n_names))
        for a in range(n_names):
            for i in range(int(starts[a]), int(starts[a + 1])):
                to_price[:, a] = to_price[:, a] + spread[:, i]
        gain[t] = _gain(to_price, starts)
        for a in range(n_names):
            spread = spread - gain[t, :, a, None] * gain[t, None, :, a]
    return gain


def _gain(to_price: FloatArray, starts: npt.NDArray[np.int64]) -> FloatArray:
    """Return G column by column: what is left of P H' over the root of the price's own part."""
    n_factors, n_names = to_price.shape
    gain = np.zeros((n_factors, n_names))
    for a in range(n_names):
        members = range(int(starts[a]), int(starts[a + 1]))
        rest = to_price[:, a].copy()
        whole = 0.0
        for i in members:
            whole += float(to_price[i, a])
        for b in range(a):
            root = 0.0
            for i in members:
                root += float(gain[i, b])
            rest = rest - root * gain[:, b]
        own = 0.0
        for i in members:
            own += float(rest[i])
        if own > _SINGULAR * whole:
            gain[:, a] = rest / np.sqrt(own)
    return gain
