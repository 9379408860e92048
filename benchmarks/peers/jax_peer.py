"""JAX on the processor: one compiled scan over the dates of a block; the best key kind is used."""

from __future__ import annotations

import functools

import numpy as np

from benchmarks import terms
from benchmarks.peers.numpy_blocks import finish
from benchmarks.programs import Program

VERSIONS = ("jax", "jaxlib")
KEYS = ("threefry2x32", "rbg", "unsafe_rbg")


@functools.cache
def compiled(workload, precision, block_size):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    dtype = jnp.dtype(precision)

    def constant(values):
        return jnp.asarray(values, dtype=dtype)

    scales = jnp.asarray(terms.QUANTITY * terms.DISCOUNT_FACTORS)[:, None]

    def two_factors(key):
        fade, short, cross, own, level = (constant(part) for part in terms.schwartz_smith_steps())
        z = jax.random.normal(key, (terms.N_MONTHS, 2, block_size), dtype=dtype)

        def step(state, at):
            x, y = state
            f, s, c, o, scale, (first, second) = at
            x = f * x + s * first
            y = y + c * first + o * second
            return (x, y), scale * jnp.exp(x + y)

        start = jnp.zeros((2, block_size), dtype=dtype)
        return jax.lax.scan(step, (start[0], start[1]), (fade, short, cross, own, level, z))[1]

    def brownian(key):
        loading, level = (constant(part) for part in terms.brownian_steps())
        z = jax.random.normal(key, (terms.N_MONTHS, block_size), dtype=dtype)

        def step(x, at):
            weight, scale, shock = at
            x = x + weight * shock
            return x, scale * jnp.exp(x)

        start = jnp.zeros(block_size, dtype=dtype)
        return jax.lax.scan(step, start, (loading, level, z))[1]

    simulate = two_factors if workload == "W1" else brownian

    @jax.jit
    def block(key):
        price = simulate(key)
        mean = price.reshape(terms.N_QUARTERS, 3, block_size).mean(axis=1)
        gap = terms.STRIKE - mean
        flow = jnp.maximum(gap, 0.0) + terms.SHARE * jnp.minimum(gap, 0.0)
        flow = scales * flow.astype(jnp.float64)
        return flow.sum(axis=0), flow.sum(axis=1)

    return block


def run(workload, precision, n_paths, block_size, key):
    import jax

    block = compiled(workload, precision, block_size)
    n_blocks = max(n_paths // block_size, 1)
    start = jax.random.key(1, impl=key)
    values = np.empty(n_blocks * block_size)
    flows = np.zeros(terms.N_QUARTERS)
    for i in range(n_blocks):
        value, sums = block(jax.random.fold_in(start, i))
        values[i * block_size : (i + 1) * block_size] = value
        flows += sums
    return finish(values)


def programs():
    choices = tuple(
        {"block_size": size, "key": key} for key in KEYS for size in (1000, 4000, 16_000)
    )
    return [
        Program(
            name=f"JAX {label}",
            workload=workload,
            run=functools.partial(run, workload, precision),
            choices=choices,
            least_paths=16_000,
        )
        for workload, precision, label in (
            ("W1", "float64", "f64"),
            ("W1", "float32", "f32"),
            ("W2", "float64", "f64"),
        )
    ]
