"""A market on one day: curves, models, indices, and what has already been fixed or delivered.

Terms do not change with the day; prices do. A market is a file of its own, and every deal valued
on it sees the same prices.
"""

from __future__ import annotations

import datetime
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from contracts.conventions import DAYS_IN_YEAR, DateArray, FloatArray
from contracts.exchange_rate import ExchangeRate
from contracts.feedback import MarketFeedback, with_feedback
from contracts.market_correlation import matrix_of_pairs
from contracts.paths import nearest
from contracts.price_index import Index
from contracts.price_models import price_model
from contracts.shocks import MarketShock, shocked, with_shocks

if TYPE_CHECKING:
    import pandas as pd

    from contracts.deal import Source
    from montecarlo import DiscountCurve, ForwardCurve
    from montecarlo.models.joint import Joint, Member

T = TypeVar("T")

STALE_AFTER_DAYS = 10

INDEX_UNIT = "index points"
"""Unit of an index that is simulated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommodityMarket:
    """One price: its curve today and the model around it.

    Parameters
    ----------
    name
        Name in the market.
    unit
        Canonical unit of the price, such as ``USD/kg``.
    forward_curve
        Price agreed today for each time of delivery.
    model
        ``kind`` and parameters, rates and volatilities a year and decimal.
    is_traded
        Whether the curve is quoted; otherwise it is an assumption.
    note
        Where curve and model come from.
    shocks
        Disruptions that multiply it for a spell.
    feedback
        How it answers volumes sold under a floor.
    """

    name: str
    unit: str
    forward_curve: ForwardCurve
    model: Mapping[str, Any]
    is_traded: bool
    note: str = ""
    shocks: tuple[MarketShock, ...] = ()
    feedback: MarketFeedback | None = None

    def price_model(self) -> Member:
        """Return the simulation model around the curve, with its shocks and its feedback."""
        model = price_model(self.name, self.model, self.forward_curve)
        return with_feedback(shocked(model, self.shocks), self.feedback)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixing:
    """A published price that stands for every day from ``start`` to ``end``, both included."""

    start: datetime.date
    end: datetime.date
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """A quantity delivered from ``start`` to ``end``, both included, in the canonical unit."""

    deal: str
    observation: str
    start: datetime.date
    end: datetime.date
    value: float
    unit: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Market:
    """Prices, curves and models on the valuation date.

    Parameters
    ----------
    name, title, currency
        Short name, headline, and the currency of every price.
    valuation_date
        The day on which things are valued; what came before is fixed.
    commodities
        Name -> price, in the order in which they are simulated.
    correlation
        (name, name) -> correlation of returns, in the order of the file; others have 0.
    discount
        Curve that discounts all payments (Treasury).
    yields
        Other yield curves by name.
    rates
        Benchmark rate -> (date, quote), dates increasing.
    indices
        Price indices by name.
    exchange_rates
        Exchange rates by name, in the market's currency for one unit of a foreign one.
    price_fixings
        Commodity -> published prices, in order and without overlap.
    quantity_actuals
        Quantities delivered.
    terms
        The market file as plain data, from which the market can be built again.
    """

    name: str
    title: str
    currency: str
    valuation_date: datetime.date
    commodities: Mapping[str, CommodityMarket]
    discount: DiscountCurve
    correlation: Mapping[tuple[str, str], float] = field(default_factory=dict)
    yields: Mapping[str, DiscountCurve] = field(default_factory=dict)
    rates: Mapping[str, tuple[tuple[datetime.date, float], ...]] = field(default_factory=dict)
    indices: Mapping[str, Index] = field(default_factory=dict)
    exchange_rates: Mapping[str, ExchangeRate] = field(default_factory=dict)
    price_fixings: Mapping[str, tuple[Fixing, ...]] = field(default_factory=dict)
    quantity_actuals: tuple[Actual, ...] = ()
    discount_name: str = ""
    simplifications: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    terms: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    def __repr__(self) -> str:
        return f"Market({self.name!r}, {self.valuation_date}, {', '.join(self.commodities)})"

    def commodity(self, name: str) -> CommodityMarket:
        """Return a price by its name; an unknown one is refused."""
        return _known(self.commodities, name, "commodity", self.name)

    @property
    def simulated(self) -> dict[str, CommodityMarket]:
        """Everything with a model: commodities, exchange rates, indices that have one."""
        rates = {
            name: CommodityMarket(
                name=name,
                unit=rate.unit,
                forward_curve=rate.forward_curve,
                model=rate.model,
                is_traded=False,
                note=rate.note,
            )
            for name, rate in self.exchange_rates.items()
        }
        indices = {
            name: CommodityMarket(
                name=name,
                unit=INDEX_UNIT,
                forward_curve=index.forward_curve(self.valuation_date),
                model=index.model,
                is_traded=False,
                note=index.note,
            )
            for name, index in self.indices.items()
            if index.model is not None
        }
        for name in (*rates, *indices):
            if name in self.commodities or (name in rates and name in indices):
                message = (
                    f"an index or a rate must not have the name of another price, got {name!r}"
                )
                raise ValueError(message)
        return {**self.commodities, **rates, **indices}

    def price_model(self, names: Sequence[str]) -> Joint:
        """Return the joint model of some prices and indices, in the order of the market file."""
        from montecarlo.models import Joint

        known = self.simulated
        for name in names:
            _known(known, name, "commodity", self.name)
        chosen = [name for name in known if name in set(names)]
        return Joint(
            models=[known[name].price_model() for name in chosen],
            correlation=self.correlation_matrix(chosen),
        )

    def with_shock(self, *shocks: str | Mapping[str, Any]) -> Market:
        """Return the market with shocks on some prices; the original stays as it is.

        Parameters
        ----------
        shocks
            Each as a line, ``"ndpr-oxide x2.5 from 2027-01-01 for 9 months"``, or as the terms
            that a market file has under ``shocks``.

        Raises
        ------
        ValueError
            When a line does not read so; a ``TermSheetError`` when its terms are wrong.

        Examples
        --------
        >>> from contracts.catalogue import load_market
        >>> market = load_market("critical-minerals-2025-07-10")
        >>> hit = market.with_shock("ndpr-oxide x2 from 2026-07-10 for 9 months")
        >>> hit.commodity("ndpr-oxide").shocks[0].shock.multiplier
        2.0
        """
        from contracts.amend import amend_market

        return amend_market(self, {"shocks": with_shocks(self.terms, shocks)})

    def correlation_matrix(self, names: Sequence[str]) -> FloatArray:
        """Return the correlations of some prices, ``(n, n)``."""
        return matrix_of_pairs(names, self.correlation)

    def model_terms(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return, for each price, its unit, its model and where it comes from, to be printed."""
        return {
            name: {
                "unit": item.unit,
                "traded": item.is_traded,
                **item.model,
                **({"shocks": [one.text for one in item.shocks]} if item.shocks else {}),
                **({"feedback": item.feedback.text} if item.feedback else {}),
                **({"note": item.note} if item.note else {}),
            }
            for name, item in self.simulated.items()
            if name in names
        }

    def risk_factors(self) -> pd.DataFrame:
        """Return each risk factor with its premium; see :mod:`contracts.measures`."""
        from contracts.measures import risk_factor_rows

        return risk_factor_rows(self).frame()

    def measures(self, years: Sequence[float] = (1.0, 5.0, 10.0)) -> pd.DataFrame:
        """Return expected prices and drifts under both measures, at some years from now.

        Examples
        --------
        >>> from contracts.catalogue import load_market
        >>> table = load_market("critical-minerals-2025-07-10").measures()
        >>> round(float(table.loc[("ndpr-oxide", 5.0), ("physical", "")]), 2)
        57.82
        """
        from contracts.measures import measure_rows

        return measure_rows(self, years).frame()

    def fixing(self, commodity: str, dates: DateArray) -> FloatArray:
        """Return the published prices of a commodity on past dates, ``(n,)``.

        Raises
        ------
        ValueError
            Naming the commodity, the first date without a fixing, and how many there are.
        """
        days = np.atleast_1d(np.asarray(dates, dtype="datetime64[D]"))
        if commodity in self.exchange_rates:
            return self.exchange_rates[commodity].fixing(days)
        fixings = self.price_fixings.get(commodity, ())
        starts = np.array([fixing.start for fixing in fixings], dtype="datetime64[D]")
        ends = np.array([fixing.end for fixing in fixings], dtype="datetime64[D]")
        values = np.array([fixing.value for fixing in fixings], dtype=np.float64)
        position = np.searchsorted(starts, days, side="right") - 1
        found = position >= 0
        if len(fixings):
            found &= days <= ends[np.maximum(position, 0)]
        if not found.all():
            missing = days[~found]
            message = (
                f"fixings of {commodity} must be in the market {self.name} for every past pricing "
                f"date; the first missing is {missing[0]}, {len(missing)} of {len(days)} are"
            )
            raise ValueError(message)
        result: FloatArray = values[position]
        return result

    def actual(
        self, deal: str, observation: str, start: datetime.date, end: datetime.date
    ) -> float | None:
        """Return what was delivered from ``start`` to before ``end``; None if nothing is recorded.

        Records of shorter spans that fill the period are added up. A period that has not ended by
        the valuation date has no actual yet.
        """
        if end > self.valuation_date + datetime.timedelta(days=1):
            return None
        one_day = datetime.timedelta(days=1)
        inside = [
            record
            for record in self.quantity_actuals
            if (record.deal, record.observation) == (deal, observation)
            and record.start < end
            and record.end >= start
        ]
        if not inside:
            return None
        spans = [(record.start, record.end + one_day) for record in inside]
        joins = all(a[1] == b[0] for a, b in pairwise(spans))
        if not joins or spans[0][0] != start or spans[-1][1] != end:
            message = (
                f"actuals of {deal}, {observation} must fill the period from {start} to "
                f"{end - one_day}, got {', '.join(f'{r.start} to {r.end}' for r in inside)}"
            )
            raise ValueError(message)
        return math.fsum(record.value for record in inside)

    def index(self, name: str, date: datetime.date) -> float:
        """Return the level of an index on a date, published or projected; its mean where random."""
        index = _known(self.indices, name, "index", self.name)
        try:
            return index.at(date)
        except ValueError as error:
            message = f"indices.{name}: {error}"
            raise ValueError(message) from None

    def rate(self, name: str, date: datetime.date) -> float:
        """Return a benchmark rate: its fixing on a past date, else the latest quote.

        It is the last one on or before that date, or the valuation date, at most 10 days old.
        """
        quotes = _known(self.rates, name, "rate", self.name)
        on = min(date, self.valuation_date)
        position = bisect_right([quoted for quoted, _ in quotes], on) - 1
        if position < 0 or (on - quotes[position][0]).days > STALE_AFTER_DAYS:
            known = ", ".join(str(quoted) for quoted, _ in quotes)
            message = f"rates.{name} must have a quote on or just before {on}, got {known}"
            raise ValueError(message)
        return quotes[position][1]

    def discount_factors(self, dates: DateArray, curve: str | None = None) -> FloatArray:
        """Return discount factors of payment dates, ``(n,)``; 1 up to the valuation date.

        ``curve`` names one of :attr:`yields`; the discount curve by default.
        """
        factors: FloatArray = self._curve(curve).discount_factor(self.years(dates))
        return factors

    def zero_rate(self, date: datetime.date, curve: str | None = None) -> float:
        """Return the continuously compounded zero rate to a date."""
        return float(self._curve(curve).zero_rate(self.years(np.datetime64(date, "D"))))

    def zero_rate_in(self, years: float) -> float:
        """Return the continuously compounded zero rate of the discount curve, in years."""
        return float(self.discount.zero_rate(np.float64(years)))

    def _curve(self, name: str | None) -> DiscountCurve:
        return self.discount if name is None else _known(self.yields, name, "yield", self.name)

    def years(self, dates: DateArray | np.datetime64) -> FloatArray:
        """Return years from the valuation date, ACT/365F; 0 before it."""
        days = np.asarray(dates, dtype="datetime64[D]") - np.datetime64(self.valuation_date, "D")
        return np.maximum(days.astype(np.float64), 0.0) / DAYS_IN_YEAR


def _known(table: Mapping[str, T], name: str, noun: str, market: str) -> T:
    if name not in table:
        message = f"{noun} must be in the market {market}; {nearest(name, table)}, got {name!r}"
        raise ValueError(message)
    return table[name]
