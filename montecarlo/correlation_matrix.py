r"""The correlation matrix nearest to one that contradicts itself, for those who ask.

.. math::

    \min_X \lVert X - A\rVert_F \quad\text{over } X = X^\top,\ X_{ii} = 1,\ X \succeq \varepsilon I

by alternating projections on the two sets, the first with Dykstra's correction.

Source: N. J. Higham, "Computing the nearest correlation matrix - a problem from finance", IMA
Journal of Numerical Analysis 22, 2002.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray

LEAST_EIGENVALUE = 1e-6
_MOST_ROUNDS = 20_000
_TOLERANCE = 1e-12
_DECIMALS = 9
_SYMMETRY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearestCorrelation:
    """What came nearest, and how far it had to go.

    Parameters
    ----------
    matrix
        (n, n) symmetric, ones on the diagonal, positive definite.
    distance
        Root of the sum of squared changes over all entries.
    largest_change
        Of one entry, in absolute value.
    largest_pair
        Its row and column.
    n_rounds
        Projections that were made; 0 if the matrix was admissible and is returned as it is.
    """

    matrix: FloatArray
    distance: float
    largest_change: float
    largest_pair: tuple[int, int]
    n_rounds: int


def nearest_correlation(
    correlation: npt.ArrayLike, *, least_eigenvalue: float = LEAST_EIGENVALUE
) -> NearestCorrelation:
    """Return the nearest matrix that correlations can have.

    Entries are rounded to nine decimals, so that they are the same on every machine.

    Parameters
    ----------
    correlation
        (n, n), symmetric, ones on the diagonal, entries from -1 to 1.
    least_eigenvalue
        Of the result, between 1e-8 and 0.1: zero would make prices exact combinations of others.

    Raises
    ------
    ValueError
        Naming the entry that breaks a rule.

    Examples
    --------
    Higham's example: the first price moves with the second and the second with the third, but the
    first not with the third.

    >>> found = nearest_correlation([[1, 1, 0], [1, 1, 1], [0, 1, 1]])
    >>> found.matrix.round(4)
    array([[1.    , 0.7607, 0.1573],
           [0.7607, 1.    , 0.7607],
           [0.1573, 0.7607, 1.    ]])
    >>> round(found.distance, 4), round(found.largest_change, 4)
    (0.5278, 0.2393)
    """
    stated = _checked(correlation)
    checks.between("least_eigenvalue", least_eigenvalue, 1e-8, 0.1)
    if float(np.linalg.eigvalsh(stated)[0]) >= least_eigenvalue:
        return NearestCorrelation(
            matrix=stated, distance=0.0, largest_change=0.0, largest_pair=(0, 0), n_rounds=0
        )
    # A hair more than asked for, which rounding the entries may take away.
    floor = least_eigenvalue + stated.shape[0] * 10.0**-_DECIMALS
    found, correction = stated, np.zeros_like(stated)
    n_rounds = 0
    is_settled = False
    while not is_settled:
        if n_rounds == _MOST_ROUNDS:
            msg = f"nearest correlation must be found within {_MOST_ROUNDS} rounds, got no nearer"
            raise ValueError(msg)
        n_rounds += 1
        shifted = found - correction
        roots, vectors = np.linalg.eigh(shifted)
        definite = (vectors * np.maximum(roots, floor)) @ vectors.T
        correction = definite - shifted
        before, found = found, 0.5 * (definite + definite.T)
        np.fill_diagonal(found, 1.0)
        moved, apart = np.abs(found - before).max(), np.abs(found - definite).max()
        is_settled = bool(moved < _TOLERANCE and apart < 100.0 * _TOLERANCE)
    matrix = np.round(found, _DECIMALS)
    change = np.abs(matrix - stated)
    row, column = (int(i) for i in np.unravel_index(int(np.argmax(change)), change.shape))
    return NearestCorrelation(
        matrix=matrix,
        distance=float(np.sqrt((change**2).sum())),
        largest_change=float(change[row, column]),
        largest_pair=(row, column),
        n_rounds=n_rounds,
    )


def _checked(correlation: npt.ArrayLike) -> FloatArray:
    matrix = checks.finite_array("correlation", correlation, n_dimensions=2)
    n = matrix.shape[0]
    if matrix.shape != (n, n) or n == 0:
        msg = f"correlation must be square, got shape {matrix.shape}"
        raise ValueError(msg)
    for i in range(n):
        if matrix[i, i] != 1.0:
            msg = f"correlation[{i}][{i}] must be 1, got {float(matrix[i, i])!r}"
            raise ValueError(msg)
        for j in range(i):
            checks.between(f"correlation[{i}][{j}]", matrix[i, j], -1.0, 1.0)
            if abs(matrix[i, j] - matrix[j, i]) > _SYMMETRY:
                msg = (
                    f"correlation[{i}][{j}] must be equal to correlation[{j}][{i}], got "
                    f"{float(matrix[i, j])!r} and {float(matrix[j, i])!r}"
                )
                raise ValueError(msg)
    return matrix
