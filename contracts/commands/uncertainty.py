"""``offtake uncertainty``: what not knowing the parameters adds to the spread of a value."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from contracts.commands.fit_options import MeanReverting, Regimes, Smoothing, fit_options_of
from contracts.commands.given_options import given_options, refuse_options
from contracts.commands.history_options import (
    Clock,
    Columns,
    DateColumn,
    First,
    Fx,
    Horizon,
    Last,
    OptionalModel,
    OptionalUnit,
    PictureFolder,
    PriceName,
    QuotesAre,
    To,
    Vat,
    history_of,
)
from contracts.commands.options import Json
from contracts.defaults import DEFAULT_SEED

if TYPE_CHECKING:
    from montecarlo.calibrate import Fit, FittedDates, PriceHistory

OF_FITTING = (
    "--unit", "--model", "--horizon", "--smoothing", "--regimes", "--mean-reverting", "--columns",
    "--date-column", "--quotes-are", "--clock", "--vat", "--fx", "--to", "--name", "--first",
    "--last",
)  # fmt: skip
"""What a fit that is made already has no use for."""


def uncertainty(
    deal: Annotated[str, typer.Argument(metavar="DEAL", help="A built-in deal or a file.")],
    commodity: Annotated[str, typer.Option(help="Whose parameters are not known.")],
    calibrate: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Dates and prices the model is fitted to."),
    ] = None,
    fit: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Or a fit that offtake calibrate wrote, with --write-fit or --json.",
        ),
    ] = None,
    unit: OptionalUnit = None,
    model: OptionalModel = None,
    horizon: Horizon = "daily",
    smoothing: Smoothing = "none",
    regimes: Regimes = None,
    mean_reverting: MeanReverting = False,
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
    as_json: Json = False,
) -> None:
    """Draw parameters from their fit, value under each, and split the spread of the value."""
    from contracts.reports.progress import announced

    given = given_options(uncertainty, locals())
    if (calibrate is None) == (fit is None):
        message = "either --calibrate FILE.csv or --fit FILE.json must be given, got " + (
            "none" if fit is None else "both"
        )
        raise ValueError(message)
    if fit is not None:
        refuse_options(given, OF_FITTING, "--fit: the model is fitted already")
    with announced() as progress:
        from contracts.drawn_market import CurveChoice
        from contracts.parameter_uncertainty import parameter_uncertainty
        from montecarlo.calibrate import draw_parameters
        from montecarlo.calibrate.parameter_draws import Way

        fitted: Fit
        dates: PriceHistory | FittedDates | None
        if fit is not None:
            from contracts.saved_fit import read_fit

            saved = read_fit(fit)
            fitted, dates = saved.fit, saved.dates
        else:
            from montecarlo.calibrate import fit as fit_model

            if calibrate is None or unit is None or model is None:
                option = "--unit" if unit is None else "--model"
                message = f"{option} must be given with --calibrate, got none"
                raise ValueError(message)
            dates = history_of(
                calibrate, unit=unit, columns=columns, date_column=date_column,
                quotes_are=quotes_are, clock=clock, vat=vat, fx=fx, to=to, name=name,
                first=first, last=last,
            )  # fmt: skip
            options = fit_options_of(
                model, smoothing=smoothing, regimes=regimes, mean_reverting=mean_reverting
            )
            fitted = fit_model(dates, model, horizon=horizon, smoothing=smoothing, **options)
        drawn = draw_parameters(fitted, draws, way=cast("Way", way), history=dates, seed=seed)
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
