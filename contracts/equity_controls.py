r"""Control variates for equity legs, whose tails would otherwise drown the estimate.

.. math:: \tilde F = F - \beta\,(C - \mathbb{E}[C]), \qquad C = N S_T

with :math:`C` what all the leg's shares are worth, whose expectation is known because the
expected share price is. Any fixed :math:`\beta` leaves the mean unbiased; the best one for a leg
that pays :math:`N (S_T - K)^+` on a lognormal share of mean :math:`m` and log variance :math:`v` is

.. math::

   \beta = \frac{\mathrm{Cov}\big((S-K)^+, S\big)}{\mathrm{Var}(S)}
         = \frac{e^v \Phi(d + \sqrt v) - k\,\Phi(d) - \Phi(d) + k\,\Phi(d - \sqrt v)}{e^v - 1},
   \qquad k = \frac Km, \; d = \frac{-\ln k + v/2}{\sqrt v}

It is worked out and not estimated: in a sample of a tail as heavy as that of a ten-year warrant
the slope is biased towards zero. What remains is bounded by the strike, so that the standard
error can be trusted. A preferred that only converts (:math:`K = 0`) is exact.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.conventions import FloatArray, IntArray, Observed
from contracts.protocols import EquityLeg, Prices
from contracts.settlement import Line, Settlement
from montecarlo.grid import TimeGrid
from montecarlo.models import Constant, Joint
from montecarlo.models.lognormal import LognormalModel
from montecarlo.models.protocol import Measure
from montecarlo.normal import normal_cdf

SMALL_VARIANCE = 1e-8
"""Below this the slope is its limit, for the formula would divide rounding by rounding."""


@dataclass(frozen=True, eq=False)
class EquityControl:
    """What all shares of an equity leg are worth, times the slope; one row for its one flow."""

    line: Line
    leg: EquityLeg
    slope: float
    rows: IntArray
    expectation: FloatArray
    is_one_sided: bool

    def amounts(
        self, flows: FloatArray, prices: Prices, observed: Observed, twins: Observed
    ) -> FloatArray:
        """Return ``(1, n_paths)``."""
        return self.slope * _all_shares(self.leg, self.line, prices, observed)


def equity_controls(
    settlement: Settlement, model: object, grid: TimeGrid, measure: Measure
) -> dict[str, EquityControl]:
    """Return the control of each equity leg that is still to be delivered."""
    found: dict[str, EquityControl] = {}
    if not isinstance(model, Joint):
        return found
    lines = [
        line
        for line in settlement.lines
        if line.is_random and isinstance(line.clause.leg, EquityLeg)
    ]
    if not lines:
        return found
    means = {name: model.expected_spot(name, grid.times, measure)[:, None] for name in model.names}
    observed = settlement.observe(means)
    for line in lines:
        leg = line.clause.leg
        if not isinstance(leg, EquityLeg) or not _is_lognormal(model, leg.share):
            continue
        expectation = float(_all_shares(leg, line, means, observed)[0, 0])
        mean = expectation / leg.delivered_shares
        row = int(np.searchsorted(grid.times, _years(line, settlement)))
        variance = float(model.log_covariance(leg.share, leg.share, grid.times[row]))
        kept = 1.0
        for modify in line.modifiers:
            kept = float(modify(np.array([[kept]]), observed)[0, 0])
        slope = kept * best_slope(leg.exercise_price / mean, variance)
        found[line.clause.name] = EquityControl(
            line=line,
            leg=leg,
            slope=slope,
            rows=np.zeros(1, dtype=np.int64),
            expectation=np.array([slope * expectation]),
            is_one_sided=True,
        )
    return found


def _is_lognormal(model: Joint, name: str) -> bool:
    return isinstance(model.model(name), LognormalModel | Constant)


def best_slope(relative_strike: float, log_variance: float) -> float:
    """Return the regression slope of a call on its lognormal share.

    Parameters
    ----------
    relative_strike
        Strike over expected share price, zero or more.
    log_variance
        Variance of the log share price.

    Examples
    --------
    Without a strike the call is the share; far below the strike it hardly moves with it.

    >>> best_slope(0.0, 6.3)
    1.0
    >>> round(best_slope(2.0, 0.04), 4)
    0.0006
    """
    if relative_strike == 0.0:
        return 1.0
    if log_variance == 0.0:
        return 0.0
    spread = math.sqrt(log_variance)
    d = -math.log(relative_strike) / spread + 0.5 * spread
    if log_variance < SMALL_VARIANCE:
        return float(normal_cdf(d))
    # Divided through by e^v, which may be larger than a double.
    shrink = math.exp(-log_variance)
    above = float(normal_cdf(d + spread))
    below = float(normal_cdf(d))
    rest = relative_strike * (float(normal_cdf(d - spread)) - below) - below
    return (above + shrink * rest) / -math.expm1(-log_variance)


def _all_shares(
    leg: EquityLeg, line: Line, prices: Prices, observed: Mapping[str, FloatArray]
) -> FloatArray:
    """Return what all shares of an equity line are worth, ``(1, n_paths)``."""
    seen = {name: bound.observe(prices, observed) for name, bound in line.own.items()}
    return leg.linear_amounts({**observed, **seen})


def _years(line: Line, settlement: Settlement) -> float:
    return float(settlement.market.years(line.periods.last_day[-1]))
