"""What is built in, what is paid when, what was checked and what was found, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from contracts.coverage import uncovered_numbers
from contracts.market_fit import check_fit
from contracts.reports.console import console, make_table, show

if TYPE_CHECKING:
    import pandas as pd

    from contracts.deal import Deal
    from contracts.doctor import Finding
    from contracts.market import Market


def print_catalogue(listing: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Print the built-in deals and markets."""
    out = console()
    table = make_table("Built-in deals", ("deal", "title", "currency", "legs", "market"), names=5)
    for item in listing["deals"]:
        legs = ", ".join(item["legs"])
        table.add_row(item["name"], item["title"], item["currency"], legs, item["market"])
    show(out, table)
    markets = make_table("Built-in markets", ("market", "date", "currency", "prices"), names=4)
    for item in listing["markets"]:
        prices = ", ".join(item["commodities"])
        markets.add_row(item["name"], item["valuation_date"], item["currency"], prices)
    show(out, markets)


def print_timetable(deal: Deal, frame: pd.DataFrame) -> None:
    """Print the timetable of a deal."""
    columns = {
        "payment_date": "payment",
        "leg": "leg",
        "period": "period",
        "payer": "payer",
        "receiver": "receiver",
        "start": "from",
        "end": "to",
        "first_pricing_date": "first reading",
        "last_pricing_date": "last",
        "pricing_dates": "readings",
    }
    title = f"{deal.name}: what is observed and paid when"
    table = make_table(title, columns.values(), names=len(columns))
    shown = frame[list(columns)]
    # A missing date stays missing when pandas turns the others into text.
    for row in shown.astype(str).where(shown.notna(), "").replace({"0": ""}).to_numpy():
        table.add_row(*(str(cell) for cell in row))
    show(console(), table)


def print_check(deal: Deal | None, market: Market | None) -> None:
    """Print that files are sound, and which of their numbers have no source."""
    out = console()
    if deal is not None:
        if market is not None:
            check_fit(deal, market)
        out.print(f"{deal.file or deal.name}: {_count(len(deal.clauses), 'leg')}, no fault")
    if market is not None:
        out.print(
            f"{market.file or market.name}: {_count(len(market.commodities), 'price')}, no fault"
        )
    for sheet in (deal, market):
        if sheet is None:
            continue
        bare = uncovered_numbers(sheet.terms, sheet.sources)
        for path in bare:
            out.print(f"{sheet.name}: {path} has no source")
        if not bare:
            out.print(f"{sheet.name}: every number has a source or is marked as an assumption")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_findings(findings: Sequence[Finding]) -> None:
    """Print what the doctor found."""
    table = make_table("offtake doctor", ("check", "", "finding"), names=3)
    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    for finding in findings:
        status = Text(finding.status, style=colours[finding.status])
        table.add_row(finding.name, status, finding.message)
    show(console(), table)
