"""The slope of a control is the regression slope of a call on its lognormal share."""

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

import contracts
from contracts.amend import amend_market
from contracts.equity_controls import best_slope
from montecarlo import black76


def slope_by_quadrature(strike, variance):
    """Cov((S - K)+, S) / Var(S) with S = exp(-v/2 + sqrt(v) z), integrated over z."""

    def mean(f):
        def weighed(z):
            return f(np.exp(-0.5 * variance + np.sqrt(variance) * z)) * norm.pdf(z)

        kink = (np.log(strike) + 0.5 * variance) / np.sqrt(variance)
        ends = ((-40.0, kink), (kink, 40.0))
        return sum(integrate.quad(weighed, low, high, limit=200)[0] for low, high in ends)

    call = mean(lambda s: np.maximum(s - strike, 0.0))
    both = mean(lambda s: np.maximum(s - strike, 0.0) * s)
    return (both - call) / (mean(lambda s: s * s) - 1.0)


@pytest.mark.parametrize(
    ("strike", "variance"), [(0.3, 0.04), (0.9, 0.2), (1.0, 1.0), (2.0, 0.04), (1.5, 3.0)]
)
def test_the_slope_is_that_of_the_regression(strike, variance):
    assert best_slope(strike, variance) == pytest.approx(
        slope_by_quadrature(strike, variance), rel=1e-7
    )


def test_the_slope_stays_a_number_at_the_ends():
    # e^v of the last one is beyond a double.
    assert best_slope(1.0, 1e-12) == pytest.approx(0.5, abs=1e-5)
    assert best_slope(1.0, 900.0) == pytest.approx(1.0, abs=1e-12)
    assert best_slope(1.0, 0.0) == 0.0


@pytest.mark.parametrize("volatility", [0.05, 0.796, 1.4, 2.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_warrant_agrees_with_black_at_any_volatility(volatility, seed):
    """At 200% the mean of a plain sample is nearly zero, and so is its standard error."""
    market = contracts.load_market("critical-minerals-2025-07-10")
    if volatility != 0.796:
        market = amend_market(market, {"commodities[mp-share].model.volatility": volatility})
    v = contracts.value("mp-materials", market=market, n_paths=20_000, seed=seed)
    warrant = v.leg("warrant")
    expiry = np.array(["2035-07-11"], dtype="datetime64[D]")
    years, factor = market.years(expiry), market.discount_factors(expiry)
    oracle = 11_201_659.0 * black76(
        forward=30.03 / factor,
        strike=30.03,
        total_variance=volatility**2 * years,
        discount_factor=factor,
        kind="call",
    )

    assert warrant.standard_error > 0.0
    assert abs(warrant.pv - oracle[0]) < 4.0 * warrant.standard_error
