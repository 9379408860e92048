"""Whole valuations through ``contracts``, everything that a user's call does."""

from __future__ import annotations

import inspect

import numpy as np

import contracts
from benchmarks import terms
from benchmarks.ours import deals
from benchmarks.ours.workloads import SEED
from benchmarks.programs import Answer
from montecarlo import Sampling


def value(**settings):
    return contracts.value(
        deals.deal(),
        market=deals.market("W1"),
        seed=SEED,
        n_threads=1,
        quantiles="total",
        **settings,
    )


def answer(v, **details):
    return Answer(
        n_paths=v.plan.n_paths, mean=v.pv, standard_error=v.standard_error, details=details
    )


def whole(n_paths):
    """``contracts.value`` of W1: both legs, every flow of each, years, undiscounted sums.

    With both factors drawn, as the programs beside it do.
    """
    return answer(value(n_paths=n_paths, control=False, sampling=Sampling()))


def controlled(n_paths):
    """The same with whatever control variates the valuation finds."""
    return answer(value(n_paths=n_paths, control=True))


def automatic(_n_paths):
    """The same with the wanted standard error told, the rest left to the valuation."""
    return answer(value(n_paths="auto", standard_error=terms.WANTED_ERROR))


def no_controls():
    """Say whether the control variates of this version leave W1 as it is."""
    plain = value(n_paths=512, control=False)
    is_same = plain.standard_error == controlled(512).standard_error
    return "this version has no control for it" if is_same else None


def not_automatic():
    known = inspect.signature(contracts.value).parameters
    return None if "standard_error" in known else "this version has no standard_error to ask for"


def portfolio(n_paths, n_deals=terms.N_DEALS):
    """``contracts.value_together`` of small deals on one market, binding included."""
    values = contracts.value_together(
        deals.portfolio(n_deals),
        market=deals.portfolio_market(),
        n_paths=n_paths,
        seed=SEED,
        n_threads=1,
        quantiles="total",
        control=False,
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
