"""The README does what it says: its blocks run in order and print what it shows.

``python`` blocks share one namespace; the ``text`` block after one is what it prints. In a
``console`` block ``$`` starts a command and ``...`` stands for any lines. A ``yaml`` block is a
file named in its first line. ``sh`` blocks install and are run elsewhere.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import contracts
from contracts import legs, modifiers, observations
from contracts.market import Market

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HAS_CLUSTER = find_spec("distributed") is not None
COMPILING = "compiling once; the next run is quick"


def blocks(text):
    return [(match[1], match[2]) for match in BLOCK.finditer(text)]


def files(text):
    """Return file name -> content of the yaml blocks."""
    sheets = [body for language, body in blocks(text) if language == "yaml"]
    return {body.splitlines()[0].removeprefix("# "): body for body in sheets}


def tidy(text):
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return "\n".join(line for line in lines if line != COMPILING)


def is_shown(shown, printed):
    """Say whether the lines shown are those printed, ``...`` standing for any."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.$", tidy(shown), flags=re.MULTILINE)]
    return re.fullmatch(".*".join(parts), tidy(printed), re.DOTALL) is not None


def commands(body):
    """Yield (command, output shown)."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def run_command(command, folder):
    places = [str(Path(sys.executable).parent), os.environ["PATH"]]
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": os.pathsep.join(places)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def run_blocks(text, folder):
    """Run the blocks in order; return (what ran, output shown, output printed) of each."""
    namespace, found, printed = {}, [], None
    for language, body in blocks(text):
        if printed is not None:
            shown = body if language == "text" else ""
            found.append((*printed, shown))
            printed = None
        if language == "yaml":
            (folder / body.splitlines()[0].removeprefix("# ")).write_text(body, encoding="utf-8")
        elif language == "python":
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream), contextlib.chdir(folder):
                exec(compile(body, "README.md", "exec"), namespace)
            printed = (body, stream.getvalue())
        elif language == "console":
            found += [(line, run_command(line, folder), shown) for line, shown in commands(body)]
    if printed is not None:
        found.append((*printed, ""))
    return [(ran, shown, out) for ran, out, shown in found]


def without(text, word):
    """Leave out the python blocks that hold a word, and the text that they print."""
    return re.sub(
        rf"^```python\n(?:(?!^```)[^\n]*\n)*?[^\n]*{word}(?:(?!^```)[^\n]*\n)*^```\n+"
        r"(?:^```text\n(?:(?!^```)[^\n]*\n)*^```\n)?",
        "",
        text,
        flags=re.MULTILINE,
    )


def test_blocks_print_what_is_shown(tmp_path):
    text = README.read_text(encoding="utf-8")
    results = run_blocks(text if HAS_CLUSTER else without(text, "distributed"), tmp_path)

    assert len(results) > 8
    for ran, shown, printed in results:
        assert is_shown(shown, printed), f"{ran}\nshown:\n{shown}\nprinted:\n{printed}"


@pytest.mark.skipif(not HAS_CLUSTER, reason="needs the extra cluster")
def test_the_blocks_of_a_cluster_are_run_too():
    text = README.read_text(encoding="utf-8")

    assert len(blocks(text)) - len(blocks(without(text, "distributed"))) == 2


def test_languages_are_known():
    known = {"python", "text", "console", "yaml", "sh"}

    assert {language for language, _ in blocks(README.read_text(encoding="utf-8"))} == known


def test_term_sheet_and_market_load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, body in files(README.read_text(encoding="utf-8")).items():
        Path(name).write_text(body, encoding="utf-8")

    deal = contracts.load("our-floor.yaml")
    market = contracts.load_market(deal.market)

    assert [clause.kind for clause in deal.clauses] == ["floor", "upside-share"]
    assert isinstance(market, Market)


def test_install_commands_are_the_two():
    shells = [body for name, body in blocks(README.read_text(encoding="utf-8")) if name == "sh"]

    assert shells == ["uv run offtake value mp-materials\nuv run pytest\n"]


def test_every_kind_is_named():
    text = README.read_text(encoding="utf-8")
    kinds = {*legs.KINDS, *modifiers.KINDS, *observations.KINDS}
    models = {"constant", "gbm", "gibson-schwartz", "inflation", "n-factor", "schwartz"}
    models |= {"schwartz-smith"}

    assert [kind for kind in sorted(kinds | models) if f"`{kind}`" not in text] == []


def test_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)", README.read_text(encoding="utf-8"))

    missing = [t for t in targets if "://" not in t and not (ROOT / t).exists()]
    assert len(targets) > 5
    assert missing == []


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\n...\nc", "a\nb\nb\nc", True),
        ("...", "anything\nat all", True),
        ("a", "a\nb", False),
        ("1.0", "100", False),
        ("a\n...\nc", "a\nb", False),
        ("a", f"{COMPILING}\na", True),
    ],
)
def test_comparison(shown, printed, expected):
    assert is_shown(shown, printed) is expected


def test_a_wrong_figure_is_seen(tmp_path):
    text = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"

    ((_, shown, printed),) = run_blocks(text, tmp_path)

    assert (shown, printed) == ("3\n", "2\n")
    assert not is_shown(shown, printed)
