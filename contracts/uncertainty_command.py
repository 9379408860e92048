"""``offtake uncertainty``: what not knowing the parameters adds to the spread of a value."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from contracts.defaults import DEFAULT_SEED
from contracts.history_options import (
    Clock,
    Columns,
    DateColumn,
    First,
    Fx,
    Horizon,
    Last,
    Model,
    PictureFolder,
    PriceName,
    QuotesAre,
    To,
    Unit,
    Vat,
    history_of,
)


def uncertainty(
    deal: Annotated[str, typer.Argument(metavar="DEAL", help="A built-in deal or a file.")],
    commodity: Annotated[str, typer.Option(help="Whose parameters are not known.")],
    calibrate: Annotated[
        Path, typer.Option(metavar="FILE.csv", help="Dates and prices the model is fitted to.")
    ],
    unit: Unit,
    model: Model,
    horizon: Horizon = "daily",
    draws: Annotated[int, typer.Option(help="Draws of the parameters.")] = 100,
    way: Annotated[
        str, typer.Option(help="asymptotic; bootstrap; reflected: the bootstrap without its bias.")
    ] = "asymptotic",
    curve: Annotated[
        str, typer.Option(help="held; or model: the curve of the drawn parameters, if none trades.")
    ] = "held",
    paths: Annotated[int, typer.Option(help="Paths for each draw.")] = 5_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bits.")] = DEFAULT_SEED,
    threads: Annotated[int | None, typer.Option(help="Threads; never change a bit.")] = None,
    market: Annotated[
        str | None, typer.Option(help="A built-in market or a file; the deal's own.")
    ] = None,
    perspective: Annotated[
        str | None, typer.Option(help="Party whose receipts are positive.")
    ] = None,
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
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Draw parameters from their fit, value under each, and split the spread of the value."""
    from contracts.reports.progress import announced

    history = history_of(
        calibrate, unit=unit, columns=columns, date_column=date_column, quotes_are=quotes_are,
        clock=clock, vat=vat, fx=fx, to=to, name=name, first=first, last=last,
    )  # fmt: skip
    with announced() as progress:
        from contracts.drawn_market import CurveChoice
        from contracts.parameter_uncertainty import parameter_uncertainty
        from montecarlo.calibrate import draw_parameters, fit
        from montecarlo.calibrate.parameter_draws import Way

        fitted = fit(history, model, horizon=horizon)
        drawn = draw_parameters(fitted, draws, way=cast("Way", way), history=history, seed=seed)
        design = parameter_uncertainty(
            deal,
            commodity,
            drawn,
            market=market,
            curve=cast("CurveChoice", curve),
            n_paths=paths,
            seed=seed,
            perspective=perspective,
            n_threads=threads,
        )
        typer.echo(design.cost().text(), err=True)
        found = design.run(progress)
    if plot is not None:
        from contracts.plots.uncertainty import save_spreads

        for picture in save_spreads(found, plot):
            typer.echo(f"wrote {picture}", err=True)
    if as_json:
        sys.stdout.write(json.dumps(found.to_dict(), indent=1, allow_nan=False) + "\n")
        return
    from contracts.reports.uncertainty import print_uncertainty

    print_uncertainty(found)
