"""The machine a result was made on: what decides its last bits, and how much of it is ours."""

from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def vector_extensions() -> tuple[str, ...]:
    """Return the vector instructions that numpy uses here, by its own names for them.

    Kernels give the same bits on every machine; sums that numpy and its linear algebra make may
    differ in the last bit between machines with other instructions.

    Examples
    --------
    >>> all(isinstance(name, str) for name in vector_extensions())
    True
    """
    import numpy as np

    configuration = np.show_config(mode="dicts") or {}
    extensions = configuration.get("SIMD Extensions", {})
    return tuple(extensions.get("baseline", ())) + tuple(extensions.get("found", ()))


def processor_limit(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> float | None:
    """Return how many processors the control groups grant, ``None`` when they set no limit.

    Parameters
    ----------
    cgroups, membership
        Where the groups are mounted, and the file that says which ones hold this process.
        Version 2 (``cpu.max``) and version 1 (``cpu.cfs_quota_us``) are read; every group above
        limits too.
    """
    groups = {"/"}
    try:
        for line in membership.read_text(encoding="utf-8").splitlines():
            groups.add(line.split(":", 2)[2])
    except (OSError, IndexError):
        pass
    limits = []
    for mount in (cgroups, cgroups / "cpu", cgroups / "cpu,cpuacct"):
        for group in groups:
            folder = mount / group.lstrip("/")
            for place in (folder, *folder.parents):
                if not place.is_relative_to(mount):
                    break
                limit = _quota(place)
                if limit is not None:
                    limits.append(limit)
    return min(limits, default=None)


def _quota(folder: Path) -> float | None:
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text(encoding="ascii").strip()
            period = (folder / "cpu.cfs_period_us").read_text(encoding="ascii").strip()
        return None if quota in {"max", "-1"} else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
