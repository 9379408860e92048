"""The contracts of W3, with state, and of the portfolio, in NumPy over a block of paths."""

from __future__ import annotations

import numpy as np

from benchmarks import terms
from benchmarks.peers.numpy_blocks import quarter_means


class Baskets:
    """W3: quarter means are shared, baskets are one product of matrices."""

    def __init__(self, block_size):
        shape = (terms.N_QUARTERS, terms.N_COMMODITIES, block_size)
        self._means = np.empty(shape)
        self._gap, self._flow = np.empty((2, terms.N_QUARTERS, terms.N_CONTRACTS, block_size))
        self._scales = (terms.DISCOUNT_FACTORS[:, None] * terms.QUANTITIES)[:, :, None]
        self.values = None

    def value(self, price):
        means = quarter_means(price, self._means)
        gap, flow = self._gap, self._flow
        np.matmul(-terms.WEIGHTS, means, out=gap)
        gap += terms.STRIKES[:, None]
        np.minimum(gap, 0.0, out=flow)
        flow *= terms.SHARE
        flow += np.maximum(gap, 0.0, out=gap)
        flow *= self._scales
        self.values = flow.sum(axis=0)
        return self.values.sum(axis=0), flow.sum(axis=2)


class CappedTerminable:
    """Floor payments capped over life; the end comes after a year with a low average."""

    def __init__(self, block_size):
        self._means = np.empty((terms.N_QUARTERS, block_size))
        self._flow = np.empty((terms.N_QUARTERS, block_size))

    def value(self, price):
        means, flow = quarter_means(price, self._means), self._flow
        n_paths = means.shape[1]
        room = np.full(n_paths, terms.LIFETIME_CAP)
        alive = np.ones(n_paths)
        for quarter in range(terms.N_QUARTERS):
            owed = terms.QUANTITY * (terms.STRIKE - means[quarter])
            floor = np.minimum(np.maximum(owed, 0.0), room)
            floor *= alive
            room -= floor
            np.minimum(owed, 0.0, out=owed)
            owed *= terms.SHARE
            owed *= alive
            owed += floor
            np.multiply(owed, terms.DISCOUNT_FACTORS[quarter], out=flow[quarter])
            if quarter % 4 == 3:
                alive *= means[quarter - 3 : quarter + 1].mean(axis=0) >= terms.TERMINATION_AVERAGE
        return flow.sum(axis=0), flow.sum(axis=1)


class TakeOrPay:
    """Obligation, make-up bank and carry-forward credit, year by year."""

    def __init__(self, block_size):
        self._means = np.empty((terms.N_QUARTERS, block_size))

    def value(self, price):
        means = quarter_means(price, self._means)
        yearly = terms.ANNUAL_QUANTITY
        obligation = terms.TAKE_OR_PAY_SHARE * yearly
        wish = 1.0 + terms.DEMAND_SLOPE * (means / terms.STRIKE - 1.0)
        np.clip(wish, terms.LEAST_DEMAND, terms.MOST_DEMAND, out=wish)
        wish *= 0.25 * yearly
        taken = wish.reshape(terms.N_YEARS, 4, -1).sum(axis=1)
        wish *= means
        cost = wish.reshape(terms.N_YEARS, 4, -1).sum(axis=1)
        flow = np.empty(taken.shape)
        bank, credit = np.zeros((2, taken.shape[1]))
        for y in range(terms.N_YEARS):
            used = np.minimum(credit, terms.CARRY_FORWARD_LIMIT * yearly)
            beyond = taken[y] - obligation + used
            short = np.maximum(-beyond, 0.0)
            made_up = np.minimum(np.maximum(beyond, 0.0), bank)
            bank += short - made_up
            credit += np.maximum(taken[y] - yearly, 0.0) - used
            flow[y] = terms.STRIKE * (taken[y] + short - made_up) - cost[y]
        flow *= terms.DISCOUNT_FACTORS[3::4, None]
        return flow.sum(axis=0), flow.sum(axis=1)


class Portfolio:
    """A loop over the deals; their quarter means are shared."""

    def __init__(self, block_size, n_deals=terms.N_DEALS):
        shape = (terms.N_QUARTERS, terms.N_DEAL_COMMODITIES, block_size)
        self._means = np.empty(shape)
        self._gap = np.empty((terms.N_DEAL_QUARTERS, block_size))
        self._deals = [terms.small_deal(i) for i in range(n_deals)]
        self.values = np.empty((n_deals, block_size))

    def value(self, price):
        means, gap = quarter_means(price, self._means), self._gap
        sums = np.empty((len(self._deals), terms.N_DEAL_QUARTERS))
        for i, (commodity, first, strike, quantity) in enumerate(self._deals):
            rows = slice(first, first + terms.N_DEAL_QUARTERS)
            np.subtract(strike, means[rows, commodity], out=gap)
            np.maximum(gap, 0.0, out=gap)
            factors = quantity * terms.DISCOUNT_FACTORS[rows]
            np.dot(factors, gap, out=self.values[i])
            sums[i] = factors * gap.sum(axis=1)
        return self.values.sum(axis=0), sums
