"""Principal components: A A' = C, in order, for every rank."""

import math

import mpmath
import numpy as np
import pytest

from montecarlo import principal_components

RNG = np.random.default_rng(41)


def brownian(n):
    times = np.arange(1.0, n + 1.0)
    return np.minimum.outer(times, times) / n


def reverting(n):
    times = np.arange(1.0, n + 1.0) / 12.0
    return 0.09 * np.exp(-1.5 * np.abs(np.subtract.outer(times, times)))


def wishart(n, rank):
    b = RNG.normal(size=(n, rank))
    return b @ b.T


CASES = {
    "one": np.array([[4.0]]),
    "two": np.array([[2.0, -1.0], [-1.0, 3.0]]),
    "diagonal": np.diag([3.0, 0.0, 7.0, 1e-20]),
    "zero": np.zeros((4, 4)),
    "identity": np.eye(9),
    "all the same": np.full((30, 30), 0.25),
    "brownian": brownian(120),
    "brownian, many": brownian(200),
    "reverting": reverting(120),
    "full": wishart(60, 60),
    "rank 7": wishart(60, 7),
    "blocks": np.kron(np.eye(3), brownian(8)),
    "huge": 1e300 * reverting(12),
    "tiny": 1e-300 * reverting(12),
}


@pytest.mark.parametrize("case", CASES)
def test_the_product_with_its_transpose_is_the_covariance(case):
    c = CASES[case]
    a = principal_components(c)

    np.testing.assert_allclose(a @ a.T, c, rtol=0.0, atol=1e-13 * np.abs(c).max())


@pytest.mark.parametrize("case", CASES)
def test_columns_are_orthogonal_and_fall(case):
    c = CASES[case]
    a = principal_components(c) / math.sqrt(np.abs(c).max() or 1.0)
    gram = a.T @ a
    variance = np.diag(gram)

    np.testing.assert_allclose(gram, np.diag(variance), atol=1e-14 * max(variance[0], 1.0))
    assert (np.diff(variance) <= 1e-14 * variance[0]).all()


@pytest.mark.parametrize("case", ["two", "brownian", "reverting", "full", "rank 7", "blocks"])
def test_variances_are_the_eigenvalues(case):
    c = CASES[case]
    expected = np.linalg.eigvalsh(c)[::-1]
    variance = (principal_components(c) ** 2).sum(axis=0)

    np.testing.assert_allclose(variance, np.maximum(expected, 0.0), atol=3e-14 * expected[0])


def test_a_walk_against_its_closed_form():
    """Eigenvalues of min(i, j) are 1 / (4 sin^2 ((2k - 1) pi / (2 (2n + 1))))."""
    n = 40
    k = np.arange(1, n + 1)
    angle = (2 * k - 1) * math.pi / (2 * (2 * n + 1))
    vectors = np.sin(np.outer(np.arange(1, n + 1), 2 * angle))
    # Each column's first entry of at least half its largest, made positive.
    leading = np.argmax(np.abs(vectors) >= 0.5 * np.abs(vectors).max(axis=0), axis=0)
    vectors *= np.sign(vectors[leading, np.arange(n)])
    expected = vectors / np.sqrt((vectors**2).sum(axis=0)) / (2 * np.sin(angle)) / math.sqrt(n)

    np.testing.assert_allclose(principal_components(brownian(n)), expected, atol=1e-12)


def test_against_high_precision():
    c = wishart(6, 6)
    values, vectors = mpmath.eigsy(mpmath.matrix(c.tolist()))
    a = principal_components(c)
    for k in range(6):
        q = np.array([float(vectors[i, 5 - k]) for i in range(6)])
        expected = q * math.sqrt(float(values[5 - k]))
        expected *= np.sign(expected @ a[:, k])

        np.testing.assert_allclose(a[:, k], expected, atol=2e-14 * math.sqrt(float(values[5])))


def test_signs_are_fixed():
    a = principal_components(brownian(12))
    leading = np.argmax(np.abs(a) >= 0.5 * np.abs(a).max(axis=0), axis=0)

    assert (a[leading, np.arange(12)] > 0.0).all()


def test_the_argument_is_left_alone_and_scaling_by_four_is_exact():
    c = reverting(20)
    before = c.copy()

    np.testing.assert_array_equal(2.0 * principal_components(c), principal_components(4.0 * c))
    np.testing.assert_array_equal(c, before)


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (np.ones(3), r"covariance must have 2 dimension\(s\), got shape \(3,\)"),
        (np.ones((2, 3)), r"covariance must be square with at least one row, got shape \(2, 3\)"),
        (np.ones((0, 0)), r"covariance must be square with at least one row, got shape \(0, 0\)"),
        ([[1.0, np.nan], [0.0, 1.0]], r"covariance must be finite numbers, got nan at .*\(0, 1\)"),
        ([[1.0, 0.5], [0.4, 1.0]], r"covariance must be symmetric, got 0.5 at \(0, 1\) and 0.4"),
        ([[1.0, 2.0], [2.0, 1.0]], "covariance must be positive semi-definite, got .* -1$"),
        ([[-3.0]], "covariance must be positive semi-definite, got the eigenvalue -3"),
    ],
)
def test_errors(covariance, message):
    with pytest.raises(ValueError, match=message):
        principal_components(covariance)
