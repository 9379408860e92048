"""Rows of a table as plain columns: what reports print, and what tables of pandas are made from.

Importing pandas takes longer than valuing a deal, so a report on a terminal reads these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.conventions import PERCENTILES, FloatArray
from montecarlo.quantile import quantiles

if TYPE_CHECKING:
    import pandas as pd

    from contracts.valuation import Valuation


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Columns of equal length, labelled by row.

    Parameters
    ----------
    index
        Name of each level of the labels.
    labels
        One label a row: a name, or a tuple of as many as ``index`` has.
    columns
        Name -> values, one a row.
    units
        Name of a column -> its unit.

    Examples
    --------
    >>> rows = Rows(
    ...     index=("leg",), labels=["floor"], columns={"pv": [12.5]}, units={"pv": "USD"}
    ... )
    >>> list(rows)
    [('floor', {'pv': 12.5})]
    >>> rows.frame().columns.tolist()
    [('pv', 'USD')]
    """

    index: tuple[str, ...]
    labels: Sequence[Any]
    columns: Mapping[str, Sequence[Any] | FloatArray]
    units: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield each label with its row: name of the column -> value."""
        for position, label in enumerate(self.labels):
            yield label, {name: values[position] for name, values in self.columns.items()}

    def frame(self) -> pd.DataFrame:
        """Return the table, its columns labelled (measure, unit)."""
        import pandas as pd

        from contracts.tables import with_units

        index = (
            pd.Index(self.labels, name=self.index[0])
            if len(self.index) == 1
            else pd.MultiIndex.from_tuples(list(self.labels), names=list(self.index))
        )
        return with_units(self.columns, self.units, index)


def largest(values: Iterable[float]) -> float:
    """Return the largest size among numbers, not counting NaN; NaN when there is none.

    Examples
    --------
    >>> largest([1.0, -3.0, math.nan])
    3.0
    """
    return max((abs(value) for value in values if not math.isnan(value)), default=math.nan)


def percentiles(
    samples: FloatArray | None, constant: float, known: FloatArray | None = None
) -> list[float]:
    """Return the percentiles of present values; a constant has them all equal.

    Those ``known`` from a histogram stand where no samples were kept; NaN where nothing was.
    """
    if known is not None:
        return [float(q) for q in known]
    if samples is not None and samples.size == 0:
        return [math.nan] * len(PERCENTILES)
    if samples is None:
        return [constant] * len(PERCENTILES)
    return [float(q) for q in quantiles(samples, list(PERCENTILES.values()))]


def summary_rows(valuation: Valuation) -> Rows:
    """Return the rows of :func:`contracts.tables.summary`."""
    legs = valuation.legs
    columns = {
        "pv": [*(leg.pv for leg in legs), valuation.pv],
        "standard_error": [*(leg.standard_error for leg in legs), valuation.standard_error],
    }
    points = [
        *(
            percentiles(leg.samples, leg.pv if leg.is_settled.all() else np.nan, leg.percentiles)
            for leg in legs
        ),
        percentiles(valuation.samples, valuation.pv, valuation.percentiles),
    ]
    for position, label in enumerate(PERCENTILES):
        columns[label] = [point[position] for point in points]
    columns["expected_amount"] = [*(leg.expected_amount for leg in legs), valuation.expected_amount]
    columns["expected_amount_error"] = [
        *(leg.expected_amount_error for leg in legs),
        valuation.expected_amount_error,
    ]
    paid = [leg.paid_to_date for leg in legs]
    columns["paid_to_date"] = [*paid, sum(paid)]
    return _by_leg(valuation, columns)


def headline_rows(valuation: Valuation) -> Rows:
    """Return the rows of :func:`contracts.tables.headline`."""
    worth = np.array([leg.pv + leg.paid_to_date for leg in valuation.legs])
    errors = [leg.standard_error for leg in valuation.legs]
    given, received = np.where(worth < 0, -worth, 0.0), np.where(worth > 0, worth, 0.0)
    columns = {
        "given": [*given, given.sum()],
        "received": [*received, received.sum()],
        "net": [*worth, worth.sum()],
        "standard_error": [*errors, valuation.standard_error],
    }
    return _by_leg(valuation, columns)


def year_rows(valuation: Valuation) -> Rows:
    """Return the rows of :func:`contracts.tables.by_year`."""
    columns = {leg.clause.name: leg.year_amounts for leg in valuation.legs}
    columns["total"] = valuation.year_amounts
    columns["standard_error"] = valuation.year_errors
    return Rows(
        index=("calendar_year",),
        labels=valuation.years.tolist(),
        columns=columns,
        units=dict.fromkeys(columns, valuation.deal.currency),
    )


def _by_leg(valuation: Valuation, columns: Mapping[str, Sequence[float]]) -> Rows:
    return Rows(
        index=("leg",),
        labels=[*(leg.clause.name for leg in valuation.legs), "total"],
        columns=columns,
        units=dict.fromkeys(columns, valuation.deal.currency),
    )
