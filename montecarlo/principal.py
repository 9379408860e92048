r"""Principal components of a covariance: the first normals decide what varies most.

For a covariance :math:`C` with eigenvalues :math:`\lambda_1 \ge \dots \ge \lambda_D \ge 0` and
orthonormal eigenvectors :math:`q_k`,

.. math:: A = \left(\sqrt{\lambda_1}\,q_1, \dots, \sqrt{\lambda_D}\,q_D\right),
          \qquad A A^\top = C,

so that :math:`Az` has covariance C and no other choice leaves less variance to the later normals.

LAPACK's eigenvectors change in their last bits with the machine and the number of threads, and
with them every path. These come from IEEE operations in a fixed order: Householder reflections
down to a tridiagonal matrix, then implicit QR steps with Wilkinson's shift. The sign of a column
is such that its first entry of at least half the size of its largest is positive. Source: G. H.
Golub and C. F. Van Loan, Matrix Computations, 4th edition, sections 8.3.1 to 8.3.3.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.jit import fma, kernel

_MAX_STEPS = 60
_EPSILON = 2.0**-53
_ROUNDING = 1e-12
"""How far from symmetric, or below zero, rounding may leave a covariance, relative to its size."""


def principal_components(covariance: npt.ArrayLike) -> FloatArray:
    r"""Return the matrix :math:`A` with :math:`A A^\top = C`, columns by falling variance.

    Parameters
    ----------
    covariance
        Symmetric and positive semi-definite up to rounding (1e-12 of its largest entry), shape
        (D, D). A rank below D is allowed: the columns beyond it are zero or next to it.

    Returns
    -------
    ndarray, shape (D, D)
        The same bits on every machine. The time rises with the cube of D.

    Raises
    ------
    ValueError
        When the covariance is not square, finite, symmetric and positive semi-definite.

    Examples
    --------
    >>> principal_components([[2.0, 1.0], [1.0, 2.0]]).round(6)
    array([[ 1.224745,  0.707107],
           [ 1.224745, -0.707107]])
    """
    c = checks.finite_array("covariance", covariance, n_dimensions=2)
    n = c.shape[0]
    if c.shape[1] != n or n == 0:
        msg = f"covariance must be square with at least one row, got shape {c.shape}"
        raise ValueError(msg)
    size = float(np.abs(c).max())
    _check_symmetric(c, size)
    # A power of two, so that nothing is rounded, and squares neither overflow nor vanish.
    exponent = math.frexp(size)[1]
    exponent += exponent % 2
    c = np.ldexp(0.5 * c + 0.5 * c.T, -exponent)
    values, vectors = np.empty(n), np.eye(n)
    if not _eigen(c, values, np.empty(n), np.empty(n), vectors):
        msg = f"covariance must have eigenvalues that {_MAX_STEPS} steps each find, got {n} rows"
        raise ValueError(msg)
    order = np.argsort(-values, kind="stable")
    values, vectors = values[order], vectors[order]
    if values[-1] < -_ROUNDING * n * max(float(values[0]), 0.0):
        lowest = math.ldexp(float(values[-1]), exponent)
        msg = f"covariance must be positive semi-definite, got the eigenvalue {lowest:.6g}"
        raise ValueError(msg)
    magnitude = np.abs(vectors)
    leading = np.argmax(magnitude >= 0.5 * magnitude.max(axis=1, keepdims=True), axis=1)
    sign = np.where(vectors[np.arange(n), leading] < 0.0, -1.0, 1.0)
    scale = np.ldexp(sign * np.sqrt(np.maximum(values, 0.0)), exponent // 2)
    return np.ascontiguousarray((vectors * scale[:, None]).T)


def _check_symmetric(c: FloatArray, size: float) -> None:
    bad = np.argwhere(np.abs(c - c.T) > _ROUNDING * size)
    if bad.size:
        i, j = (int(index) for index in bad[0])
        msg = (
            f"covariance must be symmetric, got {float(c[i, j])!r} at {(i, j)} "
            f"and {float(c[j, i])!r} at {(j, i)}"
        )
        raise ValueError(msg)


@kernel
def _eigen(
    a: FloatArray, d: FloatArray, e: FloatArray, work: FloatArray, vectors: FloatArray
) -> bool:
    """Write eigenvalues into ``d`` and eigenvectors into the rows of ``vectors``.

    ``a`` is used up, ``e`` and ``work`` are for passing, ``vectors`` is the identity on entry.
    All long loops run along rows, which the compiler vectorises.
    """
    _tridiagonalise(a, d, e, work)
    _accumulate(a, work, vectors)
    return _diagonalise(d, e, vectors)


@kernel
def _tridiagonalise(a: FloatArray, d: FloatArray, e: FloatArray, beta: FloatArray) -> None:
    """Reflect ``a`` to a tridiagonal matrix; row k keeps the vector of reflection k."""
    n = a.shape[0]
    p = np.empty(n)
    for k in range(n):
        d[k] = a[k, k]
        e[k] = 0.0
        beta[k] = 0.0
        v = a[k]
        rest = 0.0
        for j in range(k + 2, n):
            rest = fma(v[j], v[j], rest)
        if rest == 0.0:
            if k + 1 < n:
                e[k] = v[k + 1]
            continue
        length = math.sqrt(fma(v[k + 1], v[k + 1], rest))
        e[k] = -length if v[k + 1] > 0.0 else length
        v[k + 1] -= e[k]
        b = 2.0 / fma(v[k + 1], v[k + 1], rest)
        beta[k] = b
        for j in range(k + 1, n):
            p[j] = 0.0
        for i in range(k + 1, n):
            _add_multiple(a[i], v[i], k + 1, p)
        product = 0.0
        for j in range(k + 1, n):
            p[j] *= b
            product = fma(p[j], v[j], product)
        _add_multiple(v, -0.5 * b * product, k + 1, p)
        for i in range(k + 1, n):
            row = a[i]
            v_i = v[i]
            p_i = p[i]
            for j in range(k + 1, n):
                row[j] = fma(-v_i, p[j], fma(-p_i, v[j], row[j]))


@kernel
def _add_multiple(source: FloatArray, factor: float, first: int, out: FloatArray) -> None:
    for j in range(first, out.shape[0]):
        out[j] = fma(factor, source[j], out[j])


@kernel
def _accumulate(a: FloatArray, beta: FloatArray, vectors: FloatArray) -> None:
    """Multiply the reflections out, the last first, and transpose."""
    n = a.shape[0]
    p = np.empty(n)
    for k in range(n - 3, -1, -1):
        if beta[k] == 0.0:
            continue
        v = a[k]
        for j in range(k + 1, n):
            p[j] = 0.0
        for i in range(k + 1, n):
            _add_multiple(vectors[i], v[i], k + 1, p)
        for i in range(k + 1, n):
            _add_multiple(p, -beta[k] * v[i], k + 1, vectors[i])
    for i in range(n):
        for j in range(i):
            vectors[i, j], vectors[j, i] = vectors[j, i], vectors[i, j]


@kernel
def _diagonalise(d: FloatArray, e: FloatArray, vectors: FloatArray) -> bool:
    """Chase the off-diagonal away, turning rows of ``vectors`` along; False if it stays."""
    n = d.shape[0]
    size = 0.0
    for k in range(n):
        size = max(size, abs(d[k]) + abs(e[k]))
    negligible = 0.5 * _EPSILON * size
    high = n - 1
    n_steps = 0
    while high > 0:
        if abs(e[high - 1]) <= negligible:
            high -= 1
            n_steps = 0
            continue
        if n_steps == _MAX_STEPS:
            return False
        n_steps += 1
        low = high - 1
        while low > 0 and abs(e[low - 1]) > negligible:
            low -= 1
        half = 0.5 * (d[high - 1] - d[high])
        squared = e[high - 1] * e[high - 1]
        root = math.sqrt(fma(half, half, squared))
        shift = d[high] - squared / (half + (root if half >= 0.0 else -root))
        x = d[low] - shift
        z = e[low]
        for k in range(low, high):
            r = math.sqrt(fma(x, x, z * z))
            c = x / r if r > 0.0 else 1.0
            s = z / r if r > 0.0 else 0.0
            if k > low:
                e[k - 1] = r
            cross = 2.0 * c * s * e[k]
            upper = fma(c * c, d[k], fma(s * s, d[k + 1], cross))
            lower = fma(s * s, d[k], fma(c * c, d[k + 1], -cross))
            e[k] = fma(c * s, d[k + 1] - d[k], (c * c - s * s) * e[k])
            d[k] = upper
            d[k + 1] = lower
            if k + 1 < high:
                x = e[k]
                z = s * e[k + 1]
                e[k + 1] *= c
            first = vectors[k]
            second = vectors[k + 1]
            for j in range(n):
                left = first[j]
                right = second[j]
                first[j] = fma(c, left, s * right)
                second[j] = fma(c, right, -(s * left))
    return True
