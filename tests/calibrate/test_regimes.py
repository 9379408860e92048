"""Regimes fitted to a history: the likelihood against statsmodels, the truth, and bad histories."""

import math
import warnings

import numpy as np
import pytest

from contracts.amend import amend_market
from contracts.catalogue import load_market
from contracts.yaml_document import read_document
from montecarlo import (
    ForwardCurve,
    Regime,
    RegimeSwitching,
    TimeGrid,
    Transition,
    simulate_paths,
)
from montecarlo.calibrate import PriceHistory, fit, fit_regimes, generator_of, regime_probabilities
from montecarlo.calibrate.generator import stationary, step_probabilities
from montecarlo.calibrate.hamilton_filter import expected_switches, smooth_regimes
from montecarlo.calibrate.regime_likelihood import LEAST_SHARE, RegimeLikelihood

TRUTH = RegimeSwitching(
    name="ndpr",
    mean_reversion=0.0,
    regimes=(
        Regime(name="calm", volatility=0.15, drift=0.05),
        Regime(name="volatile", volatility=0.6, drift=0.1),
    ),
    transitions=(
        Transition(leaving="calm", entering="volatile", intensity=0.8),
        Transition(leaving="volatile", entering="calm", intensity=2.0),
    ),
    initial={"calm": 5 / 7, "volatile": 2 / 7},
    spot=50.0,
)
WEEKS = np.datetime64("2010-01-04") + 7 * np.arange(521)


def histories(model, dates, seeds):
    grid = TimeGrid(dates[0], dates)
    paths = simulate_paths(model, grid, n_paths=seeds, seed=77)["ndpr"]
    return [PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=row) for row in paths.T]


HISTORY = histories(TRUTH, WEEKS, 1)[0]
FOUND = fit_regimes(HISTORY)


def likelihood_of(history, n_regimes=2, is_mean_reverting=False):
    return RegimeLikelihood(
        names=("a", "b", "c", "d")[:n_regimes],
        logs=np.log(history.prices),
        steps=history.steps(),
        is_mean_reverting=is_mean_reverting,
    )


def theta_of(likelihood, start):
    begun = likelihood.starts()[start]
    return np.array([begun[item.name] for item in likelihood.parameters()])


def markov_regression(endog, **options):
    switching = pytest.importorskip("statsmodels.tsa.regime_switching.markov_regression")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return switching.MarkovRegression(endog, switching_variance=True, **options)


class TestLikelihood:
    @pytest.mark.parametrize("start", [0, 2, 4])
    @pytest.mark.parametrize("k", [2, 3])
    def test_drifts_are_those_of_statsmodels(self, start, k):
        """Regular dates: the same filter, from its long-run probabilities on."""
        mine = likelihood_of(HISTORY, k)
        theta = theta_of(mine, start)
        volatility, drift, _, _ = mine.split(theta)
        chances = mine.transitions(theta)[0]
        step = 7.0 / 365.0
        other = markov_regression(np.diff(mine.logs), k_regimes=k)
        # Its transition parameters: the probabilities of going to each regime but the last.
        columns = chances[:, :-1].T.ravel()
        parameters = np.concatenate([columns, drift * step, volatility**2 * step])
        smoothed = smooth_regimes(mine.filtered(theta), mine.transitions(theta))

        assert mine(theta) == pytest.approx(other.loglike(parameters), abs=1e-8)
        np.testing.assert_allclose(
            smoothed, other.smooth(parameters).smoothed_marginal_probabilities, atol=1e-9
        )

    def test_levels_are_those_of_statsmodels(self):
        """Mean reversion is a regression on the price before, its slope in all regimes alike."""
        mine = likelihood_of(HISTORY, 2, is_mean_reverting=True)
        theta = theta_of(mine, 2)
        volatility, level, _, speed = mine.split(theta)
        step = 7.0 / 365.0
        fade = math.exp(-speed * step)
        variance = volatility**2 * (1.0 - fade**2) / (2.0 * speed)
        chances = mine.transitions(theta)[0]
        other = markov_regression(
            mine.logs[1:], k_regimes=2, exog=mine.logs[:-1], switching_exog=False
        )
        parameters = [*chances[:, 0], *(level * (1.0 - fade)), fade, *variance]

        assert mine(theta) == pytest.approx(other.loglike(parameters), abs=1e-7)

    @pytest.mark.parametrize("k", [2, 3])
    @pytest.mark.parametrize("is_mean_reverting", [False, True])
    def test_slopes_are_differences(self, k, is_mean_reverting):
        dates = WEEKS[0] + np.cumsum(np.array([7, 8, 14])[np.arange(120) * 7 % 11 % 3])
        history = PriceHistory(
            name="ndpr", unit="USD/kg", dates=dates, prices=HISTORY.prices[200:320]
        )
        mine = likelihood_of(history, k, is_mean_reverting)
        theta = theta_of(mine, 4)
        value, slopes = mine.score(theta)
        differences = []
        for i in range(theta.size):
            step = 1e-6 * max(abs(theta[i]), 1e-2)
            ends = [mine(theta + sign * step * np.eye(theta.size)[i]) for sign in (1.0, -1.0)]
            differences.append((ends[0] - ends[1]) / (2.0 * step))

        assert value == mine(theta)
        np.testing.assert_allclose(slopes, differences, rtol=1e-5, atol=1e-6)

    def test_expected_switches_add_up(self):
        """From one regime to itself or another: as many as there are steps less one."""
        mine = likelihood_of(HISTORY)
        theta = theta_of(mine, 1)
        found = mine.filtered(theta)
        smoothed = smooth_regimes(found, mine.transitions(theta))
        switches = expected_switches(found, smoothed, mine.transitions(theta))
        stays = smoothed[:-1].sum(axis=0) - switches.sum(axis=1)

        assert stays.sum() + switches.sum() == pytest.approx(HISTORY.prices.size - 2)
        # In and out of a regime differ by where the series begins and ends.
        gap = switches[0, 1] - switches[1, 0]
        assert gap == pytest.approx(smoothed[-1, 1] - smoothed[0, 1], abs=1e-9)


class TestGenerator:
    def test_two_regimes_by_hand(self):
        r"""The chance of leaving is a/(a + b)(1 - e^{-(a + b) t}), in the long run a/(a + b)."""
        generator = np.array([[-0.8, 0.8], [2.0, -2.0]])
        leaving = 0.8 / 2.8 * (1.0 - np.exp(-2.8 * 0.25))
        chances = step_probabilities(generator, np.array([0.25, 0.25, 1.0]))

        assert chances[0, 0, 1] == pytest.approx(leaving, rel=1e-14)
        np.testing.assert_array_equal(chances[0], chances[1])
        np.testing.assert_allclose(stationary(generator), [2.0 / 2.8, 0.8 / 2.8], rtol=1e-15)

    def test_probabilities_lead_back_to_intensities(self):
        generator = np.array([[-1.0, 0.7, 0.3], [0.2, -0.5, 0.3], [2.0, 1.0, -3.0]])
        chances = step_probabilities(generator, np.array([0.1]))[0]

        np.testing.assert_allclose(generator_of(chances, 0.1), generator, atol=1e-12)
        np.testing.assert_allclose(stationary(generator) @ chances, stationary(generator))

    @pytest.mark.parametrize(
        ("chances", "message"),
        [
            ([[0.9, 0.2], [0.1, 0.9]], "must be positive and add up to 1, got"),
            ([[1.1, -0.1], [0.1, 0.9]], "must be positive and add up to 1, got"),
            ([[0.9, 0.1]], "must be a square matrix, got shape"),
            # To the third only by way of the second, and yet never two switches in a step.
            ([[0.8, 0.2, 0.0], [0.0, 0.8, 0.2], [0.2, 0.0, 0.8]], "has the intensity -"),
            ([[0.2, 0.8], [0.9, 0.1]], "is not real: regimes alternate"),
        ],
    )
    def test_what_is_no_chain_is_refused(self, chances, message):
        with pytest.raises(ValueError, match=message):
            generator_of(chances, 0.1)


class TestFit:
    def test_no_other_place_is_higher(self):
        """statsmodels' own search ends where ours does."""
        other = markov_regression(np.diff(np.log(HISTORY.prices)), k_regimes=2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = other.fit(disp=False).llf

        assert FOUND.log_likelihood >= theirs - 1e-6
        assert FOUND.log_likelihood == pytest.approx(theirs, abs=1e-4)
        reached = [start.log_likelihood for start in FOUND.starts]
        assert max(reached) - FOUND.log_likelihood < 1e-6

    def test_the_truth_is_within_its_intervals(self):
        """Five histories of ten years: of 20 intervals of volatility and intensity, 16 at least.

        A binomial with 95% gives fewer with probability 0.3%.
        """
        truth = {
            "volatility_calm": 0.15,
            "volatility_volatile": 0.6,
            "intensity_calm_to_volatile": 0.8,
            "intensity_volatile_to_calm": 2.0,
        }
        held = 0
        for history in histories(TRUTH, WEEKS, 5):
            found = fit(history, "regime-switching", n_starts=2)
            held += sum(found[name].low < value < found[name].high for name, value in truth.items())

        assert held >= 16

    def test_regimes_are_seen_where_they_were(self):
        grid = TimeGrid(WEEKS[0], WEEKS)
        states = TRUTH.regimes_on(grid, n_paths=1, seed=77)[1:, 0]
        chances = regime_probabilities(FOUND, HISTORY)

        assert chances.shape == (520, 2)
        np.testing.assert_allclose(chances.sum(axis=1), 1.0)
        assert ((chances[:, 1] > 0.5) == (states == 1)).mean() > 0.9

    def test_residuals_are_normal(self):
        kurtosis = ((FOUND.residuals - FOUND.residuals.mean()) ** 4).mean() / (
            FOUND.residuals.var() ** 2
        )

        assert abs(FOUND.residuals.std() - 1.0) < 4.0 / math.sqrt(2 * 520)
        assert abs(kurtosis - 3.0) < 4.0 * math.sqrt(24.0 / 520)

    def test_it_gives_a_model(self):
        model = FOUND.to_model()
        around = FOUND.to_model(forward_curve=ForwardCurve.flat(60.0))
        last = float(HISTORY.prices[-1])

        assert isinstance(model, RegimeSwitching)
        assert model.forward([0.0])[0] == pytest.approx(last, rel=1e-14)
        assert around.forward([3.0])[0] == 60.0
        assert sum(dict(model.initial).values()) == pytest.approx(1.0, abs=1e-12)
        calm = next(one for one in model.regimes if one.name == "calm")
        log_drift = FOUND["log_drift_calm"].value
        assert calm.drift - 0.5 * calm.volatility**2 == pytest.approx(log_drift, rel=1e-12)

    def test_a_level_is_relative_to_the_calmest(self):
        model = RegimeSwitching(
            name="ndpr",
            mean_reversion=4.0,
            regimes=(
                Regime(name="open", volatility=0.15),
                Regime(name="embargo", volatility=0.5, log_level=0.8),
            ),
            transitions=(
                Transition(leaving="open", entering="embargo", intensity=0.5),
                Transition(leaving="embargo", entering="open", intensity=1.0),
            ),
            initial="open",
            spot=50.0,
            long_run_log_mean=4.0,
        )
        history = histories(model, WEEKS, 1)[0]
        found = fit_regimes(history, is_mean_reverting=True, n_starts=3)
        made = found.to_model()
        names = [one.name for one in made.regimes]

        assert names == ["calm", "volatile"]
        assert made.regimes[0].log_level == 0.0
        assert made.long_run_log_mean == found["log_level_calm"].value
        for name, level in (("calm", 4.0), ("volatile", 4.8)):
            estimate = found[f"log_level_{name}"]
            assert abs(estimate.value - level) < 3.5 * estimate.standard_error
        assert made.forward([0.0])[0] == pytest.approx(float(history.prices[-1]), rel=1e-12)

    def test_the_fragment_can_be_pasted(self, tmp_path):
        file = tmp_path / "fragment.yaml"
        file.write_text(FOUND.fragment(), encoding="utf-8")
        terms = read_document(file).terms["model"]
        market = load_market("critical-minerals-2025-07-10")
        pasted = amend_market(market, {"commodities[ndpr-oxide].model": terms})
        model = pasted.commodity("ndpr-oxide").price_model()

        assert model.regimes[1].volatility == pytest.approx(
            FOUND["volatility_volatile"].value, rel=1e-5
        )
        assert dict(model.initial) == pytest.approx(dict(FOUND.structure["initial"]))

    def test_an_override_reaches_the_model(self):
        changed = FOUND.overridden(reason="the embargo of 2010", intensity_calm_to_volatile=0.3)

        assert changed.model_terms()["transitions"]["calm"]["volatile"] == 0.3


def moved_by(changes):
    logs = np.cumsum(np.append(4.0, changes))
    return PriceHistory(name="x", unit="USD/kg", dates=WEEKS[: logs.size], prices=np.exp(logs))


def test_three_regimes_have_the_intervals_that_are_asked_for():
    """Those of the likelihood take several times as long, so that they are not the default."""
    likelihood = likelihood_of(HISTORY, 3)
    found = fit_regimes(HISTORY, n_regimes=3, n_starts=1)
    kinds = {item.interval for item in found.parameters[: len(likelihood.parameters())]}

    assert kinds == {"normal", "normal, on a scale without limits"}
    assert {item.interval for item in FOUND.parameters[:6]} == {"profile"}


class TestWarnings:
    def test_one_regime_would_do(self):
        plain = np.random.default_rng(4).normal(size=300) * 0.03
        history = moved_by(plain)
        found = fit_regimes(history)

        assert any(text.startswith("one regime would do: BIC") for text in found.warnings)

    def test_unchanged_quotes_have_no_highest_likelihood(self):
        """Quotes that stand for weeks: the calm regime would like to have no volatility."""
        moves = np.random.default_rng(5).normal(size=200) * 0.04 * (np.arange(200) % 20 < 6)
        history = moved_by(moves)
        found = fit_regimes(history)
        said = [text for text in found.warnings if "no highest point" in text]

        assert said
        assert "since 70% of changes are zero" in said[0]
        overall = math.sqrt(np.mean(moves**2) * 365.0 / 7.0)
        assert found["volatility_calm"].value == pytest.approx(LEAST_SHARE * overall, rel=0.06)

    def test_a_single_leap_is_no_regime(self):
        moves = np.random.default_rng(6).normal(size=200) * 0.02
        moves[90] += 1.0
        history = moved_by(moves)
        found = fit_regimes(history)

        # The likeliest regime of all is the leap itself, as sharp as the limit allows.
        assert found["log_drift_calm"].value == pytest.approx(moves[90] * 365.0 / 7.0, rel=0.02)
        assert "the regime calm rests on 1.0 of 200 changes" in found.warnings
        assert "intensity_volatile_to_calm rests on 1.0 switches" in found.warnings
        assert sum("no highest point" in text for text in found.warnings) == 1


@pytest.mark.parametrize(
    ("prices", "options", "message"),
    [
        (np.arange(1.0, 15.0), {}, "must have at least 19 prices for this model, got 14"),
        (np.full(100, 50.0), {}, "must move for a model to be fitted"),
        (np.arange(-3.0, 60.0), {}, "must be above zero for a model of its logarithm"),
        (np.arange(1.0, 60.0), {"n_regimes": 1}, r"n_regimes must be an integer in \[2, 4\]"),
        (np.arange(1.0, 60.0), {"n_starts": 0}, r"n_starts must be an integer in \[1, 5\]"),
    ],
)
def test_a_bad_history_is_refused(prices, options, message):
    history = PriceHistory(name="ndpr", unit="USD/kg", dates=WEEKS[: prices.size], prices=prices)
    with pytest.raises(ValueError, match=message):
        fit_regimes(history, **options)
