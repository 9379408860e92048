"""The geometric mean's law and options on a lognormal: QuantLib, quadrature, limits, bad input."""

import numpy as np
import pytest
import QuantLib
from scipy import integrate
from scipy.stats import norm

from montecarlo import GBM, black76
from montecarlo.geometric import geometric_average_law, geometric_average_option, kink_means


def theirs(kind, strike, volatility, days, *, rate=0.03, dividend=0.01):
    """QuantLib's analytic discrete geometric average price option on a spot of 100."""
    today = QuantLib.Date(1, 1, 2025)
    QuantLib.Settings.instance().evaluationDate = today
    counter = QuantLib.Actual365Fixed()
    process = QuantLib.BlackScholesMertonProcess(
        QuantLib.QuoteHandle(QuantLib.SimpleQuote(100.0)),
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, dividend, counter)),
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, rate, counter)),
        QuantLib.BlackVolTermStructureHandle(
            QuantLib.BlackConstantVol(today, QuantLib.NullCalendar(), volatility, counter)
        ),
    )
    option = QuantLib.DiscreteAveragingAsianOption(
        QuantLib.Average.Geometric,
        1.0,
        0,
        [today + int(day) for day in days],
        QuantLib.PlainVanillaPayoff(
            QuantLib.Option.Put if kind == "put" else QuantLib.Option.Call, strike
        ),
        QuantLib.EuropeanExercise(today + int(days[-1])),
    )
    option.setPricingEngine(QuantLib.AnalyticDiscreteGeometricAveragePriceAsianEngine(process))
    return option.NPV()


@pytest.mark.parametrize("kind", ["put", "call"])
@pytest.mark.parametrize(
    ("strike", "volatility", "days"),
    [
        (95.0, 0.2, [365]),
        (110.0, 0.35, [15, 46, 74]),
        (100.0, 0.8, list(range(30, 721, 30))),
        (80.0, 0.5, [1, 700, 701]),
    ],
)
def test_options_on_the_average_against_quantlib(kind, strike, volatility, days):
    times = np.array(days) / 365.0
    model = GBM(name="x", volatility=volatility, spot=100.0, drift=0.02)
    ours = geometric_average_option(
        log_means=np.log(model.forward(times)) - 0.5 * model.log_variance(times),
        log_covariance=model.log_autocovariance(times[:, None], times[None, :]),
        strike=strike,
        discount_factor=np.exp(-0.03 * times[-1]),
        kind=kind,
    )

    assert float(ours) == pytest.approx(theirs(kind, strike, volatility, days), rel=1e-9, abs=1e-12)


def test_a_law_with_weights_against_a_simulation():
    covariance = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, 0.02], [0.0, 0.02, 0.16]])
    means, weights = np.array([4.5, 4.7, 4.2]), np.array([0.2, 0.5, 0.3])

    mean, variance = geometric_average_law(
        log_means=means, log_covariance=covariance, weights=weights
    )

    drawn = np.random.default_rng(8).multivariate_normal(means, covariance, 400_000) @ weights
    assert mean == pytest.approx(drawn.mean(), abs=4.0 * drawn.std() / np.sqrt(len(drawn)))
    assert variance == pytest.approx(drawn.var(), rel=4.0 * np.sqrt(2.0 / len(drawn)))


def test_prices_that_cannot_move_have_no_variance_of_the_wrong_sign():
    _, variance = geometric_average_law(log_means=[1.0, 2.0], log_covariance=[[0.0, -1e-18]] * 2)

    assert variance == 0.0


@pytest.mark.parametrize("strike", [-30.0, 0.0, 60.0, 100.0, 170.0])
@pytest.mark.parametrize("variance", [0.0, 1e-6, 0.09, 1.5])
def test_parity_holds_for_any_strike(strike, variance):
    at = kink_means(mean=100.0, log_variance=variance, strike=strike)
    call, put = float(at.call), float(at.put)

    assert call - put == pytest.approx(100.0 - strike, rel=1e-13, abs=1e-11)
    assert min(call, put) >= 0.0
    if strike > 0.0:
        black = black76(
            forward=100.0, strike=strike, total_variance=variance, discount_factor=1.0, kind="put"
        )
        assert put == pytest.approx(float(black), rel=1e-13)


@pytest.mark.parametrize(("strike", "variance"), [(40.0, 0.3), (100.0, 0.05), (180.0, 0.8)])
def test_the_squared_share_by_quadrature(strike, variance):
    def amount(z):
        return 100.0 * np.exp(-0.5 * variance + np.sqrt(variance) * z)

    def mean(low):
        def weighed(z):
            return amount(z) ** 2 * norm.pdf(z)

        return integrate.quad(weighed, low, 40.0, limit=400, points=[0.0, 2.0])[0]

    kink = (np.log(strike / 100.0) + 0.5 * variance) / np.sqrt(variance)
    at = kink_means(mean=100.0, log_variance=variance, strike=strike)

    assert float(at.squared_share) == pytest.approx(mean(kink) / mean(-40.0), rel=1e-7)


def test_the_squared_share_at_its_ends():
    at = kink_means(mean=100.0, log_variance=[0.0, 0.0, 0.2, 0.2], strike=[99.0, 101.0, 0.0, -5.0])

    assert at.squared_share.tolist() == [1.0, 0.0, 1.0, 1.0]


def test_bad_law():
    with pytest.raises(ValueError, match=r"log_covariance must have shape \(2, 2\), got \(1, 1\)"):
        geometric_average_law(log_means=[1.0, 2.0], log_covariance=[[1.0]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mean": [1.0, 0.0]}, "mean must be greater than 0, got 0.0"),
        ({"mean": np.nan}, "mean must be greater than 0, got nan"),
        ({"log_variance": -0.5}, "log_variance must be at least 0, got -0.5"),
    ],
)
def test_bad_amounts(changes, message):
    with pytest.raises(ValueError, match=message):
        kink_means(**{"mean": 1.0, "log_variance": 1.0, "strike": 1.0, **changes})
