"""Doctor: look for the known trouble of an installation, quickly and without changing anything."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from importlib import metadata

from _offtake import DISTRIBUTION, Finding, package_findings
from contracts.machine import vector_extensions

OLDEST_PYTHON = (3, 11)

__all__ = ["Finding", "diagnose"]


def diagnose() -> list[Finding]:
    """Return what was looked at, in the order in which trouble should be mended.

    Returns
    -------
    list of Finding
        Each with ``name``, ``status`` (``"ok"``, ``"warn"`` or ``"fail"``) and ``message``.

    Examples
    --------
    >>> from contracts.doctor import diagnose
    >>> [finding.name for finding in diagnose()][:4]
    ['python', 'contracts', 'montecarlo', 'versions']
    """
    findings = [_python(), *package_findings(), _versions()]
    looks: dict[str, Callable[[], Finding]] = {
        "compiler": _compiler,
        "threads": _threads,
        "cache": _cache,
        "processor": _processor,
    }
    for name, look in looks.items():
        try:
            findings.append(look())
        except Exception as error:
            # A broken dependency may raise anything; the other findings still count.
            findings.append(Finding(name, "fail", f"{type(error).__name__}: {error}"))
    return findings


def _python() -> Finding:
    message = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return Finding("python", "fail", f"{message}; {oldest} or later is needed")
    return Finding("python", "ok", message)


def _versions() -> Finding:
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        message = f"{DISTRIBUTION} is not installed: the packages are used from their folder"
        return Finding("versions", "warn", message)
    found = [f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)}"]
    missing = []
    for requirement in requirements:
        if ";" in requirement:
            continue
        name = _name(requirement)
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(requirement)
    if missing:
        return Finding("versions", "fail", f"not installed: {', '.join(missing)}")
    return Finding("versions", "ok", ", ".join(found))


def _name(requirement: str) -> str:
    """Return the name at the head of a requirement.

    Examples
    --------
    >>> _name("ruamel.yaml>=0.18"), _name("numpy"), _name("pandas[performance] >=2.2")
    ('ruamel.yaml', 'numpy', 'pandas')
    """
    end = next((i for i, c in enumerate(requirement) if not (c.isalnum() or c in "._-")), None)
    return requirement[:end]


def _compiler() -> Finding:
    import numba

    from montecarlo.jit import IS_COMPILED

    if not IS_COMPILED:
        message = "NUMBA_DISABLE_JIT is set: kernels run as plain Python, hundreds of times slower"
        return Finding("compiler", "warn", message)
    return Finding("compiler", "ok", f"numba {numba.__version__}, kernels are compiled")


def _threads() -> Finding:
    from montecarlo import processors

    limit = processors.processor_limit()
    faults = processors.faulty_settings()
    threads = processors.granted_processors() if faults else processors.default_threads()
    granted = "no limit by control group" if limit is None else f"control group grants {limit:g}"
    message = (
        f"{threads} for blocks of paths ({os.cpu_count()} processors, {granted}); "
        "kernels are serial and need no threading layer"
    )
    if faults:
        return Finding("threads", "warn", "; ".join([message, *faults]))
    if limit is not None and limit < 1.0:
        slow = "less than one processor: a run takes longer than its processor time"
        return Finding("threads", "warn", f"{message}; {slow}")
    return Finding("threads", "ok", message)


def _cache() -> Finding:
    from montecarlo.kernel_cache import cache_status

    status = cache_status()
    trouble = status.trouble
    if not (status.folder and status.is_writable):
        return Finding("cache", "warn", f"{trouble}; until then every process compiles again")
    state = "holds" if status.is_warm else "does not yet hold"
    advice = "" if status.is_warm else "; offtake warmup makes them"
    message = f"{status.folder} {state} the compiled kernels{advice}"
    return Finding("cache", "warn" if trouble else "ok", trouble or message)


def _processor() -> Finding:
    extensions = ", ".join(vector_extensions()) or "no vector extensions known to numpy"
    return Finding("processor", "ok", f"{platform.machine()}: {extensions}")
