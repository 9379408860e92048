"""The console that reports print on, and tables of which no figure is ever cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

WIDTH_OF_A_PIPE = 160
PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}
"""Text is printed as it is: ``legs[price floor]`` is no style, and ``:cd:`` no picture."""


class ReportConsole(Console):
    """A console that leaves it to the command to end when the reader of a pipe goes away."""

    def on_broken_pipe(self) -> None:
        """Raise what the command turns into a quiet end."""
        raise BrokenPipeError


NAME_WIDTH = 44


def console() -> Console:
    """Return the console of a report; a pipe gets full lines instead of cut ones."""
    found = ReportConsole(**PLAIN)
    if found.is_terminal:
        return found
    return ReportConsole(**PLAIN, width=WIDTH_OF_A_PIPE)


def make_table(title: str, columns: Iterable[str], *, names: int = 1, caption: str = "") -> Table:
    """Return an empty table whose first columns are names and whose others are figures."""
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for position, column in enumerate(columns):
        is_name = position < names
        if is_name:
            table.add_column(column, max_width=NAME_WIDTH, overflow="fold")
        else:
            table.add_column(column, justify="right", no_wrap=True)
    return table


def show(out: Console, table: Table) -> None:
    """Print a table whole: on a narrow terminal lines wrap, but no figure is ever cut."""
    needed = Measurement.get(out, out.options.update(max_width=10_000), table).maximum
    wide = out if needed <= out.width else ReportConsole(**PLAIN, width=needed)
    wide.print(table)
