"""The timetable of a deal: what is observed and paid when, before any price is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from contracts.deal import Deal


def timetable(deal: Deal) -> pd.DataFrame:
    """Return one row a flow, ordered by payment date, then by leg.

    Columns: leg, kind, payer, receiver, period, start, end (last day), the first and last
    pricing date, how many there are, and the payment date.

    Examples
    --------
    >>> import contracts
    >>> table = timetable(contracts.load("lynas-jare"))
    >>> list(table.columns)[:5]
    ['leg', 'kind', 'payer', 'receiver', 'period']
    """
    rows = []
    for clause in deal.clauses:
        periods, windows = deal.periods(clause), deal.pricing_dates(clause)
        flows = clause.payment.flow_dates(periods)
        for date, t, label in zip(flows.payment_date, flows.period, flows.labels, strict=True):
            window = windows[t]
            rows.append(
                {
                    "leg": clause.name,
                    "kind": clause.kind,
                    "payer": clause.payer,
                    "receiver": clause.receiver,
                    "period": label,
                    "start": periods.start[t],
                    "end": periods.last_day[t],
                    "first_pricing_date": window[0] if len(window) else pd.NaT,
                    "last_pricing_date": window[-1] if len(window) else pd.NaT,
                    "pricing_dates": len(window),
                    "payment_date": date,
                }
            )
    table = pd.DataFrame(rows)
    return table.sort_values(["payment_date", "leg"], kind="stable", ignore_index=True)
