r"""Markov chains in continuous time: from intensities to probabilities of a step, and back.

.. math:: P(\Delta) = e^{Q\Delta}, \qquad Q_{ij} = \lambda_{ij}, \quad
    Q_{ii} = -\sum_{j \ne i}\lambda_{ij}

Every Q gives a P, but not every P comes from a Q: a chain of which one only knows yearly
probabilities may fit no chain in continuous time at all (the embedding problem).

Source: R. B. Israel, J. S. Rosenthal and J. Z. Wei, "Finding generators for Markov chains via
empirical transition matrices", Mathematical Finance 11, 2001; W. K. Grassmann, M. I. Taksar and
D. P. Heyman, "Regenerative analysis and steady state distributions for Markov chains", Operations
Research 33, 1985.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.elementary import log
from montecarlo.engine.regime_moments import propagate
from montecarlo.jit import kernel

_ROUNDING = 1e-9


def step_probabilities(generator: FloatArray, steps: FloatArray) -> FloatArray:
    """Return the probabilities of each step, (n_steps, n, n), from a generator (n, n), 1/yr.

    Examples
    --------
    >>> twice_a_year = np.array([[-2.0, 2.0], [0.0, 0.0]])
    >>> step_probabilities(twice_a_year, np.array([0.5])).round(4)
    array([[[0.3679, 0.6321],
            [0.    , 1.    ]]])
    """
    known, where = np.unique(steps, return_inverse=True)
    n = generator.shape[0]
    out = np.empty((known.size, n, n))
    for i, step in enumerate(known):
        columns = np.eye(n)
        propagate(np.ascontiguousarray(generator), float(step), columns)
        out[i] = columns
    return out[where]


def stationary(generator: FloatArray) -> FloatArray:
    """Return the long-run probabilities, (n,); NaN where some regime is never left.

    Examples
    --------
    >>> stationary(np.array([[-1.0, 1.0], [0.25, -0.25]]))
    array([0.2, 0.8])
    """
    found = np.empty(generator.shape[0])
    _long_run(np.array(generator, dtype=np.float64, order="C"), found)
    return found


def expected_log(
    generator: FloatArray, steps: FloatArray, weights: FloatArray, first: FloatArray
) -> float:
    r"""Return :math:`\sum_{u,i,j} w_{uij}P_{ij}(\Delta_u) + \sum_i f_i\ln\pi_i`.

    Its slopes in the intensities are those of the log-likelihood, by Fisher's identity.
    """
    return float(_expected_log(generator, steps, weights, first))


@kernel
def _expected_log(
    generator: FloatArray, steps: FloatArray, weights: FloatArray, first: FloatArray
) -> float:
    n = generator.shape[0]
    columns = np.empty((n, n))
    total = 0.0
    for u in range(steps.shape[0]):
        columns[:] = 0.0
        for i in range(n):
            columns[i, i] = 1.0
        propagate(generator, steps[u], columns)
        for i in range(n):
            for j in range(n):
                total += weights[u, i, j] * columns[i, j]
    columns[:] = generator
    chances = np.empty(n)
    _long_run(columns, chances)
    for i in range(n):
        if first[i] > 0.0:
            total += first[i] * log(chances[i])
    return total


@kernel
def _long_run(rates: FloatArray, out: FloatArray) -> None:
    """Write the long-run probabilities, eliminating regimes without a subtraction (GTH)."""
    n = rates.shape[0]
    for back in range(n - 1):
        last = n - 1 - back
        leaving = 0.0
        for j in range(last):
            leaving += rates[last, j]
        for i in range(last):
            rates[i, last] /= leaving
            for j in range(last):
                if j != i:
                    rates[i, j] += rates[i, last] * rates[last, j]
    out[0] = 1.0
    total = 1.0
    for j in range(1, n):
        out[j] = 0.0
        for i in range(j):
            out[j] += out[i] * rates[i, j]
        total += out[j]
    for j in range(n):
        out[j] /= total


def generator_of(probabilities: npt.ArrayLike, step: float) -> FloatArray:
    """Return the intensities (n, n), 1/yr, of a chain with these probabilities of a step.

    Parameters
    ----------
    probabilities
        (n, n), row i from regime i; rows add up to 1.
    step
        Years.

    Raises
    ------
    ValueError
        When rows are no probabilities, or when the matrix logarithm has a negative intensity:
        then no chain in continuous time is known to have these probabilities, and the generator
        should be fitted to the history itself.

    Examples
    --------
    >>> generator_of([[0.9, 0.1], [0.2, 0.8]], 1.0 / 12.0).round(4)
    array([[-1.4267,  1.4267],
           [ 2.8534, -2.8534]])
    >>> generator_of([[0.3, 0.7], [0.6, 0.4]], 1.0)
    Traceback (most recent call last):
    ValueError: probabilities must be those of a chain in continuous time, got a matrix whose \
logarithm is not real: regimes alternate; fit the generator to the history instead
    """
    from scipy.linalg import logm

    matrix = checks.finite_array("probabilities", probabilities, n_dimensions=2)
    years = checks.positive("step", step)
    if matrix.shape[0] != matrix.shape[1]:
        msg = f"probabilities must be a square matrix, got shape {matrix.shape}"
        raise ValueError(msg)
    if (matrix < 0.0).any() or (np.abs(matrix.sum(axis=1) - 1.0) > _ROUNDING).any():
        row = int(np.argmax(np.abs(matrix.sum(axis=1) - 1.0) + (matrix < 0.0).any(axis=1)))
        msg = f"probabilities must be positive and add up to 1, got {matrix[row].tolist()}"
        raise ValueError(msg)
    rule = "probabilities must be those of a chain in continuous time, got a matrix whose logarithm"
    advice = "fit the generator to the history instead"
    roots = np.linalg.eigvals(matrix)
    if ((np.abs(roots.imag) < _ROUNDING) & (roots.real <= 0.0)).any():
        msg = f"{rule} is not real: regimes alternate; {advice}"
        raise ValueError(msg)
    found = np.real(logm(matrix)) / years
    off = found - np.diag(np.diag(found))
    if off.min() < -_ROUNDING / years:
        i, j = np.unravel_index(int(np.argmin(off)), off.shape)
        msg = f"{rule} has the intensity {off[i, j]:.3g} from regime {i} to {j}; {advice}"
        raise ValueError(msg)
    off = np.maximum(off, 0.0)
    return np.asarray(off - np.diag(off.sum(axis=1)), dtype=np.float64)
