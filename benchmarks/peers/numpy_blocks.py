"""NumPy as well as it goes: all work in arrays made once, as many paths at a time as fit the cache.

``normals(out)`` fills an array with standard normals, or returns one of that shape.
"""

from __future__ import annotations

import numpy as np

from benchmarks import terms
from benchmarks.programs import Answer


class FloorsWithShare:
    """The contract of W1 and W2 on a block of prices."""

    def __init__(self, block_size):
        self._gap, self._flow = np.empty((2, terms.N_QUARTERS, block_size))
        self._scales = (terms.QUANTITY * terms.DISCOUNT_FACTORS)[:, None]

    def value(self, price):
        """Return present values, and the sums of the forty flows."""
        gap, flow = self._gap, self._flow
        np.add(price[0::3], price[1::3], out=gap)
        gap += price[2::3]
        gap *= -1.0 / 3.0
        gap += terms.STRIKE
        np.minimum(gap, 0.0, out=flow)
        flow *= terms.SHARE
        flow += np.maximum(gap, 0.0, out=gap)
        flow *= self._scales
        return flow.sum(axis=0), flow.sum(axis=1)


class TwoFactors:
    """W1's price."""

    def __init__(self, block_size):
        self.normals = np.empty((terms.N_MONTHS, 2, block_size))
        self.price = np.empty((terms.N_MONTHS, block_size))
        self._x, self._y, self._spare = np.empty((3, block_size))
        self._steps = terms.schwartz_smith_steps()

    def simulate(self, normals):
        fade, short, cross, own, scale = self._steps
        z = normals(self.normals)
        x, y, spare, price = self._x, self._y, self._spare, self.price
        x[:] = 0.0
        y[:] = 0.0
        for t in range(terms.N_MONTHS):
            x *= fade[t]
            x += np.multiply(z[t, 0], short[t], out=spare)
            y += np.multiply(z[t, 0], cross[t], out=spare)
            y += np.multiply(z[t, 1], own[t], out=spare)
            np.add(x, y, out=price[t])
        np.exp(price, out=price)
        price *= scale[:, None]
        return price


class Brownian:
    """W2's price."""

    def __init__(self, block_size):
        self.normals = np.empty((terms.N_MONTHS, block_size))
        self._loading, self._scale = terms.brownian_steps()

    def simulate(self, normals):
        price = normals(self.normals)
        price *= self._loading[:, None]
        for t in range(1, terms.N_MONTHS):
            price[t] += price[t - 1]
        np.exp(price, out=price)
        price *= self._scale[:, None]
        return price


class JointPrices:
    """W3's first ``n`` prices, ``(n_months, n, block)``."""

    def __init__(self, block_size, n=terms.N_COMMODITIES):
        self.normals = np.empty((terms.N_MONTHS, n, block_size))
        self.price = np.empty((terms.N_MONTHS, n, block_size))
        self._x, self._shock = np.empty((2, n, block_size))
        self._fade, self._loading, self._scale = terms.joint_steps(n)

    def simulate(self, normals):
        z = normals(self.normals)
        x, shock, price = self._x, self._shock, self.price
        x[:] = 0.0
        for t in range(terms.N_MONTHS):
            x *= self._fade[t][:, None]
            x += np.matmul(self._loading[t], z[t], out=shock)
            np.exp(x, out=price[t])
        price *= self._scale[:, :, None]
        return price


def quarter_means(price, out):
    """Write the mean of each quarter's three rows."""
    np.add(price[0::3], price[1::3], out=out)
    out += price[2::3]
    out *= 1.0 / 3.0
    return out


def filled_by(generator):
    """Return ``normals`` of a NumPy generator, which writes in place."""

    def normals(out):
        generator.standard_normal(out=out)
        return out

    return normals


def run(simulator, contract, normals, n_paths, block_size):
    """Simulate and value block by block; flows are summed as they come."""
    n_blocks = max(n_paths // block_size, 1)
    values = np.empty(n_blocks * block_size)
    flows = 0.0
    for i in range(n_blocks):
        values[i * block_size : (i + 1) * block_size], sums = contract.value(
            simulator.simulate(normals)
        )
        flows = flows + sums
    return finish(values)


def finish(values):
    return Answer(
        n_paths=values.size,
        mean=float(values.mean()),
        standard_error=float(values.std(ddof=1) / np.sqrt(values.size)),
    )
