"""What one leg is worth, with its standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.conventions import PERCENTILES, BoolArray, DateArray, FloatArray
from contracts.deal import Clause
from contracts.outputs import LineOutputs, weigh
from montecarlo.reduction import Estimate


@dataclass(frozen=True, eq=False, repr=False)
class LegValue:
    """Statistics of one leg, signed for the perspective; money in the deal's currency.

    Flow arrays are ``(n_flows,)``, year arrays ``(n_years,)``; ``samples`` are present values
    path by path, ``None`` where they are not kept or no future price can change them;
    ``percentiles`` are those of a histogram, where there is one.
    """

    clause: Clause
    pv: float
    standard_error: float
    expected_amount: float
    expected_amount_error: float
    paid_to_date: float
    flow_amounts: FloatArray
    flow_errors: FloatArray
    flow_discount_factors: FloatArray
    payment_dates: DateArray
    flow_labels: tuple[str, ...]
    is_paid: BoolArray
    is_settled: BoolArray
    year_amounts: FloatArray
    samples: FloatArray | None
    percentiles: FloatArray | None = None

    def __repr__(self) -> str:
        return f"LegValue({self.clause.name!r}: {self.pv:,.0f} +- {self.standard_error:,.0f})"


def leg_value(place: LineOutputs, estimate: Estimate) -> LegValue:
    """Read a leg's statistics off the rows of a run."""
    line, weights = place.line, place.weights
    if place.settled is not None:
        flows, flow_errors = place.settled, np.zeros(len(place.settled))
        sums, errors = weigh(weights[:2], flows), np.zeros(2)
        samples = points = None
    else:
        flows = estimate.mean[place.flows]
        flow_errors = estimate.standard_error[place.flows]
        sums, errors = estimate.mean[place.sums], estimate.standard_error[place.sums]
        samples = None if place.pv is None else estimate.samples[place.pv]
        points = None if place.pv is None else binned_percentiles(estimate, place.pv)
    return LegValue(
        clause=line.clause,
        pv=float(sums[0]),
        standard_error=float(errors[0]),
        expected_amount=float(sums[1]),
        expected_amount_error=float(errors[1]),
        paid_to_date=float(flows[line.is_paid].sum()),
        flow_amounts=flows,
        flow_errors=flow_errors,
        flow_discount_factors=weights[0],
        payment_dates=line.dates.payment_date,
        flow_labels=line.dates.labels,
        is_paid=line.is_paid,
        is_settled=line.is_settled,
        year_amounts=weigh(weights[2:], flows),
        samples=samples,
        percentiles=points,
    )


def binned_percentiles(estimate: Estimate, row: int) -> FloatArray | None:
    """Return the percentiles of a kept row from its histogram, ``None`` where there is none."""
    if estimate.histogram is None:
        return None
    points: FloatArray = estimate.histogram.quantiles(list(PERCENTILES.values()))[row]
    return points
