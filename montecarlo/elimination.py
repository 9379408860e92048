r"""Small systems of linear equations, with the same bits on every machine.

LAPACK's answers change in their last bits with the processor and the number of threads, and with
them every price that follows. These come from IEEE operations in a fixed order: Gaussian
elimination with partial pivoting. Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th
edition, section 3.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray


def solve(matrix: npt.ArrayLike, right: npt.ArrayLike) -> FloatArray:
    r"""Return :math:`x` with :math:`Ax = b`.

    Parameters
    ----------
    matrix
        :math:`A`, shape (n, n).
    right
        :math:`b`, shape (n,).

    Raises
    ------
    ValueError
        When a pivot is zero: the equations depend on each other.

    Examples
    --------
    >>> solve([[0.0, 2.0], [3.0, 4.0]], [2.0, 10.0])
    array([2., 1.])
    """
    a = checks.finite_array("matrix", matrix, n_dimensions=2)
    b = checks.finite_array("right", right)
    n = b.size
    if a.shape != (n, n):
        msg = f"matrix must have shape ({n}, {n}) like right, got {a.shape}"
        raise ValueError(msg)
    for j in range(n):
        pivot = j + int(np.argmax(np.abs(a[j:, j])))
        if a[pivot, j] == 0.0:
            msg = f"matrix must be regular, got a zero pivot in column {j}"
            raise ValueError(msg)
        if pivot != j:
            a[[j, pivot]] = a[[pivot, j]]
            b[[j, pivot]] = b[[pivot, j]]
        factors = a[j + 1 :, j] / a[j, j]
        a[j + 1 :, j:] -= factors[:, None] * a[j, None, j:]
        b[j + 1 :] -= factors * b[j]
    x = np.empty(n)
    for j in range(n - 1, -1, -1):
        x[j] = b[j] / a[j, j]
        b[:j] -= a[:j, j] * x[j]
    return x
