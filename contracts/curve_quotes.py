"""What was quoted of a forward curve, beside what the curve gives back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contracts.rows import Rows
from contracts.units import parse_measure
from montecarlo.curve_bootstrap import period_average
from montecarlo.period_quote import PeriodQuote

if TYPE_CHECKING:
    from contracts.market import Market


def quotes_of(market: Market, commodity: str) -> list[PeriodQuote]:
    """Return the quotes of periods that a market file states, in canonical units.

    A forward curve or a nominal price deck has quotes of single days; a real deck, whose prices
    are in other money, and a spot have none.
    """
    market.commodity(commodity)
    about = market.terms.get("commodities", {}).get(commodity, {})
    deck = about.get("price_deck") or {}
    if about.get("quotes"):
        stated = about["quotes"]["periods"]
    elif deck.get("basis") == "nominal":
        stated = deck["prices"]
    else:
        stated = about.get("forward_curve") or {}
    today = market.valuation_date.isoformat()
    return [
        PeriodQuote.of(period, parse_measure(price).value)
        for period, price in stated.items()
        if not deck or period >= today
    ]


def quote_rows(market: Market, commodity: str) -> Rows:
    """Return each quote with the mean of the curve over its days.

    They differ where seasons multiply a curve or a deck, and by rounding where a quote that
    others imply was left out.

    Examples
    --------
    >>> from contracts.catalogue import load_market
    >>> rows = quote_rows(load_market("uk-power-2025-07-01"), "gb-wind-weighted-power")
    >>> dict(rows)["2026-10-01"]
    {'start': '2026-10-01', 'end': '2026-10-01', 'quoted': 68.1, 'forward_curve': 68.1}
    """
    item = market.commodity(commodity)
    today = market.valuation_date
    quotes = quotes_of(market, commodity)
    columns: dict[str, Sequence[str] | Sequence[float]] = {
        "start": [str(quote.start) for quote in quotes],
        "end": [str(quote.end) for quote in quotes],
        "quoted": [quote.value for quote in quotes],
        "forward_curve": [
            period_average(item.forward_curve, today, quote.start, quote.end) for quote in quotes
        ],
    }
    units = {"start": "date", "end": "date", "quoted": item.unit, "forward_curve": item.unit}
    return Rows(
        index=("quote",), labels=[quote.name for quote in quotes], columns=columns, units=units
    )
