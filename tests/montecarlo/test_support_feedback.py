"""Support that feeds back on the price: the battery, hand arithmetic, Black-76, limits."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import integrate, stats

from montecarlo import (
    GBM,
    Constant,
    ForwardCurve,
    Joint,
    JumpDiffusion,
    Schwartz,
    Shock,
    Shocked,
    SupportFeedback,
    TimeGrid,
    black76,
    simulate_paths,
)
from tests.batteries.transformed_model import TransformedModelBattery

GRID = TimeGrid.from_times([0.08, 0.25, 0.9, 1.0, 2.3, 5.1])
CURVE = ForwardCurve(times=[0.0, 1.0, 4.0, 8.0], values=[63.0, 71.0, 90.0, 84.0])
BASE = Schwartz(
    name="ndpr", mean_reversion=0.4, volatility=0.35, forward_curve=CURVE, risk_premium=0.05
)
MODEL = SupportFeedback(
    model=BASE,
    strike=ForwardCurve(times=[0.0, 2.0], values=[75.0, 96.0], interpolation="step"),
    floored_share=ForwardCurve(times=[0.0, 0.5, 3.0], values=[0.1, 0.3, 0.2]),
    response=2.5,
)


class TestSupportFeedback(TransformedModelBattery):
    model = MODEL
    grid = GRID
    name = "ndpr"
    flat_model = dataclasses.replace(MODEL, model=dataclasses.replace(BASE, volatility=0.0))


def test_by_hand():
    """Share 0.3 and response 2.5: pass-through 0.75 / 1.75 = 3/7; 55 under a floor of 110."""
    deck = Constant(name="ndpr", forward_curve=ForwardCurve.flat(55.0))
    model = SupportFeedback(model=deck, strike=110.0, floored_share=0.3, response=2.5)

    assert float(model.pass_through(1.0)) == pytest.approx(3 / 7, rel=1e-15)
    assert float(model.forward(1.0)) == pytest.approx(55.0 * 2.0 ** (3 / 7), rel=1e-14)
    # What clears the market: the log price rises by response x share x the shortfall that is left.
    answer = math.log(float(model.forward(1.0)))
    assert answer - math.log(55.0) == pytest.approx(
        2.5 * 0.3 * (math.log(110.0) - answer), rel=1e-13
    )
    assert float(model.variance(1.0)) == 0.0
    prices = simulate_paths(model, GRID, n_paths=3, seed=1)["ndpr"]
    np.testing.assert_allclose(prices, 55.0 * 2.0 ** (3 / 7), rtol=1e-14)


def test_all_the_way_is_the_better_of_price_and_floor():
    """A response without end: E max(P, K) is the floor and a call on it, by Black-76."""
    model = dataclasses.replace(MODEL, response=1e12)
    for time in (0.25, 1.0, 5.1):
        strike = float(model.strike(time))
        call = black76(
            forward=float(CURVE(time)),
            strike=strike,
            total_variance=float(BASE.log_variance(time)),
            discount_factor=1.0,
            kind="call",
        )

        assert float(model.forward(time)) == pytest.approx(strike + float(call), rel=1e-9)


@pytest.mark.parametrize("time", [0.25, 2.3, 5.1])
def test_moments_by_integration(time):
    spread = math.sqrt(float(BASE.log_variance(time)))
    mean = math.log(float(CURVE(time))) - 0.5 * spread**2
    floor = math.log(float(MODEL.strike(time)))
    share = float(MODEL.pass_through(time))

    def average(function):
        def integrand(z):
            log_price = mean + spread * z
            lifted = log_price + share * max(floor - log_price, 0.0)
            return function(lifted) * stats.norm.pdf(z)

        kink = (floor - mean) / spread
        return sum(
            integrate.quad(integrand, low, high, epsabs=1e-12, epsrel=1e-12)[0]
            for low, high in ((-12.0, kink), (kink, 12.0))
        )

    first, second = average(math.exp), average(lambda x: math.exp(2.0 * x))
    log_mean = average(lambda x: x)
    assert float(MODEL.forward(time)) == pytest.approx(first, rel=1e-10)
    assert float(MODEL.variance(time)) == pytest.approx(second - first**2, rel=1e-8)
    assert float(MODEL.log_mean(time)) == pytest.approx(log_mean, rel=1e-11)
    assert float(MODEL.log_variance(time)) == pytest.approx(
        average(lambda x: (x - log_mean) ** 2), rel=1e-9
    )


def test_covariance_by_integration():
    """Two dates with different floors and shares: a double integral over the two normals."""
    first, second = 0.9, 2.3
    means, spreads, floors, shares = (
        [f(t) for t in (first, second)]
        for f in (
            lambda t: math.log(float(CURVE(t))) - 0.5 * float(BASE.log_variance(t)),
            lambda t: math.sqrt(float(BASE.log_variance(t))),
            lambda t: math.log(float(MODEL.strike(t))),
            lambda t: float(MODEL.pass_through(t)),
        )
    )
    rho = float(BASE.log_autocovariance(first, second)) / (spreads[0] * spreads[1])

    def lifted(i, z):
        x = means[i] + spreads[i] * z
        return x + shares[i] * np.maximum(floors[i] - x, 0.0)

    # Fine midpoint rules: the kinks cost the second order only.
    z = np.linspace(-9.0, 9.0, 3001)
    weight = stats.norm.pdf(z) * (z[1] - z[0])
    inner = lifted(1, rho * z[:, None] + math.sqrt(1 - rho**2) * z[None, :]) @ weight
    product = np.sum(weight * lifted(0, z) * inner)
    expected = product - np.sum(weight * lifted(0, z)) * np.sum(weight * lifted(1, z))

    assert float(MODEL.log_autocovariance(first, second)) == pytest.approx(expected, rel=1e-5)
    assert float(MODEL.log_autocovariance(second, first)) == float(
        MODEL.log_autocovariance(first, second)
    )


@pytest.mark.parametrize("changes", [{"response": 0.0}, {"floored_share": 0.0}])
def test_without_share_or_response_nothing_happens(changes):
    model = dataclasses.replace(MODEL, **changes)
    plain = simulate_paths(BASE, GRID, n_paths=500, seed=2)["ndpr"]

    np.testing.assert_array_equal(simulate_paths(model, GRID, n_paths=500, seed=2)["ndpr"], plain)
    np.testing.assert_allclose(model.forward(GRID.times), CURVE(GRID.times), rtol=1e-13)
    np.testing.assert_allclose(
        model.log_variance(GRID.times), BASE.log_variance(GRID.times), rtol=1e-12
    )


def test_more_support_draws_nearer_and_never_over_the_floor():
    plain = simulate_paths(BASE, GRID, n_paths=2000, seed=2)["ndpr"]
    floor = np.broadcast_to(MODEL.strike(GRID.times)[:, None], plain.shape)
    before = plain
    for response in (0.1, 1.0, 10.0, 1e6, 1e18):
        model = dataclasses.replace(MODEL, response=response)
        prices = simulate_paths(model, GRID, n_paths=2000, seed=2)["ndpr"]

        np.testing.assert_array_equal(prices[plain >= floor], plain[plain >= floor])
        assert (prices[plain < floor] <= floor[plain < floor]).all()
        assert (prices[plain < floor] > before[plain < floor]).mean() > 0.999
        before = prices
    np.testing.assert_allclose(before, np.maximum(plain, floor), rtol=1e-12)


def test_beside_another_price_the_correlation_is_that_without_support():
    other = GBM(name="dy", volatility=0.3, spot=400.0, drift=0.0)
    joint = Joint(models=[MODEL, other], correlation=[[1.0, 0.7], [0.7, 1.0]])
    plain = Joint(models=[BASE, other], correlation=[[1.0, 0.7], [0.7, 1.0]])
    drawn, without = (simulate_paths(m, GRID, n_paths=300, seed=3) for m in (joint, plain))

    np.testing.assert_array_equal(drawn["dy"], without["dy"])
    is_above = without["ndpr"] >= MODEL.strike(GRID.times)[:, None]
    np.testing.assert_array_equal(drawn["ndpr"][is_above], without["ndpr"][is_above])


JUMPS = JumpDiffusion(
    name="ndpr",
    mean_reversion=0.4,
    volatility=0.25,
    jump_intensity=0.5,
    jump_mean=0.3,
    jump_volatility=0.2,
    forward_curve=CURVE,
)


def test_on_jumps_and_shocks_the_mean_is_simulated_and_says_so():
    stop = Shock(name="stop", multiplier=2.0, start=0.5, duration=1.0)
    base = Shocked(model=JUMPS, shocks=(stop,))
    model = dataclasses.replace(MODEL, model=base)
    prices = simulate_paths(model, GRID, n_paths=30_000, seed=4)["ndpr"]
    without = simulate_paths(base, GRID, n_paths=30_000, seed=4)["ndpr"]
    strike, share = MODEL.strike(GRID.times), MODEL.pass_through(GRID.times)
    by_hand = without * np.maximum(strike[:, None] / without, 1.0) ** share[:, None]
    error = prices.std(axis=1) * math.sqrt(1 / 30_000 + 1 / 32_768)

    np.testing.assert_allclose(prices, by_hand, rtol=1e-13)
    assert not model.is_mean_exact
    assert not Shocked(model=model, shocks=(stop,)).is_mean_exact
    assert MODEL.is_mean_exact
    assert base.is_mean_exact
    assert (np.abs(model.forward(GRID.times) - prices.mean(axis=1)) < 4.0 * error).all()
    assert (np.abs(model.log_mean(GRID.times) - np.log(prices).mean(axis=1)) < 0.02).all()
    covariance = np.cov(np.log(prices))
    times = GRID.times
    found = model.log_autocovariance(times[:, None], times[None, :])
    assert (np.abs(found - covariance) < 0.03 * covariance.max()).all()
    assert float(model.variance(1.0)) == pytest.approx(prices[3].var(), rel=0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strike": 0.0}, "strike must be greater than 0, got 0.0"),
        ({"strike": math.nan}, "strike must be a finite number, got nan"),
        ({"floored_share": 1.2}, "floored_share must be between 0 and 1, got 1.2"),
        (
            {"floored_share": ForwardCurve(times=[0.0, 1.0], values=[0.1, -0.2],
             interpolation="step")},
            "floored_share must be between 0 and 1, got -0.2",
        ),
        ({"response": -1.0}, "response must be at least 0, got -1.0"),
        ({"model": "gbm"}, "model must be a model of one price, got 'gbm'"),
        (
            {"model": Constant(name="x", forward_curve=ForwardCurve(times=[0.0], values=[-1.0],
             interpolation="step"))},
            "forward_curve of model must be greater than 0, got -1.0",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(MODEL, **changes)
