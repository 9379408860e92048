"""Term sheets: from a YAML file to a deal, or to everything that is wrong in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.paths import TermPath
from contracts.plain import plain
from contracts.specification.date_checks import check_dates
from contracts.specification.faults import Faults
from contracts.specification.names import check_names
from contracts.specification.term_sheet import TermSheet
from contracts.specification.unit_checks import check_units
from contracts.yaml_document import read_document

if TYPE_CHECKING:
    from contracts.deal import Deal

__all__ = ["build_deal", "read_deal"]

MOST_LEGS = 500


def read_deal(path: str | Path) -> "Deal":
    """Read a term sheet.

    Parameters
    ----------
    path
        A YAML 1.2 or JSON file. For a built-in deal see :func:`contracts.catalogue.deal_path`.

    Returns
    -------
    Deal
        Units are converted to kilograms, megawatt hours and whole currency.

    Raises
    ------
    TermSheetError
        With every fault of the file, each with its line and its path. Nothing in the file is
        executed.
    """
    document = read_document(path)
    return build_deal(document.terms, file=document.file, lines=document.lines)


def build_deal(
    data: Mapping[str, Any], *, file: str = "terms", lines: Mapping[TermPath, int] | None = None
) -> "Deal":
    """Build a deal from the plain data of a term sheet.

    Parameters
    ----------
    data
        What the YAML file would hold; dates may be ``datetime.date`` or text.
    file, lines
        What messages call the data, and the line of each address in it.

    Raises
    ------
    TermSheetError
        With every fault of the data.

    Examples
    --------
    >>> deal = build_deal(
    ...     {
    ...         "deal": "grant",
    ...         "title": "A grant",
    ...         "currency": "USD",
    ...         "perspective": "state",
    ...         "parties": {
    ...             "state": {
    ...                 "name": "State", "role": "provider", "public": True,
    ...                 "fiscal_year_end": "June",
    ...             },
    ...             "mine": {"name": "Mine Ltd", "role": "producer", "public": False},
    ...         },
    ...         "legs": [
    ...             {
    ...                 "name": "grant", "kind": "fixed-amount", "payer": "state",
    ...                 "receiver": "mine", "amount": "25 million USD", "pay_date": "2026-01-31",
    ...             },
    ...         ],
    ...     }
    ... )
    >>> deal.clause("grant").leg
    FixedAmount(amount=25000000.0, pay_date=datetime.date(2026, 1, 31))
    """
    terms = plain(data, file)
    faults = Faults(file=file, terms=terms, lines=lines or {})
    if "legs" not in terms:
        faults.refuse_if_given("a market file", "a term sheet", "commodities")
    legs = terms.get("legs")
    if isinstance(legs, list) and len(legs) > MOST_LEGS:
        faults.add(("legs",), f"must be at most {MOST_LEGS} legs", len(legs))
        faults.raise_if_any()
    sheet = faults.validated(TermSheet)
    check_names(faults)
    check_units(faults)
    check_dates(faults)
    faults.raise_if_any()
    if sheet is None:
        message = f"{file} does not fit the format"
        raise ValueError(message)
    from contracts.assembly import assemble

    return assemble(sheet, faults)
