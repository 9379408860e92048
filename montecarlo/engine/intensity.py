r"""How often something happens: a rate that may change on stated dates, and its clock.

.. math:: \Lambda(t) = \int_0^t \lambda(s)\,ds

The n-th event falls where the clock :math:`\Lambda` has advanced by the sum of n exponential
variables of mean 1, which is exact for any rate.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.jit import kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Intensity:
    r"""A rate of events a year, constant between dates: :math:`\lambda(t) = \lambda_i` from t_i on.

    Parameters
    ----------
    times
        When each rate starts to hold, years, rising; the first is 0.
    rates
        Events a year from then on, at least 0; the last holds for ever.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    Twice a year for six months, then once in four years:

    >>> intensity = Intensity(times=(0.0, 0.5), rates=(2.0, 0.25))
    >>> intensity.expected_number([0.25, 0.5, 4.5])
    array([0.5, 1. , 2. ])
    """

    times: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.times or len(self.times) != len(self.rates):
            msg = (
                f"rates must have one entry for each of times, got {len(self.rates)} for "
                f"{len(self.times)}"
            )
            raise ValueError(msg)
        for i, (time, rate) in enumerate(zip(self.times, self.rates, strict=True)):
            checks.finite(f"times[{i}]", time)
            checks.non_negative(f"rates[{i}]", rate)
            if i == 0 and time != 0.0:
                msg = f"times[0] must be 0, got {time!r}"
                raise ValueError(msg)
            if i and time <= self.times[i - 1]:
                msg = f"times[{i}] must be above times[{i - 1}], got {time!r}"
                raise ValueError(msg)

    @staticmethod
    def of(value: IntensityLike, field: str) -> Intensity:
        """Return an intensity, a plain number being one that never changes.

        Examples
        --------
        >>> Intensity.of(0.5, "jump_intensity")
        Intensity(times=(0.0,), rates=(0.5,))
        """
        if isinstance(value, Intensity):
            return value
        return Intensity(times=(0.0,), rates=(checks.non_negative(field, value),))

    def expected_number(self, times: npt.ArrayLike) -> FloatArray:
        r"""Return :math:`\Lambda(t)`, the expected number of events by ``times``."""
        at = checks.query_times("times", times)
        total = np.zeros(at.shape)
        for start, end, rate in self.pieces():
            total = total + rate * np.clip(at - start, 0.0, end - start)
        return total

    def at(self, time: float) -> float:
        """Return the events a year that hold at one time.

        Examples
        --------
        >>> Intensity(times=(0.0, 0.5), rates=(2.0, 0.25)).at(0.5)
        0.25
        """
        return self.rates[bisect_right(self.times, time) - 1]

    def pieces(self) -> Sequence[tuple[float, float, float]]:
        """Return start, end and rate of each piece; the last ends at infinity."""
        return tuple(zip(self.times, (*self.times[1:], math.inf), self.rates, strict=True))

    def clock(self) -> FloatArray:
        """Return what :func:`time_on` reads, (3, n): starts, rates, the clock at each start."""
        starts = np.array(self.times)
        clock = np.zeros(starts.size)
        for i in range(1, starts.size):
            clock[i] = clock[i - 1] + self.rates[i - 1] * (starts[i] - starts[i - 1])
        return np.stack([starts, np.array(self.rates), clock])


IntensityLike: TypeAlias = Intensity | float
"""An intensity, or a number of events a year."""


@kernel
def time_on(clock: FloatArray, reading: float) -> float:
    """Return when the clock shows ``reading``; infinity when it never does."""
    last = clock.shape[1] - 1
    for i in range(last):
        if reading <= clock[2, i + 1]:
            return float(clock[0, i] + (reading - clock[2, i]) / clock[1, i])
    if clock[1, last] == 0.0:
        return math.inf
    return float(clock[0, last] + (reading - clock[2, last]) / clock[1, last])
