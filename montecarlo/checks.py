"""Checks of input: each returns what it checked, or names the field, the rule and the value."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
"""A float64 array; docstrings give its shape."""

MAX_SEED = 2**64 - 1


def finite(field: str, value: float) -> float:
    """Return ``value`` as a float, or refuse what is not a finite real number.

    Parameters
    ----------
    field
        Name of the field, for the message.
    value
        Any real number; booleans and text are refused.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> finite("spot", 3)
    3.0
    >>> finite("spot", float("nan"))
    Traceback (most recent call last):
    ValueError: spot must be a finite number, got nan
    """
    if isinstance(value, bool | np.bool_ | str | bytes):
        msg = f"{field} must be a finite number, got {value!r}"
        raise ValueError(msg)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        msg = f"{field} must be a finite number, got {value!r}"
        raise ValueError(msg) from None
    if not math.isfinite(number):
        msg = f"{field} must be a finite number, got {number!r}"
        raise ValueError(msg)
    return number


def positive(field: str, value: float) -> float:
    """Return ``value`` as a float, or refuse what is not above zero.

    Examples
    --------
    >>> positive("spot", 0.0)
    Traceback (most recent call last):
    ValueError: spot must be greater than 0, got 0.0
    """
    number = finite(field, value)
    if number <= 0.0:
        msg = f"{field} must be greater than 0, got {number!r}"
        raise ValueError(msg)
    return number


def non_negative(field: str, value: float) -> float:
    """Return ``value`` as a float, or refuse what is below zero.

    Examples
    --------
    >>> non_negative("volatility", -0.2)
    Traceback (most recent call last):
    ValueError: volatility must be at least 0, got -0.2
    """
    number = finite(field, value)
    if number < 0.0:
        msg = f"{field} must be at least 0, got {number!r}"
        raise ValueError(msg)
    return number


def between(field: str, value: float, low: float, high: float) -> float:
    """Return ``value`` as a float, or refuse what is outside ``[low, high]``.

    Examples
    --------
    >>> between("correlation", 30, -1.0, 1.0)
    Traceback (most recent call last):
    ValueError: correlation must be between -1 and 1, got 30.0
    """
    number = finite(field, value)
    if not low <= number <= high:
        msg = f"{field} must be between {low:g} and {high:g}, got {number!r}"
        raise ValueError(msg)
    return number


def below_one(field: str, value: float) -> float:
    """Return ``value`` as a float, or refuse what is outside ``[0, 1)``.

    Examples
    --------
    >>> below_one("level", 1.0)
    Traceback (most recent call last):
    ValueError: level must be below 1, got 1.0
    """
    number = between(field, value, 0.0, 1.0)
    if number == 1.0:
        msg = f"{field} must be below 1, got {number!r}"
        raise ValueError(msg)
    return number


def integer(field: str, value: int, low: int, high: int | None = None) -> int:
    """Return ``value`` as an int, or refuse a bool, a fraction or a value out of range.

    Examples
    --------
    >>> integer("n_paths", 0, 1)
    Traceback (most recent call last):
    ValueError: n_paths must be an integer of at least 1, got 0
    """
    rule = f"an integer of at least {low}" if high is None else f"an integer in [{low}, {high}]"
    msg = f"{field} must be {rule}, got {value!r}"
    if isinstance(value, bool | np.bool_):
        raise ValueError(msg)
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(msg) from None
    if number < low or (high is not None and number > high):
        raise ValueError(msg)
    return number


def seed_words(seed: int) -> tuple[int, int]:
    """Return the low and the high 32 bits of a seed, or refuse what is not in ``[0, 2**64)``.

    Examples
    --------
    >>> seed_words(2**32 + 7)
    (7, 1)
    """
    number = integer("seed", seed, 0, MAX_SEED)
    return number & 0xFFFFFFFF, number >> 32


def name(field: str, value: str) -> str:
    """Return ``value``, or refuse what is not a non-empty text."""
    if not isinstance(value, str) or not value.strip():
        msg = f"{field} must be a non-empty text, got {value!r}"
        raise ValueError(msg)
    return value


def finite_array(field: str, values: npt.ArrayLike, *, n_dimensions: int = 1) -> FloatArray:
    """Return a float64 C-ordered copy of ``values``, or name the first entry that is not finite.

    Examples
    --------
    >>> finite_array("values", [1.0, float("inf")])
    Traceback (most recent call last):
    ValueError: values must be finite numbers, got inf at index 1
    """
    try:
        array = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        msg = f"{field} must be finite numbers, got {values!r}"
        raise ValueError(msg) from None
    if array.ndim != n_dimensions:
        msg = f"{field} must have {n_dimensions} dimension(s), got shape {array.shape}"
        raise ValueError(msg)
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        where = tuple(int(i) for i in bad[0])
        index = where[0] if n_dimensions == 1 else where
        msg = f"{field} must be finite numbers, got {float(array[where])!r} at index {index}"
        raise ValueError(msg)
    return array


def times(field: str, values: npt.ArrayLike) -> FloatArray:
    """Return strictly increasing times in years, none negative, or say which entry breaks that.

    Examples
    --------
    >>> times("times", [0.0, 0.5, 0.5])
    Traceback (most recent call last):
    ValueError: times must be strictly increasing, got 0.5 after 0.5 at index 2
    """
    array = finite_array(field, values)
    if array.size == 0:
        msg = f"{field} must have at least one entry, got none"
        raise ValueError(msg)
    if array[0] < 0.0:
        msg = f"{field} must be at least 0, got {float(array[0])!r} at index 0"
        raise ValueError(msg)
    falling = np.flatnonzero(np.diff(array) <= 0.0)
    if falling.size:
        i = int(falling[0]) + 1
        msg = (
            f"{field} must be strictly increasing, got {float(array[i])!r} "
            f"after {float(array[i - 1])!r} at index {i}"
        )
        raise ValueError(msg)
    return array


def query_times(field: str, values: npt.ArrayLike) -> FloatArray:
    """Return times to evaluate at, in years, of any shape and order: finite and none negative."""
    array = np.asarray(values, dtype=np.float64)
    bad = array[~(np.isfinite(array) & (array >= 0.0))]
    if bad.size:
        msg = f"{field} must be finite and at least 0, got {float(bad[0])!r}"
        raise ValueError(msg)
    return array


def same_length(field: str, array: FloatArray, other: str, n_expected: int) -> FloatArray:
    """Return ``array``, or refuse a length that differs from that of ``other``."""
    if array.shape[0] != n_expected:
        msg = f"{field} must be as long as {other} ({n_expected}), got {array.shape[0]}"
        raise ValueError(msg)
    return array


def unique_names(field: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names as a tuple, or refuse one that stands twice."""
    seen: set[str] = set()
    for item in names:
        if item in seen:
            msg = f"{field} must be different from each other, got {item!r} twice"
            raise ValueError(msg)
        seen.add(item)
    return tuple(names)
