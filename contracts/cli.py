"""The ``offtake`` command: term sheets in, values and exposure out.

Heavy modules are imported inside the commands, so that ``--help`` is instant.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from contracts.backtest_command import backtest as backtest_command
from contracts.calibrate_command import calibrate as calibrate_command
from contracts.defaults import DEFAULT_PATHS, DEFAULT_SEED

if TYPE_CHECKING:
    from contracts.run import DealLike, MarketLike
from contracts.market_command import market as market_command
from contracts.uncertainty_command import uncertainty as uncertainty_command

app = typer.Typer(
    name="offtake",
    help="Value price floors, contracts for difference and offtake deals, and see what the "
    "public has promised.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
golden = typer.Typer(help="Regression tests on valuations: record a golden file, check it.")
app.add_typer(golden, name="golden", no_args_is_help=True)
app.command("market")(market_command)
app.command("calibrate")(calibrate_command)
app.command("backtest")(backtest_command)
app.command("uncertainty")(uncertainty_command)

DealName = Annotated[str, typer.Argument(metavar="DEAL", help="A built-in deal or a file.")]
MarketName = Annotated[
    str | None, typer.Option("--market", help="A built-in market or a file; the deal's own.")
]
Paths = Annotated[int, typer.Option("--paths", help="Simulated paths.")]
PathsOrAuto = Annotated[
    str,
    typer.Option(
        "--paths", metavar="N|auto", help="Simulated paths; auto: as --standard-error needs."
    ),
]
Wanted = Annotated[
    float | None,
    typer.Option(
        "--standard-error", help="With --paths auto: stop at this one, in the deal's currency."
    ),
]
Drawn = Annotated[
    str, typer.Option("--sampling", help="random, antithetic, or sobol (32 x a power of two).")
]
Digits = Annotated[
    str, typer.Option("--precision", help="double; or single: prices in 32-bit floats.")
]
Seed = Annotated[int, typer.Option("--seed", help="Seed; the same seed gives the same bits.")]
Threads = Annotated[int | None, typer.Option("--threads", help="Threads; never change a bit.")]
Side = Annotated[
    str | None, typer.Option("--perspective", help="Party whose receipts are positive.")
]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="Scheduler of a Dask cluster to work on."),
]
StoreFolder = Annotated[
    Path | None,
    typer.Option("--store", metavar="FOLDER", help="Keep finished parts; go on where it stopped."),
]
OtherModels = Annotated[
    bool | None,
    typer.Option(
        "--models/--no-models",
        help="Also under the other models that the market names; by default unless --paths is "
        "given.",
        show_default=False,
    ),
]
Shocks = Annotated[
    list[str] | None,
    typer.Option(
        "--shock",
        metavar="TEXT",
        help='What if: as in "ndpr-oxide x2.5 from 2027-01-01 for 9 months"; may be repeated.',
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

INTERRUPTED = 130


@app.command()
def deals(as_json: Json = False) -> None:
    """List the built-in deals and markets."""
    from contracts.catalogue import describe

    listing = describe()
    if as_json:
        _print_json(listing)
        return
    from contracts.reports.listings import print_catalogue

    print_catalogue(listing)


@app.command()
def check(deal: DealName, market: MarketName = None) -> None:
    """Check a term sheet with its market, or a market: every fault at once, with its line."""
    from contracts.catalogue import is_market_file, load, load_market
    from contracts.reports.listings import print_check
    from contracts.run import market_of

    if is_market_file(deal):
        print_check(None, load_market(deal))
        return
    loaded = load(deal)
    named = market or market_of(loaded)
    print_check(loaded, load_market(named) if named else None)


@app.command()
def timetable(deal: DealName, as_json: Json = False) -> None:
    """Print what is observed and paid when."""
    from contracts.catalogue import load

    loaded = load(deal)
    table = loaded.timetable()
    if as_json:
        sys.stdout.write(table.to_json(orient="records", date_format="iso", indent=1) + "\n")
        return
    from contracts.reports.listings import print_timetable

    print_timetable(loaded, table)


@app.command()
def value(
    deal: DealName,
    market: MarketName = None,
    perspective: Side = None,
    measure: Annotated[
        str, typer.Option(help="pricing (value) or physical (outlays).")
    ] = "pricing",
    paths: PathsOrAuto = str(DEFAULT_PATHS),
    standard_error: Wanted = None,
    sampling: Drawn = "random",
    precision: Digits = "double",
    seed: Seed = DEFAULT_SEED,
    threads: Threads = None,
    cluster: Cluster = None,
    store: StoreFolder = None,
    models: OtherModels = None,
    shock: Shocks = None,
    as_json: Json = False,
) -> None:
    """Value a deal: each leg, the total, and the cash flows by calendar year."""
    from contracts.reports.progress import announced

    with announced() as progress, _worked_on(cluster, threads) as executor:
        from contracts.valuing import value as run
        from montecarlo.models.protocol import as_measure
        from montecarlo.sampling import as_method, as_precision

        valuation = run(
            deal,
            market=_hit([deal], market, shock),
            perspective=perspective,
            measure=as_measure(measure),
            n_paths=_paths(paths),
            standard_error=standard_error,
            sampling=as_method(sampling),
            precision=as_precision(precision),
            seed=seed,
            n_threads=threads,
            progress=progress,
            executor=executor,
            store=store,
        )
        others = None
        if models if models is not None else paths == str(DEFAULT_PATHS):
            from contracts.other_models import under_other_models

            others = under_other_models(valuation, n_threads=threads, progress=progress)
    if as_json:
        also = {} if others is None else {"other_models": others.to_dict()}
        _print_json(valuation.to_dict() | also)
        return
    from contracts.reports.terminal import print_valuation

    print_valuation(valuation, others)


@app.command()
def exposure(
    deals: Annotated[list[str], typer.Argument(metavar="DEAL...", help="Deals, on one market.")],
    by: Annotated[
        str, typer.Option(help="Comma-separated: fiscal_year, agency, programme, commodity, ...")
    ] = "fiscal_year",
    market: MarketName = None,
    appropriation: Annotated[
        str | None,
        typer.Option(help='Try one for every fiscal year, as in "300 million USD"; one deal.'),
    ] = None,
    paths: Paths = DEFAULT_PATHS,
    seed: Seed = DEFAULT_SEED,
    threads: Threads = None,
    cluster: Cluster = None,
    store: StoreFolder = None,
    shock: Shocks = None,
    as_json: Json = False,
) -> None:
    """Show what the public pays and receives, by fiscal year, agency, programme and more."""
    from contracts.reports.progress import announced

    with announced() as progress, _worked_on(cluster, threads) as executor:
        from contracts.public_exposure import exposure as expose
        from contracts.run import as_deal
        from contracts.valuing import value_together

        loaded = [as_deal(deal) for deal in deals]
        if appropriation is not None:
            loaded = [deal.with_appropriation(appropriation) for deal in loaded]
        valuations = value_together(
            loaded,
            market=_hit(loaded, market, shock),
            n_paths=paths,
            seed=seed,
            n_threads=threads,
            progress=progress,
            executor=executor,
            store=store,
        )
        dimensions = [name.strip() for name in by.split(",") if name.strip()]
        table = expose(valuations, by=dimensions, progress=progress, executor=executor, store=store)
    if as_json:
        from contracts.document import exposure_document

        _print_json(exposure_document(valuations, table))
        return
    from contracts.reports.exposure import print_exposure

    print_exposure(valuations, table)


@app.command()
def schema(kind: Annotated[str, typer.Argument(help="deal or market.")] = "deal") -> None:
    """Print the JSON Schema of a term sheet or a market, for editors."""
    from contracts.schema import json_schema

    _print_json(json_schema(kind))


@app.command()
def doctor() -> None:
    """Find the known trouble: shadowed packages, versions, threads, the compile cache."""
    from contracts.doctor import diagnose
    from contracts.reports.listings import print_findings

    findings = diagnose()
    print_findings(findings)
    if any(finding.status == "fail" for finding in findings):
        raise typer.Exit(1)


@app.command()
def warmup(as_json: Json = False) -> None:
    """Compile every kernel now and keep it, so that later runs start quickly."""
    from contracts.reports.progress import announced

    with announced():
        from contracts.warmup import warm_up

        done = warm_up()
    if as_json:
        _print_json(done.to_dict())
        return
    for line in done.lines():
        typer.echo(line)


@golden.command("record")
def golden_record(
    deal: DealName,
    file: Annotated[Path, typer.Argument(help="Where the golden is written.")],
    market: MarketName = None,
    perspective: Side = None,
    paths: Paths = DEFAULT_PATHS,
    seed: Seed = DEFAULT_SEED,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Value a deal and keep inputs, versions, values and standard errors in a file."""
    from contracts.golden import record
    from contracts.golden_file import refuse_existing
    from contracts.valuing import value as run

    if not force:
        refuse_existing(file)
    valuation = run(deal, market=market, perspective=perspective, n_paths=paths, seed=seed)
    record(valuation, file, force=force)
    typer.echo(f"recorded {valuation.deal.name} in {file}", err=True)


@golden.command("check")
def golden_check(file: Annotated[Path, typer.Argument(help="A recorded golden.")]) -> None:
    """Value again and compare: bit-equal, or within the stated standard errors."""
    from contracts.golden import check as run

    result = run(file)
    typer.echo(result.message, err=not result.passed)
    if not result.passed:
        raise typer.Exit(1)


def _hit(
    deals: Sequence[DealLike], market: str | None, shocks: list[str] | None
) -> MarketLike | None:
    """Return the market, with shocks if there are any."""
    if not shocks:
        return market
    from contracts.run import as_deal, common_market

    return common_market([as_deal(deal) for deal in deals], market).with_shock(*shocks)


def _paths(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        return int(text.replace("_", ""))
    except ValueError:
        message = f"--paths must be a whole number or auto, got {text!r}"
        raise ValueError(message) from None


def _worked_on(cluster: str | None, n_threads: int | None) -> AbstractContextManager[Any]:
    """Return what yields the executor: a cluster, or none and help with the first run."""
    if cluster is None:
        from contracts.second_compiler import second_compiler

        return second_compiler(n_threads)
    from contracts.cluster import connected

    return connected(cluster)


def _print_json(document: Any) -> None:  # noqa: ANN401
    import json

    sys.stdout.write(json.dumps(document, indent=1, allow_nan=False, default=str) + "\n")


def main() -> None:
    """Run the command; a bad input ends with 2, a failure with 1, an interruption with 130."""
    if sys.stdout is None or sys.stdout.closed:
        sys.stderr.write("stdout is closed: there is nowhere to print to\n")
        sys.exit(1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal of another encoding shows a question mark instead of failing.
        sys.stdout.reconfigure(errors="replace")
    try:
        app(standalone_mode=True)
    except (ValueError, FileNotFoundError, IsADirectoryError, PermissionError) as error:
        if os.environ.get("OFFTAKE_TRACEBACK"):
            raise
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)
    except SystemExit as end:
        # The command-line library turns an interruption into this code without a word.
        if end.code == INTERRUPTED:
            sys.stderr.write("interrupted\n")
        raise
    except BrokenPipeError:
        # The reader of a pipe went away, as in "offtake timetable ... | head".
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("OFFTAKE_TRACEBACK"):
            raise
        hint = "set OFFTAKE_TRACEBACK=1 to see where"
        sys.stderr.write(f"offtake failed: {type(error).__name__}: {error} ({hint})\n")
        sys.exit(1)
