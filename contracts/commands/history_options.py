"""Options of every command that reads a file of prices, and the history they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from contracts.price_file import Averaged
    from montecarlo.calibrate.history import PriceHistory

AVERAGES = {"prices": "", "month-average": "month", "quarter-average": "quarter"}
CLOCKS = ("calendar", "weekdays")

PriceFile = Annotated[
    Path, typer.Argument(metavar="FILE.csv", help="Dates and prices, with a header.")
]
_UNIT = typer.Option(help='Of the prices, as CNY/t; a multiple as "10000 CNY/t".')
_MODEL = typer.Option(help="gbm, schwartz, ...: as a market file names it.")
Unit = Annotated[str, _UNIT]
OptionalUnit = Annotated[str | None, _UNIT]
Model = Annotated[str, _MODEL]
OptionalModel = Annotated[str | None, _MODEL]
Horizon = Annotated[
    str,
    typer.Option(
        help="What is fitted: daily (every quote), week, month, quarter (the last quote of each), "
        "month-average or quarter-average."
    ),
]
Columns = Annotated[
    str | None, typer.Option(help="Column of the price, or a weighted sum: low=0.5,high=0.5.")
]
DateColumn = Annotated[str | None, typer.Option(help="Column of the dates.")]
QuotesAre = Annotated[
    str, typer.Option(help="prices, or averages: month-average, quarter-average.")
]
Clock = Annotated[str, typer.Option(help="calendar, or weekdays: nothing happens on a weekend.")]
Vat = Annotated[
    str | None, typer.Option(help="Tax in the prices: 0.13, or 2018-05-01:0.16,2019-04-01:0.13.")
]
Fx = Annotated[
    str | None,
    typer.Option(help="What one unit of the new currency costs: 7.1, or a CSV of date, rate."),
]
To = Annotated[str | None, typer.Option(help="Unit of the result, as USD/kg.")]
PriceName = Annotated[str | None, typer.Option(help="Name of the price; the file's by default.")]
First = Annotated[str | None, typer.Option(help="First date of the window.")]
Last = Annotated[str | None, typer.Option(help="Last date of the window.")]
PictureFolder = Annotated[
    Path | None, typer.Option("--plot", metavar="DIR", help="Write pictures into this folder.")
]


def history_of(
    file: Path,
    *,
    unit: str,
    columns: str | None,
    date_column: str | None,
    quotes_are: str,
    clock: str,
    vat: str | None,
    fx: str | None,
    to: str | None,
    name: str | None,
    first: str | None,
    last: str | None,
) -> PriceHistory:
    """Return the history that the options describe.

    Raises
    ------
    ValueError
        For an unknown kind of quotes or clock, and as :func:`contracts.price_file.read_history`.
    """
    from contracts.price_file import read_history

    if quotes_are not in AVERAGES:
        message = f"--quotes-are must be one of {', '.join(AVERAGES)}, got {quotes_are!r}"
        raise ValueError(message)
    if clock not in CLOCKS:
        message = f"--clock must be {' or '.join(CLOCKS)}, got {clock!r}"
        raise ValueError(message)
    history = read_history(
        file,
        unit=unit,
        columns=columns,
        date_column=date_column,
        vat=vat,
        fx=fx,
        to=to,
        name=name,
        averaged=cast("Averaged", AVERAGES[quotes_are]),
    )
    history = history.by_weekdays() if clock == "weekdays" else history
    if first is None and last is None:
        return history
    return history.window(first, last)
