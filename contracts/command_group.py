"""The group of commands, of which a run imports and builds the one that it needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from contracts.commands import COMMANDS


class CommandGroup(TyperGroup):
    """Finds a command in the file of its name in :mod:`contracts.commands`.

    The options of every command take a tenth of a second to build; a run reads those of one.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Return the names in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Return one command, or ``None`` where there is none of that name."""
        # A name that is no command is compared with all of them: "did you mean".
        for name in (cmd_name,) if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                self.commands[name] = _built(name)
        return super().get_command(ctx, cmd_name)


def _built(name: str) -> Any:  # noqa: ANN401
    found = getattr(import_module(f"contracts.commands.{name}"), name)
    if not isinstance(found, typer.Typer):
        found, function = typer.Typer(add_completion=False), found
        found.command(name)(function)
    return get_command(found)
