"""What can be said about the machine without naming it."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

FLAGS = ("sse4_2", "avx", "avx2", "fma", "bmi2", "avx512f", "avx512dq", "avx512vl", "asimd", "sve")


def description():
    """Return processor, vector instructions, cores, caches and memory."""
    return {
        "processor": _line("model name") or platform.processor() or platform.machine(),
        "vendor": _line("vendor_id"),
        "family": _line("cpu family"),
        "model": _line("model"),
        "architecture": platform.machine(),
        "flags": [flag for flag in FLAGS if flag in _line("flags").split()],
        "cores": cores(),
        "caches": _caches(),
        "memory_bytes": _memory(),
        "system": platform.system(),
    }


def cores():
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def load():
    """Return the mean number of processes that wanted the processor in the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def peak_bytes():
    """Return the most memory this process has held; None where that cannot be read."""
    return _status("VmHWM:")


class BusyShare:
    """The part of the whole machine that other processes use while this one works."""

    def __init__(self):
        self._busy, self._own, self._wall = _busy_seconds(), _own_seconds(), time.perf_counter()

    def of_others(self):
        """Return it as a share of all processors' time; None where it cannot be read."""
        if self._busy is None:
            return None
        busy = _busy_seconds() - self._busy - (_own_seconds() - self._own)
        wall = time.perf_counter() - self._wall
        return round(max(busy, 0.0) / (wall * (os.cpu_count() or 1)), 4) if wall > 0.0 else None


def _own_seconds():
    times = os.times()
    return times.user + times.system


def _busy_seconds():
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    user, nice, system, _idle, _wait, interrupt, soft, steal = map(int, fields[:8])
    ticks = user + nice + system + interrupt + soft + steal
    return ticks / os.sysconf("SC_CLK_TCK")


def _status(field):
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    return 1024 * int(text.split(field)[1].split()[0])


def _line(field):
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == field:
            return value.strip()
    return ""


def _caches():
    found = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = (
                (index / name).read_text(encoding="ascii").strip()
                for name in ("level", "type", "size")
            )
        except OSError:
            continue
        found[f"L{level} {kind.lower()}"] = size
    return found


def _memory():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
