"""tf-quant-finance: Brownian paths and payoffs in one compiled TensorFlow function, in blocks."""

from __future__ import annotations

import functools

import numpy as np

from benchmarks import terms
from benchmarks.peers.numpy_blocks import finish
from benchmarks.programs import Program

VERSIONS = ("tf-quant-finance", "tensorflow")


@functools.cache
def compiled(block_size, xla):
    import tensorflow as tf
    import tf_quant_finance as tff

    process = tff.models.GeometricBrownianMotion(
        mean=0.0, volatility=terms.VOLATILITY, dtype=tf.float64
    )
    scales = tf.constant(terms.QUANTITY * terms.DISCOUNT_FACTORS, dtype=tf.float64)

    @tf.function(jit_compile=xla)
    def block(seed):
        paths = process.sample_paths(
            times=tf.constant(terms.TIMES, dtype=tf.float64),
            num_samples=block_size,
            initial_state=terms.FORWARD,
            random_type=tff.math.random.RandomType.STATELESS,
            seed=seed,
        )
        price = tf.reshape(paths, (block_size, terms.N_QUARTERS, 3))
        gap = terms.STRIKE - tf.reduce_mean(price, axis=2)
        flow = scales * (tf.maximum(gap, 0.0) + terms.SHARE * tf.minimum(gap, 0.0))
        return tf.reduce_sum(flow, axis=1), tf.reduce_sum(flow, axis=0)

    return block


def run(n_paths, block_size, xla):
    import tensorflow as tf

    block = compiled(block_size, xla)
    n_blocks = max(n_paths // block_size, 1)
    values = np.empty(n_blocks * block_size)
    flows = np.zeros(terms.N_QUARTERS)
    for i in range(n_blocks):
        value, sums = block(tf.constant([1, i], dtype=tf.int32))
        values[i * block_size : (i + 1) * block_size] = value.numpy()
        flows += sums.numpy()
    return finish(values)


def programs():
    return [
        Program(
            name="tf-quant-finance f64",
            workload="W2",
            run=run,
            choices=tuple(
                {"block_size": size, "xla": xla} for size in (2000, 20_000) for xla in (False, True)
            ),
            least_paths=20_000,
        )
    ]
