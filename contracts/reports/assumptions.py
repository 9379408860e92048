"""The terms and the market's assumptions behind a valuation, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from contracts.measures import premium_lines
from contracts.reports.curves import curve_text, last_stated_day
from contracts.settlement import fixing_dates
from montecarlo.engine.intensity import Intensity

if TYPE_CHECKING:
    from contracts.deal import Deal
    from contracts.market import Market

# Who, when and how often stand elsewhere in the report.
_NOT_TERMS = {
    "name", "kind", "payer", "receiver", "schedule", "modifiers", "payment", "note", "commodity",
    "agency", "programme", "market_yield", "style", "settlement",
}  # fmt: skip

_MOST_SHOWN = 12
"""A table of more entries is told by its ends."""


def term_lines(deal: Deal) -> list[str]:
    """Return one line a leg: who pays whom, from when to when, and on what terms."""
    lines = []
    for clause, leg in zip(deal.clauses, deal.terms.get("legs", ()), strict=False):
        periods = deal.periods(clause)
        first, last = periods.start[0], periods.last_day[-1]
        when = str(last) if first == last else f"{first} to {last}"
        terms = ", ".join(_terms(leg, deal.terms.get("observations", {})))
        lines.append(f"{clause.name}: {clause.payer} pays {clause.receiver}, {when}; {terms}")
    return lines


def _terms(leg: Mapping[str, Any], observations: Mapping[str, Any]) -> Iterable[str]:
    for key, value in leg.items():
        if key in _NOT_TERMS or not isinstance(value, str | int | float):
            continue
        seen = observations.get(value) if isinstance(value, str) else None
        shown = _observed(value, seen) if isinstance(seen, dict) else value
        text = f"{shown:,}" if isinstance(shown, int | float) else str(shown)
        yield f"{key.replace('_', ' ')} {text}"


def _observed(name: object, seen: Mapping[str, Any]) -> object:
    """Return the value of an observation that has one step, with its escalation."""
    steps = seen.get("steps") or {}
    if len(steps) != 1:
        return name
    value = next(iter(steps.values()))
    growth = seen.get("escalation")
    if not growth:
        return value
    rate = growth.get("rate")
    rise = f"rising {100.0 * rate:g}% a year" if rate is not None else f"with {growth['index']}"
    return f"{value} {rise} from {growth['base_date']}"


def market_lines(market: Market, deal: Deal, names: Sequence[str]) -> list[str]:
    """Return the model, the curve and the correlations of each price, and the discount rates."""
    lines = [f"{name}: {_price(market, name)}" for name in names if name in market.simulated]
    for name, dates in fixing_dates(deal).items():
        known = last_stated_day(market.terms.get("commodities", {}).get(name, {}))
        if known and str(dates[-1]) > known:
            lines.append(f"{name}: held flat after {known}, read until {dates[-1]}")
    lines += premium_lines(market, names)
    lines += shock_lines(market, names)
    lines += feedback_lines(market, names)
    for (first, second), value in market.correlation.items():
        if first in names and second in names and value:
            lines.append(f"correlation {value:g} of {first} with {second}")
    without = [
        f"{a} with {b}"
        for a, b in combinations([name for name in names if name in market.simulated], 2)
        if (a, b) not in market.correlation and (b, a) not in market.correlation
    ]
    if without:
        lines.append(f"correlation 0 of {', '.join(without)}")
    rates = ", ".join(f"{100.0 * market.zero_rate_in(years):.2f}% {years}y" for years in (1, 5, 10))
    lines.append(f"discounted at the {market.discount_name}: {rates} (continuous)")
    return lines


def shock_lines(market: Market, names: Sequence[str]) -> list[str]:
    """Return one line a shock that hits one of the prices."""
    hit = [one for name in names if name in market.commodities
           for one in market.commodities[name].shocks]  # fmt: skip
    return list(dict.fromkeys(f"shock, {one.text}" for one in hit))


def feedback_lines(market: Market, names: Sequence[str]) -> list[str]:
    """Return one line a price that answers support."""
    items = [market.commodities[name] for name in names if name in market.commodities]
    return [f"feedback, {item.name}: {item.feedback.text}" for item in items if item.feedback]


def _price(market: Market, name: str) -> str:
    item = market.simulated[name]
    parameters = ", ".join(
        _named(key, value)
        for key, value in item.model.items()
        if key != "kind" and value is not None and value != [] and value != {}
    )
    model = f"{item.model['kind']} ({parameters})" if parameters else str(item.model["kind"])
    return f"{model}, {item.unit}, {curve_text(market, name)}"


def _named(key: str, value: object) -> str:
    return f"{key.replace('_', ' ')} {_shown(value)}"


def _shown(value: object) -> str:
    """Return a parameter as a reader wants it; what changes with time says when."""
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value)}]"
    if isinstance(value, Mapping) and len(value) > _MOST_SHOWN:
        return f"({len(value)} values from {next(iter(value))} to {next(reversed(value))})"
    if isinstance(value, Mapping):
        return f"({', '.join(_named(key, below) for key, below in value.items() if below)})"
    if isinstance(value, Intensity):
        first, *later = zip(value.times, value.rates, strict=True)
        changes = [f"{rate:g} a year from {time:.2f} years on" for time, rate in later]
        return ", then ".join([f"{first[1]:g} a year", *changes])
    return str(value)
