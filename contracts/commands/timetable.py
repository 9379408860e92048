"""The command ``offtake timetable``."""

from __future__ import annotations

import sys

from contracts.commands.options import DealName, Json


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
