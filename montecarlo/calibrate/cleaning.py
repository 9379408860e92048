"""What is done to a price history before anything is fitted, and what is refused.

Nothing is repaired silently: each repair leaves a sentence, and what has no one right repair is
refused with its date.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.grid import DateArray

UNIT_JUMP = 5.0
"""A price that moves by more than this factor from one quote to the next may be in another unit."""


def as_days(values: npt.ArrayLike) -> DateArray:
    """Return days, or name the first entry that is none.

    Examples
    --------
    >>> as_days(["2024-01-31", "2024-02-29"])
    array(['2024-01-31', '2024-02-29'], dtype='datetime64[D]')
    >>> as_days([20240131])
    Traceback (most recent call last):
    ValueError: dates must be dates such as 2024-01-31, got 20240131 at row 1
    """
    array = np.asarray(values)
    rule = "dates must be dates such as 2024-01-31"
    if array.ndim != 1:
        msg = f"dates must have 1 dimension, got shape {array.shape}"
        raise ValueError(msg)
    if array.size and array.dtype.kind in "iufb":
        msg = f"{rule}, got {array[0]!s} at row 1"
        raise ValueError(msg)
    try:
        days = array.astype("datetime64[D]")
    except (TypeError, ValueError):
        row = _first_that_fails(array)
        msg = f"{rule}, got {str(array[row])!r} at row {row + 1}"
        raise ValueError(msg) from None
    missing = np.flatnonzero(np.isnat(days))
    if missing.size:
        msg = f"{rule}, got none at row {int(missing[0]) + 1} ({missing.size} missing)"
        raise ValueError(msg)
    return days


def _first_that_fails(array: npt.NDArray[np.generic]) -> int:
    for row, value in enumerate(array.tolist()):
        try:
            np.datetime64(value, "D")
        except (TypeError, ValueError):
            return row
    return 0


def as_prices(field: str, values: npt.ArrayLike, dates: DateArray) -> FloatArray:
    """Return float64 prices, NaN where one is missing, or name the first entry that is text.

    Examples
    --------
    >>> as_prices("ndpr", ["443", "n/a"], as_days(["2024-01-31", "2024-02-29"]))
    Traceback (most recent call last):
    ValueError: ndpr must be numbers, got the text 'n/a' on 2024-02-29 (1 of 2 is text)
    """
    # A list of numbers and one text would become an array of texts.
    array = values if isinstance(values, np.ndarray) else np.array(values, dtype=np.object_)
    if array.shape != dates.shape:
        msg = f"{field} must be as long as dates ({dates.size}), got shape {array.shape}"
        raise ValueError(msg)
    if array.dtype.kind in "iuf":
        found = array.astype(np.float64)
    else:
        found = _numbers(field, array.tolist(), dates)
    infinite = np.flatnonzero(np.isinf(found))
    if infinite.size:
        where = int(infinite[0])
        msg = f"{field} must be finite, got {found[where]} on {dates[where]}"
        raise ValueError(msg)
    return found


def _numbers(field: str, entries: list[object], dates: DateArray) -> FloatArray:
    texts = [row for row, entry in enumerate(entries) if isinstance(entry, str | bytes | bool)]
    if texts:
        # A file with one word in a column comes as a column of text: name the word.
        texts = [row for row in texts if not _reads_as_number(entries[row])] or texts
        row = texts[0]
        msg = (
            f"{field} must be numbers, got the text {entries[row]!r} on {dates[row]} "
            f"({len(texts)} of {len(entries)} {'is' if len(texts) == 1 else 'are'} text)"
        )
        raise ValueError(msg)
    try:
        return np.array([_number(entry) for entry in entries], dtype=np.float64)
    except (TypeError, ValueError):
        msg = f"{field} must be numbers, got {entries[0]!r}"
        raise ValueError(msg) from None


def _reads_as_number(entry: object) -> bool:
    try:
        float(entry)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def _number(entry: object) -> float:
    # Missing values of pandas answer to no float; anything that differs from itself is missing.
    if entry is None or type(entry).__name__ in ("NAType", "NaTType"):
        return float("nan")
    return float(entry)  # type: ignore[arg-type]


def clean(
    field: str, dates: DateArray, prices: FloatArray
) -> tuple[DateArray, FloatArray, tuple[str, ...]]:
    """Return sorted dates, their prices, and a sentence for each thing done or found.

    Missing prices and exact repetitions are dropped, unsorted dates are sorted.

    Raises
    ------
    ValueError
        Without any price, or for two different prices of one date, naming the date.

    Examples
    --------
    >>> dates, prices, notices = clean(
    ...     "ndpr",
    ...     as_days(["2024-03-01", "2024-01-01", "2024-02-01", "2024-03-01"]),
    ...     np.array([51.0, 49.0, np.nan, 51.0]),
    ... )
    >>> prices
    array([49., 51.])
    >>> for notice in notices:
    ...     print(notice)
    1 of 4 prices is missing and left out, the first of 2024-02-01
    dates were not in order and have been sorted, the first out of place is 2024-01-01
    1 repeated date with the same price is kept once, the first 2024-03-01
    """
    notices = []
    gaps = np.isnan(prices)
    if gaps.any():
        n_gaps = int(gaps.sum())
        verb = "is" if n_gaps == 1 else "are"
        notices.append(
            f"{n_gaps} of {prices.size} prices {verb} missing and left out, "
            f"the first of {dates[gaps][0]}"
        )
        dates, prices = dates[~gaps], prices[~gaps]
    if dates.size == 0:
        msg = f"{field} must have at least one price, got none"
        raise ValueError(msg)
    falling = np.flatnonzero(np.diff(dates) < np.timedelta64(0, "D"))
    if falling.size:
        notices.append(
            "dates were not in order and have been sorted, "
            f"the first out of place is {dates[int(falling[0]) + 1]}"
        )
        order = np.argsort(dates, kind="stable")
        dates, prices = dates[order], prices[order]
    same = np.flatnonzero(np.diff(dates) == np.timedelta64(0, "D"))
    for i in same:
        if prices[i] != prices[i + 1]:
            msg = (
                f"{field} must have one price a date, got {float(prices[i])!r} and "
                f"{float(prices[i + 1])!r} on {dates[i]}"
            )
            raise ValueError(msg)
    if same.size:
        noun = "date with the same price is" if same.size == 1 else "dates with the same price are"
        notices.append(f"{same.size} repeated {noun} kept once, the first {dates[same[0]]}")
        keep = np.ones(dates.size, dtype=np.bool_)
        keep[same + 1] = False
        dates, prices = dates[keep], prices[keep]
    notices.extend(_unit_jumps(dates, prices))
    return dates, prices, tuple(notices)


def _unit_jumps(dates: DateArray, prices: FloatArray) -> list[str]:
    before, after = prices[:-1], prices[1:]
    is_ratio = (before > 0.0) & (after > 0.0)
    ratio = np.divide(after, before, out=np.ones_like(after), where=is_ratio)
    found = np.flatnonzero((ratio >= UNIT_JUMP) | (ratio <= 1.0 / UNIT_JUMP))
    return [
        f"the price is multiplied by {ratio[i]:.4g} from {float(before[i]):g} on {dates[i]} to "
        f"{float(after[i]):g} on {dates[i + 1]}: has its unit changed?"
        for i in found
    ]
