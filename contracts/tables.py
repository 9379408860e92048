"""Tables of a valuation: pandas at the edge, units in the column labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contracts.rows import headline_rows, summary_rows, year_rows

if TYPE_CHECKING:
    from contracts.valuation import Valuation


def with_units(
    columns: Mapping[str, object], units: Mapping[str, str], index: pd.Index
) -> pd.DataFrame:
    """Return a table whose columns are labelled (measure, unit)."""
    table = pd.DataFrame(columns, index=index)
    table.columns = pd.MultiIndex.from_tuples(
        [(name, units[name]) for name in columns], names=["measure", "unit"]
    )
    return table


def summary(valuation: Valuation) -> pd.DataFrame:
    """Return one row a leg and ``total``.

    Columns: ``pv`` and its ``standard_error``; percentiles of the present value;
    ``expected_amount``, the undiscounted flows still to be paid, and its standard error;
    ``paid_to_date``. A sum of percentiles is not the percentile of the sum: read the total's.

    Examples
    --------
    >>> import contracts
    >>> table = summary(contracts.value("lynas-jare", n_paths=500, seed=1))
    >>> table.columns[0]
    ('pv', 'USD')
    """
    return summary_rows(valuation).frame()


def cashflows(valuation: Valuation) -> pd.DataFrame:
    """Return one row a flow, indexed by leg and period, in order of the clauses.

    ``status`` is ``paid`` (on or before the valuation date), ``settled`` (the amount is known)
    or ``expected``. ``expected_amount`` is undiscounted; ``pv`` of a paid flow is zero.
    """
    tables = []
    for leg in valuation.legs:
        status = np.where(leg.is_paid, "paid", np.where(leg.is_settled, "settled", "expected"))
        columns = {
            "payment_date": leg.payment_dates,
            "status": status,
            "expected_amount": leg.flow_amounts,
            "standard_error": leg.flow_errors,
            "discount_factor": leg.flow_discount_factors,
            # Adding zero turns the -0.0 of a paid flow into 0.0.
            "pv": leg.flow_amounts * leg.flow_discount_factors + 0.0,
        }
        index = pd.MultiIndex.from_tuples(
            [(leg.clause.name, label) for label in leg.flow_labels], names=["leg", "period"]
        )
        unit = valuation.deal.currency
        units = {"payment_date": "date", "status": "", "discount_factor": "1"}
        tables.append(with_units(columns, {**dict.fromkeys(columns, unit), **units}, index))
    return pd.concat(tables)


def by_year(valuation: Valuation) -> pd.DataFrame:
    """Return expected undiscounted flows by calendar year of payment, paid ones included."""
    return year_rows(valuation).frame()


def headline(valuation: Valuation) -> pd.DataFrame:
    """Return what the perspective's party gives and gets: leg by leg, then the sum.

    ``given`` is what it has paid and is still expected to pay, at present value for what is
    still due; ``received`` likewise. Money paid before the valuation date stands at face value,
    and each leg on the side of its net value.
    """
    return headline_rows(valuation).frame()
