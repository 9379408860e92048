"""The price models, grid and functionals of the workloads, written by hand as fused kernels."""

from __future__ import annotations

import numpy as np

from benchmarks import terms
from montecarlo import GBM, ForwardCurve, Joint, Schwartz, SchwartzSmith, TimeGrid, kernel

SEED = 20250709
PRICE = "ndpr"
GRID = TimeGrid.from_times(terms.TIMES)

TWO_FACTORS = SchwartzSmith(
    name=PRICE,
    mean_reversion=terms.MEAN_REVERSION,
    short_volatility=terms.SHORT_VOLATILITY,
    long_volatility=terms.LONG_VOLATILITY,
    correlation=terms.CORRELATION,
    forward_curve=ForwardCurve.flat(terms.FORWARD),
)
BROWNIAN = GBM(
    name=PRICE, volatility=terms.VOLATILITY, forward_curve=ForwardCurve.flat(terms.FORWARD)
)
JOINT = Joint(
    models=[
        Schwartz(
            name=name,
            mean_reversion=float(terms.MEAN_REVERSIONS[i]),
            volatility=float(terms.VOLATILITIES[i]),
            forward_curve=ForwardCurve.flat(float(terms.FORWARDS[i])),
        )
        for i, name in enumerate(terms.COMMODITIES)
    ],
    correlation=terms.CORRELATIONS,
)


class FloorsWithShare:
    """W1 and W2: the present value (kept) and forty discounted flows."""

    n_outputs = 1 + terms.N_QUARTERS
    n_kept = 1

    def __call__(self, block):
        out = np.empty((self.n_outputs, block.n_paths))
        _floors_with_share(
            block.price[PRICE],
            terms.STRIKE,
            terms.SHARE,
            terms.QUANTITY * terms.DISCOUNT_FACTORS,
            out,
        )
        return out


class Baskets:
    """W3: twenty present values (kept), then forty discounted flows of each contract."""

    n_outputs = terms.N_CONTRACTS * (1 + terms.N_QUARTERS)
    n_kept = terms.N_CONTRACTS

    def __init__(self):
        self._members = np.zeros((terms.N_CONTRACTS, 3), dtype=np.int64)
        self._weights = np.zeros((terms.N_CONTRACTS, 3))
        for contract, weights in enumerate(terms.WEIGHTS):
            members = np.flatnonzero(weights)
            self._members[contract, : members.size] = members
            self._weights[contract, : members.size] = weights[members]

    def __call__(self, block):
        n_paths = block.n_paths
        means = np.empty((terms.N_COMMODITIES, terms.N_QUARTERS, n_paths))
        for i, name in enumerate(terms.COMMODITIES):
            _quarter_means(block.price[name], means[i])
        out = np.empty((self.n_outputs, n_paths))
        _baskets(
            means,
            self._members,
            self._weights,
            terms.STRIKES,
            terms.SHARE,
            np.outer(terms.QUANTITIES, terms.DISCOUNT_FACTORS),
            out,
        )
        return out


class CappedTerminable:
    """The hard contract: the present value (kept) and forty discounted flows."""

    n_outputs = 1 + terms.N_QUARTERS
    n_kept = 1

    def __call__(self, block):
        out = np.empty((self.n_outputs, block.n_paths))
        _capped_terminable(
            block.price[PRICE],
            terms.STRIKE,
            terms.SHARE,
            terms.QUANTITY,
            terms.LIFETIME_CAP,
            terms.TERMINATION_AVERAGE,
            terms.DISCOUNT_FACTORS,
            np.empty((4, block.n_paths)),
            out,
        )
        return out


class TakeOrPay:
    """The present value to the seller (kept) and ten yearly discounted flows."""

    n_outputs = 1 + terms.N_YEARS
    n_kept = 1

    def __call__(self, block):
        out = np.empty((self.n_outputs, block.n_paths))
        yearly = terms.ANNUAL_QUANTITY
        _take_or_pay(
            block.price[PRICE],
            terms.STRIKE,
            yearly,
            terms.TAKE_OR_PAY_SHARE * yearly,
            terms.CARRY_FORWARD_LIMIT * yearly,
            terms.DEMAND_SLOPE,
            terms.LEAST_DEMAND,
            terms.MOST_DEMAND,
            terms.DISCOUNT_FACTORS[3::4],
            np.empty((4, block.n_paths)),
            out,
        )
        return out


@kernel
def _floors_with_share(price, strike, share, scales, out):
    total = out[0]
    for path in range(total.shape[0]):
        total[path] = 0.0
    for quarter in range(scales.shape[0]):
        first, second, third = price[3 * quarter], price[3 * quarter + 1], price[3 * quarter + 2]
        flow = out[1 + quarter]
        scale = scales[quarter]
        for path in range(total.shape[0]):
            gap = strike - (first[path] + second[path] + third[path]) * (1.0 / 3.0)
            paid = scale * (share * gap if gap < 0.0 else gap)
            flow[path] = paid
            total[path] = total[path] + paid


@kernel
def _quarter_means(price, out):
    for quarter in range(out.shape[0]):
        first, second, third = price[3 * quarter], price[3 * quarter + 1], price[3 * quarter + 2]
        mean = out[quarter]
        for path in range(mean.shape[0]):
            mean[path] = (first[path] + second[path] + third[path]) * (1.0 / 3.0)


@kernel
def _baskets(means, members, weights, strikes, share, scales, out):
    n_contracts, n_quarters = scales.shape
    for contract in range(n_contracts):
        total = out[contract]
        for path in range(total.shape[0]):
            total[path] = 0.0
        strike = strikes[contract]
        a, b, c = weights[contract]
        i, j, k = members[contract]
        for quarter in range(n_quarters):
            flow = out[n_contracts + n_quarters * contract + quarter]
            scale = scales[contract, quarter]
            first = means[i, quarter]
            if b == 0.0:
                for path in range(total.shape[0]):
                    gap = strike - first[path]
                    paid = scale * (share * gap if gap < 0.0 else gap)
                    flow[path] = paid
                    total[path] = total[path] + paid
                continue
            second, third = means[j, quarter], means[k, quarter]
            for path in range(total.shape[0]):
                gap = strike - (a * first[path] + b * second[path] + c * third[path])
                paid = scale * (share * gap if gap < 0.0 else gap)
                flow[path] = paid
                total[path] = total[path] + paid


@kernel
def _capped_terminable(
    price, strike, share, quantity, limit, least_average, discount_factors, state, out
):
    total, room, alive, year = out[0], state[0], state[1], state[2]
    n_paths = total.shape[0]
    for path in range(n_paths):
        total[path] = 0.0
        room[path] = limit
        alive[path] = 1.0
        year[path] = 0.0
    for quarter in range(discount_factors.shape[0]):
        first, second, third = price[3 * quarter], price[3 * quarter + 1], price[3 * quarter + 2]
        flow = out[1 + quarter]
        factor = discount_factors[quarter]
        for path in range(n_paths):
            mean = (first[path] + second[path] + third[path]) * (1.0 / 3.0)
            year[path] = year[path] + 0.25 * mean
            owed = quantity * (strike - mean)
            above = share * owed if owed < 0.0 else 0.0
            floor = 0.0 if owed < 0.0 else owed
            floor = alive[path] * (room[path] if floor > room[path] else floor)
            room[path] = room[path] - floor
            paid = factor * (floor + alive[path] * above)
            flow[path] = paid
            total[path] = total[path] + paid
        if quarter % 4 == 3:
            for path in range(n_paths):
                alive[path] = 0.0 if year[path] < least_average else alive[path]
                year[path] = 0.0


@kernel
def _take_or_pay(
    price, strike, yearly, obligation, most_credit, slope, least, most, discount_factors, state, out
):
    """Quarterly offtake follows the price; obligation, bank and credit are settled each year.

    Carry-forward credit lowers the year's obligation, up to a limit. What falls short of it is
    paid for and banked; what is taken beyond it comes out of the bank first, already paid. What is
    taken beyond the annual quantity becomes credit.
    """
    total, bank, credit, taken, cost = out[0], state[0], state[1], state[2], state[3]
    n_paths = total.shape[0]
    for path in range(n_paths):
        total[path] = 0.0
        bank[path] = 0.0
        credit[path] = 0.0
    for y in range(discount_factors.shape[0]):
        for path in range(n_paths):
            taken[path] = 0.0
            cost[path] = 0.0
        for quarter in range(4):
            t = 12 * y + 3 * quarter
            first, second, third = price[t], price[t + 1], price[t + 2]
            for path in range(n_paths):
                mean = (first[path] + second[path] + third[path]) * (1.0 / 3.0)
                wish = 1.0 + slope * (mean * (1.0 / strike) - 1.0)
                wish = least if wish < least else most if wish > most else wish
                units = 0.25 * yearly * wish
                taken[path] = taken[path] + units
                cost[path] = cost[path] + units * mean
        flow = out[1 + y]
        factor = discount_factors[y]
        for path in range(n_paths):
            used = most_credit if credit[path] > most_credit else credit[path]
            beyond = taken[path] - (obligation - used)
            short = -beyond if beyond < 0.0 else 0.0
            spare = 0.0 if beyond < 0.0 else beyond
            made_up = bank[path] if spare > bank[path] else spare
            bank[path] = bank[path] + short - made_up
            extra = taken[path] - yearly
            credit[path] = credit[path] - used + (0.0 if extra < 0.0 else extra)
            paid = factor * (strike * (taken[path] + short - made_up) - cost[path])
            flow[path] = paid
            total[path] = total[path] + paid
