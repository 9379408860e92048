"""The wheel holds both packages, their data and the command, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec

import pytest

from tests.architecture.source import ROOT, read

SOURCE = ["contracts", "montecarlo", "_offtake.py", "pyproject.toml", "README.md", "LICENSE"]


def builders(target):
    """Return the commands that can build a wheel here without fetching anything, best first."""
    uv = shutil.which("uv", path=f"{sys.prefix}/bin") or shutil.which("uv")
    found = []
    if find_spec("hatchling"):
        found.append([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target])
    if uv:
        found.append([uv, "build", "--wheel", "--quiet", "--out-dir", target])
    if find_spec("pip"):
        found.append([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", target, "."])
    return found


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    checkout = tmp_path_factory.mktemp("checkout")
    target = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
    for name in SOURCE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, checkout / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, checkout / name)
    for stray in ("tests/stray.py", "docs/stray.md", "stray.py"):
        (checkout / stray).parent.mkdir(exist_ok=True)
        (checkout / stray).write_text("", encoding="utf-8")
    said = []
    for command in builders(str(target)):
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
        wheels = list(target.glob("*.whl"))
        if done.returncode == 0 and wheels:
            return set(zipfile.ZipFile(wheels[0]).namelist())
        said.append(f"{command[0]}: {done.stderr.strip()[-500:]}")
    pytest.skip("no tool here can build a wheel: " + ("; ".join(said) or "none is installed"))


def files(pattern):
    return {str(path.relative_to(ROOT).as_posix()) for path in ROOT.glob(pattern)}


def test_wheel_holds_every_module(names):
    modules = {str(module.path.relative_to(ROOT).as_posix()) for module in read()}

    assert modules - names == set()


@pytest.mark.parametrize("pattern", ["contracts/deals/*.yaml", "contracts/markets/*.yaml"])
def test_wheel_holds_deals_and_markets(names, pattern):
    assert len(files(pattern)) > 1
    assert files(pattern) - names == set()


def test_wheel_holds_the_direction_numbers(names):
    assert "montecarlo/direction_numbers.npy" in names


def test_wheel_is_typed_and_has_a_command(names):
    assert {"contracts/py.typed", "montecarlo/py.typed", "_offtake.py"} <= names
    assert any(name.endswith(".dist-info/entry_points.txt") for name in names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_wheel_puts_nothing_else_at_the_top(names):
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}

    assert tops == {"contracts", "montecarlo", "_offtake.py"}
