"""The kernels' cache on disk: never stale, quick to load from, and never a reason to fail.

**Never stale.** A kernel's machine code is kept under a stamp of everything that decides it: the
text of its own file and of the compile policy, the width of vectors asked for, the value of every
constant that it reads, and the stamp of every kernel that it calls, at any depth. The compiler
alone watches the kernel's own file only.

**Quick.** Before the compiler looks into its cache it fills its tables with everything that it can
compile (and imports scipy's linear algebra on the way), which takes longer than a valuation. The
kernels of these packages need none of it to be loaded; whatever has to be compiled waits for it.

**Never a reason to fail.** Where no folder can be written to, or the disk is full, or a file is
cut off, kernels are compiled and not kept; :func:`cache_status` and ``offtake doctor`` say so.

All of this hangs on attributes that are private to the compiler. Where they are missing, its own
cache is used as it is.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from montecarlo.kernel_files import Untyped, keep_apart
from montecarlo.vector_width import wants_wide

OWN_PACKAGES = ("contracts", "montecarlo")
"""Their kernels use nothing of the compiler's runtime but arrays and numbers."""

_FOREIGN = ("math", "numba", "numpy")
"""Packages whose functions change with their versions only, which the cache knows."""

_CONSTANTS = (bool, int, float, complex, str, bytes, type(None), np.generic)

_POLICY = (__file__, *(str(Path(__file__).with_name(f"{n}.py")) for n in ("jit", "intrinsics")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiling:
    """A kernel is about to be compiled.

    Parameters
    ----------
    kernel
        Its module and name.
    folder
        Where the machine code will be kept; empty when it is not kept.
    """

    kernel: str
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKept:
    """A kernel was compiled, and its machine code could not be written to ``folder``.

    Parameters
    ----------
    kernel, folder
        Its module and name, and where it should have been kept.
    reason
        What the system said.
    """

    kernel: str
    folder: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatus:
    """Where machine code is kept, and whether the next run finds it there.

    Parameters
    ----------
    folder
        The folder of the kernels' cache; empty when nothing is kept.
    is_writable
        Whether a file can be made there.
    is_warm
        Whether it holds the block kernel of this version of the source.
    """

    folder: str
    is_writable: bool
    is_warm: bool

    @property
    def trouble(self) -> str:
        """What keeps kernels from being kept, or from being kept where asked; empty if nothing.

        Examples
        --------
        >>> CacheStatus(folder="", is_writable=False, is_warm=False).trouble
        'no folder for compiled kernels can be written to; set NUMBA_CACHE_DIR to one that can'
        """
        return trouble_with(self.folder, is_writable=self.is_writable)


class KnownKernel:
    """A compiled function and what decides its machine code."""

    def __init__(self, dispatcher: Untyped, function: Callable[..., Any]) -> None:
        self.dispatcher = dispatcher
        self.function = function
        # Read now: the text may change between here and the first call, the code no longer does.
        self.texts = tuple(_text_digest(file) for file in (function.__code__.co_filename, *_POLICY))

    @property
    def name(self) -> str:
        """Its module and name."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @property
    def folder(self) -> str:
        """Where its machine code is kept; empty when it is not."""
        return str(getattr(self.dispatcher._cache, "cache_path", None) or "")

    @property
    def is_loaded(self) -> bool:
        """Whether it has machine code in this process."""
        return bool(self.dispatcher.overloads)

    def calls(self) -> set[str]:
        """Return the names of the kernels that it calls itself."""
        called = set()
        for _, value in _globals_of(self.function.__code__, self.function):
            direct = _kernels.get(id(value))
            chosen = _chosen.get(id(value), ()) if direct is None else (direct,)
            called |= {one.name for one in chosen}
        return called

    def stamp(self, callers: tuple[int, ...] = ()) -> str:
        """Return the stamp of this kernel; one that calls itself is not followed again."""
        parts = [*self.texts, "wide" if wants_wide() else "narrow"]
        read = _globals_of(self.function.__code__, self.function)
        for name, value in sorted(read, key=lambda found: found[0]):
            called = _kernels.get(id(value))
            if called is not None:
                known = id(value) in (*callers, id(self.dispatcher))
                deeper = (*callers, id(self.dispatcher))
                parts.append(f"{name} calls {'itself' if known else called.stamp(deeper)}")
            elif id(value) in _chosen:
                deeper = (*callers, id(self.dispatcher))
                parts += [f"{name} may call {one.stamp(deeper)}" for one in _chosen[id(value)]]
            else:
                parts.append(f"{name} is {_constant(value)}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


_kernels: dict[int, KnownKernel] = {}
_chosen: dict[int, tuple[KnownKernel, ...]] = {}
_listeners: list[Callable[[Compiling | NotKept], None]] = []


def known_kernels() -> dict[str, KnownKernel]:
    """Return every kernel that was imported so far, by module and name.

    Examples
    --------
    >>> from montecarlo.engine import kernels
    >>> known_kernels()["montecarlo.engine.kernels.fill_block"].folder != ""
    True
    """
    return {found.name: found for found in _kernels.values()}


@contextmanager
def watch_compiling(listener: Callable[[Compiling | NotKept], None]) -> Iterator[None]:
    """Call ``listener`` before each kernel that is compiled, and when one could not be kept.

    Examples
    --------
    >>> from montecarlo.jit import kernel
    >>> @kernel
    ... def third(x):
    ...     return x / 3.0
    >>> seen = []
    >>> with watch_compiling(seen.append):
    ...     _ = third(6.0), third(9.0)
    >>> [event.kernel.rpartition(".")[2] for event in seen]
    ['third']
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def follow(
    dispatcher: Untyped, function: Callable[..., Any], start: Callable[[Untyped], None]
) -> None:
    """Put the cache of a compiled function under the rules of this module.

    Parameters
    ----------
    dispatcher, function
        The compiled function and its Python source.
    start
        Called with the compiler's context to start what machine code on disk is linked against,
        and nothing that is only needed to compile.
    """
    found = KnownKernel(dispatcher, function)
    _kernels[id(dispatcher)] = found
    cache: Untyped = getattr(dispatcher, "_cache", None)
    if not all(hasattr(cache, name) for name in ("load_overload", "save_overload")):
        return
    keep_apart(getattr(cache, "_cache_file", None))
    load, save = cache.load_overload, cache.save_overload
    is_own = function.__module__.partition(".")[0] in OWN_PACKAGES

    def load_overload(signature: Untyped, context: Untyped) -> Untyped:
        _set_stamp(found)
        result = _load_quickly(start, cache, signature, context) if is_own else None
        if result is None:
            result = _load(load, cache, signature, context)
        if result is None:
            tell(Compiling(kernel=found.name, folder=found.folder))
        return result

    def save_overload(signature: Untyped, compiled: Untyped) -> None:
        try:
            save(signature, compiled)
        except OSError as error:
            # A full disk, say: the machine code in memory is good.
            reason = error.strerror or str(error)
            tell(NotKept(kernel=found.name, folder=found.folder, reason=reason))

    cache.load_overload, cache.save_overload = load_overload, save_overload


def depends_on(function: Callable[..., Any], kernels: tuple[Callable[..., Any], ...]) -> None:
    """Say that a kernel which calls ``function`` is decided by these kernels."""
    found = (_kernels.get(id(one)) for one in kernels)
    _chosen[id(function)] = tuple(one for one in found if one is not None)


def tell(event: Compiling | NotKept) -> None:
    """Tell all who watch."""
    for listener in tuple(_listeners):
        listener(event)


def _set_stamp(found: KnownKernel) -> None:
    cache_file: Untyped = getattr(found.dispatcher._cache, "_cache_file", None)
    if hasattr(cache_file, "_source_stamp"):
        cache_file._source_stamp = found.stamp()


def _load_quickly(
    start: Callable[[Untyped], None], cache: Untyped, signature: Untyped, context: Untyped
) -> Untyped:
    """Return the machine code on disk; None if there is none or another way has to be taken."""
    try:
        start(context)
        return cache._load_overload(signature, context)
    except Exception:
        return None


def _load(load: Untyped, cache: Untyped, signature: Untyped, context: Untyped) -> Untyped:
    """Return the machine code on disk by the compiler's own way, which gets ready to compile."""
    try:
        return load(signature, context)
    except Exception:
        # A file that was cut off, or written by something else: forget it and compile.
        try:
            cache.flush()
        except OSError:
            cache.disable()
        return None


def _globals_of(code: CodeType, function: Callable[..., Any]) -> Iterator[tuple[str, object]]:
    """Yield every global that a function reads by name, and what it reads out of modules."""
    known = function.__globals__
    for name in code.co_names:
        value = known.get(name)
        if isinstance(value, ModuleType):
            for part in code.co_names:
                if hasattr(value, part):
                    yield f"{name}.{part}", getattr(value, part)
        elif name in known:
            yield name, value
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _globals_of(inner, function)


def _constant(value: object) -> str:
    """Return the text of a constant to its last bit, or of the file that a function stands in."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str}{value.shape}{hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_constant, value))})"
    if isinstance(value, _CONSTANTS):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, FunctionType) and _package(value) not in _FOREIGN:
        return f"in {_text_digest(value.__code__.co_filename)}"
    return type(value).__name__


def _package(function: FunctionType) -> str:
    return str(function.__module__ or "").partition(".")[0]


def _text_digest(file: str) -> str:
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        return "no file"


def cache_status() -> CacheStatus:
    """Say where compiled kernels are kept, without compiling anything.

    Returns
    -------
    CacheStatus
        ``is_warm`` is False before the first run after an install or a change of the source,
        when the first simulation takes a few seconds to compile.

    Examples
    --------
    >>> cache_status().is_writable
    True
    """
    from montecarlo.engine.kernels import fill_block

    found = _kernels.get(id(fill_block))
    if found is None or not found.folder:
        return CacheStatus(folder="", is_writable=False, is_warm=False)
    _set_stamp(found)
    cache_file: Untyped = getattr(found.dispatcher._cache, "_cache_file", None)
    try:
        is_warm = bool(cache_file._load_index())
    except Exception:
        is_warm = False
    return CacheStatus(folder=found.folder, is_writable=_can_write(found.folder), is_warm=is_warm)


_REMEDY = "set NUMBA_CACHE_DIR to one that can"


def trouble_with(folder: str, *, is_writable: bool = True) -> str:
    """Return what is wrong with the folder that compiled kernels are kept in; empty if nothing.

    The folder that ``NUMBA_CACHE_DIR`` names comes first, then the one beside the source, then
    one of the user; the first that can be written to is taken.

    Examples
    --------
    >>> trouble_with("")
    'no folder for compiled kernels can be written to; set NUMBA_CACHE_DIR to one that can'
    """
    asked = os.environ.get("NUMBA_CACHE_DIR", "")
    if not folder:
        return f"no folder for compiled kernels can be written to; {_REMEDY}"
    if not is_writable:
        return f"{folder}, for compiled kernels, cannot be written to; {_REMEDY}"
    if asked and not Path(folder).is_relative_to(os.path.abspath(asked)):
        return f"NUMBA_CACHE_DIR={asked} cannot be written to; compiled kernels are in {folder}"
    return ""


def cache_folders() -> tuple[str, ...]:
    """Return every folder that a kernel known so far is kept in.

    Examples
    --------
    >>> from montecarlo.engine import kernels
    >>> len(cache_folders()) > 0
    True
    """
    return tuple(sorted({found.folder for found in _kernels.values() if found.folder}))


def _can_write(folder: str) -> bool:
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
