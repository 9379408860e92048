"""The workloads as term sheets and markets, for the composed legs and the whole valuations."""

from __future__ import annotations

import functools

from benchmarks import terms
from contracts.market_sheet import build_market
from contracts.run import prepare
from contracts.termsheet import build_deal

END = f"{terms.FIRST_YEAR + terms.N_YEARS - 1}-12-31"

PARTIES = {
    "state": {"name": "State", "role": "provider", "public": True, "fiscal_year_end": "June"},
    "mine": {"name": "Mine", "role": "producer", "public": False},
}
MODELS = {
    "W1": {
        "kind": "schwartz-smith",
        "mean_reversion": terms.MEAN_REVERSION,
        "short_volatility": terms.SHORT_VOLATILITY,
        "long_volatility": terms.LONG_VOLATILITY,
        "correlation": terms.CORRELATION,
    },
    "W2": {"kind": "gbm", "volatility": terms.VOLATILITY},
}


@functools.cache
def deal():
    """Return the contract of W1 and W2: a floor leg and an upside share on one observation."""
    strike = f"{terms.STRIKE} USD/kg"
    return _deal(
        "w1",
        start=f"{terms.FIRST_YEAR}-01-01",
        end=END,
        commodity="ndpr",
        quantity=terms.QUANTITY,
        legs=[
            _leg("floor", "floor", payer="state", receiver="mine", strike=strike),
            _leg(
                "share",
                "upside-share",
                payer="mine",
                receiver="state",
                threshold=strike,
                share=terms.SHARE,
            ),
        ],
    )


@functools.cache
def market(workload):
    """Return a flat market with W1's or W2's model."""
    return _market(workload.lower(), {"ndpr": _commodity(terms.FORWARD, MODELS[workload])})


@functools.cache
def bound(workload):
    """Return the run: market, grid, model and the deal's settlement."""
    return prepare([deal()], market(workload))


@functools.cache
def portfolio(n_deals):
    """Return the first small deals of the thousand."""
    return [_small_deal(i) for i in range(n_deals)]


@functools.cache
def portfolio_market():
    """Return the market of the portfolio: the first prices of W3."""
    names = terms.COMMODITIES[: terms.N_DEAL_COMMODITIES]
    commodities = {
        name: _commodity(
            float(terms.FORWARDS[i]),
            {
                "kind": "schwartz",
                "mean_reversion": float(terms.MEAN_REVERSIONS[i]),
                "volatility": float(terms.VOLATILITIES[i]),
            },
        )
        for i, name in enumerate(names)
    }
    correlations = [
        {"between": [names[i], names[j]], "value": float(terms.CORRELATIONS[i, j])}
        for i in range(len(names))
        for j in range(i)
    ]
    return _market("portfolio", commodities, correlations)


def _small_deal(i):
    commodity, first, strike, quantity = terms.small_deal(i)
    year = terms.FIRST_YEAR + first // 4
    floor = _leg("floor", "floor", payer="state", receiver="mine", strike=f"{strike} USD/kg")
    return _deal(
        f"deal-{i}",
        start=f"{year}-01-01",
        end=f"{year + terms.N_DEAL_QUARTERS // 4 - 1}-12-31",
        commodity=terms.COMMODITIES[commodity],
        quantity=quantity,
        legs=[floor],
    )


def _deal(name, *, start, end, commodity, quantity, legs):
    return build_deal(
        {
            "deal": name,
            "title": "Quarterly floors",
            "currency": "USD",
            "perspective": "mine",
            "parties": PARTIES,
            "schedules": {"quarters": {"start": start, "end": end, "frequency": "quarter"}},
            "observations": {
                "price": {
                    "kind": "reference-price",
                    "schedule": "quarters",
                    "commodity": commodity,
                    "pricing_dates": {"every": "month", "day": terms.PRICING_DAY},
                },
                "sales": {
                    "kind": "volume",
                    "schedule": "quarters",
                    "per": "quarter",
                    "steps": {start: f"{quantity} kg"},
                },
            },
            "legs": legs,
        }
    )


def _leg(name, kind, **own):
    return {
        "name": name,
        "kind": kind,
        "schedule": "quarters",
        "reference_price": "price",
        "quantity": "sales",
        "payment": {"lag_days": 0},
        **own,
    }


def _commodity(forward, model):
    return {
        "unit": "USD/kg",
        "traded": False,
        "forward_curve": {str(terms.VALUATION_DATE): f"{forward} USD/kg"},
        "model": model,
    }


def _market(name, commodities, correlations=()):
    return build_market(
        {
            "market": name,
            "title": "Flat curves",
            "valuation_date": str(terms.VALUATION_DATE),
            "currency": "USD",
            "discount": {"name": "flat", "zero_rates": {END: terms.RATE}},
            "commodities": commodities,
            **({"correlations": list(correlations)} if correlations else {}),
        }
    )
