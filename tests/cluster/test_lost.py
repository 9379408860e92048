"""The scheduler gone, wrong or never there; and the command that is pointed at it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import contracts
from contracts.document import exposure_document
from montecarlo.executors.protocol import SchedulerLostError

distributed = pytest.importorskip("distributed", reason="needs the extra cluster")

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def address_in(file):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if file.exists() and file.read_text():
            return json.loads(file.read_text())["address"]
        time.sleep(0.05)
    message = f"no scheduler wrote {file}"
    raise TimeoutError(message)


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """A scheduler and a worker as processes of their own, and the address."""
    file = tmp_path_factory.mktemp("scheduler") / "scheduler.json"
    quiet = ("--no-dashboard", "--host", "127.0.0.1")
    running = [start("scheduler", "--port", "0", "--scheduler-file", str(file), *quiet)]
    try:
        address = address_in(file)
        running.append(start("worker", address, "--nthreads", "1", "--no-nanny", *quiet))
        yield running, address
    finally:
        for process in running:
            process.kill()
            process.wait()


def offtake(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "contracts", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def plain(document):
    return json.loads(json.dumps(document, default=str))


def test_the_command_gives_the_same_document(processes):
    _, address = processes
    asked = ("value", "lynas-jare", "--paths", "3000", "--seed", "5", "--json")
    there = offtake(*asked, "--cluster", address)
    here = contracts.value("lynas-jare", n_paths=3000, seed=5)

    assert there.returncode == 0, there.stderr
    assert json.loads(there.stdout) == plain(here.to_dict())


def test_the_command_exposes(processes):
    _, address = processes
    there = offtake("exposure", "nouveau-monde", "--paths", "1000", "--json", "--cluster", address)
    here = [contracts.value("nouveau-monde", n_paths=1000)]

    assert there.returncode == 0, there.stderr
    expected = exposure_document(here, contracts.exposure(here))
    assert json.loads(there.stdout) == plain(expected)


@pytest.mark.parametrize("address", ["here", "tcp://:8786", "127.0.0.1:port", "tcp://h:99999"])
def test_what_is_no_address(address):
    done = offtake("value", "lynas-jare", "--cluster", address)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"--cluster must be an address such as tcp://10.0.0.5:8786, got {address!r}"
    )


def test_nothing_answers():
    started = time.monotonic()
    done = offtake("value", "lynas-jare", "--cluster", "tcp://127.0.0.1:9")

    assert done.returncode == 1
    assert "no scheduler answered at tcp://127.0.0.1:9 within 5 s" in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - started < SECONDS


def test_the_extra_is_named(tmp_path):
    (tmp_path / "distributed.py").write_text("raise ImportError('no module named distributed')")
    done = subprocess.run(
        [sys.executable, "-m", "contracts", "value", "lynas-jare", "--cluster", "h:1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "--cluster needs the extra: pip install 'offtake[cluster]'" in done.stderr


# Last in this module: it ends the scheduler.
def test_the_scheduler_gone_loses_nothing_that_is_stored(processes, tmp_path):
    (scheduler, _), address = processes

    def end_it(done, total):
        if done >= 32_768:
            scheduler.send_signal(signal.SIGKILL)
            scheduler.wait()

    with distributed.Client(address, timeout=SECONDS, set_as_default=False) as client:
        with pytest.raises(SchedulerLostError) as lost:
            contracts.value(
                "lynas-jare",
                n_paths=2_000_000,
                seed=5,
                executor=client,
                store=tmp_path,
                progress=end_it,
            )
        with pytest.raises(SchedulerLostError, match=f"{address} is gone"):
            contracts.value("lynas-jare", n_paths=99, seed=5, executor=client)

    stored = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.chunk")}
    kept = re.escape(f"kept in {tmp_path}, where the same call finds them")
    assert re.search(
        rf"the scheduler at {address} is gone: .*; the {len(stored)} chunks "
        rf"\([\d,]+ paths\) finished in this call are {kept}",
        str(lost.value),
    )
    assert len(stored) >= 2
