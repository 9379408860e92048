"""What a run costs on more than one machine: bytes, messages, memory, and time by workers.

python -m benchmarks.scale [--paths N] [--deals N] [--tasks N] [--rounds N]
    [--threads 1 2] [--workers 1 2 4] [--json FILE]

Starts local clusters of single-threaded worker processes, one after the other, and prints a
Markdown table of each kind of measurement; the tables of ``docs/scale.md`` are its. More workers
than processors measure what the cluster adds, not what it gains.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import pickle
import resource
import statistics
import time
import zlib
from pathlib import Path

import contracts
from benchmarks import machine
from contracts.catalogue import deals
from contracts.recipes import ValuationRecipe
from montecarlo import Constant, ForwardCurve, Plan, TimeGrid, simulate
from montecarlo.executors.job import LARGEST_CHUNK, SMALLEST_CHUNK, Job
from montecarlo.executors.sealed import seal

DEAL = "mp-materials"
SEED = 20250709


class Nothing:
    """As little work as a functional can be: what is left is the executor's."""

    n_outputs, n_kept = 1, 0

    def __call__(self, block):
        return block.price["x"]


def main(arguments=None):
    options = parser().parse_args(arguments)
    document = {"machine": machine.description(), "load_before": machine.load()}
    parts = {
        "payloads": payloads,
        "chunks": chunks,
        "preparation": preparation,
        "time": lambda: times(options),
    }
    for name, measure in parts.items():
        document[name] = measure()
        print(markdown(name, document[name]), flush=True)
    document["load_after"] = machine.load()
    Path(options.json).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def parser():
    found = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    found.add_argument("--paths", type=int, default=1_000_000)
    found.add_argument("--deals", type=int, default=1_000)
    found.add_argument("--tasks", type=int, default=256, help="empty ones")
    found.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    found.add_argument("--rounds", type=int, default=3)
    found.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    found.add_argument("--json", default="scale.json")
    return found


def recipe(name, *, keep_legs=True):
    deal = contracts.load(name)
    return ValuationRecipe(
        deals=(deal,),
        market=contracts.load_market(deal.market),
        sides=(deal.perspective,),
        measure="pricing",
        keep_legs=keep_legs,
        is_controlled=True,
        seed=SEED,
    )


def payloads():
    """Bytes of what a task carries, by deal."""
    rows = []
    for name in deals():
        found = recipe(name)
        sizes = [len(zlib.compress(pickle.dumps(part))) for part in (found.deals, found.market)]
        task = len(seal(Job(recipe=found, plan=Plan(n_paths=10**9, seed=SEED))))
        rows.append(
            {"deal": name, "deal_bytes": sizes[0], "market_bytes": sizes[1], "task_bytes": task}
        )
    return rows


def chunks():
    """Bytes of what a task returns, by what is kept; and outputs and seconds of a chunk."""
    rows = []
    for kept in ("nothing", "histogram", "samples"):
        for n_paths in (SMALLEST_CHUNK, LARGEST_CHUNK // 4):
            plan = Plan(n_paths=n_paths, seed=SEED)
            job = Job(recipe=recipe(DEAL), plan=plan, kept=kept)
            job.chunk(0, SMALLEST_CHUNK, lambda: False)
            started = time.process_time()
            chunk = job.chunk(0, n_paths, lambda: False)
            seconds = time.process_time() - started
            rows.append(
                {
                    "kept": kept,
                    "paths": n_paths,
                    "outputs": chunk.nodes.mean.shape[1],
                    "kept_rows": chunk.samples.shape[0],
                    "result_bytes": len(pickle.dumps(chunk)),
                    "cpu_seconds": round(seconds, 4),
                }
            )
    return rows


STEPS = {"seal_ms": seal, "bind_and_open_ms": Job.open}


def preparation():
    """CPU milliseconds to bind a deal, to seal it, and to make its simulation ready."""
    return [
        {"deal": name, **{step: prepared(name, work) for step, work in STEPS.items()}}
        for name in deals()
    ]


def prepared(name, work):
    found = recipe(name, keep_legs=False)
    plan = Plan(n_paths=SMALLEST_CHUNK, seed=SEED)
    work(Job(recipe=found, plan=plan))
    times = [cpu_seconds(lambda: work(Job(recipe=found, plan=plan))) for _ in range(5)]
    return round(1e3 * min(times), 2)


def times(options):
    """Wall seconds by number of workers: one deal, empty tasks, a portfolio."""
    rows = [measured("threads", n, None, options) for n in options.threads]
    from distributed import Client, LocalCluster

    for n_workers in options.workers:
        with (
            LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            client.wait_for_workers(n_workers, timeout=60)
            rows.append(measured("cluster", n_workers, client, options))
    return rows


def measured(where, n_workers, client, options):
    n_threads = n_workers if client is None else None
    plan = Plan(n_paths=options.paths, seed=SEED, n_threads=n_threads)
    one = recipe(DEAL)
    parts = one.build()

    def deal():
        simulate(
            parts.model,
            parts.grid,
            parts.functional,
            plan,
            executor=client,
            recipe=one,
            kept="nothing",
        )

    n_empty = options.tasks
    idle = Plan(n_paths=n_empty * SMALLEST_CHUNK, seed=SEED, n_threads=n_threads)
    model = Constant(name="x", forward_curve=ForwardCurve.flat(1.0))
    grid = TimeGrid.from_times([1.0])

    def empty():
        simulate(model, grid, Nothing(), idle, executor=client)

    names = deals()
    many = [contracts.load(names[i % len(names)]) for i in range(options.deals)]

    def portfolio():
        contracts.value_portfolio(
            many, n_paths=SMALLEST_CHUNK, seed=SEED, n_threads=n_threads, executor=client
        )

    for work in (deal, empty):
        work()
    seconds = {
        name: statistics.median(wall_seconds(work) for _ in range(options.rounds))
        for name, work in (("deal", deal), ("empty", empty))
    }
    seconds["portfolio"] = wall_seconds(portfolio)
    return {
        "where": where,
        "workers": n_workers,
        "deal_seconds": round(seconds["deal"], 3),
        "paths_per_second": round(options.paths / seconds["deal"]),
        "empty_task_ms": round(1e3 * seconds["empty"] / n_empty, 3),
        "portfolio_seconds": round(seconds["portfolio"], 1),
        "deals_per_second": round(options.deals / seconds["portfolio"], 1),
        "client_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def wall_seconds(work):
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def cpu_seconds(work):
    started = time.process_time()
    work()
    return time.process_time() - started


def markdown(title, rows):
    heads = list(rows[0])
    lines = [
        f"### {title}",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'|'.join('---' for _ in heads)}|",
        *(f"| {' | '.join(str(row[head]) for head in heads)} |" for row in rows),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.getcwd())
    main()
