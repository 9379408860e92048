"""Random variance: the battery, moments against their equations, steps between dates, bad input."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest
from scipy import integrate

from montecarlo import (
    GBM,
    ForwardCurve,
    Joint,
    StochasticVolatility,
    TimeGrid,
    black76,
    simulate_paths,
)
from montecarlo.engine.affine_variance import log_mean_exponential, moment_explosion
from montecarlo.engine.heston import HestonTransform, VarianceLaw, next_variance
from montecarlo.normal_tail import normal_tail
from montecarlo.streams import stream_key
from tests.batteries.transformed_model import TransformedModelBattery

GRID = TimeGrid.from_times([0.08, 0.25, 0.9, 1.0, 2.3])
CURVE = ForwardCurve(times=[0.0, 1.0, 4.0], values=[63.0, 71.0, 90.0])
MODEL = StochasticVolatility(
    name="ndpr",
    initial_variance=0.05,
    long_run_variance=0.09,
    mean_reversion=1.7,
    volatility_of_variance=0.45,
    correlation=0.4,
    forward_curve=CURVE,
    risk_premium=0.06,
    variance_risk_premium=-0.5,
    steps_a_year=8,
)


class TestStochasticVolatility(TransformedModelBattery):
    model = MODEL
    grid = GRID
    name = "ndpr"
    flat_model = dataclasses.replace(MODEL, initial_variance=0.0, long_run_variance=0.0)


class TestVarianceThatComesToZero(TransformedModelBattery):
    """Feller's condition broken: the variance is drawn with an atom at zero most of the time."""

    model = dataclasses.replace(
        MODEL,
        long_run_variance=0.04,
        mean_reversion=0.9,
        volatility_of_variance=0.7,
        correlation=-0.6,
        variance_risk_premium=0.2,
    )
    grid = TimeGrid.from_times([0.1, 0.35, 1.2])
    name = "ndpr"
    flat_model = dataclasses.replace(MODEL, initial_variance=0.0, long_run_variance=0.0)

    def test_feller_ratio(self):
        assert self.model.feller_ratio == pytest.approx(2.0 * 0.9 * 0.04 / 0.49)


def moments_by_equations(law, end):
    """Mean and variance of V, of X, their covariance: Ito's formula, integrated numerically."""

    def slope(_, y):
        m, w, c, _ = y
        kappa, xi = law.mean_reversion, law.volatility_of_variance
        return [
            kappa * (law.long_run_variance - m),
            -2.0 * kappa * w + xi * xi * m,
            -kappa * c - 0.5 * w + law.correlation * xi * m,
            m - c,
        ]

    start = [law.initial_variance, 0.0, 0.0, 0.0]
    return integrate.solve_ivp(slope, (0.0, end), start, rtol=1e-12, atol=1e-14).y[:, -1]


@pytest.mark.parametrize("measure", ["pricing", "physical"])
@pytest.mark.parametrize("end", [0.3, 4.0, 30.0])
def test_log_variance_solves_its_equations(measure, end):
    law = MODEL.variance_law(measure)
    m, _, c, u = moments_by_equations(law, end)
    later = end + 0.7
    fade = (1.0 - math.exp(-law.mean_reversion * 0.7)) / law.mean_reversion

    assert float(MODEL.expected_variance(end, measure)) == pytest.approx(m, rel=1e-9)
    assert float(MODEL.log_variance(end, measure)) == pytest.approx(u, rel=1e-9)
    assert float(MODEL.log_autocovariance(end, later, measure)) == pytest.approx(
        u - 0.5 * fade * c, rel=1e-9
    )
    assert MODEL.log_autocovariance(later, end, measure) == MODEL.log_autocovariance(
        end, later, measure
    )


@pytest.mark.parametrize("correlation", [-0.9, -0.2, 0.4, 0.8])
@pytest.mark.parametrize("power", [-1.0, 0.5, 2.0, 3.0])
def test_means_of_powers_solve_riccati(correlation, power):
    """D' = (power^2 - power)/2 - (kappa - rho xi power) D + xi^2 D^2 / 2; it blows up or not."""
    model = dataclasses.replace(MODEL, correlation=correlation)
    law = model.variance_law()
    b = law.mean_reversion - correlation * law.volatility_of_variance * power

    def slope(_, y):
        quadratic = 0.5 * law.volatility_of_variance**2 * y[0] ** 2
        d = 0.5 * power * (power - 1.0) - b * y[0] + quadratic
        return [d, law.mean_reversion * law.long_run_variance * y[0]]

    end = min(3.0, 0.9 * model.moment_explosion(power))
    d, c = integrate.solve_ivp(slope, (0.0, end), [0.0, 0.0], rtol=1e-12, atol=1e-13).y[:, -1]
    found = log_mean_exponential(law, np.array([end]), power)[0]

    assert found == pytest.approx(c + law.initial_variance * d, rel=1e-8, abs=1e-12)


def test_the_variance_of_the_price_ends_where_its_equation_does():
    wild = dataclasses.replace(
        MODEL,
        volatility_of_variance=1.4,
        correlation=0.6,
        mean_reversion=0.5,
        steps_a_year=200,
        variance_risk_premium=0.0,
    )
    end = wild.moment_explosion(2.0)
    b, pull = 0.5 - 0.6 * 1.4 * 2.0, 0.25 * 1.4**2 * 2.0
    # y'' + b y' + pull y = 0, y(0) = 1, y'(0) = 0 has its first zero there.
    root = mpmath.sqrt(pull - b * b / 4)
    y = mpmath.exp(-b * end / 2) * (mpmath.cos(root * end) + b / 2 / root * mpmath.sin(root * end))

    assert abs(y) < 1e-12
    assert 0.1 < end < 3.0
    assert np.isfinite(wild.variance(0.999 * end))
    assert wild.variance([end, end + 1.0]).tolist() == [math.inf, math.inf]
    assert wild.moment_explosion(1.0) == math.inf


def test_all_kinds_of_explosion():
    """Complex, real and double roots of the equation: the time of y's first zero, in mpmath."""
    for xi, rho, kappa, power in [
        (1.0, 0.5, 0.5, 2.0),
        (0.5, 0.99, 0.2, 8.0),
        (0.5, 0.9, 0.05, 30.0),
    ]:
        law = VarianceLaw(
            initial_variance=0.1,
            long_run_variance=0.1,
            mean_reversion=kappa,
            volatility_of_variance=xi,
            correlation=rho,
        )
        end = moment_explosion(law, power)
        b = mpmath.mpf(kappa - rho * xi * power)
        root = mpmath.sqrt(mpmath.mpc(b * b / 4 - xi * xi * power * (power - 1.0) / 4))
        y = mpmath.cosh(root * end) + b / 2 / root * mpmath.sinh(root * end)

        assert 0.0 < end < 50.0
        assert abs(y) < 1e-10


def test_little_randomness_of_the_variance_is_black():
    """Variance nearly fixed at its path: a lognormal price of the integrated variance."""
    model = dataclasses.replace(MODEL, volatility_of_variance=1e-4, steps_a_year=50)
    prices = simulate_paths(model, GRID, n_paths=50_000, seed=5)["ndpr"][-1]
    integral = 0.09 * 2.3 + (0.05 - 0.09) * (1.0 - math.exp(-1.7 * 2.3)) / 1.7
    payoff = np.maximum(70.0 - prices, 0.0)
    exact = black76(
        forward=float(CURVE(2.3)),
        strike=70.0,
        total_variance=integral,
        discount_factor=1.0,
        kind="put",
    )

    assert abs(payoff.mean() - exact) < 4.0 * payoff.std() / math.sqrt(payoff.size)


@pytest.mark.parametrize("variance", [0.0, 1e-300, 0.002, 0.05, 0.4])
@pytest.mark.parametrize("power", [-2.0, 0.6])
def test_one_step_has_the_exact_mean_and_variance(variance, power):
    """Integrated over the normal that draws it; and the mean of its exponential."""
    law = MODEL.variance_law()
    counts, rows = law.steps(np.array([0.25]), 4)
    _, keep, slope, rest, *_ = rows[0]
    kappa, theta, xi = 1.7, 0.09, 0.45
    mean = theta + (variance - theta) * math.exp(-kappa / 4)
    fall = 1.0 - math.exp(-kappa / 4)
    spread = xi**2 / kappa * fall * (variance * math.exp(-kappa / 4) + 0.5 * theta * fall)

    def average(function):
        # The atom ends at a kink: a fine midpoint rule over the uniform's normal.
        z = np.linspace(-9.0, 9.0, 60_001)
        density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        drawn = [next_variance(variance, at, theta, keep, slope, rest, power)[0] for at in z]
        return float(np.sum(function(np.array(drawn)) * density) * (z[1] - z[0]))

    log_mean = next_variance(variance, 0.0, theta, keep, slope, rest, power)[1]

    assert counts.tolist() == [1]
    assert average(lambda v: v) == pytest.approx(mean, rel=1e-5)
    assert average(lambda v: (v - mean) ** 2) == pytest.approx(spread, rel=1e-4)
    assert average(lambda v: np.exp(power * v)) == pytest.approx(math.exp(log_mean), rel=1e-6)


def test_steps_fill_each_span_evenly():
    counts, rows = MODEL.variance_law().steps(np.array([0.25, 0.3, 1.3]), 4)

    assert counts.tolist() == [1, 1, 4]
    np.testing.assert_allclose(rows[:, 0], [0.25, 0.05, 0.25])


def test_returns_beside_a_lognormal_price_have_the_correlation_asked_for():
    """With a variance that hardly moves the correlation of returns is that of the motions."""
    calm = dataclasses.replace(MODEL, volatility_of_variance=1e-3, initial_variance=0.09)
    other = GBM(name="other", volatility=0.3, spot=5.0, drift=0.0)
    joint = Joint(models=[other, calm], correlation=[[1.0, -0.6], [-0.6, 1.0]])
    prices = simulate_paths(joint, GRID, n_paths=40_000, seed=6)
    returns = [np.diff(np.log(prices[name]), axis=0)[-1] for name in ("other", "ndpr")]

    # The standard error of a correlation of -0.6 from 40,000 pairs is 0.0032.
    assert np.corrcoef(*returns)[0, 1] == pytest.approx(-0.6, abs=0.013)


def test_shocks_of_price_and_variance_have_their_correlation():
    """The variance shows in the size of later returns: positive correlation, positive skew."""
    one = TimeGrid.from_times([1.0])
    skews = []
    for correlation in (-0.7, 0.7):
        model = dataclasses.replace(MODEL, correlation=correlation, steps_a_year=26)
        x = np.log(simulate_paths(model, one, n_paths=40_000, seed=7)["ndpr"][0])
        skews.append(float((((x - x.mean()) / x.std()) ** 3).mean()))

    assert skews[0] < -0.3
    assert skews[1] > 0.1


def test_pairs_mirror_what_is_filled_in():
    """Motions that end where they began: all that moves is filled in, and a pair's is opposite.

    With little volatility of variance its end is linear in the shocks, up to the square of it.
    """
    law = dataclasses.replace(MODEL.variance_law(), initial_variance=0.09)
    law = dataclasses.replace(law, volatility_of_variance=1e-4)
    times = np.array([1.0])
    counts, coefficients = law.steps(times, 12)
    transform = HestonTransform(
        law=law,
        key=stream_key(5, "x"),
        counts=counts,
        coefficients=coefficients,
        scale=np.ones(1),
        is_mirrored=True,
    )
    workspace = transform.workspace(400)
    transform.apply(0, (np.ones((1, 400)), np.ones((1, 400))), workspace)
    moved = workspace[0] - 0.09

    assert moved.std() > 1e-6
    np.testing.assert_allclose(moved[::2], -moved[1::2], atol=1e-3 * moved.std())


def test_perfect_correlation_is_simulated():
    model = dataclasses.replace(MODEL, correlation=-1.0)
    prices = simulate_paths(model, GRID, n_paths=20_000, seed=9)["ndpr"]
    error = prices.std(axis=1) / math.sqrt(20_000)

    assert (np.abs(prices.mean(axis=1) - CURVE(GRID.times)) < 4.0 * error).all()


def test_normal_tail_against_many_digits():
    for x in np.linspace(-9.0, 9.0, 181):
        exact = mpmath.ncdf(-mpmath.mpf(float(x)))

        assert abs(mpmath.mpf(normal_tail(float(x))) / exact - 1) < 1e-14


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"initial_variance": -0.1}, "initial_variance must be at least 0, got -0.1"),
        ({"long_run_variance": math.nan}, "long_run_variance must be a finite number"),
        ({"mean_reversion": 0.0}, "mean_reversion must be greater than 0, got 0.0"),
        ({"volatility_of_variance": 0.0}, "volatility_of_variance must be greater than 0"),
        ({"correlation": 1.2}, "correlation must be between -1 and 1, got 1.2"),
        ({"variance_risk_premium": -1.7}, "must be above minus mean_reversion \\(-1.7\\)"),
        ({"steps_a_year": 0}, r"steps_a_year must be an integer in \[1, 100000\], got 0"),
        (
            {"volatility_of_variance": 20.0, "correlation": 0.9, "steps_a_year": 2},
            "steps_a_year must be more for a correlation of 0.9",
        ),
        ({"spot": 60.0}, "forward_curve must not be given together with spot"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(MODEL, **changes)


def test_longest_admissible_steps_keep_the_mean():
    """A strong positive correlation, just inside what is refused."""
    steps = 1
    while True:
        try:
            model = dataclasses.replace(
                MODEL, correlation=0.95, volatility_of_variance=3.0, steps_a_year=steps
            )
        except ValueError:
            steps += 1
            continue
        break
    x = np.log(simulate_paths(model, GRID, n_paths=4000, seed=10)["ndpr"])

    assert steps > 1
    assert np.isfinite(x).all()
