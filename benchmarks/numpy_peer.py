"""NumPy: as people write it (whole arrays), and as well as it goes (blocks that fit the cache)."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.workload import (
    CORRELATION,
    DISCOUNT_FACTORS,
    FORWARD,
    LONG_VOLATILITY,
    MEAN_REVERSION,
    N_MONTHS,
    N_QUARTERS,
    QUANTITY,
    SHARE,
    SHORT_VOLATILITY,
    STRIKE,
    TIMES,
    VOLATILITY,
    Result,
)

STEP = 1.0 / 12.0


def w1_coefficients():
    """Exact step of the two factors, and the scale that makes the mean the forward."""
    k, s, v, rho = MEAN_REVERSION, SHORT_VOLATILITY, LONG_VOLATILITY, CORRELATION
    fade = np.exp(-k * STEP)
    short = np.sqrt(s * s * (1 - fade**2) / (2 * k))
    cross = rho * s * v * (1 - fade) / k / short
    own = np.sqrt(v * v * STEP - cross**2)
    variance = (
        s * s * (1 - np.exp(-2 * k * TIMES)) / (2 * k)
        + v * v * TIMES
        + 2 * rho * s * v * (1 - np.exp(-k * TIMES)) / k
    )
    return fade, short, cross, own, FORWARD * np.exp(-0.5 * variance)


class Blocked:
    """All work in arrays made once, as many paths at a time as fit the cache."""

    def __init__(self, n_factors, block_size):
        self.block_size = block_size
        self.normals = np.empty((N_MONTHS, n_factors, block_size))
        self.price = np.empty((N_MONTHS, block_size))
        self.x, self.y, self.spare = np.empty((3, block_size))
        self.gap, self.flow = np.empty((2, N_QUARTERS, block_size))

    def simulate_w1(self, rng, coefficients):
        fade, short, cross, own, scale = coefficients
        rng.standard_normal(out=self.normals)
        self.x[:] = 0.0
        self.y[:] = 0.0
        for t in range(N_MONTHS):
            self.x *= fade
            self.x += np.multiply(self.normals[t, 0], short, out=self.spare)
            self.y += np.multiply(self.normals[t, 0], cross, out=self.spare)
            self.y += np.multiply(self.normals[t, 1], own, out=self.spare)
            np.add(self.x, self.y, out=self.price[t])
        np.exp(self.price, out=self.price)
        self.price *= scale[:, None]

    def simulate_w2(self, rng, coefficients):
        scale = coefficients
        rng.standard_normal(out=self.price)
        self.price *= VOLATILITY * np.sqrt(STEP)
        for t in range(1, N_MONTHS):
            self.price[t] += self.price[t - 1]
        np.exp(self.price, out=self.price)
        self.price *= scale[:, None]

    def value(self):
        np.add(self.price[0::3], self.price[1::3], out=self.gap)
        self.gap += self.price[2::3]
        self.gap *= -1.0 / 3.0
        self.gap += STRIKE
        np.minimum(self.gap, 0.0, out=self.flow)
        self.flow *= SHARE
        self.flow += np.maximum(self.gap, 0.0, out=self.gap)
        self.flow *= (QUANTITY * DISCOUNT_FACTORS)[:, None]
        return self.flow.sum(axis=0), self.flow.sum(axis=1)


def run_blocked(workload, n_paths, block_size):
    started = time.process_time()
    rng = np.random.Generator(np.random.PCG64(1))
    if workload == "W1":
        block, coefficients = Blocked(2, block_size), w1_coefficients()
        step = block.simulate_w1
    else:
        block = Blocked(1, block_size)
        coefficients = FORWARD * np.exp(-0.5 * VOLATILITY**2 * TIMES)
        step = block.simulate_w2
    n_blocks = n_paths // block_size
    values = np.empty(n_blocks * block_size)
    flows = np.zeros(N_QUARTERS)
    for i in range(n_blocks):
        step(rng, coefficients)
        values[i * block_size : (i + 1) * block_size], sums = block.value()
        flows += sums
    return finish(started, values)


def run_whole_w1(n_paths):
    """Every array as long as the simulation."""
    started = time.process_time()
    rng = np.random.default_rng(1)
    fade, short, cross, own, scale = w1_coefficients()
    normals = rng.standard_normal((N_MONTHS, 2, n_paths))
    price = np.empty((N_MONTHS, n_paths))
    x = y = np.zeros(n_paths)
    for t in range(N_MONTHS):
        x = fade * x + short * normals[t, 0]
        y = y + cross * normals[t, 0] + own * normals[t, 1]
        price[t] = scale[t] * np.exp(x + y)
    gap = STRIKE - price.reshape(N_QUARTERS, 3, n_paths).mean(axis=1)
    flow = QUANTITY * (np.maximum(gap, 0.0) + SHARE * np.minimum(gap, 0.0))
    flow *= DISCOUNT_FACTORS[:, None]
    flow.mean(axis=1)
    return finish(started, flow.sum(axis=0))


def finish(started, values):
    error = float(values.std(ddof=1) / np.sqrt(values.size))
    return Result(
        seconds=time.process_time() - started,
        n_paths=values.size,
        mean=float(values.mean()),
        standard_error=error,
    )


def blocked(workload, block_size):
    def run(n_paths):
        return run_blocked(workload, n_paths, block_size)

    return run
