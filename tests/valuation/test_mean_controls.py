"""Control variates on averages of prices that are not lognormal: the average itself."""

import numpy as np
import pytest

from contracts import load_market, value
from contracts.amend import amend, amend_market
from contracts.catalogue import load
from contracts.mean_controls import expected_average
from contracts.run import prepare

JUMPS = {
    "kind": "jump-diffusion",
    "mean_reversion": 0.3,
    "volatility": 0.2,
    "jump_intensity": 0.4,
    "jump_mean": 0.3,
    "jump_volatility": 0.2,
}
NAMES = ("price floor", "upside share", "EBITDA guarantee")


@pytest.fixture(scope="module")
def market():
    return amend_market(
        load_market("critical-minerals-2025-07-10"), {"commodities[ndpr-oxide].model": JUMPS}
    )


def legs(valuation):
    return {leg.clause.name: leg for leg in valuation.legs}


@pytest.mark.parametrize("sampling", ["random", "antithetic", "sobol"])
def test_the_mean_stays_and_its_error_falls(market, sampling):
    drawn = {"market": market, "n_paths": 8192, "sampling": sampling}
    plain = legs(value("mp-materials", control=False, seed=1, **drawn))
    found = value("mp-materials", seed=2, **drawn)
    corrected = legs(found)

    for name in NAMES:
        before, after = plain[name], corrected[name]
        error = np.hypot(before.standard_error, after.standard_error)

        assert name in found.controls
        assert abs(before.pv - after.pv) < 4.0 * error
    # The floor is nearly always below its strike, so that it nearly is its average price.
    assert corrected["price floor"].standard_error < 0.5 * plain["price floor"].standard_error


def test_the_expectation_is_that_of_the_average(market):
    deal = load("mp-materials")
    run = prepare([deal], market)
    model, grid = run.model, run.grid
    settlement = run.settlements[0]
    windows = settlement.observations["ndpr"].windows
    for measure in ("pricing", "physical"):
        expected = expected_average(windows, model, grid, measure)
        curve = model.expected_spot("ndpr-oxide", grid.times, measure)
        by_hand = [
            windows.fixed[t] + windows.weights[t] * sum(curve[row] for row in windows.of(t))
            for t in range(len(windows.weights))
        ]

        np.testing.assert_allclose(expected, by_hand, rtol=1e-14)


def test_a_lognormal_price_keeps_its_better_control():
    found = value("mp-materials", n_paths=2048)

    assert legs(found)["price floor"].standard_error < 1e-5 * abs(found.pv)


def test_a_cap_is_controlled_too(market):
    capped = amend(
        load("mp-materials"),
        {
            "legs[price floor].modifiers": [
                {"kind": "budget-cap", "limit": "300 million USD", "per": "calendar-year"}
            ]
        },
    )
    plain = legs(value(capped, market=market, n_paths=8192, control=False, seed=1))["price floor"]
    after = legs(value(capped, market=market, n_paths=8192, seed=2))["price floor"]

    assert after.standard_error < plain.standard_error
    assert abs(plain.pv - after.pv) < 4.0 * np.hypot(plain.standard_error, after.standard_error)
