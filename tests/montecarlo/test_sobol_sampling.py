"""Sobol points through the models: the right law, the same bits, an honest error, and gains."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.ours import workloads
from montecarlo import (
    GBM,
    Constant,
    ForwardCurve,
    Joint,
    Plan,
    Sampling,
    Schwartz,
    SchwartzSmith,
    SobolPoints,
    SuppliedPaths,
    TimeGrid,
    black76,
    brownian_bridge,
    simulate,
    simulate_paths,
)
from montecarlo.bridge import bridge_in_place
from montecarlo.engine.leading import N_LEADING

# The first date is the valuation date: its prices are known.
GRID = TimeGrid.from_times([0.0, 0.1, 0.35, 0.6, 1.1, 2.0, 3.7])
CURVE = ForwardCurve(times=[0.0, 1.0, 4.0], values=[63.0, 71.0, 90.0])
SMITH = SchwartzSmith(
    name="ndpr",
    mean_reversion=1.5,
    short_volatility=0.35,
    long_volatility=0.15,
    correlation=0.3,
    forward_curve=CURVE,
    short_risk_premium=-0.08,
    long_risk_premium=0.03,
)
REVERTING = Schwartz(
    name="lithium",
    mean_reversion=0.7,
    volatility=0.5,
    forward_curve=ForwardCurve.flat(12.0),
    risk_premium=0.09,
)
FIXED = Constant(name="fee", forward_curve=ForwardCurve.flat(-3.0))
SHARE = GBM(name="share", volatility=0.4, spot=30.0, drift=0.03, risk_premium=0.06)
JOINT = Joint(
    models=[SHARE, FIXED, SMITH, REVERTING],
    correlation=[[1, 0, 0.6, 0.1], [0, 1, 0, 0], [0.6, 0, 1, -0.4], [0.1, 0, -0.4, 1]],
)
WAYS = [
    ("leading", False),
    ("principal", False),
    ("bridge", False),
    ("bridge", True),
    ("time", False),
    ("time", True),
]
N_POINTS = 256


def sobol(ordering="auto", spot_only=False, n_points=N_POINTS, **more):
    return Sampling(
        method="sobol", n_points=n_points, ordering=ordering, spot_only=spot_only, **more
    )


def source(model, sampling, grid=GRID, seed=5):
    return model.prepare(grid, seed=seed, sampling=sampling)


def response(model, ordering, spot_only):
    """Return what each coordinate adds to each log price: (n_names, n_dates, n_dimensions)."""
    made = source(model, sobol(ordering, spot_only))
    n_names, n_dates = len(model.names), GRID.n_dates
    draw = made.draw
    if ordering == "principal":
        out = np.zeros((n_names, n_dates, draw.matrix.shape[1]))
        out[draw.name_of_row, draw.date_of_row] = draw.matrix
        return out
    n_factors, n_noises = draw.loading.shape[1:]
    n_steps = n_dates - 1
    n = n_steps * n_noises
    normals = np.zeros((n_noises, n_steps, n))
    bridge = brownian_bridge(n_steps, variances=np.diff(GRID.times))
    for j in range(n_noises):
        rows = np.arange(n_steps) if ordering == "time" else bridge.row
        normals[j, rows, np.arange(n_steps) * n_noises + j] = 1.0
    if ordering == "leading":
        flat = normals.reshape(n, n)
        flat -= draw.rotation.out_of @ (draw.rotation.into @ flat)
    for j in range(n_noises):
        if ordering != "time":
            bridge_in_place(bridge.left, bridge.right, bridge.cosine, bridge.sine, normals[j])
    out = np.zeros((n_names, n_dates, n))
    state = np.zeros((n_factors, n))
    for t in range(1, n_dates):
        state = draw.decay[t][:, None] * state + draw.loading[t] @ normals[:, t - 1]
        for a in range(n_names):
            out[a, t] = state[draw.starts[a] : draw.starts[a + 1]].sum(axis=0)
    return out


def log_covariance(model):
    law = model.law()
    pairs = [
        [law.log_covariance(a, b, GRID.times[:, None], GRID.times[None, :]) for b in range(4)]
        for a in range(4)
    ]
    return np.block(pairs)


@pytest.mark.parametrize(("ordering", "spot_only"), WAYS)
def test_the_coordinates_have_the_covariance_of_the_log_prices(ordering, spot_only):
    b = response(JOINT, ordering, spot_only).reshape(4 * GRID.n_dates, -1)

    np.testing.assert_allclose(b @ b.T, log_covariance(JOINT), atol=2e-14)


@pytest.mark.parametrize(("ordering", "spot_only"), WAYS)
@pytest.mark.parametrize("model", [JOINT, SMITH, SHARE])
def test_a_path_is_a_point_of_its_randomisation(model, ordering, spot_only):
    check_paths(model, ordering, spot_only)


def check_paths(model, ordering, spot_only):
    """Work the prices out again from the points' own normals, by a dense matrix."""
    sampling = sobol(ordering, spot_only, n_points=512)
    paths = simulate_paths(model, GRID, n_paths=3 * 512, seed=5, sampling=sampling)
    b = response(model, ordering, spot_only)
    scale = model.law().price_scale(GRID.times, "pricing")
    for r in range(3):
        points = SobolPoints.scrambled(b.shape[2], seed=5, randomisation=r)
        deviation = b @ points.normals(n_points=512)
        for a, name in enumerate(model.names):
            expected = scale[:, a, None] * np.exp(deviation[a])

            np.testing.assert_allclose(
                paths[name][:, 512 * r : 512 * (r + 1)], expected, rtol=1e-12
            )


@pytest.mark.parametrize(("ordering", "spot_only"), WAYS)
def test_what_is_known_is_exact(ordering, spot_only):
    flat = Joint(
        models=[SHARE, GBM(name="still", volatility=0.0, spot=7.0, drift=0.02), FIXED],
        correlation=np.eye(3),
    )
    paths = simulate_paths(
        flat, GRID, n_paths=512, seed=5, sampling=sobol(ordering, spot_only), n_threads=1
    )

    np.testing.assert_array_equal(paths["share"][0], 30.0)
    np.testing.assert_array_equal(paths["fee"], -3.0)
    still = flat.forward("still", GRID.times)
    np.testing.assert_array_equal(paths["still"], np.broadcast_to(still[:, None], (7, 512)))
    assert paths["share"][1:].std(axis=1).min() > 1.0


@pytest.mark.parametrize(("ordering", "spot_only"), WAYS)
@pytest.mark.parametrize("grid", [GRID, TimeGrid.from_times([0.0])])
def test_nothing_random_at_all(grid, ordering, spot_only):
    paths = simulate_paths(
        FIXED, grid, n_paths=512, seed=5, sampling=sobol(ordering, spot_only), n_threads=1
    )

    np.testing.assert_array_equal(paths["fee"], np.full((grid.n_dates, 512), -3.0))


class Prices:
    def __init__(self, names, n_kept=0):
        self.names = names
        self.n_outputs = len(names) * GRID.n_dates
        self.n_kept = n_kept

    def __call__(self, block):
        return np.vstack([block.price[name] for name in self.names])


@pytest.mark.parametrize(("ordering", "spot_only"), WAYS)
@pytest.mark.parametrize("measure", ["pricing", "physical"])
@pytest.mark.parametrize("model", [SHARE, REVERTING, SMITH, JOINT])
def test_mean_is_forward(model, measure, ordering, spot_only):
    plan = Plan(n_paths=32 * 1024, seed=8, sampling=sobol(ordering, spot_only, n_points=1024))
    estimate = simulate(model, GRID, Prices(model.names), plan, measure=measure)
    means = [
        model.expected_spot(*([name] if model is JOINT else []), GRID.times, measure)
        for name in model.names
    ]
    expected = np.concatenate(means)
    # Student's t with 31 degrees of freedom is beyond 4.9 once in 35,000.
    bound = 4.9 * estimate.standard_error + 1e-13 * np.abs(expected)

    assert np.all(np.abs(estimate.mean - expected) <= bound)
    # The prices of one date are far more even than independent ones.
    random = simulate(model, GRID, Prices(model.names), Plan(n_paths=32 * 1024, seed=8))
    assert np.all(estimate.standard_error[1] < 0.2 * random.standard_error[1])


@pytest.mark.parametrize(("ordering", "spot_only"), WAYS)
@pytest.mark.parametrize("n_points", [256, 4096])
def test_bits_do_not_depend_on_blocks_or_threads(ordering, spot_only, n_points):
    sampling = sobol(ordering, spot_only, n_points=n_points)
    results = [
        simulate(
            JOINT,
            GRID,
            Prices(JOINT.names, n_kept=28),
            Plan(n_paths=2**15, seed=5, sampling=sampling, block_size=size, n_threads=n_threads),
        )
        for size, n_threads in ((1024, 1), (256, 2), (768, 3), (2560, 2))
    ]
    for other in results[1:]:
        np.testing.assert_array_equal(other.samples, results[0].samples)
        np.testing.assert_array_equal(other.mean, results[0].mean)
        np.testing.assert_array_equal(other.standard_error, results[0].standard_error)
    few = simulate_paths(JOINT, GRID, n_paths=2 * n_points, seed=5, sampling=sampling)
    for a, name in enumerate(JOINT.names):
        kept = results[0].samples[a * GRID.n_dates : (a + 1) * GRID.n_dates, : 2 * n_points]
        np.testing.assert_array_equal(few[name], kept)


@pytest.mark.parametrize(("ordering", "spot_only"), WAYS)
def test_bits_do_not_depend_on_where_a_block_starts(ordering, spot_only):
    made = source(JOINT, sobol(ordering, spot_only))
    whole = made.fill(0, made.workspace(1000)).price
    used_before = made.workspace(300)
    for first in (690, 0, 256, 111):
        block = made.fill(first, used_before)

        assert (block.first_path, block.n_paths) == (first, 300)
        for name in JOINT.names:
            np.testing.assert_array_equal(block.price[name], whole[name][:, first : first + 300])


def test_error_is_that_of_randomisations():
    sampling = sobol(n_points=512)
    plan = Plan(n_paths=10 * 512, seed=2, sampling=sampling)
    estimate = simulate(SMITH, GRID, Prices(["ndpr"], n_kept=7), plan)
    means = estimate.samples.reshape(7, 10, 512).mean(axis=2)

    np.testing.assert_allclose(estimate.mean, means.mean(axis=1), rtol=1e-13)
    error = means.std(axis=1, ddof=1) / math.sqrt(10)
    np.testing.assert_allclose(estimate.standard_error, error, rtol=1e-8, atol=1e-13)


class FloorStrip:
    """Floors of 75 on six dates, undiscounted."""

    n_outputs = 1
    n_kept = 0

    def __call__(self, block):
        return np.maximum(75.0 - block.price["ndpr"][1:], 0.0).sum(axis=0, keepdims=True)


@pytest.mark.parametrize("ordering", ["leading", "principal", "bridge", "time"])
def test_the_true_value_lies_within_the_stated_error_as_often_as_it_should(ordering):
    times = GRID.times[1:]
    truth = black76(
        forward=CURVE(times),
        strike=75.0,
        total_variance=SMITH.log_variance(times),
        discount_factor=1.0,
        kind="put",
    ).sum()
    n, randomisations = 160, 8
    score = np.empty(n)
    for seed in range(n):
        plan = Plan(
            n_paths=randomisations * N_POINTS, seed=seed, n_threads=1, sampling=sobol(ordering)
        )
        estimate = simulate(SMITH, GRID, FloorStrip(), plan)
        score[seed] = (estimate.mean[0] - truth) / estimate.standard_error[0]
    t = stats.t(randomisations - 1)
    for probability in (0.5, 0.8, 0.95):
        inside = np.count_nonzero(np.abs(score) <= t.ppf(0.5 + 0.5 * probability))
        tail = stats.binom(n, probability)
        # Each bound is missed by chance once in a thousand.
        assert tail.ppf(5e-4) <= inside <= tail.ppf(1.0 - 5e-4)
    assert abs(score.mean()) < 4.0 * t.std() / math.sqrt(n)


@pytest.mark.parametrize("ordering", ["leading", "principal"])
@pytest.mark.parametrize(
    ("contract", "randomisations", "least"),
    [(workloads.FloorsWithShare, 24, 500.0), (workloads.CappedTerminable, 64, 10.0)],
)
def test_variance_is_less_than_that_of_independent_paths(contract, randomisations, least, ordering):
    n_paths = randomisations * 4096
    model, grid = workloads.TWO_FACTORS, workloads.GRID
    plain = simulate(model, grid, contract(), Plan(n_paths=n_paths, seed=1))
    sampling = Sampling.sobol(n_paths, randomisations=randomisations, ordering=ordering)
    even = simulate(model, grid, contract(), Plan(n_paths=n_paths, seed=1, sampling=sampling))

    assert sampling.n_points == 4096
    assert plain.variance[0] / even.variance[0] > least
    error = math.hypot(plain.standard_error[0], even.standard_error[0])
    assert abs(plain.mean[0] - even.mean[0]) < 4.0 * error


@pytest.mark.parametrize(("ordering", "spot_only"), WAYS)
def test_single_precision_is_the_double_rounded(ordering, spot_only):
    double = simulate_paths(JOINT, GRID, n_paths=512, seed=5, sampling=sobol(ordering, spot_only))
    made = source(JOINT, sobol(ordering, spot_only, precision="single"))
    block = made.fill(0, made.workspace(512))
    for name in JOINT.names:
        assert block.price[name].dtype == np.float32
        np.testing.assert_array_equal(block.price[name], double[name].astype(np.float32))


def test_the_leading_coordinates_are_principal_components():
    principal, leading, bridge = (
        response(JOINT, way, way == "bridge").reshape(28, -1)
        for way in ("principal", "leading", "bridge")
    )
    sign = np.sign((principal * leading).sum(axis=0))[:N_LEADING]

    assert principal.shape == leading.shape == (28, 18)
    np.testing.assert_allclose(leading, principal * sign, atol=1e-12)
    assert np.abs(bridge - leading).max() > 0.01


def test_beyond_the_leading_coordinates_there_is_a_bridge(monkeypatch):
    monkeypatch.setattr("montecarlo.engine.leading.N_LEADING", 4)
    principal, leading = (
        response(JOINT, way, True).reshape(28, -1) for way in ("principal", "leading")
    )
    sign = np.sign((principal * leading).sum(axis=0))[:4]

    np.testing.assert_allclose(leading[:, :4], principal[:, :4] * sign, atol=1e-12)
    assert np.abs(np.abs(leading[:, 4:]) - np.abs(principal[:, 4:])).max() > 0.01
    np.testing.assert_allclose(leading @ leading.T, log_covariance(JOINT), atol=2e-14)
    check_paths(JOINT, "leading", False)


@pytest.mark.parametrize(("n_dates", "expected"), [(24, "leading"), (25, "bridge")])
def test_auto_says_what_it_came_to(n_dates, expected, monkeypatch):
    monkeypatch.setattr("montecarlo.engine.sobol_source.MAX_LEADING", 24)
    # The date at time zero is none of the 24.
    grid = TimeGrid.from_times(np.arange(n_dates + 1) / 50.0)
    sampling = sobol("auto", spot_only=True)
    made = source(SMITH, sampling, grid)

    assert made.ordering == expected
    same = source(SMITH, sobol(expected, spot_only=True), grid)
    a, b = (each.fill(0, each.workspace(256)).price["ndpr"] for each in (made, same))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("ordering", "n_dates", "limit"), [("principal", 171, 512), ("leading", 342, 1024)]
)
def test_components_have_a_limit(ordering, n_dates, limit):
    grid = TimeGrid.from_times(np.arange(1, n_dates + 1) / 12.0)
    message = (
        f"ordering must be 'bridge', 'time' or 'auto' for more than {limit} log prices, "
        f"got '{ordering}' for {3 * n_dates} of 3 names"
    )
    with pytest.raises(ValueError, match=message):
        source(JOINT, sobol(ordering), grid)


@pytest.mark.parametrize(("spot_only", "n_factors", "total"), [(False, 4, 21204), (True, 3, 0)])
def test_dimensions_have_a_limit(spot_only, n_factors, total):
    grid = TimeGrid.from_times(np.arange(1, 5302) / 365.0)
    for ordering in ("auto", "bridge", "time"):
        if not total:
            assert source(JOINT, sobol(ordering, spot_only), grid).draw.n_dimensions == 3 * 5301
            continue
        message = f"at most 21201 dimensions, got 5301 dates x {n_factors} factors = {total}"
        with pytest.raises(ValueError, match=message):
            source(JOINT, sobol(ordering, spot_only), grid)


def test_supplied_paths_have_no_shocks():
    supplied = SuppliedPaths(grid=GRID, price={"share": np.ones((7, 512))})
    with pytest.raises(ValueError, match=r"sampling must be left at 'random' .* got 'sobol'"):
        simulate_paths(supplied, GRID, n_paths=512, seed=1, sampling=sobol())


@pytest.mark.parametrize(
    ("n_paths", "randomisations", "n_points"), [(2**20, 32, 2**15), (768, 3, 256), (8192, 32, 256)]
)
def test_points_for_a_number_of_paths(n_paths, randomisations, n_points):
    sampling = Sampling.sobol(n_paths, randomisations=randomisations, ordering="time")

    assert sampling == sobol("time", n_points=n_points)
    Plan(n_paths=n_paths, seed=1, sampling=sampling)


@pytest.mark.parametrize(
    ("n_paths", "randomisations", "message"),
    [
        (100_000, 32, "got 100000; the nearest are 65536 and 131072"),
        (8191, 32, "got 8191; the nearest are 8192 and 16384"),
        (512, 3, "must be 3 randomisations times .* got 512; the nearest are 768 and 1536"),
        (4096, 1, r"randomisations must be an integer of at least 2, got 1"),
        (0, 32, "n_paths must be an integer of at least 1, got 0"),
    ],
)
def test_numbers_of_paths_that_do_not_fill_randomisations(n_paths, randomisations, message):
    with pytest.raises(ValueError, match=message):
        Sampling.sobol(n_paths, randomisations=randomisations)
