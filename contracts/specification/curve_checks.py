"""What must agree within one curve of a market file: dates, units, one way to state it."""

import datetime
from typing import Any

from contracts.paths import TermPath
from contracts.specification.date_checks import check_increasing, date_of
from contracts.specification.faults import Faults
from contracts.specification.names import mappings
from contracts.specification.unit_checks import unit_of_value
from contracts.units import UnitError, parse_measure

WAYS = ("forward_curve", "quotes", "price_deck", "spot")
"""How a commodity may state its forward curve."""


def check_one_of(
    faults: Faults, path: TermPath, item: dict[str, Any], names: tuple[str, ...]
) -> None:
    """Check that exactly one of some terms is given."""
    given = [name for name in names if item.get(name) is not None]
    if len(given) == 1:
        return
    if len(names) == 2:
        rule = f"must have either {names[0]} or {names[1]}"
        faults.add(path, f"{rule}, {'not both' if given else 'and has neither'}")
    else:
        rule = f"must have one of {', '.join(names[:-1])} and {names[-1]}"
        faults.add(path, f"{rule}, {'and has ' + ' and '.join(given) if given else 'has none'}")


def check_yield_curve(
    faults: Faults, path: TermPath, item: dict[str, Any], today: datetime.date | None
) -> None:
    """Check the order of maturities, and what compounding belongs to."""
    check_dated(faults, (*path, "zero_rates"), item.get("zero_rates"), today)
    if "compounding" in item and item.get("zero_rates") is None:
        rule = "must be left out: only zero rates have a compounding"
        faults.add((*path, "compounding"), rule, item["compounding"])


def check_forward_curve(
    faults: Faults,
    path: TermPath,
    item: dict[str, Any],
    unit: str | None,
    today: datetime.date | None,
) -> None:
    """Check the one way in which a commodity states its forward curve."""
    check_one_of(faults, path, item, WAYS)
    check_dated(faults, (*path, "forward_curve"), item.get("forward_curve"), today)
    quotes, deck, seasons = (item.get(key) for key in ("quotes", "price_deck", "seasonality"))
    tables: list[tuple[TermPath, object]] = [((*path, "forward_curve"), item.get("forward_curve"))]
    if isinstance(quotes, dict):
        _check_quotes(faults, path, item, quotes, unit)
        tables.append(((*path, "quotes", "periods"), quotes.get("periods")))
    if isinstance(deck, dict):
        _check_deck(faults, (*path, "price_deck"), deck, item.get("interpolation"), today)
        tables.append(((*path, "price_deck", "prices"), deck.get("prices")))
    for name, other in mappings(item, "alternatives").items():
        place = (*path, "alternatives", name, "forward_curve")
        check_dated(faults, place, other.get("forward_curve"), today)
        tables.append((place, other.get("forward_curve")))
    if isinstance(seasons, dict):
        _check_seasons(faults, (*path, "seasonality"), seasons, item)
    found = {(*path, "spot"): item.get("spot")}
    for place, prices in tables:
        if isinstance(prices, dict):
            found |= {(*place, key): value for key, value in prices.items()}
    takes_any = _is_constant(item) and _may_cross_zero(item)
    for place, value in found.items():
        check_unit(faults, place, value, unit)
        if _is_not_positive(value) and not takes_any:
            rule = "must be above zero; only a constant model with linear or step interpolation"
            faults.add(place, f"{rule} takes other prices", value)


def check_dated(
    faults: Faults, path: TermPath, values: object, today: datetime.date | None
) -> None:
    """Check that dates follow one another, none before the valuation date."""
    check_increasing(faults, path, values)
    for key in values if isinstance(values, dict) else ():
        date = date_of(key)
        if date is not None and today is not None and date < today:
            faults.add((*path, key), f"must not lie before the valuation date ({today})", key)


def _check_quotes(
    faults: Faults,
    path: TermPath,
    item: dict[str, Any],
    quotes: dict[str, Any],
    unit: str | None,
) -> None:
    check_unit(faults, (*path, "quotes", "rounding"), quotes.get("rounding"), unit)
    if "interpolation" in item:
        rule = "must be left out: the shape of the quotes says what holds between days"
        faults.add((*path, "interpolation"), rule, item["interpolation"])
    if quotes.get("periods") == {}:
        faults.add((*path, "quotes", "periods"), "must have at least one period")


def _check_deck(
    faults: Faults,
    path: TermPath,
    deck: dict[str, Any],
    interpolation: object,
    today: datetime.date | None,
) -> None:
    check_increasing(faults, (*path, "prices"), deck.get("prices"))
    if deck.get("basis") == "nominal":
        for key in ("base_date", "index", "growth"):
            if deck.get(key) is not None:
                rule = "must be left out of a nominal deck"
                faults.add((*path, key), rule, deck[key])
        return
    if deck.get("basis") != "real":
        return
    if deck.get("base_date") is None:
        faults.add((*path, "base_date"), "is missing: a real deck states the date of its money")
    check_one_of(faults, path, deck, ("index", "growth"))
    if interpolation == "linear":
        rule = "must be log-linear or step with a real deck"
        faults.add((*path[:-1], "interpolation"), rule, interpolation)
    indices = mappings(faults.terms, "indices")
    name = deck.get("index")
    if not isinstance(name, str):
        return
    if name not in indices:
        rule = f"must name an index of this market{faults.advice(name, indices)}"
        faults.add((*path, "index"), rule, name)
        return
    levels = indices[name].get("levels")
    dates = [date_of(key) for key in levels] if isinstance(levels, dict) else []
    first = next((date for date in dates if date is not None), None)
    base = date_of(deck.get("base_date"))
    if first is not None and base is not None and base < first:
        rule = f"must not lie before the first level of {name} ({first})"
        faults.add((*path, "base_date"), rule, deck["base_date"])
    elif first is not None and today is not None and today < first:
        rule = f"must name an index known on the valuation date; the first level is of {first}"
        faults.add((*path, "index"), rule, name)


def _check_seasons(
    faults: Faults, path: TermPath, seasons: dict[str, Any], item: dict[str, Any]
) -> None:
    if item.get("spot") is not None:
        faults.add(path, "must be left out with spot: an asset that pays nothing has no seasons")
    waves = ("cosine", "sine")
    given = [key for key in ("months", *waves) if seasons.get(key) is not None]
    if given not in (["months"], list(waves)):
        has = f"and has {' and '.join(given)}" if given else "and has none"
        faults.add(path, f"must have either months, or cosine and sine, {has}")
    elif given == list(waves) and all(isinstance(seasons[key], list) for key in waves):
        lengths = [len(seasons[key]) for key in waves]
        if lengths[0] != lengths[1]:
            rule = f"must have as many as cosine ({lengths[0]})"
            faults.add((*path, "sine"), rule, seasons["sine"])


def _is_constant(item: dict[str, Any]) -> bool:
    model = item.get("model")
    return isinstance(model, dict) and model.get("kind") == "constant"


def _may_cross_zero(item: dict[str, Any]) -> bool:
    """Return whether the curve may pass through zero."""
    if item.get("quotes") is not None:
        return True
    deck = item.get("price_deck")
    if isinstance(deck, dict) and deck.get("basis") == "real":
        return False
    return bool(item.get("interpolation", "log-linear") != "log-linear")


def _is_not_positive(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_measure(value).value <= 0.0
    except UnitError:
        return False


def check_unit(faults: Faults, path: TermPath, value: object, unit: str | None) -> None:
    """Check that a price is per the unit of its commodity."""
    found = unit_of_value(value) if isinstance(value, str) else None
    if unit and found and "/" in found and found.partition("/")[2] != unit.partition("/")[2]:
        faults.add(path, f"must be a price per {unit.partition('/')[2]}", value)
