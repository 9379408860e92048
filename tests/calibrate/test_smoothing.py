"""The price behind quotes that follow late, against an ARMA of another program and the truth."""

import math

import numpy as np
import pytest

from montecarlo.calibrate import PriceHistory, fit
from montecarlo.calibrate.smoothing import moves_behind, prices_behind, quoted_variance, weight_now
from tests.calibrate.ndpr import ndpr_history, needs_ndpr

WEEK = 7.0 / 365.0


def quotes_of(moves, share, persistence):
    """Return log quotes of log price moves, by the two equations as they stand."""
    price = slow = 0.0
    out = [0.0]
    for move in moves:
        price += move
        slow = persistence * slow + (1.0 - persistence) * price
        out.append(share * price + (1.0 - share) * slow)
    return np.array(out)


def history(seed, n=400, share=0.3, persistence=0.7, volatility=0.4):
    moves = volatility * math.sqrt(WEEK) * np.random.default_rng(seed).standard_normal(n)
    dates = np.datetime64("2010-01-04") + 7 * np.arange(n + 1)
    prices = 50.0 * np.exp(quotes_of(moves, share, persistence))
    return moves, PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=prices)


def test_moves_are_recovered_from_quotes():
    moves, quoted = history(1)
    found = moves_behind(np.diff(np.log(quoted.prices)), 0.3, 0.7)

    # What is not known about the first quote fades with each one.
    assert found[60:] == pytest.approx(moves[61:], abs=1e-12)


def test_likelihood_is_that_of_an_arma():
    arima = pytest.importorskip("statsmodels.tsa.arima.model")
    _, quoted = history(2)
    found = fit(quoted, "gbm", smoothing="lag")
    changes = np.diff(np.log(quoted.prices))
    other = arima.ARIMA(changes, order=(1, 0, 1), trend="c").fit()
    persistence, moving, variance = other.params[1], other.params[2], other.params[3]
    long_run = math.sqrt(variance / WEEK) * (1.0 + moving) / (1.0 - persistence)

    # The other likelihood has the first change too; its logarithmic density is a few units at most.
    assert found["persistence"].value == pytest.approx(persistence, abs=0.02)
    assert found["volatility"].value == pytest.approx(long_run, rel=0.02)
    now = found["immediate_share"].value
    weight = now + (1.0 - now) * (1.0 - found["persistence"].value)
    assert -now * found["persistence"].value / weight == pytest.approx(moving, abs=0.03)


def test_truth_is_recovered_within_stated_errors():
    truth = {"volatility": 0.4, "immediate_share": 0.3, "persistence": 0.7}
    inside = dict.fromkeys(truth, 0)
    for seed in range(20):
        found = fit(history(100 + seed)[1], "gbm", smoothing="lag")
        for name, value in truth.items():
            inside[name] += found[name].low <= value <= found[name].high

    # 95% of 20 is 19, with a standard error of 1.0.
    assert all(count >= 16 for count in inside.values()), inside


def test_prices_that_are_quoted_at_once_need_no_lag():
    moves = 0.04 * np.random.default_rng(3).standard_normal(400)
    dates = np.datetime64("2010-01-04") + 7 * np.arange(401)
    prices = 50.0 * np.exp(np.append(0.0, np.cumsum(moves)))
    quoted = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=prices)
    plain, lagged = fit(quoted, "gbm"), fit(quoted, "gbm", smoothing="lag")

    assert lagged["volatility"].value == pytest.approx(plain["volatility"].value, rel=0.1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_smoothing_at_its_limit_has_finite_numbers(seed):
    moves = 0.025 * np.random.default_rng(seed).standard_normal(1999)
    dates = np.busday_offset("2015-01-01", np.arange(2000), roll="forward")
    prices = 50.0 * np.exp(np.append(0.0, np.cumsum(moves)))
    quoted = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=prices)
    found = fit(quoted.by_weekdays(), "gbm", smoothing="lag")

    assert math.isfinite(found["quarterly_volatility"].value)
    assert found["volatility"].value == pytest.approx(0.4, rel=0.35)


def test_variance_of_quotes_over_a_span_by_simulation():
    rng = np.random.default_rng(5)
    quotes = quotes_of(rng.standard_normal(200_000), 0.2, 0.8)[200:]
    changes = quotes[13:] - quotes[:-13]

    # Some 200,000 / 13 independent changes: a standard error of 1.1% of the variance.
    assert changes.var() == pytest.approx(quoted_variance(0.2, 0.8, 13.0), rel=0.045)


@needs_ndpr
def test_ndpr_behind_its_quotes_moves_as_much_as_its_quarterly_changes():
    daily = fit(ndpr_history(), "gbm", smoothing="lag")
    plain = fit(ndpr_history(), "gbm")

    assert daily.log_likelihood > plain.log_likelihood + 300.0
    assert daily["quarterly_volatility"].low < 0.331 < daily["quarterly_volatility"].high
    assert daily["volatility"].value > 2.0 * plain["volatility"].value


@pytest.mark.parametrize(
    ("kind", "smoothing", "said"),
    [("n-factor", "lag", "smoothing must be none for n-factor"), ("gbm", "soft", "none or lag")],
)
def test_unknown_smoothing_is_refused(kind, smoothing, said):
    with pytest.raises(ValueError, match=said):
        fit(history(1)[1], kind, smoothing=smoothing)


def reverting_quotes(seed, n=600):
    """Return weekly quotes, half at once and then 0.6, of a price that reverts at 1.5 a year."""
    rng = np.random.default_rng(seed)
    fade = math.exp(-1.5 * WEEK)
    spread = 0.4 * math.sqrt((1.0 - fade**2) / 3.0)
    deviation = np.zeros(n + 1)
    for i in range(n):
        deviation[i + 1] = fade * deviation[i] + spread * rng.standard_normal()
    quotes = 4.0 + quotes_of(np.diff(deviation), 0.5, 0.6)
    dates = np.datetime64("2010-01-04") + 7 * np.arange(n + 1)
    return PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.exp(quotes))


@pytest.mark.parametrize("seed", [0, 1])
def test_reverting_price_behind_quotes_is_recovered(seed):
    found = fit(reverting_quotes(seed), "schwartz", smoothing="lag")

    # Of 60 seeds 95% hold either; the likelihood has a ridge, so the intervals are wide.
    assert found["mean_reversion"].low <= 1.5 <= found["mean_reversion"].high
    assert found["volatility"].low <= 0.4 <= found["volatility"].high


def test_reverting_likelihood_is_that_of_the_prices_behind():
    quoted = reverting_quotes(3)
    found = fit(quoted, "schwartz", smoothing="lag", is_interval_found=False)
    at = found.values
    behind = prices_behind(np.log(quoted.prices), at["immediate_share"], at["persistence"])
    prices = PriceHistory(
        name="ndpr", unit="USD/kg", dates=quoted.dates[1:], prices=np.exp(behind[1:])
    )
    plain = fit(prices, "schwartz", is_interval_found=False)
    now = weight_now(at["immediate_share"], at["persistence"])

    assert plain["mean_reversion"].value == pytest.approx(at["mean_reversion"], rel=1e-4)
    assert found.log_likelihood == pytest.approx(
        plain.log_likelihood - 599 * math.log(now), abs=1e-6
    )
    assert found.log_likelihood > fit(quoted, "schwartz", is_interval_found=False).log_likelihood


def test_reverting_fit_without_reversion_nears_brownian_motion():
    quoted = history(6)[1]
    brownian = fit(quoted, "gbm", smoothing="lag")
    reverting = fit(quoted, "schwartz", smoothing="lag", is_interval_found=False)

    assert reverting.log_likelihood >= brownian.log_likelihood - 0.02
    assert reverting.log_likelihood < brownian.log_likelihood + 8.0
