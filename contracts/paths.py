"""Addresses of terms inside a term sheet: ``legs[price floor].strike``.

Inside the program an address is a tuple of keys and list positions, ``("legs", 0, "strike")``.
A person writes and reads the text form, in which an element of a list that has a name is called
by it. Both ``legs[0].strike`` and ``legs[price floor].strike`` are understood.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["PathError", "TermPath", "find_path", "nearest", "path_text", "value_at"]

TermPath = tuple[str | int, ...]

_PART = re.compile(r"\.?([^.\[\]]+)|\[([^\[\]]*)\]")


class PathError(ValueError):
    """An address that leads nowhere; the message names the nearest that leads somewhere."""


def nearest(word: object, known: Iterable[object], *, listed: int = 12) -> str:
    """Return the advice that follows an unknown name: the nearest known one, or all of them.

    Examples
    --------
    >>> nearest("strik", ["strike", "quantity"])
    'did you mean strike?'
    >>> nearest("zzz", ["strike", "quantity"])
    'known: strike, quantity'
    >>> nearest("zzz", [])
    'there is none'
    """
    names = [str(name) for name in known]
    folded = {name.casefold(): name for name in reversed(names)}
    close = difflib.get_close_matches(str(word).casefold(), list(folded), n=1, cutoff=0.6)
    part = str(word).casefold()
    if not close and len(part) >= 3:
        close = [name for name in folded if part in name or (len(name) >= 3 and name in part)][:1]
    if close:
        return f"did you mean {folded[close[0]]}?"
    if not names:
        return "there is none"
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return f"known: {', '.join(names[:listed])}{more}"


def path_text(path: TermPath, terms: object = None) -> str:
    """Return the text form of an address, with list elements called by their names.

    A name that two elements share would be ambiguous, so the position is written instead.

    Examples
    --------
    >>> terms = {"legs": [{"name": "price floor", "strike": "110 USD/kg"}, {"kind": "floor"}]}
    >>> path_text(("legs", 0, "strike"), terms)
    'legs[price floor].strike'
    >>> path_text(("legs", 1, "kind"), terms)
    'legs[1].kind'
    """
    text = ""
    here = terms
    for part in path:
        if isinstance(part, int):
            text += f"[{_element_name(here, part)}]"
            here = here[part] if isinstance(here, list) and 0 <= part < len(here) else None
        else:
            plain = re.fullmatch(r"[^\s.\[\]]+", part) is not None
            text += (f".{part}" if text else part) if plain else f"[{part}]"
            here = here.get(part) if isinstance(here, dict) else None
    return text


def find_path(text: str, terms: object, *, may_add: bool = False) -> TermPath:
    """Return the address that a text names in the given terms.

    Parameters
    ----------
    text
        An address such as ``legs[price floor].strike`` or ``observations.sales.steps``.
    terms
        The plain term sheet.
    may_add
        Whether the last part may be a key that its mapping does not have yet.

    Raises
    ------
    PathError
        When a part does not exist; the message names the nearest that does.

    Examples
    --------
    >>> terms = {"legs": [{"name": "price floor", "strike": "110 USD/kg"}]}
    >>> find_path("legs[price floor].strike", terms)
    ('legs', 0, 'strike')
    >>> find_path("legs[price flor].strike", terms)
    Traceback (most recent call last):
        ...
    contracts.paths.PathError: legs[price flor].strike: legs has no 'price flor'; did you mean \
price floor?
    """
    parts = _parts(text)
    path: TermPath = ()
    here = terms
    for position, part in enumerate(parts):
        place = path_text(path, terms) or "the file"
        if isinstance(here, dict):
            is_last = position == len(parts) - 1
            if part not in here and not (may_add and is_last):
                message = f"{text}: {place} has no {part!r}; {nearest(part, here)}"
                raise PathError(message)
            path, here = (*path, part), here.get(part)
        elif isinstance(here, list):
            index = _list_position(here, part)
            if index is None:
                names = [_element_name(here, i) for i in range(len(here))]
                message = f"{text}: {place} has no {part!r}; {nearest(part, names)}"
                raise PathError(message)
            path, here = (*path, index), here[index]
        else:
            message = f"{text}: {place} is a single value and has no {part!r}"
            raise PathError(message)
    return path


def value_at(path: TermPath, terms: object) -> object:
    """Return what the terms hold at an address that :func:`find_path` returned."""
    here: object = terms
    for part in path:
        if not isinstance(here, dict | list):
            raise KeyError(path)
        here = here[part]  # type: ignore[index]
    return here


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    position = 0
    while position < len(text):
        found = _PART.match(text, position)
        if found is None or (position == 0 and text.startswith(".")):
            message = f"{text!r} is not an address; write it as legs[price floor].strike"
            raise PathError(message)
        parts.append((found.group(1) or found.group(2) or "").strip())
        position = found.end()
    if not parts:
        message = "an address must not be empty; write it as legs[price floor].strike"
        raise PathError(message)
    return parts


def _element_name(elements: object, index: int) -> str:
    if not isinstance(elements, list) or not 0 <= index < len(elements):
        return str(index)
    names = [item.get("name") if isinstance(item, dict) else None for item in elements]
    name = names[index]
    is_usable = isinstance(name, str) and names.count(name) == 1 and _is_plain_name(name)
    return str(name) if is_usable else str(index)


def _is_plain_name(name: str) -> bool:
    return bool(name.strip()) and len(name) <= 80 and not re.search(r"[\[\].\n]", name)


def _list_position(elements: list[object], part: str) -> int | None:
    named = [i for i in range(len(elements)) if _element_name(elements, i) == part]
    if named:
        return named[0]
    if re.fullmatch(r"[0-9]{1,6}", part) and int(part) < len(elements):
        return int(part)
    return None
