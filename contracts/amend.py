"""Amendments: the same deal or market with some terms changed, checked again from the start."""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from contracts.errors import Fault, TermSheetError, shown
from contracts.paths import PathError, find_path, path_text, value_at
from contracts.plain import plain

if TYPE_CHECKING:
    from contracts.deal import Deal
    from contracts.market import Market

__all__ = ["amend", "amend_market", "amended_terms"]

_FREE_KEYS = frozenset(
    {"parties", "schedules", "observations", "steps", "commodities", "yields", "rates", "indices"}
    | {"zero_rates", "par_yields", "levels", "forward_curve", "periods", "prices"}
    | {"regimes", "transitions", "exchange_rates"}
)


def amend(deal: "Deal", changes: Mapping[str, object]) -> "Deal":
    """Return the deal with some terms changed; the original stays as it is.

    Parameters
    ----------
    deal
        The deal whose terms are changed.
    changes
        Address -> new value, as the term sheet would write it:
        ``{"legs[price floor].strike": "90 USD/kg"}``. Elements of lists go by name or position.

    Raises
    ------
    TermSheetError
        When an address leads nowhere (the nearest is named) or the changed terms are wrong.

    Examples
    --------
    >>> from contracts.catalogue import load
    >>> deal = load("mp-materials")
    >>> amended = amend(deal, {"legs[price floor].strike": "90 USD/kg"})
    >>> [leg["strike"] for leg in amended.terms["legs"] if leg["name"] == "price floor"]
    ['90 USD/kg']
    """
    from contracts.termsheet import build_deal

    return build_deal(amended_terms(deal.terms, changes, deal.file), file=deal.file or deal.name)


def amend_market(market: "Market", changes: Mapping[str, object]) -> "Market":
    """Return the market with some terms changed; the original stays as it is.

    ``{"commodities[ndpr-oxide].model.volatility": 0.4}``; see :func:`amend`.
    """
    from contracts.market_sheet import build_market

    terms = amended_terms(market.terms, changes, market.file)
    return build_market(terms, file=market.file or market.name)


def amended_terms(
    terms: Mapping[str, Any], changes: Mapping[str, object], file: str = "terms"
) -> dict[str, Any]:
    """Return a copy of plain terms with some of them changed.

    A term that the sheet leaves out may be added where its format knows it; a mapping whose keys
    are names or dates is changed as a whole or by the keys that it has. Where the sheet states its
    sources, those of a changed term give way to the remark that it was amended.

    Examples
    --------
    >>> terms = {"legs": [{"name": "floor", "strike": "110 USD/kg"}]}
    >>> amended_terms(terms, {"legs[floor].strike": "90 USD/kg"})
    {'legs': [{'name': 'floor', 'strike': '90 USD/kg'}]}
    >>> amended_terms(terms, {"legs[flor].strike": "90 USD/kg"})
    Traceback (most recent call last):
        ...
    contracts.errors.TermSheetError: terms: legs[flor].strike: legs has no 'flor'; did you mean \
floor?
    """
    if not isinstance(changes, Mapping):
        rule = "changes must be a mapping of address to new value"
        raise TermSheetError([Fault(file=file or "terms", rule=rule, got=shown(changes))])
    changed: dict[str, Any] = copy.deepcopy(dict(terms))
    faults: list[Fault] = [
        Fault(
            file=file or "terms",
            rule="an address must be text, as in legs[price floor].strike",
            got=shown(address),
        )
        for address in changes
        if not isinstance(address, str)
    ]
    if faults:
        raise TermSheetError(faults)
    # Addresses are found in the original terms, so that their order does not matter.
    for address, value in changes.items():
        try:
            path = find_path(address, terms, may_add=True)
            holder: Any = value_at(path[:-1], changed)
            is_new = isinstance(holder, dict) and path[-1] not in holder
            if is_new and path[-2:-1] and path[-2] in _FREE_KEYS:
                find_path(address, terms)
        except PathError as error:
            faults.append(Fault(file=file or "terms", rule=str(error)))
        except (KeyError, IndexError):
            rule = f"{address}: lies inside a term that is replaced by another change"
            faults.append(Fault(file=file or "terms", rule=rule))
        else:
            holder[path[-1]] = plain({"value": value}, file)["value"]
    if faults:
        raise TermSheetError(faults)
    if changes and isinstance(changed.get("sources"), list):
        changed["sources"] = _amended_sources(terms, changed, changes)
    return changed


def _amended_sources(
    terms: Mapping[str, Any], changed: dict[str, Any], changes: Mapping[str, object]
) -> list[Any]:
    """Return the sources that still hold, then one assumption for each change."""
    paths = {find_path(address, terms, may_add=True) for address in changes}
    kept = []
    for source in changed["sources"]:
        try:
            path = find_path(str(source["path"]), terms)
            find_path(str(source["path"]), changed)
        except (PathError, KeyError, TypeError):
            continue
        if not any(path[: len(replaced)] == replaced for replaced in paths):
            kept.append(source)
    for path in sorted(paths, key=lambda path: path_text(path, changed)):
        if path[0] in ("sources", "simplifications"):
            continue
        try:
            was = f"was {shown(value_at(path, terms))}"
        except KeyError:
            was = "was not stated"
        kept.append(
            {"path": path_text(path, changed), "mark": "assumption", "note": f"amended; {was}"}
        )
    return kept
