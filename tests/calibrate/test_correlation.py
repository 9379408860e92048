"""Correlation of histories of unequal length: plain correlation, coverage, contradictions."""

import numpy as np
import pytest

from montecarlo.calibrate import PriceHistory, estimate_correlation

MONTHS = np.arange("2000-02", "2020-02", dtype="datetime64[M]").astype("datetime64[D]") - 1


def history(name, logs, dates=MONTHS):
    return PriceHistory(name=name, unit="USD/t", dates=dates, prices=np.exp(logs))


def walks(correlation, seed=1, n=240):
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(correlation)
    return 0.05 * np.cumsum(rng.normal(size=(n, root.shape[0])) @ root.T, axis=0) + 4.0


def test_equal_histories_give_the_plain_correlation():
    logs = walks([[1.0, 0.6], [0.6, 1.0]])
    found = estimate_correlation(
        [history("a", logs[:, 0]), history("b", logs[:, 1])], horizon="month"
    )
    expected = np.corrcoef(np.diff(logs, axis=0).T)[0, 1]

    assert found.pairwise[0, 1] == pytest.approx(expected, rel=1e-12)
    assert found.n_changes[0, 1] == 239
    z, reach = np.arctanh(expected), 1.959963984540054 / np.sqrt(236)
    assert found.low[0, 1] == pytest.approx(np.tanh(z - reach), rel=1e-12)
    assert found.high[0, 1] == pytest.approx(np.tanh(z + reach), rel=1e-12)
    np.testing.assert_array_equal(found.matrix, found.pairwise)
    assert found.rows()[0]["second"] == "b"


def test_each_pair_uses_what_both_have():
    logs = walks([[1.0, 0.6, 0.2], [0.6, 1.0, 0.4], [0.2, 0.4, 1.0]])
    gone = np.r_[0:100, 150:240]
    found = estimate_correlation(
        [
            history("a", logs[:, 0]),
            history("b", logs[60:, 1], MONTHS[60:]),
            history("c", logs[gone, 2], MONTHS[gone]),
        ],
        horizon="month",
    )

    assert found.n_changes[0, 1] == 179
    assert found.n_changes[0, 2] == 189
    assert found.n_changes[1, 2] == 129
    expected = np.corrcoef(np.diff(logs[60:, :2], axis=0).T)[0, 1]
    assert found.pairwise[0, 1] == pytest.approx(expected, rel=1e-12)
    # Across the gap of 51 months the change counts as one of that length.
    both = np.diff(logs[gone][:, [0, 2]], axis=0)
    length = np.diff(gone).astype(float)
    scaled = (both - np.outer(length, both.sum(axis=0) / length.sum())) / np.sqrt(length)[:, None]
    u, v = scaled.T
    assert found.pairwise[0, 2] == pytest.approx(u @ v / np.sqrt(u @ u * (v @ v)), rel=1e-12)


def test_intervals_cover_the_truth():
    # 400 histories of 59 monthly returns: 95% intervals cover within 3 standard errors of 95%.
    n, truth = 400, 0.5
    inside = 0
    for seed in range(n):
        logs = walks([[1.0, truth], [truth, 1.0]], seed=seed, n=60)
        found = estimate_correlation(
            [history("a", logs[:, 0], MONTHS[:60]), history("b", logs[:, 1], MONTHS[:60])],
            horizon="month",
        )
        inside += found.low[0, 1] <= truth <= found.high[0, 1]

    assert abs(inside / n - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n)


def contradictory():
    """Three histories whose pairs share different years, in which they behaved differently."""
    rng = np.random.default_rng(4)
    a, b, c = 0.05 * rng.normal(size=(3, 240))
    # a and b move together in the first years, b and c in the middle, a against c at the end.
    b[:80] = a[:80]
    c[80:160] = b[80:160]
    c[160:] = -a[160:]
    for step, absent in ((a, slice(80, 160)), (b, slice(160, 240)), (c, slice(0, 80))):
        step[absent] = np.nan
    found = []
    for name, step in (("a", a), ("b", b), ("c", c)):
        level = 4.0 + np.cumsum(np.where(np.isnan(step), 0.0, step))
        there = ~np.isnan(step)
        found.append(history(name, level[there], MONTHS[there]))
    return found


def test_pairs_that_contradict_each_other_are_refused_and_the_nearest_offered():
    found = estimate_correlation(contradictory(), horizon="month")

    with pytest.raises(ValueError, match=r"must be positive definite together, .*nearest\(\)"):
        _ = found.matrix
    nearest = found.nearest()
    assert np.linalg.eigvalsh(nearest.matrix)[0] > 0.0
    assert nearest.distance > 0.5


@pytest.mark.parametrize(
    ("histories", "horizon", "message"),
    [
        ([history("a", np.zeros(240))], "month", "histories must be at least two, got 1"),
        ([history("a", np.zeros(240))] * 2, "month", "names of histories must be different"),
        (
            [history("a", walks(np.eye(1))[:, 0]), history("b", np.zeros(240))],
            "month",
            "b must move in the 239 returns that a and b share",
        ),
        (
            [
                history("a", walks(np.eye(1))[:5, 0], MONTHS[:5]),
                history("b", walks(np.eye(1))[3:9, 0], MONTHS[3:9]),
            ],
            "month",
            "a and b must have at least 6 returns in common, got 1",
        ),
        ([history("a", np.zeros(240)), history("b", np.zeros(240))], "hour", "horizon must be"),
    ],
)
def test_bad_histories_are_named(histories, horizon, message):
    with pytest.raises(ValueError, match=message):
        estimate_correlation(histories, horizon=horizon)
