r"""Rates under a stated compounding, turned into continuous ones.

.. math::

    e^{z t} = \Big(1 + \frac rm\Big)^{m t} \;\text{(m times a year)} \qquad
    e^{z t} = 1 + r t \;\text{(simple)}
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from montecarlo import portable
from montecarlo.checks import FloatArray

Compounding: TypeAlias = Literal[
    "continuous", "simple", "annual", "semi-annual", "quarterly", "monthly"
]
"""How often interest is added."""

_TIMES_A_YEAR = {"annual": 1.0, "semi-annual": 2.0, "quarterly": 4.0, "monthly": 12.0}


def continuous_rates(
    rates: npt.ArrayLike, times: npt.ArrayLike, compounding: Compounding
) -> FloatArray:
    """Return the continuously compounded equivalents of zero rates.

    Parameters
    ----------
    rates
        Decimal a year, shape (n,).
    times
        Years to which they apply, shape (n,); only ``"simple"`` reads them.
    compounding
        One of ``"continuous"``, ``"simple"``, ``"annual"``, ``"semi-annual"``, ``"quarterly"``
        and ``"monthly"``.

    Raises
    ------
    ValueError
        For another compounding, or a rate at which money vanishes.

    Examples
    --------
    >>> continuous_rates([0.04, 0.04], [1.0, 2.0], "semi-annual").round(8)
    array([0.03960525, 0.03960525])
    >>> continuous_rates([0.04, 0.04], [1.0, 2.0], "simple").round(8)
    array([0.03922071, 0.03848052])
    """
    found, at = np.asarray(rates, dtype=np.float64), np.asarray(times, dtype=np.float64)
    if compounding not in get_args(Compounding):
        known = ", ".join(get_args(Compounding))
        msg = f"compounding must be one of {known}, got {compounding!r}"
        raise ValueError(msg)
    if compounding == "continuous":
        return found
    is_simple = compounding == "simple"
    # At time zero simple interest and continuous interest are one.
    period = np.where(at > 0.0, at, 1.0) if is_simple else 1.0 / _TIMES_A_YEAR[compounding]
    growth = 1.0 + found * period
    bad = np.flatnonzero(growth <= 0.0)
    if bad.size:
        msg = f"rates must leave money above zero, got {float(found[bad[0]])!r} ({compounding})"
        raise ValueError(msg)
    logs = portable.log(growth) / period
    return np.where(at > 0.0, logs, found) if is_simple else logs
