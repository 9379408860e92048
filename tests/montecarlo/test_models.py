"""Every model through the battery, and its own closed form against an independent source."""

import dataclasses

import numpy as np
import pytest
import QuantLib

from montecarlo import (
    GBM,
    Constant,
    ForwardCurve,
    Joint,
    Schwartz,
    SchwartzSmith,
    SuppliedPaths,
    TimeGrid,
    normals,
    simulate_paths,
)
from tests.batteries.model import ModelBattery, RandomModelBattery

GRID = TimeGrid.from_times([0.08, 0.25, 0.9, 1.0, 2.3, 7.1])
CURVE = ForwardCurve(times=[0.0, 1.0, 4.0, 8.0], values=[63.0, 71.0, 90.0, 84.0])

GBM_MODEL = GBM(name="share", volatility=0.41, spot=30.0, drift=0.037, risk_premium=0.06)
SCHWARTZ = Schwartz(
    name="oil", mean_reversion=0.7, volatility=0.33, forward_curve=CURVE, risk_premium=0.09
)
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
CORRELATION = [[1.0, 0.6, -0.2], [0.6, 1.0, 0.35], [-0.2, 0.35, 1.0]]
JOINT = Joint(models=[GBM_MODEL, SMITH, SCHWARTZ], correlation=CORRELATION)

FLAT_GBM = dataclasses.replace(GBM_MODEL, volatility=0.0)
FLAT_SCHWARTZ = dataclasses.replace(SCHWARTZ, volatility=0.0)
FLAT_SMITH = dataclasses.replace(SMITH, short_volatility=0.0, long_volatility=0.0)
FLAT_JOINT = Joint(models=[FLAT_GBM, FLAT_SMITH, FLAT_SCHWARTZ], correlation=CORRELATION)


class TestGBM(RandomModelBattery):
    model = GBM_MODEL
    grid = GRID
    name = "share"
    flat_model = FLAT_GBM


class TestSchwartz(RandomModelBattery):
    model = SCHWARTZ
    grid = GRID
    name = "oil"
    flat_model = FLAT_SCHWARTZ


class TestSchwartzSmith(RandomModelBattery):
    model = SMITH
    grid = GRID
    name = "ndpr"
    flat_model = FLAT_SMITH


class TestJointSecond(RandomModelBattery):
    model = JOINT
    grid = GRID
    name = "ndpr"
    flat_model = FLAT_JOINT


class TestJointThird(RandomModelBattery):
    model = JOINT
    grid = GRID
    name = "oil"
    flat_model = FLAT_JOINT


class TestConstant(ModelBattery):
    deck = ForwardCurve(times=[0.0, 3.0, 8.0], values=[-20.0, 35.0, 61.0], interpolation="linear")
    model = Constant(name="power", forward_curve=deck)
    grid = GRID
    name = "power"


class TestSupplied:
    prices = np.random.default_rng(5).normal(size=(6, 700))
    model = SuppliedPaths(grid=GRID, price={"spread": prices, "other": prices + 1.0})

    @pytest.mark.parametrize("n_paths", [1, 256, 257, 700])
    def test_paths_come_back(self, n_paths):
        paths = simulate_paths(self.model, GRID, n_paths=n_paths, seed=1, n_threads=2)

        np.testing.assert_array_equal(paths["spread"], self.prices[:, :n_paths])
        np.testing.assert_array_equal(paths["other"], self.prices[:, :n_paths] + 1.0)

    def test_some_of_the_dates(self):
        grid = TimeGrid.from_times([0.25, 2.3])
        paths = simulate_paths(self.model, grid, n_paths=700, seed=1)

        np.testing.assert_array_equal(paths["spread"], self.prices[[1, 4]])

    def test_replay_gives_the_same_bits(self):
        first = simulate_paths(JOINT, GRID, n_paths=5000, seed=3)
        again = simulate_paths(SuppliedPaths(grid=GRID, price=first), GRID, n_paths=5000, seed=99)

        for name in JOINT.names:
            np.testing.assert_array_equal(first[name], again[name])

    def test_lanes_beyond_the_last_path_hold_its_prices(self):
        # A contract must not meet numbers that nobody supplied, though they do not count.
        source = self.model.prepare(GRID)
        workspace = source.workspace(256)
        workspace["spread"][:] = np.nan
        block = source.fill(512, workspace)

        np.testing.assert_array_equal(block.price["spread"][:, :188], self.prices[:, 512:])
        np.testing.assert_array_equal(
            block.price["spread"][:, 188:], np.repeat(self.prices[:, -1:], 68, axis=1)
        )

    def test_supplied_arrays_are_copied(self):
        prices = np.ones((6, 3)) * np.arange(3)
        model = SuppliedPaths(grid=GRID, price={"x": prices})
        prices[:] = 0.0

        assert simulate_paths(model, GRID, n_paths=3, seed=0)["x"][0, 2] == 2.0

    @pytest.mark.parametrize(
        ("grid", "n_paths", "message"),
        [
            (GRID, 701, "n_paths must be at most the 700 supplied, got 701"),
            (TimeGrid.from_times([0.3]), 1, "only dates with supplied prices, got 0.3 years"),
            (TimeGrid.from_times([9.0]), 1, "only dates with supplied prices, got 9 years"),
        ],
    )
    def test_what_is_not_there(self, grid, n_paths, message):
        with pytest.raises(ValueError, match=message):
            simulate_paths(self.model, grid, n_paths=n_paths, seed=1)

    @pytest.mark.parametrize(
        ("price", "message"),
        [
            ({}, "price must have at least one name"),
            ({"x": np.ones((5, 2))}, r"price\['x'\] must have shape .* = \(6, 2\), got \(5, 2\)"),
            ({"x": np.ones((6, 0))}, r"got \(6, 0\)"),
            ({"x": np.ones(6)}, "must have 2 dimension"),
            ({"x": np.ones((6, 2)), "y": np.ones((6, 3))}, r"price\['y'\] .* got \(6, 3\)"),
            ({"x": np.full((6, 2), np.nan)}, r"got nan at index \(0, 0\)"),
        ],
    )
    def test_bad_prices(self, price, message):
        with pytest.raises(ValueError, match=message):
            SuppliedPaths(grid=GRID, price=price)

    def test_other_valuation_date(self):
        model = SuppliedPaths(
            grid=TimeGrid("2025-01-01", ["2025-01-31"]), price={"x": np.ones((1, 2))}
        )
        with pytest.raises(ValueError, match="must have the valuation date of the supplied prices"):
            model.prepare(TimeGrid("2025-01-02", ["2025-02-01"]))


def steps():
    """Times, and the lengths of the steps that lead to them."""
    return zip(GRID.times, np.diff(GRID.times, prepend=0.0), strict=True)


def test_gbm_paths_are_those_of_its_formula():
    z = normals(seed=12, n_paths=300, n_steps=6, n_factors=1)[:, 0]
    w = np.zeros(300)
    for measure, drift in (("pricing", 0.037), ("physical", 0.037 + 0.06)):
        paths = simulate_paths(GBM_MODEL, GRID, n_paths=300, seed=12, measure=measure)["share"]
        w[:] = 0.0
        for i, (t, step) in enumerate(steps()):
            w += np.sqrt(step) * z[i]
            expected = 30.0 * np.exp((drift - 0.5 * 0.41**2) * t + 0.41 * w)
            np.testing.assert_allclose(paths[i], expected, rtol=1e-13)


def test_schwartz_paths_are_those_of_its_formula():
    z = normals(seed=12, n_paths=300, n_steps=6, n_factors=1)[:, 0]
    k, s = 0.7, 0.33
    for measure, premium in (("pricing", 0.0), ("physical", 0.09)):
        paths = simulate_paths(SCHWARTZ, GRID, n_paths=300, seed=12, measure=measure)["oil"]
        x = np.zeros(300)
        for i, (t, step) in enumerate(steps()):
            x = np.exp(-k * step) * x + s * np.sqrt((1 - np.exp(-2 * k * step)) / (2 * k)) * z[i]
            variance = s * s * (1 - np.exp(-2 * k * t)) / (2 * k)
            shift = premium * (1 - np.exp(-k * t)) / k - 0.5 * variance
            np.testing.assert_allclose(paths[i], CURVE(t) * np.exp(shift + x), rtol=1e-13)


def test_schwartz_smith_paths_are_those_of_its_formula():
    z = normals(seed=12, n_paths=300, n_steps=6, n_factors=2)
    k, s, v, rho = 1.5, 0.35, 0.15, 0.3
    for measure, premiums in (("pricing", (0.0, 0.0)), ("physical", (-0.08, 0.03))):
        paths = simulate_paths(SMITH, GRID, n_paths=300, seed=12, measure=measure)["ndpr"]
        short, long = np.zeros((2, 300))
        for i, (t, step) in enumerate(steps()):
            own = s * np.sqrt((1 - np.exp(-2 * k * step)) / (2 * k))
            shared = rho * s * v * (1 - np.exp(-k * step)) / k / own
            short = np.exp(-k * step) * short + own * z[i, 0]
            long = long + shared * z[i, 0] + np.sqrt(v * v * step - shared**2) * z[i, 1]
            variance = (
                s * s * (1 - np.exp(-2 * k * t)) / (2 * k)
                + v * v * t
                + 2 * rho * s * v * (1 - np.exp(-k * t)) / k
            )
            shift = premiums[0] * (1 - np.exp(-k * t)) / k + premiums[1] * t - 0.5 * variance
            expected = CURVE(t) * np.exp(shift + short + long)
            np.testing.assert_allclose(paths[i], expected, rtol=1e-13)


def test_gbm_agrees_with_quantlib_moments():
    today = QuantLib.Date(1, 1, 2025)
    QuantLib.Settings.instance().evaluationDate = today
    process = QuantLib.GeometricBrownianMotionProcess(30.0, 0.037, 0.41)

    for t in (0.25, 2.3):
        mean = process.expectation(0.0, 30.0, t)
        assert float(GBM_MODEL.forward(t)) == pytest.approx(30.0 * np.exp(0.037 * t), rel=1e-14)
        # QuantLib steps the price linearly; over a short time both agree to second order.
        assert mean == pytest.approx(float(GBM_MODEL.forward(t)), rel=0.005)


def test_schwartz_agrees_with_quantlib_ornstein_uhlenbeck():
    process = QuantLib.OrnsteinUhlenbeckProcess(0.7, 0.33, np.log(80.0), 4.0)
    model = Schwartz(
        name="oil", mean_reversion=0.7, volatility=0.33, spot=80.0, long_run_log_mean=4.0
    )

    for t in (0.1, 1.0, 9.0):
        variance = process.variance(0.0, np.log(80.0), t)
        mean = process.expectation(0.0, np.log(80.0), t)
        assert float(model.log_variance(t)) == pytest.approx(variance, rel=1e-13)
        assert float(model.forward(t)) == pytest.approx(np.exp(mean + 0.5 * variance), rel=1e-13)


def test_schwartz_smith_forward_from_states():
    model = SchwartzSmith(
        name="x",
        mean_reversion=1.49,
        short_volatility=0.286,
        long_volatility=0.145,
        correlation=0.3,
        short_state=-0.2,
        long_state=3.0,
        long_drift=0.0115,
        short_risk_premium=0.157,
    )
    # The formula of the paper (its equation 9) written out in plain numbers at two years.
    k, s, v, rho, t = 1.49, 0.286, 0.145, 0.3, 2.0
    fade = np.exp(-k * t)
    a = (
        0.0115 * t
        - (1 - fade) * 0.157 / k
        + 0.5 * ((1 - fade**2) * s**2 / (2 * k) + v**2 * t + 2 * (1 - fade) * rho * s * v / k)
    )

    assert float(model.forward(t)) == pytest.approx(np.exp(fade * -0.2 + 3.0 + a), rel=1e-14)
    assert float(model.forward(0.0)) == pytest.approx(np.exp(2.8), rel=1e-15)


def test_limits_at_no_mean_reversion():
    slow = Schwartz(name="x", mean_reversion=1e-9, volatility=0.3, forward_curve=CURVE)
    none = Schwartz(name="x", mean_reversion=0.0, volatility=0.3, forward_curve=CURVE)
    times = np.array([0.0, 0.5, 10.0])

    np.testing.assert_allclose(none.log_variance(times), 0.09 * times, rtol=1e-15)
    np.testing.assert_allclose(slow.log_variance(times), 0.09 * times, rtol=1e-7)


@pytest.mark.parametrize("correlation", [-1.0, 1.0])
def test_perfectly_correlated_factors(correlation):
    model = dataclasses.replace(SMITH, correlation=correlation, mean_reversion=0.0)
    log_prices = np.log(simulate_paths(model, GRID, n_paths=2000, seed=8)["ndpr"])

    # Without mean reversion the two factors are one, of volatility |0.35 + rho 0.15|.
    assert np.isfinite(log_prices).all()
    np.testing.assert_allclose(
        model.log_variance(GRID.times), (0.35 + correlation * 0.15) ** 2 * GRID.times, rtol=1e-12
    )
    assert np.var(log_prices[0]) == pytest.approx(float(model.log_variance(0.08)), rel=0.15)


def test_valuation_date_on_the_grid_is_certain():
    grid = TimeGrid.from_times([0.0, 1.0])
    paths = simulate_paths(JOINT, grid, n_paths=300, seed=1)

    for model in JOINT.models:
        assert (paths[model.name][0] == model.forward(0.0)).all()
        assert paths[model.name][1].std() > 0.0


def test_any_dates_have_the_same_law():
    # One step of two years against eight quarters: exact, so within noise of each other.
    coarse = simulate_paths(SMITH, TimeGrid.from_times([2.0]), n_paths=40_000, seed=1)["ndpr"][-1]
    fine_grid = TimeGrid.from_times(np.arange(1, 9) / 4)
    fine = simulate_paths(SMITH, fine_grid, n_paths=40_000, seed=2)["ndpr"][-1]
    expected = float(SMITH.log_variance(2.0))
    error = expected * np.sqrt(2.0 / 40_000)

    for paths in (coarse, fine):
        assert abs(np.log(paths).var() - expected) < 4.0 * error


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        (GBM_MODEL, {"volatility": -0.1}, "volatility must be at least 0, got -0.1"),
        (GBM_MODEL, {"volatility": np.nan}, "volatility must be a finite number, got nan"),
        (GBM_MODEL, {"spot": 0.0}, "spot must be greater than 0, got 0.0"),
        (GBM_MODEL, {"name": ""}, "name must be a non-empty text, got ''"),
        (GBM_MODEL, {"forward_curve": CURVE}, "forward_curve must not be given together with spot"),
        (GBM_MODEL, {"drift": None}, "drift is missing"),
        (GBM_MODEL, {"risk_premium": True}, "risk_premium must be a finite number, got True"),
        (SCHWARTZ, {"mean_reversion": -1.0}, "mean_reversion must be at least 0, got -1.0"),
        (SCHWARTZ, {"forward_curve": 100.0}, "forward_curve must be a ForwardCurve, got 100.0"),
        (SCHWARTZ, {"forward_curve": ForwardCurve.flat(-1.0)}, "must be above 0 .* got -1.0"),
        (SMITH, {"correlation": 1.1}, "correlation must be between -1 and 1, got 1.1"),
        (SMITH, {"short_volatility": np.inf}, "short_volatility must be a finite number, got inf"),
    ],
)
def test_bad_parameters_are_named(model, changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(model, **changes)


def test_a_variance_no_double_can_hold():
    model = dataclasses.replace(GBM_MODEL, volatility=50.0)
    with pytest.raises(ValueError, match="log variance and log premium of share"):
        model.prepare(GRID, seed=1)


@pytest.mark.parametrize("measure", ["risk-neutral", "PRICING", ""])
def test_unknown_measure(measure):
    with pytest.raises(ValueError, match="measure must be 'pricing' or 'physical'"):
        simulate_paths(GBM_MODEL, GRID, n_paths=1, seed=1, measure=measure)


def test_models_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        GBM_MODEL.volatility = 0.3


@pytest.mark.parametrize("model", [GBM_MODEL, SCHWARTZ, SMITH])
def test_listed_premia_are_what_lifts_the_physical_mean(model):
    times = GRID.times
    lift = np.zeros(times.size)
    for factor in model.risk_premia():
        k = factor.mean_reversion
        lift += factor.risk_premium * (times if k == 0.0 else (1 - np.exp(-k * times)) / k)

    assert model.expected_spot(times, "physical") == pytest.approx(
        model.forward(times) * np.exp(lift), rel=1e-13
    )


def test_risk_factors_are_listed_by_name():
    assert JOINT.risk_premia("share") == (("log price", 0.0, 0.41, 0.06),)
    assert JOINT.risk_premia("ndpr") == (
        ("short-term", 1.5, 0.35, -0.08),
        ("long-term", 0.0, 0.15, 0.03),
    )
    assert Constant(name="deck", forward_curve=CURVE).risk_premia() == ()
