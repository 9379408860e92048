"""Ways of drawing paths: the same law, honest errors, and refusals."""

import numpy as np
import pytest

from montecarlo import (
    GBM,
    Constant,
    ForwardCurve,
    Joint,
    Plan,
    Sampling,
    Schwartz,
    SchwartzSmith,
    SuppliedPaths,
    TimeGrid,
    simulate,
    simulate_paths,
)

GRID = TimeGrid.from_times([0.0, 0.1, 0.35, 0.6, 1.1, 2.0])
SMITH = SchwartzSmith(
    name="ndpr",
    mean_reversion=1.5,
    short_volatility=0.35,
    long_volatility=0.15,
    correlation=0.3,
    forward_curve=ForwardCurve.flat(105.0),
)
REVERTING = Schwartz(
    name="lithium", mean_reversion=0.7, volatility=0.5, forward_curve=ForwardCurve.flat(12.0)
)
FIXED = Constant(name="fee", forward_curve=ForwardCurve.flat(3.0))
SHARE = GBM(name="share", volatility=0.4, spot=30.0, drift=0.03)
# The price without factors stands in the middle: normals go to the others only.
JOINT = Joint(
    models=[SHARE, FIXED, SMITH, REVERTING],
    correlation=[[1, 0, 0.6, 0.1], [0, 1, 0, 0], [0.6, 0, 1, -0.4], [0.1, 0, -0.4, 1]],
)
N = 200_000


class LogMoments:
    """Log prices relative to the forward, and their products over all names and dates."""

    def __init__(self, names):
        self.names = names
        n = len(names) * GRID.times.size
        self.n_outputs = n + n * n
        self.n_kept = 0

    def __call__(self, block):
        logs = np.log(np.vstack([block.price[name] for name in self.names]))
        products = logs[:, None, :] * logs[None, :, :]
        return np.vstack([logs, products.reshape(-1, block.n_paths)])


class Prices:
    def __init__(self, names, n_kept=0):
        self.names = names
        self.n_outputs = len(names) * GRID.times.size
        self.n_kept = n_kept

    def __call__(self, block):
        return np.vstack([block.price[name] for name in self.names])


def log_covariance(joint, names):
    return np.block(
        [
            [joint.log_covariance(a, b, GRID.times[:, None], GRID.times[None, :]) for b in names]
            for a in names
        ]
    )


@pytest.mark.parametrize("method", ["random", "antithetic"])
def test_spot_only_has_the_law_of_the_prices(method):
    names = ["share", "ndpr", "lithium"]
    plan = Plan(n_paths=N, seed=4, sampling=Sampling(method=method, spot_only=True))
    estimate = simulate(JOINT, GRID, LogMoments(names), plan)
    n = len(names) * GRID.times.size
    mean, products = estimate.mean[:n], estimate.mean[n:].reshape(n, n)
    forwards = np.concatenate([JOINT.forward(name, GRID.times) for name in names])
    covariance = log_covariance(JOINT, names)
    exact = np.log(forwards) - 0.5 * np.diag(covariance)
    error = np.maximum(estimate.standard_error, 1e-10)

    assert np.all(np.abs(mean - exact) <= 4.5 * error[:n])
    deviation = np.abs(products - (covariance + np.outer(exact, exact)))
    assert np.all(deviation <= 5.0 * error[n:].reshape(n, n))


def test_spot_only_covariance_is_exact():
    # Y = B z with B the recursion applied to unit normals: B B' is the covariance of log prices.
    law = JOINT.law()
    source = law.source(GRID, seed=1, measure="pricing", sampling=Sampling(spot_only=True))
    n_dates, n_factors, n_noises = source.loading.shape
    assert n_noises == 3
    response = np.zeros((n_dates, n_factors, n_dates * n_noises))
    state = np.zeros((n_factors, n_dates * n_noises))
    for t in range(n_dates):
        state = source.decay[t][:, None] * state
        state[:, t * n_noises : (t + 1) * n_noises] += source.loading[t]
        response[t] = state
    names = ["share", "ndpr", "lithium"]
    rows = [range(*law.starts[[a, a + 1]]) for a in (0, 2, 3)]
    logs = np.vstack([response[:, list(row)].sum(axis=1) for row in rows])

    np.testing.assert_allclose(logs @ logs.T, log_covariance(JOINT, names), atol=1e-14)


def test_spot_only_of_one_factor_is_the_same_path():
    one = simulate_paths(REVERTING, GRID, n_paths=500, seed=3)
    spot = simulate_paths(REVERTING, GRID, n_paths=500, seed=3, sampling=Sampling(spot_only=True))

    np.testing.assert_allclose(spot["lithium"], one["lithium"], rtol=1e-13)


@pytest.mark.parametrize("spot_only", [False, True])
@pytest.mark.parametrize("model", [SMITH, SHARE, REVERTING, JOINT])
def test_antithetic_paths_are_mirrored(model, spot_only):
    sampling = Sampling(method="antithetic", spot_only=spot_only)
    pairs = simulate_paths(model, GRID, n_paths=900, seed=8, sampling=sampling)
    plain = simulate_paths(model, GRID, n_paths=450, seed=8, sampling=Sampling(spot_only=spot_only))
    law = model.law()
    scale = law.price_scale(GRID.times, "pricing")
    for a, name in enumerate(law.names):
        even, odd = pairs[name][:, 0::2], pairs[name][:, 1::2]

        # The last bits differ: fused loops add in one order, these in another.
        np.testing.assert_allclose(even, plain[name], rtol=1e-13)
        # e**x times e**-x is one.
        np.testing.assert_allclose(even * odd, np.broadcast_to(scale[:, [a]] ** 2, even.shape))


def test_antithetic_error_is_that_of_pairs():
    sampling = Sampling(method="antithetic")
    plan = Plan(n_paths=3000, seed=2, sampling=sampling)
    estimate = simulate(SMITH, GRID, Prices(["ndpr"], n_kept=6), plan)
    pairs = 0.5 * (estimate.samples[:, 0::2] + estimate.samples[:, 1::2])

    np.testing.assert_allclose(estimate.mean, pairs.mean(axis=1), rtol=1e-13)
    error = pairs.std(axis=1, ddof=1) / np.sqrt(1500)
    np.testing.assert_allclose(estimate.standard_error, error, rtol=1e-9, atol=1e-13)
    assert estimate.n_paths == 3000
    np.testing.assert_allclose(estimate.variance, 3000 * error**2, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["random", "antithetic"])
@pytest.mark.parametrize("spot_only", [False, True])
def test_bits_do_not_depend_on_blocks_or_threads(method, spot_only):
    sampling = Sampling(method=method, spot_only=spot_only)
    results = [
        simulate(
            JOINT,
            GRID,
            Prices(list(JOINT.names), n_kept=3),
            Plan(n_paths=40_002, seed=5, sampling=sampling, block_size=size, n_threads=n_threads),
        )
        for size, n_threads in ((512, 1), (1024, 2), (2560, 3))
    ]
    for other in results[1:]:
        np.testing.assert_array_equal(other.mean, results[0].mean)
        np.testing.assert_array_equal(other.standard_error, results[0].standard_error)
        np.testing.assert_array_equal(other.samples, results[0].samples)


def test_one_pair_has_no_error():
    sampling = Sampling(method="antithetic")
    estimate = simulate(SHARE, GRID, Prices(["share"]), Plan(n_paths=2, seed=1, sampling=sampling))

    assert np.isnan(estimate.standard_error).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "halton"}, "method must be one of random, antithetic, sobol, got 'halton'"),
        ({"precision": "half"}, "precision must be one of double, single, got 'half'"),
        (
            {"ordering": "best"},
            "ordering must be one of auto, leading, principal, bridge, time, got 'best'",
        ),
        ({"method": "sobol", "n_points": 128}, "n_points must be a power of two of at least 256"),
        ({"method": "sobol"}, "n_points must be an integer of at least 1, got 0"),
        ({"n_points": 256}, "n_points must be left out with random sampling, got 256"),
    ],
)
def test_bad_sampling(changes, message):
    with pytest.raises(ValueError, match=message):
        Sampling(**changes)


@pytest.mark.parametrize(
    ("n_paths", "sampling", "message"),
    [
        (7, Sampling(method="antithetic"), "n_paths must be even with antithetic sampling, got 7"),
        (
            256,
            Sampling(method="sobol", n_points=256),
            r"n_paths must be n_points \(256\) times at least 2 randomisations .*, got 256",
        ),
        (700, Sampling(method="sobol", n_points=256), "n_paths must be n_points .*, got 700"),
        (4, "antithetic", "sampling must be a Sampling, got 'antithetic'"),
    ],
)
def test_bad_plan(n_paths, sampling, message):
    with pytest.raises(ValueError, match=message):
        Plan(n_paths=n_paths, seed=1, sampling=sampling)


def test_block_of_pairs_is_a_multiple_of_512():
    with pytest.raises(ValueError, match="block_size must be a multiple of 512, got 768"):
        Plan(n_paths=4, seed=1, block_size=768, sampling=Sampling(method="antithetic"))


def test_supplied_paths_have_no_shocks():
    supplied = SuppliedPaths(grid=GRID, price={"share": np.ones((6, 4))})
    with pytest.raises(ValueError, match=r"sampling must be left at 'random' .* supplied paths"):
        simulate(
            supplied,
            GRID,
            Prices(["share"]),
            Plan(n_paths=4, seed=1, sampling=Sampling(method="antithetic")),
        )
