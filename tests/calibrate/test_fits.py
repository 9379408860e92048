"""Fits against closed forms, hand arithmetic and other programs' numbers."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from montecarlo import ForwardCurve
from montecarlo.calibrate import FreeParameter, PriceHistory, fit, maximise

RNG = np.random.default_rng(11)
# Irregular dates: gaps of 20 to 45 days, no two runs alike.
DATES = np.datetime64("2012-01-03") + np.cumsum(RNG.integers(20, 46, 130))
STEPS = np.diff(DATES).astype(float) / 365.0


def reverting(speed, volatility, level, first, steps, draws):
    logs = [first]
    for step, draw in zip(steps, draws, strict=True):
        fade = math.exp(-speed * step)
        spread = volatility * math.sqrt((1.0 - fade**2) / (2.0 * speed))
        logs.append(level + fade * (logs[-1] - level) + spread * draw)
    return np.array(logs)


LOGS = reverting(0.9, 0.35, 4.1, 4.5, STEPS, RNG.standard_normal(STEPS.size))
HISTORY = PriceHistory(name="ndpr", unit="USD/kg", dates=DATES, prices=np.exp(LOGS))


def transition_log_likelihood(speed, volatility, level):
    fade = np.exp(-speed * STEPS)
    spread = volatility * np.sqrt((1.0 - fade**2) / (2.0 * speed))
    mean = level + fade * (LOGS[:-1] - level)
    return stats.norm.logpdf(LOGS[1:], mean, spread).sum()


def test_gbm_is_the_best_normal_likelihood():
    found = fit(HISTORY, "gbm")

    def cost(theta):
        drift, volatility = theta[0], math.exp(theta[1])
        mean = (drift - 0.5 * volatility**2) * STEPS
        return -stats.norm.logpdf(np.diff(LOGS), mean, volatility * np.sqrt(STEPS)).sum()

    other = optimize.minimize(cost, [0.0, -1.0], method="BFGS")

    # BFGS stops at a gradient of 1e-5, where the likelihood is flat to about 1e-9.
    assert found.log_likelihood == pytest.approx(-other.fun, abs=1e-7)
    assert found["drift"].value == pytest.approx(other.x[0], abs=1e-4)
    assert found["volatility"].value == pytest.approx(math.exp(other.x[1]), rel=1e-4)
    assert -cost([found["drift"].value, math.log(found["volatility"].value)]) == pytest.approx(
        found.log_likelihood, abs=1e-9
    )


def test_gbm_standard_errors_are_those_of_the_second_derivatives():
    found = fit(HISTORY, "gbm")

    def log_likelihood(theta):
        volatility, drift = theta
        mean = (drift - 0.5 * volatility**2) * STEPS
        return stats.norm.logpdf(np.diff(LOGS), mean, volatility * np.sqrt(STEPS)).sum()

    other = maximise(
        log_likelihood,
        parameters=[FreeParameter(name="volatility", low=0.0), FreeParameter(name="drift")],
        starts=[{"volatility": 0.5, "drift": 0.0}],
    )

    # Differences over finite steps are good to some 1e-4.
    assert found.covariance == pytest.approx(other.covariance, rel=2e-3)
    assert [item.standard_error for item in found.parameters] == pytest.approx(
        np.sqrt(np.diag(found.covariance)), rel=1e-12
    )


def test_schwartz_is_the_best_transition_likelihood():
    found = fit(HISTORY, "schwartz")
    at = found.values

    def cost(theta):
        return -transition_log_likelihood(math.exp(theta[0]), math.exp(theta[1]), theta[2])

    other = optimize.minimize(cost, [0.5, -1.0, 4.0], method="Nelder-Mead", options={"xatol": 1e-9})

    assert found.log_likelihood == pytest.approx(-other.fun, abs=1e-6)
    assert found.log_likelihood == pytest.approx(
        transition_log_likelihood(at["mean_reversion"], at["volatility"], at["long_run_log_mean"]),
        abs=1e-8,
    )
    assert at["mean_reversion"] == pytest.approx(math.exp(other.x[0]), rel=1e-3)


def test_schwartz_on_regular_dates_is_the_regression_on_the_price_before():
    draws = np.random.default_rng(3).standard_normal(80)
    steps = np.full(80, 73 / 365.0)
    logs = reverting(1.2, 0.3, 3.9, 3.6, steps, draws)
    dates = np.datetime64("2005-01-01") + 73 * np.arange(81)
    history = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.exp(logs))
    line = stats.linregress(logs[:-1], logs[1:])
    left = logs[1:] - line.intercept - line.slope * logs[:-1]
    speed = -math.log(line.slope) / 0.2
    volatility = math.sqrt(np.mean(left**2) * 2.0 * speed / (1.0 - line.slope**2))

    found = fit(history, "schwartz")

    assert found["mean_reversion"].value == pytest.approx(speed, rel=1e-6)
    assert found["volatility"].value == pytest.approx(volatility, rel=1e-6)
    assert found["long_run_log_mean"].value == pytest.approx(
        line.intercept / (1.0 - line.slope), rel=1e-6
    )
    # The standard error of the slope carries over to the speed by its derivative; the regression
    # divides by n - 2, the likelihood by n.
    expected = line.stderr / line.slope / 0.2 * math.sqrt(78 / 80)
    assert found["mean_reversion"].standard_error == pytest.approx(expected, rel=0.01)


def test_half_life_is_the_inverse_with_its_ends_exchanged():
    found = fit(HISTORY, "schwartz")
    speed, half_life = found["mean_reversion"], found.half_life

    assert half_life.value == pytest.approx(12 * math.log(2) / speed.value)
    assert half_life.low == pytest.approx(12 * math.log(2) / speed.high)
    # The interval of the speed begins at none, which halves nothing.
    assert (speed.low, half_life.high) == (0.0, math.inf)
    assert half_life.unit == "months"
    assert fit(HISTORY, "gbm").half_life is None


def test_criteria_by_hand():
    found = fit(HISTORY, "schwartz")

    assert found.aic == pytest.approx(6.0 - 2.0 * found.log_likelihood)
    assert found.bic == pytest.approx(3.0 * math.log(129) - 2.0 * found.log_likelihood)
    assert found.n_observations == 129


def test_residuals_are_standardised():
    for kind in ("gbm", "schwartz"):
        found = fit(HISTORY, kind)
        # Maximum likelihood sets the mean square to one exactly.
        assert np.mean(found.residuals**2) == pytest.approx(1.0, rel=1e-9)
        assert found.residual_dates.tolist() == HISTORY.dates[1:].tolist()


def test_model_around_a_curve_and_without():
    found = fit(HISTORY, "schwartz")
    curve = ForwardCurve.flat(60.0)
    alone = found.to_model("ndpr")

    assert alone.mean_reversion == found["mean_reversion"].value
    assert alone.spot == HISTORY.prices[-1]
    # Far away the mean is exp(level + variance / 2).
    at = found.values
    variance = at["volatility"] ** 2 / (2.0 * at["mean_reversion"])
    expected = math.exp(at["long_run_log_mean"] + 0.5 * variance)
    assert float(alone.forward(200.0)) == pytest.approx(expected, rel=1e-9)
    assert float(found.to_model("ndpr", curve).forward(2.0)) == 60.0


def test_override_keeps_estimate_and_reason():
    found = fit(HISTORY, "schwartz")
    changed = found.overridden(mean_reversion=0.3, reason="as the ministry's study has it")
    again = changed.overridden(mean_reversion=0.4, reason="second thoughts")

    assert changed["mean_reversion"].value == 0.3
    assert math.isnan(changed["mean_reversion"].standard_error)
    assert again.overrides[0].estimate == found["mean_reversion"].value
    assert len(again.overrides) == 1
    assert "second thoughts" in again.fragment()
    assert "second thoughts" in [row["reason"] for row in again.rows()]
    assert again.to_model().mean_reversion == 0.4
    assert found["mean_reversion"].value != 0.3


@pytest.mark.parametrize(
    ("values", "reason", "said"),
    [
        ({"speed": 1.0}, "why", "overrides must be of mean_reversion"),
        ({"long_run_price": 1.0}, "why", "overrides must be of mean_reversion"),
        ({"volatility": 0.3}, " ", "reason must be a non-empty text"),
        ({"volatility": math.nan}, "why", "volatility must be a finite number"),
        ({"volatility": -0.3}, "why", "volatility must be between 0 and inf, got -0.3"),
        ({"mean_reversion": -1.0}, "why", "mean_reversion must be between 0 and inf, got -1.0"),
        ({}, "why", "must be given a parameter"),
    ],
)
def test_bad_override_is_refused(values, reason, said):
    with pytest.raises(ValueError, match=said):
        fit(HISTORY, "schwartz").overridden(reason=reason, **values)


def test_random_walk_is_said_not_to_revert():
    logs = 4.0 + 0.08 * np.cumsum(np.random.default_rng(5).standard_normal(130))
    history = PriceHistory(name="ndpr", unit="USD/kg", dates=DATES, prices=np.exp(logs))
    found = fit(history, "schwartz")

    assert found["mean_reversion"].low == 0.0
    assert any("mean_reversion is" in text and "identified" in text for text in found.warnings)
    assert any("long_run_log_mean is not identified" in text for text in found.warnings)


def test_reverting_price_is_not_warned_about():
    draws = np.random.default_rng(8).standard_normal(400)
    dates = np.datetime64("1990-01-01") + 30 * np.arange(401)
    logs = reverting(3.0, 0.4, 4.0, 4.0, np.full(400, 30 / 365), draws)
    found = fit(
        PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.exp(logs)), "schwartz"
    )

    assert found.warnings == ()
    assert found["mean_reversion"].low > 1.0


def covered(kind, truth, make, n_seeds):
    hits = dict.fromkeys(truth, 0)
    for seed in range(n_seeds):
        dates, logs = make(np.random.default_rng(1000 + seed))
        history = PriceHistory(name="x", unit="USD/kg", dates=dates, prices=np.exp(logs))
        found = fit(history, kind)
        for name, value in truth.items():
            hits[name] += found[name].low <= value <= found[name].high
    return {name: count / n_seeds for name, count in hits.items()}


def irregular(rng, n):
    return np.datetime64("2010-01-01") + np.cumsum(rng.integers(15, 50, n))


def test_intervals_of_gbm_hold_what_they_say():
    def make(rng):
        dates = irregular(rng, 60)
        steps = np.diff(dates).astype(float) / 365.0
        changes = (0.05 - 0.5 * 0.3**2) * steps + 0.3 * np.sqrt(steps) * rng.standard_normal(59)
        return dates, 4.0 + np.append(0.0, np.cumsum(changes))

    shares = covered("gbm", {"volatility": 0.3, "drift": 0.05}, make, 600)

    # 95% of 600 has a standard error of 0.9%.
    assert all(0.92 <= share <= 0.98 for share in shares.values()), shares


def test_intervals_of_schwartz_hold_what_they_say():
    truth = {"mean_reversion": 0.6, "volatility": 0.3, "long_run_log_mean": 4.0}

    def make(rng):
        dates = irregular(rng, 60)
        steps = np.diff(dates).astype(float) / 365.0
        first = 4.0 + 0.3 / math.sqrt(1.2) * rng.standard_normal()
        return dates, reverting(0.6, 0.3, 4.0, first, steps, rng.standard_normal(59))

    shares = covered("schwartz", truth, make, 100)

    # 95% of 100 has a standard error of 2.2%; the level's interval is wider than it need be.
    assert all(share >= 0.89 for share in shares.values()), shares
    assert shares["mean_reversion"] <= 0.995
