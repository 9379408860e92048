"""Chunked NumPy fed by mkl_random, and its raw normals; the fastest generator and method are used.

mkl_random always allocates what it returns. The child keeps its heap, so that the same memory
comes back warm.
"""

from __future__ import annotations

import functools

import numpy as np

from benchmarks import terms
from benchmarks.peers import numpy_blocks, numpy_peer
from benchmarks.programs import Answer, Program

VERSIONS = ("mkl-random", "mkl", "numpy")
GENERATORS = ("SFMT19937", "ARS5", "MT19937", "PHILOX4X32X10", "MCG59")


def state(generator):
    import mkl_random

    return mkl_random.MKLRandomState(1, brng=generator)


def blocked(workload, n_paths, generator, method, block_size):
    source = state(generator)
    simulator, contract = numpy_peer.WORKLOADS[workload]
    return numpy_blocks.run(
        simulator(block_size),
        contract(block_size),
        lambda out: source.standard_normal(out.shape, method=method),
        n_paths,
        block_size,
    )


def normals(n_paths, generator, method, block_size):
    source = state(generator)
    n_normals = 2 * terms.N_MONTHS * n_paths
    for _ in range(n_normals // block_size):
        values = source.standard_normal(block_size, method=method)
    return Answer(
        n_paths=n_normals // block_size * block_size // (2 * terms.N_MONTHS),
        mean=float(values.mean()),
        standard_error=float(values.std(ddof=1) / np.sqrt(values.size)),
        details={"normals": 2 * terms.N_MONTHS},
    )


def choices(block_sizes):
    table = [
        {"generator": generator, "method": "ICDF", "block_size": size}
        for generator in GENERATORS
        for size in block_sizes
    ]
    table += [
        {"generator": GENERATORS[0], "method": method, "block_size": block_sizes[0]}
        for method in ("BoxMuller", "BoxMuller2")
    ]
    return tuple(table)


def programs():
    table = [
        Program(
            name="NumPy + mkl_random, blocks",
            workload=workload,
            run=functools.partial(blocked, workload),
            choices=choices((1000, 2000, 4000)),
            least_paths=4000,
        )
        for workload in ("W1", "W2")
    ]
    table.append(
        Program(
            name="mkl_random, warm buffer",
            workload="normals",
            run=normals,
            quantity="zero",
            choices=choices((8192, 1024, 65536)),
        )
    )
    return table
