"""The store: what was finished is not worked out again, and nothing else is ever taken for it."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from montecarlo import GBM, Plan, Sampling, TimeGrid, simulate
from montecarlo.canonical import digest
from montecarlo.executors import sealed
from montecarlo.executors.job import Job, Parts
from montecarlo.store import MAGIC, StoreError, fingerprint

ROOT = Path(__file__).parents[2]
GRID = TimeGrid.from_times([0.5, 1.0])
MODEL = GBM(name="x", volatility=0.3, spot=1.0, drift=0.0)
PLAN = Plan(n_paths=50_000, seed=5, n_threads=1)


class Counting:
    """Counts the blocks that it is shown."""

    n_outputs, n_kept = 1, 1
    fingerprint = "the last price"

    def __init__(self):
        self.n_blocks = 0

    def __call__(self, block):
        self.n_blocks += 1
        return block.price["x"][-1:]


class StopsError(Exception):
    pass


def run(store, functional=None, *, model=MODEL, plan=PLAN, **options):
    return simulate(model, GRID, functional or Counting(), plan, store=store, **options)


def stop_after(n_paths):
    def progress(done, total):
        if done >= n_paths:
            raise StopsError

    return progress


def files(folder):
    return sorted(folder.rglob("*.chunk"))


def test_a_run_that_broke_off_goes_on(tmp_path):
    whole = simulate(MODEL, GRID, Counting(), PLAN)
    with pytest.raises(StopsError):
        run(tmp_path, progress=stop_after(32_768))
    assert len(files(tmp_path)) == 2

    rest = Counting()
    resumed = run(tmp_path, rest)

    assert rest.n_blocks == -(-(50_000 - 32_768) // 1024)
    np.testing.assert_array_equal(whole.mean, resumed.mean)
    np.testing.assert_array_equal(whole.variance, resumed.variance)
    np.testing.assert_array_equal(whole.samples, resumed.samples)


def test_what_is_whole_is_only_read(tmp_path):
    first = run(tmp_path)
    again = Counting()
    second = run(tmp_path, again)

    assert again.n_blocks == 0
    np.testing.assert_array_equal(first.samples, second.samples)


def test_a_histogram_is_kept_too(tmp_path):
    first = run(tmp_path, kept="histogram")
    second = run(tmp_path, kept="histogram")

    assert first.histogram == second.histogram
    assert first.histogram.n_samples == 50_000


def test_nothing_is_left_beside_the_chunks(tmp_path):
    run(tmp_path)

    assert {file.suffix for file in tmp_path.rglob("*") if file.is_file()} == {".chunk"}


@pytest.mark.parametrize(
    "other",
    [
        {"plan": Plan(n_paths=50_000, seed=6, n_threads=1)},
        {"plan": Plan(n_paths=50_002, seed=5, n_threads=1)},
        {"plan": Plan(n_paths=50_000, seed=5, sampling=Sampling(method="antithetic"))},
        {"model": GBM(name="x", volatility=0.3, spot=1.0, drift=0.01)},
        {"measure": "physical"},
        {"kept": "nothing"},
        {"kept": "histogram"},
    ],
    ids=["seed", "paths", "sampling", "model", "measure", "kept", "counted"],
)
def test_another_job_finds_nothing(tmp_path, other):
    run(tmp_path)
    fresh = Counting()
    run(tmp_path, fresh, **other)

    assert fresh.n_blocks == 49


def test_other_sources_find_nothing(tmp_path, monkeypatch):
    run(tmp_path)
    monkeypatch.setattr(sealed, "source_digest", lambda package: "edited")
    fresh = Counting()
    run(tmp_path, fresh)

    assert fresh.n_blocks == 49


def test_threads_and_blocks_find_the_same(tmp_path):
    run(tmp_path)
    again = Counting()
    run(tmp_path, again, plan=Plan(n_paths=50_000, seed=5, n_threads=2, block_size=512))

    assert again.n_blocks == 0


def altered(raw):
    at = len(raw) // 2
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (altered, "its checksum is of other bytes"),
        (lambda raw: raw[:-100], "its checksum is of other bytes"),
        (lambda raw: raw[: len(MAGIC) + 3], "its checksum is of other bytes"),
        (lambda raw: b"", "it begins as another kind or version of file"),
        (lambda raw: raw.replace(b"chunk 1", b"chunk 0"), "it begins as another kind"),
        (lambda raw: b"PK" + raw, "it begins as another kind"),
    ],
    ids=["a bit", "cut", "cut short", "empty", "version", "foreign"],
)
def test_a_damaged_file_is_refused(tmp_path, damage, fault):
    run(tmp_path)
    file = files(tmp_path)[1]
    file.write_bytes(damage(file.read_bytes()))

    with pytest.raises(StoreError, match=f"{file.name} must be a chunk of this run: {fault}"):
        run(tmp_path)

    file.unlink()
    again = Counting()
    run(tmp_path, again)
    assert again.n_blocks == 16


def test_a_chunk_of_another_job_is_refused(tmp_path):
    run(tmp_path / "one")
    run(tmp_path / "two", plan=Plan(n_paths=50_000, seed=6, n_threads=1))
    mine, other = files(tmp_path / "one")[0], files(tmp_path / "two")[0]
    mine.write_bytes(other.read_bytes())

    with pytest.raises(StoreError, match="it is of another job"):
        run(tmp_path / "one")


def test_a_chunk_of_other_paths_is_refused(tmp_path):
    run(tmp_path)
    first, second = files(tmp_path)[:2]
    first.write_bytes(second.read_bytes())

    with pytest.raises(StoreError, match="it is of paths 16384 to 32768"):
        run(tmp_path)


def test_a_store_is_a_folder(tmp_path):
    file = tmp_path / "file"
    file.write_text("")

    with pytest.raises(ValueError, match=r"store must be a folder .*file"):
        run(file)


@pytest.mark.parametrize("folder", ["", 3])
def test_a_store_has_a_name(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"store must be a folder, got {folder!r}"):
        run(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_that_cannot_be_read_is_named(tmp_path):
    run(tmp_path)
    file = files(tmp_path)[0]
    file.unlink()
    file.mkdir()
    with pytest.raises(StoreError, match=rf"{file.name} must be a chunk .* it cannot be read"):
        run(tmp_path)


def test_a_functional_without_fingerprint_is_refused(tmp_path):
    class Plain:
        n_outputs, n_kept = 1, 0

        def __call__(self, block):
            return block.price["x"][-1:]

    with pytest.raises(ValueError, match=r"functional must have a fingerprint.*Plain has none"):
        run(tmp_path, Plain())


def test_the_fingerprint_is_the_same_in_every_process():
    code = """
    from tests.montecarlo.test_store import GRID, MODEL, PLAN, Counting
    from montecarlo.executors.job import Job, Parts
    from montecarlo.store import fingerprint
    print(fingerprint(Job(recipe=Parts(MODEL, GRID, Counting()), plan=PLAN)))
    """
    found = {
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in (1, 2)
    }

    assert found == {fingerprint(Job(recipe=Parts(MODEL, GRID, Counting()), plan=PLAN))}


def test_digests_tell_things_apart():
    things = [
        None, True, 1, 1.0, -0.0, 0.0, "1", b"1", (1, 2), [1, 2], (12,), ((1,), 2), {1: 2}, {1, 2},
        np.arange(2), np.arange(2.0), np.arange(2.0)[None, :], np.float64(1.0), GRID, MODEL, GBM,
        {"a": 1, "b": 2}, {"b": 2, "a": 1},
    ]  # fmt: skip

    assert len({digest(thing) for thing in things}) == len(things)


@pytest.mark.parametrize("thing", [lambda: 1, np.array([None]), (n for n in range(2))])
def test_what_has_no_description_is_refused(thing):
    with pytest.raises((ValueError, TypeError)):
        digest((1, thing))
