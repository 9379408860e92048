"""Prices that jump, fitted: likelihood against outside densities, recovery, pitfalls, refusals."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from montecarlo import JumpDiffusion, Merton
from montecarlo.calibrate import PriceHistory, compare, fit, fit_jump_diffusion, fit_merton
from montecarlo.calibrate.jump_diffusion import _warning_of_ratio
from montecarlo.calibrate.jump_likelihood import JumpLikelihood, JumpParameters
from montecarlo.calibrate.jump_search import Climb
from montecarlo.calibrate.jump_setting import setting_of

STEP = 30 / 365
TRUTH = {
    "volatility": 0.15,
    "jump_intensity": 1.2,
    "jump_mean": 0.35,
    "jump_volatility": 0.1,
    "drift": 0.05,
}


def history(seed, n=240, kappa=0.0, level=3.9, truth=TRUTH):
    """Months of 30 days; jumps at their own moments, by NumPy's generator."""
    rng = np.random.default_rng(seed)
    size = math.expm1(truth["jump_mean"] + 0.5 * truth["jump_volatility"] ** 2)
    drift = truth["drift"] - 0.5 * truth["volatility"] ** 2 - truth["jump_intensity"] * size
    logs = [4.0]
    for _ in range(n):
        count = rng.poisson(truth["jump_intensity"] * STEP)
        left = np.exp(-kappa * STEP * rng.random(count))
        jumps = rng.normal(truth["jump_mean"], truth["jump_volatility"], count)
        if kappa:
            fade = math.exp(-kappa * STEP)
            spread = truth["volatility"] * math.sqrt((1.0 - fade**2) / (2.0 * kappa))
            mean = level + fade * (logs[-1] - level)
        else:
            spread, mean = truth["volatility"] * math.sqrt(STEP), logs[-1] + drift * STEP
        logs.append(mean + spread * rng.normal() + float(np.sum(left * jumps)))
    return PriceHistory(
        name="ndpr",
        unit="USD/kg",
        dates=np.datetime64("1990-01-01") + 30 * np.arange(n + 1),
        prices=np.exp(logs),
    )


def trial(**changes):
    terms = {
        "mean_reversion": 0.0,
        "volatility": 0.2,
        "jump_intensity": 1.5,
        "jump_mean": 0.25,
        "jump_volatility": 0.12,
        "pull": 0.03,
    }
    return JumpParameters(**(terms | changes))


def test_density_without_mean_reversion_is_the_inverse_of_its_characteristic_function():
    r"""exp(i u c - v u^2 / 2 + l (exp(i u m - s^2 u^2 / 2) - 1)), integrated over u."""
    steps = np.array([0.1, 0.4])
    logs = np.array([4.0, 4.2, 3.9])
    found = JumpLikelihood(logs, steps, 12.0).log_densities(trial())
    for i, step in enumerate(steps):
        change = logs[i + 1] - logs[i] - 0.03 * step

        def wave(u, step=step, change=change):
            jump = np.exp(1j * u * 0.25 - 0.5 * (0.12 * u) ** 2) - 1.0
            return np.exp(-0.02 * step * u * u + 1.5 * step * jump - 1j * u * change).real

        exact = integrate.quad(wave, 0.0, 200.0, limit=400, epsabs=1e-12)[0] / math.pi
        assert found[i] == pytest.approx(math.log(exact), abs=1e-8)


@pytest.mark.parametrize(("step", "tolerance"), [(1 / 12, 2e-4), (1 / 4, 2e-3)])
@pytest.mark.parametrize("change", [-0.1, 0.05, 0.25, 0.4])
def test_density_with_mean_reversion_is_the_exact_one(change, step, tolerance):
    """Jumps at uniform moments that fade: the same inverse, with the exponent averaged over them.

    Two jumps in a step are matched in mean and variance only, and come in one month of 150 and in
    one quarter of 18: that costs what the tolerance says.
    """
    kappa, level = 1.0, 3.8
    fade = math.exp(-kappa * step)
    logs = np.array([4.0, level + fade * (4.0 - level) + change])
    at = trial(mean_reversion=kappa, pull=level)
    found = JumpLikelihood(logs, np.array([step]), 12.0).log_densities(at)[0]
    nodes, weights = np.polynomial.legendre.leggauss(40)
    left = np.exp(-kappa * step * 0.5 * (1.0 + nodes))
    variance = 0.2**2 * (1.0 - fade**2) / (2.0 * kappa)

    def wave(u):
        jump = np.exp(1j * u * 0.25 * left - 0.5 * (0.12 * u * left) ** 2) - 1.0
        exponent = 1.5 * step * np.sum(0.5 * weights * jump) - 0.5 * variance * u * u
        return np.exp(exponent - 1j * u * change).real

    exact = integrate.quad(wave, 0.0, 300.0, limit=400, epsabs=1e-12)[0] / math.pi
    assert found == pytest.approx(math.log(exact), abs=tolerance)


def test_likelihood_is_the_sum_of_its_densities_on_uneven_steps():
    """The kernel leaves out numbers of jumps that cannot be seen; NumPy's sum keeps them all."""
    taken = history(2, 60)
    days = np.cumsum(np.random.default_rng(1).integers(1, 200, 61))
    steps = np.diff(days) / 365.0
    for at in (trial(), trial(mean_reversion=0.8, pull=3.9), trial(jump_intensity=9.0)):
        likelihood = JumpLikelihood(np.log(taken.prices), steps, 12.0)
        densities = likelihood.log_densities(at)

        assert likelihood.total(at) == pytest.approx(float(np.sum(densities)), rel=1e-12)


@pytest.mark.parametrize("kind", ["merton", "jump-diffusion"])
def test_slope_in_the_coordinates_is_the_difference_of_likelihoods(kind):
    taken = history(1, 60)
    logs, steps = np.log(taken.prices), taken.steps()
    setting = setting_of(kind, logs, steps)
    values = np.array([0.2, 1.5, 0.25, 0.12, 0.03])
    if kind == "jump-diffusion":
        values = np.append([0.7], values) + np.append(np.zeros(5), 3.9)
    for coordinates in (setting.searched, setting.stated):
        climb = Climb(coordinates, JumpLikelihood(logs, steps, 12.0), setting.typical)
        places = coordinates.unlimited(values)
        slope = -climb.cost(places)[1]
        for i in range(values.size):
            ends = []
            for by in (1e-5, -1e-5):
                moved = places.copy()
                moved[i] += by
                ends.append(climb.height(moved))

            assert slope[i] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-4)
    restated = setting.restate(values)
    assert setting.searched.read(values).pull == pytest.approx(setting.stated.read(restated).pull)


@pytest.mark.parametrize("kappa", [0.0, 0.7])
def test_slope_is_the_difference_of_likelihoods(kappa):
    taken = history(1, 60)
    likelihood = JumpLikelihood(np.log(taken.prices), taken.steps(), 12.0)
    at = trial(mean_reversion=kappa, pull=0.05 if kappa == 0.0 else 3.9)
    total, slope = likelihood.total_and_slope(at)
    values = at.as_array()
    for i in range(6):
        if i == 0 and kappa == 0.0:
            continue
        step = 1e-5 * max(abs(values[i]), 0.1)
        ends = [likelihood.total(_moved(at, i, by)) for by in (step, -step)]

        assert slope[i] == pytest.approx((ends[0] - ends[1]) / (2.0 * step), rel=1e-4, abs=1e-4)
    assert total == pytest.approx(likelihood.total(at), rel=1e-14)


def _moved(at, i, by):
    names = list(JumpParameters.__dataclass_fields__)
    return JumpParameters(**{
        name: value + by * (name == names[i])
        for name, value in zip(names, at.as_array(), strict=True)
    })  # fmt: skip


def test_truth_is_recovered_within_its_intervals():
    """Four histories of twenty years: of 20 intervals at 95%, 16 hold the truth but once in 400."""
    held = []
    for seed in range(4):
        found = fit_merton(history(seed))
        held += [found[name].low <= value <= found[name].high for name, value in TRUTH.items()]

    assert sum(held) >= 16


def test_mean_reversion_is_recovered():
    truth = TRUTH | {"volatility": 0.2}
    found = fit_jump_diffusion(history(0, 360, kappa=1.5, truth=truth), is_interval_found=False)
    expected = {"mean_reversion": 1.5, "volatility": 0.2, "jump_intensity": 1.2,
                "jump_mean": 0.35, "long_run_log_mean": 3.9}  # fmt: skip
    for name, value in expected.items():
        assert abs(found[name].value - value) < 3.5 * found[name].standard_error


@pytest.fixture(scope="module")
def fitted():
    return fit_merton(history(3))


def test_result_is_a_model_and_a_fragment(fitted):
    model = fitted.to_model()

    assert isinstance(model, Merton)
    assert model.volatility == fitted["volatility"].value
    assert model.drift == fitted["drift"].value
    # The mean of the log price grows as the fit's likelihood has it: the history's own growth.
    growth = float(model.log_mean(1.0)) - math.log(fitted.last_price)
    taken = history(3)
    own = math.log(taken.prices[-1] / taken.prices[0]) / taken.years()[-1]
    assert growth == pytest.approx(own, abs=0.1 * TRUTH["jump_intensity"])
    assert "kind: merton" in fitted.fragment()
    assert [item.name for item in fitted.parameters] == [*TRUTH]
    assert fitted["volatility"].interval == "profile likelihood"
    assert fitted.n_free == 5


def test_jumps_are_named_and_residuals_are_standard(fitted):
    taken = history(3)
    moves = np.diff(np.log(taken.prices))
    largest = str(taken.dates[1:][moves.argmax()])

    assert any(largest in line and "probably were jumps" in line for line in fitted.notices)
    assert stats.kstest(fitted.residuals, "norm").pvalue > 0.01
    assert abs(fitted.residuals.std() - 1.0) < 0.15


def test_stale_quotes_are_not_mistaken_for_jumps_in_silence():
    """Two thirds of days unchanged: the likelihood wants a diffusion that stands still."""
    rng = np.random.default_rng(4)
    moves = np.where(rng.random(600) < 0.65, 0.0, 0.03 * rng.normal(size=600))
    stale = PriceHistory(
        name="ndpr",
        unit="USD/kg",
        dates=np.datetime64("2020-01-01") + np.arange(601),
        prices=50.0 * np.exp(np.concatenate([[0.0], np.cumsum(moves)])),
    )
    found = fit_merton(stale, is_interval_found=False)
    plain = fit(stale, "gbm")["volatility"].value

    assert found["volatility"].value >= 0.05 * plain
    assert any("lies at its floor" in line and "% of quotes did not move" in line
               for line in found.warnings)  # fmt: skip
    assert math.isnan(found["volatility"].low)


def test_few_jumps_and_no_jumps_are_said():
    moves = 0.02 * np.cos(2.0 * np.arange(120.0))
    moves[60] = 0.5
    dates = np.datetime64("2010-01-31") + 30 * np.arange(121)
    prices = 50.0 * np.exp(np.concatenate([[0.0], np.cumsum(moves)]))
    one = fit_merton(
        PriceHistory(name="x", unit="USD/kg", dates=dates, prices=prices), is_interval_found=False
    )

    assert any("rest on about 1.0 changes in 9.9 years" in line for line in one.warnings)


def test_likelihood_ratio_without_jumps_is_simulated():
    rng = np.random.default_rng(6)
    dates = np.datetime64("2010-01-31") + 30 * np.arange(61)
    prices = 50.0 * np.exp(np.cumsum(0.05 * rng.normal(size=61)))
    quiet = PriceHistory(name="x", unit="USD/kg", dates=dates, prices=prices)
    found = fit_merton(quiet, n_simulated=3, is_interval_found=False)
    ratios = np.linspace(0.0, 6.0, 39)

    assert any("jumps are not established" in line for line in found.warnings)
    # (1 + 0) / 40 is below 5%; (1 + 13) / 40 is 35%.
    assert _warning_of_ratio(9.0, ratios) == ()
    assert "in 35% of 39 simulated histories" in _warning_of_ratio(4.0, ratios)[0]
    assert "not known" in _warning_of_ratio(9.0, np.empty(0))[0]


def test_it_compares_with_the_others():
    rows = compare(history(3), ["gbm", "merton"]).rows()

    assert [row["model"] for row in rows] == ["merton", "gbm"]
    assert fit(history(3), "jump-diffusion", is_interval_found=False).to_model(
    ).__class__ is JumpDiffusion  # fmt: skip


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        (np.linspace(50, 60, 19), "ndpr must have at least 20 prices for this model, got 19"),
        (np.full(30, 50.0), "ndpr must move for a model to be fitted"),
        (np.append(np.linspace(50, 60, 29), 0.0), "ndpr must be above zero.*2020-01-30"),
    ],
)
def test_bad_histories_are_named(prices, message):
    taken = PriceHistory(
        name="ndpr",
        unit="USD/kg",
        dates=np.datetime64("2020-01-01") + np.arange(len(prices)),
        prices=prices,
    )
    for fitting in (fit_merton, fit_jump_diffusion):
        with pytest.raises(ValueError, match=message):
            fitting(taken)


def test_bad_options_are_named():
    with pytest.raises(ValueError, match="n_simulated must be an integer of at least 0, got -1"):
        fit_merton(history(3, 40), n_simulated=-1)
