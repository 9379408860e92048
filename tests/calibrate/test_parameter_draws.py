"""Draws of parameters: their mean, spread and correlation, and the bootstrap against theory."""

import math

import numpy as np
import pytest

from montecarlo.calibrate import EstimatedParameter, PriceHistory, fit
from montecarlo.calibrate.parameter_draws import draw_parameters
from montecarlo.calibrate.parameters import limits_of

N_MONTHS = 120


def monthly(logs, **more):
    months = np.arange(logs.size) + np.datetime64("2010-01", "M").astype(int)
    dates = months.astype("datetime64[M]").astype("datetime64[D]")
    return PriceHistory(name="x", unit="USD/kg", dates=dates, prices=np.exp(logs), **more)


@pytest.fixture(scope="module")
def walk():
    rng = np.random.default_rng(6)
    return monthly(4.0 + np.cumsum(0.09 * rng.normal(size=N_MONTHS)))


@pytest.fixture(scope="module")
def reverting():
    rng = np.random.default_rng(9)
    logs = np.empty(N_MONTHS)
    logs[0] = 4.0
    for i in range(1, N_MONTHS):
        logs[i] = 4.0 + math.exp(-1.2 / 12) * (logs[i - 1] - 4.0) + 0.09 * rng.normal()
    return monthly(logs)


def test_asymptotic_draws_have_the_covariance_of_the_fit(reverting):
    found = fit(reverting, "schwartz")
    draws = draw_parameters(found, 40_000)
    speed, level = draws.values["mean_reversion"], draws.values["long_run_log_mean"]
    relative = found["mean_reversion"].standard_error / found["mean_reversion"].value

    # Four standard errors of a mean and of a deviation of 40,000 normals.
    logs = np.log(speed)
    assert abs(logs.mean() - math.log(found["mean_reversion"].value)) < 4 * relative / 200
    assert logs.std() == pytest.approx(relative, rel=4 / math.sqrt(80_000))
    assert level.std() == pytest.approx(found["long_run_log_mean"].standard_error, rel=0.015)
    seen = np.corrcoef(logs, level)[0, 1]
    assert abs(seen - found.correlation[0, 2]) < 4 / 200
    assert speed.min() > 0.0


def test_draws_are_the_same_from_the_same_seed_however_many(walk):
    found = fit(walk, "gbm")
    few, many = draw_parameters(found, 5, seed=4), draw_parameters(found, 50, seed=4)

    assert few.values["drift"].tolist() == many.values["drift"][:5].tolist()
    assert few.values["drift"][0] != draw_parameters(found, 5, seed=5).values["drift"][0]


def test_fits_hold_the_draws_and_make_models(reverting):
    draws = draw_parameters(fit(reverting, "schwartz"), 4)
    fits = list(draws.fits())

    assert len(fits) == len(draws) == 4
    for k, drawn in enumerate(fits):
        assert drawn["mean_reversion"].value == draws.values["mean_reversion"][k]
        assert drawn.to_model().volatility == draws.values["volatility"][k]
        # The long-run price follows from a parameter that was drawn: it would be stale.
        assert "long_run_price" not in drawn.values


def test_what_was_set_by_hand_is_not_drawn(reverting):
    found = fit(reverting, "schwartz")
    fixed = found.overridden(mean_reversion=1.0, reason="the market says so")
    draws = draw_parameters(fixed, 20_000)
    free = draw_parameters(found, 20_000)

    assert set(draws.values["mean_reversion"]) == {1.0}
    # Given one, the others vary less: the covariance less what the known one explains.
    slope = found.covariance[1, 0] / found.covariance[0, 0]
    left = math.sqrt(found.covariance[1, 1] - slope * found.covariance[1, 0])
    relative = left / found["volatility"].value
    assert np.log(draws.values["volatility"]).std() == pytest.approx(relative, rel=0.02)
    assert draws.values["volatility"].std() < free.values["volatility"].std()


@pytest.mark.parametrize("way", ["bootstrap", "reflected"])
def test_bootstrap_of_brownian_motion_has_the_law_of_its_estimates(walk, way):
    found = fit(walk, "gbm")
    draws = draw_parameters(found, 400, way=way, history=walk)
    n = N_MONTHS - 1

    # The estimated variance over the true one is chi-squared on n - 1, over n; turned round it is
    # the inverse, whose mean is n/(n - 3).
    ratio = (draws.values["volatility"] / found["volatility"].value) ** 2
    expected = (n - 1) / n if way == "bootstrap" else n / (n - 3)
    assert abs(ratio.mean() - expected) < 4.0 * math.sqrt(2.0 / n / 400)
    assert draws.values["volatility"].std() == pytest.approx(
        found["volatility"].standard_error, rel=4 / math.sqrt(800)
    )
    assert draws.values["drift"].std() == pytest.approx(
        found["drift"].standard_error, rel=4 / math.sqrt(800)
    )


def test_reflection_takes_the_bias_of_mean_reversion_off(reverting):
    found = fit(reverting, "schwartz")
    plain = draw_parameters(found, 150, way="bootstrap", history=reverting)
    turned = draw_parameters(found, 150, way="reflected", history=reverting)
    centre = found["mean_reversion"].value

    # Ten years: the estimate is too high by about 4/10 (Tang and Chen 2009).
    assert np.median(plain.values["mean_reversion"]) > centre + 0.1
    assert np.median(turned.values["mean_reversion"]) < centre - 0.1
    assert np.median(turned.values["mean_reversion"]) == pytest.approx(
        found["mean_reversion_median_unbiased"].value, rel=0.3
    )
    product = plain.values["mean_reversion"] * turned.values["mean_reversion"]
    assert product == pytest.approx(np.full(150, centre**2))


def test_bootstrap_of_averages_is_of_averages():
    days = np.datetime64("2010-01-01") + np.arange(3650)
    rng = np.random.default_rng(6)
    logs = 4.0 + np.cumsum(0.3 / math.sqrt(365) * rng.normal(size=days.size))
    daily = PriceHistory(name="x", unit="USD/kg", dates=days, prices=np.exp(logs))
    found = fit(daily, "gbm", horizon="quarter-average")
    draws = draw_parameters(found, 200, way="bootstrap", history=daily)

    # Were the histories not averaged, the fit, which counts the averaging, would find
    # a volatility too high by sqrt(3/2).
    error = draws.values["volatility"].std() / math.sqrt(200)
    assert abs(draws.values["volatility"].mean() / found["volatility"].value - 1.0) < 0.05
    assert error < 0.01


def test_bootstrap_runs_on_the_clock_of_the_history():
    rng = np.random.default_rng(4)
    days = np.busday_offset("2018-01-01", np.arange(500), roll="forward")
    logs = 4.0 + np.cumsum(0.02 * rng.normal(size=days.size))
    history = PriceHistory(name="x", unit="USD/kg", dates=days, prices=np.exp(logs)).by_weekdays()
    found = fit(history, "gbm")
    draws = draw_parameters(found, 300, way="bootstrap", history=history)

    # 499 changes of one variance; 4.1% is the error of a deviation of 300 draws. Were one change in
    # five three days long, it would be sqrt(5 x (4 + 9)) / (4 + 3) - 1 = 15% larger.
    relative = draws.values["volatility"].std() / found["volatility"].value
    assert relative == pytest.approx(1.0 / math.sqrt(2 * 499), rel=0.09)


def test_bootstrap_keeps_what_was_set_by_hand(walk):
    fixed = fit(walk, "gbm").overridden(drift=0.0, reason="no view")
    draws = draw_parameters(fixed, 5, way="reflected", history=walk)

    assert set(draws.values["drift"]) == {0.0}
    assert len(set(draws.values["volatility"])) == 5


def test_vague_parameter_is_warned_of(walk):
    found = fit(walk, "schwartz")
    draws = draw_parameters(found, 5)

    assert found["mean_reversion"].standard_error > 0.5 * found["mean_reversion"].value
    assert "mean_reversion has a relative standard error" in draws.warnings[0]


@pytest.mark.parametrize(
    ("name", "unit", "low", "high"),
    [
        ("volatility", "1/sqrt(yr)", 0.0, math.inf),
        ("mean_reversion", "1/yr", 0.0, math.inf),
        ("mean_reversion[1]", "1/yr", 0.0, math.inf),
        ("jump_intensity", "1/yr", 0.0, math.inf),
        ("correlation[1][0]", "", -1.0, 1.0),
        ("drift", "1/yr", -math.inf, math.inf),
        ("risk_premium", "1/yr", -math.inf, math.inf),
        ("jump_mean", "", -math.inf, math.inf),
    ],
)
def test_limits_by_name_and_unit(name, unit, low, high):
    item = EstimatedParameter(
        name=name, value=0.1, unit=unit, standard_error=0.1, low=0.0, high=0.2
    )

    assert (limits_of(item).low, limits_of(item).high) == (low, high)


def test_bad_questions_are_refused(walk, reverting):
    found = fit(walk, "gbm")

    with pytest.raises(ValueError, match="way must be one of asymptotic, bootstrap, reflected"):
        draw_parameters(found, 10, way="bayes")
    with pytest.raises(ValueError, match=r"n_draws must be an integer in \[2, 1000000\], got 1"):
        draw_parameters(found, 1)
    with pytest.raises(ValueError, match="history must be given for way 'bootstrap'"):
        draw_parameters(found, 10, way="bootstrap")
    with pytest.raises(ValueError, match="history must be the one that was fitted"):
        draw_parameters(found, 10, way="bootstrap", history=reverting)


def test_parameter_without_a_standard_error_is_refused(walk):
    from dataclasses import replace

    found = replace(fit(walk, "gbm"), covariance=np.diag([math.nan, 0.01]))

    with pytest.raises(ValueError, match=r"must be identified to be drawn.*volatility"):
        draw_parameters(found, 10)


def test_history_that_cannot_be_refitted_is_counted(walk, monkeypatch):
    import montecarlo.calibrate.parameter_draws as home

    real, calls = home.fit_kind, []

    def sometimes(history, kind, **options):
        calls.append(kind)
        if len(calls) % 8 == 0:
            msg = "no luck"
            raise ValueError(msg)
        return real(history, kind, **options)

    monkeypatch.setattr(home, "fit_kind", sometimes)
    draws = draw_parameters(fit(walk, "gbm"), 16, way="bootstrap", history=walk)

    assert len(draws) == 14
    assert "2 of 16 simulated histories could not be fitted" in draws.warnings[0]
    monkeypatch.setattr(
        home, "fit_kind", lambda *_, **__: real(walk.window("2010-01-01", "2010-02-01"), "gbm")
    )
    with pytest.raises(ValueError, match="at least 80% of 16 simulated histories must be fitted"):
        draw_parameters(fit(walk, "gbm"), 16, way="bootstrap", history=walk)
