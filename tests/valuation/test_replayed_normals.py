"""The whole of W1 against NumPy: the same uniforms, everything after them by other hands."""

import numpy as np
import pytest

import contracts
from benchmarks import terms
from benchmarks.ours.deals import deal, market
from contracts.run import pricing_grid
from montecarlo import Sampling, uniforms

N = 4096
SEED = 20250709


def numpy_prices():
    """Schwartz-Smith paths by NumPy's own log, sine, cosine and exp; exact steps by formula."""
    k, s, v, rho = (
        terms.MEAN_REVERSION,
        terms.SHORT_VOLATILITY,
        terms.LONG_VOLATILITY,
        terms.CORRELATION,
    )
    names, dates = pricing_grid(deal(), market("W1"))
    times = (dates - np.datetime64(terms.VALUATION_DATE)).astype(float) / 365.0
    n_even = -(-times.size // 4) * 4
    u = uniforms(seed=SEED, n_paths=N, n_steps=n_even, n_factors=2)
    radius = np.sqrt(-2.0 * np.log(u[0::2]))
    z = np.empty_like(u)
    z[0::2] = radius * np.sin(2.0 * np.pi * u[1::2])
    z[1::2] = -radius * np.cos(2.0 * np.pi * u[1::2])
    x = np.zeros(N)
    y = np.zeros(N)
    price = np.empty((times.size, N))
    before = 0.0
    for t, time in enumerate(times):
        h = time - before
        fade = np.exp(-k * h)
        short = s * np.sqrt((1.0 - fade**2) / (2.0 * k))
        cross = rho * s * v * (1.0 - fade) / k
        x = fade * x + short * z[t, 0]
        y = y + cross / short * z[t, 0] + np.sqrt(v * v * h - (cross / short) ** 2) * z[t, 1]
        variance = (
            s * s * (1.0 - np.exp(-2.0 * k * time)) / (2.0 * k)
            + v * v * time
            + 2.0 * rho * s * v * (1.0 - np.exp(-k * time)) / k
        )
        price[t] = terms.FORWARD * np.exp(x + y - 0.5 * variance)
        before = time
    return {names[0]: price}


@pytest.fixture(scope="module")
def both():
    own = contracts.value(
        deal(),
        market=market("W1"),
        n_paths=N,
        seed=SEED,
        control=False,
        sampling=Sampling(),
    )
    replayed = contracts.value(deal(), market=market("W1"), prices=numpy_prices())
    return own, replayed


def test_value_agrees_to_twelve_digits(both):
    # About 240 roundings a path, averaged over 4,096 paths: a few 1e-15 each.
    own, replayed = both

    assert own.pv == pytest.approx(replayed.pv, rel=1e-12)
    assert own.standard_error == pytest.approx(replayed.standard_error, rel=1e-12)
    for mine, other in zip(own.legs, replayed.legs, strict=True):
        np.testing.assert_allclose(mine.flow_amounts, other.flow_amounts, rtol=1e-12)


def test_every_path_agrees(both):
    # A path may lie near a kink or near nothing: measured against the notional of the deal.
    own, replayed = both

    np.testing.assert_allclose(own.samples, replayed.samples, rtol=0, atol=1e-12 * terms.NOTIONAL)
