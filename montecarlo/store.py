r"""A folder of finished chunks: a run that broke off goes on where it stopped.

A chunk's file stands in a folder named by the fingerprint of its job: sources and versions,
model, grid, functional, seed, sampling, measure and number of paths. It is written beside its
place and then moved there, so that it is whole or absent, and holds its own checksum. What is
read is what was written for this very job, or an error that names the file.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
import zipfile
from pathlib import Path

import numpy as np

from montecarlo.accumulators import GranuleMoments
from montecarlo.canonical import digest
from montecarlo.executors.job import Chunk, Job, Task
from montecarlo.executors.sealed import stamps

MAGIC = b"offtake chunk 1\n"
"""First bytes of a file, with the number of its format."""

_DIGEST_BYTES = 32


class StoreError(ValueError):
    """A file of a store that is not what it should be."""


class Store:
    """A folder of finished chunks.

    Parameters
    ----------
    folder
        Made when it does not exist. Several jobs and several processes may share it.

    Raises
    ------
    ValueError
        When it cannot be a folder.
    """

    __slots__ = ("folder",)

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        # An empty name would be the folder that one happens to stand in.
        if not isinstance(folder, str | os.PathLike) or folder == "":
            msg = f"store must be a folder, got {folder!r}"
            raise ValueError(msg)
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"store must be a folder that can be written to, got {folder}: {error.strerror}"
            raise ValueError(msg) from error

    @classmethod
    def at(cls, store: Store | str | os.PathLike[str]) -> Store:
        """Return a store, from its folder where that is given."""
        return store if isinstance(store, Store) else cls(store)

    def has(self, task: Task) -> bool:
        """Say whether a chunk is there."""
        return self.file(task).exists()

    def file(self, task: Task) -> Path:
        """Return where a chunk stands, or would."""
        return self.folder / self._key(task.job)[:32] / f"{task.start:015d}-{task.stop:015d}.chunk"

    def write(self, task: Task, chunk: Chunk) -> None:
        """Keep a chunk, whole or not at all."""
        file = self.file(task)
        body = io.BytesIO()
        nodes = chunk.nodes
        np.savez(
            body,
            job=np.frombuffer(self._key(task.job).encode(), dtype=np.uint8),
            paths=np.array([task.start, task.stop]),
            first_granule=np.array(nodes.first_granule),
            levels=nodes.levels,
            counts=nodes.counts,
            mean=nodes.mean,
            squares=nodes.squares,
            samples=chunk.samples,
            histogram=np.frombuffer(chunk.histogram or b"", dtype=np.uint8),
        )
        content = body.getvalue()
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            beside.write_bytes(MAGIC + hashlib.sha256(content).digest() + content)
            beside.replace(file)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def read(self, task: Task) -> Chunk:
        """Return a chunk that is there.

        Raises
        ------
        StoreError
            Naming the file and what is wrong with it.
        """
        file = self.file(task)
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise _refused(file, f"it cannot be read ({error.strerror})") from error
        content = raw[len(MAGIC) + _DIGEST_BYTES :]
        if not raw.startswith(MAGIC):
            raise _refused(file, "it begins as another kind or version of file")
        if hashlib.sha256(content).digest() != raw[len(MAGIC) : -len(content) or None]:
            raise _refused(file, "its checksum is of other bytes")
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as found:
                arrays = dict(found)
            return _chunk(arrays, self._key(task.job), task)
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
            raise _refused(file, str(error)) from error

    def _key(self, job: Job) -> str:
        if not job.fingerprint:
            job.fingerprint = fingerprint(job)
        return job.fingerprint


def fingerprint(job: Job) -> str:
    """Return a hash of everything that decides a job's chunks."""
    return digest(
        (
            stamps(job.recipe.packages),
            job.recipe.fingerprint,
            job.plan.n_paths,
            job.plan.seed,
            job.plan.sampling,
            job.measure,
            job.kept,
        )
    )


def _chunk(arrays: dict[str, np.ndarray], key: str, task: Task) -> Chunk:
    if arrays["job"].tobytes().decode() != key:
        msg = "it is of another job"
        raise ValueError(msg)
    start, stop = arrays["paths"].tolist()
    if (start, stop) != (task.start, task.stop):
        msg = f"it is of paths {start} to {stop}"
        raise ValueError(msg)
    return Chunk(
        nodes=GranuleMoments(
            first_granule=int(arrays["first_granule"]),
            levels=arrays["levels"],
            counts=arrays["counts"],
            mean=arrays["mean"],
            squares=arrays["squares"],
        ),
        samples=arrays["samples"],
        histogram=arrays["histogram"].tobytes() or None,
    )


def _refused(file: Path, fault: str) -> StoreError:
    return StoreError(
        f"{file} must be a chunk of this run: {fault}; remove it and it is worked out again"
    )
