"""A finished run as data: what was measured, ratios within rounds, and whether means agree."""

from __future__ import annotations

import math
import statistics
from typing import NamedTuple

from benchmarks.programs import OWN

AGREE_WITHIN = 4.0
"""Combined standard errors."""
QUIET = 0.06
"""The most of the machine that others may use while wall-clock times count."""


class Figure(NamedTuple):
    """A median over rounds with the least and the most, or why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    why_not: str | None = None


class Runs:
    """The programs of one run, by name and workload."""

    def __init__(self, document):
        self.document = document
        self.programs = document["programs"]
        self._known = {(p["name"], p["workload"]): p for p in self.programs}

    def program(self, name, workload):
        return self._known.get((name, workload))

    def reference(self, program):
        """Return our program that the rest of the same workload and quantity is held against."""
        alike = (
            p
            for p in self.programs
            if p["family"] == "ours"
            and (p["workload"], p["quantity"]) == (program["workload"], program["quantity"])
        )
        return next(alike, None)

    def why_not(self, program):
        """Say why a program's times do not count; None where they do."""
        if program is None:
            return "not in this run"
        if program["absent"]:
            return program["absent"]
        if not any(program["rounds"]):
            return "not run"
        apart = self.apart(program)
        if apart is not None and apart > AGREE_WITHIN:
            return f"its mean is {apart:.1f} standard errors from ours"
        return None

    def apart(self, program):
        """Return how many combined standard errors a mean is from ours; None without a peer."""
        result = first(program)
        if result is None or program["quantity"] in OWN:
            return None
        if program["quantity"] == "zero":
            mean, error = 0.0, 0.0
        else:
            ours = first(self.reference(program))
            if ours is None or self.reference(program) is program:
                return None
            mean, error = ours["mean"], ours["standard_error"]
        combined = math.hypot(error, result["standard_error"])
        return abs(result["mean"] - mean) / combined if combined > 0.0 else None

    def ratio(self, above, below, measure=None):
        """Return the median over rounds of one program's measure over another's.

        ``above`` and ``below`` are (name, workload); ``measure`` turns a result into a number, by
        default seconds a path.
        """
        measure = measure or seconds_a_path
        pair = [self.program(*above), self.program(*below)]
        for program in pair:
            why = self.why_not(program)
            if why:
                label = f"{above[0]}" if program is pair[0] else f"{below[0]}"
                return Figure(None, why_not=f"{label}: {why}")
        ratios = [
            measure(a) / measure(b)
            for a, b in zip(pair[0]["rounds"], pair[1]["rounds"], strict=True)
            if a and b and measure(b) > 0.0
        ]
        return summary(ratios) if ratios else Figure(None, why_not="never in the same round")

    def efficiency(self, one, two):
        """Return wall time on one thread over twice that on two, in quiet rounds only."""
        pair = [self.program(*one), self.program(*two)]
        for program in pair:
            why = self.why_not(program)
            if why:
                return Figure(None, why_not=why)
        shares = []
        for a, b in zip(pair[0]["rounds"], pair[1]["rounds"], strict=True):
            if a and b and all(is_quiet(result) for result in (a, b)):
                shares.append(a["wall"] / (2.0 * b["wall"]))
        if not shares:
            return Figure(None, why_not="loaded: the rest of the machine was never idle")
        return summary(shares)


def is_quiet(result):
    return result["others"] is not None and result["others"] <= QUIET


def first(program):
    if program is None:
        return None
    return next((result for result in program["rounds"] if result), None)


def seconds_a_path(result):
    return result["seconds"] / result["n_paths"]


def seconds_to_an_error(result):
    """Seconds times variance of the mean: in proportion to the time to any standard error."""
    return result["seconds"] * result["standard_error"] ** 2


def peak(result):
    return result["peak_bytes"] or math.nan


def summary(values):
    return Figure(statistics.median(values), min(values), max(values))


def wall_a_path(result):
    return result["wall"] / result["n_paths"]


def measure_of(workload):
    """Return what counts as time: processor time, but for threads the clock on the wall."""
    return wall_a_path if workload == "threads" else seconds_a_path


def times(program):
    measure = measure_of(program["workload"])
    return [measure(result) for result in program["rounds"] if result]
