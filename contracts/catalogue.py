"""The deals and markets that come with the package, by name; and anyone's own, by path."""

import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.errors import Fault, TermSheetError
from contracts.paths import nearest

if TYPE_CHECKING:
    from contracts.deal import Deal
    from contracts.market import Market

__all__ = ["deal_path", "deals", "describe", "load", "load_market", "market_path", "markets"]

_SUFFIXES = (".yaml", ".yml", ".json")


def deals() -> list[str]:
    """Return the names of the built-in deals.

    Examples
    --------
    >>> "mp-materials" in deals()
    True
    """
    return list(_built_in("deals"))


def markets() -> list[str]:
    """Return the names of the built-in markets.

    Examples
    --------
    >>> len(markets())
    4
    """
    return list(_built_in("markets"))


def deal_path(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the file of a deal: a built-in name, or a path.

    Raises
    ------
    TermSheetError
        When there is no such deal; the message names the nearest.

    Examples
    --------
    >>> deal_path("mp-materials").name
    'mp-materials.yaml'
    >>> deal_path("mp-material")
    Traceback (most recent call last):
        ...
    contracts.errors.TermSheetError: mp-material: no built-in deal has this name; did you mean \
mp-materials?
    """
    return _path(name_or_path, "deal", _built_in("deals"))


def market_path(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the file of a market: a built-in name, or a path."""
    return _path(name_or_path, "market", _built_in("markets"))


def load(name_or_path: str | os.PathLike[str]) -> "Deal":
    """Read a deal: a built-in name, or the path of a term sheet.

    Raises
    ------
    TermSheetError
        When there is no such deal, or with every fault of its term sheet.
    """
    from contracts.termsheet import read_deal

    return read_deal(deal_path(name_or_path))


def load_market(name_or_path: str | os.PathLike[str]) -> "Market":
    """Read a market: a built-in name, or the path of a market file.

    Raises
    ------
    TermSheetError
        With every fault of the file, or the nearest built-in name.

    Examples
    --------
    >>> load_market("uk-power-2025-07-01")
    Market('uk-power-2025-07-01', 2025-07-01, gb-wind-weighted-power)
    """
    from contracts.market_sheet import read_market

    return read_market(market_path(name_or_path))


def is_market_file(name_or_path: str | os.PathLike[str]) -> bool:
    """Return whether a name or a path is a market's rather than a deal's.

    Examples
    --------
    >>> is_market_file("uk-power-2025-07-01"), is_market_file("mp-materials")
    (True, False)
    """
    from contracts.errors import TermSheetError
    from contracts.yaml_document import read_document

    if os.fspath(name_or_path) in _built_in("markets"):
        return True
    try:
        return "commodities" in read_document(deal_path(name_or_path)).terms
    except TermSheetError:
        # Whoever reads it as a deal says what is wrong.
        return False


def describe() -> dict[str, list[dict[str, Any]]]:
    """Return what is built in: for each deal and each market its name, title and a few terms."""
    from contracts.yaml_document import read_document

    listing: dict[str, list[dict[str, Any]]] = {"deals": [], "markets": []}
    for name, path in _built_in("deals").items():
        terms = read_document(path).terms
        chosen = {key: terms.get(key) for key in ("title", "currency", "perspective", "market")}
        legs = [leg["name"] for leg in terms.get("legs", [])]
        listing["deals"].append({"name": name, **chosen, "legs": legs})
    for name, path in _built_in("markets").items():
        terms = read_document(path).terms
        chosen = {key: terms.get(key) for key in ("title", "currency", "valuation_date")}
        prices = list(terms.get("commodities", {}))
        listing["markets"].append({"name": name, **chosen, "commodities": prices})
    return listing


def _built_in(folder: str) -> dict[str, Path]:
    place = Path(str(resources.files("contracts"))) / folder
    return {path.stem: path for path in sorted(place.glob("*.yaml"))}


def _path(name_or_path: str | os.PathLike[str], noun: str, built_in: dict[str, Path]) -> Path:
    given = os.fspath(name_or_path)
    if given in built_in:
        return built_in[given]
    if not given:
        raise TermSheetError([Fault(file=noun, rule="must be a name or a path", got="''")])
    # A name has neither a folder nor an ending; anything else is taken for a path.
    is_path = Path(given).name != given or given.endswith(_SUFFIXES)
    if is_path or not isinstance(name_or_path, str) or Path(given).exists():
        return Path(given)
    rule = f"no built-in {noun} has this name; {nearest(given, built_in, listed=40)}"
    raise TermSheetError([Fault(file=given, rule=rule)])
