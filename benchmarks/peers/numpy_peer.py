"""NumPy on every workload, in blocks that fit the cache, the best size chosen in the run."""

from __future__ import annotations

import functools

import numpy as np

from benchmarks import terms
from benchmarks.peers import numpy_blocks, numpy_contracts
from benchmarks.programs import Answer, Program

VERSIONS = ("numpy",)
GENERATORS = ("PCG64", "SFC64")
SEED = 1

WORKLOADS = {
    "W1": (numpy_blocks.TwoFactors, numpy_blocks.FloorsWithShare),
    "W2": (numpy_blocks.Brownian, numpy_blocks.FloorsWithShare),
    "W3": (numpy_blocks.JointPrices, numpy_contracts.Baskets),
    "hard": (numpy_blocks.TwoFactors, numpy_contracts.CappedTerminable),
    "take-or-pay": (numpy_blocks.TwoFactors, numpy_contracts.TakeOrPay),
}


def sizes(*block_sizes):
    return tuple({"block_size": size} for size in block_sizes)


SIZES = {
    "W1": sizes(1000, 2000, 4000, 8000, 16_000),
    "W2": sizes(1000, 2000, 4000, 8000, 16_000),
    "W3": sizes(250, 500, 1000, 2000, 4000),
    "hard": sizes(1000, 2000, 4000, 8000, 16_000),
    "take-or-pay": sizes(1000, 2000, 4000, 8000, 16_000),
}


def generator(name):
    return np.random.Generator(getattr(np.random, name)(SEED))


def blocked(workload, name, n_paths, block_size):
    simulator, contract = WORKLOADS[workload]
    return numpy_blocks.run(
        simulator(block_size),
        contract(block_size),
        numpy_blocks.filled_by(generator(name)),
        n_paths,
        block_size,
    )


def portfolio(n_paths, block_size, n_deals=terms.N_DEALS):
    return numpy_blocks.run(
        numpy_blocks.JointPrices(block_size, terms.N_DEAL_COMMODITIES),
        numpy_contracts.Portfolio(block_size, n_deals),
        numpy_blocks.filled_by(generator("PCG64")),
        n_paths,
        block_size,
    )


def normals(name, n_paths, block_size):
    """Fill one warm buffer again and again: 240 normals a path."""
    rng = generator(name)
    buffer = np.empty(block_size)
    n_normals = 2 * terms.N_MONTHS * n_paths
    for _ in range(n_normals // block_size):
        rng.standard_normal(out=buffer)
    return Answer(
        n_paths=n_normals // block_size * block_size // (2 * terms.N_MONTHS),
        mean=float(buffer.mean()),
        standard_error=float(buffer.std(ddof=1) / np.sqrt(buffer.size)),
        details={"normals": 2 * terms.N_MONTHS},
    )


def programs():
    table = [
        Program(
            name=f"NumPy {name}, blocks",
            workload=workload,
            run=functools.partial(blocked, workload, name),
            choices=SIZES[workload],
            least_paths=16_000,
        )
        for workload in WORKLOADS
        for name in (GENERATORS if workload in ("W1", "W2") else GENERATORS[:1])
    ]
    table += [
        Program(
            name=f"NumPy {name}, warm buffer",
            workload="normals",
            run=functools.partial(normals, name),
            quantity="zero",
            choices=sizes(1024, 8192),
        )
        for name in GENERATORS
    ]
    table.append(
        Program(
            name="NumPy PCG64, loop over deals",
            workload="portfolio",
            run=portfolio,
            choices=sizes(256, 512, 1024),
            least_paths=1024,
            n_paths=8192,
        )
    )
    return table
