"""Coverage: which numbers of a term sheet or a market file have no source."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contracts.paths import PathError, TermPath, find_path, path_text
from contracts.units import UnitError, parse_measure

__all__ = ["uncovered_numbers"]

_NOT_ECONOMIC = frozenset(
    {"deal", "market", "title", "currency", "perspective", "parties", "simplifications", "sources"}
    | {"valuation_date", "note", "url"}
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{2}")


def uncovered_numbers(terms: Mapping[str, Any], sources: Iterable[object]) -> list[str]:
    """Return the addresses of numbers, dates and numbers with units that no source covers.

    Parameters
    ----------
    terms
        A term sheet or a market file as plain data.
    sources
        Its sources: addresses, or anything with a ``path``. A source covers its term and
        everything below it.

    Returns
    -------
    list of str
        Addresses in the order of the file; empty when every number has a source.

    Examples
    --------
    >>> terms = {
    ...     "legs": [
    ...         {"name": "floor", "kind": "floor", "strike": "110 USD/kg", "share": 0.3},
    ...         {"name": "loan", "drawn": "2025-08-15", "principal": "150 million USD"},
    ...     ]
    ... }
    >>> uncovered_numbers(terms, ["legs[floor].strike", "legs[loan]"])
    ['legs[floor].share']
    """
    covered = set()
    for source in sources:
        address = source if isinstance(source, str) else _path_of(source)
        try:
            covered.add(find_path(address, terms))
        except PathError:
            continue
    return [
        path_text(path, terms)
        for path in _numbers(dict(terms), ())
        if not any(path[:length] in covered for length in range(1, len(path) + 1))
    ]


def _path_of(source: object) -> str:
    found = source.get("path") if isinstance(source, Mapping) else getattr(source, "path", "")
    return str(found)


def _numbers(value: object, path: TermPath) -> Iterator[TermPath]:
    if isinstance(value, dict):
        for key, below in value.items():
            is_economic = key not in _NOT_ECONOMIC if not path else key != "note"
            if is_economic:
                yield from _numbers(below, (*path, key))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from _numbers(below, (*path, position))
    elif _bears_number(value):
        yield path


def _bears_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return True
    if not isinstance(value, str):
        return False
    if _DATE.fullmatch(value):
        return True
    try:
        parse_measure(value)
    except UnitError:
        return False
    return True
