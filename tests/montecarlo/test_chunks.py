"""Chunks: reduced anywhere, in any order, they give the bits of granule after granule."""

import random

import numpy as np
import pytest

from montecarlo import (
    GBM,
    Moments,
    Plan,
    Sampling,
    SuppliedPaths,
    TimeGrid,
    granule_moments,
    simulate,
)
from montecarlo.executors.job import Job, Parts
from montecarlo.executors.sealed import run_sealed, seal
from montecarlo.executors.threads import Threads
from montecarlo.histogram import Histogram
from montecarlo.reduction import ChunkMoments, Tally, granules_of

RNG = np.random.default_rng(11)
MODEL = GBM(name="x", volatility=0.3, spot=1.0, drift=0.0)
GRID = TimeGrid.from_times([0.5, 1.0])

RANDOM = Sampling()
ANTITHETIC = Sampling(method="antithetic")
SMALL_NETS = Sampling(method="sobol", n_points=512)
LARGE_NETS = Sampling(method="sobol", n_points=8192)


class LastTwo:
    n_outputs, n_kept = 2, 1
    fingerprint = "the last price and the first"

    def __call__(self, block):
        return np.concatenate([block.price["x"][-1:], block.price["x"][:1]])


class Elsewhere:
    """An executor that sends bytes and returns chunks in a jumble."""

    is_local = False

    def __init__(self, seed):
        self.seed = seed
        self.n_bytes = []

    def run_tasks(self, tasks):
        tasks = list(tasks)
        random.Random(self.seed).shuffle(tasks)
        for task in tasks:
            sealed = seal(task.job)
            self.n_bytes.append(len(sealed))
            yield task, run_sealed(sealed, task.start, task.stop, lambda: False)


def tally(values, sampling, block=512):
    total = Tally(values.shape[0], sampling)
    n_paths = values.shape[1]
    for first in range(0, n_paths, block):
        piece = values[:, first : first + block]
        total.update(
            granules_of(piece, first_path=first, n_paths=piece.shape[1], sampling=sampling)
        )
    return total


def tally_of_chunks(values, sampling, size, block):
    total = Tally(values.shape[0], sampling)
    n_paths = values.shape[1]
    for start in range(0, n_paths, size):
        stop = min(start + size, n_paths)
        chunk = ChunkMoments(values.shape[0], sampling, first_path=start, chunk_paths=size)
        for first in range(start, stop, block):
            piece = values[:, first : min(first + block, stop)]
            chunk.update(
                granules_of(piece, first_path=first, n_paths=piece.shape[1], sampling=sampling)
            )
        total.update(chunk.nodes())
    return total


def assert_same_bits(first, second):
    assert first.n_paths == second.n_paths
    for one, other in zip(first.mean_and_error(), second.mean_and_error(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("size", [512, 1024, 4096, 16384])
@pytest.mark.parametrize("n_paths", [2, 254, 512, 514, 1024, 4096, 5000, 16384, 20_480, 40_962])
@pytest.mark.parametrize("sampling", [RANDOM, ANTITHETIC], ids=lambda s: s.method)
def test_nodes_merge_like_their_granules(sampling, n_paths, size):
    values = RNG.lognormal(size=(3, n_paths))
    whole = tally(values, sampling)

    for block in (512, 1536):
        assert_same_bits(whole, tally_of_chunks(values, sampling, size, block))


@pytest.mark.parametrize("size", [512, 1024, 4096, 16384])
@pytest.mark.parametrize("sampling", [SMALL_NETS, LARGE_NETS], ids=lambda s: s.n_points)
@pytest.mark.parametrize("n_nets", [2, 3, 5])
def test_nodes_stay_within_their_randomisation(sampling, size, n_nets):
    values = RNG.lognormal(size=(2, n_nets * sampling.n_points))

    assert_same_bits(tally(values, sampling), tally_of_chunks(values, sampling, size, 512))


def test_an_odd_number_of_paths():
    values = RNG.lognormal(size=(1, 3 * 1024 + 77))

    assert_same_bits(tally(values, RANDOM), tally_of_chunks(values, RANDOM, 1024, 256))


def test_a_whole_chunk_is_one_node():
    chunk = ChunkMoments(1, RANDOM, first_path=4096, chunk_paths=4096)
    values = RNG.lognormal(size=(1, 4096))
    chunk.update(granules_of(values, first_path=4096, n_paths=4096, sampling=RANDOM))
    nodes = chunk.nodes()

    assert nodes.levels.tolist() == [4]
    assert nodes.counts.tolist() == [4096]
    assert nodes.first_granule == 16
    assert nodes.mean[0, 0] == pytest.approx(values.mean(), rel=1e-15)


def test_a_node_out_of_place_is_refused():
    moments = Moments(1)
    moments.update(granule_moments(np.ones((1, 256)), first_path=0, n_paths=256))
    pair = Moments(1)
    pair.update(granule_moments(np.ones((1, 512)), first_path=0, n_paths=512))

    with pytest.raises(ValueError, match="level 1 must start at a multiple of 2, got 1"):
        moments.update(pair.nodes(first_granule=1))


def test_nodes_are_left_as_they_were():
    values = RNG.lognormal(size=(1, 1024))
    granules = granule_moments(values, first_path=0, n_paths=1024)
    for array in (granules.mean, granules.squares):
        array.flags.writeable = False
    before = granules.mean.copy()
    Moments(1).update(granules)

    np.testing.assert_array_equal(granules.mean, before)


@pytest.mark.parametrize(
    ("sampling", "n_paths"),
    [
        *((sampling, n) for sampling in (RANDOM, ANTITHETIC) for n in (10, 16384, 50_002)),
        (SMALL_NETS, 40_960),
        (LARGE_NETS, 40_960),
        (Sampling(method="sobol", n_points=32_768), 65_536),
    ],
)
def test_any_executor_gives_the_same_bits(sampling, n_paths):
    plan = Plan(n_paths=n_paths, seed=5, sampling=sampling, n_threads=1)
    here = simulate(MODEL, GRID, LastTwo(), plan)
    for executor in (Threads(2), Elsewhere(1), Elsewhere(2)):
        there = simulate(MODEL, GRID, LastTwo(), plan, executor=executor)

        np.testing.assert_array_equal(here.mean, there.mean)
        np.testing.assert_array_equal(here.variance, there.variance)
        np.testing.assert_array_equal(here.samples, there.samples)


@pytest.mark.parametrize("block_size", [256, 768, 32768])
def test_blocks_need_not_divide_chunks(block_size):
    plan = Plan(n_paths=40_000, seed=5, n_threads=1)
    cut = Plan(n_paths=40_000, seed=5, n_threads=2, block_size=block_size)
    whole = simulate(MODEL, GRID, LastTwo(), plan)
    other = simulate(MODEL, GRID, LastTwo(), cut)

    np.testing.assert_array_equal(whole.variance, other.variance)
    np.testing.assert_array_equal(whole.samples, other.samples)


def test_nothing_is_kept_when_nothing_is_wanted():
    plan = Plan(n_paths=20_000, seed=5)
    with_samples = simulate(MODEL, GRID, LastTwo(), plan)
    without = simulate(MODEL, GRID, LastTwo(), plan, kept="nothing")

    assert without.samples.shape == (1, 0)
    np.testing.assert_array_equal(with_samples.mean, without.mean)


def test_a_histogram_is_the_same_wherever_it_is_counted():
    plan = Plan(n_paths=50_002, seed=5)
    samples = simulate(MODEL, GRID, LastTwo(), plan).samples
    whole = Histogram(1)
    whole.update(samples)
    for executor in (Threads(2), Elsewhere(1)):
        counted = simulate(MODEL, GRID, LastTwo(), plan, kept="histogram", executor=executor)

        assert counted.histogram == whole
        assert counted.samples.shape == (1, 0)


def test_a_sealed_job_is_small():
    executor = Elsewhere(0)
    simulate(MODEL, GRID, LastTwo(), Plan(n_paths=10, seed=1), executor=executor)

    assert max(executor.n_bytes) < 4000


def test_progress_rises_by_chunks():
    seen = []
    plan = Plan(n_paths=40_000, seed=1)
    simulate(
        MODEL,
        GRID,
        LastTwo(),
        plan,
        executor=Elsewhere(3),
        progress=lambda done, total: seen.append((done, total)),
    )

    assert [total for _, total in seen] == [40_000] * 3
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == 40_000


def test_data_does_not_travel():
    paths = np.random.default_rng(1).random((2, 2_000_000))
    model = SuppliedPaths(grid=GRID, price={"x": paths})

    with pytest.raises(ValueError, match=r"must take at most 16,777,216 bytes .*, got \d"):
        simulate(model, GRID, LastTwo(), Plan(n_paths=10, seed=1), executor=Elsewhere(0))


def test_what_cannot_be_pickled_is_named():
    class Holds(LastTwo):
        def __init__(self):
            self.generator = (number for number in range(3))

    with pytest.raises(ValueError, match="simulation must be picklable to be"):
        simulate(MODEL, GRID, Holds(), Plan(n_paths=10, seed=1), executor=Elsewhere(0))


def test_a_path_left_out_is_seen():
    class Forgets(Elsewhere):
        def run_tasks(self, tasks):
            yield from super().run_tasks(list(tasks)[:-1])

    with pytest.raises(RuntimeError, match="every path, got those before 32768"):
        simulate(MODEL, GRID, LastTwo(), Plan(n_paths=40_000, seed=1), executor=Forgets(0))


def test_an_executor_is_one_of_two():
    with pytest.raises(ValueError, match=r"must be a dask.distributed.Client or have run_tasks"):
        simulate(MODEL, GRID, LastTwo(), Plan(n_paths=10, seed=1), executor="tcp://here:1")


def test_a_job_is_built_once(monkeypatch):
    built = []
    monkeypatch.setattr(Parts, "build", lambda self: built.append(1) or self)
    plan = Plan(n_paths=100_000, seed=77)
    simulate(MODEL, GRID, LastTwo(), plan, executor=Elsewhere(0))

    assert built == [1]


def test_kept_is_one_of_its_words():
    parts = Parts(MODEL, GRID, LastTwo())

    with pytest.raises(ValueError, match="one of samples, histogram, nothing, got 'all'"):
        Job(recipe=parts, plan=Plan(n_paths=10, seed=1), kept="all")


class ReadOnly:
    """Returns chunks that nobody may write to."""

    is_local = True

    def run_tasks(self, tasks):
        for task, chunk in Threads(1).run_tasks(tasks):
            chunk.samples.flags.writeable = False
            yield task, chunk


@pytest.mark.parametrize("n_paths", [1_000, 40_000])
def test_samples_can_be_written_to_whatever_chunks_were(n_paths):
    plan = Plan(n_paths=n_paths, seed=5)
    here, there = (simulate(MODEL, GRID, LastTwo(), plan, executor=e) for e in (None, ReadOnly()))
    there.samples[:] += 0.0

    assert np.array_equal(here.samples, there.samples)


@pytest.mark.parametrize("n_paths", [1_000, 40_000])
def test_samples_of_one_simulation_outlive_the_next(n_paths):
    first = simulate(MODEL, GRID, LastTwo(), Plan(n_paths=n_paths, seed=5))
    kept = first.samples.copy()
    simulate(MODEL, GRID, LastTwo(), Plan(n_paths=n_paths, seed=6))

    assert np.array_equal(first.samples, kept)
