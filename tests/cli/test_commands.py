"""A run imports the file of its own command; help and misspellings know all of them."""

import pkgutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import contracts.commands
from contracts.cli import app
from contracts.commands import COMMANDS

SHARED = {"fit_options", "given_options", "history_options", "options", "output", "run_settings"}

PROBE = """
import sys
from contracts.cli import main
sys.argv = ["offtake", *{arguments}]
try:
    main()
except SystemExit:
    pass
home = "contracts.commands."
sys.stderr.write(" ".join(n.removeprefix(home) for n in sys.modules if n.startswith(home)))
"""


def loaded_by(*arguments):
    code = PROBE.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split()) - SHARED


@pytest.mark.parametrize(
    ("arguments", "command"), [(("deals",), "deals"), (("golden", "--help"), "golden")]
)
def test_a_run_imports_its_own_command_alone(arguments, command):
    assert loaded_by(*arguments) == {command}


def test_help_imports_every_command():
    assert loaded_by("--help") == set(COMMANDS)


def test_every_file_is_a_command_or_shared():
    files = {found.name for found in pkgutil.iter_modules(contracts.commands.__path__)}

    assert files == set(COMMANDS) | SHARED


def test_help_lists_the_commands_in_order():
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    panel = shown[shown.index("Commands") :].splitlines()
    names = [line.split()[1] for line in panel if line.startswith("│") and line[2] != " "]

    assert names == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_no_completion_of_its_own(name):
    result = CliRunner().invoke(app, [name, "-h"])

    assert result.exit_code == 0
    assert f" {name} " in result.stdout
    assert "install-completion" not in result.stdout


def test_a_misspelt_command_is_answered_with_the_nearest():
    result = CliRunner().invoke(app, ["valu", "mp-materials"])

    assert result.exit_code == 2
    assert "Did you mean 'value'?" in result.output
