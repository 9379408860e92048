"""The built-in deals and markets as data: every number has a source, and every source a number.

The files are read here with a plain YAML parser, so a fault in our own reader cannot hide one in
them.
"""

import datetime
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
DEALS = sorted((ROOT / "contracts" / "deals").glob("*.yaml"))
MARKETS = sorted((ROOT / "contracts" / "markets").glob("*.yaml"))
SHEETS = [pytest.param(path, id=path.stem) for path in DEALS + MARKETS]

MARKS = {"F", "S", "P", "C", "K", "assumption"}
WITHOUT_SOURCE = {"sources", "simplifications", "deal", "market", "title", "currency", "note"}


def read(path):
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def market(name):
    return read(ROOT / "contracts" / "markets" / f"{name}.yaml")


def leaves(node, path=""):
    """Yield the path and value of every leaf below a node, and of every key that is a date."""
    if isinstance(node, dict):
        for key, value in node.items():
            if path == "" and key in WITHOUT_SOURCE:
                continue
            below = f"{path}.{key}" if path else str(key)
            if isinstance(key, datetime.date):
                yield path, key
                yield path, value
            elif key != "note":
                yield from leaves(value, below)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            name = value.get("name", index) if isinstance(value, dict) else index
            yield from leaves(value, f"{path}[{name}]")
    else:
        yield path, node


def is_figure(value):
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float | datetime.date):
        return True
    return isinstance(value, str) and re.match(r"[+-]?\.?[0-9]", value) is not None


def covers(source_path, path):
    return path == source_path or path.startswith((source_path + ".", source_path + "["))


def every_path(node, path=""):
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from every_path(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            if isinstance(value, dict) and "name" in value:
                yield from every_path(value, f"{path}[{value['name']}]")
            yield from every_path(value, f"{path}[{index}]")


def test_the_five_deals_and_four_markets_are_there():
    assert [path.stem for path in DEALS] == [
        "australia-cis-collar",
        "lynas-jare",
        "mp-materials",
        "nouveau-monde",
        "uk-cfd-ar6-offshore-wind",
    ]
    assert len(MARKETS) == 4
    for path in DEALS:
        terms = read(path)
        assert terms["deal"] == path.stem
        assert market(terms["market"])["currency"] == terms["currency"]
    for path in MARKETS:
        terms = read(path)
        assert terms["market"] == path.stem
        assert path.stem.endswith(str(terms["valuation_date"]))


@pytest.mark.parametrize("path", SHEETS)
def test_every_figure_has_a_source(path):
    terms = read(path)
    sources = [source["path"] for source in terms["sources"]]
    figures = [place for place, value in leaves(terms) if is_figure(value)]
    assert len(figures) > 5
    bare = sorted(
        {
            place
            for place in figures
            if place != "valuation_date" and not any(covers(source, place) for source in sources)
        }
    )
    assert bare == []


@pytest.mark.parametrize("path", SHEETS)
def test_sources_are_complete(path):
    terms = read(path)
    known = set(every_path(terms))
    seen = set()
    for source in terms["sources"]:
        where = source["path"]
        assert where in known, f"{where} leads nowhere"
        assert where not in seen, f"{where} is given twice"
        seen.add(where)
        assert source["mark"] in MARKS, where
        assert len(source["note"]) > 12, where
        assert set(source) <= {"path", "mark", "note", "url"}, where
        if source["mark"] == "K":
            assert "unverified" in source["note"].lower(), where
        if "url" in source:
            assert source["url"].startswith(("https://", "http://")), where


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in DEALS])
def test_a_deal_says_what_it_leaves_out(path):
    assert len(read(path)["simplifications"]) >= 5


def test_untraded_curves_say_so():
    for path in MARKETS:
        for name, commodity in read(path)["commodities"].items():
            assert commodity["traded"] or commodity["note"], name
