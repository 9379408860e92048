"""The spacing of the prices that a model is fitted to: every quote, or what a contract sees."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

from montecarlo.calibrate.history import PriceHistory, Span

Horizon: TypeAlias = Literal[
    "daily", "week", "month", "quarter", "month-average", "quarter-average"
]

HORIZONS: dict[str, str] = {
    "daily": "every quote",
    "week": "the last quote of each week",
    "month": "the last quote of each month",
    "quarter": "the last quote of each quarter",
    "month-average": "the average of each month",
    "quarter-average": "the average of each quarter",
}
"""Horizon -> what is taken from the history."""


def as_horizon(text: str) -> Horizon:
    """Return a horizon; an unknown one is refused.

    Examples
    --------
    >>> as_horizon("hourly")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: horizon must be one of daily, week, month, ..., got 'hourly'
    """
    if text not in HORIZONS:
        msg = f"horizon must be one of {', '.join(HORIZONS)}, got {text!r}"
        raise ValueError(msg)
    return cast("Horizon", text)


def sample(history: PriceHistory, horizon: str) -> PriceHistory:
    """Return the prices that are taken from a history at a horizon.

    Examples
    --------
    >>> history = PriceHistory(
    ...     name="ndpr",
    ...     unit="USD/kg",
    ...     dates=["2024-01-02", "2024-01-31", "2024-02-01", "2024-02-29"],
    ...     prices=[50.0, 54.0, 52.0, 55.0],
    ... )
    >>> sample(history, "month").prices
    array([54., 55.])
    >>> sample(history, "month-average").prices
    array([52. , 53.5])
    """
    span, _, how = as_horizon(horizon).partition("-")
    if span == "daily":
        return history
    if how == "average" and history.averaged == span:
        return history
    if how == "average":
        return history.averages("month" if span == "month" else "quarter")
    return history.last_of(cast("Span", span))
