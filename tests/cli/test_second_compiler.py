"""The second process of a first run: it compiles what the run calls, and changes nothing else."""

import json
import os
import subprocess
import sys
import time

import pytest
from numba.core import sigutils

import contracts
from contracts import second_compiler
from contracts.commands.exposure import exposure
from contracts.commands.value import value
from contracts.second_compiler import KERNELS, PROGRAM
from montecarlo import kernel_cache, processors
from montecarlo.kernel_cache import CacheStatus
from tests.architecture import source

COLD = CacheStatus(folder="/c", is_writable=True, is_warm=False)

VALUED = """
import json
import contracts
from montecarlo.kernel_cache import watch_compiling
events = []
with watch_compiling(events.append):
    document = contracts.value("mp-materials", n_paths=600, seed=1).to_dict()
print(json.dumps([document, [event.kernel for event in events]], default=str))
"""


def python(code, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_valuation_calls_each_kernel_with_its_types():
    contracts.value("mp-materials", n_paths=600, seed=1)
    entered = ("_add_kink", "_contribute", "_on_twin", "_reduce", "_push")

    known = kernel_cache.known_kernels()
    for name, arguments in KERNELS:
        if name.endswith(entered):
            types, _ = sigutils.normalize_signature(f"({arguments})")
            assert types in known[name].dispatcher.overloads, name


def test_what_it_compiled_is_not_compiled_again_and_gives_the_same_bits(tmp_path):
    # The rest of this suite calls the library, which compiles in one process.
    expected, _ = json.loads(python(VALUED))
    second = python(PROGRAM, *sys.path, NUMBA_CACHE_DIR=str(tmp_path))
    document, compiled = json.loads(python(VALUED, NUMBA_CACHE_DIR=str(tmp_path)))

    assert second == ""
    assert "montecarlo.engine.kernels.fill_block" in compiled
    assert [name for name, _ in KERNELS if name in compiled] == []
    assert document == expected


@pytest.fixture
def started(monkeypatch):
    """Make a first run on two processors; return the processes that it starts."""
    found = []

    class Recorded(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            found.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    monkeypatch.setattr(kernel_cache, "cache_status", lambda: COLD)
    monkeypatch.setattr(processors, "granted_processors", lambda *_: 2)
    monkeypatch.setattr(second_compiler, "PROGRAM", "import time; time.sleep(600)")
    for name in processors.SETTINGS:
        monkeypatch.delenv(name, raising=False)
    return found


def test_it_ends_with_the_first(started):
    with second_compiler.second_compiler():
        assert started[0].poll() is None

    assert started[0].poll() is not None


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_it_ends_with_an_interruption(started, error):
    with pytest.raises(error), second_compiler.second_compiler():
        raise error

    assert started[0].poll() is not None


def test_its_failure_is_nobodys(started, monkeypatch, capfd):
    monkeypatch.setattr(second_compiler, "PROGRAM", "print(1); raise ValueError('no')")
    with second_compiler.second_compiler():
        started[0].wait(60)

    assert started[0].returncode == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("executable", ["/there/is/no/python", "", None])
def test_a_run_goes_on_where_it_cannot_start(started, monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    with second_compiler.second_compiler():
        ran = True

    assert ran
    assert started == []


@pytest.mark.parametrize(
    ("n_threads", "n_processors", "settings", "status"),
    [
        (1, 2, {}, COLD),
        (None, 1, {}, COLD),
        (4, 1, {}, COLD),
        (None, 2, {"NUMBA_NUM_THREADS": "1"}, COLD),
        (None, 2, {"OFFTAKE_NUM_THREADS": "many"}, COLD),
        (None, 2, {}, CacheStatus(folder="/c", is_writable=True, is_warm=True)),
        (None, 2, {}, CacheStatus(folder="/c", is_writable=False, is_warm=False)),
        (None, 2, {}, CacheStatus(folder="", is_writable=False, is_warm=False)),
    ],
)
def test_where_it_cannot_help_it_is_not_started(
    started, monkeypatch, n_threads, n_processors, settings, status
):
    monkeypatch.setattr(kernel_cache, "cache_status", lambda: status)
    monkeypatch.setattr(processors, "granted_processors", lambda *_: n_processors)
    for name, text in settings.items():
        monkeypatch.setenv(name, text)
    with second_compiler.second_compiler(n_threads):
        pass

    assert started == []


def test_without_a_compiler_it_is_not_started(tmp_path):
    code = "from contracts import second_compiler\nprint(second_compiler._is_wanted(None))\n"

    assert python(code, NUMBA_DISABLE_JIT="1", NUMBA_CACHE_DIR=str(tmp_path)) == "False\n"


def test_the_first_one_killed_leaves_it_a_limited_time():
    limited = PROGRAM.replace(f"({second_compiler.LIMIT_SECONDS}, ", "(0.1, ")
    limited = limited.partition("sys.path")[0] + "import time; time.sleep(60)"
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", limited], capture_output=True, check=False)

    assert "(0.1, exit=True)" in limited
    assert done.returncode == 1
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("command", ["value", "exposure"])
def test_a_command_is_helped(command, monkeypatch, started):
    valued = {"value": "lynas-jare", "exposure": ["lynas-jare"]}
    paths = {"value": "600", "exposure": 600}
    run = {"value": value, "exposure": exposure}[command]
    run(valued[command], paths=paths[command], as_json=True)

    assert len(started) == 1
    assert started[0].poll() is not None


def test_nothing_but_commands_starts_it():
    name = "contracts.second_compiler"
    users = {
        module.name
        for module in source.read()
        for found in source.imports(module)
        if source.is_within(found.target, name)
    }

    assert users == {"contracts.commands.run_settings"}
