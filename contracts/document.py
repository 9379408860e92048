"""A valuation as one JSON document, in full precision."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from contracts.conventions import PERCENTILES
from contracts.fingerprint import versions
from contracts.tables import percentiles

if TYPE_CHECKING:
    from contracts.conventions import FloatArray
    from contracts.valuation import LegValue, Valuation


def document(valuation: Valuation) -> dict[str, Any]:
    """Return the document that ``offtake value --json`` prints; NaN becomes ``None``."""
    deal = valuation.deal
    return {
        "deal": deal.name,
        "title": deal.title,
        "market": valuation.market.name,
        "valuation_date": valuation.market.valuation_date.isoformat(),
        "currency": deal.currency,
        "perspective": valuation.perspective,
        "measure": valuation.measure,
        "model": valuation.market.model_terms(valuation.model.names),
        "n_paths": valuation.plan.n_paths,
        "seed": valuation.plan.seed,
        "pv": valuation.pv,
        "standard_error": _number(valuation.standard_error),
        **_percentiles(valuation.samples, valuation.pv),
        "expected_amount": valuation.expected_amount,
        "paid_to_date": sum(leg.paid_to_date for leg in valuation.legs),
        "legs": {leg.clause.name: _leg(leg) for leg in valuation.legs},
        "cashflows": [flow for leg in valuation.legs for flow in _flows(leg)],
        "by_year": {
            str(year): {"expected_amount": amount, "standard_error": _number(error)}
            for year, amount, error in zip(
                valuation.years.tolist(),
                valuation.year_amounts.tolist(),
                valuation.year_errors.tolist(),
                strict=True,
            )
        },
        "simplifications": list(deal.simplifications),
        "fingerprint": valuation.fingerprint(),
        "versions": versions(),
    }


def _leg(leg: LegValue) -> dict[str, Any]:
    constant = leg.pv if leg.is_settled.all() else math.nan
    return {
        "kind": leg.clause.kind,
        "payer": leg.clause.payer,
        "receiver": leg.clause.receiver,
        "pv": leg.pv,
        "standard_error": _number(leg.standard_error),
        **_percentiles(leg.samples, constant),
        "expected_amount": leg.expected_amount,
        "paid_to_date": leg.paid_to_date,
    }


def _flows(leg: LegValue) -> list[dict[str, Any]]:
    return [
        {
            "leg": leg.clause.name,
            "period": label,
            "payment_date": str(date),
            "expected_amount": amount,
            "pv": amount * factor,
            "standard_error": _number(error),
            "is_paid": paid,
        }
        for label, date, amount, factor, error, paid in zip(
            leg.flow_labels,
            leg.payment_dates,
            leg.flow_amounts.tolist(),
            leg.flow_discount_factors.tolist(),
            leg.flow_errors.tolist(),
            leg.is_paid.tolist(),
            strict=True,
        )
    ]


def _percentiles(samples: FloatArray | None, constant: float) -> dict[str, float | None]:
    values = percentiles(samples, constant)
    return {name: _number(value) for name, value in zip(PERCENTILES, values, strict=True)}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
