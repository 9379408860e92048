"""Market files: from YAML to a :class:`~contracts.market.Market`, or to all that is wrong in it."""

import datetime
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.exchange_rate import ExchangeRate
from contracts.feedback import market_feedback
from contracts.market import Actual, CommodityMarket, Fixing, Market
from contracts.market_correlation import nearest_correlations
from contracts.market_curves import discount_curve, exchange_curve, forward_curve, yield_curve
from contracts.paths import TermPath
from contracts.plain import plain
from contracts.price_index import Index
from contracts.price_models import parameters_of
from contracts.shocks import MarketShock, market_shock
from contracts.specification.exchange_rate_terms import ExchangeRateTerms
from contracts.specification.faults import Faults
from contracts.specification.market_checks import check_market
from contracts.specification.market_terms import (
    CommodityTerms,
    FixingTerms,
    IndexTerms,
    MarketSheet,
)
from contracts.yaml_document import read_document

if TYPE_CHECKING:
    from montecarlo import DiscountCurve, ForwardCurve

__all__ = ["build_market", "read_market"]


def read_market(path: str | Path) -> Market:
    """Read a market file.

    Parameters
    ----------
    path
        A YAML 1.2 or JSON file. For a built-in one see :func:`contracts.catalogue.market_path`.

    Raises
    ------
    TermSheetError
        With every fault of the file, each with its line and its path.
    """
    document = read_document(path)
    return build_market(document.terms, file=document.file, lines=document.lines)


def build_market(
    data: Mapping[str, Any], *, file: str = "market", lines: Mapping[TermPath, int] | None = None
) -> Market:
    """Build a market from the plain data of a market file.

    Parameters
    ----------
    data
        What the YAML file would hold; dates may be ``datetime.date`` or text.
    file, lines
        What messages call the data, and the line of each address in it.

    Raises
    ------
    TermSheetError
        With every fault of the data.

    Examples
    --------
    >>> market = build_market(
    ...     {
    ...         "market": "one-price",
    ...         "title": "One price",
    ...         "valuation_date": "2025-07-10",
    ...         "currency": "USD",
    ...         "discount": {"name": "flat", "zero_rates": {"2026-07-10": 0.04}},
    ...         "commodities": {
    ...             "ndpr-oxide": {
    ...                 "unit": "USD/kg",
    ...                 "traded": False,
    ...                 "forward_curve": {"2025-07-10": "55,000 USD/t", "2026-07-10": "60 USD/kg"},
    ...                 "model": {"kind": "gbm", "volatility": 0.33},
    ...             },
    ...         },
    ...     }
    ... )
    >>> market.commodity("ndpr-oxide").forward_curve([0.0, 1.0])
    array([55., 60.])
    """
    terms = plain(data, file)
    faults = Faults(file=file, terms=terms, lines=lines or {})
    if "commodities" not in terms:
        faults.refuse_if_given("a term sheet", "a market file", "legs")
    sheet = faults.validated(MarketSheet)
    check_market(faults)
    faults.raise_if_any()
    if sheet is None:
        message = f"{file} does not fit the format"
        raise ValueError(message)
    market = _market(sheet, faults)
    _check_models(market, faults)
    faults.raise_if_any()
    _check_positive_definite(market, faults)
    faults.raise_if_any()
    return market


def _market(sheet: MarketSheet, faults: Faults) -> Market:
    from contracts.deal import Source

    today = sheet.valuation_date
    indices = {
        name: Index(
            levels=tuple(item.levels.items()),
            growth=item.growth,
            model=None if item.model is None else parameters_of(item.model.model_dump(), today),
            note=_notes(item),
        )
        for name, item in sheet.indices.items()
    }
    for name, index in indices.items():
        if index.model is not None:
            faults.attempt(("indices", name, "levels"), partial(index.at, today))
    faults.raise_if_any()
    discount, yields, curves = _curves(sheet, indices, faults)
    shocks = _shocks(sheet, faults)
    correlation = {(item.between[0], item.between[1]): item.value for item in sheet.correlations}
    moved: tuple[str, ...] = ()
    if sheet.nearest_correlation:
        random = [name for name, index in indices.items() if index.model is not None]
        names = [*sheet.commodities, *sheet.exchange_rates, *random]
        correlation, moved = nearest_correlations(names, correlation)
    fixings: dict[str, list[Fixing]] = {}
    for item in sheet.fixings:
        fixings.setdefault(item.commodity, []).append(_fixing(item))
    return Market(
        name=sheet.market,
        title=sheet.title,
        currency=sheet.currency,
        valuation_date=today,
        commodities={
            name: _commodity(name, item, today, curves[name], shocks)
            for name, item in sheet.commodities.items()
        },
        discount=discount,
        discount_name=sheet.discount.name,
        correlation=correlation,
        yields=yields,
        rates={name: tuple(quotes.items()) for name, quotes in sheet.rates.items()},
        indices=indices,
        exchange_rates={
            name: ExchangeRate(
                name=name,
                currency=item.currency,
                unit=f"{sheet.currency}/{item.currency}",
                forward_curve=exchange_curve(item, today, discount, yields),
                model=parameters_of(item.model.model_dump(), today),
                fixings=tuple(item.fixings.items()),
                note=_notes(item),
            )
            for name, item in sheet.exchange_rates.items()
        },
        price_fixings={
            name: tuple(sorted(found, key=lambda fixing: fixing.start))
            for name, found in fixings.items()
        },
        quantity_actuals=tuple(
            sorted(
                (
                    Actual(
                        deal=item.deal,
                        observation=item.observation,
                        start=item.start,
                        end=item.end,
                        value=item.value.value,
                        unit=item.value.unit,
                    )
                    for item in sheet.actuals
                ),
                key=lambda actual: actual.start,
            )
        ),
        simplifications=(*sheet.simplifications, *moved),
        sources=tuple(
            Source(path=item.path, mark=item.mark, note=item.note, url=item.url)
            for item in sheet.sources
        ),
        terms=faults.terms,
        file=faults.file,
    )


def _curves(
    sheet: MarketSheet, indices: Mapping[str, Index], faults: Faults
) -> "tuple[DiscountCurve, dict[str, DiscountCurve], dict[str, ForwardCurve]]":
    """Return the discount curve, the other yields and the forward curves, or raise every fault."""
    today = sheet.valuation_date
    discount = faults.attempt(("discount",), lambda: discount_curve(sheet.discount, today))
    faults.raise_if_any()
    if discount is None:
        message = "discount must give a curve"
        raise ValueError(message)
    yields = {
        name: faults.attempt(("yields", name), partial(yield_curve, item, today, discount))
        for name, item in sheet.yields.items()
    }
    curves = {
        name: faults.attempt(
            ("commodities", name), partial(forward_curve, item, today, discount, indices)
        )
        for name, item in sheet.commodities.items()
    }
    faults.raise_if_any()
    return (
        discount,
        {name: curve for name, curve in yields.items() if curve is not None},
        {name: curve for name, curve in curves.items() if curve is not None},
    )


def _commodity(
    name: str,
    item: CommodityTerms,
    today: datetime.date,
    curve: "ForwardCurve",
    shocks: Sequence[MarketShock],
) -> CommodityMarket:
    return CommodityMarket(
        name=name,
        unit=item.unit,
        forward_curve=curve,
        model=parameters_of(item.model.model_dump(), today),
        is_traded=item.traded,
        note=_notes(item),
        shocks=tuple(one for one in shocks if name in one.commodities),
        feedback=market_feedback(item.feedback, item.unit, today) if item.feedback else None,
    )


def _notes(item: CommodityTerms | IndexTerms | ExchangeRateTerms) -> str:
    return " ".join(note for note in (item.note, getattr(item.model, "note", None)) if note)


def _shocks(sheet: MarketSheet, faults: Faults) -> list[MarketShock]:
    today = sheet.valuation_date
    made = [
        faults.attempt(("shocks", i), partial(market_shock, item, today))
        for i, item in enumerate(sheet.shocks)
    ]
    faults.raise_if_any()
    return [one for one in made if one is not None]


def _fixing(item: FixingTerms) -> Fixing:
    start, end = item.date or item.start, item.date or item.end
    price = item.value or item.average
    if start is None or end is None or price is None:
        message = "a fixing must have a date and a value"
        raise ValueError(message)
    return Fixing(start=start, end=end, value=price.value)


def _check_models(market: Market, faults: Faults) -> None:
    """Build each model alone, so that what it refuses is found at its own terms."""
    for name, item in market.simulated.items():
        try:
            item.price_model()
        except ValueError as error:
            section = "commodities" if name in market.commodities else "indices"
            section = "exchange_rates" if name in market.exchange_rates else section
            path: TermPath = (section, name, "model")
            message = str(error)
            found = re.fullmatch(r"([a-z_]+)((?:\[\d+\])*)(.*)", message, re.DOTALL)
            if found and found[1] in item.model:
                path = (*path, found[1])
                if found[3].startswith(" "):
                    path = (*path, *map(int, re.findall(r"\d+", found[2])))
                    message = found[3].strip()
            faults.add(path, message)


def _check_positive_definite(market: Market, faults: Faults) -> None:
    try:
        market.price_model(list(market.simulated))
    except ValueError as error:
        message = str(error)
        path: TermPath = ("correlations",)
        for i, item in enumerate(faults.terms.get("correlations", [])):
            if all(str(name) in message for name in item["between"]):
                path = ("correlations", i, "value")
        faults.add(path, message.removeprefix("correlation "))
