"""A market on a terminal: curves, models, both drifts, correlations, where all of it comes from."""

from __future__ import annotations

import math
import textwrap
from itertools import combinations
from typing import TYPE_CHECKING

from rich.table import Table

from contracts.curve_quotes import quote_rows
from contracts.measures import measure_rows, premium_lines, risk_factor_rows
from contracts.reports.assumptions import shock_lines
from contracts.reports.console import console, make_table, show
from contracts.reports.curves import curve_text, stated

if TYPE_CHECKING:
    from contracts.market import Market

WIDTH = 100


def print_market(market: Market) -> None:
    """Print what a market holds, and what of it is assumed."""
    out = console()
    out.print(market.title, style="bold")
    out.print(f"market {market.name} · {market.valuation_date} · {market.currency}")
    for name, item in market.simulated.items():
        out.print(f"  {name}: {item.unit}, {curve_text(market, name)}")
    rates = ", ".join(f"{100.0 * market.zero_rate_in(years):.2f}% {years}y" for years in (1, 5, 10))
    for line in shock_lines(market, list(market.commodities)):
        out.print(f"  {line}")
    out.print(f"  discounted at the {market.discount_name}: {rates} (continuous)")
    out.print()
    quoted = [
        _quotes(market, name) for name in market.commodities if "quotes" in stated(market, name)
    ]
    for table in (*quoted, _factors(market), _measures(market), _correlations(market)):
        if table.row_count:
            show(out, table)
            out.print()
    for line in premium_lines(market, list(market.simulated)):
        out.print(line)
    for name, item in market.simulated.items():
        if item.note:
            out.print(f"{name}: {item.note}")
    if market.simplifications:
        out.print("\nWhat is simplified", style="bold")
        for line in market.simplifications:
            out.print(f"  - {line}")
    if market.sources:
        out.print("\nSources", style="bold")
    for source in market.sources:
        text = f"{source.path} [{source.mark}]: {source.note}"
        for line in textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    "):
            out.print(line)


def _quotes(market: Market, name: str) -> Table:
    table = make_table(
        f"Quotes of {name}, and the mean of the curve, {market.commodity(name).unit}",
        ("period", "from", "to", "quoted", "curve"),
        names=3,
    )
    for period, row in quote_rows(market, name):
        figures = (_money(row[key]) for key in ("quoted", "forward_curve"))
        table.add_row(period, row["start"], row["end"], *figures)
    return table


def _factors(market: Market) -> Table:
    table = make_table(
        "Risk factors",
        ("commodity", "factor", "model", "forward curve", "mean reversion", "half-life, months",
         "volatility", "risk premium a year"),
        names=4,
        caption="The premium is what the physical drift of the log price has beyond the pricing\n"
        "drift; shocks without a half-life stay.",
    )  # fmt: skip
    for (name, factor), row in risk_factor_rows(market):
        table.add_row(
            name,
            factor,
            str(row["model"]),
            str(row["forward_curve"]),
            _figure(row["mean_reversion"], "g"),
            _figure(row["half_life"], ".1f"),
            _figure(row["volatility"], ".1%"),
            _figure(row["risk_premium"], ".2%"),
        )
    return table


def _measures(market: Market) -> Table:
    table = make_table(
        "Expected price under each measure",
        ("commodity", "unit", "years", "pricing", "physical", "premium", "pricing drift",
         "physical drift"),
        names=2,
        caption="pricing: the forward curve with any shocks, for value; physical: real-world, for\n"
        "expected outlays. Drifts are logarithmic, a year, from today.",
    )  # fmt: skip
    before = None
    for (name, years), row in measure_rows(market):
        if before is not None and name != before:
            table.add_section()
        before = name
        table.add_row(
            name,
            str(row["unit"]),
            f"{years:g}",
            _money(row["pricing"]),
            _money(row["physical"]),
            _figure(row["premium"], "+.1%"),
            _figure(row["pricing_drift"], "+.2%"),
            _figure(row["physical_drift"], "+.2%"),
        )
    return table


def _correlations(market: Market) -> Table:
    names = list(market.simulated)
    table = make_table("Correlations of returns", ("price", "with", "correlation"), names=2)
    matrix = market.correlation_matrix(names)
    for i, j in combinations(range(len(names)), 2):
        table.add_row(names[i], names[j], f"{matrix[i, j]:g}")
    return table


def _figure(value: float, how: str) -> str:
    return format(value, how) if math.isfinite(value) else "-"


def _money(value: float) -> str:
    return _figure(value, ",.2f" if abs(value) >= 1.0 else ".4f")
