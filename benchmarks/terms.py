"""The workloads in numbers. Every program, ours and others', reads them here; only NumPy is needed.

Prices are read on the 28th of each month for ten years, flows are paid on the last day of each
quarter, times are ACT/365F from the valuation date, discounting is at a flat continuous rate.

- **W1**: two factors of Schwartz and Smith, one price. Forty quarterly flows
  ``quantity * (max(strike - average, 0) - share * max(average - strike, 0))`` on the average of
  three monthly prices. Out come the present value path by path and the forty expected flows.
- **W2**: the same on geometric Brownian motion.
- **W3**: eight correlated mean-reverting prices, twenty contracts like the one of W1, twelve on
  one price and eight on weighted baskets of three.
- **hard**: W1's contract, its floor payments capped at 1,000,000 over the whole life, ended for
  good after a calendar year whose average price is below 70.
- **take-or-pay**: ten years on W1's price with a make-up bank and carry-forward credit.
- **portfolio**: a thousand small floors on four of W3's prices.
"""

from __future__ import annotations

import datetime

import numpy as np

VALUATION_DATE = datetime.date(2025, 12, 31)
FIRST_YEAR = 2026
N_YEARS = 10
N_MONTHS = 12 * N_YEARS
N_QUARTERS = 4 * N_YEARS
PRICING_DAY = 28

STRIKE = 110.0
SHARE = 0.3
QUANTITY = 1000.0
FORWARD = 105.0
RATE = 0.05
NOTIONAL = STRIKE * QUANTITY * N_QUARTERS
WANTED_ERROR = 0.01e-4 * NOTIONAL
"""A standard error of 0.01 basis points of the notional, in currency."""

MEAN_REVERSION = 1.5
SHORT_VOLATILITY = 0.35
LONG_VOLATILITY = 0.15
CORRELATION = 0.3
VOLATILITY = 0.25

LIFETIME_CAP = 1_000_000.0
TERMINATION_AVERAGE = 70.0

ANNUAL_QUANTITY = 4000.0
TAKE_OR_PAY_SHARE = 0.8
DEMAND_SLOPE = 0.8
LEAST_DEMAND = 0.5
MOST_DEMAND = 1.2
CARRY_FORWARD_LIMIT = 0.15
"""Of the annual quantity: the most carry-forward that lowers one year's obligation."""


def _years(dates):
    return np.array([(date - VALUATION_DATE).days for date in dates]) / 365.0


def _month(i):
    return FIRST_YEAR + i // 12, i % 12 + 1


def _quarter_end(quarter):
    year, month = _month(3 * quarter + 3)
    return datetime.date(year, month, 1) - datetime.timedelta(days=1)


PRICING_DATES = [datetime.date(*_month(i), PRICING_DAY) for i in range(N_MONTHS)]
PAYMENT_DATES = [_quarter_end(quarter) for quarter in range(N_QUARTERS)]
TIMES = _years(PRICING_DATES)
STEPS = np.diff(TIMES, prepend=0.0)
PAYMENT_TIMES = _years(PAYMENT_DATES)
DISCOUNT_FACTORS = np.exp(-RATE * PAYMENT_TIMES)

N_COMMODITIES = 8
COMMODITIES = tuple(f"metal-{i + 1}" for i in range(N_COMMODITIES))
MEAN_REVERSIONS = 0.4 + 0.2 * np.arange(N_COMMODITIES)
VOLATILITIES = 0.25 + 0.02 * np.arange(N_COMMODITIES)
FORWARDS = 80.0 + 10.0 * np.arange(N_COMMODITIES)
CORRELATIONS = 0.7 ** np.abs(np.subtract.outer(np.arange(N_COMMODITIES), np.arange(N_COMMODITIES)))

N_SINGLE = 12
N_BASKETS = 8
N_CONTRACTS = N_SINGLE + N_BASKETS


def _weights():
    weights = np.zeros((N_CONTRACTS, N_COMMODITIES))
    for contract in range(N_SINGLE):
        weights[contract, contract % N_COMMODITIES] = 1.0
    for basket in range(N_BASKETS):
        for offset, weight in ((0, 0.5), (2, 0.3), (5, 0.2)):
            weights[N_SINGLE + basket, (basket + offset) % N_COMMODITIES] = weight
    return weights


WEIGHTS = _weights()
"""Shape (n_contracts, n_commodities): what part of each price a contract reads."""
STRIKES = (WEIGHTS @ FORWARDS) * (1.0 + 0.01 * np.arange(N_CONTRACTS))
QUANTITIES = 500.0 + 50.0 * np.arange(N_CONTRACTS)

N_DEALS = 1000
N_DEAL_COMMODITIES = 4
N_DEAL_QUARTERS = 8


def small_deal(i):
    """Return commodity, first quarter, strike and quantity of deal number ``i``."""
    commodity = i % N_DEAL_COMMODITIES
    first = 4 * (i % 9)
    strike = float(round(FORWARDS[commodity] * (0.9 + 0.002 * (i % 101)), 2))
    return commodity, first, strike, 100.0 + i % 37


def schwartz_smith_steps():
    """Return the exact steps of W1: fade, short, cross and own loading by date, and the scale.

    ``x = fade * x + short * z``, ``y = y + cross * z + own * w``, ``price = scale * exp(x + y)``
    with independent standard normals z and w.
    """
    k, s, v, rho = MEAN_REVERSION, SHORT_VOLATILITY, LONG_VOLATILITY, CORRELATION
    fade = np.exp(-k * STEPS)
    short = np.sqrt(s * s * (1.0 - fade**2) / (2.0 * k))
    cross = rho * s * v * (1.0 - fade) / k / short
    own = np.sqrt(v * v * STEPS - cross**2)
    variance = (
        s * s * (1.0 - np.exp(-2.0 * k * TIMES)) / (2.0 * k)
        + v * v * TIMES
        + 2.0 * rho * s * v * (1.0 - np.exp(-k * TIMES)) / k
    )
    return fade, short, cross, own, FORWARD * np.exp(-0.5 * variance)


def brownian_steps():
    """Return the exact steps of W2: the loading by date, and the scale."""
    return VOLATILITY * np.sqrt(STEPS), FORWARD * np.exp(-0.5 * VOLATILITY**2 * TIMES)


def joint_steps(n=N_COMMODITIES):
    """Return the exact steps of W3's first ``n`` prices: fade, loading matrix, scale, by date."""
    k, s = MEAN_REVERSIONS[:n], VOLATILITIES[:n]
    rates = np.add.outer(k, k)
    shocks = CORRELATIONS[:n, :n] * np.outer(s, s) / rates
    fade = np.exp(-np.outer(STEPS, k))
    loading = np.array([np.linalg.cholesky(shocks * -np.expm1(-rates * step)) for step in STEPS])
    variance = s * s * -np.expm1(-2.0 * np.outer(TIMES, k)) / (2.0 * k)
    return fade, loading, FORWARDS[:n] * np.exp(-0.5 * variance)
