"""The kernels' cache: never stale, quick to load from, never a reason to fail."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = """
import sys
sys.path.insert(0, {folder!r})
from montecarlo.kernel_cache import watch_compiling
import caller
seen = []
with watch_compiling(seen.append):
    print(caller.answer(1.0), *sorted(event.kernel for event in seen))
"""


def python(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def files(tmp_path):
    """Write caller.py -> middle.py -> deepest.py -> constants.py; return how to run and edit."""

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))

    def run():
        return python(RUN.format(folder=str(tmp_path)), NUMBA_CACHE_DIR=str(tmp_path / "cache"))

    write("constants", "STEP = 1.0\nTABLE = (1.0, 2.0)\n")
    write(
        "deepest",
        """
        from constants import STEP
        from montecarlo.jit import kernel

        @kernel
        def step(x):
            return x + STEP
        """,
    )
    write(
        "middle",
        """
        import deepest
        from montecarlo.jit import inlined

        @inlined
        def two_steps(x):
            return deepest.step(deepest.step(x))
        """,
    )
    write(
        "caller",
        """
        from middle import two_steps
        from montecarlo.jit import kernel

        @kernel
        def answer(x):
            return two_steps(two_steps(x))
        """,
    )
    return write, run


def edit(tmp_path, name, old, new):
    file = tmp_path / f"{name}.py"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_second_run_compiles_nothing(files):
    _, run = files

    assert run().split()[:2] == ["5.0", "caller.answer"]
    assert run() == "5.0"


@pytest.mark.parametrize(
    ("name", "old", "new", "answer"),
    [
        ("deepest", "x + STEP", "x - STEP", "-3.0"),
        ("middle", "deepest.step(deepest.step(x))", "deepest.step(x)", "3.0"),
        ("constants", "STEP = 1.0", "STEP = 10.0", "41.0"),
        ("caller", "two_steps(two_steps(x))", "two_steps(x)", "3.0"),
    ],
)
def test_an_edit_at_any_depth_compiles_again(files, tmp_path, name, old, new, answer):
    _, run = files
    assert run().startswith("5.0")

    edit(tmp_path, name, old, new)

    assert run().split()[:2] == [answer, "caller.answer"]


def test_an_edit_elsewhere_compiles_nothing(files, tmp_path):
    _, run = files
    run()

    edit(tmp_path, "constants", "TABLE = (1.0, 2.0)", "TABLE = (1.0, 3.0)")

    assert run() == "5.0"


def test_a_constant_set_before_the_first_call_is_not_kept_for_others(files, tmp_path):
    _, run = files
    code = RUN.replace("import caller", "import caller, deepest\ndeepest.STEP = 100.0")
    cache = str(tmp_path / "cache")

    assert python(code.format(folder=str(tmp_path)), NUMBA_CACHE_DIR=cache).startswith("401.0")
    assert run().startswith("5.0")


def test_a_text_changed_after_the_import_is_not_kept(files, tmp_path):
    _, run = files
    late = "import caller, pathlib\nfile = pathlib.Path(caller.__file__)\n"
    late += "file.write_text(file.read_text().replace('two_steps(two_steps(x))', 'two_steps(x)'))"
    code = RUN.replace("import caller", late)
    cache = str(tmp_path / "cache")

    assert python(code.format(folder=str(tmp_path)), NUMBA_CACHE_DIR=cache).startswith("5.0")
    assert run().startswith("3.0")


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
def test_a_file_that_was_cut_off_is_compiled_again(files, tmp_path, ending):
    _, run = files
    run()
    for file in (tmp_path / "cache").rglob(f"*{ending}"):
        file.write_bytes(file.read_bytes()[:20])

    assert run().split()[:2] == ["5.0", "caller.answer"]
    assert run() == "5.0"


def test_a_full_disk_is_no_failure(files, tmp_path):
    run = RUN.replace("import caller", "import caller, numba.core.caching as caching").replace(
        "seen = []",
        "def full(*_):\n"
        "    raise OSError(28, 'No space left on device')\n"
        "caching.IndexDataCacheFile.save = full\n"
        "seen = []",
    )
    run = run.replace("sorted(event.kernel for event in seen)", "[e for e in seen][-1:]")
    printed = python(run.format(folder=str(tmp_path)), NUMBA_CACHE_DIR=str(tmp_path / "cache"))

    assert printed.startswith("5.0 NotKept(kernel='caller.answer'")
    assert printed.endswith("reason='No space left on device')")


VALUED = """
import sys
import contracts
from montecarlo.kernel_cache import watch_compiling
seen = []
with watch_compiling(seen.append):
    v = contracts.value("mp-materials", n_paths=600, seed=1)
print(v.pv.hex(), len(seen), "numba.np.arraymath" in sys.modules, "scipy.linalg" in sys.modules)
"""


def test_loading_prepares_nothing_to_compile_with(tmp_path):
    first = python(VALUED, NUMBA_CACHE_DIR=str(tmp_path)).split()
    second = python(VALUED, NUMBA_CACHE_DIR=str(tmp_path)).split()

    assert int(first[1]) > 0
    assert first[2] == "True"
    assert second == [first[0], "0", "False", second[3]]


def test_another_cache_than_expected_is_used_as_it_is(tmp_path):
    # A compiler whose cache has none of the private parts: slower, and the same numbers.
    code = "from numba.core.caching import Cache\ndel Cache._load_overload\n"
    broken = "Cache.load_overload = lambda self, sig, context: None\n" + VALUED
    plain = python(VALUED, NUMBA_CACHE_DIR=str(tmp_path)).split()
    other = python(code + broken, NUMBA_CACHE_DIR=str(tmp_path / "other")).split()

    assert other[0] == plain[0]


def test_a_cache_folder_that_cannot_be_used_is_said(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    code = "from montecarlo import cache_status\nprint(cache_status().trouble)"

    said = python(code, NUMBA_CACHE_DIR=str(blocked))

    assert said.startswith(f"NUMBA_CACHE_DIR={blocked} cannot be written to; compiled kernels are ")
