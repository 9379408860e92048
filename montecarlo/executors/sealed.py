"""Jobs as bytes: a few kilobytes that carry the versions they were made with."""

from __future__ import annotations

import hashlib
import pickle
import sys
import threading
import zlib
from collections import OrderedDict
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from montecarlo.executors.job import Chunk, Job
from montecarlo.executors.protocol import OtherVersionError
from montecarlo.workers import IsStopped

LARGEST = 2**24
"""Bytes of a sealed job at most: more is data, which belongs where the chunks are worked off."""

_PACKAGES = ("numpy", "scipy", "numba", "llvmlite")
_KEPT_OPEN = 16

_lock = threading.Lock()
_open: OrderedDict[bytes, Job] = OrderedDict()


def stamps(packages: tuple[str, ...]) -> dict[str, str]:
    """Return what decides the bits of a result: versions, and a hash of each package's sources.

    Examples
    --------
    >>> sorted(stamps(("montecarlo",)))
    ['llvmlite', 'numba', 'numpy', 'python', 'scipy', 'sources of montecarlo']
    """
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    found |= {name: _version(name) for name in _PACKAGES}
    return found | {f"sources of {name}": source_digest(name) for name in packages}


@cache
def source_digest(package: str) -> str:
    """Return a hash of the Python files of a package, by name and content.

    Examples
    --------
    >>> source_digest("no_such_package")
    'not installed'
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return "not installed"
    (folder, *_) = spec.submodule_search_locations
    total = hashlib.sha256()
    for file in sorted(Path(folder).rglob("*.py")):
        name = file.relative_to(folder).as_posix()
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{name} {content}\n".encode())
    return total.hexdigest()[:16]


@cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def seal(job: Job) -> bytes:
    """Return a job as bytes for :func:`run_sealed`.

    Raises
    ------
    ValueError
        When the job cannot be pickled, or takes more than 16 megabytes.
    """
    content = (job.recipe, job.plan, job.measure, job.kept)
    try:
        pickled = _dumps(content)
    except Exception as error:
        msg = f"{job.label} must be picklable to be worked off elsewhere: {error}"
        raise ValueError(msg) from error
    sealed = pickle.dumps((stamps(job.recipe.packages), zlib.compress(pickled)), protocol=5)
    if len(sealed) > LARGEST:
        msg = (
            f"{job.label} must take at most {LARGEST:,} bytes to be worked off elsewhere, got "
            f"{len(sealed):,}: its data would travel with it"
        )
        raise ValueError(msg)
    return sealed


def _dumps(content: object) -> bytes:
    # What a user defines in a script or a notebook has no module to be imported from elsewhere.
    try:
        from cloudpickle import dumps
    except ImportError:
        return pickle.dumps(content, protocol=5)
    found: bytes = dumps(content, protocol=5)
    return found


def run_sealed(sealed: bytes, start: int, stop: int, is_stopped: IsStopped) -> Chunk:
    """Work off the paths from ``start`` to before ``stop`` of a sealed job, in the calling thread.

    The job is built at its first chunk in this process and kept open for the next ones.

    Raises
    ------
    OtherVersionError
        When this process runs other versions than the one that sealed the job.
    """
    return _opened(sealed).chunk(start, stop, is_stopped)


def _opened(sealed: bytes) -> Job:
    key = hashlib.sha256(sealed).digest()
    with _lock:
        job = _open.get(key)
        if job is None:
            theirs, content = pickle.loads(sealed)
            check_stamps(theirs)
            recipe, plan, measure, kept = pickle.loads(zlib.decompress(content))
            job = Job(recipe=recipe, plan=plan, measure=measure, kept=kept)
            _open[key] = job
        _open.move_to_end(key)
        if len(_open) > _KEPT_OPEN:
            _open.popitem(last=False)
    return job


def check_stamps(theirs: dict[str, Any]) -> None:
    """Refuse versions that are not those of this process.

    Examples
    --------
    >>> check_stamps({"numba": "0.1", "sources of montecarlo": source_digest("montecarlo")})
    Traceback (most recent call last):
    montecarlo.executors.protocol.OtherVersionError: this worker must run what the caller runs: \
numba is 0.1 there and ... here
    """
    packages = tuple(
        name.removeprefix("sources of ") for name in theirs if name.startswith("sources of ")
    )
    mine = stamps(packages)
    apart = [
        f"{name} is {theirs[name]} there and {mine.get(name)} here"
        for name in theirs
        if theirs[name] != mine.get(name)
    ]
    if apart:
        msg = f"this worker must run what the caller runs: {'; '.join(apart)}"
        raise OtherVersionError(msg)
