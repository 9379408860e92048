"""A cluster gives the bits of threads, whatever becomes of its workers; and leaves nothing."""

import os
import signal
import sys
import time

import numpy as np
import pytest

import contracts
from contracts.recipes import ValuationRecipe
from montecarlo import GBM, Plan, Sampling, TimeGrid, simulate
from montecarlo.executors.job import Job
from montecarlo.executors.protocol import ExecutorError, OtherVersionError
from montecarlo.executors.sealed import seal

distributed = pytest.importorskip("distributed", reason="needs the extra cluster")

GRID = TimeGrid.from_times([0.5, 1.0])
MODEL = GBM(name="x", volatility=0.3, spot=1.0, drift=0.0)
SECONDS = 30.0


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=50,
    ) as started:
        yield started


@pytest.fixture(scope="module")
def client(cluster):
    with distributed.Client(cluster) as connected:
        yield connected


def functional(work=lambda: None):
    """The last price; of no module that a worker could import."""

    class Last:
        n_outputs, n_kept = 2, 1

        def __call__(self, block):
            work()
            return np.concatenate([block.price["x"][-1:], block.price["x"][:1]])

    return Last()


def slowly():
    time.sleep(0.01)


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_same_bits(first, second):
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.variance, second.variance)
    np.testing.assert_array_equal(first.samples, second.samples)


@pytest.mark.parametrize("method", ["random", "antithetic"])
def test_same_bits_as_threads(client, method):
    plan = Plan(n_paths=70_002, seed=3, sampling=Sampling(method=method))

    assert_same_bits(
        simulate(MODEL, GRID, functional(), plan),
        simulate(MODEL, GRID, functional(), plan, executor=client),
    )


def test_a_deal_has_the_same_bits(client):
    here = contracts.value("mp-materials", n_paths=20_000, seed=7)
    there = contracts.value("mp-materials", n_paths=20_000, seed=7, executor=client)

    assert here.to_dict() == there.to_dict()
    np.testing.assert_array_equal(here.samples, there.samples)


def test_deals_together_and_their_exposure(client):
    deals = ["lynas-jare", "nouveau-monde"]
    here = contracts.value_together(deals, n_paths=2_000, seed=7)
    there = contracts.value_together(deals, n_paths=2_000, seed=7, executor=client)

    assert [v.to_dict() for v in here] == [v.to_dict() for v in there]
    one = contracts.exposure(here, by=["agency", "fiscal_year"])
    other = contracts.exposure(there, by=["agency", "fiscal_year"], executor=client)
    assert one.equals(other)


@pytest.mark.parametrize("name", ["mp-materials", "uk-cfd-ar6-offshore-wind", "lynas-jare"])
def test_a_deal_and_its_market_take_kilobytes(name):
    deal = contracts.load(name)
    recipe = ValuationRecipe(
        deals=(deal,),
        market=contracts.load_market(deal.market),
        sides=(deal.perspective,),
        measure="pricing",
        keep_legs=True,
        is_controlled=True,
        seed=1,
    )

    assert len(seal(Job(recipe=recipe, plan=Plan(n_paths=10**9, seed=1)))) < 16_000


def test_one_build_a_worker(client):
    plan = Plan(n_paths=300_000, seed=41)
    simulate(MODEL, GRID, functional(), plan, executor=client)

    def jobs_open():
        from montecarlo.executors import sealed

        return sum(job.plan.seed == 41 for job in sealed._open.values())

    assert set(client.run(jobs_open).values()) <= {0, 1}


def test_a_killed_worker_costs_only_time(client):
    plan = Plan(n_paths=400_000, seed=9)
    pids = client.run(os.getpid)
    killed = []

    def kill_one(done, total):
        if not killed:
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    there = simulate(MODEL, GRID, functional(slowly), plan, executor=client, progress=kill_one)

    assert_same_bits(simulate(MODEL, GRID, functional(), plan), there)
    client.wait_for_workers(2, timeout=SECONDS)
    assert killed[0] not in client.run(os.getpid).values()


def executing(client):
    return sum(client.run(lambda dask_worker: dask_worker.state.executing_count).values())


def test_an_error_in_progress_cancels_everything(client):
    def stop(done, total):
        raise InterruptedError(done)

    with pytest.raises(InterruptedError):
        simulate(
            MODEL,
            GRID,
            functional(slowly),
            Plan(n_paths=10**7, seed=9),
            executor=client,
            progress=stop,
        )

    wait_for(lambda: not any(client.processing().values()))
    wait_for(lambda: executing(client) == 0)
    assert not client.futures


def test_ctrl_c_cancels_everything(client):
    def interrupt(done, total):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        simulate(
            MODEL,
            GRID,
            functional(slowly),
            Plan(n_paths=10**7, seed=9),
            executor=client,
            progress=interrupt,
        )

    wait_for(lambda: executing(client) == 0)
    assert not client.futures


def test_an_error_in_a_chunk_comes_out(client):
    def fail():
        msg = "of a block"
        raise ZeroDivisionError(msg)

    with pytest.raises(ZeroDivisionError, match="of a block"):
        simulate(MODEL, GRID, functional(fail), Plan(n_paths=10**6, seed=1), executor=client)

    assert not client.futures


def test_other_sources_are_refused(client):
    def stamp(value):
        from montecarlo.executors import sealed

        if value is None:
            sealed.source_digest = sealed.kept
        else:
            sealed.kept = sealed.source_digest
            sealed.source_digest = lambda package: value

    client.run(stamp, "edited")
    try:
        with pytest.raises(
            OtherVersionError,
            match=r"tcp://.*: sources of montecarlo is [0-9a-f]{16} there .* edited here",
        ):
            simulate(MODEL, GRID, functional(), Plan(n_paths=99, seed=1), executor=client)
    finally:
        client.run(stamp, None)


def test_a_worker_without_the_package_is_named(client):
    def hide(is_hidden):
        sys.modules.pop("contracts.recipes", None)
        if is_hidden:
            sys.modules["contracts.recipes"] = None

    client.run(hide, True)
    try:
        with pytest.raises(ExecutorError, match=r"lynas-jare: paths 0 to 98: .* contracts.recipes"):
            contracts.value("lynas-jare", n_paths=99, seed=1, executor=client)
    finally:
        client.run(hide, False)


def test_a_store_serves_threads_and_cluster(client, tmp_path):
    here = contracts.value("lynas-jare", n_paths=20_000, seed=2, store=tmp_path)
    files = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.chunk")}
    there = contracts.value("lynas-jare", n_paths=20_000, seed=2, store=tmp_path, executor=client)

    assert len(files) == 2
    assert files == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.chunk")}
    assert here.to_dict() == there.to_dict()


def test_supplied_prices_stay_here(client):
    prices = contracts.simulated_prices("lynas-jare", n_paths=10, seed=1)

    with pytest.raises(ValueError, match="executor and store must be left out"):
        contracts.value("lynas-jare", prices=prices, executor=client)


def test_workers_that_always_die_are_named(client, cluster):
    cluster.scheduler.allowed_failures = 0
    with pytest.raises(
        ExecutorError, match="simulation: paths 0 to 98: every worker that tried died"
    ):
        simulate(
            MODEL,
            GRID,
            functional(lambda: os.kill(os.getpid(), signal.SIGKILL)),
            Plan(n_paths=99, seed=1),
            executor=client,
        )
