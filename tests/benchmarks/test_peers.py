"""Each peer that is installed values the contract that ours does."""

import importlib
import math

import pytest

from benchmarks.ours import simulated
from benchmarks.programs import FAMILIES
from benchmarks.worker import installed

PEERS = ("mkl", "torch", "jax", "quantlib", "financepy", "tf")
OURS = {
    ("W1", "value"): simulated.fused("W1"),
    ("W2", "value"): simulated.fused("W2"),
    ("W2", "floors"): simulated.floors_alone,
    ("W2", "value on equal months"): simulated.equal_months,
}


def rows():
    for family in FAMILIES:
        if family.name in PEERS:
            module = importlib.import_module(f"benchmarks.{family.module}")
            _, missing = installed(module.VERSIONS)
            for program in module.programs():
                yield pytest.param(
                    program,
                    id=f"{program.name}, {program.workload}",
                    marks=[pytest.mark.skipif(bool(missing), reason=f"without {missing}")],
                )


@pytest.mark.parametrize("program", list(rows()))
def test_peer_agrees_with_ours(program):
    choice = dict(program.choices[0])
    if "block_size" in choice:
        choice["block_size"] = 500
    found = program.run(500, **choice)
    expected = 0.0, 0.0
    if program.quantity != "zero":
        ours = OURS[program.workload, program.quantity](8192)
        expected = ours.mean, ours.standard_error

    gap = abs(found.mean - expected[0])

    assert 0 < found.n_paths <= 500
    assert gap < 4.0 * math.hypot(found.standard_error, expected[1])
