"""Units must agree across a deal: strike with quantity, money with the deal's currency."""

from typing import Any

from contracts.paths import TermPath
from contracts.specification.faults import Faults
from contracts.specification.names import (
    LEG_MODELS,
    OBSERVATION_MODELS,
    elements,
    mappings,
    names_an_observation,
)
from contracts.specification.shape import terms_that_read
from contracts.specification.sheet import Reads
from contracts.units import CURRENCIES, UnitError, kind_of, parse_measure

PURE = ""
"""The unit of a pure number."""


def unit_of_value(value: object) -> str | None:
    """Return the canonical unit of a number with a unit; None if it cannot be read."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return PURE
    if not isinstance(value, str):
        return None
    try:
        return parse_measure(value).unit
    except UnitError:
        return None


def unit_of_observation(observation: dict[str, Any], currency: object) -> str | None:
    """Return the unit of an observation; None where the market decides, or it cannot be read."""
    kind = observation.get("kind")
    steps = observation.get("steps")
    if kind in ("volume", "schedule") and isinstance(steps, dict):
        units = [unit_of_value(value) for value in steps.values()]
        unit = units[0] if units else None
        return None if kind == "volume" and unit == PURE else unit
    if kind == "earnings":
        return currency if isinstance(currency, str) and currency in CURRENCIES else None
    return PURE if kind in ("event", "interest-rate") else None


def check_units(faults: Faults) -> None:
    """Check units and currencies of every observation and every leg."""
    terms = faults.terms
    currency = terms.get("currency")
    observations = mappings(terms, "observations")
    for name, observation in observations.items():
        path: TermPath = ("observations", name)
        _check_steps(faults, path, observation)
        model = OBSERVATION_MODELS.get(str(observation.get("kind")))
        if model is not None:
            reading = [(*found,) for found in terms_that_read(model, observation, path)]
            _check_agreement(faults, path, observation, reading, observations)
        check_currency(faults, path, observation, currency)
    for i, leg in elements(terms, "legs"):
        path = ("legs", i)
        model = LEG_MODELS.get(str(leg.get("kind")))
        if model is not None:
            reading = [(*found,) for found in terms_that_read(model, leg, path)]
            _check_agreement(faults, path, leg, reading, observations)
            if "conversion_price" in model.model_fields or leg.get("kind") == "warrant":
                _check_per_share(faults, path, leg)
        check_currency(faults, path, leg, currency)
    for i, item in elements(terms, "appropriations"):
        check_currency(faults, ("appropriations", i), item, currency)


def _check_steps(faults: Faults, path: TermPath, observation: dict[str, Any]) -> None:
    steps = observation.get("steps")
    if not isinstance(steps, dict):
        return
    units = {date: unit_of_value(value) for date, value in steps.items()}
    if observation.get("kind") == "volume":
        units = {date: unit or None for date, unit in units.items()}
    first = next((unit for unit in units.values() if unit is not None), None)
    for date, unit in units.items():
        if unit is not None and unit != first:
            rule = f"must be in {first or 'pure numbers'} like the first step"
            faults.add((*path, "steps", date), rule, steps[date])


def _check_agreement(
    faults: Faults,
    path: TermPath,
    holder: dict[str, Any],
    reading: list[tuple[TermPath, Reads, object]],
    observations: dict[str, dict[str, Any]],
) -> None:
    """Check what a leg or an observation reads: the kind of unit, and price against quantity."""
    currency = faults.terms.get("currency")
    found: list[tuple[TermPath, object, str]] = []
    quantity: str | None = None
    for where, reads, value in reading:
        unit = _unit_read(observations, value, currency)
        if unit is None or reads.unit is None or not _is_of_kind(observations, value, reads):
            continue
        if names_an_observation(value) and (unit == PURE or kind_of(unit) != reads.unit):
            rule = f"must name an observation in units of {reads.unit}"
            faults.add(where, f"{rule}; {value} is in {unit or 'pure numbers'}")
        elif reads.unit == "quantity" and unit != PURE:
            quantity = unit
        elif reads.unit == "price" and unit != PURE:
            found.append((where, value, unit))
    premium = unit_of_value(holder.get("premium"))
    if premium:
        found.append(((*path, "premium"), holder["premium"], premium))
    for where, value, unit in found:
        if quantity is not None and "/" in unit and unit.partition("/")[2] != quantity:
            rule = f"must be a price per {quantity}, the unit of the quantity"
            faults.add(where, f"{rule}; {value} is in {unit}" if value != unit else rule)


def _is_of_kind(observations: dict[str, dict[str, Any]], value: object, reads: Reads) -> bool:
    observation = observations.get(str(value), {})
    return not names_an_observation(value) or observation.get("kind") in reads.kinds


def _unit_read(
    observations: dict[str, dict[str, Any]], value: object, currency: object
) -> str | None:
    if not names_an_observation(value):
        return unit_of_value(value) if isinstance(value, str) else None
    observation = observations.get(str(value))
    return None if observation is None else unit_of_observation(observation, currency)


def _check_per_share(faults: Faults, path: TermPath, leg: dict[str, Any]) -> None:
    for name in ("strike", "conversion_price"):
        unit = unit_of_value(leg.get(name))
        if unit and "/" in unit and not unit.endswith("/share"):
            faults.add((*path, name), "must be a price per share", leg[name])


def check_currency(
    faults: Faults, path: TermPath, value: object, currency: object, noun: str = "deal"
) -> None:
    """Check every number with a unit below an address against the currency of the file."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key not in ("note", "name"):
                check_currency(faults, (*path, key), below, currency, noun)
    elif isinstance(value, list):
        for position, below in enumerate(value):
            check_currency(faults, (*path, position), below, currency, noun)
    elif isinstance(value, str):
        unit = unit_of_value(value)
        is_money = bool(unit) and kind_of(str(unit)) != "quantity"
        if is_money and str(unit).partition("/")[0] != currency and currency in CURRENCIES:
            faults.add(path, f"must be in {currency}, the currency of the {noun}", value)
