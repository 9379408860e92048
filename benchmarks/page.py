"""The page of the docs, made from the JSON of a run."""

from __future__ import annotations

from benchmarks import table
from benchmarks.goals import judged

TEMPLATE = """# Speed

This page is made from a run by `python -m benchmarks page`; do not edit it. \
[How to run it again](../benchmarks/README.md).

Measured on {date}: {machine}.{limits}

Times are processor time a path in one thread. All programs ran as live processes in turn, round \
after round ({rounds} rounds{quick}); a ratio is the median of the ratios within rounds, with the \
least and the most behind it, so that a slow spell of the machine touches both sides. NumPy, \
mkl_random, PyTorch, JAX and others were each given the fastest of several block sizes, generators \
and methods, chosen in the run. Each program's mean was held against ours; one further than four \
combined standard errors away does not count.

"Ours" is the composed form, two legs on one observation; "fused" is the same contract by hand as \
one kernel.

## Goals

{goals}

{summary}

## Programs

Nanoseconds a path, median and least over rounds; by the wall clock for the two rows of threads, \
for normals the 240 of a path. "To ours" is against the first of our rows of \
the workload; "apart" is the distance of the mean from ours in combined standard errors.

{programs}

## Workloads

{workloads}

## Conditions

- Load (processes that want the processor, mean of a minute) at the start {load_start}, by round \
{loads}, at the end {load_end}.
- Threads: {threads}.
- Versions: {versions}.
"""


def page(document):
    """Return the page as text."""
    conditions = document["conditions"]
    verdicts = [row["verdict"] for row in judged(document)]
    counts = [
        f"{verdicts.count(word)} {label}"
        for word, label in (
            ("wanted", "reach what is wanted"),
            ("must", "reach what must be"),
            ("missed", "miss it"),
            ("not measured", "were not measured"),
        )
        if word in verdicts
    ]
    return TEMPLATE.format(
        date=document["date"],
        machine=machine_text(document["machine"]),
        limits=" Quick run: too short to judge by." if conditions["quick"] else "",
        rounds=conditions["rounds"],
        quick=", quick" if conditions["quick"] else "",
        goals=table.markdown(table.GOAL_HEADINGS, table.goal_rows(document)),
        summary=f"Of {len(verdicts)} goals {', '.join(counts)}.",
        programs=table.markdown(table.PROGRAM_HEADINGS, table.program_rows(document)),
        workloads=workloads_text(),
        load_start=conditions["load_start"],
        loads=", ".join(str(load) for load in conditions["loads"]),
        load_end=conditions["load_end"],
        threads=", ".join(f"`{name}={value}`" for name, value in conditions["threads"].items()),
        versions="; ".join(
            f"{family}: {', '.join(f'{name} {number}' for name, number in versions.items())}"
            for family, versions in document["versions"].items()
        ),
    )


def machine_text(machine):
    caches = ", ".join(f"{name} {size}" for name, size in machine["caches"].items())
    memory = machine["memory_bytes"]
    parts = [
        f"{machine['processor']} (family {machine['family']}, model {machine['model']})"
        if machine["family"]
        else machine["processor"],
        f"{machine['cores']} cores",
        caches,
        f"{memory / 2**30:.0f} GiB" if memory else "",
        f"vectors {', '.join(machine['flags'])}" if machine["flags"] else "",
        f"{machine['system']} {machine['architecture']}",
    ]
    return ", ".join(part for part in parts if part)


def workloads_text():
    from benchmarks import terms

    text = terms.__doc__.split("\n\n", 1)[1]
    return text.replace("``", "`").strip()
