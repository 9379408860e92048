r"""Which regime a series was in: Hamilton's filter, and Kim's smoother.

With :math:`f_{t,j}` the density of observation t in regime j, given those before, and
:math:`P^{(t)}_{ij}` the probability of going from i to j between observations t - 1 and t,

.. math::

    \xi_{t|t-1,j} = \sum_i \xi_{t-1|t-1,i}\,P^{(t)}_{ij}, \qquad
    \xi_{t|t,j} = \frac{\xi_{t|t-1,j}\,f_{t,j}}{\sum_k \xi_{t|t-1,k}\,f_{t,k}}, \qquad
    \ln L = \sum_t \ln\sum_j \xi_{t|t-1,j}\,f_{t,j},

    \xi_{t|T,i} = \xi_{t|t,i}\sum_j P^{(t+1)}_{ij}\frac{\xi_{t+1|T,j}}{\xi_{t+1|t,j}} .

Source: J. D. Hamilton, "A new approach to the economic analysis of nonstationary time series and
the business cycle", Econometrica 57, 1989; C.-J. Kim, "Dynamic linear models with
Markov-switching", Journal of Econometrics 60, 1994.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from montecarlo.checks import FloatArray
from montecarlo.elementary import exp, log
from montecarlo.jit import kernel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilteredRegimes:
    """Probabilities of each regime (n_observations, n_regimes), and the log-likelihood."""

    log_likelihood: float
    predicted: FloatArray
    filtered: FloatArray


def filter_regimes(
    log_densities: FloatArray, transitions: FloatArray, first: FloatArray
) -> FilteredRegimes:
    """Return what each observation says of the regime, given those up to it.

    Parameters
    ----------
    log_densities
        (n, n_regimes), of each observation in each regime.
    transitions
        (n - 1, n_regimes, n_regimes): row i of entry t is from regime i at observation t.
    first
        (n_regimes,) probabilities before the first observation.

    Examples
    --------
    Two regimes that never change: the likelihood is a mixture of whole histories.

    >>> stay = np.broadcast_to(np.eye(2), (1, 2, 2))
    >>> found = filter_regimes(np.log([[0.5, 0.1], [0.5, 0.3]]), stay, np.array([0.5, 0.5]))
    >>> round(float(np.exp(found.log_likelihood)), 12)
    0.14
    """
    predicted = np.empty_like(log_densities)
    filtered = np.empty_like(log_densities)
    total = np.empty(1)
    _filter(
        np.ascontiguousarray(log_densities),
        np.ascontiguousarray(transitions),
        np.ascontiguousarray(first),
        predicted,
        filtered,
        total,
    )
    return FilteredRegimes(log_likelihood=float(total[0]), predicted=predicted, filtered=filtered)


def smooth_regimes(found: FilteredRegimes, transitions: FloatArray) -> FloatArray:
    """Return the probability of each regime given the whole series, (n, n_regimes)."""
    smoothed = found.filtered.copy()
    _smooth(found.predicted, np.ascontiguousarray(transitions), smoothed)
    return smoothed


def weights_of_transitions(found: FilteredRegimes, smoothed: FloatArray) -> FloatArray:
    r"""Return :math:`\xi_{t|t,i}\,\xi_{t+1|T,j}/\xi_{t+1|t,j}`, (n - 1, n_regimes, n_regimes).

    Times the probability of going from i to j it is the probability of having done so; it is also
    the slope of the log-likelihood in that probability.
    """
    ahead = np.divide(
        smoothed[1:],
        found.predicted[1:],
        out=np.zeros_like(smoothed[1:]),
        where=found.predicted[1:] > 0.0,
    )
    return found.filtered[:-1, :, None] * ahead[:, None, :]


def expected_switches(
    found: FilteredRegimes, smoothed: FloatArray, transitions: FloatArray
) -> FloatArray:
    """Return how often the series went from one regime to another, expected, (n, n)."""
    total: FloatArray = (weights_of_transitions(found, smoothed) * transitions).sum(axis=0)
    np.fill_diagonal(total, 0.0)
    return total


@kernel
def _smooth(predicted: FloatArray, transitions: FloatArray, smoothed: FloatArray) -> None:
    """Turn filtered probabilities into smoothed ones, from the last but one backwards."""
    n, k = smoothed.shape
    for back in range(1, n):
        t = n - 1 - back
        for i in range(k):
            total = 0.0
            for j in range(k):
                if predicted[t + 1, j] > 0.0:
                    ahead = smoothed[t + 1, j] / predicted[t + 1, j]
                    total += transitions[t, i, j] * ahead
            smoothed[t, i] *= total


@kernel
def _filter(
    log_densities: FloatArray,
    transitions: FloatArray,
    first: FloatArray,
    predicted: FloatArray,
    filtered: FloatArray,
    total: FloatArray,
) -> None:
    n, k = log_densities.shape
    total[0] = 0.0
    for t in range(n):
        highest = log_densities[t, 0]
        for j in range(k):
            highest = max(highest, log_densities[t, j])
            if t == 0:
                predicted[t, j] = first[j]
            else:
                chance = 0.0
                for i in range(k):
                    chance += filtered[t - 1, i] * transitions[t - 1, i, j]
                predicted[t, j] = chance
        density = 0.0
        for j in range(k):
            filtered[t, j] = predicted[t, j] * exp(log_densities[t, j] - highest)
            density += filtered[t, j]
        for j in range(k):
            filtered[t, j] /= density
        total[0] += log(density) + highest
