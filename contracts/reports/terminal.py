"""A valuation on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from contracts.concession import concession_rows
from contracts.defaults import ROUNDING_PATHS
from contracts.equity import equity_rows
from contracts.reports.assumptions import market_lines, term_lines
from contracts.reports.console import console, make_table, show
from contracts.reports.figures import error, money, probability, scale_of, unit_of
from contracts.reports.other_models import other_models_table
from contracts.rows import Rows, headline_rows, largest, summary_rows, year_rows
from contracts.settled import settled_rows

if TYPE_CHECKING:
    from contracts.deal import Deal
    from contracts.market import Market
    from contracts.other_models import OtherModels
    from contracts.valuation import Valuation


def print_valuation(valuation: Valuation, others: OtherModels | None = None) -> None:
    """Print what was valued, each leg, the headline, other models, cash flows, loans, notes."""
    out = console()
    deal, market = valuation.deal, valuation.market
    party = deal.party(valuation.perspective)
    out.print(deal.title, style="bold")
    out.print(
        f"deal {deal.name} · market {market.name} · valued on {market.valuation_date} · "
        f"from the side of {party.name} ({valuation.perspective}; + received, - paid)"
    )
    paths = f"{valuation.plan.n_paths:,} paths"
    source = "supplied prices" if valuation.is_replay else f"seed {valuation.plan.seed}"
    out.print(f"measure {valuation.measure} · {paths} · {source}{_drawn(valuation)}")
    if valuation.rounding is not None:
        n_paths = min(valuation.plan.n_paths, ROUNDING_PATHS)
        share = abs(valuation.rounding / valuation.pv) if valuation.pv else 0.0
        out.print(
            f"  single precision moves the value by {valuation.rounding:,.6g} {deal.currency}, "
            f"{share:.1e} of it, on the same {n_paths:,} paths"
        )
    if valuation.search is not None:
        out.print(f"  {valuation.search}")
    for line in market_lines(market, deal, valuation.model.names):
        out.print(f"  {line}")
    out.print("Terms", style="bold")
    for line in term_lines(deal):
        out.print(f"  {line}")
    out.print()
    tables = [_legs(valuation), _headline(valuation)]
    shares, past = equity_rows(deal), settled_rows(valuation)
    loans = concession_rows(valuation)
    if others is not None and others.others:
        tables.append(other_models_table(others))
    if len(shares):
        tables.append(_equity(valuation, shares))
    if len(past):
        tables.append(_settled(valuation, past))
    tables.append(_years(valuation))
    if len(loans):
        tables.append(_loans(valuation, loans))
    for table in tables:
        show(out, table)
        out.print()
    if valuation.controls:
        names = ", ".join(valuation.controls)
        out.print(f"Means corrected by control variates: {names}. Percentiles are of plain paths.")
    if valuation.unmoved:
        all_paths, names = f"{valuation.plan.n_paths:,}", ", ".join(valuation.unmoved)
        out.print(
            f"On none of {all_paths} paths did a price change: {names}. What comes less often than "
            f"3 times in {all_paths} can be missed so; more paths would tell."
        )
    _print_notes(out, deal, market, valuation.model.names)


def _drawn(valuation: Valuation) -> str:
    sampling = valuation.plan.sampling
    how = "" if sampling.method == "random" else f" · {sampling.method} sampling"
    return how + (" · single precision" if sampling.precision == "single" else "")


def _legs(valuation: Valuation) -> Table:
    rows = summary_rows(valuation)
    scale = scale_of(largest(rows.columns["pv"]))
    unit = unit_of(valuation.deal.currency, scale)
    table = make_table(
        f"Present value by leg, {unit}",
        ("leg", "PV", "std. error", "P5", "P50", "P95", "still due, undiscounted", "paid to date"),
        caption="P5 is the 5th percentile (P95 exceedance). Percentiles of legs do not add up.\n"
        "exact: the mean is known without error; the outcome may still vary. Amounts are nominal.",
    )
    for name, row in rows:
        cells = [money(row[key], scale) for key in ("pv", "p05", "p50", "p95")]
        cells.insert(1, error(row["standard_error"], scale))
        cells += [money(row["expected_amount"], scale), money(row["paid_to_date"], scale)]
        is_total = name == "total"
        if is_total:
            table.add_section()
        table.add_row(str(name), *cells, style="bold" if is_total else None)
    return table


def _headline(valuation: Valuation) -> Table:
    rows = headline_rows(valuation)
    scale = scale_of(largest(rows.columns["net"]))
    name = valuation.deal.party(valuation.perspective).name
    table = make_table(
        f"What {name} gives and gets, {unit_of(valuation.deal.currency, scale)}",
        ("leg", "given", "received", "net", "std. error"),
        caption="Present value of what is still due plus what was paid before, at face value.\n"
        "Each leg stands on the side of its net value.",
    )
    for leg, row in rows:
        is_total = leg == "total"
        if is_total:
            table.add_section()
        cells = (money(row[key], scale) for key in ("given", "received", "net"))
        style = "bold" if is_total else None
        table.add_row(str(leg), *cells, error(row["standard_error"], scale), style=style)
    return table


def _equity(valuation: Valuation, rows: Rows) -> Table:
    note = "Of the company: of the shares outstanding that the ownership cap names."
    equity = [leg for leg in valuation.legs if leg.clause.name in rows.labels]
    bought = [leg for leg in valuation.legs if leg.clause.kind == "fixed-amount"]
    if bought:
        got, paid = (abs(sum(x.pv + x.paid_to_date for x in legs)) for legs in (equity, bought))
        scale = scale_of(paid)
        unit = unit_of(valuation.deal.currency, scale)
        note += (
            f"\nPaid {money(paid, scale)} {unit} for equity worth {money(got, scale)}: "
            f"{got / paid:.2f} times."
        )
    table = make_table(
        "Shares handed over",
        (
            "leg",
            "at issue",
            "of the company",
            "on delivery",
            "of the company",
            "kept under the cap",
        ),
        caption=note,
    )
    for leg, row in rows:
        if leg == "total":
            table.add_section()
        table.add_row(
            str(leg),
            f"{row['shares_at_issue']:,.0f}",
            probability(row["part_at_issue"]),
            f"{row['shares_delivered']:,.0f}",
            probability(row["part_delivered"]),
            probability(row["kept_under_cap"]),
            style="bold" if leg == "total" else None,
        )
    return table


def _settled(valuation: Valuation, rows: Rows) -> Table:
    scale = scale_of(largest(rows.columns["amount"]))
    table = make_table(
        f"Settled so far, {unit_of(valuation.deal.currency, scale)}",
        ("leg", "period", "reference price", "quantity", "amount", "payment", "status"),
        names=2,
        caption="Reference price and quantity in canonical units (kg, MWh).",
    )
    for (leg, period), row in rows:
        table.add_row(
            leg,
            period,
            money(row["reference_price"], 1.0, places=2),
            money(row["quantity"], 1.0, places=0),
            money(row["amount"], scale, places=3),
            str(row["payment_date"])[:10],
            str(row["status"]),
        )
    return table


def _years(valuation: Valuation) -> Table:
    rows = year_rows(valuation)
    scale = scale_of(largest(rows.columns["total"]))
    unit = unit_of(valuation.deal.currency, scale)
    names = list(rows.columns)[:-1]
    table = make_table(
        f"Expected cash flows by calendar year, undiscounted, {unit}",
        ("year", *names, "std. error"),
    )
    for year, row in rows:
        cells = (money(row[name], scale) for name in names)
        table.add_row(str(year), *cells, error(row["standard_error"], scale))
    return table


def _loans(valuation: Valuation, rows: Rows) -> Table:
    scale = scale_of(largest(rows.columns["value_at_treasury"]))
    table = make_table(
        f"Loans, to the lender and without default, {unit_of(valuation.deal.currency, scale)}",
        (
            "leg",
            "still to draw",
            "worth at Treasury",
            "worth at market",
            "market yield",
            "concession",
        ),
    )
    for leg, row in rows:
        table.add_row(
            str(leg),
            money(row["principal_to_draw"], scale),
            money(row["value_at_treasury"], scale),
            money(row["value_at_market"], scale),
            probability(row["market_yield"]),
            money(row["concession"], scale),
        )
    return table


def _print_notes(out: Console, deal: Deal, market: Market, names: Sequence[str]) -> None:
    for name in names:
        note = market.simulated[name].note if name in market.simulated else ""
        if note:
            out.print(f"{name}: {note}")
    if deal.simplifications:
        out.print("\nWhat is simplified", style="bold")
        for line in deal.simplifications:
            out.print(f"  - {line}")
    out.print(
        "\nSources and confidence marks of every number: "
        f"{deal.file or deal.name}, {market.file or market.name}",
        soft_wrap=True,
    )
