"""Options that a command was given but would not use: refused, never ignored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from inspect import Parameter, signature
from typing import Any


def given_options(command: Callable[..., Any], arguments: Mapping[str, Any]) -> list[str]:
    """Return the options that were given another value than their own, as they are spelled.

    Examples
    --------
    >>> def command(file, date_column=None, unit=None): ...
    >>> given_options(command, {"file": "a.csv", "date_column": "day", "unit": None})
    ['--date-column']
    """
    return [
        f"--{name.replace('_', '-')}"
        for name, item in signature(command).parameters.items()
        if item.default is not Parameter.empty and arguments[name] != item.default
    ]


def refuse_options(given: Collection[str], options: Collection[str], what: str) -> None:
    """Refuse options that would have no effect.

    Examples
    --------
    >>> refuse_options(["--vat"], ["--vat", "--fx"], "--fit: prices are not read again")
    Traceback (most recent call last):
    ValueError: --vat must not be given with --fit: prices are not read again
    """
    refused = [option for option in given if option in options]
    if refused:
        message = f"{refused[0]} must not be given with {what}"
        raise ValueError(message)
