"""The child process of one family: answers "run n paths" over a pipe, a JSON line each way.

    python -m benchmarks.worker FAMILY

Thread settings are in the environment before anything is imported. What libraries print goes to
standard error, so that the pipe carries answers only.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import platform
import re
import sys
import time

from benchmarks import machine
from benchmarks.programs import FAMILIES


def main():
    (name,) = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    family = next(family for family in FAMILIES if family.name == name)
    try:
        module = importlib.import_module(f"benchmarks.{family.module}")
    except ImportError as error:
        say({"error": plain(error)})
        return
    table = module.programs()
    versions, missing = installed(module.VERSIONS)
    absent = f"not installed: {', '.join(missing)}" if missing else None
    say(
        {
            "versions": {"python": platform.python_version(), **versions},
            "programs": [described(program, absent) for program in table],
        }
    )
    for line in sys.stdin:
        request = json.loads(line)
        program = table[request["program"]]
        try:
            say(measured(program, request["n_paths"], program.choices[request["choice"]]))
        except Exception as error:
            say({"error": plain(error)})


def installed(distributions):
    versions, missing = {}, []
    for distribution in distributions:
        try:
            versions[distribution] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            missing.append(distribution)
    return versions, missing


def described(program, absent):
    return {
        "name": program.name,
        "workload": program.workload,
        "quantity": program.quantity,
        "choices": [dict(choice) for choice in program.choices],
        "n_paths": program.n_paths,
        "least_paths": program.least_paths,
        "n_rounds": program.n_rounds,
        "absent": program.absent or absent,
    }


def measured(program, n_paths, choice):
    """Run once; ``others`` is the part of the machine that other processes kept busy."""
    busy = machine.BusyShare()
    wall, processor = time.perf_counter(), time.process_time()
    answer = program.run(n_paths, **choice)
    processor = time.process_time() - processor
    wall = time.perf_counter() - wall
    return {
        "seconds": processor,
        "wall": wall,
        "others": busy.of_others(),
        "n_paths": answer.n_paths,
        "mean": answer.mean,
        "standard_error": answer.standard_error,
        "peak_bytes": machine.peak_bytes(),
        "details": dict(answer.details),
    }


def plain(error):
    """Say what went wrong without telling where on this machine."""
    text = re.sub(r"(?:[A-Za-z]:)?(?:[/\\][\w.+-]+){2,}", "<path>", str(error)).strip()
    first = text.splitlines()[0] if text else ""
    return f"{type(error).__name__}: {first}"[:160]


if __name__ == "__main__":
    main()
