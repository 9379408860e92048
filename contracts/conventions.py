"""Signs, shapes and table columns, stated once.

An amount runs from payer to receiver and carries no party's sign. The sign is applied once,
for the perspective asked for: received is positive, paid is negative. Arrays are time-major,
``(n_periods, n_paths)``; what is the same on every path has one column, ``(n_periods, 1)``.
Money is in the deal's currency, mass in kg, energy in MWh, rates are decimals.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
DateArray = npt.NDArray[np.datetime64]

Observed = Mapping[str, FloatArray]
"""What has been observed so far: name -> ``(n_periods, n_paths)`` or ``(n_periods, 1)``."""

Frequency = Literal["month", "quarter", "half-year", "year", "once"]

MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
"""Calendar months in one period of each regular frequency."""

DAYS_IN_YEAR = 365.0
"""Years are counted as actual days over 365 (ACT/365F)."""

ROLES = ("provider", "producer", "offtaker", "lender", "borrower", "investor", "issuer")
"""What a party is to the deal: who gives support, sells, buys, lends or owns."""

PERCENTILES: dict[str, float] = {"p05": 0.05, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p95": 0.95}

PERCENTILE_LABELS: dict[str, str] = {
    "p05": "5th percentile (P95 exceedance)",
    "p25": "25th percentile (P75 exceedance)",
    "p50": "median",
    "p75": "75th percentile (P25 exceedance)",
    "p95": "95th percentile (P5 exceedance)",
}
"""Percentiles in full: energy and mining call the 5th percentile P95, statistics P5."""
