"""Files that are written whole or not at all, and never over another one unasked."""

from __future__ import annotations

import os
from pathlib import Path


def refuse_target(file: str | os.PathLike[str], *, force: bool = False) -> None:
    """Refuse a place where no file can or may be written, before anything is spent on filling it.

    Parameters
    ----------
    file
        Where something is to be written.
    force
        Whether an existing file is to be replaced.

    Raises
    ------
    ValueError
        For a folder, for a file in a folder that does not exist, and for an existing file unless
        ``force`` is true.

    Examples
    --------
    >>> refuse_target("no-such-folder/fit.json")
    Traceback (most recent call last):
    ValueError: no-such-folder/fit.json must be in a folder that exists, got 'no-such-folder'
    """
    path = Path(file)
    if path.is_dir():
        message = f"{path} must be a file to be written, got a folder"
        raise ValueError(message)
    if not path.parent.is_dir():
        message = f"{path} must be in a folder that exists, got {str(path.parent)!r}"
        raise ValueError(message)
    if not force and os.path.lexists(path):
        message = f"{path} exists and is not written over; force replaces it"
        raise ValueError(message)


def write_whole(text: str, file: str | os.PathLike[str]) -> None:
    """Write a file so that, whatever happens, either the old one is there or the whole new one.

    Raises
    ------
    OSError
        When the folder cannot be written; the file is then as it was.
    """
    path = Path(os.path.realpath(file))
    if path.exists() and not path.is_file():
        # A device or a pipe is written to, not replaced.
        path.write_text(text, encoding="utf-8")
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("x", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
