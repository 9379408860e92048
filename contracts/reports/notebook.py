"""Reports in a notebook: small HTML tables without any outside reference."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from contracts.reports.figures import error, money, scale_of, unit_of

if TYPE_CHECKING:
    from contracts.valuation import Valuation


def valuation_html(valuation: Valuation) -> str:
    """Return the summary of a valuation, in millions where amounts are large."""
    frame = valuation.summary().droplevel("unit", axis=1)
    scale = scale_of(frame["pv"].abs().max())
    shown = {
        "PV": frame["pv"].map(lambda value: money(value, scale)),
        "standard error": frame["standard_error"].map(lambda value: error(value, scale)),
        "P5 (P95 exceedance)": frame["p05"].map(lambda value: money(value, scale)),
        "median": frame["p50"].map(lambda value: money(value, scale)),
        "P95 (P5 exceedance)": frame["p95"].map(lambda value: money(value, scale)),
        "still due, undiscounted": frame["expected_amount"].map(lambda v: money(v, scale)),
        "paid to date": frame["paid_to_date"].map(lambda value: money(value, scale)),
    }
    table = frame[[]].assign(**shown).to_html(border=0)
    unit = unit_of(valuation.deal.currency, scale)
    about = (
        f"{valuation.deal.title}: {unit}, valued on {valuation.market.valuation_date} for "
        f"{valuation.perspective} (+ received, - paid), {valuation.measure} measure, "
        f"{valuation.plan.n_paths:,} paths, seed {valuation.plan.seed}"
    )
    return f"<p>{html.escape(about)}</p>{table}"
