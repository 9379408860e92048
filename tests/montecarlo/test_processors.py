"""How many threads to use: faked control groups and environments, old and new."""

import os

import pytest

from montecarlo import processors
from montecarlo.processors import (
    default_threads,
    faulty_settings,
    granted_processors,
    processor_limit,
    thread_setting,
)


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def limit(root, membership, files):
    """Return the limit of a process in these groups; files are under the mount."""
    write(root / "groups", files)
    (root / "membership").write_text(membership, encoding="utf-8")
    return processor_limit(root / "groups", root / "membership")


def old(quota, period=100_000, folder="cpu"):
    return {f"{folder}/cpu.cfs_quota_us": f"{quota}\n", f"{folder}/cpu.cfs_period_us": f"{period}"}


NESTED = "0::/outer/middle/inner\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"outer/middle/inner/cpu.max": "300000 100000\n"}, 3.0),
        ({"outer/middle/inner/cpu.max": "max 100000\n", "outer/cpu.max": "50000 100000\n"}, 0.5),
        (
            {
                "cpu.max": "700000 100000\n",
                "outer/cpu.max": "150000 100000\n",
                "outer/middle/inner/cpu.max": "400000 100000\n",
            },
            1.5,
        ),
        (
            {
                "cpu.max": "250000 100000\n",
                "outer/cpu.max": "600000 100000\n",
                "outer/middle/cpu.max": "max 100000\n",
            },
            2.5,
        ),
        # A group beside ours, and one below it, limit others.
        ({"outer/other/cpu.max": "1 1\n", "outer/middle/inner/below/cpu.max": "1 1\n"}, None),
        ({"unified/outer/cpu.max": "200000 50000\n"}, 4.0),
    ],
)
def test_the_tightest_group_up_to_the_root_counts(tmp_path, files, expected):
    assert limit(tmp_path, NESTED, files) == expected


@pytest.mark.parametrize("text", ["nonsense\n", "", "max 100000\n", "100000 0\n", "0 100000\n"])
def test_a_group_that_says_nothing_readable_sets_no_limit(tmp_path, text):
    assert limit(tmp_path, NESTED, {"cpu.max": text}) is None


def test_the_root_counts_without_a_membership(tmp_path):
    # In a container the file may be missing and the group's own limit stands at the root.
    write(tmp_path, {"groups/cpu.max": "350000 100000\n"})

    assert processor_limit(tmp_path / "groups", tmp_path / "nothing") == 3.5


def test_a_group_out_of_sight_is_not_looked_for(tmp_path):
    files = {"cpu.max": "900000 100000\n", "../beside/cpu.max": "100000 100000\n"}

    assert limit(tmp_path / "a", "0::/../beside\n", files) == 9.0


@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct", "cpuacct,cpu"])
def test_older_groups(tmp_path, controllers):
    files = old(-1, folder=controllers) | old(250_000, folder=f"{controllers}/box")
    membership = f"12:pids:/box/pids\n4:{controllers}:/box/inner\n1:name=systemd:/\n"

    assert limit(tmp_path, membership, files) == 2.5


def test_older_groups_up_to_the_root(tmp_path):
    files = old(120_000, 50_000) | old(900_000, folder="cpu/box")

    assert limit(tmp_path, "4:cpu,cpuacct:/box\n", files) == 2.4


def test_a_path_of_another_controller_is_not_ours(tmp_path):
    files = old(100_000, folder="cpu/elsewhere") | old(300_000, folder="cpu/box")

    assert limit(tmp_path, "9:memory:/elsewhere\n4:cpu:/box\n", files) == 3.0


def test_both_kinds_of_groups_at_once(tmp_path):
    files = old(300_000, folder="cpu/box") | {"unified/new/cpu.max": "200000 100000\n"}

    assert limit(tmp_path, "4:cpu:/box\n0::/new\n", files) == 2.0


@pytest.mark.parametrize(
    ("quota", "expected"), [("150000", 1), ("399999", 3), ("10000", 1), ("99900000", 8)]
)
def test_quota_is_rounded_down_and_leaves_one(tmp_path, monkeypatch, quota, expected):
    monkeypatch.setattr(processors.os, "sched_getaffinity", lambda _: range(8), raising=False)
    write(tmp_path, {"cpu.max": f"{quota} 100000\n"})

    assert granted_processors(tmp_path, tmp_path / "nothing") == expected


def test_affinity_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setattr(processors.os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)

    assert granted_processors(tmp_path, tmp_path / "nothing") == 3


def test_a_system_without_affinity_has_all_its_processors(tmp_path, monkeypatch):
    monkeypatch.delattr(processors.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(processors.os, "cpu_count", lambda: 7)

    assert granted_processors(tmp_path, tmp_path / "nothing") == 7

    monkeypatch.setattr(processors.os, "cpu_count", lambda: None)
    assert granted_processors(tmp_path, tmp_path / "nothing") == 1


# Environment, and the threads of a process that is granted eight processors.
SETTINGS = [
    ({}, 8),
    ({"OFFTAKE_NUM_THREADS": "5", "NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "3"}, 5),
    ({"NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "3"}, 2),
    ({"OMP_NUM_THREADS": "3"}, 3),
    ({"OMP_NUM_THREADS": " 4 , 2"}, 4),
    ({"OFFTAKE_NUM_THREADS": "", "NUMBA_NUM_THREADS": "6"}, 6),
    ({"NUMBA_NUM_THREADS": "0", "OMP_NUM_THREADS": "3"}, 3),
    ({"NUMBA_NUM_THREADS": "-2", "OMP_NUM_THREADS": "x"}, 8),
    ({"NUMBA_NUM_THREADS": "4,2"}, 8),
    ({"NUMBA_NUM_THREADS": "9" * 5000}, 8),
    # A setting lowers, and never raises.
    ({"OFFTAKE_NUM_THREADS": "64"}, 8),
    ({"OFFTAKE_NUM_THREADS": "64", "NUMBA_NUM_THREADS": "2"}, 8),
]


@pytest.mark.parametrize(("environment", "expected"), SETTINGS)
def test_the_first_setting_decides(tmp_path, monkeypatch, environment, expected):
    monkeypatch.setattr(processors.os, "sched_getaffinity", lambda _: range(8), raising=False)
    places = {"cgroups": tmp_path, "membership": tmp_path / "nothing"}

    assert default_threads(environment, **places) == expected


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "two", "4,2", "1e3"])
def test_a_faulty_setting_of_our_own_is_refused(text):
    rule = f"OFFTAKE_NUM_THREADS must be a positive whole number, got '{text}'"
    environment = {"OFFTAKE_NUM_THREADS": text, "NUMBA_NUM_THREADS": "1"}

    with pytest.raises(ValueError, match=rule):
        default_threads(environment)
    assert faulty_settings(environment) == [rule]


def test_the_process_environment_is_read(monkeypatch):
    for name in processors.SETTINGS:
        monkeypatch.delenv(name, raising=False)

    assert thread_setting() is None
    assert faulty_settings() == []
    assert 1 <= default_threads() <= os.cpu_count()

    monkeypatch.setenv("OFFTAKE_NUM_THREADS", "1")
    assert thread_setting() == 1
    assert default_threads() == 1
