"""Programs in turn, round after round: warm-up, the best choice of each, then the measurement."""

from __future__ import annotations

import math
import statistics

from benchmarks import machine
from benchmarks.children import Child
from benchmarks.programs import FAMILIES, UNABLE

_TUNING_ROUNDS = 3


class Row:
    """A program, its child and what it has answered."""

    def __init__(self, child, index, about):
        self.child, self.index, self.about = child, index, about
        self.absent = about["absent"]
        self.choice = 0
        self.n_paths = about["n_paths"] or about["least_paths"]
        self.results = []

    @property
    def name(self):
        return self.about["name"]

    def run(self, n_paths=None, choice=None):
        chosen = self.choice if choice is None else choice
        result = self.child.run(self.index, n_paths or self.n_paths, chosen)
        if "error" in result:
            self.absent = f"failed: {result['error']}"
        return result

    def record(self):
        settings = self.about["choices"][self.choice]
        return {
            "family": self.child.family.name,
            "name": self.name,
            "workload": self.about["workload"],
            "quantity": self.about["quantity"],
            "setting": settings,
            "absent": self.absent,
            "rounds": self.results,
        }


def start(wanted, pythons):
    """Start the families and return their rows, those of one workload together."""
    rows = []
    for family in FAMILIES:
        child = Child(family, pythons.get(family.name))
        offered = child.programs or [unable(family, child.error)]
        rows += [
            Row(child, index, about)
            for index, about in enumerate(offered)
            if wanted(family.name, about["workload"])
        ]
        if not any(row.child is child for row in rows):
            child.close()
    order = list(dict.fromkeys(row.about["workload"] for row in rows))
    return sorted(rows, key=lambda row: order.index(row.about["workload"]))


def unable(family, error):
    """Return the row of a family whose process could not even list its programs."""
    return {
        "name": family.name,
        "workload": UNABLE,
        "quantity": "value",
        "choices": [{}],
        "n_paths": None,
        "least_paths": 1,
        "n_rounds": None,
        "absent": f"failed: {error}",
    }


def close(rows):
    for child in {id(row.child): row.child for row in rows}.values():
        child.close()


def prepare(rows, seconds, say):
    """Compile and warm every program, find its best choice and how many paths take ``seconds``."""
    for row in rows:
        if row.absent:
            continue
        say(f"warming {row.name}, {row.about['workload']}")
        least = row.about["least_paths"]
        if row.about["n_rounds"] == 1:
            continue
        for choice in range(len(row.about["choices"])):
            if not row.absent:
                row.run(least, choice)
        if row.absent or row.about["n_paths"]:
            continue
        pace = per_path(row.run(least))
        if row.absent:
            continue
        row.n_paths = multiple(0.2 * seconds / pace, least)
        tune(row)
        if row.absent:
            continue
        pace = min(per_path(row.run()) for _ in range(2))
        row.n_paths = multiple(seconds / pace, least)


def tune(row):
    choices = range(len(row.about["choices"]))
    if len(choices) == 1:
        return
    times = {choice: [] for choice in choices}
    for _ in range(_TUNING_ROUNDS):
        for choice in choices:
            result = row.run(choice=choice)
            if row.absent:
                return
            times[choice].append(per_path(result))
    row.choice = min(choices, key=lambda choice: statistics.median(times[choice]))


def measure(rows, n_rounds, say):
    """Run all programs in turn, ``n_rounds`` times; return the load of each round."""
    loads = []
    for number in range(n_rounds):
        say(f"round {number + 1} of {n_rounds}")
        loads.append(machine.load())
        for row in rows:
            limit = row.about["n_rounds"]
            if row.absent or (limit is not None and number >= limit):
                row.results.append(None)
                continue
            result = row.run()
            row.results.append(None if "error" in result else result)
    return loads


def per_path(result):
    return result["seconds"] / result["n_paths"] if "seconds" in result else math.nan


def multiple(n_paths, least):
    return max(int(n_paths) // least, 1) * least
