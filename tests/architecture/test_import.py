"""Importing the packages is quick and silent and leaves the process as it was."""

import json
import subprocess
import sys

import pytest

HEAVY = ("numba", "pandas", "pydantic", "rich", "ruamel", "scipy", "typer")

PROBE = """
import json, pathlib, random, sys, warnings
import numpy as np
np.random.seed(12345)
random.seed(12345)
before = [repr(np.random.get_state()), repr(random.getstate()), repr(np.geterr()),
          repr(np.get_printoptions()), repr(warnings.filters)]
loaded = set(sys.modules)
{statement}
after = [repr(np.random.get_state()), repr(random.getstate()), repr(np.geterr()),
         repr(np.get_printoptions()), repr(warnings.filters)]
new = sorted({{name.partition(".")[0] for name in set(sys.modules) - loaded}})
result = json.dumps({{"untouched": before == after, "new": new}})
pathlib.Path(sys.argv[1]).write_text(result)
"""


def run(statement, folder):
    result = folder / "result.json"
    command = [sys.executable, "-W", "error", "-c", PROBE.format(statement=statement), str(result)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return done.stdout + done.stderr, json.loads(result.read_text())


@pytest.mark.parametrize("package", ["contracts", "montecarlo"])
def test_import_is_light_silent_and_leaves_no_trace(package, tmp_path):
    printed, found = run(f"import {package}", tmp_path)

    assert printed == ""
    assert found["untouched"]
    assert [name for name in HEAVY if name in found["new"]] == []


def test_commands_are_listed_without_the_heavy_packages(tmp_path):
    _, found = run("import _offtake, contracts.cli", tmp_path)

    assert [name for name in found["new"] if name in {"numba", "pandas", "pydantic", "scipy"}] == []


def test_pytest_plugin_is_light(tmp_path):
    _, found = run("import contracts.pytest_plugin", tmp_path)

    assert [name for name in HEAVY if name in found["new"]] == []


def test_valuing_leaves_random_states_alone(tmp_path):
    # Warning filters are left out: other packages add their own.
    _, found = run(
        "import contracts; contracts.value('lynas-jare', n_paths=512)\n"
        "before[-1] = repr(warnings.filters)",
        tmp_path,
    )

    assert found["untouched"]


@pytest.mark.parametrize(
    ("statement", "sign"),
    [
        ("np.random.random()", "untouched"),
        ("random.random()", "untouched"),
        ("import pandas", "new"),
        ("sys.stderr.write('compiling')", "printed"),
    ],
)
def test_probe_sees_a_planted_fault(statement, sign, tmp_path):
    printed, found = run(statement, tmp_path)

    assert sign != "untouched" or not found["untouched"]
    assert sign != "new" or "pandas" in found["new"]
    assert sign != "printed" or printed == "compiling"
