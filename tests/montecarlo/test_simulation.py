"""The loop: the same bits however it is cut, order, progress, errors, Ctrl-C, memory."""

import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from montecarlo import (
    GBM,
    ForwardCurve,
    Joint,
    Plan,
    SchwartzSmith,
    SuppliedPaths,
    TimeGrid,
    simulate,
    simulate_paths,
)
from montecarlo.plan import default_block_size

ROOT = Path(__file__).parents[2]
GRID = TimeGrid.from_times([0.1, 0.3, 0.6, 1.1])
SHARE = GBM(name="share", volatility=0.4, spot=30.0, drift=0.03)
SMITH = SchwartzSmith(
    name="ndpr",
    mean_reversion=1.5,
    short_volatility=0.35,
    long_volatility=0.15,
    correlation=0.3,
    forward_curve=ForwardCurve.flat(105.0),
)
JOINT = Joint(models=[SMITH, SHARE], correlation=[[1.0, 0.4], [0.4, 1.0]])


class FloorAndFirst:
    """Three outputs, two of them kept; the kept ones are the path's own numbers."""

    n_outputs = 3
    n_kept = 2

    def __call__(self, block):
        price = block.price["ndpr"]
        out = np.empty((3, block.n_paths))
        out[0] = np.where(price < 110.0, 110.0 - price, 0.0).sum(axis=0)
        out[1] = block.first_path + np.arange(block.n_paths)
        out[2] = price[-1] * block.price["share"][-1]
        return out


class Failing(FloorAndFirst):
    def __init__(self, first_path):
        self.first_path = first_path

    def __call__(self, block):
        if block.first_path >= self.first_path:
            msg = f"no price for path {block.first_path}"
            raise RuntimeError(msg)
        return super().__call__(block)


def run(functional=None, *, progress=None, **plan):
    plan = {"n_paths": 50_001, "seed": 6} | plan
    return simulate(JOINT, GRID, functional or FloorAndFirst(), Plan(**plan), progress=progress)


def montecarlo_threads():
    return [t for t in threading.enumerate() if t.name.startswith("montecarlo")]


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("block_size", [256, 768, 1024, None])
def test_the_same_bits_however_it_is_cut(n_threads, block_size):
    one = run(n_threads=1, block_size=512)
    other = run(n_threads=n_threads, block_size=block_size)

    for field in ("mean", "variance", "standard_error", "samples"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def test_mean_and_error_are_those_of_the_samples():
    estimate = run(n_threads=2)
    samples = estimate.samples[0]

    assert estimate.n_paths == samples.size == 50_001
    assert estimate.mean[0] == pytest.approx(samples.mean(), rel=1e-14)
    assert estimate.variance[0] == pytest.approx(samples.var(ddof=1), rel=1e-13)
    assert estimate.standard_error[0] == pytest.approx(samples.std(ddof=1) / 50_001**0.5, rel=1e-13)


def test_samples_stand_at_their_path():
    np.testing.assert_array_equal(run(n_threads=5).samples[1], np.arange(50_001.0))


def test_first_thousand_of_ten_thousand():
    np.testing.assert_array_equal(run(n_paths=10_000).samples[:, :1000], run(n_paths=1000).samples)


@pytest.mark.parametrize("n_paths", [1, 2, 255, 256, 257, 1023, 1025])
def test_paths_beyond_the_last_do_not_count(n_paths):
    whole = run(n_paths=2000).samples[0, :n_paths]
    estimate = run(n_paths=n_paths, n_threads=2)

    np.testing.assert_array_equal(estimate.samples[0], whole)
    assert estimate.mean[0] == pytest.approx(whole.mean(), rel=1e-14)


def test_one_path_has_no_standard_error():
    estimate = run(n_paths=1)

    assert np.isfinite(estimate.mean).all()
    assert np.isnan(estimate.standard_error).all()
    assert np.isnan(estimate.variance).all()


def test_standard_error_is_honest():
    # 400 runs of 256 paths each: their spread is the standard error they state.
    means, errors = [], []
    for seed in range(400):
        estimate = run(n_paths=256, seed=seed, n_threads=1)
        means.append(estimate.mean[0])
        errors.append(estimate.standard_error[0])

    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.12)


def test_measure_is_passed_on():
    model = GBM(name="x", volatility=0.2, spot=10.0, drift=0.0, risk_premium=0.5)
    grid = TimeGrid.from_times([1.0])

    class Last:
        n_outputs = n_kept = 1

        def __call__(self, block):
            return block.price["x"].copy()

    pricing, physical = (
        simulate(model, grid, Last(), Plan(n_paths=300, seed=1), measure=measure)
        for measure in ("pricing", "physical")
    )
    np.testing.assert_allclose(physical.samples, pricing.samples * np.exp(0.5), rtol=1e-14)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_progress_rises_to_the_end_in_the_calling_thread(n_threads):
    seen = []

    def progress(done, total):
        assert threading.current_thread() is threading.main_thread()
        seen.append((done, total))

    run(n_paths=200_001, n_threads=n_threads, progress=progress)

    done = [step[0] for step in seen]
    assert done == sorted(set(done))
    assert done[-1] == 200_001
    assert {step[1] for step in seen} == {200_001}
    assert len(done) > 5


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("first_path", [0, 30_000, 900_000])
def test_an_error_in_the_functional_comes_out(n_threads, first_path):
    with pytest.raises(RuntimeError, match=r"no price for path \d+"):
        run(Failing(first_path), n_paths=1_000_000, n_threads=n_threads)

    assert montecarlo_threads() == []


def test_an_error_stops_the_other_threads():
    started = time.perf_counter()
    calls = []

    class Slow(FloorAndFirst):
        def __call__(self, block):
            calls.append(block.first_path)
            if block.first_path == 0:
                raise KeyError
            time.sleep(0.01)
            return super().__call__(block)

    with pytest.raises(KeyError):
        run(Slow(), n_paths=10_000_000, n_threads=2, block_size=256)

    assert len(calls) < 100
    assert time.perf_counter() - started < 5.0


@pytest.mark.parametrize("n_threads", [1, 3])
def test_an_error_in_progress_comes_out(n_threads):
    def progress(done, total):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(n_paths=1_000_000, n_threads=n_threads, progress=progress)

    assert montecarlo_threads() == []


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.ones((2, 256)), r"= \(3, 256\), got float64 of shape \(2, 256\)"),
        (np.ones((3, 100)), r"got float64 of shape \(3, 100\)"),
        (np.ones((3, 256), dtype=np.int64), "got int64 of shape"),
    ],
)
def test_a_functional_of_the_wrong_shape(result, message):
    class Wrong(FloorAndFirst):
        def __call__(self, block):
            return result

    with pytest.raises(ValueError, match=message):
        run(Wrong(), n_paths=100)


def test_a_functional_that_keeps_more_than_it_has():
    class Wrong(FloorAndFirst):
        n_kept = 4

    with pytest.raises(ValueError, match=r"n_kept must be an integer in \[0, 3\], got 4"):
        run(Wrong())


def test_nan_is_not_hidden():
    class Broken(FloorAndFirst):
        def __call__(self, block):
            out = super().__call__(block)
            if block.first_path == 1024:
                out[0, 3] = np.nan
            return out

    estimate = run(Broken(), n_paths=5000)

    assert np.isnan(estimate.mean[0])
    assert np.isnan(estimate.standard_error[0])
    assert np.isfinite(estimate.mean[2])


def test_a_view_of_the_block_may_be_returned():
    class Prices:
        n_outputs = n_kept = 4

        def __call__(self, block):
            return block.price["ndpr"]

    estimate = simulate(JOINT, GRID, Prices(), Plan(n_paths=3000, seed=6, n_threads=2))
    paths = simulate_paths(JOINT, GRID, n_paths=3000, seed=6)

    np.testing.assert_array_equal(estimate.samples, paths["ndpr"])


def test_a_result_in_another_layout_counts_the_same():
    class Transposed(FloorAndFirst):
        def __call__(self, block):
            return np.asfortranarray(super().__call__(block))

    plain, transposed = run(n_paths=3000), run(Transposed(), n_paths=3000)

    np.testing.assert_array_equal(plain.mean, transposed.mean)
    np.testing.assert_array_equal(plain.samples, transposed.samples)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_whole_paths_do_not_depend_on_threads(n_threads):
    one = simulate_paths(JOINT, GRID, n_paths=40_001, seed=6, n_threads=1)
    other = simulate_paths(JOINT, GRID, n_paths=40_001, seed=6, n_threads=n_threads)

    for name in JOINT.names:
        assert one[name].shape == (4, 40_001)
        assert one[name].flags.c_contiguous
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_paths": 0}, "n_paths must be an integer of at least 1, got 0"),
        ({"n_paths": 1e6}, "n_paths must be an integer of at least 1, got 1000000.0"),
        ({"seed": -1}, "seed must be an integer in"),
        ({"seed": "x"}, "seed must be an integer in .*, got 'x'"),
        ({"block_size": 0}, "block_size must be an integer of at least 1, got 0"),
        ({"block_size": 300}, "block_size must be a multiple of 256, got 300"),
        ({"n_threads": 0}, "n_threads must be an integer of at least 1, got 0"),
        ({"n_threads": True}, "n_threads must be an integer of at least 1, got True"),
    ],
)
def test_bad_plan(changes, message):
    with pytest.raises(ValueError, match=message):
        Plan(**({"n_paths": 1, "seed": 1} | changes))


@pytest.mark.parametrize(
    ("n_rows", "expected"), [(1, 1024), (128, 1024), (129, 512), (300, 512), (10**6, 512)]
)
def test_default_block_size(n_rows, expected):
    assert default_block_size(n_rows) == expected


def test_supplied_paths_in_a_simulation():
    paths = simulate_paths(JOINT, GRID, n_paths=1500, seed=6)
    again = simulate(
        SuppliedPaths(grid=GRID, price=paths), GRID, FloorAndFirst(), Plan(n_paths=1500, seed=0)
    )

    np.testing.assert_array_equal(again.samples, run(n_paths=1500).samples)
    np.testing.assert_array_equal(again.mean, run(n_paths=1500).mean)


INTERRUPTED = """
    import os, signal, threading, time
    import numpy as np
    from montecarlo import GBM, Plan, TimeGrid, simulate

    class Last:
        n_outputs, n_kept = 1, 0
        def __call__(self, block):
            time.sleep(0.002)
            return block.price["x"][-1:]

    def interrupt(done, total):
        if done > {after}:
            os.kill(os.getpid(), signal.SIGINT)

    model = GBM(name="x", volatility=0.2, spot=1.0, drift=0.0)
    grid = TimeGrid.from_times([1.0])
    simulate(model, grid, Last(), Plan(n_paths=10, seed=1))
    started = time.perf_counter()
    try:
        simulate(model, grid, Last(), Plan(n_paths=10**9, seed=1, n_threads={n_threads}),
                 progress=interrupt)
    except KeyboardInterrupt:
        left = [t.name for t in threading.enumerate() if t is not threading.main_thread()]
        print("interrupted", time.perf_counter() - started < 10.0, left)
    """


@pytest.mark.parametrize("n_threads", [1, 3])
def test_ctrl_c_leaves_no_thread(n_threads):
    code = textwrap.dedent(INTERRUPTED.format(after=0, n_threads=n_threads))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.strip() == "interrupted True []", done.stderr
    assert done.returncode == 0


def test_ctrl_c_while_waiting_for_a_block():
    code = textwrap.dedent(INTERRUPTED.format(after=10**12, n_threads=2)).replace(
        "started = ", "print('ready', flush=True); started = "
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().strip() == "ready"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)

    assert printed.strip() == "interrupted True []"
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's peak memory")
def test_memory_is_flat_but_for_what_is_kept():
    code = """
    from pathlib import Path
    from montecarlo import GBM, Plan, TimeGrid, simulate
    import numpy as np

    class Fifty:
        n_outputs, n_kept = 50, 1
        def __call__(self, block):
            return np.repeat(block.price["x"][-1:], 50, axis=0)

    def peak(n_paths):
        model = GBM(name="x", volatility=0.2, spot=1.0, drift=0.0)
        simulate(model, TimeGrid.from_times([1.0]), Fifty(),
                 Plan(n_paths=n_paths, seed=1, n_threads=2))
        status = Path("/proc/self/status").read_text().split("VmHWM:")[1]
        return 1024 * int(status.split()[0])

    base = peak(400_000)
    print((peak(4_000_000) - base) / 3_600_000)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert 6.0 < float(done.stdout) < 10.0
