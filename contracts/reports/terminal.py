"""Reports on a terminal, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from contracts.conventions import PERCENTILE_LABELS, PERCENTILES
from contracts.coverage import uncovered_numbers
from contracts.market_fit import check_fit
from contracts.reports.figures import error, money, probability, scale_of, unit_of

if TYPE_CHECKING:
    import pandas as pd

    from contracts.deal import Deal
    from contracts.doctor import Finding
    from contracts.market import Market
    from contracts.valuation import Valuation


WIDTH_OF_A_PIPE = 160
NAME_WIDTH = 44


def console() -> Console:
    """Return the console of a report; a pipe gets full lines instead of cut ones."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=WIDTH_OF_A_PIPE)


def _table(title: str, columns: Iterable[str], *, names: int = 1, caption: str = "") -> Table:
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for position, column in enumerate(columns):
        is_name = position < names
        if is_name:
            table.add_column(column, max_width=NAME_WIDTH)
        else:
            table.add_column(column, justify="right", no_wrap=True)
    return table


def _show(out: Console, table: Table) -> None:
    """Print a table whole: on a narrow terminal lines wrap, but no figure is ever cut."""
    needed = Measurement.get(out, out.options.update(max_width=10_000), table).maximum
    wide = out if needed <= out.width else Console(highlight=False, width=needed)
    wide.print(table)


def print_valuation(valuation: Valuation) -> None:
    """Print what was valued, each leg, the headline, cash flows by year, loans, and notes."""
    out = console()
    deal, market = valuation.deal, valuation.market
    party = deal.party(valuation.perspective)
    out.print(f"[bold]{deal.title}[/bold]")
    out.print(
        f"deal {deal.name} · market {market.name} · valued on {market.valuation_date} · "
        f"from the side of {party.name} ({valuation.perspective}; + received, - paid)"
    )
    paths = f"{valuation.plan.n_paths:,} paths"
    source = "supplied prices" if valuation.is_replay else f"seed {valuation.plan.seed}"
    out.print(f"measure {valuation.measure} · {paths} · {source}")
    out.print(f"discounted at the {market.discount_name}")
    for name, terms in market.model_terms(valuation.model.names).items():
        out.print(f"  {name}: {_model_line(terms)}")
    out.print()
    tables = [_legs(valuation), _headline(valuation)]
    shares, past, loans = valuation.equity(), valuation.settled(), valuation.concessions()
    if len(shares):
        tables.append(_equity(valuation, shares))
    if len(past):
        tables.append(_settled(valuation, past))
    tables.append(_years(valuation))
    if len(loans):
        tables.append(_loans(valuation, loans))
    for table in tables:
        _show(out, table)
        out.print()
    _print_notes(out, deal, market, valuation.model.names)


def _model_line(terms: Mapping[str, Any]) -> str:
    about = ("kind", "unit", "traded", "note")
    parameters = ", ".join(
        f"{key.replace('_', ' ')} {value:g}" for key, value in terms.items() if key not in about
    )
    curve = "traded curve" if terms["traded"] else "no traded curve, ours is an assumption"
    return f"{terms['kind']} ({parameters}), {terms['unit']}, {curve}"


def _legs(valuation: Valuation) -> Table:
    frame = valuation.summary().droplevel("unit", axis=1)
    scale = scale_of(frame["pv"].abs().max())
    unit = unit_of(valuation.deal.currency, scale)
    table = _table(
        f"Present value by leg, {unit}",
        ("leg", "PV", "std. error", "P5", "P50", "P95", "still due, undiscounted", "paid to date"),
        caption="P5 is the 5th percentile (P95 exceedance). Percentiles of legs do not add up.",
    )
    for name, row in frame.iterrows():
        cells = [money(row[key], scale) for key in ("pv", "p05", "p50", "p95")]
        cells.insert(1, error(row["standard_error"], scale))
        cells += [money(row["expected_amount"], scale), money(row["paid_to_date"], scale)]
        is_total = name == "total"
        if is_total:
            table.add_section()
        table.add_row(str(name), *cells, style="bold" if is_total else None)
    return table


def _headline(valuation: Valuation) -> Table:
    frame = valuation.headline().droplevel("unit", axis=1)
    scale = scale_of(frame["net"].abs().max())
    name = valuation.deal.party(valuation.perspective).name
    table = _table(
        f"What {name} gives and gets, {unit_of(valuation.deal.currency, scale)}",
        ("leg", "given", "received", "net", "std. error"),
        caption="Present value of what is still due plus what was paid before, at face value.",
    )
    for leg, row in frame.iterrows():
        is_total = leg == "total"
        if is_total:
            table.add_section()
        cells = (money(row[key], scale) for key in ("given", "received", "net"))
        style = "bold" if is_total else None
        table.add_row(str(leg), *cells, error(row["standard_error"], scale), style=style)
    return table


def _equity(valuation: Valuation, frame: pd.DataFrame) -> Table:
    flat = frame.droplevel("unit", axis=1)
    note = "Of the company: of the shares outstanding that the ownership cap names."
    equity = [leg for leg in valuation.legs if leg.clause.name in flat.index]
    bought = [leg for leg in valuation.legs if leg.clause.kind == "fixed-amount"]
    if bought:
        got, paid = (abs(sum(x.pv + x.paid_to_date for x in legs)) for legs in (equity, bought))
        scale = scale_of(paid)
        unit = unit_of(valuation.deal.currency, scale)
        note += (
            f"\nPaid {money(paid, scale)} {unit} for equity worth {money(got, scale)}: "
            f"{got / paid:.2f} times."
        )
    table = _table(
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
    for leg, row in flat.iterrows():
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


def _settled(valuation: Valuation, frame: pd.DataFrame) -> Table:
    flat = frame.droplevel("unit", axis=1).reset_index()
    scale = scale_of(flat["amount"].abs().max())
    table = _table(
        f"Settled so far, {unit_of(valuation.deal.currency, scale)}",
        ("leg", "period", "reference price", "quantity", "amount", "payment", "status"),
        names=2,
        caption="Reference price and quantity in canonical units (kg, MWh).",
    )
    for row in flat.to_dict(orient="records"):
        table.add_row(
            str(row["leg"]),
            str(row["period"]),
            money(row["reference_price"], 1.0, places=2),
            money(row["quantity"], 1.0, places=0),
            money(row["amount"], scale, places=3),
            str(row["payment_date"])[:10],
            str(row["status"]),
        )
    return table


def _years(valuation: Valuation) -> Table:
    frame = valuation.by_year().droplevel("unit", axis=1)
    scale = scale_of(frame["total"].abs().max())
    unit = unit_of(valuation.deal.currency, scale)
    table = _table(
        f"Expected cash flows by calendar year, undiscounted, {unit}",
        ("year", *(str(name) for name in frame.columns[:-1]), "std. error"),
    )
    for year, row in frame.iterrows():
        cells = (money(row[name], scale) for name in frame.columns[:-1])
        table.add_row(str(year), *cells, error(row["standard_error"], scale))
    return table


def _loans(valuation: Valuation, frame: pd.DataFrame) -> Table:
    flat = frame.droplevel("unit", axis=1)
    scale = scale_of(flat["value_at_treasury"].abs().max())
    table = _table(
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
    for leg, row in flat.iterrows():
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
        note = market.commodities[name].note if name in market.commodities else ""
        if note:
            out.print(f"[bold]{name}[/bold]: {note}")
    if deal.simplifications:
        out.print("\n[bold]What is simplified[/bold]")
        for line in deal.simplifications:
            out.print(f"  - {line}")
    out.print(
        "\nSources and confidence marks of every number: "
        f"{deal.file or deal.name}, {market.file or market.name}",
        soft_wrap=True,
    )


def print_exposure(valuations: Sequence[Valuation], frame: pd.DataFrame) -> None:
    """Print what the public pays and receives by group."""
    out = console()
    first = valuations[0]
    names = ", ".join(valuation.deal.name for valuation in valuations)
    out.print(f"[bold]Public exposure: {names}[/bold]")
    out.print(
        f"market {first.market.name} · valued on {first.market.valuation_date} · "
        f"{first.plan.n_paths:,} paths · seed {first.plan.seed} · joint over deals"
    )
    flat = frame.droplevel(["probability_measure", "unit"], axis=1)
    scale = scale_of(flat["expected_paid"].abs().max())
    unit = unit_of(first.deal.currency, scale)
    groups = [str(name) for name in flat.index.names]
    columns = [
        *groups, "paid", "s.e.", "P5", "P25", "P50", "P75", "P95", "ES95", "P(any)",
        "received", "s.e.", "net paid",
    ]  # fmt: skip
    table = _table(
        f"Outlays and receipts under the physical measure, undiscounted, {unit}",
        columns,
        names=len(groups),
        caption="P95 is the "
        + PERCENTILE_LABELS["p95"]
        + " of what is paid; ES95 the mean of the worst 5%.",
    )
    ledger = _table(
        f"What is promised, {unit}",
        [*groups, "recorded", "contingent", "maximum (price at zero)", "appropriation",
         "P(exceeds)", "expected excess", "PV net paid (pricing)", "s.e."],
        names=len(groups),
        caption="Recorded: paid or settled. Contingent: the rest of what is expected to be paid. "
        "PV under the pricing measure at the Treasury curve.",
    )  # fmt: skip
    for key, row in flat.iterrows():
        label = [str(part) for part in (key if isinstance(key, tuple) else (key,))]
        style = "bold" if label[0] == "total" else None
        if style:
            table.add_section()
            ledger.add_section()
        table.add_row(
            *label,
            money(row["expected_paid"], scale),
            error(row["standard_error_paid"], scale),
            *(money(row[f"paid_{name}"], scale) for name in PERCENTILES),
            money(row["paid_expected_shortfall_95"], scale),
            probability(row["probability_of_payment"]),
            money(row["expected_received"], scale),
            error(row["standard_error_received"], scale),
            money(row["expected_net_paid"], scale),
            style=style,
        )
        ledger.add_row(
            *label,
            money(row["recorded"], scale),
            money(row["contingent"], scale),
            money(row["maximum_obligation"], scale),
            money(row["appropriation"], scale),
            probability(row["probability_exceeds"]),
            money(row["expected_excess"], scale),
            money(row["present_value_net_paid"], scale),
            error(row["standard_error_present_value"], scale),
            style=style,
        )
    _show(out, table)
    out.print()
    _show(out, ledger)


def print_catalogue(listing: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Print the built-in deals and markets."""
    out = console()
    table = _table("Built-in deals", ("deal", "title", "currency", "legs", "market"), names=5)
    for item in listing["deals"]:
        legs = ", ".join(item["legs"])
        table.add_row(item["name"], item["title"], item["currency"], legs, item["market"])
    _show(out, table)
    markets = _table("Built-in markets", ("market", "date", "currency", "prices"), names=4)
    for item in listing["markets"]:
        prices = ", ".join(item["commodities"])
        markets.add_row(item["name"], item["valuation_date"], item["currency"], prices)
    _show(out, markets)


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
    table = _table(title, columns.values(), names=len(columns))
    for row in frame[list(columns)].astype(str).replace({"NaT": "", "0": ""}).to_numpy():
        table.add_row(*row.tolist())
    _show(console(), table)


def print_check(deal: Deal, market: Market | None) -> None:
    """Print that a term sheet is sound, and which of its numbers have no source."""
    out = console()
    if market is not None:
        check_fit(deal, market)
    out.print(f"{deal.file or deal.name}: {len(deal.clauses)} legs, no fault")
    if market is not None:
        out.print(f"{market.file or market.name}: {len(market.commodities)} prices, no fault")
    for sheet in (deal, market):
        if sheet is None:
            continue
        bare = uncovered_numbers(sheet.terms, sheet.sources)
        for path in bare:
            out.print(f"{sheet.name}: {path} has no source")
        if not bare:
            out.print(f"{sheet.name}: every number has a source or is marked as an assumption")


def print_findings(findings: Sequence[Finding]) -> None:
    """Print what the doctor found."""
    table = _table("offtake doctor", ("check", "", "finding"), names=3)
    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    for finding in findings:
        colour = colours[finding.status]
        table.add_row(finding.name, f"[{colour}]{finding.status}[/{colour}]", finding.message)
    _show(console(), table)
