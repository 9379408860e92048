"""The package's face: quick, silent, complete, and no name hidden behind a file."""

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import montecarlo

ROOT = Path(montecarlo.__file__).parent


def run_python(code):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_import_is_silent_and_imports_nothing_heavy():
    code = (
        "import sys, montecarlo\n"
        "heavy = {'numpy', 'numba', 'scipy', 'pandas', 'llvmlite'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert run_python(code) == ""


def test_curves_and_grid_need_no_compiler():
    code = (
        "import sys\n"
        "from montecarlo import DiscountCurve, ForwardCurve, TimeGrid\n"
        "ForwardCurve(times=[1.0, 2.0], values=[3.0, 4.0])(1.5)\n"
        "DiscountCurve.flat(0.05).discount_factor(1.0)\n"
        "assert not {'numba', 'scipy', 'pandas'} & set(sys.modules)"
    )
    assert run_python(code) == ""


def test_random_state_of_numpy_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    model = montecarlo.GBM(name="x", volatility=0.2, spot=1.0, drift=0.0)
    montecarlo.simulate_paths(model, montecarlo.TimeGrid.from_times([1.0]), n_paths=9, seed=1)

    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_tables_agree():
    assert sorted(montecarlo._MODULES) == sorted(montecarlo.__all__) == dir(montecarlo)
    for name, module in montecarlo._MODULES.items():
        value = getattr(montecarlo, name)
        if hasattr(value, "__module__") and name != "Measure":
            assert value.__module__ == module


def test_no_public_name_is_also_a_file():
    # The import system would put the file over the name.
    files = {module.name for module in pkgutil.iter_modules([str(ROOT)])}

    assert not files & set(montecarlo.__all__)


def test_unknown_name():
    with pytest.raises(AttributeError, match="module 'montecarlo' has no attribute 'nothing'"):
        montecarlo.nothing  # noqa: B018


def test_only_one_file_spells_compiler_options():
    for path in ROOT.rglob("*.py"):
        tree = ast.parse(path.read_text())
        imported = {
            name.name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")]
            )
        }
        # Three more reach behind the compiler: for single instructions, for wide vectors, and to
        # spell vectors out.
        may = path.name in ("jit.py", "intrinsics.py", "vector_width.py", "multiply.py")
        assert ("numba" in imported) == may, path


def test_no_fast_math_anywhere():
    from montecarlo.engine.kernels import fill_block

    flags = fill_block.targetoptions

    assert not flags.get("fastmath")
    assert not flags.get("parallel")
    assert flags["nogil"]
    assert flags["error_model"] == "numpy"
