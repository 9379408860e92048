"""Runs of one simulation: a fused kernel, or the same contract out of observations and legs."""

from __future__ import annotations

import numpy as np

from benchmarks import terms
from benchmarks.ours import deals
from benchmarks.ours.workloads import (
    BROWNIAN,
    GRID,
    JOINT,
    SEED,
    TWO_FACTORS,
    Baskets,
    CappedTerminable,
    FloorsWithShare,
    TakeOrPay,
)
from benchmarks.programs import Answer
from montecarlo import Plan, TimeGrid, kernel, simulate
from montecarlo.sampling import Sampling

MODELS = {"W1": TWO_FACTORS, "W2": BROWNIAN}


def plan(n_paths, **switches):
    return Plan(n_paths=n_paths, seed=SEED, n_threads=switches.pop("n_threads", 1), **switches)


def answer(estimate, **details):
    return Answer(
        n_paths=estimate.n_paths,
        mean=float(estimate.mean[0]),
        standard_error=float(estimate.standard_error[0]),
        details=details,
    )


def fused(workload, **switches):
    """W1 or W2 with its contract written by hand as one kernel over the block."""

    def run(n_paths):
        return answer(
            simulate(MODELS[workload], GRID, FloorsWithShare(), plan(n_paths, **switches))
        )

    return run


def composed(workload, **switches):
    """W1 or W2 out of two legs on one observation, as a deal's settlement runs them."""

    def run(n_paths):
        bound = deals.bound(workload)
        contract = ComposedFlows(bound.settlements[0])
        return answer(simulate(bound.model, bound.grid, contract, plan(n_paths, **switches)))

    return run


def simulated(model, functional, **switches):
    """Any functional; where it has several present values first, the answer is their sum."""

    def run(n_paths):
        estimate = simulate(model, GRID, functional, plan(n_paths, **switches))
        if functional.n_kept == 1:
            return answer(estimate)
        total = estimate.samples.sum(axis=0)
        return Answer(
            n_paths=n_paths,
            mean=float(total.mean()),
            standard_error=float(total.std(ddof=1) / np.sqrt(n_paths)),
        )

    return run


def baskets(n_paths):
    return simulated(JOINT, Baskets())(n_paths)


def hard(**switches):
    return simulated(TWO_FACTORS, CappedTerminable(), **switches)


def take_or_pay(n_paths):
    return simulated(TWO_FACTORS, TakeOrPay())(n_paths)


class FloorsAlone(FloorsWithShare):
    """W2 without the upside share: what QuantLib's engine values."""

    def __call__(self, block):
        out = super().__call__(block)
        np.maximum(out[1:], 0.0, out=out[1:])
        np.sum(out[1:], axis=0, out=out[0])
        return out


def single_precision_change(n_paths):
    """How far single precision moves W1's value, relative, on the same uniforms."""
    single = composed("W1", sampling=Sampling(precision="single"))(n_paths)
    double = composed("W1")(n_paths)
    change = abs(single.mean / double.mean - 1.0)
    return Answer(n_paths=n_paths, mean=change, standard_error=0.0)


def floors_alone(n_paths):
    return simulated(BROWNIAN, FloorsAlone())(n_paths)


def equal_months(n_paths):
    """W2 on equal steps, which is what FinancePy simulates."""
    months = np.arange(1, terms.N_MONTHS + 1) / terms.N_MONTHS
    grid = TimeGrid.from_times(terms.TIMES[-1] * months)
    return answer(simulate(BROWNIAN, grid, FloorsWithShare(), plan(n_paths)))


class ComposedFlows:
    """Present value (kept) and forty discounted flows, out of two legs on one observation."""

    n_outputs = 1 + terms.N_QUARTERS
    n_kept = 1

    def __init__(self, settlement):
        self._settlement = settlement
        dates = settlement.lines[0].dates.payment_date
        self._discount_factors = settlement.market.discount_factors(dates)

    def __call__(self, block):
        received, paid = self._settlement.random_flows(block.price)
        out = np.empty((self.n_outputs, block.n_paths))
        _net(received, paid, self._discount_factors, out)
        return out


@kernel
def _net(received, paid, discount_factors, out):
    total = out[0]
    for path in range(total.shape[0]):
        total[path] = 0.0
    for t in range(discount_factors.shape[0]):
        plus, minus, flow = received[t], paid[t], out[1 + t]
        factor = discount_factors[t]
        for path in range(total.shape[0]):
            net = factor * (plus[path] - minus[path])
            flow[path] = net
            total[path] = total[path] + net
