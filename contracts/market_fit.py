"""Whether a market has what a deal needs: prices in fitting units, rates, indices, yields."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from contracts.paths import TermPath
from contracts.specification.faults import Faults
from contracts.specification.names import (
    LEG_MODELS,
    OBSERVATION_MODELS,
    a_or_an,
    elements,
    mappings,
)
from contracts.specification.shape import terms_that_read
from contracts.specification.unit_checks import unit_of_observation, unit_of_value

if TYPE_CHECKING:
    from contracts.deal import Deal
    from contracts.market import Market

__all__ = ["check_fit"]


def check_fit(deal: "Deal", market: "Market") -> None:
    """Check that a deal can be valued on a market.

    Raises
    ------
    TermSheetError
        With everything that the market lacks or has in other units: currency, commodities,
        benchmark rates, indices, yields; and actuals of observations that the deal does not have.
    """
    terms = dict(deal.terms)
    faults = Faults(file=deal.file or deal.name, terms=terms, lines={})
    if deal.currency != market.currency:
        rule = f"must be that of the market {market.name} ({market.currency})"
        faults.add(("currency",), rule, deal.currency)
    units = {name: item.unit for name, item in market.commodities.items()}
    for name, item in mappings(terms, "observations").items():
        path: TermPath = ("observations", name)
        _refer(faults, (*path, "commodity"), item.get("commodity"), units, "commodity", market)
        _refer(faults, (*path, "benchmark"), item.get("benchmark"), market.rates, "rate", market)
        _check_conversion(faults, path, item, units, market)
        growth = item.get("escalation")
        if isinstance(growth, dict):
            where = (*path, "escalation", "index")
            _refer(faults, where, growth.get("index"), market.indices, "index", market)
        _check_units(faults, path, item, OBSERVATION_MODELS, units)
    for i, leg in elements(terms, "legs"):
        path = ("legs", i)
        share = _share(leg)
        _refer(faults, (*path, "share"), share, units, "commodity", market)
        home = units.get(str(share), "").partition("/")[0]
        if share in units and home != market.currency:
            rule = f"must name a share in {market.currency}"
            faults.add((*path, "share"), f"{rule}; {share} is in {units[share]}")
        elif share in units and not units[share].endswith("/share"):
            rule = f"must name a price per share of the market {market.name}"
            faults.add((*path, "share"), f"{rule}; {share} is in {units[share]}")
        _refer(
            faults, (*path, "market_yield"), leg.get("market_yield"), market.yields, "yield", market
        )
        _check_units(faults, path, leg, LEG_MODELS, units)
    known = mappings(terms, "observations")
    for actual in market.quantity_actuals:
        if actual.deal == deal.name and actual.observation not in known:
            advice = faults.advice(actual.observation, known)
            rule = f"must have the observation whose actuals the market {market.name} records"
            faults.add(("observations",), f"{rule}{advice}", actual.observation)
    faults.raise_if_any()


def _check_conversion(
    faults: Faults,
    path: TermPath,
    item: dict[str, Any],
    units: dict[str, str],
    market: "Market",
) -> None:
    """Check that a foreign price is converted, by the rate of its currency, and no other is."""
    commodity, convert = item.get("commodity"), item.get("convert")
    if commodity not in units:
        return
    currency = units[str(commodity)].partition("/")[0]
    if not isinstance(convert, dict):
        if currency != market.currency:
            rule = f"must be given for a price in {currency}"
            faults.add((*path, "convert"), f"{rule}; {commodity} is in {units[str(commodity)]}")
        return
    where = (*path, "convert", "exchange_rate")
    rates = market.exchange_rates
    named = str(convert.get("exchange_rate"))
    _refer(faults, where, named, rates, "exchange rate", market)
    if named in rates and rates[named].currency != currency:
        rule = f"must be a rate of {currency}, the currency of {commodity}"
        faults.add(where, f"{rule}; {named} is in {rates[named].unit}")


def _share(leg: dict[str, Any]) -> str | None:
    """Return the common share of an equity leg; elsewhere ``share`` is a number."""
    share = leg.get("share")
    return share if isinstance(share, str) else None


def _check_units(
    faults: Faults,
    path: TermPath,
    holder: dict[str, Any],
    models: dict[str, type[BaseModel]],
    units: dict[str, str],
) -> None:
    """Check the unit of a reference price's commodity against the quantity it is paid on."""
    observations = mappings(faults.terms, "observations")
    model = models.get(str(holder.get("kind")))
    if model is None:
        return
    for where, reads, value in terms_that_read(model, holder, path):
        commodity = observations.get(str(value), {}).get("commodity")
        quantity = holder.get("quantity")
        if reads.unit != "price" or commodity not in units or quantity is None:
            continue
        planned = observations.get(str(quantity))
        unit = unit_of_value(quantity) if planned is None else unit_of_observation(planned, None)
        per = units[commodity].partition("/")[2]
        if unit and unit != per:
            rule = f"must be a price per {unit}, the unit of the quantity"
            faults.add(where, f"{rule}; {commodity} is in {units[commodity]}")


def _refer(
    faults: Faults,
    path: TermPath,
    value: object,
    known: Iterable[str],
    noun: str,
    market: "Market",
) -> None:
    names = list(known)
    if isinstance(value, str) and value not in names:
        faults.add(
            path,
            f"must name {a_or_an(noun)} of the market {market.name}{faults.advice(value, names)}",
            value,
        )
