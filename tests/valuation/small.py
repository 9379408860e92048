"""Small markets and deals built in the tests, so that every number in them is in sight."""

import datetime

import numpy as np

from contracts.deal import Clause, Deal, Party
from contracts.legs import ConvertiblePreferred, FixedAmount, Loan, Warrant
from contracts.market import CommodityMarket, Fixing, Market
from contracts.modifiers import PaymentTerms
from contracts.observations import InterestRate, PricingDates, ReferencePrice, Schedule
from contracts.periods import Periods
from contracts.price_index import Index
from montecarlo import DiscountCurve, ForwardCurve

TODAY = datetime.date(2025, 7, 10)
INSTRUMENTS = (ConvertiblePreferred, FixedAmount, Loan, Warrant)


def commodity(name, *, price=100.0, volatility=0.3, drift=0.0, curve=None, **model):
    """A price with a geometric Brownian motion around a curve that grows at ``drift``."""
    if curve is None:
        times = np.array([0.0, 30.0])
        curve = ForwardCurve(times=times, values=price * np.exp(drift * times))
    return CommodityMarket(
        name=name,
        unit="USD/unit",
        forward_curve=curve,
        model={"kind": "gbm", "volatility": volatility, **model},
        is_traded=True,
    )


def market(*commodities, today=TODAY, rate=0.04, fixings=None, **more):
    """A market in dollars with one flat zero rate."""
    return Market(
        name="small",
        title="A small market",
        currency="USD",
        valuation_date=today,
        commodities={item.name: item for item in commodities},
        discount=DiscountCurve.flat(rate),
        price_fixings={
            name: tuple(
                Fixing(
                    start=datetime.date.fromisoformat(a),
                    end=datetime.date.fromisoformat(b),
                    value=v,
                )
                for a, b, v in published
            )
            for name, published in (fixings or {}).items()
        },
        **more,
    )


def cpi(**levels):
    """An index with a level on the first of January of each year, flat after the last."""
    dated = tuple((datetime.date(int(year[1:]), 1, 1), level) for year, level in levels.items())
    return Index(levels=dated, growth=0.0)


def quarters(start, end):
    return Periods.regular(
        start=datetime.date.fromisoformat(start),
        end=datetime.date.fromisoformat(end),
        frequency="quarter",
    )


def steps(*values):
    return Schedule(steps=tuple((datetime.date.fromisoformat(d), float(v)) for d, v in values))


def by_period(periods, values):
    """A schedule with its own value in every period."""
    dates = [start.item() for start in periods.start]
    return Schedule(steps=tuple(zip(dates, (float(v) for v in values), strict=True)))


def average_price(commodity="metal", every="month", day=15, lag_months=0):
    return ReferencePrice(
        commodity=commodity,
        pricing_dates=PricingDates(every=every, day=day),
        lag_months=lag_months,
    )


def clause(name, leg, *, payer="state", receiver="mine", lag_days=0, advance=None, modifiers=()):
    schedule = None if isinstance(leg, INSTRUMENTS) else "periods"
    return Clause(
        name=name,
        kind=type(leg).__name__.lower(),
        leg=leg,
        payer=payer,
        receiver=receiver,
        schedule=schedule,
        payment=PaymentTerms(lag_days=lag_days, advance=advance),
        modifiers=tuple(modifiers),
    )


def deal(
    *clauses, periods=None, name="small-deal", perspective="state", year_end=9, **observations
):
    """A deal between a state and a mine; every observation is on the one schedule."""
    appropriations = observations.pop("appropriations", ())
    return Deal(
        name=name,
        title=name,
        currency="USD",
        perspective=perspective,
        parties={
            "state": Party(
                name="State",
                role="provider",
                is_public=True,
                agency="Treasury",
                programme="Minerals",
                fiscal_year_end=year_end,
            ),
            "mine": Party(name="Mine", role="producer"),
        },
        schedules={} if periods is None else {"periods": periods},
        observations={
            key: (None if isinstance(item, InterestRate) else "periods", item)
            for key, item in observations.items()
        },
        clauses=tuple(clauses),
        market=None,
        appropriations=tuple(appropriations),
        terms={"name": name},
    )
