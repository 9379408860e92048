"""Run every program in turn, round after round, and print how they compare.

    python -m benchmarks [--rounds N] [--quick]

Times are processor time a path in one thread, medians over rounds. Ratios are taken within each
round, so that a slow spell of the machine touches both sides. Blocked NumPy is given its best
block size.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import composed, fused, memory, numpy_peer, quantlib_peer
from benchmarks.workload import Result

BLOCK_SIZES = (500, 1000, 2000)


@dataclass(frozen=True, kw_only=True)
class Program:
    name: str
    workload: str
    run: Callable[[int], Result]
    n_paths: int


def programs(quick):
    scale = 1 if quick else 4
    table = [
        Program(name="ours, fused", workload="W1", run=fused.run_w1, n_paths=100_000 * scale),
        Program(name="ours, fused", workload="W2", run=fused.run_w2, n_paths=100_000 * scale),
    ]
    table += [
        Program(name=name, workload="W1", run=run, n_paths=100_000 * scale)
        for name, run in (
            ("ours, composed legs", composed.run_w1),
            ("ours, whole valuation", composed.run_valuation_w1),
        )
    ]
    table += [
        Program(
            name=f"NumPy, blocks of {size}",
            workload=workload,
            run=numpy_peer.blocked(workload, size),
            n_paths=20_000 * scale,
        )
        for workload in ("W1", "W2")
        for size in BLOCK_SIZES
    ]
    table.append(
        Program(
            name="NumPy, whole arrays",
            workload="W1",
            run=numpy_peer.run_whole_w1,
            n_paths=50_000 * scale,
        )
    )
    if quantlib_peer.available():
        table.append(
            Program(
                name="QuantLib C++ engine",
                workload="W2",
                run=quantlib_peer.run_w2,
                n_paths=1000 * scale,
            )
        )
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="fewer paths and three rounds")
    options = parser.parse_args()
    table = programs(options.quick)
    for program in table:
        program.run(2000)
    n_rounds = 3 if options.quick else options.rounds
    rounds = [[program.run(program.n_paths) for program in table] for _ in range(n_rounds)]
    print_table(table, rounds)
    print_peers(table, rounds)
    measured = memory.bytes_a_path()
    if measured is not None:
        print(f"\nmemory on W1: base {measured[0] / 1e6:.0f} MB, {measured[1]:.1f} bytes a path")


def print_table(table, rounds):
    print(f"{'program':24}{'load':>5}{'ns/path':>10}{'least':>8}{'to ours':>9}   mean of the value")
    for i, program in enumerate(table):
        times = [results[i].nanoseconds_a_path for results in rounds]
        ours = 0 if program.workload == "W1" else 1
        ratio = ratio_to(rounds, i, ours)
        result = rounds[0][i]
        mean = (
            "-" if math.isnan(result.mean) else f"{result.mean:.0f} +- {result.standard_error:.0f}"
        )
        print(
            f"{program.name:24}{program.workload:>5}{statistics.median(times):10.0f}"
            f"{min(times):8.0f}{ratio:9.2f}   {'-' if math.isnan(result.mean) else mean}"
        )


def ratio_to(rounds, program, ours):
    return statistics.median(
        results[program].nanoseconds_a_path / results[ours].nanoseconds_a_path for results in rounds
    )


def print_peers(table, rounds):
    for i, program in enumerate(table):
        if program.name.startswith("ours, ") and i > 1:
            share = 100.0 * (ratio_to(rounds, i, 0) - 1.0)
            print(f"{program.workload}: {program.name[6:]} cost {share:.0f}% over the fused kernel")
    for workload, ours in (("W1", 0), ("W2", 1)):
        blocked = [
            ratio_to(rounds, i, ours)
            for i, program in enumerate(table)
            if program.workload == workload and program.name.startswith("NumPy, blocks")
        ]
        print(f"\n{workload}: {min(blocked):.2f} times the speed of the best blocked NumPy")
    for i, program in enumerate(table):
        if program.name.startswith("QuantLib"):
            print(f"W2: {ratio_to(rounds, i, 1):.1f} times the speed of QuantLib's C++ engine")


if __name__ == "__main__":
    main()
