"""Published options on prices that jump, and on prices of random variance."""

import numpy as np
import pytest
from scipy import integrate

from montecarlo import (
    Merton,
    StochasticVolatility,
    TimeGrid,
    jump_diffusion_option,
    simulate_paths,
)

# Calls under Merton's jump-diffusion: E. G. Haug, "The Complete Guide to Option Pricing
# Formulas", 1998, page 9, as in QuantLib, test-suite/jumpdiffusion.cpp, which corrects the last
# column (Haug cut the series after 11 terms; 23.28 in his first row, for one). Spot 100, rate 8%,
# volatility of all 25%, of whose square a share comes from jumps without a mean effect. Columns:
# 1, 5 and 10 jumps a year, each at 0.1, 0.25 and 0.5 years. Two decimals are printed.
TIMES = (0.1, 0.25, 0.5)
JUMPS_A_YEAR = (1.0, 5.0, 10.0)
HAUG = {
    (0.25, 80): (20.67, 21.74, 23.63, 20.65, 21.70, 23.61, 20.64, 21.70, 23.61),
    (0.25, 90): (11.00, 12.74, 15.40, 10.98, 12.75, 15.42, 10.98, 12.75, 15.42),
    (0.25, 100): (3.42, 5.88, 8.95, 3.51, 5.96, 9.02, 3.53, 5.97, 9.03),
    (0.25, 110): (0.55, 2.11, 4.67, 0.56, 2.16, 4.73, 0.56, 2.17, 4.74),
    (0.25, 120): (0.10, 0.64, 2.23, 0.06, 0.63, 2.25, 0.05, 0.62, 2.25),
    (0.50, 80): (20.72, 21.83, 23.71, 20.66, 21.73, 23.63, 20.65, 21.71, 23.61),
    (0.50, 90): (11.04, 12.72, 15.34, 11.02, 12.76, 15.41, 11.00, 12.75, 15.41),
    (0.50, 100): (3.14, 5.58, 8.71, 3.39, 5.87, 8.96, 3.46, 5.93, 9.00),
    (0.50, 110): (0.53, 1.93, 4.42, 0.58, 2.11, 4.67, 0.57, 2.14, 4.71),
    (0.50, 120): (0.19, 0.71, 2.15, 0.10, 0.66, 2.23, 0.07, 0.64, 2.24),
    (0.75, 80): (20.79, 21.96, 23.86, 20.68, 21.78, 23.67, 20.66, 21.74, 23.64),
    (0.75, 90): (11.11, 12.75, 15.30, 11.09, 12.78, 15.39, 11.04, 12.76, 15.40),
    (0.75, 100): (2.70, 5.08, 8.24, 3.16, 5.71, 8.85, 3.33, 5.85, 8.95),
    (0.75, 110): (0.54, 1.69, 3.99, 0.62, 2.05, 4.57, 0.60, 2.11, 4.66),
    (0.75, 120): (0.29, 0.84, 2.09, 0.15, 0.71, 2.21, 0.11, 0.67, 2.23),
}


def haug_model(share, intensity):
    deviation = 0.25 * np.sqrt(share / intensity)
    return Merton(
        name="stock",
        volatility=0.25 * np.sqrt(1.0 - share),
        jump_intensity=intensity,
        jump_mean=-0.5 * deviation**2,
        jump_volatility=deviation,
        spot=100.0,
        drift=0.08,
    )


@pytest.mark.parametrize(("share", "strike"), HAUG)
def test_jump_diffusion_calls(share, strike):
    published = iter(HAUG[share, strike])
    for intensity in JUMPS_A_YEAR:
        model = haug_model(share, intensity)
        for time in TIMES:
            value = jump_diffusion_option(
                forward=float(model.forward(time)),
                strike=strike,
                diffusion_variance=model.volatility**2 * time,
                expected_jumps=intensity * time,
                jump_mean=model.jump_mean,
                jump_volatility=model.jump_volatility,
                discount_factor=np.exp(-0.08 * time),
                kind="call",
            )

            # Half a unit of the last printed digit, as much again for the source's whole days.
            assert value == pytest.approx(next(published), abs=0.01)


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_simulated_jump_diffusion_calls(share):
    model = haug_model(share, 1.0)
    prices = simulate_paths(model, TimeGrid.from_times(TIMES), n_paths=200_000, seed=76)["stock"]
    for i, time in enumerate(TIMES):
        for strike in (80, 100, 120):
            payoff = np.exp(-0.08 * time) * np.maximum(prices[i] - strike, 0.0)
            error = payoff.std() / np.sqrt(payoff.size)

            assert abs(payoff.mean() - HAUG[share, strike][i]) < 4.0 * error + 0.01


# Calls with random variance: (variance today, pull, long run, volatility of variance,
# correlation, years, rate), strikes and values. The first two are of M. Broadie and O. Kaya, "Exact
# simulation of stochastic volatility and other affine jump diffusion processes", Operations
# Research 54(2), 2006; the others of L. Andersen, "Simple and efficient simulation of the Heston
# stochastic volatility model", 2008, cases I and II, where four decimals are printed.
HESTON = [
    ((0.010201, 6.21, 0.019, 0.61, -0.7, 1.0, 0.0319), {100: 6.8061}),
    ((0.09, 2.0, 0.09, 1.0, -0.3, 5.0, 0.05), {100: 34.9998}),
    ((0.04, 0.5, 0.04, 1.0, -0.9, 10.0, 0.0), {70: 35.8497, 100: 13.0847, 140: 0.2958}),
    ((0.04, 0.3, 0.04, 0.9, -0.5, 15.0, 0.0), {70: 37.1696, 100: 16.6492, 140: 5.1381}),
]


def fourier_call(forward, strike, years, v0, kappa, theta, xi, rho):
    """Undiscounted, by one integral of the characteristic function along u - i/2 (Lewis 2000)."""

    def integrand(u):
        a = kappa - rho * xi * (1j * u + 0.5)
        d = np.sqrt(a * a + xi * xi * (u * u + 0.25))
        g = (a - d) / (a + d)
        fade = np.exp(-d * years)
        level = (a - d) * years - 2.0 * np.log((1.0 - g * fade) / (1.0 - g))
        slope = (a - d) * (1.0 - fade) / (1.0 - g * fade)
        phi = np.exp((kappa * theta * level + v0 * slope) / (xi * xi))
        wave = np.exp(1j * u * np.log(forward / strike))
        return (wave * phi).real / (u * u + 0.25)

    area = integrate.quad(integrand, 0.0, np.inf, limit=500, epsabs=1e-12)[0]
    return forward - np.sqrt(forward * strike) / np.pi * area


@pytest.mark.parametrize(("terms", "published"), HESTON)
def test_published_values_are_those_of_the_model(terms, published):
    """Two independent integrations: ours here, QuantLib's."""
    ql = pytest.importorskip("QuantLib")
    v0, kappa, theta, xi, rho, years, rate = terms
    today = ql.Date(1, 1, 2021)
    ql.Settings.instance().evaluationDate = today
    counting = ql.Actual365Fixed()
    curve, none = (
        ql.YieldTermStructureHandle(ql.FlatForward(today, level, counting)) for level in (rate, 0.0)
    )
    spot = ql.QuoteHandle(ql.SimpleQuote(100.0))
    process = ql.HestonProcess(curve, none, spot, v0, kappa, theta, xi, rho)
    engine = ql.AnalyticHestonEngine(ql.HestonModel(process), 1e-10, 100_000)
    for strike, value in published.items():
        option = ql.VanillaOption(
            ql.PlainVanillaPayoff(ql.Option.Call, strike),
            ql.EuropeanExercise(today + round(365 * years)),
        )
        option.setPricingEngine(engine)
        discount_factor = np.exp(-rate * years)
        own = discount_factor * fourier_call(
            100.0 / discount_factor, strike, years, v0, kappa, theta, xi, rho
        )

        assert own == pytest.approx(value, abs=2e-4)
        assert own == pytest.approx(option.NPV(), abs=1e-6)


@pytest.mark.parametrize(("terms", "published"), HESTON)
def test_simulated_calls_with_random_variance(terms, published):
    """Twelve steps a year; the forward is known, so that the price itself is a control."""
    v0, kappa, theta, xi, rho, years, rate = terms
    model = StochasticVolatility(
        name="stock",
        initial_variance=v0,
        long_run_variance=theta,
        mean_reversion=kappa,
        volatility_of_variance=xi,
        correlation=rho,
        spot=100.0,
        drift=rate,
        steps_a_year=12,
    )
    n_paths = 300_000 if years == 1.0 else 30_000
    grid = TimeGrid.from_times([years])
    prices = (
        np.exp(-rate * years) * simulate_paths(model, grid, n_paths=n_paths, seed=8)["stock"][0]
    )
    for strike, value in published.items():
        payoff = np.maximum(prices - strike * np.exp(-rate * years), 0.0)
        slope = np.cov(payoff, prices)[0, 1] / prices.var()
        controlled = payoff - slope * (prices - 100.0)
        error = controlled.std() / np.sqrt(n_paths)

        # The bias found with a million paths is below the 0.006 allowed beside the sampling error.
        assert abs(controlled.mean() - value) < 4.0 * error + 0.006


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"forward": 0.0}, "forward must be greater than 0, got 0.0"),
        ({"expected_jumps": -1.0}, "expected_jumps must be between 0 and 10000, got -1.0"),
        ({"diffusion_variance": float("nan")}, "diffusion_variance must be a finite number"),
        ({"kind": "straddle"}, "kind must be 'call' or 'put', got 'straddle'"),
    ],
)
def test_bad_terms_of_an_option_are_named(changes, message):
    terms = {
        "forward": 100.0,
        "strike": 90.0,
        "diffusion_variance": 0.04,
        "expected_jumps": 0.5,
        "jump_mean": 0.1,
        "jump_volatility": 0.2,
        "discount_factor": 0.9,
        "kind": "call",
    }
    with pytest.raises(ValueError, match=message):
        jump_diffusion_option(**(terms | changes))


@pytest.mark.parametrize("expected_jumps", [1e-12, 0.3, 40.0, 3000.0])
def test_calls_less_puts_are_forwards(expected_jumps):
    """Whatever is cut from the series, however many jumps there are, would show here."""
    terms = {
        "forward": 100.0,
        "strike": 90.0,
        "diffusion_variance": 0.04,
        "expected_jumps": expected_jumps,
        "jump_mean": 0.01,
        "jump_volatility": 0.02,
        "discount_factor": 0.9,
    }
    call = jump_diffusion_option(**terms, kind="call")
    put = jump_diffusion_option(**terms, kind="put")

    # A chance of many jumps is the exponential of a sum of thousands: rounding grows with it.
    assert call - put == pytest.approx(0.9 * 10.0, abs=1e-13 * (1.0 + expected_jumps) * 100)
