"""The command ``offtake exposure``."""

from __future__ import annotations

from typing import Annotated

import typer

from contracts.commands.options import (
    Cluster,
    Json,
    MarketName,
    Paths,
    Seed,
    Shocks,
    StoreFolder,
    Threads,
)
from contracts.commands.output import print_json
from contracts.commands.run_settings import hit, worked_on
from contracts.defaults import DEFAULT_PATHS, DEFAULT_SEED


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

    with announced() as progress, worked_on(cluster, threads) as executor:
        from contracts.public_exposure import exposure as expose
        from contracts.run import as_deal
        from contracts.valuing import value_together

        loaded = [as_deal(deal) for deal in deals]
        if appropriation is not None:
            loaded = [deal.with_appropriation(appropriation) for deal in loaded]
        valuations = value_together(
            loaded,
            market=hit(loaded, market, shock),
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

        print_json(exposure_document(valuations, table))
        return
    from contracts.reports.exposure import print_exposure

    print_exposure(valuations, table)
