"""A run from child processes to the page."""

import json
import platform
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import goals, programs, table
from benchmarks.children import Child
from benchmarks.page import page
from benchmarks.runs import Runs
from benchmarks.worker import installed, plain

ROOT = Path(__file__).parents[2]
MKL = "NumPy + mkl_random, blocks"


def result(seconds, mean=100.0, error=1.0, **more):
    return {
        "seconds": seconds,
        "wall": seconds,
        "others": 0.0,
        "n_paths": 1000,
        "mean": mean,
        "standard_error": error,
        "peak_bytes": 2**27,
        "details": {},
        **more,
    }


def program(family, name, workload, results, *, quantity="value", absent=None):
    return {
        "family": family,
        "name": name,
        "workload": workload,
        "quantity": quantity,
        "setting": {"block_size": 500},
        "absent": absent,
        "rounds": results,
    }


def document(*more):
    """Two rounds, the second twice as slow for everyone: the ratios are 8 and 9."""
    return {
        "schema": command.SCHEMA,
        "date": "2026-11-21",
        "machine": {
            "processor": "A Processor",
            "family": "25",
            "model": "1",
            "architecture": "x86_64",
            "flags": ["avx2"],
            "cores": 2,
            "caches": {"L1 data": "32K"},
            "memory_bytes": 2**33,
            "system": "Linux",
        },
        "conditions": {
            "rounds": 2,
            "quick": False,
            "threads": {"OMP_NUM_THREADS": "1"},
            "load_start": 0.1,
            "loads": [0.2, 0.3],
            "load_end": 0.4,
        },
        "versions": {"numpy": {"python": "3.11.7", "numpy": "2.4.6"}},
        "programs": [
            program("ours", "ours, composed", "W1", [result(1.0), result(2.0)]),
            program("numpy", "NumPy PCG64, blocks", "W1", [result(8.0), result(18.0)]),
            program("mkl", MKL, "W1", [None, None], absent="not installed: mkl"),
            *more,
        ],
    }


def goal_of(found, name):
    return next(row for row in goals.judged(found) if row["goal"] == name)


def test_goal_is_the_median_of_ratios_within_rounds():
    row = goal_of(document(), "W1 against NumPy PCG64 in blocks")

    assert row["measured"] == "8.50x (8.00x to 9.00x)"
    assert (row["must"], row["wanted"], row["verdict"]) == ("7.50x", "10.00x", "must")


def test_absent_peer_says_so():
    row = goal_of(document(), "W1 against NumPy + mkl_random")

    assert row["measured"] == f"{MKL}: not installed: mkl"
    assert row["verdict"] == "not measured"


def test_wrong_program_does_not_count():
    """108 is 8 / sqrt(2) = 5.7 combined standard errors from 100; 105 is 3.5."""
    name = "NumPy SFC64, blocks"
    wrong = document(program("numpy", name, "W1", [result(9.0, mean=108.0)] * 2))
    near = document(program("numpy", name, "W1", [result(9.0, mean=105.0)] * 2))
    goal = "W1 against NumPy SFC64 in blocks"

    assert goal_of(wrong, goal)["measured"] == (
        f"{name}: its mean is 5.7 standard errors from ours"
    )
    assert goal_of(near, goal)["measured"] == "6.75x (4.50x to 9.00x)"


def test_time_to_an_error_is_time_times_variance():
    """A tenth of the error for twice the time: 100 / 2."""
    more = [
        program("ours", "ours, plain", "hard", [result(1.0, error=2.0)] * 2),
        program("ours", "ours, Sobol", "hard", [result(2.0, error=0.2)] * 2),
    ]
    row = goal_of(
        document(*more), "capped, terminable contract, time to an error, best against plain"
    )

    assert row["measured"] == "50.0x"


def test_two_cores_count_in_quiet_rounds_only():
    names = [f"ours, {word} by wall clock" for word in ("one thread", "two threads")]
    one = program("ours-threads", names[0], "threads", [result(1.8), result(1.8)])
    two = program("ours-threads", names[1], "threads", [result(1.0), result(4.0, others=0.5)])
    loaded = program("ours-threads", names[1], "threads", [result(1.0, others=0.07)] * 2)
    goal = "efficiency of two cores, quiet rounds only"

    assert goal_of(document(one, two), goal)["measured"] == "90%"
    assert goal_of(document(one, loaded), goal)["measured"].startswith("loaded")


def test_program_rows():
    rows = {(row[0], row[1]): row for row in table.program_rows(document())}

    assert rows["W1", "NumPy PCG64, blocks"][2:] == (
        "13,000,000",
        "8,000,000",
        "8.50",
        "100 ± 1",
        "0.0 se",
        "block_size 500",
    )
    assert rows["W1", MKL][5] == "not installed: mkl"


def test_page_comes_out_of_the_json(tmp_path):
    source, target = tmp_path / "run.json", tmp_path / "speed.md"
    source.write_text(json.dumps(document()), encoding="utf-8")

    command.main(["page", str(source), str(target)])
    text = target.read_text(encoding="utf-8")

    assert text == page(document())
    assert "| W1 against NumPy PCG64 in blocks | 7.50x | 10.00x | 8.50x (8.00x to 9.00x) |" in text
    assert "Measured on 2026-11-21: A Processor" in text
    assert "numpy 2.4.6" in text
    assert "{" not in text


def test_page_refuses_another_schema(tmp_path):
    source = tmp_path / "run.json"
    source.write_text('{"schema": 0}', encoding="utf-8")

    with pytest.raises(SystemExit, match="schema must be 1, got 0"):
        command.main(["page", str(source), str(tmp_path / "speed.md")])


def test_small_run_end_to_end(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(command.PYTHONS, raising=False)
    target = tmp_path / "run.json"
    short = ["--rounds", "1", "--seconds", "0.01"]

    command.main([*short, "--only", "normals", "numpy", "--json", str(target)])
    text = target.read_text(encoding="utf-8")
    found = json.loads(text)
    printed = capsys.readouterr().out

    assert [p["absent"] for p in found["programs"]] == [None] * 3
    assert all(apart <= 4.0 for apart in map(Runs(found).apart, found["programs"]))
    assert goal_of(found, "raw normals against NumPy PCG64")["verdict"] != "not measured"
    assert "raw normals against NumPy PCG64" in printed
    assert "NumPy SFC64, warm buffer" in page(found)
    for secret in (platform.node(), str(ROOT), str(tmp_path), str(Path.home())):
        assert len(secret) < 3 or secret not in text


def test_child_answers_errors_and_goes_on():
    family = next(family for family in programs.FAMILIES if family.name == "numpy")
    child = Child(family)
    try:
        failed = child.run(0, 1000, choice=99)
        after = child.run(0, 1000)
    finally:
        child.close()

    assert failed["error"].startswith("IndexError")
    assert after["n_paths"] == 1000


def test_missing_distribution_is_named():
    versions, missing = installed(("numpy", "no-such-distribution"))

    assert list(versions) == ["numpy"]
    assert missing == ["no-such-distribution"]


def test_errors_do_not_tell_where_files_are():
    error = OSError("cannot open /home/someone/peers/lib/x.so: no such file")

    assert plain(error) == "OSError: cannot open <path>: no such file"


def test_wrong_interpreter_is_refused(monkeypatch):
    monkeypatch.delenv(command.PYTHONS, raising=False)

    with pytest.raises(SystemExit, match="FAMILY=PATH"):
        command.pythons(["nothing=python"])
    with pytest.raises(SystemExit, match="must be an interpreter"):
        Child(programs.FAMILIES[0], "no-such-interpreter")


def test_families_have_modules_and_no_two_rows_alike():
    import importlib

    rows = [
        (row.name, row.workload)
        for family in programs.FAMILIES
        for row in importlib.import_module(f"benchmarks.{family.module}").programs()
    ]

    assert len(rows) == len(set(rows)) > 30


def test_goals_read_rows_that_exist(tmp_path):
    """A goal that names a row which nobody offers would stay unmeasured for ever."""
    import importlib

    rows = [
        program(family.name, row.name, row.workload, [result(1.0)], quantity=row.quantity)
        for family in programs.FAMILIES
        for row in importlib.import_module(f"benchmarks.{family.module}").programs()
    ]
    for row in rows:
        row["rounds"] = [result(1.0, mean=0.0, details={"difference": 1e-9})]
    found = {**document(), "programs": rows}

    assert [row["goal"] for row in goals.judged(found) if row["verdict"] == "not measured"] == []
