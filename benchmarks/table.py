"""The tables of a run as rows of text, for the terminal and for the page."""

from __future__ import annotations

import statistics

from benchmarks.goals import judged
from benchmarks.programs import OWN
from benchmarks.runs import Runs, first, measure_of, times

GOAL_HEADINGS = ("goal", "must", "wanted", "measured", "verdict")
PROGRAM_HEADINGS = (
    "workload",
    "program",
    "ns a path",
    "least",
    "to ours",
    "mean",
    "apart",
    "setting",
)


def goal_rows(document):
    return [tuple(row[heading] for heading in GOAL_HEADINGS) for row in judged(document)]


def program_rows(document):
    """Return a row a program: medians, ratio to ours, mean and its distance from ours."""
    runs = Runs(document)
    leaders = {}
    for program in runs.programs:
        if program["family"].startswith("ours"):
            leaders.setdefault(program["workload"], (program["name"], program["workload"]))
    return [_program_row(runs, program, leaders) for program in runs.programs]


def _program_row(runs, program, leaders):
    workload, name = program["workload"], program["name"]
    found = times(program)
    if program["absent"] or not found:
        return (workload, name, "-", "-", "-", program["absent"] or "not run", "", "")
    result = first(program)
    if program["quantity"] in OWN:
        text = f"{result['mean']:.3g} ({program['quantity']})"
        return (workload, name, "-", "-", "-", text, "", "")
    leader = leaders.get(workload, (name, workload))
    ratio = runs.ratio((name, workload), leader, measure_of(workload)).value
    apart = runs.apart(program)
    setting = ", ".join(f"{key} {value}" for key, value in program["setting"].items())
    return (
        workload,
        name,
        f"{1e9 * statistics.median(found):,.0f}",
        f"{1e9 * min(found):,.0f}",
        "-" if ratio is None else f"{ratio:.2f}",
        f"{result['mean']:,.4g} ± {result['standard_error']:.2g}"
        if program["quantity"] == "zero"
        else f"{result['mean']:,.0f} ± {result['standard_error']:,.0f}",
        "" if apart is None else f"{apart:.1f} se",
        setting,
    )


def printed(headings, rows):
    """Return a table in columns as wide as they need."""
    lines = [headings, *rows]
    widths = [max(len(str(line[i])) for line in lines) for i in range(len(headings))]
    return "\n".join(
        "  ".join(str(cell).ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def markdown(headings, rows):
    """Return the same as a table of a page."""
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
