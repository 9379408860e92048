"""The command ``offtake market``."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

MarketArgument = Annotated[
    str, typer.Argument(metavar="MARKET", help="A built-in market or a file.")
]


def market(
    name: MarketArgument,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Show a market: curves, models, the drift under both measures, correlations, sources."""
    from contracts.catalogue import load_market

    found = load_market(name)
    if as_json:
        from contracts.market_document import market_document

        text = json.dumps(market_document(found), indent=1, allow_nan=False, default=str)
        sys.stdout.write(text + "\n")
        return
    from contracts.reports.market import print_market

    print_market(found)
