"""Payoffs in price: clipped as NumPy clips, their means by quadrature, the pilot's slopes."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

from contracts.geometric_average import GeometricAverage
from contracts.payoff import Payoff
from contracts.pilot import earlier_sums, products, slopes
from contracts.price_payoff import PricePayoff, clipped, closed_form
from contracts.windows import Windows

RNG = np.random.default_rng(17)
GRID = np.linspace(-400.0, 900.0, 7001)


def amounts(payoff, t, x):
    gap = np.asarray(x, dtype=float)[..., None] - payoff.kinks[t]
    sides = payoff.below[t] * np.maximum(-gap, 0.0) + payoff.above[t] * np.maximum(gap, 0.0)
    return payoff.base[t] + sides.sum(axis=-1)


def any_payoff(n_periods=40, n_kinks=3):
    """Slopes of both signs, zeros and repeated kinks among them."""
    kinks = np.sort(RNG.uniform(20.0, 300.0, (n_periods, n_kinks)), axis=1)
    kinks[::7, 1] = kinks[::7, 0]
    below = RNG.normal(size=(n_periods, n_kinks)) * (RNG.random((n_periods, n_kinks)) < 0.7)
    above = RNG.normal(size=(n_periods, n_kinks)) * (RNG.random((n_periods, n_kinks)) < 0.7)
    return PricePayoff(RNG.normal(scale=30.0, size=n_periods), kinks, below, above)


def test_a_clipped_payoff_is_the_clip_of_the_payoff():
    payoff = any_payoff()
    n = len(payoff.base)
    lowest = np.where(np.arange(n) % 3 == 0, -np.inf, -RNG.uniform(0.0, 60.0, n))
    highest = np.where(np.arange(n) % 4 == 0, np.inf, RNG.uniform(0.0, 60.0, n))

    found = clipped(payoff, lowest, highest)

    for t in range(n):
        wanted = np.clip(amounts(payoff, t, GRID), lowest[t], highest[t])
        np.testing.assert_allclose(amounts(found, t, GRID), wanted, rtol=1e-9, atol=1e-9)


def average(mean, log_variance, fixed):
    n = len(mean)
    windows = Windows(
        commodity="x",
        fixed=fixed,
        weights=np.ones(n),
        offsets=np.arange(n + 1),
        rows=np.arange(n),
    )
    return GeometricAverage(windows, mean, 1, mean, log_variance)


def by_quadrature(payoff, t, mean, variance, part):
    """Mean of the payoff, and the mean of its slope weighed by the random part squared."""

    def random_part(z):
        return mean * np.exp(-0.5 * variance + np.sqrt(variance) * z)

    def slope(x):
        return np.sum(np.where(x > payoff.kinks[t], payoff.above[t], -payoff.below[t]))

    kinks = np.maximum(payoff.kinks[t] - part, 1e-6) / mean
    nodes = np.clip((np.log(kinks) + 0.5 * variance) / np.sqrt(variance), -11.0, 13.0)

    def mean_of(f):
        return sum(
            integrate.quad(lambda z: f(random_part(z)) * norm.pdf(z), a, b, limit=200)[0]
            for a, b in pairwise(np.unique([-11.0, *nodes, 13.0]))
        )

    squared = mean_of(lambda y: y * y)
    return (
        mean_of(lambda y: amounts(payoff, t, part + y)),
        mean_of(lambda y: slope(part + y) * y * y) / squared,
    )


@pytest.mark.parametrize("part", [0.0, 35.0, 400.0])
def test_mean_and_slope_by_quadrature(part):
    """With part of the average fixed; at 400 every kink lies below it."""
    payoff = any_payoff(8)
    mean, variance = RNG.uniform(50.0, 150.0, 8), RNG.uniform(0.02, 0.6, 8)

    expectation, slope = closed_form(payoff, average(mean, variance, np.full(8, part)))

    for t in range(8):
        wanted, steepness = by_quadrature(payoff, t, mean[t], variance[t], part)
        assert expectation[t] == pytest.approx(wanted, rel=1e-7, abs=1e-7)
        assert slope[t] == pytest.approx(steepness, rel=1e-6, abs=1e-7)


def test_a_payoff_that_bends_again_is_not_linear():
    terms = {"of": "x", "quantity": None, "kinks": (np.array([[1.0]]), np.array([[2.0]]))}

    assert Payoff(below=1.0, above=(-1.0, 0.0), **terms).is_linear
    assert not Payoff(below=1.0, above=(-1.0, 0.5), **terms).is_linear
    assert not Payoff(below=1.0, above=(-0.5, 0.0), **terms).is_linear


def fitted_slopes(amounts, moved, begins):
    rows = np.empty((8 * len(amounts), amounts.shape[1]))
    products(amounts, moved, np.array(begins), rows)
    return slopes(rows.mean(axis=1).reshape(8, -1))


def test_the_slopes_of_the_pilot_are_those_of_least_squares():
    moved = RNG.normal(size=(5, 300)) + RNG.normal(size=300)
    capped = np.minimum(np.cumsum(moved, axis=0), 1.0) + 0.1 * RNG.normal(size=(5, 300))
    begins = [True, False, False, True, False]

    own, before = fitted_slopes(capped, moved, begins)

    sums = [np.zeros(300), moved[0], moved[0] + moved[1], np.zeros(300), moved[3]]
    np.testing.assert_allclose(earlier_sums(moved, np.array(begins)), sums, rtol=1e-15)
    for t, earlier in enumerate(sums):
        columns = np.column_stack([moved[t], earlier, np.ones(300)])
        wanted, *_ = np.linalg.lstsq(columns, capped[t], rcond=None)
        np.testing.assert_allclose([own[t], before[t]], wanted[:2], atol=1e-10)


def test_slopes_where_a_regressor_does_not_move():
    still, moving = np.zeros((1, 50)), RNG.normal(size=(1, 50))
    capped = np.vstack([2.0 * moving, 3.0 * moving])

    own, before = fitted_slopes(capped, np.vstack([moving, still]), [True, False])

    np.testing.assert_allclose(own, [2.0, 0.0])
    np.testing.assert_allclose(before, [0.0, 3.0])
