"""The same contract out of observations and legs, and as a whole valuation with its report."""

from __future__ import annotations

import functools
import time

import numpy as np

import contracts
from benchmarks.workload import (
    CORRELATION,
    FORWARD,
    LONG_VOLATILITY,
    MEAN_REVERSION,
    N_QUARTERS,
    QUANTITY,
    RATE,
    SHARE,
    SHORT_VOLATILITY,
    STRIKE,
    Result,
)
from contracts.market_sheet import build_market
from contracts.run import prepare
from contracts.termsheet import build_deal
from montecarlo import Plan, simulate

SEED = 20250709


@functools.cache
def deal():
    shared = {"schedule": "quarters", "reference_price": "price", "quantity": "sales"}
    strike = f"{STRIKE} USD/kg"
    return build_deal(
        {
            "deal": "w1",
            "title": "Forty quarterly floors with an upside share",
            "currency": "USD",
            "perspective": "mine",
            "parties": {
                "state": {
                    "name": "State",
                    "role": "provider",
                    "public": True,
                    "fiscal_year_end": "June",
                },
                "mine": {"name": "Mine", "role": "producer", "public": False},
            },
            "schedules": {
                "quarters": {"start": "2026-01-01", "end": "2035-12-31", "frequency": "quarter"}
            },
            "observations": {
                "price": {
                    "kind": "reference-price",
                    "schedule": "quarters",
                    "commodity": "ndpr",
                    "pricing_dates": {"every": "month", "day": 28},
                },
                "sales": {
                    "kind": "volume",
                    "schedule": "quarters",
                    "per": "quarter",
                    "steps": {"2026-01-01": f"{QUANTITY} kg"},
                },
            },
            "legs": [
                {
                    "name": "floor",
                    "kind": "floor",
                    "payer": "state",
                    "receiver": "mine",
                    "strike": strike,
                    "payment": {"lag_days": 0},
                    **shared,
                },
                {
                    "name": "share",
                    "kind": "upside-share",
                    "payer": "mine",
                    "receiver": "state",
                    "threshold": strike,
                    "share": SHARE,
                    "payment": {"lag_days": 0},
                    **shared,
                },
            ],
        }
    )


@functools.cache
def market():
    return build_market(
        {
            "market": "w1",
            "title": "One flat curve",
            "valuation_date": "2025-12-31",
            "currency": "USD",
            "discount": {"name": "flat", "zero_rates": {"2035-12-31": RATE}},
            "commodities": {
                "ndpr": {
                    "unit": "USD/kg",
                    "traded": False,
                    "forward_curve": {"2025-12-31": f"{FORWARD} USD/kg"},
                    "model": {
                        "kind": "schwartz-smith",
                        "mean_reversion": MEAN_REVERSION,
                        "short_volatility": SHORT_VOLATILITY,
                        "long_volatility": LONG_VOLATILITY,
                        "correlation": CORRELATION,
                    },
                }
            },
        }
    )


class ComposedContract:
    """Present value (kept) and forty discounted flows, out of two legs on one observation."""

    n_outputs = 1 + N_QUARTERS
    n_kept = 1

    def __init__(self, settlement):
        self.settlement = settlement
        dates = settlement.lines[0].dates.payment_date
        self.discount_factors = settlement.market.discount_factors(dates)[:, None]

    def __call__(self, block):
        floor, share = self.settlement.random_flows(block.price)
        out = np.empty((self.n_outputs, block.n_paths))
        np.subtract(floor, share, out=out[1:])
        out[1:] *= self.discount_factors
        np.sum(out[1:], axis=0, out=out[0])
        return out


def run_w1(n_paths):
    bound = prepare([deal()], market())
    contract = ComposedContract(bound.settlements[0])
    plan = Plan(n_paths=n_paths, seed=SEED, n_threads=1)
    started = time.process_time()
    estimate = simulate(bound.model, bound.grid, contract, plan)
    return Result(
        seconds=time.process_time() - started,
        n_paths=n_paths,
        mean=float(estimate.mean[0]),
        standard_error=float(estimate.standard_error[0]),
    )


def run_valuation_w1(n_paths):
    """Time ``contracts.value``: both legs, every flow of each, years, undiscounted sums."""
    started = time.process_time()
    v = contracts.value(
        deal(), market=market(), n_paths=n_paths, seed=SEED, n_threads=1, quantiles="total"
    )
    return Result(
        seconds=time.process_time() - started,
        n_paths=n_paths,
        mean=v.pv,
        standard_error=v.standard_error,
    )
