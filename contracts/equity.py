r"""Equity: how many shares a deal hands over, and what part of the company they are.

.. math:: \text{part} = \frac{\sum_l N_l}{D}

with :math:`N_l` the shares of each equity leg and :math:`D` the shares outstanding that the deal's
ownership cap is measured against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contracts.legs.convertible_preferred import ConvertiblePreferred
from contracts.legs.warrant import Warrant
from contracts.modifiers.ownership_cap import OwnershipCap
from contracts.tables import with_units

if TYPE_CHECKING:
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
    rows = [(clause, *_shares(clause)) for clause in deal.clauses if _is_equity(clause)]
    issued = [float(at_issue) for _, at_issue, _ in rows]
    delivered = [float(shares) for _, _, shares in rows]
    outstanding = [_outstanding(clause) for clause, _, _ in rows]
    kept = [_kept(deal, clause) for clause, _, _ in rows]
    base = outstanding[0] if len(set(outstanding)) == 1 else np.nan
    names = [clause.name for clause, _, _ in rows]
    if names:
        names.append("total")
        reached = sum(part * shares for part, shares in zip(kept, delivered, strict=True))
        kept.append(reached / sum(delivered))
        issued.append(sum(issued))
        delivered.append(sum(delivered))
    columns = {
        "shares_at_issue": issued,
        "shares_delivered": delivered,
        "part_at_issue": [shares / base for shares in issued],
        "part_delivered": [shares / base for shares in delivered],
        "kept_under_cap": kept,
    }
    units = {
        **dict.fromkeys(columns, "1"),
        "shares_at_issue": "shares",
        "shares_delivered": "shares",
    }
    return with_units(columns, units, pd.Index(names, name="leg"))


def _is_equity(clause: Clause) -> bool:
    return isinstance(clause.leg, ConvertiblePreferred | Warrant)


def _shares(clause: Clause) -> tuple[float, float]:
    leg = clause.leg
    if isinstance(leg, ConvertiblePreferred):
        return leg.claim(0.0) / leg.conversion_price, leg.delivered_shares
    if isinstance(leg, Warrant):
        return leg.shares, leg.delivered_shares
    return 0.0, 0.0


def _cap(clause: Clause) -> OwnershipCap | None:
    return next((m for m in clause.modifiers if isinstance(m, OwnershipCap)), None)


def _outstanding(clause: Clause) -> float:
    cap = _cap(clause)
    return np.nan if cap is None else cap.shares_outstanding


def _kept(deal: Deal, clause: Clause) -> float:
    cap = _cap(clause)
    if cap is None:
        return 1.0
    shares = {other.name: _shares(other)[1] for other in deal.clauses if _is_equity(other)}
    return cap.kept_of(clause.name, shares)
