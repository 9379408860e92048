"""NumPy as people write it: every array as long as the simulation, alone in its process."""

from __future__ import annotations

import numpy as np

from benchmarks import terms
from benchmarks.peers.numpy_blocks import finish
from benchmarks.programs import Program

VERSIONS = ("numpy",)


def whole(n_paths):
    rng = np.random.default_rng(1)
    fade, short, cross, own, scale = terms.schwartz_smith_steps()
    normals = rng.standard_normal((terms.N_MONTHS, 2, n_paths))
    price = np.empty((terms.N_MONTHS, n_paths))
    x = y = np.zeros(n_paths)
    for t in range(terms.N_MONTHS):
        x = fade[t] * x + short[t] * normals[t, 0]
        y = y + cross[t] * normals[t, 0] + own[t] * normals[t, 1]
        price[t] = scale[t] * np.exp(x + y)
    gap = terms.STRIKE - price.reshape(terms.N_QUARTERS, 3, n_paths).mean(axis=1)
    flow = terms.QUANTITY * (np.maximum(gap, 0.0) + terms.SHARE * np.minimum(gap, 0.0))
    flow *= terms.DISCOUNT_FACTORS[:, None]
    flow.mean(axis=1)
    return finish(flow.sum(axis=0))


def programs():
    return [
        Program(
            name="NumPy, whole arrays, a million paths",
            workload="W1",
            run=whole,
            n_paths=1_000_000,
            n_rounds=3,
        )
    ]
