r"""Equity: how many shares a deal hands over, and what part of the company they are.

.. math:: \text{part} = \frac{\sum_l N_l}{D}

with :math:`N_l` the shares of each equity leg and :math:`D` the shares outstanding that the deal's
ownership cap is measured against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.modifiers.ownership_cap import OwnershipCap
from contracts.protocols import EquityLeg
from contracts.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

    from contracts.deal import Clause, Deal


def equity(deal: Deal) -> pd.DataFrame:
    """Return one row an equity leg and ``total``; empty for a deal without equity.

    Columns: ``shares_at_issue``; ``shares_delivered``, with dividends in kind; both as a part of
    the shares outstanding (NaN without an ownership cap); ``kept_under_cap``, the part of the
    delivered shares that the cap lets the holder have.

    Examples
    --------
    >>> import contracts
    >>> table = equity(contracts.load("mp-materials"))
    >>> round(float(table.loc["total", ("part_at_issue", "1")]), 4)
    0.15
    """
    return equity_rows(deal).frame()


def equity_rows(deal: Deal) -> Rows:
    """Return the rows of :func:`equity`."""
    legs = {c.name: c.leg for c in deal.clauses if isinstance(c.leg, EquityLeg)}
    caps = {name: _cap(deal.clause(name)) for name in legs}
    issued = [leg.issued_shares for leg in legs.values()]
    delivered = [leg.delivered_shares for leg in legs.values()]
    shares = dict(zip(legs, delivered, strict=True))
    kept = [1.0 if cap is None else cap.kept_of(name, shares) for name, cap in caps.items()]
    outstanding = {np.nan if cap is None else cap.shares_outstanding for cap in caps.values()}
    base = outstanding.pop() if len(outstanding) == 1 else np.nan
    names = list(legs)
    if names:
        names.append("total")
        reached = sum(part * held for part, held in zip(kept, delivered, strict=True))
        kept.append(reached / sum(delivered))
        issued.append(sum(issued))
        delivered.append(sum(delivered))
    columns = {
        "shares_at_issue": issued,
        "shares_delivered": delivered,
        "part_at_issue": [held / base for held in issued],
        "part_delivered": [held / base for held in delivered],
        "kept_under_cap": kept,
    }
    units = {
        **dict.fromkeys(columns, "1"),
        "shares_at_issue": "shares",
        "shares_delivered": "shares",
    }
    return Rows(index=("leg",), labels=names, columns=columns, units=units)


def _cap(clause: Clause) -> OwnershipCap | None:
    return next((m for m in clause.modifiers if isinstance(m, OwnershipCap)), None)
