r"""An amount as a function of its reference price: kinks in price, known factors multiplied in.

.. math::

   f_t(X) = c_t + \sum_k \left[ b_{t,k}\,(\kappa_{t,k} - X)^+ + a_{t,k}\,(X - \kappa_{t,k})^+
   \right]

Where :math:`X = \varphi + Y` with :math:`Y` lognormal, its mean is a sum of options on :math:`Y`
struck at :math:`\kappa - \varphi`.
"""

from dataclasses import dataclass

import numpy as np

from contracts.conventions import FloatArray
from contracts.geometric_average import GeometricAverage
from contracts.payoff import Payoff
from montecarlo.geometric import kink_means
from montecarlo.jit import kernel


@dataclass(frozen=True, eq=False)
class Driver:
    """What a payoff is piecewise linear in, as a line of its reference price.

    ``fixed + per_price * reference_price``, each ``(n_periods,)``.
    """

    reference_price: str
    fixed: FloatArray
    per_price: FloatArray


@dataclass(frozen=True, eq=False)
class PricePayoff:
    """The constants of the formula; kinks rise within a period, but for those without slopes.

    Attributes
    ----------
    base
        ``(n_periods,)`` money.
    kinks
        ``(n_periods, n_kinks)`` prices.
    below, above
        ``(n_periods, n_kinks)`` money per unit of price below and above each kink.
    """

    base: FloatArray
    kinks: FloatArray
    below: FloatArray
    above: FloatArray

    def with_linear(self, slope: FloatArray, average: FloatArray, twin: FloatArray) -> FloatArray:
        """Return the amounts on the twin plus a slope on what the average exceeds it by."""
        out = np.empty_like(twin)
        _on_twin(average, twin, self.base, self.kinks, self.below, self.above, slope, out)
        return out


def on_price(payoff: Payoff, driver: Driver, factor: FloatArray, known: FloatArray) -> PricePayoff:
    """Return a payoff as a function of the price; ``known`` is NaN where a price is to come."""
    units = factor if payoff.quantity is None else factor * payoff.quantity[:, 0]
    moves = (driver.per_price != 0.0) & np.isnan(known)
    per_price = np.where(moves, driver.per_price, 1.0)
    base = np.zeros_like(units) if payoff.base is None else units * payoff.base[:, 0]
    kinks, below, above = [], [], []
    for number, (kink, slope) in enumerate(zip(payoff.kinks, payoff.above, strict=True)):
        under = payoff.below if number == 0 else 0.0
        gap = driver.fixed - kink[:, 0]
        flat = units * (under * np.maximum(-gap, 0.0) + slope * np.maximum(gap, 0.0))
        base = base + np.where(moves, 0.0, flat)
        size = np.where(moves, units * np.abs(per_price), 0.0)
        # Earnings that fall as the price rises turn the kink round.
        is_rising = per_price > 0.0
        kinks.append(-gap / per_price)
        below.append(size * np.where(is_rising, under, slope))
        above.append(size * np.where(is_rising, slope, under))
    return PricePayoff(
        np.where(np.isnan(known), base, known),
        np.column_stack(kinks),
        np.column_stack(below),
        np.column_stack(above),
    )


def clipped(payoff: PricePayoff, lowest: FloatArray, highest: FloatArray) -> PricePayoff:
    """Return a payoff held between two amounts, ``(n_periods,)`` each, the lower not above 0.

    Examples
    --------
    A third of the excess over 150, at most 10: nothing is added above 180.

    >>> column = np.array([[150.0]])
    >>> share = PricePayoff(np.zeros(1), column, np.zeros((1, 1)), np.full((1, 1), 1 / 3))
    >>> clipped(share, np.array([-np.inf]), np.array([10.0])).kinks.round(9)
    array([[150., 180.]])
    """
    rows = [
        _clipped_row(PricePayoff(*(part[t] for part in parts)), lowest[t], highest[t])
        for parts in [(payoff.base, payoff.kinks, payoff.below, payoff.above)]
        for t in range(len(payoff.base))
    ]
    width = max(len(row.kinks) for row in rows)

    def padded(parts: list[FloatArray]) -> FloatArray:
        return np.array([np.pad(part, (0, width - len(part))) for part in parts])

    return PricePayoff(
        np.array([row.base for row in rows]),
        padded([row.kinks for row in rows]),
        padded([row.below for row in rows]),
        padded([row.above for row in rows]),
    )


def _clipped_row(row: PricePayoff, lowest: float, highest: float) -> PricePayoff:
    """Clip one period, whose parts have lost their first axis."""

    def at(x: FloatArray) -> FloatArray:
        gap = x[:, None] - row.kinks
        sides = row.below * np.maximum(-gap, 0.0) + row.above * np.maximum(gap, 0.0)
        amounts: FloatArray = row.base + np.sum(sides, axis=1)
        return amounts

    def slopes(nodes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return a point within each stretch between nodes, and the slope there."""
        middles = 0.5 * (nodes[1:] + nodes[:-1])
        within = np.concatenate([[nodes[0] - 1.0], middles, [nodes[-1] + 1.0]])
        is_above = within[:, None] > row.kinks
        return within, np.sum(np.where(is_above, row.above, -row.below), axis=1)

    nodes = np.unique(row.kinks)
    _, slope = slopes(nodes)
    ends = np.concatenate([[-np.inf], nodes, [np.inf]])
    anchors = np.concatenate([nodes[:1], nodes])
    found = list(nodes)
    for limit in (lowest, highest):
        moves = (slope != 0.0) & np.isfinite(limit)
        crossing = anchors + np.where(moves, limit - at(anchors), 0.0) / np.where(moves, slope, 1.0)
        found += list(crossing[moves & (crossing > ends[:-1]) & (crossing < ends[1:])])
    nodes = np.unique(np.array(found))
    within, slope = slopes(nodes)
    amounts = at(within)
    slope = np.where((amounts > highest) | (amounts < lowest), 0.0, slope)
    below, above = np.zeros(len(nodes)), np.diff(slope)
    below[0], above[0] = -slope[0], slope[1]
    return PricePayoff(np.clip(at(nodes[:1]), lowest, highest)[0], nodes, below, above)


def closed_form(payoff: PricePayoff, average: GeometricAverage) -> tuple[FloatArray, FloatArray]:
    """Return the mean of the payoff on the twin, and its best slope on the rest.

    Returns
    -------
    expectation, slope
        ``(n_periods,)``: money, and money per unit of price.
    """
    is_random = average.n_prices > 0
    terms = {
        "mean": np.where(is_random, average.mean, 1.0)[:, None],
        "log_variance": average.log_variance[:, None],
        "strike": payoff.kinks - average.windows.fixed[:, None],
    }
    at = kink_means(**terms)
    options = np.sum(payoff.below * at.put + payoff.above * at.call, axis=1)
    share = at.squared_share
    slope = np.sum(payoff.above * share - payoff.below * (1.0 - share), axis=1)
    return payoff.base + np.where(is_random, options, 0.0), np.where(is_random, slope, 0.0)


@kernel
def _on_twin(
    average: FloatArray,
    twin: FloatArray,
    base: FloatArray,
    kinks: FloatArray,
    below: FloatArray,
    above: FloatArray,
    slope: FloatArray,
    out: FloatArray,
) -> None:
    n_periods, n_paths = out.shape
    for t in range(n_periods):
        arithmetic, geometric, amount = average[t], twin[t], out[t]
        known, linear = base[t], slope[t]
        kink, under, over = kinks[t, 0], below[t, 0], above[t, 0]
        for path in range(n_paths):
            x = geometric[path]
            gap = kink - x
            rest = linear * (arithmetic[path] - x)
            amount[path] = known + ((-over if gap < 0.0 else under) * gap + rest)
        for k in range(1, kinks.shape[1]):
            kink, under, over = kinks[t, k], below[t, k], above[t, k]
            for path in range(n_paths):
                gap = kink - geometric[path]
                amount[path] += (-over if gap < 0.0 else under) * gap
