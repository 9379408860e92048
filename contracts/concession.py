r"""Concession: what a loan below the market gives away.

.. math::

   c = \sum_{k:\, d_k > d_0} F_k \left[ D_{\text{Treasury}}(d_k) - D_{\text{market}}(d_k) \right]

with :math:`F_k` the lender's receipts after the draw on :math:`d_0`. Both values are of the same
flows, without default; the difference is the charge for risk that the lender does not make.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from contracts.checks import require
from contracts.legs.loan import Loan
from contracts.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

    from contracts.valuation import Valuation


def concessions(valuation: Valuation) -> pd.DataFrame:
    """Return one row a loan, from the lender's side.

    Columns: ``principal`` still to be drawn; ``value_at_treasury`` and ``value_at_market`` of
    what is still to be received; ``concession``, their difference; ``market_yield``, the
    continuously compounded yield at maturity.

    Examples
    --------
    >>> import contracts
    >>> v = contracts.value("mp-materials", n_paths=256, seed=1)
    >>> table = concessions(v)
    >>> round(float(table.loc["samarium loan", ("concession", "USD")]) / 1e6, 1)
    77.7
    """
    return concession_rows(valuation).frame()


def concession_rows(valuation: Valuation) -> Rows:
    """Return the rows of :func:`concessions`."""
    rows: dict[str, list[object]] = {
        "principal_to_draw": [],
        "value_at_treasury": [],
        "value_at_market": [],
        "concession": [],
        "market_yield": [],
    }
    names = []
    market = valuation.market
    settlement = valuation.settlement
    for line in settlement.lines:
        loan = line.clause.leg
        if not isinstance(loan, Loan) or loan.market_yield is None:
            continue
        known = tuple(market.yields)
        rule = f"be in the market {market.name} (it has {', '.join(known)})"
        require(loan.market_yield in known, "market_yield", rule, loan.market_yield)
        # The first flow is the draw; the borrower pays, so the others run to the lender.
        to_lender = settlement.settled_flows(line)[1:] * ~line.is_paid[1:]
        dates = line.dates.payment_date[1:]
        treasury = math.fsum(to_lender * market.discount_factors(dates))
        at_market = math.fsum(to_lender * market.discount_factors(dates, loan.market_yield))
        names.append(line.clause.name)
        rows["principal_to_draw"].append(0.0 if line.is_paid[0] else loan.principal)
        rows["value_at_treasury"].append(treasury)
        rows["value_at_market"].append(at_market)
        rows["concession"].append(treasury - at_market)
        rows["market_yield"].append(market.zero_rate(loan.maturity, loan.market_yield))
    units = {**dict.fromkeys(rows, valuation.deal.currency), "market_yield": "1/yr"}
    return Rows(index=("leg",), labels=names, columns=rows, units=units)
