"""N factors, convenience yield, inflation and exchange rates: battery, closed forms, relations."""

import dataclasses

import numpy as np
import pytest
from scipy import integrate, linalg

from montecarlo import (
    FX,
    GBM,
    DiscountCurve,
    ForwardCurve,
    GibsonSchwartz,
    Inflation,
    Joint,
    NFactor,
    Plan,
    Sampling,
    Schwartz,
    SchwartzSmith,
    TimeGrid,
    simulate,
    simulate_paths,
)
from tests.batteries.model import RandomModelBattery

GRID = TimeGrid.from_times([0.08, 0.25, 0.9, 1.0, 2.3, 7.1])
CURVE = ForwardCurve(times=[0.0, 1.0, 4.0, 8.0], values=[63.0, 71.0, 90.0, 84.0])

FOUR = NFactor(
    name="oil",
    mean_reversion=(0.0, 0.35, 1.5, 6.0),
    volatility=(0.14, 0.2, 0.31, 0.25),
    correlation=(
        (1.0, 0.3, -0.2, 0.1),
        (0.3, 1.0, 0.25, -0.4),
        (-0.2, 0.25, 1.0, 0.05),
        (0.1, -0.4, 0.05, 1.0),
    ),
    risk_premium=(0.02, -0.05, 0.11, 0.3),
    states=(4.1, 0.1, -0.3, 0.05),
    physical_drift=0.015,
)
GIBSON = GibsonSchwartz(
    name="copper",
    volatility=0.28,
    yield_mean_reversion=1.3,
    yield_volatility=0.33,
    correlation=0.75,
    spot=92.0,
    convenience_yield=0.16,
    long_run_yield=0.11,
    interest_rate=0.06,
    yield_risk_premium=0.2,
    spot_risk_premium=0.07,
)
CPI = Inflation(
    name="cpi",
    mean_reversion=0.4,
    volatility=0.012,
    level=322.6,
    inflation=0.034,
    long_run_inflation=0.021,
    risk_premium=0.004,
)
YUAN = FX(
    name="yuan",
    volatility=0.06,
    spot=7.2,
    domestic=DiscountCurve(times=[1.0, 5.0], zero_rates=[0.018, 0.024]),
    foreign=DiscountCurve(times=[1.0, 5.0], zero_rates=[0.043, 0.039]),
    risk_premium=0.013,
)
CORRELATION = [
    [1.0, 0.6, -0.2, 0.3],
    [0.6, 1.0, 0.35, 0.1],
    [-0.2, 0.35, 1.0, -0.4],
    [0.3, 0.1, -0.4, 1.0],
]


START = ("states", "physical_drift", "spot", "convenience_yield", "long_run_yield")
START += ("interest_rate", "level", "inflation", "long_run_inflation")


def around_curve(model):
    """The model with a forward curve in place of its states."""
    nothing = {field: None for field in START if hasattr(model, field)}
    return dataclasses.replace(model, forward_curve=CURVE, **nothing)


def flat(model):
    """The model with no volatility at all."""
    zero = {field: 0.0 for field in ("volatility", "yield_volatility") if hasattr(model, field)}
    if isinstance(model, NFactor):
        zero = {"volatility": (0.0,) * len(model.volatility)}
    return dataclasses.replace(model, **zero)


MEMBERS = [around_curve(GIBSON), around_curve(FOUR), around_curve(CPI), YUAN]
JOINT = Joint(models=MEMBERS, correlation=CORRELATION)
FLAT_JOINT = Joint(models=[flat(m) for m in JOINT.models], correlation=CORRELATION)


class TestNFactor(RandomModelBattery):
    model = around_curve(FOUR)
    grid = GRID
    name = "oil"
    flat_model = flat(around_curve(FOUR))


class TestGibsonSchwartz(RandomModelBattery):
    model = around_curve(GIBSON)
    grid = GRID
    name = "copper"
    flat_model = flat(around_curve(GIBSON))


class TestInflation(RandomModelBattery):
    model = around_curve(CPI)
    grid = GRID
    name = "cpi"
    flat_model = flat(around_curve(CPI))


class TestFX(RandomModelBattery):
    model = YUAN
    grid = GRID
    name = "yuan"
    flat_model = flat(YUAN)


class TestJointNFactor(RandomModelBattery):
    model = JOINT
    grid = GRID
    name = "oil"
    flat_model = FLAT_JOINT


class TestJointInflation(RandomModelBattery):
    model = JOINT
    grid = GRID
    name = "cpi"
    flat_model = FLAT_JOINT


def exact_moments(drift, diffusion, start, constant, t):
    """Mean and covariance at t of dx = (constant + drift x)dt + diffusion dW, by matrix exponent.

    Van Loan (1978): neither uses the closed forms of the models.
    """
    n = len(start)
    block = np.zeros((2 * n, 2 * n))
    block[:n, :n] = -drift
    block[:n, n:] = diffusion @ diffusion.T
    block[n:, n:] = drift.T
    whole = linalg.expm(block * t)
    move = whole[n:, n:].T
    covariance = move @ whole[:n, n:]
    augmented = np.zeros((n + 1, n + 1))
    augmented[:n, :n], augmented[:n, n] = drift, constant
    return (linalg.expm(augmented * t) @ np.append(start, 1.0))[:n], covariance


@pytest.mark.parametrize("t", [0.1, 1.0, 4.0])
def test_n_factor_forward_from_its_equations(t):
    rates, premium = np.array(FOUR.mean_reversion), np.array(FOUR.risk_premium)
    root = np.diag(FOUR.volatility) @ np.linalg.cholesky(np.array(FOUR.correlation))
    mean, covariance = exact_moments(-np.diag(rates), root, np.array(FOUR.states), -premium, t)
    variance = covariance.sum()

    assert float(FOUR.log_variance(t)) == pytest.approx(variance, rel=1e-12)
    expected = np.exp(0.015 * t + mean.sum() + 0.5 * variance)
    assert float(FOUR.forward(t)) == pytest.approx(expected, rel=1e-12)
    mean, _ = exact_moments(-np.diag(rates), root, np.array(FOUR.states), 0 * premium, t)
    expected = np.exp(0.015 * t + mean.sum() + 0.5 * variance)
    assert float(FOUR.expected_spot(t, "physical")) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("measure", ["pricing", "physical"])
@pytest.mark.parametrize("t", [0.1, 1.0, 4.0])
def test_gibson_schwartz_from_its_equations(t, measure):
    # Log spot and convenience yield as the paper writes them, without the two-factor law.
    s, k, e, rho, alpha, r = 0.28, 1.3, 0.33, 0.75, 0.11, 0.06
    growth, premium = (r, 0.2) if measure == "pricing" else (r + 0.07, 0.0)
    drift = np.array([[0.0, -1.0], [0.0, -k]])
    constant = np.array([growth - 0.5 * s * s, k * alpha - premium])
    root = np.array([[s, 0.0], [e * rho, e * np.sqrt(1 - rho**2)]])
    mean, covariance = exact_moments(drift, root, np.array([np.log(92.0), 0.16]), constant, t)

    assert float(GIBSON.log_variance(t)) == pytest.approx(covariance[0, 0], rel=1e-12)
    expected = np.exp(mean[0] + 0.5 * covariance[0, 0])
    assert float(GIBSON.expected_spot(t, measure)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("t", [0.25, 1.0, 9.0])
def test_gibson_schwartz_forward_as_printed(t):
    # Schwartz (1997), equations 18 to 20.
    s, k, e, rho, alpha, r = 0.28, 1.3, 0.33, 0.75, 0.11 - 0.2 / 1.3, 0.06
    a = (
        (r - alpha + e**2 / (2 * k**2) - s * e * rho / k) * t
        + 0.25 * e**2 * (1 - np.exp(-2 * k * t)) / k**3
        + (alpha * k + s * e * rho - e**2 / k) * (1 - np.exp(-k * t)) / k**2
    )
    expected = 92.0 * np.exp(-0.16 * (1 - np.exp(-k * t)) / k + a)

    assert float(GIBSON.forward(t)) == pytest.approx(expected, rel=1e-13)


def test_gibson_schwartz_is_schwartz_smith():
    # Schwartz and Smith (2000), table of equivalences.
    s, k, e, rho, alpha, r = 0.28, 1.3, 0.33, 0.75, 0.11, 0.06
    long = np.sqrt(s**2 + e**2 / k**2 - 2 * rho * s * e / k)
    smith = SchwartzSmith(
        name="copper",
        mean_reversion=k,
        short_volatility=e / k,
        long_volatility=long,
        correlation=(rho * s - e / k) / long,
        short_state=(0.16 - alpha) / k,
        long_state=np.log(92.0) - (0.16 - alpha) / k,
        long_drift=r - alpha - 0.5 * s**2 + 0.2 / k,
        short_risk_premium=0.2 / k,
        long_risk_premium=0.07 - 0.2 / k,
    )
    times = GRID.times

    np.testing.assert_allclose(GIBSON.forward(times), smith.forward(times), rtol=1e-13)
    np.testing.assert_allclose(GIBSON.log_variance(times), smith.log_variance(times), rtol=1e-13)
    for measure in ("pricing", "physical"):
        mine = simulate_paths(GIBSON, GRID, n_paths=300, seed=4, measure=measure)["copper"]
        theirs = simulate_paths(smith, GRID, n_paths=300, seed=4, measure=measure)["copper"]
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


@pytest.mark.parametrize("correlation", [-1.0, 1.0])
def test_gibson_schwartz_with_one_shock(correlation):
    # With one shock and a yield as volatile as the spot times its mean reversion, nothing lasts.
    model = dataclasses.replace(
        GIBSON, correlation=correlation, volatility=0.3, yield_volatility=0.3 * 1.3
    )
    lasting = model.law().volatility[1]

    assert lasting == pytest.approx(0.6 if correlation < 0 else 0.0, abs=1e-12)
    paths = simulate_paths(model, GRID, n_paths=300, seed=4)["copper"]
    assert np.isfinite(paths).all()


def test_two_factors_are_schwartz_smith():
    smith = SchwartzSmith(
        name="oil",
        mean_reversion=1.49,
        short_volatility=0.286,
        long_volatility=0.145,
        correlation=0.3,
        short_state=-0.2,
        long_state=3.0,
        long_drift=0.0115,
        short_risk_premium=0.157,
        long_risk_premium=-0.024,
    )
    model = NFactor(
        name="oil",
        mean_reversion=(1.49, 0.0),
        volatility=(0.286, 0.145),
        correlation=((1.0, 0.3), (0.3, 1.0)),
        risk_premium=(0.157, -0.024),
        states=(-0.2, 3.0),
        physical_drift=0.0115 - 0.024,
    )
    times = GRID.times

    np.testing.assert_allclose(model.forward(times), smith.forward(times), rtol=1e-14)
    np.testing.assert_array_equal(model.log_variance(times), smith.log_variance(times))
    for measure in ("pricing", "physical"):
        mine = simulate_paths(model, GRID, n_paths=300, seed=4, measure=measure)["oil"]
        theirs = simulate_paths(smith, GRID, n_paths=300, seed=4, measure=measure)["oil"]
        np.testing.assert_allclose(mine, theirs, rtol=1e-13)


def test_a_constant_factor_is_the_long_run_mean_of_schwartz():
    schwartz = Schwartz(
        name="oil", mean_reversion=0.7, volatility=0.33, spot=80.0, long_run_log_mean=4.0
    )
    model = NFactor(
        name="oil",
        mean_reversion=(0.7, 0.0),
        volatility=(0.33, 0.0),
        correlation=np.eye(2),
        risk_premium=(0.0, 0.0),
        states=(np.log(80.0) - 4.0, 4.0),
        physical_drift=0.0,
    )

    np.testing.assert_allclose(model.forward(GRID.times), schwartz.forward(GRID.times), rtol=1e-14)


def test_one_factor_is_gbm_to_the_bit():
    gbm = GBM(name="oil", volatility=0.41, forward_curve=CURVE, risk_premium=0.06)
    model = NFactor(
        name="oil",
        mean_reversion=[0.0],
        volatility=[0.41],
        correlation=[[1.0]],
        risk_premium=[0.06],
        forward_curve=CURVE,
    )
    for measure in ("pricing", "physical"):
        np.testing.assert_array_equal(
            simulate_paths(model, GRID, n_paths=300, seed=4, measure=measure)["oil"],
            simulate_paths(gbm, GRID, n_paths=300, seed=4, measure=measure)["oil"],
        )
    assert model == dataclasses.replace(model)
    assert hash(model) == hash(dataclasses.replace(model))


@pytest.mark.parametrize("t", [1 / 365, 0.5, 30.0])
@pytest.mark.parametrize("kappa", [0.01, 0.4, 5.0])
def test_inflation_variance_is_that_of_the_integrated_rate(kappa, t):
    # ln I_t - E = sigma * integral of B(t - s) dW_s, so V = sigma^2 * integral of B(s)^2 ds.
    model = dataclasses.replace(CPI, mean_reversion=kappa)
    expected, _ = integrate.quad(lambda s: (np.expm1(-kappa * s) / kappa) ** 2, 0.0, t)

    # The two factors cancel: of sixteen digits about 2 log10(1 / (kappa t)) are lost.
    lost = 1e-15 / min(kappa * t, 1.0) ** 2
    assert float(model.log_variance(t)) == pytest.approx(0.012**2 * expected, rel=1e-10 + 3 * lost)


def test_inflation_paths_integrate_an_ornstein_uhlenbeck_rate():
    # The smooth index gives its rate back: d ln I / dt reverts to the mean at speed kappa.
    days = TimeGrid.from_times(np.arange(1, 731) / 365)
    index = simulate_paths(flat(CPI), days, n_paths=1, seed=4)["cpi"][:, 0]
    rate = 365 * np.diff(np.log(index))
    middle = np.arange(1, 730) / 365 + 0.5 / 365
    np.testing.assert_allclose(rate, 0.021 + 0.013 * np.exp(-0.4 * middle), atol=1e-7)

    rates = 365 * np.diff(np.log(simulate_paths(CPI, days, n_paths=2000, seed=4)["cpi"]), axis=0)
    one_year = rates[[364, 729 - 1]]
    variance = 0.012**2 * (1 - np.exp(-0.8 * np.array([1.0, 2.0]))) / 0.8
    np.testing.assert_allclose(one_year.var(axis=1), variance, rtol=4.0 * np.sqrt(2 / 2000))
    assert np.abs(np.diff(rates, axis=0)).max() < 8 * 0.012 / np.sqrt(365)


def test_interest_parity():
    times = np.array([0.0, 0.5, 3.0, 8.0])
    shift = YUAN.foreign.zero_rate(times) - YUAN.domestic.zero_rate(times)

    np.testing.assert_allclose(YUAN.forward(times), 7.2 * np.exp(-shift * times), rtol=1e-14)


WAYS = [
    Sampling(method="antithetic"),
    Sampling(method="antithetic", precision="single"),
    Sampling(method="random", spot_only=True),
    Sampling(method="random", precision="single"),
    Sampling(method="sobol", n_points=1024, ordering="principal"),
    Sampling(method="sobol", n_points=1024, ordering="leading"),
    Sampling(method="sobol", n_points=1024, ordering="bridge"),
    Sampling(method="sobol", n_points=1024, ordering="time"),
]


class MomentsOfLast:
    """Price over forward on the last date of each name, and its square."""

    def __init__(self):
        self.names, self.forward = (
            JOINT.names,
            [float(JOINT.forward(name, GRID.times[-1])) for name in JOINT.names],
        )
        self.n_outputs, self.n_kept = 2 * len(self.names), 0

    def __call__(self, block):
        price = np.stack(
            [block.price[n][-1] / f for n, f in zip(self.names, self.forward, strict=True)]
        ).astype(np.float64)
        return np.concatenate([price, price * price])


@pytest.mark.parametrize("sampling", WAYS, ids=lambda way: repr(way)[9:-1])
@pytest.mark.parametrize("alone", [True, False])
def test_every_way_of_drawing_has_the_same_law(sampling, alone):
    # Prices of four, two, two and one factors: mean 1 and second moment exp(V).
    functional = MomentsOfLast()
    model = JOINT
    if alone:
        model, functional.names = JOINT.model("oil"), ("oil",)
        functional.forward, functional.n_outputs = [functional.forward[1]], 2
    estimate = simulate(model, GRID, functional, Plan(n_paths=32_768, seed=3, sampling=sampling))
    variance = [
        float(JOINT.log_covariance(name, name, GRID.times[-1])) for name in functional.names
    ]
    expected = np.concatenate([np.ones(len(variance)), np.exp(variance)])

    # Four errors each; rounding to 32-bit floats adds 1e-6 at most.
    distance = np.abs(estimate.mean - expected)
    assert (distance < 4.0 * estimate.standard_error + 1e-6).all()
    assert (estimate.standard_error < 0.02 * expected).all()


def test_antithetic_pairs_are_mirrored_for_four_factors():
    plan = Plan(n_paths=512, seed=3, sampling=Sampling(method="antithetic"))
    source = FOUR.prepare(GRID, seed=3, sampling=plan.sampling)
    prices = source.fill(0, source.workspace(512)).price["oil"]
    centre = np.log(FOUR.forward(GRID.times)) - 0.5 * FOUR.log_variance(GRID.times)
    up, down = np.log(prices[:, ::2]), np.log(prices[:, 1::2])

    np.testing.assert_allclose(0.5 * (up + down), np.repeat(centre[:, None], 256, 1), rtol=1e-13)


def test_inflation_is_correlated_by_its_rate():
    # Over a short step the shock to inflation shows in the index, times half the step.
    joint = Joint(
        models=[GBM(name="ndpr", volatility=0.3, spot=60.0, drift=0.0), CPI],
        correlation=[[1.0, 0.7], [0.7, 1.0]],
    )
    steps = TimeGrid.from_times([0.01])
    paths = simulate_paths(joint, steps, n_paths=40_000, seed=5)
    sample = np.corrcoef(np.log(paths["ndpr"][0]), np.log(paths["cpi"][0]))[0, 1]
    # corr(W, integral of W) = sqrt(3) / 2 in the limit.
    expected = 0.7 * np.sqrt(3) / 2

    assert abs(sample - expected) < 4.0 * (1 - expected**2) / np.sqrt(40_000) + 2e-3
    covariance = float(joint.log_covariance("ndpr", "cpi", 0.01))
    scale = np.sqrt(float(joint.log_covariance("cpi", "cpi", 0.01)) * 0.09 * 0.01)
    assert covariance / scale == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        (FOUR, {"mean_reversion": ()}, "mean_reversion must have at least one entry"),
        (FOUR, {"mean_reversion": (0.0, -1.0, 1.0, 2.0)}, r"mean_reversion\[1\] must be at least"),
        (FOUR, {"volatility": (0.1, 0.2)}, r"volatility must be as long as mean_reversion \(4\)"),
        (FOUR, {"volatility": (0.1, 0.2, 0.3, np.nan)}, "volatility must be finite .* index 3"),
        (FOUR, {"risk_premium": (0.1,)}, r"risk_premium must be as long as mean_reversion \(4\)"),
        (FOUR, {"states": (1.0,)}, r"states must be as long as mean_reversion \(4\), got 1"),
        (FOUR, {"states": None}, "states is missing"),
        (FOUR, {"physical_drift": None}, "physical_drift is missing"),
        (FOUR, {"forward_curve": CURVE}, "forward_curve must not be given together with states"),
        (FOUR, {"correlation": np.eye(3)}, r"must have shape \(4, 4\), got \(3, 3\)"),
        (FOUR, {"correlation": 2 * np.eye(4)}, r"correlation\[0\]\[0\] must be 1, got 2.0"),
        (FOUR, {"correlation": np.eye(4) + np.eye(4, k=1)}, r"correlation\[1\]\[0\] must be equal"),
        (
            FOUR,
            {"correlation": 2 * np.eye(4) - 1.0 + 0 * np.eye(4)},
            "correlation must be positive semidefinite, got an eigenvalue of -2",
        ),
        (GIBSON, {"yield_mean_reversion": 0.0}, "yield_mean_reversion must be at least 0.01"),
        (GIBSON, {"correlation": 1.5}, "correlation must be between -1 and 1, got 1.5"),
        (GIBSON, {"spot": 0.0}, "spot must be greater than 0, got 0.0"),
        (GIBSON, {"interest_rate": None}, "interest_rate is missing"),
        (GIBSON, {"yield_volatility": np.inf}, "yield_volatility must be a finite number"),
        (CPI, {"mean_reversion": 0.0}, "mean_reversion must be at least 0.01, got 0.0"),
        (CPI, {"level": -1.0}, "level must be greater than 0, got -1.0"),
        (CPI, {"inflation": None}, "inflation is missing"),
        (YUAN, {"spot": 0.0}, "spot must be greater than 0, got 0.0"),
        (YUAN, {"foreign": 0.04}, "foreign must be a DiscountCurve, got 0.04"),
        (YUAN, {"volatility": -0.1}, "volatility must be at least 0, got -0.1"),
    ],
)
def test_bad_parameters_are_named(model, changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(model, **changes)
