r"""The Kalman filter of Gaussian factors behind a panel of log futures prices.

With factors :math:`x_t` (n,) and an observed log price :math:`y_k` of date t,

.. math::

    x_t = c_t + D_t x_{t-1} + w_t, \quad w_t \sim N(0, Q_t), \qquad
    y_k = d_k + z_k^\top x_t + v_k, \quad v_k \sim N(0, h_k),

the prices of a date enter one after the other, for their errors are independent:

.. math::

    e = y_k - d_k - z_k^\top m, \quad f = z_k^\top P z_k + h_k, \quad g = P z_k / f, \quad
    m \leftarrow m + g e, \quad P \leftarrow (I - g z_k^\top) P (I - g z_k^\top)^\top + h_k g g^\top

and :math:`\ln L = -\tfrac12\sum_k (\ln 2\pi f_k + e_k^2 / f_k)`. A missing price is simply not
there; no matrix is inverted, an error of zero is allowed, and Joseph's form of the last equation
keeps P symmetric and never negative by rounding.

Source: S. J. Koopman and J. Durbin, "Fast filtering and smoothing for multivariate state space
models", Journal of Time Series Analysis 21, 2000.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.jit import kernel

IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateSpace:
    """A linear Gaussian state space over dates, its observations in one row.

    Parameters
    ----------
    observed
        (k,) log prices, date by date.
    first
        (n_dates + 1,) observations ``first[t]`` to ``first[t + 1] - 1`` are of date t.
    intercept, loading, noise
        Of each observation: d (k,), z (k, n), variance h (k,).
    drift, decay, shock
        Of the step to each date: c (n_dates, n), the diagonal of D (n_dates, n), Q
        (n_dates, n, n). Those of the first date lead from the prior to it.
    mean, spread
        The prior: (n,) and (n, n).
    """

    observed: FloatArray
    first: IndexArray
    intercept: FloatArray
    loading: FloatArray
    noise: FloatArray
    drift: FloatArray
    decay: FloatArray
    shock: FloatArray
    mean: FloatArray
    spread: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filtered:
    """What the filter found.

    Parameters
    ----------
    log_likelihood
        Minus infinity where an observation has no variance left.
    innovations, variances
        (k,) e and f of each observation: ``innovations / sqrt(variances)`` are independent
        standard normals if the model is right.
    states, spreads
        (n_dates, n) mean and (n_dates, n, n) covariance of the factors, given the prices up to
        and with each date.
    """

    log_likelihood: float
    innovations: FloatArray
    variances: FloatArray
    states: FloatArray
    spreads: FloatArray


def filtered(system: StateSpace) -> Filtered:
    """Return the filtered states and the likelihood of a state space.

    Examples
    --------
    A random walk from zero with steps of variance 1, seen without error at 1 and then at 3: two
    independent normal changes.

    >>> system = StateSpace(
    ...     observed=np.array([1.0, 3.0]),
    ...     first=np.array([0, 1, 2]),
    ...     intercept=np.zeros(2),
    ...     loading=np.ones((2, 1)),
    ...     noise=np.zeros(2),
    ...     drift=np.zeros((2, 1)),
    ...     decay=np.ones((2, 1)),
    ...     shock=np.ones((2, 1, 1)),
    ...     mean=np.zeros(1),
    ...     spread=np.zeros((1, 1)),
    ... )
    >>> found = filtered(system)
    >>> found.states[:, 0], found.spreads[:, 0, 0]
    (array([1., 3.]), array([0., 0.]))
    >>> round(found.log_likelihood, 6)  # -ln 2 pi - (1 + 4) / 2
    -4.337877
    """
    n_dates, n = system.decay.shape
    k = system.observed.size
    innovations, variances = np.empty(k), np.empty(k)
    states, spreads = np.empty((n_dates, n)), np.empty((n_dates, n, n))
    _filter(
        system.observed,
        system.first,
        system.intercept,
        system.loading,
        system.noise,
        system.drift,
        system.decay,
        system.shock,
        system.mean.copy(),
        system.spread.copy(),
        np.empty((3, n)),
        np.empty((n, n)),
        innovations,
        variances,
        states,
        spreads,
    )
    log_likelihood = -np.inf
    if (variances > 0.0).all():
        terms = np.log(2.0 * np.pi * variances) + innovations**2 / variances
        log_likelihood = -0.5 * float(terms.sum())
    return Filtered(
        log_likelihood=log_likelihood,
        innovations=innovations,
        variances=variances,
        states=states,
        spreads=spreads,
    )


def smoothed(system: StateSpace, found: Filtered) -> tuple[FloatArray, FloatArray]:
    r"""Return mean and covariance of the factors given all prices: (n_dates, n), (n_dates, n, n).

    With the moments :math:`m_{t|t}, P_{t|t}` of the filter and those of a step ahead,

    .. math::

        J_t = P_{t|t} D_{t+1} P_{t+1|t}^{-1}, \quad
        m_{t|T} = m_{t|t} + J_t(m_{t+1|T} - m_{t+1|t}), \quad
        P_{t|T} = P_{t|t} + J_t(P_{t+1|T} - P_{t+1|t})J_t^\top,

    with the generalised inverse, since factors may share one shock.

    Source: H. E. Rauch, F. Tung and C. T. Striebel, "Maximum likelihood estimates of linear
    dynamic systems", AIAA Journal 3, 1965.
    """
    states, spreads = found.states.copy(), found.spreads.copy()
    for t in range(states.shape[0] - 2, -1, -1):
        decay = system.decay[t + 1]
        ahead = decay * found.states[t] + system.drift[t + 1]
        spread_ahead = decay[:, None] * found.spreads[t] * decay + system.shock[t + 1]
        back = (found.spreads[t] * decay) @ np.linalg.pinv(spread_ahead, hermitian=True)
        states[t] = found.states[t] + back @ (states[t + 1] - ahead)
        change = back @ (spreads[t + 1] - spread_ahead) @ back.T
        spreads[t] = found.spreads[t] + 0.5 * (change + change.T)
    return states, spreads


@kernel
def _filter(
    observed: FloatArray,
    first: IndexArray,
    intercept: FloatArray,
    loading: FloatArray,
    noise: FloatArray,
    drift: FloatArray,
    decay: FloatArray,
    shock: FloatArray,
    mean: FloatArray,
    spread: FloatArray,
    scratch: FloatArray,
    keep: FloatArray,
    innovations: FloatArray,
    variances: FloatArray,
    states: FloatArray,
    spreads: FloatArray,
) -> None:
    """Run over the dates; ``scratch`` (3, n) and ``keep`` (n, n) are room to work in."""
    n = mean.shape[0]
    product, gain, row = scratch[0], scratch[1], scratch[2]
    for t in range(decay.shape[0]):
        for i in range(n):
            mean[i] = drift[t, i] + decay[t, i] * mean[i]
            for j in range(n):
                spread[i, j] = decay[t, i] * spread[i, j] * decay[t, j] + shock[t, i, j]
        for k in range(first[t], first[t + 1]):
            error = observed[k] - intercept[k]
            variance = noise[k]
            for i in range(n):
                error -= loading[k, i] * mean[i]
                product[i] = 0.0
                for j in range(n):
                    product[i] += spread[i, j] * loading[k, j]
                variance += loading[k, i] * product[i]
            innovations[k] = error
            variances[k] = variance
            if not variance > 0.0:
                continue
            for i in range(n):
                gain[i] = product[i] / variance
                mean[i] += gain[i] * error
            # keep = (I - g z') P, then P = keep (I - g z')' + h g g'.
            for j in range(n):
                row[j] = 0.0
                for i in range(n):
                    row[j] += loading[k, i] * spread[i, j]
            for i in range(n):
                for j in range(n):
                    keep[i, j] = spread[i, j] - gain[i] * row[j]
            for i in range(n):
                inner = 0.0
                for j in range(n):
                    inner += keep[i, j] * loading[k, j]
                product[i] = inner
            for i in range(n):
                for j in range(i + 1):
                    value = keep[i, j] - product[i] * gain[j] + noise[k] * gain[i] * gain[j]
                    spread[i, j] = value
                    spread[j, i] = value
        for i in range(n):
            states[t, i] = mean[i]
            for j in range(n):
                spreads[t, i, j] = spread[i, j]
