"""``offtake backtest``: what models forecast from the past alone, against what came."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from contracts.commands.history_options import (
    Clock,
    Columns,
    DateColumn,
    First,
    Fx,
    Horizon,
    Last,
    PictureFolder,
    PriceFile,
    PriceName,
    QuotesAre,
    To,
    Unit,
    Vat,
    history_of,
)
from contracts.commands.options import Json
from contracts.defaults import DEFAULT_SEED


def backtest(
    file: PriceFile,
    unit: Unit,
    models: Annotated[
        str, typer.Option(help="Comma-separated: gbm, schwartz, ..., random-walk, empirical.")
    ],
    horizons: Annotated[str, typer.Option(help="Months ahead, comma-separated.")] = "3,6,12",
    horizon: Horizon = "daily",
    past_years: Annotated[float, typer.Option(help="Years before the first forecast.")] = 4.0,
    window_years: Annotated[
        float | None, typer.Option(help="Years that a fit sees; all of the past by default.")
    ] = None,
    every_months: Annotated[int, typer.Option(help="Months between forecasts.")] = 3,
    benchmark: Annotated[
        str, typer.Option(help="What skill is measured against: random-walk, empirical, a model.")
    ] = "random-walk",
    paths: Annotated[int, typer.Option(help="Of models without a closed form.")] = 4_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bits.")] = DEFAULT_SEED,
    columns: Columns = None,
    date_column: DateColumn = None,
    quotes_are: QuotesAre = "prices",
    clock: Clock = "calendar",
    vat: Vat = None,
    fx: Fx = None,
    to: To = None,
    name: PriceName = None,
    first: First = None,
    last: Last = None,
    plot: PictureFolder = None,
    as_json: Json = False,
) -> None:
    """Fit models on the past alone, forecast, and score what came: coverage, CRPS, skill."""
    from contracts.reports.progress import announced

    history = history_of(
        file, unit=unit, columns=columns, date_column=date_column, quotes_are=quotes_are,
        clock=clock, vat=vat, fx=fx, to=to, name=name, first=first, last=last,
    )  # fmt: skip
    with announced() as progress:
        from montecarlo.calibrate.backtesting import backtest as run

        found = run(
            history,
            [model.strip() for model in models.split(",") if model.strip()],
            months=_months(horizons),
            horizon=horizon,
            past_years=past_years,
            window_years=window_years,
            every_months=every_months,
            benchmark=benchmark,
            n_paths=paths,
            seed=seed,
            progress=progress,
        )
    if plot is not None:
        from contracts.plots.backtest import save_pictures

        for picture in save_pictures(found, history, plot):
            typer.echo(f"wrote {picture}", err=True)
    if as_json:
        from contracts.backtest_tables import backtest_document

        text = json.dumps(backtest_document(found), indent=1, allow_nan=False)
        sys.stdout.write(text + "\n")
        return
    from contracts.reports.backtest import print_backtest

    print_backtest(found, history)


def _months(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        message = f"--horizons must be whole months such as 3,6,12, got {text!r}"
        raise ValueError(message) from None
