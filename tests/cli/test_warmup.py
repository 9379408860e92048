"""The first run: what it compiles, what it says, and what ``offtake warmup`` spares it."""

import importlib
import os
import pkgutil
import runpy
import subprocess
import sys

import pytest

import contracts
import montecarlo
from contracts.reports.progress import announced
from contracts.warmup import Warmup, warm_up
from montecarlo import kernel_cache
from montecarlo.jit import kernel

VALUED = """
import contracts
from montecarlo.kernel_cache import watch_compiling
events = []
with watch_compiling(events.append):
    for name in contracts.deals():
        contracts.value(name, n_paths=600, seed=1).exposure()
print(len(events))
"""


def offtake(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "contracts", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_after_a_warm_up_nothing_is_compiled(tmp_path):
    first, said = offtake("warmup", NUMBA_CACHE_DIR=str(tmp_path))
    second, silent = offtake("warmup", NUMBA_CACHE_DIR=str(tmp_path))
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    valued = subprocess.run(
        [sys.executable, "-c", VALUED],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert " kernels compiled in " in first
    assert str(tmp_path) in first
    assert said == "compiling once; the next run is quick\n"
    assert second.startswith("nothing to compile")
    assert silent == ""
    assert valued.stdout == "0\n"


def entered():
    """Return the kernels of both packages that no other kernel calls: name -> kernel."""
    for package in (montecarlo, contracts):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith(("__main__", "pytest_plugin")):
                importlib.import_module(found.name)
    known = kernel_cache.known_kernels()
    called = {name for found in known.values() for name in found.calls()}
    return {
        name: found
        for name, found in known.items()
        if name not in called and name.startswith(("contracts.", "montecarlo."))
    }


# What a valuation runs; the other kernels make numbers for whoever asks.
RUN = (
    "contracts.",
    "montecarlo.accumulators.",
    "montecarlo.engine.",
    "montecarlo.reduction.",
)


def test_a_warm_up_reaches_every_kernel_of_a_valuation():
    warm_up()

    missed = [name for name, found in entered().items() if not found.is_loaded]
    assert [name for name in missed if name.startswith(RUN)] == []


def test_a_valuation_enters_eight_kernels_at_most():
    code = """
    import contracts
    from montecarlo.kernel_cache import known_kernels
    contracts.value("mp-materials", n_paths=600, seed=1).summary()
    print(*[name for name, found in known_kernels().items() if found.is_loaded])
    """
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(line.strip() for line in code.splitlines())],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split()) & set(entered())

    assert 0 < len(loaded) <= 8


def test_a_run_that_compiles_says_so_once(capsys, tmp_path):
    # A file of its own, whose kernels no earlier run can have left in the cache.
    source = tmp_path / "fresh.py"
    source.write_text("def one(x):\n    return x + 1.0\n\n\ndef two(x):\n    return x + 2.0\n")
    fresh = runpy.run_path(str(source))
    one, two = kernel(fresh["one"]), kernel(fresh["two"])

    with announced():
        one(1.0)
        two(1.0)
        two(1.0)

    assert capsys.readouterr().err == "compiling once; the next run is quick\n"


def test_a_run_that_compiles_nothing_is_silent(capsys):
    @kernel
    def three(x):
        return x + 3.0

    three(1.0)
    with announced():
        three(2.0)

    assert capsys.readouterr().err == ""


NOWHERE = "no folder for compiled kernels can be written to; set NUMBA_CACHE_DIR to one that can"


def test_a_run_without_a_folder_says_what_to_set(capsys):
    with announced():
        for _ in range(2):
            kernel_cache.tell(kernel_cache.Compiling(kernel="a.b", folder=""))

    assert capsys.readouterr().err == f"{NOWHERE}\ncompiling again, as in every run\n"


def test_a_run_on_a_full_disk_says_so(capsys):
    with announced():
        kernel_cache.tell(kernel_cache.NotKept(kernel="a.b", folder="/f", reason="no space"))

    assert capsys.readouterr().err == "compiled kernels are not kept in /f: no space\n"


@pytest.mark.parametrize(
    ("compiled", "folders", "trouble", "lines"),
    [
        (("a", "b"), ("/c",), "", [
            "2 kernels compiled in 1.5 s",
            "compiled kernels are kept in /c",
        ]),
        ((), ("/c/a", "/c/b"), "", [
            "nothing to compile: every kernel was there already",
            "compiled kernels are kept in 2 folders below /c",
        ]),
        (("a",), (), NOWHERE, ["1 kernel compiled in 1.5 s", NOWHERE]),
    ],
)  # fmt: skip
def test_what_a_warm_up_says(compiled, folders, trouble, lines):
    done = Warmup(compiled=compiled, seconds=1.5, folders=folders, trouble=trouble)

    assert list(done.lines()) == lines
    assert done.to_dict()["folders"] == folders


def test_nothing_that_was_lost_is_called_kept(monkeypatch):
    monkeypatch.setattr("contracts.warmup.deals", list)
    monkeypatch.setattr(
        "contracts.warmup._clauses",
        lambda: kernel_cache.tell(
            kernel_cache.NotKept(kernel="a.b", folder="/f", reason="no space")
        ),
    )

    assert warm_up().trouble == "/f, for compiled kernels, cannot be written to: no space"


def test_a_report_on_a_terminal_needs_neither_pandas_nor_scipy():
    # From a filled cache: to compile, the compiler reads scipy's linear algebra.
    offtake("value", "lynas-jare", "--paths", "600")
    code = (
        "import sys\n"
        "sys.argv = ['offtake', 'value', 'lynas-jare', '--paths', '600', *sys.argv[1:]]\n"
        "from contracts.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr)\n"
    )
    for options in ((), ("--json",)):
        done = subprocess.run(
            [sys.executable, "-c", code, *options], capture_output=True, text=True, check=False
        )
        loaded = set(done.stderr.split())

        assert done.returncode == 0, done.stderr
        assert "numba" in loaded
        assert not {"pandas", "scipy.special", "scipy.linalg", "matplotlib"} & loaded
