"""Prices that jump: the battery, the Poisson mixture, an independent simulation, bad input."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from montecarlo import (
    ForwardCurve,
    Intensity,
    JumpDiffusion,
    Merton,
    Sampling,
    TimeGrid,
    black76,
    simulate_paths,
)
from tests.batteries.transformed_model import TransformedModelBattery

GRID = TimeGrid.from_times([0.08, 0.25, 0.9, 1.0, 2.3, 5.1])
CURVE = ForwardCurve(times=[0.0, 1.0, 4.0, 8.0], values=[63.0, 71.0, 90.0, 84.0])
CHANGING = Intensity(times=(0.0, 0.6, 2.0), rates=(0.3, 1.7, 0.2))

MERTON = Merton(
    name="cobalt",
    volatility=0.21,
    jump_intensity=0.7,
    jump_mean=0.13,
    jump_volatility=0.17,
    spot=30.0,
    drift=0.037,
    risk_premium=0.06,
    physical_jump_intensity=0.4,
    physical_jump_mean=0.05,
)
REVERTING = JumpDiffusion(
    name="ndpr",
    mean_reversion=0.8,
    volatility=0.18,
    jump_intensity=CHANGING,
    jump_mean=0.2,
    jump_volatility=0.12,
    forward_curve=CURVE,
    risk_premium=0.09,
    physical_jump_intensity=0.9,
)


class TestMerton(TransformedModelBattery):
    model = MERTON
    grid = GRID
    name = "cobalt"
    flat_model = dataclasses.replace(MERTON, volatility=0.0, jump_mean=0.0, jump_volatility=0.0)

    def test_calls_are_the_poisson_mixture(self):
        r"""Given n jumps the price is lognormal: forward F e^{-Ck} (1+k)^n, variance + n s^2."""
        end = GRID.times[-1]
        prices = simulate_paths(self.model, GRID, n_paths=200_000, seed=3)["cobalt"][-1]
        k = np.exp(0.13 + 0.5 * 0.17**2) - 1.0
        forward = 30.0 * np.exp(0.037 * end - 0.7 * k * end)
        for strike in (20.0, 35.0, 60.0):
            exact = sum(
                stats.poisson.pmf(n, 0.7 * end)
                * black76(
                    forward=forward * (1.0 + k) ** n,
                    strike=strike,
                    total_variance=0.21**2 * end + n * 0.17**2,
                    discount_factor=1.0,
                    kind="call",
                )
                for n in range(40)
            )
            payoff = np.maximum(prices - strike, 0.0)
            error = payoff.std() / np.sqrt(payoff.size)

            assert abs(payoff.mean() - exact) < 4.0 * error


class TestJumpDiffusion(TransformedModelBattery):
    model = REVERTING
    grid = GRID
    name = "ndpr"
    flat_model = dataclasses.replace(REVERTING, volatility=0.0, jump_mean=0.0, jump_volatility=0.0)

    def test_a_change_of_intensity_counts_from_its_date(self):
        r"""Expected jumps: 0.3 x 0.6 + 1.7 x 1.4 + 0.2 x 3.1 by hand."""
        np.testing.assert_allclose(
            CHANGING.expected_number([0.6, 2.0, 5.1]), [0.18, 2.56, 3.18], rtol=1e-14
        )
        quiet = dataclasses.replace(
            REVERTING, volatility=0.0, jump_intensity=Intensity(times=(0.0, 1.0), rates=(0.0, 2.0))
        )
        prices = simulate_paths(quiet, GRID, n_paths=4000, seed=5)["ndpr"]

        np.testing.assert_allclose(prices[:4], np.repeat(CURVE(GRID.times[:4])[:, None], 4000, 1))
        # By 5.1 years 8.2 jumps are expected: one path in 3,600 has none.
        assert (prices[5] != CURVE(5.1)).mean() > 0.99

    def test_number_of_jumps_is_poisson(self):
        """A jump of 1 without diffusion or fading: the log price counts them."""
        counting = Merton(
            name="x",
            volatility=0.0,
            jump_intensity=CHANGING,
            jump_mean=1.0,
            jump_volatility=0.0,
            spot=1.0,
            drift=0.0,
        )
        prices = simulate_paths(counting, GRID, n_paths=50_000, seed=8)["x"]
        compensator = CHANGING.expected_number(GRID.times) * np.expm1(1.0)
        counts = np.log(prices) + compensator[:, None]

        np.testing.assert_allclose(counts, counts.round(), atol=1e-12)
        for row, expected in zip(counts.round(), CHANGING.expected_number(GRID.times), strict=True):
            observed = np.bincount(row.astype(int), minlength=6)[:6]
            chances = stats.poisson.pmf(np.arange(6), expected)
            error = np.sqrt(50_000 * chances * (1.0 - chances)) + 1.0

            assert (np.abs(observed - 50_000 * chances) < 4.5 * error).all()

    def test_an_independent_simulation_agrees(self):
        """Euler steps of a thousandth of a year, NumPy's own numbers; bias below one error."""
        rng = np.random.default_rng(2)
        n_paths, step, end = 20_000, 0.002, 0.9
        x = np.zeros(n_paths)
        for i in range(round(end / step)):
            rate = 0.3 if i * step < 0.6 else 1.7
            n_jumps = rng.poisson(rate * step, n_paths)
            x += -0.8 * x * step + 0.18 * np.sqrt(step) * rng.normal(size=n_paths)
            x += 0.2 * n_jumps + 0.12 * np.sqrt(n_jumps) * rng.normal(size=n_paths)
        drawn = np.log(simulate_paths(REVERTING, GRID, n_paths=n_paths, seed=9)["ndpr"][2])
        drawn -= drawn.mean()
        x -= x.mean()
        for power in (2, 3, 4):
            error = np.hypot((x**power).std(), (drawn**power).std()) / np.sqrt(n_paths)

            assert abs((x**power).mean() - (drawn**power).mean()) < 4.0 * error

    def test_own_forward_is_the_mean(self):
        own = dataclasses.replace(REVERTING, forward_curve=None, spot=55.0, long_run_log_mean=4.1)
        prices = simulate_paths(own, GRID, n_paths=40_000, seed=4)["ndpr"]
        error = prices.std(axis=1) / 200.0

        assert (np.abs(prices.mean(axis=1) - own.forward(GRID.times)) < 4.0 * error).all()
        assert own.forward([0.0])[0] == 55.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"volatility": float("nan")}, "volatility must be"),
        ({"jump_intensity": -0.1}, "jump_intensity must be at least 0, got -0.1"),
        ({"jump_volatility": -1.0}, "jump_volatility must be at least 0, got -1.0"),
        ({"jump_mean": float("inf")}, "jump_mean must be a finite number"),
        ({"physical_jump_intensity": -2.0}, "physical_jump_intensity must be at least 0"),
        ({"spot": None}, "either forward_curve or spot and drift must be given"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(MERTON, **changes)


def test_single_precision_is_refused():
    with pytest.raises(ValueError, match="precision must be 'double' where a price is not"):
        simulate_paths(
            MERTON, GRID, n_paths=10, seed=1, sampling=Sampling(method="random", precision="single")
        )


def test_a_jump_never_comes_when_the_clock_stops():
    stopping = dataclasses.replace(
        MERTON, volatility=0.0, jump_intensity=Intensity(times=(0.0, 0.25), rates=(3.0, 0.0))
    )
    log_prices = np.log(simulate_paths(stopping, GRID, n_paths=500, seed=1)["cobalt"])
    moves = np.diff(log_prices[1:], axis=0)

    np.testing.assert_allclose(moves, np.repeat(moves[:, :1], 500, 1), atol=1e-12)
