"""The commands ``offtake golden record`` and ``offtake golden check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contracts.commands.options import DealName, Digits, Drawn, MarketName, Paths, Seed, Side
from contracts.defaults import DEFAULT_PATHS, DEFAULT_SEED

golden = typer.Typer(
    name="golden",
    add_completion=False,
    help="Regression tests on valuations: record a golden file, check it.",
    no_args_is_help=True,
)


@golden.command("record")
def golden_record(
    deal: DealName,
    file: Annotated[Path, typer.Argument(help="Where the golden is written.")],
    market: MarketName = None,
    perspective: Side = None,
    paths: Paths = DEFAULT_PATHS,
    sampling: Drawn = "random",
    precision: Digits = "double",
    seed: Seed = DEFAULT_SEED,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Value a deal and keep inputs, versions, values and standard errors in a file."""
    from contracts.golden import record
    from contracts.valuing import value as run
    from contracts.whole_file import refuse_target
    from montecarlo.sampling import as_method, as_precision

    refuse_target(file, force=force)
    valuation = run(
        deal,
        market=market,
        perspective=perspective,
        n_paths=paths,
        seed=seed,
        sampling=as_method(sampling),
        precision=as_precision(precision),
    )
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
