"""Regime switching: likelihoods that others published, on their data."""

import ast
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

from montecarlo.calibrate.generator import generator_of
from montecarlo.calibrate.hamilton_filter import filter_regimes
from montecarlo.calibrate.regime_likelihood import RegimeLikelihood


def published(module, name):
    """Return a series that the tests of statsmodels carry; skip where they are not installed.

    It is read, not imported: those tests ask for markers of their own.
    """
    folder = Path(pytest.importorskip("statsmodels").__file__).parent
    file = folder / "tsa" / "regime_switching" / "tests" / f"{module}.py"
    if not file.is_file():
        pytest.skip("statsmodels is installed without its tests")
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return np.array(ast.literal_eval(node.value))
    pytest.skip(f"the tests of statsmodels hold no {name}")


def normal(observed, mean, deviation):
    z = (observed - mean) / deviation
    return -0.5 * z * z - np.log(deviation) - 0.5 * np.log(2.0 * np.pi)


def test_federal_funds_rate():
    """Two levels, one variance: Stata 14, Time-Series manual, mswitch, example 1.

    Parameters are printed to seven digits, which moves the likelihood in the fifth decimal.
    """
    rate = published("test_markov_regression", "fedfunds")
    chances = np.array([[0.9820939, 1.0 - 0.9820939], [0.0503587, 1.0 - 0.0503587]])
    likelihood = RegimeLikelihood(
        names=("low", "high"),
        logs=np.cumsum(np.append(0.0, rate)),
        steps=np.ones(rate.size),
        is_mean_reverting=False,
    )
    generator = generator_of(chances, 1.0)
    theta = [2.107562, 2.107562, 3.70877, 9.556793, generator[0, 1], generator[1, 0]]

    assert likelihood(np.array(theta)) == pytest.approx(-508.63592, abs=1e-4)


def test_stock_returns():
    """Level, slope on the change before and variance switch: Stata 14, mswitch, example 5."""
    change = published("test_markov_regression", "areturns")
    observed, before = change[1:, None], change[:-1, None]
    mean = np.array([0.7641424, 1.972771]) + before * np.array([0.0790744, 0.527953])
    densities = normal(observed, mean, np.array([0.5895792, 1.605333]))
    stay, back = 0.7530865, 0.6825357
    chances = np.array([[stay, 1.0 - stay], [back, 1.0 - back]])
    first = np.array([back, 1.0 - stay]) / (back + 1.0 - stay)
    found = filter_regimes(densities, np.tile(chances, (observed.size - 1, 1, 1)), first)

    assert found.log_likelihood == pytest.approx(-745.7977, abs=1e-4)


def test_gross_national_product():
    r"""Hamilton 1989, table I: growth around a switching mean, four lags.

    The state is the regime of this quarter and of the four before: 32 of them. The likelihood is
    EViews', as quoted in the tests of statsmodels, at parameters printed to six digits.
    """
    growth = published("test_markov_autoregression", "rgnp")
    stay, back = 0.754673, 0.095915
    one = np.array([[stay, 1.0 - stay], [back, 1.0 - back]])
    mean = np.array([-0.358811, 1.163516])
    lags = np.array([0.013486, -0.057521, -0.246983, -0.212923])
    deviation = np.exp(-0.262658)
    states = list(product((0, 1), repeat=5))
    chances = np.zeros((32, 32))
    first = np.empty(32)
    long_run = np.array([back, 1.0 - stay]) / (back + 1.0 - stay)
    for i, before in enumerate(states):
        # From the oldest quarter to the newest.
        first[i] = long_run[before[4]]
        for newer, older in pairwise(before):
            first[i] *= one[older, newer]
        for j, after in enumerate(states):
            if after[1:] == before[:4]:
                chances[i, j] = one[before[0], after[0]]
    deviations = growth[:, None] - mean
    densities = np.empty((growth.size - 4, 32))
    for j, state in enumerate(states):
        past = sum(lags[k] * deviations[3 - k : -1 - k, state[k + 1]] for k in range(4))
        densities[:, j] = normal(growth[4:], mean[state[0]] + past, deviation)
    found = filter_regimes(densities, np.tile(chances, (growth.size - 5, 1, 1)), first)

    assert found.log_likelihood == pytest.approx(-181.26339, abs=1e-4)
