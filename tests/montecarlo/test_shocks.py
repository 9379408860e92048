"""Shocks on top of prices: the battery, spells by hand, one event for several prices, bad input."""

import dataclasses

import numpy as np
import pytest
from scipy import integrate

from montecarlo import (
    GBM,
    Constant,
    ForwardCurve,
    Intensity,
    Joint,
    JumpDiffusion,
    Schwartz,
    Shock,
    Shocked,
    TimeGrid,
    simulate_paths,
)
from tests.batteries.transformed_model import TransformedModelBattery

GRID = TimeGrid.from_times([0.08, 0.25, 0.9, 1.0, 2.3, 5.1])
CURVE = ForwardCurve(times=[0.0, 1.0, 4.0, 8.0], values=[63.0, 71.0, 90.0, 84.0])
SOON = Intensity(times=(0.0, 0.6, 2.0), rates=(0.3, 0.9, 0.2))

STOP = Shock(name="licence stop", multiplier=2.5, start=0.5, duration=0.75)
EMBARGO = Shock(
    name="embargo",
    multiplier=1.8,
    multiplier_volatility=0.25,
    intensity=SOON,
    mean_duration=0.7,
    recovery=1.1,
)
STRIKE = Shock(
    name="strike", multiplier=0.8, multiplier_volatility=0.1, intensity=0.6, duration=0.4
)
LONG = Shock(name="war", multiplier=1.6, start=0.7, mean_duration=1.5, recovery=2.0)
KINDS = [
    STOP,
    EMBARGO,
    STRIKE,
    LONG,
    dataclasses.replace(EMBARGO, recovery=None),
    dataclasses.replace(STRIKE, recovery=0.9),
    dataclasses.replace(STOP, recovery=3.0, multiplier_volatility=0.2),
    dataclasses.replace(LONG, recovery=None),
]

PLAIN = Schwartz(
    name="ndpr", mean_reversion=0.6, volatility=0.3, forward_curve=CURVE, risk_premium=0.08
)
JUMPING = JumpDiffusion(
    name="dy",
    mean_reversion=0.8,
    volatility=0.18,
    jump_intensity=0.4,
    jump_mean=0.2,
    jump_volatility=0.12,
    forward_curve=CURVE,
    physical_jump_intensity=0.9,
)


def still(model):
    return dataclasses.replace(model, volatility=0.0)


class TestOnLognormal(TransformedModelBattery):
    model = Shocked(model=PLAIN, shocks=(EMBARGO, STRIKE))
    grid = GRID
    name = "ndpr"
    flat_model = Shocked(model=still(PLAIN), shocks=(STOP,))


class TestCompensated(TransformedModelBattery):
    model = Shocked(model=JUMPING, shocks=(LONG, STRIKE), is_compensated=True)
    grid = GRID
    name = "dy"
    flat_model = Shocked(
        model=dataclasses.replace(still(JUMPING), jump_mean=0.0, jump_volatility=0.0),
        shocks=(STOP,),
        is_compensated=True,
    )

    def test_forward_is_the_curve(self):
        np.testing.assert_array_equal(self.model.forward(GRID.times), CURVE(GRID.times))


class TestLaw:
    def test_a_dated_shock_multiplies_its_spell(self):
        """From 0.5 to before 1.25 years, by 2.5; else the paths are those of the plain model."""
        grid = TimeGrid.from_times([0.49, 0.5, 1.0, 1.2499, 1.25, 3.0])
        plain = simulate_paths(PLAIN, grid, n_paths=500, seed=3)["ndpr"]
        shocked = simulate_paths(Shocked(model=PLAIN, shocks=(STOP,)), grid, n_paths=500, seed=3)

        np.testing.assert_allclose(
            shocked["ndpr"] / plain, np.repeat([[1], [2.5], [2.5], [2.5], [1], [1]], 500, 1), 1e-14
        )

    def test_recovery_by_hand(self):
        r"""Half a year after the spell with recovery ln 4 a year, half of the log is left."""
        fading = dataclasses.replace(STOP, recovery=np.log(4.0))

        assert fading.mean_multiplier(1.75) == pytest.approx(np.sqrt(2.5), rel=1e-14)

    @pytest.mark.parametrize("shock", KINDS, ids=lambda shock: f"{shock.name} {shock.recovery}")
    def test_means_are_those_of_drawn_shocks(self, shock):
        """Every kind, on a price that is certain: mean, second moment, log mean, covariances."""
        deck = Constant(name="deck", forward_curve=ForwardCurve.flat(1.0))
        n_paths = 40_000
        drawn = simulate_paths(
            Shocked(model=deck, shocks=(shock,)), GRID, n_paths=n_paths, seed=12
        )["deck"]
        logs = np.log(drawn)
        times = GRID.times
        checks = [
            (drawn, shock.mean_multiplier(times)),
            (drawn**2, shock.mean_multiplier(times, 2.0)),
            (logs, shock.log_mean(times)),
        ]
        for i in range(times.size):
            second = logs[i] * logs
            exact = shock.log_autocovariance(times[i], times)
            checks.append((second, exact + shock.log_mean(times[i]) * shock.log_mean(times)))
        for found, exact in checks:
            error = found.std(axis=1) / np.sqrt(n_paths)

            assert (np.abs(found.mean(axis=1) - exact) <= 4.5 * error + 1e-14).all()

    def test_a_random_shock_against_quadrature(self):
        """Exponential spell and recovery: a double integral by scipy."""
        mean, s, d, rho = EMBARGO.log_multiplier, 0.25, 0.7, 1.1

        def at_age(a):
            def excess(x):
                return np.expm1(mean * x + 0.5 * s * s * x * x)

            fading = integrate.quad(
                lambda spell: np.exp(-spell / d) / d * excess(np.exp(-rho * (a - spell))), 0.0, a
            )[0]
            return np.exp(-a / d) * excess(1.0) + fading

        total = 0.0
        for begin, end, rate in ((0.0, 0.6, 0.3), (0.6, 2.0, 0.9), (2.0, 2.3, 0.2)):
            total += rate * integrate.quad(lambda u: at_age(2.3 - u), begin, end)[0]

        assert EMBARGO.mean_multiplier(2.3) == pytest.approx(np.exp(total), rel=1e-12)

    def test_covariance_is_continuous_where_rates_agree(self):
        """A recovery of half the hazard is a removable singularity of the formula."""
        near, exact = (
            dataclasses.replace(LONG, recovery=rate).log_autocovariance(1.3, 2.9)
            for rate in (1.0 / 3.0 + 1e-9, 1.0 / 3.0)
        )

        assert exact == pytest.approx(near, rel=1e-8)


class TestJoint:
    def test_one_shock_hits_two_prices_at_once(self):
        """The same embargo, three times as hard on one price: logs are in that proportion."""
        decks = [
            Constant(name=name, forward_curve=ForwardCurve.flat(1.0)) for name in ("ndpr", "dy")
        ]
        shocks = [
            dataclasses.replace(EMBARGO, multiplier=np.exp(m), multiplier_volatility=0.0)
            for m in (0.3, 0.9)
        ]
        joint = Joint(
            models=[
                Shocked(model=deck, shocks=(shock,))
                for deck, shock in zip(decks, shocks, strict=True)
            ],
            correlation=np.eye(2),
        )
        prices = simulate_paths(joint, GRID, n_paths=2000, seed=4)

        assert (prices["ndpr"] > 1.0).any()
        np.testing.assert_allclose(3.0 * np.log(prices["ndpr"]), np.log(prices["dy"]), atol=1e-13)

    def test_shocks_of_two_names_are_independent(self):
        deck = Constant(name="deck", forward_curve=ForwardCurve.flat(1.0))
        one, other = (
            simulate_paths(
                Shocked(model=deck, shocks=(dataclasses.replace(STRIKE, name=name),)),
                GRID,
                n_paths=20_000,
                seed=4,
            )["deck"][-1]
            for name in ("here", "there")
        )

        assert abs(np.corrcoef(one, other)[0, 1]) < 4.0 / np.sqrt(20_000)


def test_a_deck_may_be_below_zero():
    deck = Constant(name="power", forward_curve=ForwardCurve.flat(-3.0))
    shocked = Shocked(model=deck, shocks=(STOP,))
    prices = simulate_paths(shocked, GRID, n_paths=3, seed=1)["power"]

    np.testing.assert_allclose(prices[2], -7.5, rtol=1e-14)
    np.testing.assert_allclose(shocked.variance([0.9]), 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"multiplier": 0.0}, "multiplier must be greater than 0, got 0.0"),
        ({"multiplier": float("nan")}, "multiplier must be a finite number, got nan"),
        ({"intensity": 0.1}, "either start or intensity must be given, got start and intensity"),
        ({"start": None}, "either start or intensity must be given, got neither"),
        ({"start": -0.1}, "start must be at least 0, got -0.1"),
        ({"duration": None}, "either duration or mean_duration must be given, got neither"),
        ({"duration": 0.0}, "duration must be greater than 0"),
        ({"recovery": 0.0}, "recovery must be greater than 0"),
        ({"multiplier_volatility": -0.2}, "multiplier_volatility must be at least 0"),
        ({"name": ""}, "name must be a non-empty text"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(STOP, **changes)


def test_bad_overlays_are_named():
    plain = GBM(name="x", volatility=0.1, spot=1.0, drift=0.0)
    with pytest.raises(ValueError, match="shocks must have at least one entry, got none"):
        Shocked(model=plain, shocks=())
    with pytest.raises(ValueError, match=r"names of shocks must be different .* 'licence stop'"):
        Shocked(model=plain, shocks=(STOP, STOP))
    with pytest.raises(ValueError, match="model must be a model of one price, got 3"):
        Shocked(model=3, shocks=(STOP,))
    with pytest.raises(ValueError, match=r"shocks\[0\] must be a Shock, got 2.5"):
        Shocked(model=plain, shocks=(2.5,))
