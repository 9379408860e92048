"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
