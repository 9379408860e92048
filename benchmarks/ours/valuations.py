"""Whole valuations through ``contracts``, everything that a user's call does."""

from __future__ import annotations

import numpy as np

import contracts
from benchmarks import terms
from benchmarks.ours import deals
from benchmarks.ours.workloads import SEED
from benchmarks.programs import Answer


def whole(n_paths):
    """``contracts.value`` of W1: both legs, every flow of each, years, undiscounted sums."""
    v = contracts.value(
        deals.deal(),
        market=deals.market("W1"),
        n_paths=n_paths,
        seed=SEED,
        n_threads=1,
        quantiles="total",
    )
    return Answer(n_paths=n_paths, mean=v.pv, standard_error=v.standard_error)


def portfolio(n_paths, n_deals=terms.N_DEALS):
    """``contracts.value_together`` of small deals on one market, binding included."""
    values = contracts.value_together(
        deals.portfolio(n_deals),
        market=deals.portfolio_market(),
        n_paths=n_paths,
        seed=SEED,
        n_threads=1,
        quantiles="total",
    )
    total = np.zeros(n_paths)
    for v in values:
        total += v.samples
    return Answer(
        n_paths=n_paths,
        mean=float(total.mean()),
        standard_error=float(total.std(ddof=1) / np.sqrt(n_paths)),
        details={"deals": n_deals},
    )
