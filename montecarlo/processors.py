r"""How many threads to use: what the machine grants this process, and what the user lets it take.

.. math::

    n = \max\!\big(1, \min(\text{affinity}, \lfloor\text{quota}\rfloor, \text{setting})\big)

The *affinity* is the set of processors that the system lets the process run on; where a system
has none, all its processors. The *quota* is the processor time that control groups grant, in
processors: a container with half of an eight-processor machine has four. Every group above the
process's own limits it too, so the smallest counts. Half a processor too many is one thread that
waits, so the quota is rounded down.

The *setting* is the first of these environment variables that is set to a positive whole number:

1. ``OFFTAKE_NUM_THREADS``, which is about this package alone and must be one if it is set;
2. ``NUMBA_NUM_THREADS``;
3. ``OMP_NUM_THREADS``, of a list (``4,2``) the first number: the outermost level.

A setting lowers what the machine grants and never raises it. Only the number of threads in a
:class:`~montecarlo.simulation.Plan` does, which is taken as it stands.

Threads are not multiplied by those of linear algebra: what runs for each block of paths calls no
BLAS, whose own threads would compete for the same processors. A test over the source keeps this
so, and no environment variable need be set for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

SETTINGS = ("OFFTAKE_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS")
"""Environment variables that lower the number of threads; the first one that is set decides."""

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def default_threads(
    environment: Mapping[str, str] | None = None,
    *,
    cgroups: Path = CGROUPS,
    membership: Path = MEMBERSHIP,
) -> int:
    """Return how many threads to use where nobody says otherwise; at least 1.

    Parameters
    ----------
    environment
        The variables to read, by default those of this process.
    cgroups, membership
        As for :func:`processor_limit`.

    Raises
    ------
    ValueError
        When ``OFFTAKE_NUM_THREADS`` is set and is no positive whole number. Faults in the
        variables of other packages are theirs to report; they are passed over.

    Examples
    --------
    >>> default_threads() >= 1, default_threads({"NUMBA_NUM_THREADS": "1"})
    (True, 1)
    >>> default_threads({"OFFTAKE_NUM_THREADS": "many"})
    Traceback (most recent call last):
    ValueError: OFFTAKE_NUM_THREADS must be a positive whole number, got 'many'
    """
    wanted = thread_setting(environment)
    n_threads = granted_processors(cgroups, membership)
    return n_threads if wanted is None else min(n_threads, wanted)


def granted_processors(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Return the processors that the machine grants this process: affinity and control groups.

    Examples
    --------
    >>> 1 <= granted_processors() <= os.cpu_count()
    True
    """
    try:
        n_processors = len(os.sched_getaffinity(0))
    except AttributeError:
        n_processors = os.cpu_count() or 1
    limit = processor_limit(cgroups, membership)
    return n_processors if limit is None else min(n_processors, max(1, int(limit)))


def thread_setting(environment: Mapping[str, str] | None = None) -> int | None:
    """Return the number of threads that the environment asks for; ``None`` when it is silent.

    Raises
    ------
    ValueError
        When ``OFFTAKE_NUM_THREADS`` is set and is no positive whole number.

    Examples
    --------
    >>> thread_setting({"OFFTAKE_NUM_THREADS": "3", "NUMBA_NUM_THREADS": "1"})
    3
    >>> thread_setting({"NUMBA_NUM_THREADS": "some", "OMP_NUM_THREADS": "4,2"})
    4
    """
    variables = os.environ if environment is None else environment
    for name in SETTINGS:
        number = _positive(name, variables.get(name, ""))
        if number is not None:
            return number
        if name == SETTINGS[0] and variables.get(name, "").strip():
            raise ValueError(_fault(name, variables[name]))
    return None


def faulty_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return what is wrong with the variables that are set, in a sentence each.

    Examples
    --------
    >>> faulty_settings({"NUMBA_NUM_THREADS": "two"})
    ["NUMBA_NUM_THREADS must be a positive whole number, got 'two'"]
    """
    variables = os.environ if environment is None else environment
    return [
        _fault(name, variables[name])
        for name in SETTINGS
        if variables.get(name, "").strip() and _positive(name, variables[name]) is None
    ]


def processor_limit(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> float | None:
    """Return how many processors the control groups grant, ``None`` when they set no limit.

    Parameters
    ----------
    cgroups, membership
        Where the groups are mounted, and the file that says which ones hold this process.
        Version 2 (``cpu.max``) and version 1 (``cpu.cfs_quota_us``) are read, the process's own
        group and every one above it.

    Examples
    --------
    >>> processor_limit(Path("/there/is/nothing"), Path("/here"))
    """
    limits = []
    for mount, group in _groups(cgroups, membership):
        folder = mount / group
        for place in (folder, *folder.parents):
            if not place.is_relative_to(mount):
                break
            limit = _quota(place)
            if limit is not None:
                limits.append(limit)
    return min(limits, default=None)


def _groups(cgroups: Path, membership: Path) -> Iterator[tuple[Path, str]]:
    """Yield each mount that may limit processors, with this process's group under it."""
    mounts = (cgroups, cgroups / "unified", cgroups / "cpu", cgroups / "cpu,cpuacct")
    for mount in mounts:
        # Within a container the group's own files may stand at the root.
        yield mount, ""
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        group = path.lstrip("/")
        # A group outside what this process may see is given as "/..": no folder of this mount.
        if ".." in group.split("/"):
            continue
        if not controllers:
            yield from ((mount, group) for mount in mounts[:2])
        elif "cpu" in controllers.split(","):
            names = {controllers, "cpu", "cpu,cpuacct"}
            yield from ((cgroups / name, group) for name in sorted(names))


def _quota(folder: Path) -> float | None:
    """Return the processors that one group grants; ``None`` when it says nothing readable."""
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text(encoding="ascii").strip()
            period = (folder / "cpu.cfs_period_us").read_text(encoding="ascii").strip()
        processors = None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
    return processors if processors is not None and processors > 0.0 else None


def _positive(name: str, text: str) -> int | None:
    first = text.partition(",")[0] if name == "OMP_NUM_THREADS" else text
    first = first.strip()
    is_number = first.isdecimal() and len(first) < 10
    return int(first) if is_number and int(first) > 0 else None


def _fault(name: str, text: str) -> str:
    return f"{name} must be a positive whole number, got {text!r}"
