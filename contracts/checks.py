"""Checks of single values: each returns what it checked, or names field, rule and value."""

import datetime
import math
from collections.abc import Collection
from typing import TypeVar

T = TypeVar("T")


def require(condition: bool, field: str, rule: str, value: object) -> None:
    """Raise ``ValueError`` reading "field must rule, got value" unless the condition holds.

    Examples
    --------
    >>> require(2 > 1, "share", "be at most 1", 2)
    >>> require(False, "share", "be between 0 and 1", 30)
    Traceback (most recent call last):
    ...
    ValueError: share must be between 0 and 1, got 30
    """
    if not condition:
        message = f"{field} must {rule}, got {value!r}"
        raise ValueError(message)


def finite(value: float, field: str) -> float:
    """Return a finite number as a float."""
    require(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
        field,
        "be a finite number",
        value,
    )
    return float(value)


def positive(value: float, field: str) -> float:
    """Return a finite number above zero."""
    require(finite(value, field) > 0.0, field, "be above zero", value)
    return float(value)


def not_negative(value: float, field: str) -> float:
    """Return a finite number that is zero or more."""
    require(finite(value, field) >= 0.0, field, "be zero or more", value)
    return float(value)


def share(value: float, field: str) -> float:
    """Return a number between 0 and 1."""
    require(0.0 <= finite(value, field) <= 1.0, field, "be between 0 and 1", value)
    return float(value)


def one_of(value: T, choices: Collection[T], field: str) -> T:
    """Return a value that is among the choices."""
    rule = "be one of " + ", ".join(str(choice) for choice in choices)
    require(value in choices, field, rule, value)
    return value


def month_number(value: int, field: str) -> int:
    """Return a calendar month, 1 to 12."""
    require(isinstance(value, int) and 1 <= value <= 12, field, "be a month, 1 to 12", value)
    return value


def ordered(first: datetime.date, last: datetime.date, fields: tuple[str, str]) -> None:
    """Require the first date to come before the last."""
    require(first < last, fields[1], f"be after {fields[0]} ({first})", last.isoformat())
