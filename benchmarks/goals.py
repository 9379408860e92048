"""The goals, and how each is read off a run.

Times are processor time a path in one thread; every ratio is a median of ratios within rounds.
"Ours" is the product's composed form, two legs on one observation; where the same contract by
hand as one kernel is faster, that is told beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.runs import Figure, Runs, peak, seconds_to_an_error, summary

COMPOSED = "ours, composed"
FUSED = "ours, fused"
NORMALS = ("ours", "normals")
MILLION = ("ours, a million paths", "W1")
WHOLE = ("NumPy, whole arrays, a million paths", "W1")
AUTOMATIC = "ours, whole valuation, automatic"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A line of the table.

    Parameters
    ----------
    name
        What is measured.
    must, wanted
        The bounds.
    measure
        Reads it off a run.
    also
        A second reading, told beside the first.
    is_least
        Whether the bounds are from below.
    form
        How a number is written.
    """

    name: str
    must: float
    wanted: float
    measure: Callable[[Runs], Figure]
    also: tuple[str, Callable[[Runs], Figure]] | None = None
    is_least: bool = True
    form: str = "{:.2f}x"

    def verdict(self, figure):
        if figure.value is None:
            return "not measured"
        for word, bound in (("wanted", self.wanted), ("must", self.must)):
            if figure.value >= bound if self.is_least else figure.value <= bound:
                return word
        return "missed"


def against(peer, workload, ours=COMPOSED):
    def measure(runs):
        return runs.ratio((peer, workload), (ours, workload))

    return measure


def peer_goal(name, peer, workload, must, wanted):
    return Goal(
        name=name,
        must=must,
        wanted=wanted,
        measure=against(peer, workload),
        also=("fused", against(peer, workload, FUSED)),
    )


def over(above, below, measure=None):
    def read(runs):
        return runs.ratio(above, below, measure)

    return read


def best_over_plain(workload, plain, others):
    """Return the largest gain in time to the same standard error among ``others``."""

    def read(runs):
        figures = [
            (runs.ratio((plain, workload), (name, workload), seconds_to_an_error), name)
            for name in others
        ]
        measured = [figure for figure, _ in figures if figure.value is not None]
        return max(measured, key=lambda figure: figure.value) if measured else figures[0][0]

    return read


def alone(name, workload):
    """Return what a program that measures something itself has found."""

    def read(runs):
        program = runs.program(name, workload)
        why = runs.why_not(program)
        if why:
            return Figure(None, why_not=f"{name}: {why}")
        return summary([result["mean"] for result in program["rounds"] if result])

    return read


def efficiency(runs):
    return runs.efficiency(
        ("ours, one thread by wall clock", "threads"),
        ("ours, two threads by wall clock", "threads"),
    )


GOALS = (
    peer_goal("W1 against NumPy PCG64 in blocks", "NumPy PCG64, blocks", "W1", 7.5, 10.0),
    peer_goal("W1 against NumPy SFC64 in blocks", "NumPy SFC64, blocks", "W1", 7.0, 9.0),
    peer_goal("W1 against NumPy + mkl_random", "NumPy + mkl_random, blocks", "W1", 3.5, 5.0),
    peer_goal("W2 against NumPy PCG64 in blocks", "NumPy PCG64, blocks", "W2", 6.0, 7.5),
    peer_goal("W2 against NumPy + mkl_random", "NumPy + mkl_random, blocks", "W2", 2.7, 3.5),
    Goal(
        name="W1 against NumPy in whole arrays, a million paths",
        must=25.0,
        wanted=35.0,
        measure=over(WHOLE, MILLION),
    ),
    Goal(
        name="the same, peak memory of the process",
        must=15.0,
        wanted=15.0,
        measure=over(WHOLE, MILLION, peak),
    ),
    peer_goal("W1 against PyTorch f64", "PyTorch f64", "W1", 14.0, 18.0),
    peer_goal("W1 against JAX f64", "JAX f64", "W1", 20.0, 27.0),
    peer_goal(
        "W2 against QuantLib's C++ engine", "QuantLib C++ engine, floors alone", "W2", 55.0, 75.0
    ),
    peer_goal("W2 against FinancePy", "FinancePy paths + NumPy", "W2", 11.0, 15.0),
    Goal(
        name="W3 against NumPy in blocks",
        must=6.0,
        wanted=9.0,
        measure=against("NumPy PCG64, blocks", "W3", "ours"),
    ),
    Goal(
        name="raw normals against NumPy PCG64",
        must=5.0,
        wanted=7.0,
        measure=over(("NumPy PCG64, warm buffer", "normals"), NORMALS),
    ),
    Goal(
        name="raw normals against mkl_random, warm buffer",
        must=0.75,
        wanted=1.0,
        measure=over(("mkl_random, warm buffer", "normals"), NORMALS),
    ),
    Goal(
        name="W1's time over that of its 240 raw normals",
        must=1.5,
        wanted=1.35,
        is_least=False,
        measure=over((COMPOSED, "W1"), NORMALS),
        also=("fused", over((FUSED, "W1"), NORMALS)),
    ),
    Goal(
        name="composed legs over the fused kernel, W1",
        must=1.10,
        wanted=1.04,
        is_least=False,
        measure=over((COMPOSED, "W1"), (FUSED, "W1")),
    ),
    Goal(
        name="spot-only sampler over two factors, W1",
        must=0.65,
        wanted=0.55,
        is_least=False,
        measure=over((f"{COMPOSED}, spot only", "W1"), (COMPOSED, "W1")),
        also=("fused", over((f"{FUSED}, spot only", "W1"), (FUSED, "W1"))),
    ),
    Goal(
        name="single precision against double, W1",
        must=1.9,
        wanted=2.3,
        measure=over((COMPOSED, "W1"), (f"{COMPOSED}, single precision", "W1")),
        also=("fused", over((FUSED, "W1"), (f"{FUSED}, single precision", "W1"))),
    ),
    Goal(
        name="the same, change of the value on the same uniforms",
        must=1e-6,
        wanted=1e-6,
        is_least=False,
        form="{:.1e}",
        measure=alone("ours, change in single precision", "precision"),
    ),
    Goal(
        name="W1, time to a standard error of 0.01 bp of notional, automatic against plain",
        must=1e4,
        wanted=1e5,
        form="{:,.0f}x",
        measure=best_over_plain("W1", COMPOSED, (AUTOMATIC,)),
    ),
    Goal(
        name="capped, terminable contract, time to an error, best against plain",
        must=8.0,
        wanted=15.0,
        form="{:.1f}x",
        measure=best_over_plain(
            "hard",
            "ours, plain",
            ("ours, Sobol", "ours, Sobol, principal", "ours, Sobol, bridge", "ours, antithetic"),
        ),
    ),
    Goal(
        name="memory growth, one deal, bytes a path",
        must=10.0,
        wanted=8.2,
        is_least=False,
        form="{:.1f}",
        measure=alone("ours, memory a path", "memory"),
    ),
    Goal(
        name="efficiency of two cores, quiet rounds only",
        must=0.85,
        wanted=0.93,
        form="{:.0%}",
        measure=efficiency,
    ),
)


def judged(document):
    """Return a row for each goal: name, must, wanted, measured, verdict, as text."""
    runs = Runs(document)
    rows = []
    for goal in GOALS:
        figure = goal.measure(runs)
        rows.append(
            {
                "goal": goal.name,
                "must": goal.form.format(goal.must),
                "wanted": goal.form.format(goal.wanted),
                "measured": measured(goal, figure, runs),
                "verdict": goal.verdict(figure),
            }
        )
    return rows


def measured(goal, figure, runs):
    if figure.value is None:
        return figure.why_not
    text = goal.form.format(figure.value)
    if figure.low != figure.high:
        text += f" ({goal.form.format(figure.low)} to {goal.form.format(figure.high)})"
    if goal.also is not None:
        label, measure = goal.also
        other = measure(runs)
        if other.value is not None:
            text += f"; {label} {goal.form.format(other.value)}"
    return text
