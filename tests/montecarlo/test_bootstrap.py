"""Blocks of the past: the battery, moments by enumeration, shared histories, bad input."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy.signal import lfilter

from montecarlo import (
    GBM,
    ForwardCurve,
    HistoricalBootstrap,
    Joint,
    Merton,
    Sampling,
    TimeGrid,
    block_length,
    simulate_paths,
)
from tests.batteries.transformed_model import TransformedModelBattery

CURVE = ForwardCurve(times=[0.0, 1.0, 4.0], values=[63.0, 71.0, 90.0])
PAST = np.random.default_rng(11).standard_t(4, size=60) * 0.07 + 0.012
# Neighbours alike, so that blocks matter.
PAST = PAST + 0.6 * np.roll(PAST, 1)
MODEL = HistoricalBootstrap(
    name="ndpr",
    log_returns=PAST,
    step=1.0 / 12.0,
    mean_block_length=4.0,
    forward_curve=CURVE,
    risk_premium="history",
)


class TestHistoricalBootstrap(TransformedModelBattery):
    model = MODEL
    grid = TimeGrid.from_times([0.03, 0.25, 0.9, 1.0, 2.3])
    name = "ndpr"
    flat_model = dataclasses.replace(MODEL, log_returns=np.zeros(7))

    def test_first_in_a_joint_model_has_the_same_paths(self):
        other = GBM(name="other", volatility=0.3, spot=5.0, drift=0.0)
        joint = Joint(models=[self.model, other], correlation=np.eye(2))
        together = simulate_paths(joint, self.grid, n_paths=600, seed=20250709)

        np.testing.assert_array_equal(together["ndpr"], self.paths(n_paths=600))

    def test_last_in_a_joint_model_keeps_its_law(self):
        """Even to the bit: what it draws does not depend on what stands beside it."""
        other = GBM(name="other", volatility=0.3, spot=5.0, drift=0.0)
        joint = Joint(models=[other, self.model], correlation=np.eye(2))
        together = simulate_paths(joint, self.grid, n_paths=600, seed=20250709)

        np.testing.assert_array_equal(together["ndpr"], self.paths(n_paths=600))


class TestDrawnOneByOne(TransformedModelBattery):
    """Blocks of one, a premium of its own, a grid of whole steps and of one within."""

    model = dataclasses.replace(MODEL, mean_block_length=1.0, risk_premium=0.05)
    grid = TimeGrid.from_times([1 / 12, 0.5, 0.55, 2.0])
    name = "ndpr"
    flat_model = dataclasses.replace(MODEL, log_returns=np.zeros(2))
    test_first_in_a_joint_model_has_the_same_paths = None
    test_last_in_a_joint_model_keeps_its_law = None


SMALL = HistoricalBootstrap(
    name="x",
    log_returns=(0.3, -0.1, 0.05),
    step=0.5,
    mean_block_length=2.5,
    spot=10.0,
    drift=0.04,
)


def sequences(n_steps):
    """Every sequence of past steps with its chance, from the definition."""
    restart = 1.0 / 2.5
    for indices in itertools.product(range(3), repeat=n_steps):
        chance = 1.0 / 3.0
        for before, after in itertools.pairwise(indices):
            chance *= restart / 3.0 + (1.0 - restart) * (after == (before + 1) % 3)
        yield chance, np.array(SMALL.log_returns)[list(indices)]


def log_price(returns, time):
    whole = math.floor(time / 0.5 + 1e-9)
    return returns[:whole].sum() + (time / 0.5 - whole) * (returns[whole] if time % 0.5 else 0.0)


@pytest.mark.parametrize("time", [0.2, 0.5, 1.3, 2.5])
def test_moments_by_enumeration(time):
    """243 sequences of five steps: means, variance and physical mean of the price."""
    past = [(chance, log_price(returns, time)) for chance, returns in sequences(6)]
    mean = sum(chance * math.exp(x) for chance, x in past)
    square = sum(chance * math.exp(2.0 * x) for chance, x in past)
    log_mean = sum(chance * x for chance, x in past)
    forward = 10.0 * math.exp(0.04 * time)

    assert sum(chance for chance, _ in past) == pytest.approx(1.0, abs=1e-14)
    assert float(SMALL.log_mean(time)) == pytest.approx(
        math.log(forward / mean) + log_mean, rel=1e-13
    )
    assert float(SMALL.variance(time)) == pytest.approx(
        forward**2 * (square / mean**2 - 1.0), rel=1e-11
    )
    real = dataclasses.replace(SMALL, risk_premium="history")
    assert float(real.expected_spot(time, "physical")) == pytest.approx(10.0 * mean, rel=1e-13)


@pytest.mark.parametrize(("first", "second"), [(0.2, 0.3), (0.5, 2.5), (1.3, 0.7), (2.2, 2.2)])
def test_covariance_by_enumeration(first, second):
    past = [
        (chance, log_price(returns, first), log_price(returns, second))
        for chance, returns in sequences(6)
    ]
    means = [sum(chance * xs[i] for chance, *xs in past) for i in (0, 1)]
    product = sum(chance * x * y for chance, x, y in past)

    assert float(SMALL.log_autocovariance(first, second)) == pytest.approx(
        product - means[0] * means[1], rel=1e-12
    )


def drawn_steps(model, n_steps, n_paths):
    """Return which step of the past each step of each path repeats."""
    grid = TimeGrid.from_times(model.step * np.arange(1, n_steps + 1))
    log_prices = np.log(simulate_paths(model, grid, n_paths=n_paths, seed=4)[model.name])
    moves = np.diff(log_prices - model.log_mean(grid.times)[:, None], axis=0)
    past = np.array(model.log_returns) - np.mean(model.log_returns)
    nearest = np.abs(moves[None] - past[:, None, None]).argmin(axis=0)

    np.testing.assert_allclose(past[nearest], moves, atol=1e-12)
    return nearest


def test_blocks_have_the_stated_length_and_begin_anywhere():
    model = dataclasses.replace(MODEL, mean_block_length=5.0)
    steps = drawn_steps(model, 41, 2000)
    n = len(PAST)
    follows = steps[1:] == (steps[:-1] + 1) % n
    chance = 0.8 + 0.2 / n
    counts = np.bincount(steps.ravel(), minlength=n) / steps.size

    # 78,000 trials; each step of the past is drawn in blocks, which triples the variance at most
    # nine times.
    assert abs(follows.mean() - chance) < 4.0 * math.sqrt(chance * (1.0 - chance) / follows.size)
    assert np.abs(counts - 1.0 / n).max() < 4.0 * math.sqrt(9.0 / n / steps.size)


def test_a_path_is_the_same_on_any_dates():
    """Step k is drawn from counter k, whatever dates are asked for."""
    fine = simulate_paths(MODEL, TimeGrid.from_times([0.1, 0.25, 1.0]), n_paths=50, seed=3)["ndpr"]
    coarse = simulate_paths(MODEL, TimeGrid.from_times([1.0]), n_paths=50, seed=3)["ndpr"]

    np.testing.assert_allclose(fine[-1], coarse[0], rtol=1e-13)


def test_a_date_within_a_step_has_its_share_of_the_return():
    grid = TimeGrid.from_times([0.5, 0.6, 1.0])
    log_prices = np.log(simulate_paths(SMALL, grid, n_paths=40, seed=3)["x"])
    moves = log_prices + SMALL.block_law().log_mean_exponential(grid.times)[:, None]
    moves = moves - np.log(SMALL.forward(grid.times))[:, None]

    np.testing.assert_allclose(moves[1] - moves[0], 0.2 * (moves[2] - moves[0]), atol=1e-12)


def test_prices_of_one_stream_repeat_the_same_steps():
    """Returns that were minus each other in the past are so in every path."""
    other = dataclasses.replace(MODEL, name="dy", log_returns=-PAST, stream="both")
    joint = Joint(models=[dataclasses.replace(MODEL, stream="both"), other], correlation=np.eye(2))
    grid = TimeGrid.from_times([0.25, 1.0, 3.0])
    prices = simulate_paths(joint, grid, n_paths=200, seed=5)
    moves = {
        name: np.log(prices[name]) - joint.model(name).log_mean(grid.times)[:, None]
        for name in ("ndpr", "dy")
    }

    np.testing.assert_allclose(moves["ndpr"], -moves["dy"], atol=1e-12)


def test_other_streams_are_independent():
    other = dataclasses.replace(MODEL, name="dy")
    joint = Joint(models=[MODEL, other], correlation=np.eye(2))
    prices = simulate_paths(joint, TimeGrid.from_times([1.0]), n_paths=20_000, seed=5)

    assert abs(np.corrcoef(np.log(prices["ndpr"][0]), np.log(prices["dy"][0]))[0, 1]) < 0.03


def test_what_does_not_go_together_is_named():
    gbm = GBM(name="lithium", volatility=0.3, spot=5.0, drift=0.0)
    with pytest.raises(ValueError, match=r"pair \(lithium, ndpr\) must be 0.*got 0.3"):
        Joint(models=[gbm, MODEL], correlation=[[1.0, 0.3], [0.3, 1.0]])
    one = dataclasses.replace(MODEL, stream="both")
    for changes, message in [
        ({"mean_block_length": 2.0}, "mean_block_length of dy must be that of ndpr.*4.0, got 2.0"),
        ({"step": 0.25}, "step of dy must be that of ndpr"),
        ({"labels": tuple(map(str, range(60)))}, "labels of dy .* none, got 60 steps from 0 to 59"),
        ({"log_returns": PAST[:50]}, "of dy must be that of ndpr"),
    ]:
        other = dataclasses.replace(one, name="dy", **changes)
        with pytest.raises(ValueError, match=message):
            Joint(models=[one, other], correlation=np.eye(2))


def test_monthly_prices_become_returns():
    prices = {"2023-11": 50.0, "2023-12": 60.0, "2024-01": 45.0, "2024-02": 90.0}
    model = HistoricalBootstrap.from_monthly_prices(
        prices, name="ndpr", mean_block_length=2.0, spot=90.0, drift=0.0
    )

    np.testing.assert_allclose(model.log_returns, np.log([60 / 50, 45 / 60, 90 / 45]), rtol=1e-14)
    assert model.labels == ("2023-12", "2024-01", "2024-02")
    assert model.step == 1 / 12


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ({"2024-01": 1.0, "2024-03": 2.0, "2024-04": 1.0}, "2024-02 after 2024-01, got 2024-03"),
        ({"2024-02": 1.0, "2024-01": 2.0, "2024-03": 1.0}, "2024-03 after 2024-02, got 2024-01"),
        ({"2024-01": 1.0, "2024-02": 0.0, "2024-03": 1.0}, r"history\[2024-02\] must be greater"),
        ({"2024-01": 1.0, "2024-02": math.nan}, r"history\[2024-02\] must be a finite number"),
        ({"2024-13": 1.0}, "must name months as in 2024-03, got '2024-13'"),
        ({"Jan 24": 1.0}, "must name months"),
        ({"2024-01": 1.0, "2024-02": 2.0}, "at least three months, got 2"),
        ({}, "at least three months, got 0"),
    ],
)
def test_bad_histories_are_named(prices, message):
    with pytest.raises(ValueError, match=message):
        HistoricalBootstrap.from_monthly_prices(
            prices, name="x", mean_block_length=2.0, spot=1.0, drift=0.0
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"log_returns": (0.1,)}, "log_returns must have at least two entries, got 1"),
        ({"log_returns": (0.1, math.inf)}, "log_returns must be finite numbers, got inf"),
        ({"step": 0.0}, "step must be greater than 0"),
        ({"mean_block_length": 0.5}, "mean_block_length must be at least 1, got 0.5"),
        ({"risk_premium": "past"}, "risk_premium must be a finite number, got 'past'"),
        ({"labels": ("a",)}, r"labels must be as many as log_returns \(60\), got 1"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(MODEL, **changes)


def test_block_length_of_an_autoregression():
    """With correlation a between neighbours G = 2a/(1-a^2)^2, D = 2/(1-a)^4: the formula's limit.

    R(k) = a^k / (1 - a^2): the sum of |k| R(k) is 2a/((1 - a)^2 (1 - a^2)), that of R(k) is
    1/(1 - a)^2. The estimate is noisy and a little low: its median over histories lies near.
    """
    a, n = 0.5, 20_000
    slope, level = 2 * a / ((1 - a) ** 2 * (1 - a * a)), 1 / (1 - a) ** 2
    limit = (slope / level) ** (2 / 3) * n ** (1 / 3)
    found = [
        block_length(lfilter([1.0], [1.0, -a], np.random.default_rng(seed).normal(size=n)))
        for seed in range(40)
    ]

    assert np.median(found) == pytest.approx(limit, rel=0.1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.arange(9.0), "values must have at least 10 entries, got 9"),
        (np.full(20, 0.1), "values must differ from each other, got 20 times 0.1"),
        ([*range(12), math.nan], "values must be finite numbers, got nan at index 12"),
    ],
)
def test_block_length_names_what_is_wrong(values, message):
    with pytest.raises(ValueError, match=message):
        block_length(values)


def test_other_ways_of_drawing_gain_nothing_and_are_right():
    """A pair is two independent paths."""
    grid = TimeGrid.from_times([1.0])
    pairs = np.log(
        simulate_paths(MODEL, grid, n_paths=20_000, seed=6, sampling=Sampling(method="antithetic"))[
            "ndpr"
        ][0]
    )

    assert abs(np.corrcoef(pairs[::2], pairs[1::2])[0, 1]) < 0.04


def test_beside_jumps():
    jumps = Merton(
        name="cobalt",
        volatility=0.2,
        jump_intensity=0.5,
        jump_mean=0.1,
        jump_volatility=0.3,
        spot=30.0,
        drift=0.0,
    )
    joint = Joint(models=[jumps, MODEL], correlation=np.eye(2))
    prices = simulate_paths(joint, TimeGrid.from_times([0.5, 1.0]), n_paths=300, seed=6)

    assert {name: rows.shape for name, rows in prices.items()} == {
        "cobalt": (2, 300),
        "ndpr": (2, 300),
    }
