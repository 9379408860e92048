"""The inputs of a golden: where they are read from again, and which terms have changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.golden_file import Inputs
from contracts.paths import TermPath, path_text

if TYPE_CHECKING:
    from contracts.deal import Deal
    from contracts.market import Market

BUILT_IN = "built-in"
HELD_HERE = "held here"


def changed_terms(noun: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return each leaf that differs, by its address, with both values.

    Examples
    --------
    >>> before, now = {"name": "a", "share": 0.3}, {"name": "a", "share": 0.5}
    >>> changed_terms("deal", {"legs": [before]}, {"legs": [now]})
    ['deal legs[a].share: was 0.3, is 0.5']
    """
    old, new = _leaves(before), _leaves(now)
    return [
        f"{noun} {place}: was {old.get(place, 'absent')}, is {new.get(place, 'absent')}"
        for place in {**old, **new}
        if old.get(place) != new.get(place)
    ]


def _leaves(terms: Mapping[str, Any]) -> dict[str, str]:
    """Return the address and the JSON text of every leaf; an empty collection is a leaf."""
    leaves = {}
    pending: list[tuple[TermPath, Any]] = [((), terms)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, Mapping) and value:
            pending += [((*path, key), below) for key, below in reversed(list(value.items()))]
        elif isinstance(value, list | tuple) and value:
            pending += [((*path, i), value[i]) for i in reversed(range(len(value)))]
        else:
            leaves[path_text(path, terms)] = json.dumps(value, default=str, ensure_ascii=False)
    return leaves


def inputs_of(
    part: Deal | Market, path: Path, load: Callable[[str | Path], Deal | Market]
) -> Inputs:
    """Return the terms with the place from which they can be read again, if there is one."""
    terms = json.loads(json.dumps(part.terms, default=str))
    places: list[tuple[str, str | Path]] = [(BUILT_IN, part.name)]
    if part.file:
        places.append((os.path.relpath(part.file, path.parent), Path(part.file)))
    for place, source in places:
        try:
            again = load(source)
        except (ValueError, OSError):
            continue
        if _leaves(again.terms) == _leaves(terms):
            return Inputs(name=part.name, place=Path(place).as_posix(), terms=terms)
    return Inputs(name=part.name, place=HELD_HERE, terms=terms)


def read_deal(inputs: Inputs, path: Path) -> Deal:
    """Return the deal as it stands now where it came from, or as the golden holds it."""
    from contracts.catalogue import load
    from contracts.termsheet import build_deal

    source = _source(inputs, path)
    return build_deal(inputs.terms, file=f"{path}: deal") if source is None else load(source)


def read_market(inputs: Inputs, path: Path) -> Market:
    """Return the market as it stands now where it came from, or as the golden holds it."""
    from contracts.catalogue import load_market
    from contracts.market_sheet import build_market

    source = _source(inputs, path)
    if source is None:
        return build_market(inputs.terms, file=f"{path}: market")
    return load_market(source)


def _source(inputs: Inputs, path: Path) -> str | Path | None:
    if inputs.place == BUILT_IN:
        return inputs.name
    source = path.parent / inputs.place
    return source if source.is_file() else None
