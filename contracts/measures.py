r"""Both measures of a market from its one set of parameters, with the premium of each risk.

The pricing measure has the forward curve for its mean; the physical one has what the market's
owner expects. They differ by the risk premia, and by nothing else:

.. math::

    \mathbb E^{\text{pricing}}P_t = F(0, t), \qquad
    \text{drift to } t = \frac1t\ln\frac{\mathbb E P_t}{F(0, 0)} .

Where no forward curve is quoted, the curve itself and the premium are both assumptions, and only
their product, the expected price, can be compared with a forecast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from contracts.conventions import FloatArray
from contracts.rows import Rows

if TYPE_CHECKING:
    from contracts.market import Market

YEARS = (1.0, 5.0, 10.0)
"""Horizons at which expected prices are shown."""


def risk_factor_rows(market: Market) -> Rows:
    """Return each risk factor of each price: what pulls it back, how it moves, what it is paid.

    Examples
    --------
    >>> from contracts.catalogue import load_market
    >>> rows = risk_factor_rows(load_market("uk-power-2025-07-01"))
    >>> [(label[1], row["risk_premium"]) for label, row in rows]
    [('short-term', 0.0), ('long-term', 0.01)]
    """
    labels, columns = (
        [],
        _empty(
            ("model", "mean_reversion", "half_life", "volatility", "risk_premium", "forward_curve")
        ),
    )
    for name, item in market.simulated.items():
        for factor in item.price_model().risk_premia():
            labels.append((name, factor.name))
            columns["model"].append(str(item.model["kind"]))
            columns["mean_reversion"].append(factor.mean_reversion)
            columns["half_life"].append(_half_life(factor.mean_reversion))
            columns["volatility"].append(factor.volatility)
            columns["risk_premium"].append(factor.risk_premium)
            columns["forward_curve"].append(curve_word(market, name))
    units = {"mean_reversion": "1/yr", "half_life": "months", "volatility": "1/sqrt(yr)"}
    return Rows(
        index=("commodity", "factor"),
        labels=labels,
        columns=columns,
        units={**dict.fromkeys(columns, ""), **units, "risk_premium": "1/yr"},
    )


def measure_rows(market: Market, years: Sequence[float] = YEARS) -> Rows:
    """Return the expected price and the drift of each price under both measures.

    Parameters
    ----------
    market
        Curves and models.
    years
        Horizons, above zero.

    Examples
    --------
    >>> from contracts.catalogue import load_market
    >>> rows = measure_rows(load_market("critical-minerals-2025-07-10"), years=[1.0])
    >>> name, ndpr = next(iter(rows))
    >>> name, round(ndpr["pricing"], 2), round(ndpr["physical"], 2)
    (('ndpr-oxide', 1.0), 56.11, 57.0)
    """
    for horizon in years:
        if not 0.0 < horizon < math.inf:
            message = f"years must be above zero, got {horizon!r}"
            raise ValueError(message)
    at = np.array(years, dtype=np.float64)
    labels, columns = (
        [],
        _empty(("unit", "pricing", "physical", "pricing_drift", "physical_drift", "premium")),
    )
    for name, item in market.simulated.items():
        model = item.price_model()
        today = float(model.expected_spot(np.zeros(1))[0])
        means = {measure: model.expected_spot(at, measure) for measure in ("pricing", "physical")}
        drifts = {measure: _drift(today, mean, at) for measure, mean in means.items()}
        for i, horizon in enumerate(at.tolist()):
            labels.append((name, horizon))
            columns["unit"].append(item.unit)
            for measure, mean in means.items():
                columns[measure].append(float(mean[i]))
                columns[f"{measure}_drift"].append(drifts[measure][i])
            columns["premium"].append(
                _ratio(float(means["physical"][i]), float(means["pricing"][i]))
            )
    return Rows(
        index=("commodity", "years"),
        labels=labels,
        columns=columns,
        units={
            **dict.fromkeys(columns, ""),
            "pricing_drift": "1/yr",
            "physical_drift": "1/yr",
            "premium": "physical/pricing - 1",
        },
    )


def premium_lines(market: Market, names: Sequence[str]) -> list[str]:
    """Return what is assumed of the risk premium of each price without a quoted curve.

    Examples
    --------
    >>> from contracts.catalogue import load_market
    >>> print(*premium_lines(load_market("critical-minerals-2025-07-10"), ["ndpr-oxide"]))
    ndpr-oxide: risk premium 2% a year (log price) is an assumption, as no forward curve is quoted
    """
    lines = []
    for name in names:
        item = market.simulated.get(name)
        factors = () if item is None else item.price_model().risk_premia()
        if item is None or item.is_traded or not factors:
            continue
        premia = ", ".join(f"{_percent(f.risk_premium)} a year ({f.name})" for f in factors)
        lines.append(
            f"{name}: risk premium {premia} is an assumption, as no forward curve is quoted"
        )
    return lines


def curve_word(market: Market, name: str) -> str:
    """Return ``"quoted"`` or ``"assumption"``: what the forward curve of a price is."""
    return "quoted" if market.simulated[name].is_traded else "assumption"


def _empty(names: Sequence[str]) -> dict[str, list[float | str]]:
    return {name: [] for name in names}


def _half_life(mean_reversion: float) -> float:
    """Return the months in which half of a shock is gone."""
    if not mean_reversion > 0.0:
        return math.nan if math.isnan(mean_reversion) else math.inf
    return math.log(2.0) / mean_reversion * 12.0


def _drift(today: float, means: FloatArray, years: FloatArray) -> list[float]:
    return [
        math.log(mean / today) / time if mean > 0.0 and today > 0.0 else math.nan
        for mean, time in zip(means.tolist(), years.tolist(), strict=True)
    ]


def _ratio(physical: float, pricing: float) -> float:
    return physical / pricing - 1.0 if pricing else math.nan


def _percent(value: float) -> str:
    return f"{100.0 * value:.4g}%"
