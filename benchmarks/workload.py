"""The workload: forty quarterly floors with an upside share, on monthly simulated prices.

Each quarter pays ``quantity * (max(110 - average, 0) - 0.3 * max(average - 110, 0))`` on the
average of its three monthly prices. W1 simulates the two-factor model of Schwartz and Smith, W2
geometric Brownian motion. The outputs are the present value, kept path by path, and forty
expected flows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from montecarlo import GBM, DiscountCurve, ForwardCurve, SchwartzSmith, TimeGrid

N_MONTHS = 120
N_QUARTERS = 40
STRIKE = 110.0
SHARE = 0.3
QUANTITY = 1000.0
FORWARD = 105.0
RATE = 0.05
MEAN_REVERSION = 1.5
SHORT_VOLATILITY = 0.35
LONG_VOLATILITY = 0.15
CORRELATION = 0.3
VOLATILITY = 0.25
PRICE = "ndpr"

TIMES = np.arange(1, N_MONTHS + 1) / 12.0
GRID = TimeGrid.from_times(TIMES)
DISCOUNT_FACTORS = DiscountCurve.flat(RATE).discount_factor(TIMES[2::3])

W1 = SchwartzSmith(
    name=PRICE,
    mean_reversion=MEAN_REVERSION,
    short_volatility=SHORT_VOLATILITY,
    long_volatility=LONG_VOLATILITY,
    correlation=CORRELATION,
    forward_curve=ForwardCurve.flat(FORWARD),
)
W2 = GBM(name=PRICE, volatility=VOLATILITY, forward_curve=ForwardCurve.flat(FORWARD))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run of one program gave.

    Parameters
    ----------
    seconds
        Processor time of the run, without setting up.
    n_paths
        Paths of the run.
    mean, standard_error
        Of the present value; nan where the program values something else.
    """

    seconds: float
    n_paths: int
    mean: float
    standard_error: float

    @property
    def nanoseconds_a_path(self) -> float:
        return 1e9 * self.seconds / self.n_paths
