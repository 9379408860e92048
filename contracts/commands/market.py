"""The command ``offtake market``."""

from __future__ import annotations

from typing import Annotated

import typer

from contracts.commands.options import Json
from contracts.commands.output import print_json

MarketArgument = Annotated[
    str, typer.Argument(metavar="MARKET", help="A built-in market or a file.")
]


def market(
    name: MarketArgument,
    as_json: Json = False,
) -> None:
    """Show a market: curves, models, the drift under both measures, correlations, sources."""
    from contracts.catalogue import load_market

    found = load_market(name)
    if as_json:
        from contracts.market_document import market_document

        print_json(market_document(found))
        return
    from contracts.reports.market import print_market

    print_market(found)
