"""A hash of frozen data that is the same in every process.

Pickled bytes will not do: they depend on which equal objects happen to be the same one. Here data
is walked by what it is made of: values, arrays byte by byte, and for any other object its class
and what pickling would keep of it. What has no such description is refused.
"""

from __future__ import annotations

import datetime
import hashlib
import struct
from collections.abc import Mapping
from importlib import import_module
from typing import TypeAlias

import numpy as np

Hash: TypeAlias = "hashlib._Hash"


def digest(content: object) -> str:
    """Return the SHA-256 of data: equal for equal content, different for any other.

    Raises
    ------
    ValueError
        For what cannot be described, such as a lambda.

    Examples
    --------
    >>> digest((1, "a", np.arange(3.0))) == digest((1, "a", np.arange(3.0)))
    True
    >>> digest((1.0, "ab")) == digest((1, "ab"))
    False
    """
    total = hashlib.sha256()
    _feed(total, content, ())
    return total.hexdigest()


def _feed(total: Hash, item: object, inside: tuple[int, ...]) -> None:
    if item is None or isinstance(item, bool | int | str | bytes):
        _put(total, type(item).__name__, item if isinstance(item, bytes) else str(item).encode())
    elif isinstance(item, float) and type(item) is float:
        _put(total, "float", struct.pack("<d", item))
    elif isinstance(item, datetime.date | datetime.timedelta):
        _put(total, type(item).__name__, repr(item).encode())
    elif isinstance(item, np.ndarray | np.generic):
        array = np.ascontiguousarray(item)
        if array.dtype.hasobject:
            msg = f"an array of objects cannot be hashed, got {array.dtype}"
            raise ValueError(msg)
        _put(total, f"array {array.dtype.str} {np.shape(item)}", array.tobytes())
    elif isinstance(item, type) or (callable(item) and hasattr(item, "__qualname__")):
        _put(total, "name", _name(item).encode())
    elif id(item) in inside:
        msg = f"data that holds itself cannot be hashed, got {type(item).__name__}"
        raise ValueError(msg)
    else:
        _feed_parts(total, item, (*inside, id(item)))


def _feed_parts(total: Hash, item: object, inside: tuple[int, ...]) -> None:
    if isinstance(item, tuple | list):
        _put(total, _name(type(item)), str(len(item)).encode())
        for part in item:
            _feed(total, part, inside)
    elif isinstance(item, set | frozenset):
        _put(total, "set", " ".join(sorted(digest(part) for part in item)).encode())
    elif isinstance(item, Mapping):
        _put(total, "mapping", str(len(item)).encode())
        for key, value in item.items():
            _feed(total, key, inside)
            _feed(total, value, inside)
    else:
        found = item.__reduce_ex__(4)
        parts = (found,) if isinstance(found, str) else found
        _put(total, _name(type(item)), str(len(parts)).encode())
        for part in parts:
            is_iterator = hasattr(part, "__next__")
            _feed(total, list(part) if is_iterator else part, inside)


def _put(total: Hash, tag: str, content: bytes) -> None:
    total.update(f"{tag} {len(content)}\n".encode())
    total.update(content)


def _name(item: object) -> str:
    """Return the name from which a class or a function can be imported."""
    module, name = getattr(item, "__module__", None), getattr(item, "__qualname__", "")
    found: object = None
    if module and "<" not in name:
        found = import_module(module)
        for part in name.split("."):
            found = getattr(found, part, None)
    if found != item:
        msg = f"a function must be importable by its name to be hashed, got {name!r} of {module}"
        raise ValueError(msg)
    return f"{module}.{name}"
