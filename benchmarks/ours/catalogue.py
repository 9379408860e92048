"""Our rows of the table."""

from __future__ import annotations

from benchmarks.ours import memory, raw_normals, simulated, valuations
from benchmarks.programs import Program

VERSIONS = ("numpy", "scipy", "numba", "llvmlite")


def programs():
    return [
        Program(name="ours, composed", workload="W1", run=simulated.composed("W1")),
        Program(name="ours, fused", workload="W1", run=simulated.fused("W1")),
        Program(name="ours, whole valuation", workload="W1", run=valuations.whole, n_paths=500_000),
        *switched(),
        Program(name="ours", workload="normals", run=raw_normals.run, quantity="zero"),
        Program(name="ours, composed", workload="W2", run=simulated.composed("W2")),
        Program(name="ours, fused", workload="W2", run=simulated.fused("W2")),
        Program(
            name="ours, floors alone", workload="W2", run=simulated.floors_alone, quantity="floors"
        ),
        Program(
            name="ours, equal months",
            workload="W2",
            run=simulated.equal_months,
            quantity="value on equal months",
        ),
        Program(name="ours", workload="W3", run=simulated.baskets),
        Program(name="ours, plain", workload="hard", run=simulated.hard()),
        *switched_hard(),
        Program(name="ours", workload="take-or-pay", run=simulated.take_or_pay),
        Program(
            name="ours, value_together",
            workload="portfolio",
            run=valuations.portfolio,
            n_paths=8192,
        ),
        Program(
            name="ours, memory a path",
            workload="memory",
            run=memory.growth,
            quantity="bytes",
            n_paths=2_000_000,
            n_rounds=1,
        ),
    ]


def switched():
    """W1 under the settings of a plan; a row says so where this version has no such setting."""
    return [
        Program(
            name="ours, spot-only sampler",
            workload="W1",
            run=simulated.fused("W1", sampler="spot"),
            absent=simulated.lacks("sampler"),
        ),
        Program(
            name="ours, single precision",
            workload="W1",
            run=simulated.single_w1,
            absent=simulated.lacks("precision"),
        ),
        Program(
            name="ours, antithetic",
            workload="W1",
            run=simulated.fused("W1", sampling="antithetic"),
            absent=simulated.lacks("sampling"),
        ),
        Program(
            name="ours, Sobol",
            workload="W1",
            run=simulated.fused("W1", sampling="sobol"),
            absent=simulated.lacks("sampling"),
        ),
        Program(
            name="ours, automatic",
            workload="W1",
            run=simulated.fused("W1"),
            absent=simulated.lacks("standard_error"),
        ),
    ]


def switched_hard():
    return [
        Program(
            name=f"ours, {sampling}",
            workload="hard",
            run=simulated.hard(sampling=sampling),
            absent=simulated.lacks("sampling"),
        )
        for sampling in ("antithetic", "sobol")
    ]
