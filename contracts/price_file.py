"""A price history from a CSV file or a table: columns with weights, tax, currency, unit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from contracts.checks import require
from contracts.conventions import DateArray
from contracts.paths import nearest
from contracts.price_conversion import converted, read_exchange_rate, read_tax
from montecarlo.calibrate.cleaning import as_days, as_prices
from montecarlo.calibrate.history import PriceHistory

if TYPE_CHECKING:
    import pandas as pd

Averaged: TypeAlias = Literal["", "month", "quarter"]
"""What each price in a file is the average of; empty for a price of its date."""

DATE_COLUMNS = ("date", "day", "month", "time", "period")


def read_history(
    file: str | Path | pd.DataFrame,
    *,
    unit: str,
    columns: str | Mapping[str, float] | None = None,
    date_column: str | None = None,
    vat: str | float | None = None,
    fx: str | float | None = None,
    to: str | None = None,
    name: str | None = None,
    averaged: Averaged = "",
) -> PriceHistory:
    """Return the history of one price from a CSV file or a DataFrame.

    Parameters
    ----------
    file
        A CSV file with a header, or a DataFrame.
    unit
        Of the prices in it: ``CNY/t``, ``USD/kg``, or with a multiple, ``10000 CNY/t``.
    columns
        The column of the prices, or columns with weights that are summed up, as
        ``low=0.5,high=0.5``; the only column of numbers by default.
    date_column
        Column of the dates; one called date, day, month, time or period by default.
    vat
        Value added tax that the prices include: a decimal, or dated rates as
        ``2018-05-01:0.16,2019-04-01:0.13``.
    fx
        What one unit of the new currency costs in that of the file: a number, or a CSV file of
        date and rate, of which the latest known one is taken.
    to
        Unit of the history, as ``USD/kg``; that of the file, without a multiple, by default.
    name
        Of the price; the file's name by default.
    averaged
        ``month`` or ``quarter`` if the prices in the file are averages of one.

    Raises
    ------
    ValueError
        Naming the column, the rule and the value or its date.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"date": ["2024-01-31", "2024-02-29"], "low": [400.0, 410.0], "high": [404.0, 414.0]}
    ... )
    >>> history = read_history(
    ...     table, unit="1000 CNY/t", columns="low=0.5,high=0.5", vat=0.13, fx=7.1, to="USD/kg",
    ...     name="ndpr",
    ... )
    >>> history.prices.round(3)  # 402 / 1.13 / 7.1
    array([50.106, 51.352])
    """
    table = read_table(Path(file)) if isinstance(file, str | Path) else file
    label = name or (Path(file).stem if isinstance(file, str | Path) else "price")
    where = _date_column(table, date_column)
    weights = _weights(table, columns, where)
    dates = as_days(table[where].to_numpy())
    total = np.zeros(dates.size)
    for column, weight in weights.items():
        total = total + weight * as_prices(column, table[column].to_numpy(), dates)
    said = [f"{weight:g} {column}" for column, weight in weights.items()]
    # Weights are told in the history, for its hash knows nothing of them.
    told = (f"price is {' + '.join(said)}",) if weights != {next(iter(weights)): 1.0} else ()
    if averaged:
        dates = _period_ends(dates, averaged)
    prices, found, notices = converted(
        total,
        dates,
        unit=unit,
        to=to,
        tax=None if vat is None else read_tax(str(vat)),
        exchange_rate=None if fx is None else read_exchange_rate(str(fx)),
    )
    origin = Path(file).name if isinstance(file, str | Path) else "a table"
    return PriceHistory(
        name=label,
        unit=found,
        dates=dates,
        prices=prices,
        source=f"{origin}, {', '.join(weights)}",
        notices=(*told, *notices),
        averaged=averaged,
    )


def read_table(file: Path) -> pd.DataFrame:
    """Return a CSV file as a table; a file that is none is refused, by name."""
    import pandas as pd

    try:
        table = pd.read_csv(file)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        message = f"{file.name} must be a table with commas and a header: {error}"
        raise ValueError(message) from None
    require(len(table) > 0, file.name, "have at least one line below its header", len(table))
    return table


def _date_column(table: pd.DataFrame, given: str | None) -> str:
    labels = [str(label) for label in table.columns]
    if given is not None:
        if given not in labels:
            message = f"date column must be in the table; {nearest(given, labels)}, got {given!r}"
            raise ValueError(message)
        return given
    for label in labels:
        if label.strip().lower() in DATE_COLUMNS:
            return label
    message = (
        f"date column must be named, for none is called {' or '.join(DATE_COLUMNS)}; "
        f"the table has {', '.join(labels)}"
    )
    raise ValueError(message)


def _weights(
    table: pd.DataFrame, given: str | Mapping[str, float] | None, where: str
) -> dict[str, float]:
    labels = [str(label) for label in table.columns if str(label) != where]
    if given is None:
        if len(labels) != 1:
            message = (
                f"columns must name the price, for there are {len(labels)}: {', '.join(labels)}"
            )
            raise ValueError(message)
        return {labels[0]: 1.0}
    weights = {given: 1.0} if given in labels else _parsed(given)
    for column, weight in weights.items():
        if column not in labels:
            message = f"columns must be in the table; {nearest(column, labels)}, got {column!r}"
            raise ValueError(message)
        if not np.isfinite(weight):
            message = f"weight of {column} must be a finite number, got {weight!r}"
            raise ValueError(message)
    return weights


def _parsed(given: str | Mapping[str, float]) -> dict[str, float]:
    if not isinstance(given, str):
        return {str(column): float(weight) for column, weight in given.items()}
    weights: dict[str, float] = {}
    for part in given.split(","):
        column, equals, weight = (piece.strip() for piece in part.rpartition("="))
        try:
            number = float(weight) if equals else 1.0
        except ValueError:
            message = f"weight of {column} must be a number, got {weight!r}"
            raise ValueError(message) from None
        column = column if equals else weight
        require(column not in weights, "columns", "name each column once", column)
        weights[column] = number
    return weights


def _period_ends(dates: DateArray, averaged: str) -> DateArray:
    months = dates.astype("datetime64[M]").astype(np.int64)
    if averaged == "quarter":
        months = months + (2 - months % 3)
    after: DateArray = (months + 1).astype("datetime64[M]").astype("datetime64[D]")
    return after - np.timedelta64(1, "D")
