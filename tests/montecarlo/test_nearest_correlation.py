"""The nearest correlation matrix: Higham's example, another optimiser, what it must satisfy."""

import numpy as np
import pytest
from scipy.optimize import minimize

from montecarlo import GBM, Joint, nearest_correlation


def test_example_of_higham():
    # Higham (2002), section 4: 0.7607 and 0.1573, at a distance of 0.5278.
    found = nearest_correlation([[1, 1, 0], [1, 1, 1], [0, 1, 1]])

    assert found.matrix[0, 1] == pytest.approx(0.7607, abs=5e-5)
    assert found.matrix[1, 2] == pytest.approx(0.7607, abs=5e-5)
    assert found.matrix[0, 2] == pytest.approx(0.1573, abs=5e-5)
    assert found.distance == pytest.approx(0.5278, abs=5e-5)
    assert found.largest_pair in ((0, 1), (1, 0), (1, 2), (2, 1))
    assert found.largest_change == pytest.approx(1 - 0.7607, abs=5e-5)


STATED = np.array(
    [
        [1.0, 0.9, -0.5, 0.1],
        [0.9, 1.0, 0.8, -0.3],
        [-0.5, 0.8, 1.0, 0.6],
        [0.1, -0.3, 0.6, 1.0],
    ]
)


def test_another_optimiser_finds_the_same():
    # Rows of unit length give every correlation matrix; the distance is minimised over them.
    def distance(rows):
        rows = rows.reshape(4, 4)
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return ((rows @ rows.T - STATED) ** 2).sum()

    rng = np.random.default_rng(3)
    best = min(
        (minimize(distance, rng.normal(size=16), method="BFGS").fun for _ in range(4)),
    )
    found = nearest_correlation(STATED)

    assert found.distance**2 == pytest.approx(best, rel=1e-4)


def test_result_can_be_used():
    found = nearest_correlation(STATED)
    roots = np.linalg.eigvalsh(found.matrix)

    assert roots[0] >= 1e-6
    assert roots[0] < 2e-6
    np.testing.assert_array_equal(np.diag(found.matrix), 1.0)
    np.testing.assert_array_equal(found.matrix, found.matrix.T)
    np.testing.assert_array_equal(found.matrix, np.round(found.matrix, 9))
    names = ["a", "b", "c", "d"]
    models = [GBM(name=name, volatility=0.2, spot=1.0, drift=0.0) for name in names]
    with pytest.raises(ValueError, match="nearest_correlation, on request, finds the nearest"):
        Joint(models=models, correlation=STATED)
    Joint(models=models, correlation=found.matrix)


def test_an_admissible_matrix_is_left_alone():
    stated = np.array([[1.0, 0.3], [0.3, 1.0]])
    found = nearest_correlation(stated)

    np.testing.assert_array_equal(found.matrix, stated)
    assert (found.distance, found.largest_change, found.n_rounds) == (0.0, 0.0, 0)


def test_many_prices():
    # Twelve prices in three groups that contradict each other.
    rng = np.random.default_rng(12)
    stated = np.eye(12)
    stated[np.tril_indices(12, -1)] = rng.uniform(-0.3, 0.98, 66)
    stated = np.tril(stated) + np.tril(stated, -1).T
    found = nearest_correlation(stated, least_eigenvalue=0.01)

    assert np.linalg.eigvalsh(stated)[0] < -0.5
    assert np.linalg.eigvalsh(found.matrix)[0] == pytest.approx(0.01, abs=1e-6)
    # No other admissible matrix is nearer: A - X makes an obtuse angle with every Y - X.
    for _ in range(20):
        rows = rng.normal(size=(12, 12))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        other = 0.98 * rows @ rows.T + 0.02 * np.eye(12)
        assert ((stated - found.matrix) * (other - found.matrix)).sum() <= 1e-6


@pytest.mark.parametrize(
    ("matrix", "options", "message"),
    [
        ([[1, 0.5]], {}, r"correlation must be square, got shape \(1, 2\)"),
        ([[1, 0.5], [0.4, 1]], {}, r"correlation\[1\]\[0\] must be equal to correlation\[0\]\[1\]"),
        ([[2, 0.5], [0.5, 1]], {}, r"correlation\[0\]\[0\] must be 1, got 2.0"),
        ([[1, 1.5], [1.5, 1]], {}, r"correlation\[1\]\[0\] must be between -1 and 1, got 1.5"),
        ([[1, np.nan], [np.nan, 1]], {}, "correlation must be finite numbers, got nan"),
        ([[1, 0], [0, 1]], {"least_eigenvalue": 0.0}, "least_eigenvalue must be between"),
    ],
)
def test_bad_matrices_are_named(matrix, options, message):
    with pytest.raises(ValueError, match=message):
        nearest_correlation(matrix, **options)
