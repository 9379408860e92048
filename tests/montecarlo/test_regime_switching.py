"""Prices that switch regimes: the battery, exact laws, limits, an independent simulation."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, linalg

from montecarlo import (
    GBM,
    ForwardCurve,
    Intensity,
    Joint,
    Regime,
    RegimeSwitching,
    Sampling,
    Schwartz,
    TimeGrid,
    Transition,
    black76,
    simulate_paths,
)
from tests.batteries.transformed_model import TransformedModelBattery

GRID = TimeGrid.from_times([0.08, 0.25, 0.9, 1.0, 2.3, 5.1])
CURVE = ForwardCurve(times=[0.0, 1.0, 4.0, 8.0], values=[63.0, 71.0, 90.0, 84.0])
TIGHTENING = Intensity(times=(0.0, 0.6, 2.0), rates=(0.3, 1.7, 0.2))

DRIFTING = RegimeSwitching(
    name="cobalt",
    mean_reversion=0.0,
    regimes=(
        Regime(name="calm", volatility=0.15, drift=0.02, risk_premium=0.05),
        Regime(name="wild", volatility=0.4, drift=-0.1, risk_premium=0.11),
    ),
    transitions=(
        Transition(
            leaving="calm", entering="wild", intensity=0.7, jump_mean=0.1, jump_volatility=0.08
        ),
        Transition(
            leaving="wild",
            entering="calm",
            intensity=1.9,
            jump_mean=-0.05,
            physical_intensity=2.4,
            physical_jump_mean=-0.02,
        ),
    ),
    initial={"calm": 0.7, "wild": 0.3},
    spot=30.0,
)
REVERTING = RegimeSwitching(
    name="ndpr",
    mean_reversion=1.3,
    regimes=(
        Regime(name="open", volatility=0.2, risk_premium=0.04),
        Regime(name="licences", volatility=0.35, log_level=0.3, risk_premium=0.07),
        Regime(name="embargo", volatility=0.5, log_level=0.9),
    ),
    transitions=(
        Transition(leaving="open", entering="licences", intensity=TIGHTENING, jump_mean=0.15),
        Transition(leaving="licences", entering="open", intensity=1.1),
        Transition(
            leaving="licences",
            entering="embargo",
            intensity=Intensity(times=(0.0, 1.5), rates=(0.4, 1.4)),
            jump_mean=0.2,
            jump_volatility=0.1,
            physical_intensity=0.25,
        ),
        Transition(leaving="embargo", entering="open", intensity=2.0, jump_mean=-0.1),
    ),
    initial="licences",
    forward_curve=CURVE,
)


def nothing_random(model):
    return dataclasses.replace(
        model,
        regimes=tuple(
            dataclasses.replace(one, volatility=0.0, drift=0.0, log_level=0.0)
            for one in model.regimes
        ),
        transitions=tuple(
            dataclasses.replace(one, jump_mean=0.0, jump_volatility=0.0)
            for one in model.transitions
        ),
    )


def one_way(intensity=0.8, **changes):
    terms = {
        "name": "x",
        "mean_reversion": 0.0,
        "regimes": (Regime(name="a", volatility=0.15), Regime(name="b", volatility=0.5)),
        "transitions": (Transition(leaving="a", entering="b", intensity=intensity),),
        "initial": "a",
        "spot": 100.0,
    }
    return RegimeSwitching(**(terms | changes))


class TestDrifting(TransformedModelBattery):
    model = DRIFTING
    grid = GRID
    name = "cobalt"
    flat_model = nothing_random(
        dataclasses.replace(DRIFTING, spot=None, forward_curve=ForwardCurve.flat(30.0))
    )

    def test_calls_are_their_fourier_integral(self):
        r"""Lewis: C = F - sqrt(F K)/pi int Re(e^{iuk} phi(u - i/2)) du / (u^2 + 1/4)."""
        end = 2.3
        forward = float(DRIFTING.forward([end])[0])
        prices = simulate_paths(DRIFTING, GRID, n_paths=200_000, seed=3)["cobalt"][4]
        for strike in (24.0, 30.0, 45.0):
            exact = fourier_call(DRIFTING.regime_law(), forward, strike, end)
            payoff = np.maximum(prices - strike, 0.0)

            assert abs(payoff.mean() - exact) < 4.0 * payoff.std() / np.sqrt(payoff.size)

    def test_mean_exponential_is_a_matrix_exponential(self):
        law = DRIFTING.regime_law()
        for power in (1.0, 2.0, -1.5):
            for time in (0.01, 1.0, 30.0):
                exact = law.initial @ linalg.expm(exponent(law, power) * time) @ np.ones(2)
                found = law.log_mean_exponential(np.array([time / 3.0, time]), power)[1]

                # The matrix exponential of scipy is good to some units in the last place.
                assert abs(found - np.log(exact)) < 2e-13 * max(1.0, time)


def exponent(law, power):
    """The matrix whose exponential gives E exp(power y) when nothing fades."""
    growth = power * law.log_drift + 0.5 * power**2 * law.volatility**2
    size = np.exp(power * law.jump_mean + 0.5 * power**2 * law.jump_volatility**2)
    return law.rates[0] * size + np.diag(growth - law.rates[0].sum(axis=1))


def fourier_call(law, forward, strike, end):
    mean = law.log_mean_exponential(np.array([end]))[0]
    k = np.log(forward / strike)

    def integrand(u):
        power = 1j * (u - 0.5j)
        value = law.initial @ linalg.expm(exponent(law, power) * end) @ np.ones(law.n_regimes)
        return (np.exp(1j * u * k) * value * np.exp(-power * mean)).real / (u * u + 0.25)

    whole = integrate.quad(integrand, 0.0, 200.0, limit=400, epsabs=1e-10)[0]
    return forward - np.sqrt(forward * strike) / np.pi * whole


class TestReverting(TransformedModelBattery):
    model = REVERTING
    grid = GRID
    name = "ndpr"
    flat_model = nothing_random(REVERTING)

    @pytest.mark.parametrize("power", [1.0, 2.0])
    def test_mean_exponential_solves_its_equation(self, power):
        """Against scipy's DOP853 at its tightest tolerance, from each date back to zero."""
        law = REVERTING.regime_law()
        found = law.log_mean_exponential(GRID.times, power)
        for time, value in zip(GRID.times, found, strict=True):
            g = np.ones(3)
            bounds = [time, *[s for s in law.starts[::-1] if s < time]]
            for late, early in pairwise(bounds):
                rates = law.rates[np.searchsorted(law.starts, early, side="right") - 1]

                def slope(tau, g, rates=rates):
                    f = power * np.exp(-1.3 * tau)
                    growth = f * law.log_drift + 0.5 * f**2 * law.volatility**2
                    size = np.exp(f * law.jump_mean + 0.5 * f**2 * law.jump_volatility**2)
                    return growth * g + (rates * (size * g - g[:, None])).sum(axis=1)

                span = (time - late, time - early)
                g = integrate.solve_ivp(slope, span, g, method="DOP853", rtol=1e-13, atol=1e-14).y[
                    :, -1
                ]

            assert abs(value - np.log(law.initial @ g)) < 3e-12

    def test_an_independent_simulation_agrees(self):
        """Thinned events and NumPy's own numbers, path by path between events."""
        rng = np.random.default_rng(11)
        n_paths, end = 20_000, 2.3
        law = REVERTING.regime_law()
        fastest = 4.0
        y = np.zeros(n_paths)
        regime = np.full(n_paths, 1)
        now = np.zeros(n_paths)
        alive = np.arange(n_paths)
        while alive.size:
            reached = np.minimum(now[alive] + rng.exponential(1.0 / fastest, alive.size), end)
            stay, state = reached - now[alive], regime[alive]
            fade = np.exp(-1.3 * stay)
            spread = law.volatility[state] ** 2 * (1.0 - fade**2) / 2.6
            level = law.log_drift[state] / 1.3
            y[alive] = level + (y[alive] - level) * fade
            y[alive] += np.sqrt(spread) * rng.normal(size=alive.size)
            now[alive] = reached
            alive = alive[reached < end]
            piece = np.searchsorted(law.starts, now[alive], side="right") - 1
            chances = law.rates[piece, regime[alive]] / fastest
            chosen = (rng.random(alive.size)[:, None] > chances.cumsum(axis=1)).sum(axis=1)
            moved, target = alive[chosen < 3], chosen[chosen < 3]
            jump = law.jump_mean[regime[moved], target]
            y[moved] += jump + law.jump_volatility[regime[moved], target] * rng.normal(
                size=moved.size
            )
            regime[moved] = target
        prices = simulate_paths(REVERTING, GRID, n_paths=n_paths, seed=9)["ndpr"][4]
        scale = REVERTING.forward([end]) * np.exp(-law.log_mean_exponential([end]))
        drawn = np.log(prices / scale)
        states = REVERTING.regimes_on(GRID, n_paths=n_paths, seed=9)[4]
        for power in (1, 2, 3, 4):
            for state in (0, 1, 2):
                one, other = y**power * (regime == state), drawn**power * (states == state)
                error = np.hypot(one.std(), other.std()) / np.sqrt(n_paths)

                assert abs(one.mean() - other.mean()) < 4.0 * error

    def test_regimes_are_those_of_the_prices(self):
        """Without diffusion the regimes can be read from the prices: levels are apart."""
        still = dataclasses.replace(
            REVERTING,
            regimes=tuple(dataclasses.replace(one, volatility=0.0) for one in REVERTING.regimes),
            initial="open",
        )
        prices = simulate_paths(still, GRID, n_paths=2000, seed=5)["ndpr"]
        states = still.regimes_on(GRID, n_paths=2000, seed=5)
        never = (states[:2] == 0).all(axis=0)
        lowest = prices[1].min()

        # Who is in open trade on both first dates has, but for rare visits between, not moved.
        assert (prices[1, never] == lowest).mean() > 0.95
        assert (prices[1, states[1] == 1] > lowest).all()

    def test_occupation(self):
        for measure in ("pricing", "physical"):
            states = REVERTING.regimes_on(GRID, n_paths=40_000, seed=1, measure=measure)
            chances = REVERTING.occupation(GRID.times, measure)
            seen = np.stack([(states == i).mean(axis=1) for i in range(3)])
            error = np.sqrt(chances * (1.0 - chances) / 40_000)

            np.testing.assert_allclose(chances.sum(axis=0), 1.0, rtol=1e-14)
            assert (np.abs(seen - chances) < 4.5 * error).all()

    def test_own_forward_is_the_mean(self):
        own = dataclasses.replace(REVERTING, forward_curve=None, spot=55.0, long_run_log_mean=4.1)
        prices = simulate_paths(own, GRID, n_paths=40_000, seed=4)["ndpr"]
        error = prices.std(axis=1) / 200.0

        assert (np.abs(prices.mean(axis=1) - own.forward(GRID.times)) < 4.0 * error).all()
        assert own.forward([0.0])[0] == pytest.approx(55.0, rel=1e-15)

    def test_a_number_added_to_every_level_changes_nothing(self):
        higher = dataclasses.replace(
            REVERTING,
            regimes=tuple(
                dataclasses.replace(one, log_level=one.log_level + 0.5) for one in REVERTING.regimes
            ),
        )
        one, other = (
            simulate_paths(model, GRID, n_paths=500, seed=2)["ndpr"]
            for model in (REVERTING, higher)
        )

        np.testing.assert_allclose(other, one, rtol=1e-13)


class TestLimits:
    def test_one_regime_is_geometric_brownian_motion(self):
        plain = GBM(name="x", volatility=0.3, forward_curve=CURVE)
        alone = RegimeSwitching(
            name="x",
            mean_reversion=0.0,
            regimes=(Regime(name="only", volatility=0.3),),
            transitions=(),
            initial="only",
            forward_curve=CURVE,
        )
        for sampling in (Sampling(), Sampling(method="antithetic")):
            paths = [
                simulate_paths(model, GRID, n_paths=1000, seed=6, sampling=sampling)["x"]
                for model in (plain, alone)
            ]

            np.testing.assert_allclose(paths[1], paths[0], rtol=1e-13)

    def test_transitions_that_never_happen_leave_schwartz(self):
        plain = Schwartz(name="x", mean_reversion=0.8, volatility=0.3, forward_curve=CURVE)
        never = RegimeSwitching(
            name="x",
            mean_reversion=0.8,
            regimes=(Regime(name="a", volatility=0.3), Regime(name="b", volatility=2.0)),
            transitions=(Transition(leaving="a", entering="b", intensity=0.0, jump_mean=1.0),),
            initial="a",
            forward_curve=CURVE,
        )
        paths = [simulate_paths(model, GRID, n_paths=1000, seed=6)["x"] for model in (plain, never)]

        np.testing.assert_allclose(paths[1], paths[0], rtol=1e-13)

    def test_equal_regimes_are_one(self):
        """However often it switches: 40 times a year between regimes that do the same."""
        plain = GBM(name="x", volatility=0.3, spot=100.0, drift=0.0)
        alike = RegimeSwitching(
            name="x",
            mean_reversion=0.0,
            regimes=(Regime(name="a", volatility=0.3), Regime(name="b", volatility=0.3)),
            transitions=(
                Transition(leaving="a", entering="b", intensity=40.0),
                Transition(leaving="b", entering="a", intensity=40.0),
            ),
            initial="a",
            spot=100.0,
        )
        paths = [simulate_paths(model, GRID, n_paths=1000, seed=6)["x"] for model in (plain, alike)]

        np.testing.assert_allclose(paths[1], paths[0], rtol=1e-12)

    def test_many_switches_a_step_average_the_variance(self):
        """1000 switches a year: the variance of the log price tends to the mean of the two."""
        quick = dataclasses.replace(
            one_way(),
            transitions=(
                Transition(leaving="a", entering="b", intensity=1000.0),
                Transition(leaving="b", entering="a", intensity=1000.0),
            ),
        )
        grid = TimeGrid.from_times([1.0])
        log_prices = np.log(simulate_paths(quick, grid, n_paths=20_000, seed=1)["x"][0])
        mean_variance = 0.5 * (0.15**2 + 0.5**2)

        assert abs(log_prices.var() / mean_variance - 1.0) < 4.0 * np.sqrt(2.0 / 20_000)
        assert quick.log_variance(1.0) == pytest.approx(mean_variance, rel=2e-3)

    def test_a_regime_without_a_way_out_is_left_by_nobody(self):
        """Black-76 integrated over the exponential moment of the one switch."""
        model = one_way()
        end = GRID.times[4]
        states = model.regimes_on(GRID, n_paths=5000, seed=3)
        prices = simulate_paths(model, GRID, n_paths=200_000, seed=3)["x"][4]

        def call(variance):
            return black76(
                forward=100.0,
                strike=110.0,
                total_variance=variance,
                discount_factor=1.0,
                kind="call",
            )

        exact = np.exp(-0.8 * end) * call(0.15**2 * end)
        exact += integrate.quad(
            lambda u: 0.8 * np.exp(-0.8 * u) * call(0.15**2 * u + 0.25 * (end - u)), 0.0, end
        )[0]
        payoff = np.maximum(prices - 110.0, 0.0)

        assert (np.diff(states, axis=0) >= 0).all()
        assert abs(payoff.mean() - exact) < 4.0 * payoff.std() / np.sqrt(payoff.size)

    def test_moments_by_hand(self):
        r"""One way, variance: a^2 t + (b^2 - a^2) E(t - tau)^+, and E(t - tau)^+ by hand."""
        time = 1.7
        waited = time - (1.0 - np.exp(-0.8 * time)) / 0.8
        mean = -0.5 * (0.15**2 * time + (0.25 - 0.15**2) * waited)
        model = one_way()

        assert model.log_mean(time) == pytest.approx(np.log(100.0) + mean, rel=1e-14)
        # The squared mean log drift adds to the variance what its own variance is.
        square = time**2 - 2.0 * waited / 0.8
        own = (0.5 * (0.25 - 0.15**2)) ** 2 * (square - waited**2)
        expected = 0.15**2 * time + (0.25 - 0.15**2) * waited + own

        assert model.log_variance(time) == pytest.approx(expected, rel=1e-13)


class TestJoint:
    def test_one_chain_moves_two_prices(self):
        """Without diffusion, and with jumps of a known size, two prices of one chain are one."""
        regimes = tuple(dataclasses.replace(one, volatility=0.0) for one in REVERTING.regimes)
        moves = tuple(
            dataclasses.replace(one, jump_volatility=0.0) for one in REVERTING.transitions
        )
        still = dataclasses.replace(REVERTING, regimes=regimes, transitions=moves)

        def both(*chains):
            models = [
                dataclasses.replace(still, name=name, chain=chain)
                for name, chain in zip(("ndpr", "dy"), chains, strict=True)
            ]
            joint = Joint(models=models, correlation=np.eye(2))
            return simulate_paths(joint, GRID, n_paths=3000, seed=5)

        shared, apart = both("china", "china"), both(None, None)

        np.testing.assert_array_equal(shared["ndpr"], shared["dy"])
        assert (apart["ndpr"][-1] != apart["dy"][-1]).mean() > 0.9

    def test_shocks_are_correlated_as_asked(self):
        fine = TimeGrid.from_times(np.arange(1, 41) / 80.0)
        others = [
            dataclasses.replace(one_way(intensity=0.5), name=name) for name in ("first", "second")
        ]
        joint = Joint(models=others, correlation=[[1.0, 0.6], [0.6, 1.0]])
        prices = simulate_paths(joint, fine, n_paths=5000, seed=8)
        moves = [np.diff(np.log(prices[name]), axis=0) for name in ("first", "second")]
        calm = [model.regimes_on(fine, n_paths=5000, seed=8) == 0 for model in others]
        both = calm[0][1:] & calm[1][1:]
        correlation = np.corrcoef(moves[0][both], moves[1][both])[0, 1]

        assert abs(correlation - 0.6) < 4.0 * (1.0 - 0.36) / np.sqrt(both.sum())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"regimes": ()}, "regimes must have at least one entry, got none"),
        (
            {"regimes": (Regime(name="a", volatility=0.1), Regime(name="a", volatility=0.2))},
            "names of regimes must be different from each other, got 'a' twice",
        ),
        ({"initial": "c"}, "initial must be one of a, b, got 'c'"),
        ({"initial": {"a": 0.7, "b": 0.2}}, "initial must be probabilities that add up to 1"),
        ({"initial": {"a": 1.7, "b": -0.7}}, r"initial\['a'\] must be between 0 and 1, got 1.7"),
        (
            {"transitions": (Transition(leaving="a", entering="c", intensity=1.0),)},
            r"transitions\[0\].entering must be one of a, b, got 'c'",
        ),
        (
            {"transitions": 2 * (Transition(leaving="a", entering="b", intensity=1.0),)},
            "transitions must be different from each other, got 'a to b' twice",
        ),
        ({"mean_reversion": -1.0}, "mean_reversion must be at least 0, got -1.0"),
        ({"spot": 0.0}, "spot must be greater than 0"),
        ({"long_run_log_mean": 4.0}, "long_run_log_mean must be left out where mean_reversion is"),
        (
            {"regimes": (Regime(name="a", volatility=0.1, log_level=0.3),)},
            "regimes must leave out log_level where mean_reversion is 0, got 0.3 in 'a'",
        ),
        ({"chain": " "}, "chain must be a non-empty text"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        one_way(**changes)


def test_a_bad_transition_is_named():
    with pytest.raises(ValueError, match="intensity must be at least 0, got -1"):
        Transition(leaving="a", entering="b", intensity=-1.0)
    with pytest.raises(ValueError, match="jump_volatility must be at least 0"):
        Transition(leaving="a", entering="b", intensity=1.0, jump_volatility=-0.1)


def test_waiting_times_are_exponential_in_the_clock():
    """First switch under a dated intensity: its clock reading is exponential of mean 1."""
    fine = TimeGrid.from_times(np.linspace(0.01, 6.0, 600))
    states = one_way(intensity=TIGHTENING).regimes_on(fine, n_paths=4000, seed=2)
    first = (states == 0).sum(axis=0)
    by = np.array([59, 149, 249, 400])
    chances = np.exp(-TIGHTENING.expected_number(fine.times[by]))
    seen = (first[None, :] > by[:, None]).mean(axis=1)

    assert (np.abs(seen - chances) < 4.0 * np.sqrt(chances * (1.0 - chances) / 4000)).all()
