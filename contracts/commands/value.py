"""The command ``offtake value``."""

from __future__ import annotations

from typing import Annotated

import typer

from contracts.commands.options import (
    Cluster,
    DealName,
    Digits,
    Drawn,
    Json,
    MarketName,
    OtherModels,
    PathsOrAuto,
    Seed,
    Shocks,
    Side,
    StoreFolder,
    Threads,
    Wanted,
)
from contracts.commands.output import print_json
from contracts.commands.run_settings import hit, n_paths_of, worked_on
from contracts.defaults import DEFAULT_PATHS, DEFAULT_SEED


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

    with announced() as progress, worked_on(cluster, threads) as executor:
        from contracts.valuing import value as run
        from montecarlo.models.protocol import as_measure
        from montecarlo.sampling import as_method, as_precision

        valuation = run(
            deal,
            market=hit([deal], market, shock),
            perspective=perspective,
            measure=as_measure(measure),
            n_paths=n_paths_of(paths),
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
        print_json(valuation.to_dict() | also)
        return
    from contracts.reports.terminal import print_valuation

    print_valuation(valuation, others)
