r"""The clock of daily quotes: calendar days, or the days on which a market is at work.

.. math:: \Delta_i = \frac{w_i}{\sum_j w_j}\,(t_n - t_0)

with :math:`w_i` the weekdays and days of a quote after one quote, up to and with the next. Little
happens on a weekend: a likelihood that gives it three days of variance takes every other day for
busier than it is, and overstates the volatility by about a tenth.
"""

from __future__ import annotations

import math

import numpy as np

from montecarlo.checks import FloatArray
from montecarlo.grid import DAYS_A_YEAR, DateArray

FEWEST = 30
OVERSTATED = 1.03


def weekday_years(dates: DateArray) -> FloatArray:
    """Return years from the first date by weekdays, scaled to the calendar in all, ``(n,)``.

    From Friday to Monday is as long as from Monday to Tuesday:

    >>> dates = np.array(["2024-03-01", "2024-03-04", "2024-03-05"], dtype="datetime64[D]")
    >>> (365 * weekday_years(dates)).tolist()
    [0.0, 2.0, 4.0]
    """
    after, until = dates[:-1] + 1, dates[1:] + 1
    passed = np.busday_count(after, until).astype(np.float64)
    passed += ~np.is_busday(dates[1:])
    total = float((dates[-1] - dates[0]).astype(np.float64)) / DAYS_A_YEAR
    share = np.append(0.0, np.cumsum(passed))
    return share * (total / share[-1]) if dates.size > 1 else share


def clock_warnings(logs: FloatArray, dates: DateArray) -> tuple[str, ...]:
    """Return what to say if changes over weekends are too small for the calendar."""
    days = np.diff(dates).astype(np.float64)
    squares = np.diff(logs) ** 2
    one, weekend = squares[days == 1.0], squares[days == 3.0]
    if one.size < FEWEST or weekend.size < FEWEST or not one.any():
        return ()
    ratio = float(weekend.mean() / one.mean())
    overstated = math.sqrt(float(np.mean(squares / days)) * float(days.sum() / squares.sum()))
    if ratio >= 2.0 or overstated < OVERSTATED:
        return ()
    return (
        f"changes over a weekend have {ratio:.1f} times the variance of those over a day, not 3 "
        f"times: by the calendar the volatility is overstated by about {overstated - 1.0:.0%}; fit "
        "by the clock of weekdays",
    )
