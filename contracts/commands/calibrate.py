"""``offtake calibrate``: a price model from a file of prices."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.commands.fit_options import (
    JumpTest,
    MeanReverting,
    Quick,
    Regimes,
    Smoothing,
    fit_options_of,
)
from contracts.commands.given_options import given_options, refuse_options
from contracts.commands.history_options import (
    Clock,
    Columns,
    DateColumn,
    First,
    Fx,
    Horizon,
    Last,
    Model,
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

ONE_PRICE = (
    "--horizon", "--smoothing", "--regimes", "--mean-reverting", "--jump-test",
    "--columns", "--quotes-are", "--clock", "--vat", "--fx", "--to", "--first", "--last",
    "--floor-strike", "--floor-years", "--seasonality",
)  # fmt: skip
"""What a panel of futures prices has no use for."""

PANEL = ("--factors", "--step-years", "--error-edges", "--error-groups")
"""What one price a date has no use for."""


def calibrate(
    file: PriceFile,
    unit: Unit,
    model: Model,
    horizon: Horizon = "daily",
    smoothing: Smoothing = "none",
    regimes: Regimes = None,
    mean_reverting: MeanReverting = False,
    jump_test: JumpTest = None,
    quick: Quick = False,
    seasonality: Annotated[
        str,
        typer.Option(help="none; or changes, centred-mean: take out factors of months, so found."),
    ] = "none",
    compare: Annotated[
        bool, typer.Option("--compare", help="Fit every other model to the same prices.")
    ] = False,
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
    floor_strike: Annotated[
        float | None, typer.Option(help="Of the floor shown; the last price by default.")
    ] = None,
    floor_years: Annotated[int, typer.Option(help="How long the floor shown runs.")] = 5,
    override: Annotated[
        list[str] | None, typer.Option(help="Set a parameter: volatility=0.35; may be repeated.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it is overridden.")] = "",
    maturities: Annotated[
        str | None,
        typer.Option(
            help="The file holds futures prices, a column a contract: the time each has left, as "
            "1m,5m,1.5y, or a CSV of years with the same header."
        ),
    ] = None,
    factors: Annotated[int | None, typer.Option(help="Of n-factor: 1 to 4.")] = None,
    step_years: Annotated[
        float | None, typer.Option(help="Years between rows of futures prices, if evenly spaced.")
    ] = None,
    error_edges: Annotated[
        str | None,
        typer.Option(help="Years left at which one group of errors of futures prices ends: 0.5,2."),
    ] = None,
    error_groups: Annotated[
        str | None, typer.Option(help="Or the group of each contract: near,near,far.")
    ] = None,
    plot: PictureFolder = None,
    write_fragment: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the YAML of the model.")
    ] = None,
    write_fit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the fit, for offtake uncertainty.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    as_json: Json = False,
) -> None:
    """Fit a price model to a file of prices, and say how sure the fit is."""
    given = given_options(calibrate, locals())
    _refuse_targets(write_fragment, write_fit, force=force)
    changed = _overrides(override or [], reason)
    if maturities is not None:
        refuse_options(
            given, ONE_PRICE, "--maturities: a panel of futures prices is fitted as it stands"
        )
        from contracts.panel_calibration import calibrate_panel, read_panel
        from contracts.reports.panel_calibration import print_panel_calibration

        panel = read_panel(
            file, unit=unit, maturities=maturities, date_column=date_column, name=name,
            step=step_years,
        )  # fmt: skip
        fitted = calibrate_panel(
            panel, model, n_factors=factors, error_edges=_years(error_edges),
            error_groups=_listed(error_groups), is_compared=compare, is_quick=quick,
            overrides=changed, reason=reason,
        )  # fmt: skip
        if plot is not None:
            from contracts.plots.panel_files import save_panel_pictures

            for picture in save_panel_pictures(fitted, plot):
                typer.echo(f"wrote {picture}", err=True)
        _write(fitted, write_fragment, write_fit, as_json, print_panel_calibration)
        return
    from contracts.calibration import calibrate as run
    from montecarlo.calibrate.kinds import KINDS

    if model in KINDS and KINDS[model].takes == "panel":
        message = f"--maturities must be given for {model}, which is fitted to futures prices"
        raise ValueError(message)
    refuse_options(given, PANEL, "one price a date: it is for futures prices, with --maturities")
    options = fit_options_of(
        model, smoothing=smoothing, regimes=regimes, mean_reverting=mean_reverting,
        jump_test=jump_test, quick=quick,
    )  # fmt: skip
    history = history_of(
        file, unit=unit, columns=columns, date_column=date_column, quotes_are=quotes_are,
        clock=clock, vat=vat, fx=fx, to=to, name=name, first=first, last=last,
    )  # fmt: skip
    found = run(
        history,
        model,
        horizon=horizon,
        smoothing=smoothing,
        is_compared=compare,
        floor_strike=floor_strike,
        floor_years=floor_years,
        overrides=changed,
        reason=reason,
        options=options,
        seasonality=seasonality,
    )
    if plot is not None:
        from contracts.plots.calibration_files import save_pictures

        for picture in save_pictures(found, plot):
            typer.echo(f"wrote {picture}", err=True)
    from contracts.reports.calibration import print_calibration

    _write(found, write_fragment, write_fit, as_json, print_calibration)


def _years(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        message = f"--error-edges must be years such as 0.5,2, got {text!r}"
        raise ValueError(message) from None


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",")]


def _refuse_targets(fragment: Path | None, fit: Path | None, *, force: bool) -> None:
    """Refuse what cannot be written before a fit that takes minutes, not after."""
    targets = [file for file in (fragment, fit) if file is not None]
    if not targets:
        return
    from contracts.whole_file import refuse_target

    for file in targets:
        refuse_target(file, force=force)
    if fragment is not None and fit is not None and fragment.resolve() == fit.resolve():
        message = f"--write-fragment and --write-fit must be two files, got {fit} for both"
        raise ValueError(message)


def _write(
    found: Any,  # noqa: ANN401
    fragment: Path | None,
    fit: Path | None,
    as_json: bool,
    show: Callable[[Any], None],
) -> None:
    """Write the fragment of a calibration and its fit if asked for, then JSON or tables."""
    if fragment is not None:
        from contracts.whole_file import write_whole

        write_whole(found.fragment(), fragment)
    if fit is not None:
        from contracts.saved_fit import save_fit

        save_fit(found.fit, fit, history=getattr(found, "history", None))
    if as_json:
        import json

        sys.stdout.write(json.dumps(found.to_dict(), indent=1, allow_nan=False) + "\n")
        return
    show(found)


def _overrides(texts: list[str], reason: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if name in found:
            message = f"--override must set each parameter once, got {name} twice"
            raise ValueError(message)
        try:
            found[name] = float(value)
        except ValueError:
            message = (
                f"--override must be a parameter and a number, as volatility=0.35, got {text!r}"
            )
            raise ValueError(message) from None
    if bool(found) != bool(reason.strip()):
        rule = "be given with --override" if found else "not be given without --override"
        message = f"--reason must {rule}, got {reason!r}"
        raise ValueError(message)
    return found
