"""The direction of the architecture, over the source itself and over planted faults."""

import importlib

import pytest

from montecarlo import models
from tests.architecture import rules, source

MODULES = source.read()

RULES = [
    rules.forbidden_imports,
    rules.stray_simulations,
    rules.linear_algebra,
    rules.relative_imports,
    rules.long_files,
    rules.cycles,
]

# Rule, file, text that breaks it, and what is said about it.
PLANTED = [
    (rules.forbidden_imports, "montecarlo/a.py", "import contracts.deal", "contracts.deal"),
    (rules.forbidden_imports, "montecarlo/a.py", "def f():\n    import pandas as pd", "pandas"),
    (rules.forbidden_imports, "contracts/legs/a.py", "from contracts import deal", "deal"),
    (rules.forbidden_imports, "contracts/legs/a.py", "import montecarlo.models.gbm", "models"),
    (
        rules.forbidden_imports,
        "contracts/observations/a.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas",
        "a:3 imports pandas",
    ),
    (
        rules.forbidden_imports,
        "contracts/modifiers/a.py",
        "from contracts.reports import terminal",
        "contracts.reports.terminal",
    ),
    (
        rules.stray_simulations,
        "contracts/a.py",
        "from montecarlo.simulation import simulate",
        "simulate",
    ),
    (
        rules.stray_simulations,
        "contracts/legs/a.py",
        "def f():\n    from montecarlo import simulate_paths",
        "simulate_paths",
    ),
    (rules.stray_simulations, "contracts/a.py", "import montecarlo", "montecarlo"),
    (rules.linear_algebra, "contracts/a.py", "def f(x, y):\n    return x @ y", "a.f:2 calls @"),
    (rules.linear_algebra, "contracts/a.py", "def f(x, y):\n    x @= y", "calls @"),
    (rules.linear_algebra, "contracts/a.py", "class A:\n    def f(x):\n        x.dot(x)", "A.f:3"),
    (rules.linear_algebra, "montecarlo/a.py", "y = np.linalg.solve(a, b)", "calls linalg"),
    (rules.linear_algebra, "montecarlo/a.py", "from numpy import einsum", "calls einsum"),
    (rules.linear_algebra, "montecarlo/a.py", "import scipy.linalg as s", "calls linalg"),
    (rules.relative_imports, "contracts/legs/a.py", "from . import b", "a:1"),
    (rules.relative_imports, "contracts/a.py", "def f():\n    from .b import c", "a:2"),
    (rules.long_files, "contracts/a.py", "x = 1\n" * 401, "401 lines"),
    (rules.cycles, "contracts/a.py", "import contracts.b", "contracts.b"),
    (rules.cycles, "contracts/a.py", "from contracts import b", "contracts.b"),
    (rules.cycles, "contracts/a.py", "from contracts import load", "contracts"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_source_keeps_the_rule(rule):
    assert len(MODULES) > 50
    assert rule(MODULES) == []


@pytest.mark.parametrize(("rule", "file", "text", "said"), PLANTED)
def test_rule_sees_a_planted_fault(tmp_path, rule, file, text, said):
    plant(tmp_path, "contracts/__init__.py", "import contracts.c")
    plant(tmp_path, "contracts/b.py", "from contracts.a import f")
    plant(tmp_path, "contracts/c.py", "import contracts.b")
    plant(tmp_path, file, text)

    found = rule(source.read(tmp_path))

    assert said in " ".join(found)


def test_lazy_and_typing_imports_make_no_cycle(tmp_path):
    plant(tmp_path, "contracts/__init__.py", "")
    plant(
        tmp_path,
        "contracts/a.py",
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import contracts.b\n"
        "def f():\n    import contracts.b\n",
    )
    plant(tmp_path, "contracts/b.py", "import contracts.a")

    assert rules.cycles(source.read(tmp_path)) == []


def test_names_that_may_simulate_exist():
    assert {module.name for module in MODULES} >= rules.MAY_SIMULATE


def test_functions_that_may_multiply_do():
    found = {function for module in MODULES for function, _, _ in rules.products(module)}

    assert found >= rules.MAY_MULTIPLY


# Folder, the table of its __init__, and the methods that make a class one of its kinds.
TABLES = [
    ("contracts.observations", "KINDS", ("reads", "bind")),
    ("contracts.legs", "KINDS", ("reads", "amounts")),
    ("contracts.modifiers", "KINDS", ("reads", "bind")),
]
SHARED_BY_MODELS = {"gaussian", "jumping", "lognormal", "protocol", "transformed", "transforms"}


@pytest.mark.parametrize(("folder", "table", "methods"), TABLES)
def test_table_agrees_with_folder(folder, table, methods):
    kinds = getattr(importlib.import_module(folder), table)
    in_folder = {
        module.name: name
        for module in MODULES
        if source.is_within(module.name, folder)
        for name in rules.classes_with(module, methods)
    }

    in_table = {
        f"{folder}.{kind.replace('-', '_')}": known.__name__ for kind, known in kinds.items()
    }
    homes = {known.__module__: known.__name__ for known in kinds.values()}

    assert in_table == homes
    assert in_table == in_folder


def test_table_of_models_agrees_with_folder():
    folder = source.ROOT / "montecarlo" / "models"
    files = {file.stem for file in folder.glob("*.py")} - {"__init__"} - SHARED_BY_MODELS

    assert {kind: getattr(models, name).__module__ for kind, name in models.MODELS.items()} == {
        file: f"montecarlo.models.{file}" for file in files
    }


def plant(root, file, text):
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
