"""The compile policy: exact operations, plain source, fresh caches, the same bits uncompiled."""

import math
import os
import subprocess
import sys
import textwrap
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montecarlo import cache_status, kernel, python_source
from montecarlo.jit import IS_COMPILED, bits_of, float_of, fma

ROOT = Path(__file__).parents[2]
FINITE = st.floats(allow_nan=False, allow_infinity=False)
MODERATE = st.floats(-1e100, 1e100)


@kernel
def _fma_in_kernel(a, b, c):
    return fma(a, b, c)


@kernel
def _there_and_back(x):
    return float_of(bits_of(x))


@kernel
def _divide(a, out):
    for i in range(a.shape[0]):
        out[i] = 1.0 / a[i]


def run_python(code, **environment):
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
    return done.stdout


@settings(deadline=None)
@given(FINITE, FINITE, FINITE)
def test_fma_has_the_same_bits_in_and_out_of_a_kernel(a, b, c):
    inside, outside = _fma_in_kernel(a, b, c), fma(a, b, c)

    assert inside == outside or (math.isnan(inside) and math.isnan(outside))
    assert math.copysign(1.0, inside) == math.copysign(1.0, outside)


@settings(deadline=None)
@given(MODERATE, MODERATE, MODERATE)
def test_fma_rounds_once(a, b, c):
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    assert Fraction(_fma_in_kernel(a, b, c)) == Fraction(float(exact))


@pytest.mark.parametrize("special", [math.nan, math.inf, -math.inf])
def test_fma_of_what_is_not_finite(special):
    for arguments in ((special, 2.0, 3.0), (2.0, 0.0, special), (0.0, special, 1.0)):
        inside, outside = _fma_in_kernel(*arguments), fma(*arguments)
        assert inside == outside or (math.isnan(inside) and math.isnan(outside))


@settings(deadline=None)
@given(st.floats(allow_nan=False))
def test_bits_there_and_back(x):
    assert math.copysign(1.0, _there_and_back(x)) == math.copysign(1.0, x)
    assert _there_and_back(x) == x == float_of(bits_of(x))


def test_division_by_zero_is_numpys():
    out = np.empty(4)
    _divide(np.array([0.0, -0.0, math.nan, 4.0]), out)

    np.testing.assert_array_equal(out, [math.inf, -math.inf, math.nan, 0.25])


def test_python_source():
    plain = python_source(_fma_in_kernel)

    assert plain(2.0, 3.0, 4.0) == 10.0
    assert python_source(plain) is plain
    assert not hasattr(plain, "py_func")


SMALL_RUN = """
import numpy as np
from montecarlo import GBM, ForwardCurve, Joint, Schwartz, SchwartzSmith, TimeGrid
from montecarlo.elementary import exp, minus_two_log, sincos_2pi
from montecarlo.jit import IS_COMPILED
from montecarlo.accumulators import Moments, granule_moments

curve = ForwardCurve(times=[0.0, 2.0], values=[63.0, 71.0])
two = SchwartzSmith(name="a", mean_reversion=1.2, short_volatility=0.4, long_volatility=0.2,
                    correlation=-0.4, forward_curve=curve)
one = Schwartz(name="b", mean_reversion=0.5, volatility=0.3, forward_curve=curve)
joint = Joint(models=[two, one, GBM(name="c", volatility=0.5, spot=12.0, drift=0.02)],
              correlation=[[1.0, 0.7, -0.3], [0.7, 1.0, 0.25], [-0.3, 0.25, 1.0]])
grid = TimeGrid.from_times([0.0, 0.1, 0.7])
print(IS_COMPILED)
for model in (two, one, joint):
    source = model.prepare(grid, seed=2**40 + 5, measure="physical")
    block = source.fill(2**32 - 3, source.workspace(9))
    for name in block.price:
        print(name, block.price[name].tobytes().hex())
for u in (2.0**-53, 0.1, 0.3, 0.70710678, 0.9, 1.0 - 2.0**-53):
    print(exp(u).hex(), minus_two_log(u).hex(), *[float(x).hex() for x in sincos_2pi(u)])
samples = np.sin(np.arange(2 * 700.0)).reshape(2, 700)
moments = Moments(2)
moments.update(granule_moments(samples, first_path=0, n_paths=700))
print(moments.mean().tobytes().hex(), moments.variance().tobytes().hex())
"""


@pytest.fixture(scope="module")
def compiled_run():
    return run_python(SMALL_RUN)


def test_python_source_gives_the_bits_of_the_machine_code(compiled_run):
    compiled = compiled_run.splitlines()
    plain = run_python(SMALL_RUN, NUMBA_DISABLE_JIT="1").splitlines()

    assert (compiled[0], plain[0]) == ("True", "False")
    assert len(compiled) > 10
    assert compiled[1:] == plain[1:]


def test_bits_do_not_depend_on_the_processor(compiled_run, tmp_path):
    # The oldest processor: 128-bit vectors, and a library call for each fused operation.
    oldest = run_python(
        SMALL_RUN,
        NUMBA_CPU_NAME="generic",
        NUMBA_CPU_FEATURES="",
        NUMBA_CACHE_DIR=str(tmp_path),
    )

    assert compiled_run == oldest


def test_cache_notices_a_helper_in_another_file(tmp_path):
    helper, caller = tmp_path / "helper.py", tmp_path / "caller.py"
    caller.write_text(
        "from montecarlo.jit import kernel\n"
        "from helper import step\n\n\n"
        "@kernel\n"
        "def twice(x):\n"
        "    return step(step(x))\n"
    )
    run = f"""
    import sys
    sys.path.insert(0, {str(tmp_path)!r})
    import caller
    print(caller.twice(1.0))
    """
    printed = []
    for amount in ("1.0", "10.0"):
        helper.write_text(
            "from montecarlo.jit import kernel\n\n\n"
            "@kernel\n"
            "def step(x):\n"
            f"    return x + {amount}\n"
        )
        printed.append(run_python(run, NUMBA_CACHE_DIR=str(tmp_path / "cache")).strip())

    assert printed == ["3.0", "21.0"]


def test_cache_is_kept_between_runs(tmp_path):
    code = """
    from montecarlo import GBM, TimeGrid, cache_status, simulate_paths
    before = cache_status()
    model = GBM(name="x", volatility=0.2, spot=1.0, drift=0.0)
    simulate_paths(model, TimeGrid.from_times([1.0]), n_paths=10, seed=1)
    print(before.is_writable, before.is_warm, cache_status().is_warm)
    """
    printed = [run_python(code, NUMBA_CACHE_DIR=str(tmp_path)).strip() for _ in range(2)]

    assert printed == ["True False True", "True True True"]


def test_nowhere_to_write_a_cache():
    # Only the locator of zip archives is left, which none of these files is in.
    code = """
    from montecarlo import GBM, TimeGrid, cache_status, simulate_paths
    model = GBM(name="x", volatility=0.0, spot=3.0, drift=0.0)
    print(simulate_paths(model, TimeGrid.from_times([1.0]), n_paths=1, seed=1)["x"][0, 0])
    print(cache_status())
    """
    printed = run_python(code, NUMBA_CACHE_LOCATOR_CLASSES="ZipCacheLocator").splitlines()

    assert printed == ["3.0", "CacheStatus(folder='', is_writable=False, is_warm=False)"]


def test_cache_status_here():
    status = cache_status()

    assert status.is_writable
    assert Path(status.folder).is_dir()
    assert IS_COMPILED
