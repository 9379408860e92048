"""The command ``offtake deals``."""

from __future__ import annotations

from contracts.commands.options import Json
from contracts.commands.output import print_json


def deals(as_json: Json = False) -> None:
    """List the built-in deals and markets."""
    from contracts.catalogue import describe

    listing = describe()
    if as_json:
        print_json(listing)
        return
    from contracts.reports.listings import print_catalogue

    print_catalogue(listing)
