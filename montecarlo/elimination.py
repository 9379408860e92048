r"""Small systems of linear equations, with the same bits on every machine.

LAPACK's answers change in their last bits with the processor and the number of threads, and with
them every price that follows. These come from IEEE operations in a fixed order: Gaussian
elimination with partial pivoting. Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th
edition, section 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Elimination:
    r"""A matrix taken apart once, :math:`PA = LU`, to solve :math:`Ax = b` for many :math:`b`.

    Parameters
    ----------
    factors
        :math:`U`, and below its diagonal :math:`L`, shape (n, n).
    order
        Rows of the matrix as they were exchanged, shape (n,).
    """

    factors: FloatArray
    order: npt.NDArray[np.int64]

    @classmethod
    def of(cls, matrix: npt.ArrayLike) -> Elimination:
        """Take a square matrix apart; see :func:`solve`."""
        a = checks.finite_array("matrix", matrix, n_dimensions=2)
        n = a.shape[0]
        if a.shape != (n, n):
            msg = f"matrix must be square, got shape {a.shape}"
            raise ValueError(msg)
        order = np.arange(n)
        for j in range(n):
            pivot = j + int(np.argmax(np.abs(a[j:, j])))
            if a[pivot, j] == 0.0:
                msg = f"matrix must be regular, got a zero pivot in column {j}"
                raise ValueError(msg)
            if pivot != j:
                a[[j, pivot]] = a[[pivot, j]]
                order[[j, pivot]] = order[[pivot, j]]
            a[j + 1 :, j] /= a[j, j]
            a[j + 1 :, j + 1 :] -= a[j + 1 :, j, None] * a[j, None, j + 1 :]
        return cls(a, order)

    def solve(self, right: npt.ArrayLike) -> FloatArray:
        """Return :math:`x` for one right-hand side, shape (n,)."""
        n = self.order.size
        b = checks.same_length("right", checks.finite_array("right", right), "the matrix", n)
        x = b[self.order]
        for j in range(n):
            x[j + 1 :] -= self.factors[j + 1 :, j] * x[j]
        for j in range(n - 1, -1, -1):
            x[j] /= self.factors[j, j]
            x[:j] -= self.factors[:j, j] * x[j]
        return x


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
    return Elimination.of(matrix).solve(right)
