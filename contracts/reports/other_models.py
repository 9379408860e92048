"""How a value moves under other price models, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.reports.console import make_table
from contracts.reports.figures import error, money, scale_of, unit_of

if TYPE_CHECKING:
    from rich.table import Table

    from contracts.other_models import OtherModels

_NEGLIGIBLE = 1e-6


def other_models_table(found: OtherModels) -> Table:
    """Return one row a model: its value, the difference, and the legs that differ."""
    rows = found.rows()
    currency = found.base.deal.currency
    scale = scale_of(max(abs(row["pv"]) for row in rows))
    legs = [
        name
        for name in rows[0]["legs"]
        if any(
            abs(row["legs"][name] - rows[0]["legs"][name]) > _NEGLIGIBLE * abs(rows[0]["pv"])
            for row in rows[1:]
        )
    ]
    table = make_table(
        f"The same deal under other models, {unit_of(currency, scale)}",
        ("price", "model", "PV", "std. error", "difference", "std. error at most", *legs),
        names=2,
        caption="On the same random numbers. Legs that no model moves are left out.\n"
        "What each model rests on stands beside it in the market file.",
    )
    for row in rows:
        kind = f" ({row['kind']})" if row["kind"] else ""
        is_base = not row["kind"]
        table.add_row(
            "" if is_base else row["commodity"],
            f"{row['model']}{kind}",
            money(row["pv"], scale),
            error(row["standard_error"], scale),
            "" if is_base else money(row["difference"], scale),
            "" if is_base else error(row["difference_error"], scale),
            *(money(row["legs"][name], scale) for name in legs),
            style="bold" if is_base else None,
        )
    return table
