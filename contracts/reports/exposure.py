"""Public exposure on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contracts.conventions import PERCENTILE_LABELS, PERCENTILES
from contracts.reports.console import console, make_table, show
from contracts.reports.figures import error, money, probability, scale_of, unit_of

if TYPE_CHECKING:
    import pandas as pd

    from contracts.valuation import Valuation


def print_exposure(valuations: Sequence[Valuation], frame: pd.DataFrame) -> None:
    """Print what the public pays and receives by group."""
    out = console()
    first = valuations[0]
    names = ", ".join(valuation.deal.name for valuation in valuations)
    out.print(f"Public exposure: {names}", style="bold")
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
    table = make_table(
        f"Outlays and receipts under the physical measure, undiscounted, {unit}",
        columns,
        names=len(groups),
        caption="P95 is the "
        + PERCENTILE_LABELS["p95"]
        + " of what is paid; ES95 the mean of the worst 5%. Paid is gross and nominal: "
        "an advance that is given back later stands under received.",
    )
    ledger = make_table(
        f"What is promised, {unit}",
        [*groups, "recorded", "contingent", "maximum (price at zero)", "appropriation",
         "P(exceeds)", "expected excess", "PV net paid (pricing)", "s.e."],
        names=len(groups),
        caption="Recorded: paid, or owed for a period that is settled. Contingent: the rest of "
        "what is expected to be paid, certain or not. "
        "PV under the pricing measure, "
        f"discounted at the {first.market.discount_name}. Maximum -: payments "
        "can exceed those at a price of zero.",
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
    show(out, table)
    out.print()
    show(out, ledger)
