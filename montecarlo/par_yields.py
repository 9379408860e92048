r"""Discount factors from par yields, as the US Treasury quotes them.

A par yield :math:`c` of maturity :math:`T` is the coupon at which a bond that pays :math:`c/2`
every half-year is worth its principal:

.. math:: 1 = \frac c2\sum_{i=1}^{n} D(t_i) + D(T), \qquad t_n = T

with :math:`t_i` counted back from the maturity by half-years. Up to six months the bond is a bill
that pays once, :math:`1 = (1 + c\,m/12)\,D(T)`, with :math:`m` its months; at six months the two
agree. Between maturities :math:`\ln D` is linear, as in every
:class:`~montecarlo.curve.DiscountCurve`, and each maturity in turn gives the one slope at which
its bond is worth par. Source of the convention: US Department of the Treasury, "Treasury Yield
Curve Methodology".
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.grid import DateArray, DateLike, as_date, year_fraction

LONGEST_BILL_MONTHS = 6
HALF_YEAR_MONTHS = 6

_TENOR = re.compile(r"([1-9][0-9]{0,3})([my])")
_MOST_STEPS = 100
_ROUNDING = 1e-14


def tenor_months(text: str) -> int:
    """Return the months of a maturity such as ``"3m"`` or ``"10y"``.

    Raises
    ------
    ValueError
        For another text, and for maturities beyond six months between two half-years.

    Examples
    --------
    >>> tenor_months("10y"), tenor_months("18m")
    (120, 18)
    >>> tenor_months("10")
    Traceback (most recent call last):
    ValueError: maturity must be months or years, as in 3m or 10y, got '10'
    """
    found = _TENOR.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        msg = f"maturity must be months or years, as in 3m or 10y, got {text!r}"
        raise ValueError(msg)
    n_months = int(found[1]) * (12 if found[2] == "y" else 1)
    if n_months > LONGEST_BILL_MONTHS and n_months % HALF_YEAR_MONTHS:
        msg = f"maturity must be of whole half-years beyond six months, got {text!r}"
        raise ValueError(msg)
    return n_months


@dataclass(frozen=True, slots=True)
class ParBond:
    """What a par yield prices: dates, and money paid on them for one unit of principal.

    Parameters
    ----------
    dates
        Payments, shape (n,), increasing; the last is the maturity.
    amounts
        Coupons, with the principal in the last, shape (n,).
    """

    dates: DateArray
    amounts: FloatArray


def par_bond(valuation_date: DateLike, maturity: str, par_yield: float) -> ParBond:
    """Return the bond, or up to six months the bill, that a par yield makes worth 1.

    Examples
    --------
    >>> bond = par_bond("2025-07-10", "1y", 0.04)
    >>> [str(date) for date in bond.dates], bond.amounts.tolist()
    (['2026-01-10', '2026-07-10'], [0.02, 1.02])
    >>> par_bond("2025-07-10", "3m", 0.04).amounts.tolist()
    [1.01]
    """
    start = as_date("valuation_date", valuation_date)
    n_months = tenor_months(maturity)
    coupon = checks.finite(f"par yield of {maturity}", par_yield)
    if n_months <= LONGEST_BILL_MONTHS:
        return ParBond(_months_after(start, [n_months]), np.array([1.0 + coupon * n_months / 12.0]))
    months = range(HALF_YEAR_MONTHS, n_months + 1, HALF_YEAR_MONTHS)
    amounts = np.full(len(months), 0.5 * coupon)
    amounts[-1] += 1.0
    return ParBond(_months_after(start, list(months)), amounts)


def zero_rates_of_par_yields(
    valuation_date: DateLike, par_yields: Mapping[str, float]
) -> tuple[DateArray, FloatArray]:
    """Return the maturities and their continuously compounded zero rates.

    Parameters
    ----------
    valuation_date
        The day on which the yields are quoted; bonds are taken to be issued on it.
    par_yields
        Maturity -> yield, decimal, the shortest first: ``{"6m": 0.043, "2y": 0.039}``.

    Raises
    ------
    ValueError
        Naming the maturity and its yield when no discount factor above zero makes it worth par.

    Examples
    --------
    One bill: D = 1 / (1 + 0.04 / 2), so z = ln(1.02) / (184 / 365).

    >>> dates, rates = zero_rates_of_par_yields("2025-07-10", {"6m": 0.04})
    >>> str(dates[0]), rates.round(6).tolist()
    ('2026-01-10', [0.039282])
    """
    start = as_date("valuation_date", valuation_date)
    if not par_yields:
        msg = "par_yields must have at least one entry, got none"
        raise ValueError(msg)
    knots, logs = [0.0], [0.0]
    maturities = []
    before = 0
    for maturity, par_yield in par_yields.items():
        n_months = tenor_months(maturity)
        if n_months <= before:
            msg = f"par_yields must be in order of maturity, the shortest first, got {maturity!r}"
            raise ValueError(msg)
        before = n_months
        bond = par_bond(start, maturity, par_yield)
        times = year_fraction(start, bond.dates)
        slope = _slope(times, bond.amounts, knots, logs)
        if slope is None:
            rule = f"par_yields must leave a discount factor above zero at {maturity}"
            msg = f"{rule}, got {par_yield!r}"
            raise ValueError(msg)
        logs.append(logs[-1] - slope * (float(times[-1]) - knots[-1]))
        knots.append(float(times[-1]))
        maturities.append(bond.dates[-1])
    rates = -np.array(logs[1:]) / np.array(knots[1:])
    return np.array(maturities, dtype="datetime64[D]"), rates


def _slope(
    times: FloatArray, amounts: FloatArray, knots: Sequence[float], logs: Sequence[float]
) -> float | None:
    """Return the forward rate after the last knot at which the payments are worth 1."""
    is_known = times <= knots[-1]
    known = amounts[is_known] * portable.exp(np.interp(times[is_known], knots, logs))
    wanted = 1.0 - float(np.cumsum(known)[-1] if known.size else 0.0)
    if wanted <= 0.0 or amounts[-1] <= 0.0:
        return None
    late = times[~is_known] - knots[-1]
    worth = amounts[~is_known] * float(portable.exp(logs[-1]))
    # Where no coupon is negative the worth is falling and convex in the slope, so that Newton's
    # steps end at its one root.
    slope = 0.0
    for _ in range(_MOST_STEPS):
        each = worth * portable.exp(-slope * late)
        fall = float(np.cumsum(each * late)[-1])
        if not 0.0 < fall < math.inf:
            return None
        step = float(np.cumsum(each)[-1] - wanted) / fall
        slope += step
        if abs(step) * late[-1] <= _ROUNDING:
            return slope
    return None


def _months_after(start: np.datetime64, n_months: Sequence[int]) -> DateArray:
    """Return the same day of later months, or their last day where they are too short."""
    month = start.astype("datetime64[M]")
    day = (start - month.astype("datetime64[D]")).astype(np.int64)
    months = month + np.array(n_months, dtype="timedelta64[M]")
    first, after = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
    found: DateArray = np.minimum(first + day, after - 1)
    return found
