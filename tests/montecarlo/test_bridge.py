"""The Brownian bridge: orthogonal, in order, and the law of a random walk."""

import numpy as np
import pytest

from montecarlo import brownian_bridge
from montecarlo.bridge import bridge_in_place
from montecarlo.jit import python_source

RNG = np.random.default_rng(3)


def apply(bridge, rows):
    bridge_in_place(bridge.left, bridge.right, bridge.cosine, bridge.sine, rows)
    return rows


def matrix(bridge):
    """Return the map as a matrix: column k is what the normal of rank k does to the steps."""
    n = bridge.row.size
    columns = np.zeros((n, n))
    columns[bridge.row, np.arange(n)] = 1.0
    return apply(bridge, columns)


@pytest.mark.parametrize("n_steps", [1, 2, 3, 7, 12, 64, 121])
@pytest.mark.parametrize("is_even", [True, False])
def test_the_map_is_orthogonal(n_steps, is_even):
    variances = None if is_even else RNG.uniform(0.1, 3.0, n_steps)
    w = matrix(brownian_bridge(n_steps, variances=variances))

    np.testing.assert_allclose(w.T @ w, np.eye(n_steps), atol=3e-15)
    np.testing.assert_allclose(w @ w.T, np.eye(n_steps), atol=3e-15)


@pytest.mark.parametrize("variances", [np.ones(8), [0.5, 1.0, 2.0, 0.25, 4.0, 1.5, 0.125, 3.0]])
def test_the_walk_is_a_bridge_in_bisection_order(variances):
    """The classic construction: the end, the middle given the ends, the quarters given these."""
    variances = np.asarray(variances)
    w = np.sqrt(variances)[:, None] * matrix(brownian_bridge(8, variances=variances))
    walk = np.vstack([np.zeros(8), np.cumsum(w, axis=0)])
    time = np.concatenate([[0.0], np.cumsum(variances)])
    expected = np.zeros((9, 8))
    expected[8, 0] = np.sqrt(time[8])
    ranks = brownian_bridge(8, variances=variances).row.tolist()
    for low, middle, high in [
        (0, 4, 8),
        (0, 2, 4),
        (4, 6, 8),
        (0, 1, 2),
        (2, 3, 4),
        (4, 5, 6),
        (6, 7, 8),
    ]:
        before, after = time[middle] - time[low], time[high] - time[middle]
        expected[middle] = (after * expected[low] + before * expected[high]) / (before + after)
        expected[middle, ranks.index(middle)] += np.sqrt(before * after / (before + after))

    np.testing.assert_allclose(walk, expected, atol=2e-15)


def test_three_steps_by_hand():
    """The whole is cut at 1, then the second run [1, 3) at 2."""
    x = np.array([1.0, 2.0, 3.0])
    bridge = brownian_bridge(3)
    rows = np.empty((3, 1))
    rows[bridge.row, 0] = x
    apply(bridge, rows)
    # y[0,1) = 1/sqrt(3) + 2 sqrt(2/3); y[1,3) = sqrt(2/3) - 2/sqrt(3); then halves of that.
    second = np.sqrt(2 / 3) - 2 / np.sqrt(3)

    np.testing.assert_allclose(
        rows[:, 0],
        [
            1 / np.sqrt(3) + 2 * np.sqrt(2 / 3),
            (second + 3.0) / np.sqrt(2),
            (second - 3.0) / np.sqrt(2),
        ],
        rtol=1e-15,
    )


def test_the_widest_run_is_cut_first():
    bridge = brownian_bridge(100)
    w = matrix(bridge)
    walk = np.cumsum(w, axis=0)
    left_open = [(walk[bridge.row[k] - 1, k]) ** 2 for k in range(1, 100)]

    assert (np.diff(left_open) < 1e-14).all()
    assert sorted(bridge.row.tolist()) == list(range(100))


def test_the_run_with_most_left_open_is_cut_before_an_earlier_one():
    """[0, 2) leaves 1 * 1 / 2 open, [2, 4) leaves 1 * 9 / 10."""
    assert brownian_bridge(4, variances=[1.0, 1.0, 1.0, 9.0]).row.tolist() == [0, 2, 3, 1]


def test_paths_do_not_see_each_other():
    bridge = brownian_bridge(12)
    rows = RNG.normal(size=(12, 37))
    alone = np.hstack([apply(bridge, rows[:, [p]].copy()) for p in range(37)])

    np.testing.assert_array_equal(apply(bridge, rows.copy()), alone)


def test_compiled_is_its_python_source():
    bridge = brownian_bridge(9)
    rows = RNG.normal(size=(9, 5))
    interpreted = rows.copy()
    python_source(bridge_in_place)(
        bridge.left, bridge.right, bridge.cosine, bridge.sine, interpreted
    )

    np.testing.assert_array_equal(apply(bridge, rows), interpreted)


@pytest.mark.parametrize(
    ("n_steps", "variances", "message"),
    [
        (0, None, "n_steps must be an integer of at least 1, got 0"),
        (2.5, None, "n_steps must be an integer of at least 1, got 2.5"),
        (2, [1.0, 0.0], "variances must be greater than 0, got 0.0 at index 1"),
        (2, [1.0], r"variances must be as long as n_steps \(2\), got 1"),
        (2, [1.0, np.nan], "variances must be finite numbers, got nan at index 1"),
    ],
)
def test_errors(n_steps, variances, message):
    with pytest.raises(ValueError, match=message):
        brownian_bridge(n_steps, variances=variances)
