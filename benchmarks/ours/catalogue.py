"""Our rows of the table."""

from __future__ import annotations

from benchmarks.ours import memory, raw_normals, simulated, valuations
from benchmarks.programs import Program
from montecarlo.sampling import Sampling

VERSIONS = ("numpy", "scipy", "numba", "llvmlite")

SAMPLINGS = {
    "spot only": Sampling(spot_only=True),
    "single precision": Sampling(precision="single"),
    "antithetic": Sampling(method="antithetic"),
    "Sobol": Sampling(method="sobol", n_points=4096),
    "Sobol, principal": Sampling(method="sobol", n_points=4096, ordering="principal"),
    "Sobol, bridge": Sampling(method="sobol", n_points=4096, ordering="bridge", spot_only=True),
}
SOBOL_PATHS = {"n_paths": 128 * 4096, "least_paths": 2 * 4096}
"""Enough randomisations that their spread, and so the standard error, is known to a sixteenth."""


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
            name="ours, change in single precision",
            workload="precision",
            run=simulated.single_precision_change,
            quantity="change",
            n_paths=2**18,
            n_rounds=1,
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
    """W1 under other settings of a plan, composed and fused."""
    return [
        Program(
            name=f"ours, {form}, {label}",
            workload="W1",
            run=run("W1", sampling=sampling),
            **(SOBOL_PATHS if sampling.method == "sobol" else {}),
        )
        for label, sampling in SAMPLINGS.items()
        for form, run in (("composed", simulated.composed), ("fused", simulated.fused))
    ] + [
        Program(
            name="ours, whole valuation, controls",
            workload="W1",
            run=valuations.controlled,
            absent=valuations.no_controls(),
            n_paths=100_000,
        ),
        Program(
            name="ours, whole valuation, automatic",
            workload="W1",
            run=valuations.automatic,
            absent=valuations.not_automatic(),
            n_paths=1,
        ),
    ]


def switched_hard():
    return [
        Program(
            name=f"ours, {label}",
            workload="hard",
            run=simulated.hard(sampling=sampling),
            **(SOBOL_PATHS if sampling.method == "sobol" else {}),
        )
        for label, sampling in SAMPLINGS.items()
        if sampling.method != "random"
    ]
