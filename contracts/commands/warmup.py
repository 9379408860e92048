"""The command ``offtake warmup``."""

from __future__ import annotations

import typer

from contracts.commands.options import Json
from contracts.commands.output import print_json


def warmup(as_json: Json = False) -> None:
    """Compile every kernel now and keep it, so that later runs start quickly."""
    from contracts.reports.progress import announced

    with announced():
        from contracts.warmup import warm_up

        done = warm_up()
    if as_json:
        print_json(done.to_dict())
        return
    for line in done.lines():
        typer.echo(line)
