"""Several prices together: the correlations asked for, and the pairs that contradict."""

import numpy as np
import pytest

from montecarlo import (
    GBM,
    Constant,
    ForwardCurve,
    Joint,
    NFactor,
    Schwartz,
    SchwartzSmith,
    TimeGrid,
)
from montecarlo import simulate_paths as paths_of

GRID = TimeGrid.from_times([0.1, 0.5, 2.0])
SMITH = SchwartzSmith(
    name="a",
    mean_reversion=1.2,
    short_volatility=0.4,
    long_volatility=0.2,
    correlation=-0.4,
    forward_curve=ForwardCurve.flat(50.0),
)
SCHWARTZ = Schwartz(
    name="b", mean_reversion=0.5, volatility=0.3, forward_curve=ForwardCurve.flat(7.0)
)
SHARE = GBM(name="c", volatility=0.5, spot=12.0, drift=0.02)
DECK = Constant(name="d", forward_curve=ForwardCurve.flat(-4.0))
MATRIX = np.array([[1.0, 0.7, -0.3], [0.7, 1.0, 0.25], [-0.3, 0.25, 1.0]])
JOINT = Joint(models=[SMITH, SCHWARTZ, SHARE], correlation=MATRIX)


def with_entry(i, j, value, *, both=True):
    matrix = MATRIX.copy()
    matrix[i, j] = value
    if both:
        matrix[j, i] = value
    return matrix


def test_instantaneous_correlations_are_those_asked_for():
    # Over a short time the log returns have the correlations of the increments.
    t = 1e-9
    for a, first in enumerate(JOINT.names):
        for b, second in enumerate(JOINT.names):
            covariance = float(JOINT.log_covariance(first, second, t))
            scale = np.sqrt(
                float(JOINT.log_covariance(first, first, t))
                * float(JOINT.log_covariance(second, second, t))
            )
            assert covariance / scale == pytest.approx(MATRIX[a, b], abs=1e-8)


def test_covariance_of_every_pair_on_every_date():
    n_paths = 100_000
    drawn = paths_of(JOINT, GRID, n_paths=n_paths, seed=4)
    logs = np.concatenate([np.log(drawn[name]) for name in JOINT.names])
    times = GRID.times
    expected = np.block(
        [
            [JOINT.log_covariance(a, b, times[:, None], times[None, :]) for b in JOINT.names]
            for a in JOINT.names
        ]
    )
    variance = np.diag(expected)
    error = np.sqrt((np.outer(variance, variance) + expected**2) / n_paths)

    assert (np.abs(np.cov(logs) - expected) < 4.0 * error).all()
    assert np.linalg.eigvalsh(expected).min() > 0.0


@pytest.mark.parametrize("member", [SMITH, SCHWARTZ, SHARE])
def test_first_member_has_the_paths_it_has_alone(member):
    others = [model for model in (SMITH, SCHWARTZ, SHARE) if model is not member]
    joint = Joint(models=[member, *others], correlation=MATRIX)

    np.testing.assert_array_equal(
        paths_of(joint, GRID, n_paths=3000, seed=4)[member.name],
        paths_of(member, GRID, n_paths=3000, seed=4)[member.name],
    )


def test_the_names_before_are_untouched_by_one_more():
    pair = Joint(models=[SMITH, SCHWARTZ], correlation=MATRIX[:2, :2])
    two = paths_of(pair, GRID, n_paths=3000, seed=4)
    three = paths_of(JOINT, GRID, n_paths=3000, seed=4)

    for name in pair.names:
        np.testing.assert_array_equal(two[name], three[name])


def test_a_deck_among_the_members():
    matrix = np.eye(3)
    matrix[0, 2] = matrix[2, 0] = 0.7
    with_deck = Joint(models=[SMITH, DECK, SCHWARTZ], correlation=matrix)
    without = Joint(models=[SMITH, SCHWARTZ], correlation=MATRIX[:2, :2])
    drawn = paths_of(with_deck, GRID, n_paths=1000, seed=4)
    expected = paths_of(without, GRID, n_paths=1000, seed=4)

    assert (drawn["d"] == -4.0).all()
    for name in ("a", "b"):
        np.testing.assert_array_equal(drawn[name], expected[name])


@pytest.mark.parametrize("member", [SMITH, SCHWARTZ])
def test_a_deck_first(member):
    # The member now goes through the loops of later names, to the same bits.
    joint = Joint(models=[DECK, member], correlation=np.eye(2))
    drawn = paths_of(joint, GRID, n_paths=1000, seed=4)
    alone = paths_of(member, GRID, n_paths=1000, seed=4)

    assert (drawn["d"] == -4.0).all()
    np.testing.assert_array_equal(drawn[member.name], alone[member.name])


def test_decks_only():
    joint = Joint(models=[DECK], correlation=[[1.0]])

    assert (paths_of(joint, GRID, n_paths=5, seed=0)["d"] == -4.0).all()


def test_perfectly_offset_factors_of_one_name():
    # The factors' shocks cancel at first, so they have no correlation with the whole return.
    still = SchwartzSmith(
        name="e",
        mean_reversion=1.0,
        short_volatility=0.2,
        long_volatility=0.2,
        correlation=-1.0,
        forward_curve=ForwardCurve.flat(9.0),
    )
    joint = Joint(models=[still, SHARE], correlation=[[1.0, 0.5], [0.5, 1.0]])

    assert np.isfinite(paths_of(joint, GRID, n_paths=500, seed=1)["e"]).all()


@pytest.mark.parametrize(
    ("correlation", "message"),
    [
        (np.eye(2), r"correlation must have shape \(3, 3\), got \(2, 2\)"),
        (with_entry(1, 1, 0.9), "correlation of b with itself must be 1, got 0.9"),
        (with_entry(0, 2, 1.5), r"pair \(a, c\) must be between -1 and 1, got 1.5"),
        (with_entry(0, 1, 0.6, both=False), r"pair \(a, b\) must be symmetric, got 0.6 and 0.7"),
        (with_entry(1, 2, np.nan), "correlation must be finite numbers, got nan"),
        (with_entry(1, 2, -0.95), r"the others leave \(a, c\) between -0.888 and -0.442, got -0.3"),
        (with_entry(0, 1, 1.0), r"the others leave .* between .* got 1"),
    ],
)
def test_bad_correlation(correlation, message):
    with pytest.raises(ValueError, match=message):
        Joint(models=[SMITH, SCHWARTZ, SHARE], correlation=correlation)


def test_interval_named_is_the_boundary():
    low = -0.21 - np.sqrt((1 - 0.49) * (1 - 0.09))
    Joint(models=[SMITH, SCHWARTZ, SHARE], correlation=with_entry(1, 2, low + 1e-6))
    with pytest.raises(ValueError, match="positive definite"):
        Joint(models=[SMITH, SCHWARTZ, SHARE], correlation=with_entry(1, 2, low - 1e-6))


def test_bad_members():
    with pytest.raises(ValueError, match="got 'a' twice"):
        Joint(models=[SMITH, SMITH], correlation=np.eye(2))
    with pytest.raises(ValueError, match="models must have at least one entry"):
        Joint(models=[], correlation=np.empty((0, 0)))
    with pytest.raises(ValueError, match=r"models\[0\] must be a model of one price"):
        Joint(models=[JOINT], correlation=[[1.0]])
    with pytest.raises(ValueError, match="name must be one of a, b, c, got 'z'"):
        JOINT.forward("z", 1.0)


TWELVE = Joint(
    models=[
        SchwartzSmith(
            name=f"metal {i}",
            mean_reversion=0.4 + 0.1 * i,
            short_volatility=0.25 + 0.01 * i,
            long_volatility=0.12,
            correlation=0.2,
            forward_curve=ForwardCurve.flat(50.0 + i),
        )
        if i % 3
        else NFactor(
            name=f"metal {i}",
            mean_reversion=(0.0, 0.5, 3.0),
            volatility=(0.1, 0.2, 0.15),
            correlation=((1.0, 0.1, 0.0), (0.1, 1.0, -0.2), (0.0, -0.2, 1.0)),
            forward_curve=ForwardCurve.flat(50.0 + i),
        )
        for i in range(13)
    ],
    # Neighbours move together, those far apart a little against each other.
    correlation=[[1.1 * 0.8 ** abs(i - j) - 0.1 for j in range(13)] for i in range(13)],
)


def test_thirteen_commodities_keep_their_correlations():
    n_paths = 20_000
    paths = paths_of(TWELVE, TimeGrid.from_times([1 / 12]), n_paths=n_paths, seed=7)
    logs = np.log(np.stack([paths[name][0] for name in TWELVE.names]))
    sample = np.corrcoef(logs)
    times = np.full(1, 1 / 12)
    covariance = np.array(
        [[float(TWELVE.log_covariance(a, b, times)[0]) for b in TWELVE.names] for a in TWELVE.names]
    )
    deviation = np.sqrt(np.diag(covariance))
    expected = covariance / np.outer(deviation, deviation)

    error = (1.0 - expected**2) / np.sqrt(n_paths)
    assert (np.abs(sample - expected) <= 4.5 * error + 1e-12).all()
    # Of the instantaneous returns the correlations are those asked for; over a month factors of
    # different mean reversion part a little.
    assert np.abs(expected - TWELVE.correlation).max() < 0.02
