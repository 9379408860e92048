"""From the terms of a market file to its curves: discount factors, forward prices, seasons."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from contracts.specification.curve_terms import (
    DiscountTerms,
    PriceDeckTerms,
    QuotesTerms,
    SeasonalityTerms,
    YieldTerms,
)

if TYPE_CHECKING:
    from contracts.price_index import Index
    from contracts.specification.exchange_rate_terms import ExchangeRateTerms
    from contracts.specification.market_terms import CommodityTerms
    from montecarlo import DiscountCurve, ForwardCurve, Seasonality

FARTHEST_YEARS = 300.0
SEASONS_YEARS = 100


def discount_curve(terms: DiscountTerms | YieldTerms, today: datetime.date) -> DiscountCurve:
    """Return the curve of zero rates or par yields."""
    from montecarlo import DiscountCurve

    if terms.par_yields is not None:
        return DiscountCurve.from_par_yields(today, terms.par_yields)
    rates = terms.zero_rates or {}
    return DiscountCurve.from_dates(today, list(rates), list(rates.values()), terms.compounding)


def yield_curve(terms: YieldTerms, today: datetime.date, discount: DiscountCurve) -> DiscountCurve:
    """Return another yield curve, of its own or over the discount curve."""
    if terms.spread_over_discount is not None:
        return discount.shifted(terms.spread_over_discount)
    return discount_curve(terms, today)


def forward_curve(
    terms: CommodityTerms,
    today: datetime.date,
    discount: DiscountCurve,
    indices: Mapping[str, Index],
) -> ForwardCurve:
    """Return the forward curve of a commodity, however it is stated, with its seasons."""
    from montecarlo import ForwardCurve

    seasons = None if terms.seasonality is None else seasons_of(terms.seasonality)
    if terms.quotes is not None:
        may_be_negative = terms.model.kind == "constant"
        return _of_quotes(terms.quotes, today, seasons, may_be_negative=may_be_negative)
    if terms.forward_curve is not None:
        values = [price.value for price in terms.forward_curve.values()]
        dates = list(terms.forward_curve)
        curve = ForwardCurve.from_dates(today, dates, values, terms.interpolation)
    elif terms.price_deck is not None:
        curve = _of_deck(terms.price_deck, terms.interpolation, today, indices)
    else:
        return _grown(terms.spot.value if terms.spot else 0.0, discount)
    if seasons is None:
        return curve
    from montecarlo import seasonal_forward_curve

    return seasonal_forward_curve(curve, seasons, valuation_date=today, until=_last_season(today))


def exchange_curve(
    terms: ExchangeRateTerms,
    today: datetime.date,
    discount: DiscountCurve,
    yields: Mapping[str, DiscountCurve],
) -> ForwardCurve:
    """Return the curve of an exchange rate: as stated, or spot times foreign over home discount."""
    from montecarlo import ForwardCurve

    if terms.forward_curve is not None:
        dates, values = list(terms.forward_curve), list(terms.forward_curve.values())
        return ForwardCurve.from_dates(today, dates, values)
    foreign = yields[terms.foreign_yield or ""]
    times = np.unique(np.concatenate([[0.0], discount.times, foreign.times, [FARTHEST_YEARS]]))
    parity = foreign.discount_factor(times) / discount.discount_factor(times)
    return ForwardCurve(times=times, values=(terms.spot or 0.0) * parity)


def _of_quotes(
    terms: QuotesTerms,
    today: datetime.date,
    seasons: Seasonality | None,
    *,
    may_be_negative: bool,
) -> ForwardCurve:
    from montecarlo import bootstrap_forward_curve

    return bootstrap_forward_curve(
        today,
        {period: price.value for period, price in terms.periods.items()},
        shape=terms.shape,
        seasonality=seasons,
        until=None if seasons is None else _last_season(today),
        rounding=0.0 if terms.rounding is None else terms.rounding.value,
        may_be_negative=may_be_negative,
    )


def _of_deck(
    terms: PriceDeckTerms,
    interpolation: str,
    today: datetime.date,
    indices: Mapping[str, Index],
) -> ForwardCurve:
    from montecarlo import PriceDeck, SteadyInflation

    deck = PriceDeck(
        dates=list(terms.prices),
        prices=[price.value for price in terms.prices.values()],
        basis=terms.basis,
        base_date=terms.base_date,
        interpolation=interpolation,  # type: ignore[arg-type]
    )
    if terms.base_date is None:
        return deck.forward_curve(today)
    if terms.index is not None:
        return deck.forward_curve(today, indices[terms.index])
    growth = SteadyInflation(base_date=terms.base_date, growth=terms.growth or 0.0)
    return deck.forward_curve(today, growth)


def seasons_of(terms: SeasonalityTerms) -> Seasonality:
    """Return the factor of each day of the year."""
    from montecarlo import HarmonicSeasonality, MonthlySeasonality

    if terms.months is not None:
        return MonthlySeasonality(months=terms.months, normalised_by=terms.normalised_by)
    return HarmonicSeasonality(
        cosine=terms.cosine or [], sine=terms.sine or [], normalised_by=terms.normalised_by
    )


def _last_season(today: datetime.date) -> np.datetime64:
    return np.datetime64(today, "D") + SEASONS_YEARS * 365


def _grown(spot: float, discount: DiscountCurve) -> ForwardCurve:
    """Return the forward curve of an asset without a dividend, spot over discount factor.

    Both are log-linear between the same times, so the curve is exact between its pillars and,
    with the last one far out, beyond those of the discount curve.
    """
    from montecarlo import ForwardCurve

    times = np.unique(np.concatenate([[0.0], discount.times, [FARTHEST_YEARS]]))
    return ForwardCurve(times=times, values=spot / discount.discount_factor(times))
