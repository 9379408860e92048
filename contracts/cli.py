"""The ``offtake`` command: term sheets in, values and exposure out.

Heavy modules are imported inside the commands, so that ``--help`` is instant.
"""

from __future__ import annotations

import io
import os
import sys

import typer

from contracts.command_group import CommandGroup

app = typer.Typer(
    name="offtake",
    cls=CommandGroup,
    help="Value price floors, contracts for difference and offtake deals, and see what the "
    "public has promised.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

INTERRUPTED = 130
OF_THE_PLACE = (
    FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError,
)  # fmt: skip
"""A file that was named cannot be there: the input is bad."""


@app.callback()
def offtake() -> None:
    """Make the application a group, though it registers no command itself."""


def main() -> None:
    """Run the command; a bad input ends with 2, a failure with 1, an interruption with 130."""
    if sys.stdout is None or sys.stdout.closed:
        sys.stderr.write("stdout is closed: there is nowhere to print to\n")
        sys.exit(1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal of another encoding shows a question mark instead of failing.
        sys.stdout.reconfigure(errors="replace")
    try:
        app(standalone_mode=True)
    except (ValueError, *OF_THE_PLACE) as error:
        if os.environ.get("OFFTAKE_TRACEBACK"):
            raise
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)
    except SystemExit as end:
        # The command-line library turns an interruption into this code without a word.
        if end.code == INTERRUPTED:
            sys.stderr.write("interrupted\n")
        raise
    except BrokenPipeError:
        # The reader of a pipe went away, as in "offtake timetable ... | head".
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("OFFTAKE_TRACEBACK"):
            raise
        hint = "set OFFTAKE_TRACEBACK=1 to see where"
        sys.stderr.write(f"offtake failed: {type(error).__name__}: {error} ({hint})\n")
        sys.exit(1)
