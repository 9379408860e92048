"""How a market states a forward curve, as a line of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from montecarlo.period_quote import PeriodQuote

if TYPE_CHECKING:
    from contracts.market import Market

ASSUMED = "no traded curve, ours is an assumption"


def curve_text(market: Market, name: str) -> str:
    """Return what a forward curve was made from, its ends, and whether it is quoted.

    Examples
    --------
    >>> from contracts.catalogue import load_market
    >>> curve_text(load_market("uk-power-2025-07-01"), "gb-wind-weighted-power")
    'forward 64.40 (2025-07-01) to 70.00 (2043-04-01), no traded curve, ours is an assumption'
    """
    if name in market.exchange_rates:
        first, last = market.exchange_rates[name].forward_curve([0.0, 10.0])
        return f"{first:.6g} today, {last:.6g} in ten years, an assumption"
    if name not in market.commodities:
        return _index_text(market, name)
    item = market.commodities[name]
    about = stated(market, name)
    today = market.valuation_date.isoformat()
    days = sorted({max(day, today) for day in _stated_days(about)})
    if not days:
        # A share, or a market that was built in Python.
        spot = float(item.forward_curve(np.zeros(1))[0])
        return f"quoted spot {spot:.2f}" + (
            ", grown at the discount curve" if "spot" in about else ""
        )
    times = market.years(np.array([days[0], days[-1]], dtype="datetime64[D]"))
    first, last = item.forward_curve(times)
    curve = f"forward {first:.2f} ({days[0]})"
    if len(days) > 1:
        curve += f" to {last:.2f} ({days[-1]})"
    more = [text for text in (_way(about), _seasons(about)) if text]
    return ", ".join([curve, *more, "traded curve" if item.is_traded else ASSUMED])


def _index_text(market: Market, name: str) -> str:
    index = market.indices[name]
    date, level = index.levels[-1]
    growth = f"{100.0 * index.growth:g}% a year"
    return f"around {level:g} ({date}) growing {growth}, an assumption"


def stated(market: Market, name: str) -> Mapping[str, Any]:
    """Return the terms of a commodity in its market file; empty where there is none."""
    found: Mapping[str, Any] = market.terms.get("commodities", {}).get(name, {})
    return found


def last_stated_day(about: Mapping[str, Any]) -> str | None:
    """Return the day after which a curve is held flat; None where it goes on.

    Examples
    --------
    >>> last_stated_day({"quotes": {"periods": {"2027-Q1": "5 USD/kg", "2027": "6 USD/kg"}}})
    '2027-12-31'
    >>> last_stated_day({"price_deck": {"basis": "real", "prices": {"2027-01-01": "5 USD/kg"}}})
    """
    if (about.get("price_deck") or {}).get("basis") == "real" or about.get("seasonality"):
        return None
    days = _stated_days(about)
    return days[-1] if days else None


def _stated_days(about: Mapping[str, Any]) -> list[str]:
    if about.get("quotes"):
        quotes = [PeriodQuote.of(period, 0.0) for period in about["quotes"]["periods"]]
        ends = {str(quote.start) for quote in quotes} | {str(quote.end) for quote in quotes}
        return sorted(ends)
    if about.get("price_deck"):
        return sorted(about["price_deck"]["prices"])
    return sorted(about.get("forward_curve") or ())


def _way(about: Mapping[str, Any]) -> str:
    if about.get("quotes"):
        quotes = about["quotes"]
        number = len(quotes["periods"])
        return f"{quotes['shape']} through {number} quote{'s' if number > 1 else ''}"
    deck = about.get("price_deck")
    if not deck:
        return ""
    if deck["basis"] == "nominal":
        return "a price deck in nominal money"
    growth = deck.get("index") or f"{100.0 * float(deck['growth']):g}% a year"
    return f"a price deck in money of {deck['base_date']}, raised by {growth}"


def _seasons(about: Mapping[str, Any]) -> str:
    seasons = about.get("seasonality")
    if not seasons:
        return ""
    how = "by month" if seasons.get("months") else "as waves"
    return f"with seasons {how}"
