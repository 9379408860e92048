r"""What has been settled: past periods, with the price and the quantity behind each amount.

For each period that ended by the valuation date, with every price it reads already fixed:
reference price :math:`R_t`, quantity :math:`Q_t` and the signed amount :math:`F_t`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.periods import day
from contracts.protocols import Instrument
from contracts.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

    from contracts.valuation import Valuation


def settled(valuation: Valuation) -> pd.DataFrame:
    """Return one row a settled flow of the legs that read a price, indexed by leg and period.

    Columns: ``reference_price`` and ``quantity`` in canonical units (NaN for a leg that reads
    neither), ``amount`` signed for the perspective, ``payment_date``, and ``status``: ``paid`` or
    ``due``.
    """
    return settled_rows(valuation).frame()


def settled_rows(valuation: Valuation) -> Rows:
    """Return the rows of :func:`settled`."""
    deal, market = valuation.deal, valuation.market
    settlement = valuation.settlement
    observed, _ = settlement.observe_settled()
    today = day(market.valuation_date)
    rows: list[dict[str, object]] = []
    for line, leg in zip(settlement.lines, valuation.legs, strict=True):
        clause = line.clause
        if isinstance(clause.leg, Instrument):
            continue
        for k in np.flatnonzero(line.is_settled):
            t = line.dates.period[k]
            if line.periods.last_day[t] > today:
                continue
            seen = {
                field: observed[name][t, 0]
                for field in ("reference_price", "quantity")
                if (name := getattr(clause.leg, field, None)) is not None
            }
            rows.append(
                {
                    "leg": clause.name,
                    "period": line.dates.labels[k],
                    "reference_price": seen.get("reference_price", np.nan),
                    "quantity": seen.get("quantity", np.nan),
                    "amount": leg.flow_amounts[k] + 0.0,
                    "payment_date": line.dates.payment_date[k],
                    "status": "paid" if line.is_paid[k] else "due",
                }
            )
    columns = ("reference_price", "quantity", "amount", "payment_date", "status")
    units = {
        "reference_price": "currency per unit",
        "quantity": "unit",
        "amount": deal.currency,
        "payment_date": "date",
        "status": "",
    }
    return Rows(
        index=("leg", "period"),
        labels=[(row["leg"], row["period"]) for row in rows],
        columns={name: [row[name] for row in rows] for name in columns},
        units=units,
    )
