"""What must agree inside a market file: names, units, dates, spans that do not overlap."""

import datetime
from itertools import pairwise
from typing import Any

from contracts.paths import PathError, TermPath, find_path
from contracts.specification.curve_checks import (
    check_dated,
    check_forward_curve,
    check_one_of,
    check_unit,
    check_yield_curve,
)
from contracts.specification.date_checks import check_increasing, date_of
from contracts.specification.faults import Faults
from contracts.specification.names import elements, mappings
from contracts.specification.unit_checks import check_currency, unit_of_value
from contracts.units import UnitError, parse_unit


def check_market(faults: Faults) -> None:
    """Check everything that one term of a market file cannot show alone."""
    terms = faults.terms
    today = date_of(terms.get("valuation_date"))
    units = {name: _unit_of(item) for name, item in mappings(terms, "commodities").items()}
    for name, item in mappings(terms, "commodities").items():
        check_forward_curve(faults, ("commodities", name), item, units[name], today)
        _check_feedback(faults, ("commodities", name, "feedback"), item, units[name])
    discount = terms.get("discount")
    if isinstance(discount, dict):
        check_one_of(faults, ("discount",), discount, ("zero_rates", "par_yields"))
        check_yield_curve(faults, ("discount",), discount, today)
    for name, item in mappings(terms, "yields").items():
        ways = ("zero_rates", "par_yields", "spread_over_discount")
        check_one_of(faults, ("yields", name), item, ways)
        check_yield_curve(faults, ("yields", name), item, today)
    for name, quotes in mappings(terms, "rates").items():
        check_increasing(faults, ("rates", name), quotes)
        for key in quotes:
            _check_not_after(faults, ("rates", name, key), key, today)
    for name, item in mappings(terms, "indices").items():
        check_increasing(faults, ("indices", name, "levels"), item.get("levels"))
        if item.get("model") is not None and name in units:
            faults.add(("indices", name), "must not have the name of a commodity")
    rates = list(mappings(terms, "exchange_rates"))
    random = [name for name, item in mappings(terms, "indices").items() if item.get("model")]
    _check_correlations(faults, [*units, *rates, *random])
    _check_shocks(faults, list(units))
    _check_fixings(faults, units, today)
    _check_actuals(faults, today)
    _check_currencies(faults, units)
    for i, source in elements(terms, "sources"):
        text = source.get("path")
        if isinstance(text, str):
            try:
                find_path(text, terms)
            except PathError as error:
                faults.add(("sources", i, "path"), f"must name a term of this file: {error}")


def _check_currencies(faults: Faults, units: dict[str, str | None]) -> None:
    """Check that prices are in the market's currency, or all in one that has an exchange rate."""
    terms = faults.terms
    home, today = terms.get("currency"), date_of(terms.get("valuation_date"))
    foreign = set()
    for name, item in mappings(terms, "exchange_rates").items():
        path: TermPath = ("exchange_rates", name)
        foreign.add(item.get("currency"))
        if item.get("currency") == home:
            rule = "must be another than that of the market"
            faults.add((*path, "currency"), rule, item["currency"])
        check_one_of(faults, path, item, ("forward_curve", "spot"))
        yields = mappings(terms, "yields")
        named = item.get("foreign_yield")
        if (item.get("spot") is None) != (named is None):
            faults.add((*path, "foreign_yield"), "must be given with spot, and only then")
        elif isinstance(named, str) and named not in yields:
            rule = f"must name a yield of this market{faults.advice(named, yields)}"
            faults.add((*path, "foreign_yield"), rule, named)
        check_dated(faults, (*path, "forward_curve"), item.get("forward_curve"), today)
        check_increasing(faults, (*path, "fixings"), item.get("fixings"))
        fixings = item.get("fixings")
        for key in fixings if isinstance(fixings, dict) else ():
            _check_not_after(faults, (*path, "fixings", key), key, today)
        if name in units or name in mappings(terms, "indices"):
            faults.add(path, "must not have the name of a commodity or an index")

    def of(commodity: object) -> object:
        currency = (units.get(str(commodity)) or "").partition("/")[0]
        return currency if currency in foreign else home

    for name, item in mappings(terms, "commodities").items():
        check_currency(faults, ("commodities", name), item, of(name), "market")
        if of(name) != home and item.get("spot") is not None:
            rule = "must be a forward curve for a price in a foreign currency"
            faults.add(("commodities", name, "spot"), rule, item["spot"])
    for i, item in elements(terms, "fixings"):
        check_currency(faults, ("fixings", i), item, of(item.get("commodity")), "market")


def _unit_of(commodity: dict[str, Any]) -> str | None:
    unit = commodity.get("unit")
    try:
        found = parse_unit(unit) if isinstance(unit, str) else ""
    except UnitError:
        return None
    return found if "/" in found else None


def _check_not_after(
    faults: Faults, path: TermPath, value: object, today: datetime.date | None
) -> None:
    date = date_of(value)
    if date is not None and today is not None and date > today:
        faults.add(path, f"must not lie after the valuation date ({today})", value)


def _check_correlations(faults: Faults, names: list[str]) -> None:
    seen: dict[frozenset[str], int] = {}
    for i, item in elements(faults.terms, "correlations"):
        pair = item.get("between")
        path: TermPath = ("correlations", i, "between")
        if not isinstance(pair, list) or not all(isinstance(name, str) for name in pair):
            continue
        for j, name in enumerate(pair):
            if name not in names:
                rule = "must name a commodity of this market"
                if name in mappings(faults.terms, "indices"):
                    rule = "must name a commodity of this market, or an index that has a model"
                faults.add((*path, j), f"{rule}{faults.advice(name, names)}", name)
        key = frozenset(pair)
        if len(pair) == 2 and len(key) == 1:
            faults.add(path, "must name two different prices", pair[0])
        elif key in seen:
            faults.add(path, f"must not repeat the pair of correlations[{seen[key]}]")
        seen.setdefault(key, i)


def _check_fixings(
    faults: Faults, units: dict[str, str | None], today: datetime.date | None
) -> None:
    spans: dict[str, list[tuple[datetime.date, datetime.date, int]]] = {}
    for i, item in elements(faults.terms, "fixings"):
        path: TermPath = ("fixings", i)
        commodity = item.get("commodity")
        if isinstance(commodity, str) and commodity not in units:
            rule = f"must name a commodity of this market{faults.advice(commodity, units)}"
            faults.add((*path, "commodity"), rule, commodity)
        day, span = ("date", "value"), ("from", "to", "average")
        given = tuple(key for key in (*day, *span) if item.get(key) is not None)
        if given not in (day, span):
            has = f"and has {', '.join(given)}" if given else "and has none"
            faults.add(path, f"must have either date and value, or from, to and average, {has}")
            continue
        first, last, value = ("date", "date", "value") if given == day else span
        check_unit(faults, (*path, value), item[value], units.get(str(commodity)))
        found = _span(faults, path, item, (first, last), today)
        if found is not None:
            spans.setdefault(str(commodity), []).append((*found, i))
    for commodity, found_spans in spans.items():
        _check_overlap(faults, "fixings", commodity, found_spans)


def _check_actuals(faults: Faults, today: datetime.date | None) -> None:
    spans: dict[str, list[tuple[datetime.date, datetime.date, int]]] = {}
    units: dict[str, str] = {}
    for i, item in elements(faults.terms, "actuals"):
        key = f"{item.get('deal')}, {item.get('observation')}"
        unit = unit_of_value(item.get("value"))
        if unit and units.setdefault(key, unit) != unit:
            faults.add(("actuals", i, "value"), f"must be in {units[key]} like the first of {key}")
        found = _span(faults, ("actuals", i), item, ("from", "to"), today)
        if found is not None:
            spans.setdefault(key, []).append((*found, i))
    for key, found_spans in spans.items():
        _check_overlap(faults, "actuals", key, found_spans)


def _span(
    faults: Faults,
    path: TermPath,
    item: dict[str, Any],
    keys: tuple[str, str],
    today: datetime.date | None,
) -> tuple[datetime.date, datetime.date] | None:
    start, end = date_of(item.get(keys[0])), date_of(item.get(keys[1]))
    if start is None or end is None:
        return None
    if end < start:
        faults.add((*path, keys[1]), f"must not come before {keys[0]} ({start})", item[keys[1]])
        return None
    _check_not_after(faults, (*path, keys[1]), item[keys[1]], today)
    return start, end


def _check_overlap(
    faults: Faults, section: str, noun: str, spans: list[tuple[datetime.date, datetime.date, int]]
) -> None:
    ordered = sorted(spans)
    for (_, end, first), (start, _, second) in pairwise(ordered):
        if start <= end:
            rule = f"must not overlap {section}[{first}]; both give {noun} on {start}"
            faults.add((section, second), rule)


def _check_feedback(
    faults: Faults, path: TermPath, commodity: dict[str, Any], unit: str | None
) -> None:
    terms = commodity.get("feedback")
    if not isinstance(terms, dict):
        return
    for field in ("strike", "floored_share"):
        check_increasing(faults, (*path, field), terms.get(field))
    strike = terms.get("strike")
    for key, value in strike.items() if isinstance(strike, dict) else ():
        check_unit(faults, (*path, "strike", key), value, unit)
    check_unit(faults, (*path, "strike"), strike, unit)


def _check_shocks(faults: Faults, commodities: list[str]) -> None:
    """Check that shocks hit known prices, each by one shock of a name, all of it at once."""
    seen: dict[object, dict[str, Any]] = {}
    hit: set[tuple[object, object]] = set()
    timing = ("from", "intensity", "months", "mean_months")
    for i, item in elements(faults.terms, "shocks"):
        name = item.get("name")
        named = item.get("commodities")
        for j, commodity in enumerate(named if isinstance(named, list) else ()):
            path: TermPath = ("shocks", i, "commodities", j)
            if isinstance(commodity, str) and commodity not in commodities:
                advice = faults.advice(commodity, commodities)
                faults.add(path, f"must name a commodity of this market{advice}", commodity)
            elif (name, str(commodity)) in hit:
                faults.add(path, f"must be hit by one shock named {name} only", commodity)
            hit.add((name, str(commodity)))
        first = seen.setdefault(name, item)
        for key in timing:
            if item.get(key) != first.get(key):
                rule = f"must be as in the first shock named {name} ({first.get(key)})"
                faults.add(("shocks", i, key), rule, item.get(key))
