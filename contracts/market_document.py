"""A market as one JSON document: curves, models, both drifts, correlations, sources."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.curve_quotes import quote_rows
from contracts.measures import YEARS, curve_word, measure_rows, risk_factor_rows

if TYPE_CHECKING:
    from contracts.market import Market
    from contracts.rows import Rows


def market_document(market: Market) -> dict[str, Any]:
    """Return what ``offtake market --json`` prints, in full precision; NaN becomes ``None``."""
    at = np.array(YEARS)
    names = list(market.commodities)
    return {
        "market": market.name,
        "title": market.title,
        "valuation_date": market.valuation_date.isoformat(),
        "currency": market.currency,
        "discount": {
            "name": market.discount_name,
            "zero_rates": [
                {"years": years, "zero_rate": market.zero_rate_in(years)} for years in YEARS
            ],
        },
        "yields": {
            name: [
                {"years": years, "zero_rate": rate}
                for years, rate in zip(YEARS, curve.zero_rate(at).tolist(), strict=True)
            ]
            for name, curve in market.yields.items()
        },
        "commodities": {
            name: {
                "unit": item.unit,
                "forward_curve": curve_word(market, name),
                "spot": float(item.forward_curve(0.0)),
                "model": dict(item.model),
                "note": item.note or None,
            }
            for name, item in market.commodities.items()
        },
        "indices": {
            name: {
                "levels": {date.isoformat(): level for date, level in index.levels},
                "growth": index.growth,
                "model": None if index.model is None else dict(index.model),
                "note": index.note or None,
            }
            for name, index in market.indices.items()
        },
        "exchange_rates": {
            name: {
                "unit": rate.unit,
                "spot": float(rate.forward_curve(0.0)),
                "model": dict(rate.model),
                "note": rate.note or None,
            }
            for name, rate in market.exchange_rates.items()
        },
        "risk_factors": _records(risk_factor_rows(market)),
        "measures": _records(measure_rows(market)),
        "quotes": {
            name: _records(quote_rows(market, name))
            for name in names
            if market.terms.get("commodities", {}).get(name, {}).get("quotes")
        },
        "correlations": [
            {"between": [first, second], "value": value}
            for (first, second), value in market.correlation.items()
        ],
        "correlation_matrix": market.correlation_matrix(list(market.simulated)).tolist(),
        "simplifications": list(market.simplifications),
        "sources": [dataclasses.asdict(source) for source in market.sources],
        "terms": dict(market.terms),
    }


def _records(rows: Rows) -> list[dict[str, Any]]:
    return [
        dict(zip(rows.index, label if isinstance(label, tuple) else (label,), strict=True))
        | {name: _number(value) for name, value in row.items()}
        for label, row in rows
    ]


def _number(value: object) -> object:
    is_number = isinstance(value, float) and math.isfinite(value)
    return value if is_number or not isinstance(value, float) else None
