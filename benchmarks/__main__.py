"""Run every program in turn, round after round, and print how they compare.

python -m benchmarks [--rounds N] [--quick] [--only WORD ...] [--python FAMILY=PATH ...]
python -m benchmarks page RUN.json docs/speed.md
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from pathlib import Path

from benchmarks import machine, rounds, table
from benchmarks.children import ONE_THREAD
from benchmarks.page import page
from benchmarks.programs import FAMILIES, UNABLE

SCHEMA = 1
PYTHONS = "BENCHMARK_PYTHONS"
SLOW = ("ours-million", "numpy-million", "ours-threads")
"""Families that ``--quick`` leaves out."""


def main(arguments=None):
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["page"]:
        return write_page(*given[1:])
    options = parser().parse_args(given)
    document = run(options)
    Path(options.json).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(table.printed(table.GOAL_HEADINGS, table.goal_rows(document)))
    print()
    print(table.printed(table.PROGRAM_HEADINGS, table.program_rows(document)))
    return 0


def parser():
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    made.add_argument("--rounds", type=int, default=9)
    made.add_argument("--seconds", type=float, default=0.4, help="processor time of one run")
    made.add_argument("--quick", action="store_true", help="three short rounds, no slow programs")
    made.add_argument(
        "--only", nargs="+", default=[], metavar="WORD", help="workloads and families to run"
    )
    made.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="FAMILY=PATH",
        help=f"interpreter of a family; also as {PYTHONS}=FAMILY=PATH,FAMILY=PATH",
    )
    made.add_argument("--json", default="benchmarks.json", help="where the run is written")
    return made


def run(options):
    """Return the whole run as plain data."""
    n_rounds, seconds = (3, 0.1) if options.quick else (options.rounds, options.seconds)
    load_start = machine.load()
    rows = rounds.start(chosen(options), pythons(options.python))
    try:
        rounds.prepare(rows, seconds, say)
        loads = rounds.measure(rows, n_rounds, say)
        versions = {row.child.family.name: row.child.versions for row in rows if row.child.versions}
    finally:
        rounds.close(rows)
    return {
        "schema": SCHEMA,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine.description(),
        "conditions": {
            "rounds": n_rounds,
            "seconds_a_run": seconds,
            "quick": options.quick,
            "only": options.only,
            "threads": ONE_THREAD,
            "load_start": load_start,
            "loads": loads,
            "load_end": machine.load(),
        },
        "versions": versions,
        "programs": [row.record() for row in rows],
    }


def chosen(options):
    """Return what says whether a family's workload is run."""
    families = {family.name for family in FAMILIES}
    only_families = {word for word in options.only if word in families}
    only_workloads = set(options.only) - only_families

    def wanted(family, workload):
        if options.quick and family in SLOW:
            return False
        if only_families and family not in only_families | {"ours"}:
            return False
        return not only_workloads or workload in only_workloads | {UNABLE}

    return wanted


def pythons(given):
    """Return family -> interpreter, from the options and the environment."""
    pairs = [*filter(None, os.environ.get(PYTHONS, "").split(",")), *given]
    known = {family.name for family in FAMILIES}
    found = {}
    for pair in pairs:
        family, equals, path = pair.partition("=")
        if not equals or family not in known:
            msg = f"--python must be FAMILY=PATH with one of {', '.join(sorted(known))}, got {pair}"
            raise SystemExit(msg)
        found[family] = path
    return found


def say(text):
    print(text, file=sys.stderr, flush=True)


def write_page(source, target):
    """Make the page of the docs from the JSON of a run."""
    document = json.loads(Path(source).read_text(encoding="utf-8"))
    if document.get("schema") != SCHEMA:
        msg = f"schema must be {SCHEMA}, got {document.get('schema')}"
        raise SystemExit(msg)
    Path(target).write_text(page(document), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
