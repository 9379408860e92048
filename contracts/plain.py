"""Plain data: what a term sheet holds, whether it came from a file or from a program."""

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np

from contracts.errors import Fault, TermSheetError

DEEPEST_NESTING = 40


def plain(value: object, file: str = "terms") -> dict[str, Any]:
    """Copy a term sheet as text, numbers, booleans, lists and mappings with text keys.

    Dates become the text that a person would write, numpy scalars the Python number.

    Examples
    --------
    >>> plain({"steps": {datetime.date(2025, 10, 1): "110 USD/kg"}, "n": np.float64(2.5)})
    {'steps': {'2025-10-01': '110 USD/kg'}, 'n': 2.5}
    """
    copied = _plain(value, file, 0)
    if not isinstance(copied, dict):
        raise TermSheetError([Fault(file=file, rule="must hold a mapping, 'key: value'")])
    return copied


def _plain(value: object, file: str, depth: int) -> Any:  # noqa: ANN401
    if depth > DEEPEST_NESTING:
        rule = f"must not be nested deeper than {DEEPEST_NESTING} levels"
        raise TermSheetError([Fault(file=file, rule=rule)])
    if isinstance(value, Mapping):
        return {_key(key): _plain(below, file, depth + 1) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below, file, depth + 1) for below in value]
    return _scalar(value)


def _key(key: object) -> str:
    return str(_scalar(key))


def _scalar(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    return value
