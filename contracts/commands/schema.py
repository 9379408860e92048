"""The command ``offtake schema``."""

from __future__ import annotations

from typing import Annotated

import typer

from contracts.commands.output import print_json


def schema(kind: Annotated[str, typer.Argument(help="deal or market.")] = "deal") -> None:
    """Print the JSON Schema of a term sheet or a market, for editors."""
    from contracts.schema import json_schema

    print_json(json_schema(kind))
