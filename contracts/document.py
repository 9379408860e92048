"""A valuation as one JSON document, in full precision."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from contracts.conventions import PERCENTILES
from contracts.fingerprint import versions
from contracts.rows import percentiles

if TYPE_CHECKING:
    import pandas as pd

    from contracts.conventions import FloatArray
    from contracts.leg_value import LegValue
    from contracts.valuation import Valuation


def document(valuation: Valuation) -> dict[str, Any]:
    """Return the document that ``offtake value --json`` prints; NaN becomes ``None``."""
    deal, market = valuation.deal, valuation.market
    return {
        "deal": deal.name,
        "title": deal.title,
        "market": valuation.market.name,
        "valuation_date": valuation.market.valuation_date.isoformat(),
        "currency": deal.currency,
        "perspective": valuation.perspective,
        "measure": valuation.measure,
        "prices": "supplied" if valuation.is_replay else "simulated",
        "model": None if valuation.is_replay else market.model_terms(valuation.model.names),
        "market_terms": {
            key: market.terms[key]
            for key in (
                *("commodities", "correlations", "discount", "exchange_rates", "indices", "rates"),
                "yields",
            )
            if key in market.terms
        },
        "n_paths": valuation.plan.n_paths,
        "seed": None if valuation.is_replay else valuation.plan.seed,
        "sampling": None if valuation.is_replay else dataclasses.asdict(valuation.plan.sampling),
        "rounding": valuation.rounding,
        "search": None if valuation.search is None else dataclasses.asdict(valuation.search),
        "is_controlled": valuation.is_controlled,
        "controls": list(valuation.controls),
        "unmoved": list(valuation.unmoved),
        "pv": valuation.pv,
        "standard_error": _number(valuation.standard_error),
        **_percentiles(valuation.samples, valuation.pv, valuation.percentiles),
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


def exposure_document(valuations: Sequence[Valuation], table: pd.DataFrame) -> dict[str, Any]:
    """Return the document that ``offtake exposure --json`` prints.

    Columns keep their labels as ``measure.statistic``, with a table of their units.
    """
    first = valuations[0]
    names = [str(name) for name in table.index.names]
    flat = table.copy()
    levels = [table.columns.get_level_values(level) for level in range(3)]
    flat.columns = [f"{m}.{s}" for m, s in zip(levels[0], levels[1], strict=True)]
    units = dict(zip(flat.columns, levels[2], strict=True))
    labels = table.index.to_frame(index=False).to_dict(orient="records")
    values = flat.to_dict(orient="records")
    rows = [
        {**label, **{name: _number(float(number)) for name, number in row.items()}}
        for label, row in zip(labels, values, strict=True)
    ]
    return {
        "deals": [valuation.deal.name for valuation in valuations],
        "market": first.market.name,
        "valuation_date": first.market.valuation_date.isoformat(),
        "currency": first.deal.currency,
        "n_paths": first.plan.n_paths,
        "seed": first.plan.seed,
        "by": names,
        "units": units,
        "groups": rows,
        "fingerprints": {valuation.deal.name: valuation.fingerprint() for valuation in valuations},
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
        **_percentiles(leg.samples, constant, leg.percentiles),
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
            "pv": amount * factor + 0.0,
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


def _percentiles(
    samples: FloatArray | None, constant: float, known: FloatArray | None
) -> dict[str, float | None]:
    values = percentiles(samples, constant, known)
    return {name: _number(value) for name, value in zip(PERCENTILES, values, strict=True)}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
