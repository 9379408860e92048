r"""Forward curves :math:`F(0, t)` and discount curves :math:`D(t)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.compounding import Compounding, continuous_rates
from montecarlo.grid import DateArray, DateLike, as_date, as_dates, year_fraction

Interpolation: TypeAlias = Literal["log-linear", "linear", "step"]
"""How a forward curve runs between its pillars."""


def _times_of(valuation_date: DateLike, dates: Sequence[DateLike] | DateArray) -> FloatArray:
    start = as_date("valuation_date", valuation_date)
    return year_fraction(start, as_dates("dates", dates))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForwardCurve:
    r"""Prices agreed today for delivery at :math:`t`, flat beyond both ends.

    Between pillars :math:`t_i \le t < t_{i+1}`, with :math:`w = (t - t_i)/(t_{i+1} - t_i)`,

    .. math::

        \text{log-linear: } F_i^{1-w} F_{i+1}^{w} \qquad
        \text{linear: } (1-w)F_i + wF_{i+1} \qquad
        \text{step: } F_i .

    Parameters
    ----------
    times
        Years from the valuation date, strictly increasing, none negative, shape (n_pillars,).
    values
        Currency per unit, shape (n_pillars,); above zero for log-linear, any finite number
        for linear and step.
    interpolation
        ``"log-linear"`` (the default), ``"linear"`` or ``"step"``.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> curve = ForwardCurve(times=[1.0, 3.0], values=[100.0, 121.0])
    >>> curve([0.0, 1.0, 2.0, 9.0]).round(10)
    array([100., 100., 110., 121.])
    """

    times: FloatArray
    values: FloatArray
    interpolation: Interpolation = "log-linear"

    def __init__(
        self,
        *,
        times: npt.ArrayLike,
        values: npt.ArrayLike,
        interpolation: Interpolation = "log-linear",
    ) -> None:
        pillars = checks.times("times", times)
        levels = checks.same_length(
            "values", checks.finite_array("values", values), "times", pillars.size
        )
        if interpolation not in get_args(Interpolation):
            msg = (
                "interpolation must be one of 'log-linear', 'linear' and 'step', "
                f"got {interpolation!r}"
            )
            raise ValueError(msg)
        low = np.flatnonzero(levels <= 0.0)
        if interpolation == "log-linear" and low.size:
            i = int(low[0])
            msg = (
                "values must be greater than 0 for log-linear interpolation, "
                f"got {float(levels[i])!r} at index {i}"
            )
            raise ValueError(msg)
        pillars.setflags(write=False)
        levels.setflags(write=False)
        object.__setattr__(self, "times", pillars)
        object.__setattr__(self, "values", levels)
        object.__setattr__(self, "interpolation", interpolation)

    @classmethod
    def from_dates(
        cls,
        valuation_date: DateLike,
        dates: Sequence[DateLike] | DateArray,
        values: npt.ArrayLike,
        interpolation: Interpolation = "log-linear",
    ) -> ForwardCurve:
        """Make a curve whose pillars are calendar dates (ACT/365F from the valuation date).

        Examples
        --------
        >>> curve = ForwardCurve.from_dates("2025-01-01", ["2026-01-01"], [110.0])
        >>> curve.times
        array([1.])
        """
        return cls(
            times=_times_of(valuation_date, dates), values=values, interpolation=interpolation
        )

    @classmethod
    def flat(cls, value: float) -> ForwardCurve:
        """Make a curve of one value at all times; zero and negative values are taken.

        Examples
        --------
        >>> float(ForwardCurve.flat(110.0)(5.0))
        110.0
        """
        return cls(times=[0.0], values=[checks.finite("value", value)], interpolation="step")

    def __call__(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price at ``times`` (years, any shape); a pillar gives its value."""
        at = checks.query_times("times", times)
        last = self.times.size - 1
        i = np.clip(np.searchsorted(self.times, at, side="right") - 1, 0, max(last - 1, 0))
        if last == 0:
            return np.full(at.shape, self.values[0])
        if self.interpolation == "step":
            i = np.clip(np.searchsorted(self.times, at, side="right") - 1, 0, last)
            return self.values[i]
        weight = np.clip((at - self.times[i]) / (self.times[i + 1] - self.times[i]), 0.0, 1.0)
        low, high = self.values[i], self.values[i + 1]
        if self.interpolation == "linear":
            between = low + weight * (high - low)
        else:
            between = low * portable.exp(weight * portable.log(high / low))
        return np.where(weight >= 1.0, high, between)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ForwardCurve):
            return NotImplemented
        return (
            self.interpolation == other.interpolation
            and np.array_equal(self.times, other.times)
            and np.array_equal(self.values, other.values)
        )

    def __hash__(self) -> int:
        return hash((self.interpolation, self.times.tobytes(), self.values.tobytes()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiscountCurve:
    r"""Value today of one unit of money at :math:`t`, from continuously compounded zero rates.

    .. math:: D(t) = e^{-z(t)\,t}, \qquad D(0) = 1

    :math:`\ln D` is linear between pillars: at the first zero rate from time zero to the first
    pillar, and at the forward rate of the last segment beyond the last.

    Parameters
    ----------
    times
        Years from the valuation date, strictly increasing, none negative, shape (n_pillars,).
        A pillar at time zero is allowed and says nothing, since D(0) = 1.
    zero_rates
        Continuously compounded, decimal a year, shape (n_pillars,); negative rates are taken.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> curve = DiscountCurve(times=[1.0, 2.0], zero_rates=[0.03, 0.04])
    >>> curve.zero_rate([0.5, 1.0, 1.5, 2.0]).round(6)
    array([0.03    , 0.03    , 0.036667, 0.04    ])
    >>> float(curve.shifted(0.01).zero_rate(2.0).round(12))
    0.05
    """

    times: FloatArray
    zero_rates: FloatArray

    def __init__(self, *, times: npt.ArrayLike, zero_rates: npt.ArrayLike) -> None:
        pillars = checks.times("times", times)
        rates = checks.same_length(
            "zero_rates", checks.finite_array("zero_rates", zero_rates), "times", pillars.size
        )
        pillars.setflags(write=False)
        rates.setflags(write=False)
        object.__setattr__(self, "times", pillars)
        object.__setattr__(self, "zero_rates", rates)

    @classmethod
    def from_dates(
        cls,
        valuation_date: DateLike,
        dates: Sequence[DateLike] | DateArray,
        zero_rates: npt.ArrayLike,
        compounding: Compounding = "continuous",
    ) -> DiscountCurve:
        """Make a curve whose pillars are calendar dates (ACT/365F from the valuation date).

        Rates under another compounding become continuous ones, see
        :func:`montecarlo.compounding.continuous_rates`.

        Examples
        --------
        >>> curve = DiscountCurve.from_dates("2025-01-01", ["2026-01-01"], [0.05], "annual")
        >>> float((1.05 * curve.discount_factor(1.0)).round(12))
        1.0
        """
        times = _times_of(valuation_date, dates)
        rates = checks.same_length(
            "zero_rates", checks.finite_array("zero_rates", zero_rates), "dates", times.size
        )
        return cls(times=times, zero_rates=continuous_rates(rates, times, compounding))

    @classmethod
    def from_par_yields(
        cls, valuation_date: DateLike, par_yields: Mapping[str, float]
    ) -> DiscountCurve:
        """Make the curve at which bonds of the US Treasury's par yields are worth par.

        Semi-annual coupons; up to six months simple interest. See :mod:`montecarlo.par_yields`.

        Parameters
        ----------
        valuation_date
            The day of the quotes.
        par_yields
            Maturity -> yield, decimal, the shortest first.

        Raises
        ------
        ValueError
            Naming the maturity.

        Examples
        --------
        >>> curve = DiscountCurve.from_par_yields("2025-01-01", {"6m": 0.04, "1y": 0.04})
        >>> coupons = 0.02 * curve.discount_factor([181 / 365, 1.0]).sum()
        >>> float((coupons + curve.discount_factor(1.0)).round(12))
        1.0
        """
        from montecarlo.par_yields import zero_rates_of_par_yields

        dates, rates = zero_rates_of_par_yields(valuation_date, par_yields)
        return cls(times=_times_of(valuation_date, dates), zero_rates=rates)

    @classmethod
    def flat(cls, zero_rate: float) -> DiscountCurve:
        """Make a curve of one continuously compounded rate.

        Examples
        --------
        >>> float(DiscountCurve.flat(0.05).discount_factor(0.0))
        1.0
        """
        return cls(times=[1.0], zero_rates=[checks.finite("zero_rate", zero_rate)])

    def shifted(self, spread: float) -> DiscountCurve:
        """Return the curve with ``spread`` (continuous, decimal) added to every zero rate."""
        return DiscountCurve(
            times=self.times, zero_rates=self.zero_rates + checks.finite("spread", spread)
        )

    def discount_factor(self, times: npt.ArrayLike) -> FloatArray:
        """Return D(t) at ``times`` (years, any shape)."""
        at = checks.query_times("times", times)
        return portable.exp(-self._rate_times_time(at))

    def zero_rate(self, times: npt.ArrayLike) -> FloatArray:
        """Return the zero rate at ``times`` (years, any shape); at zero, its limit."""
        at = checks.query_times("times", times)
        first = self._short_rate()
        is_positive = at > 0.0
        safe = np.where(is_positive, at, 1.0)
        return np.where(is_positive, self._rate_times_time(safe) / safe, first)

    def _nodes(self) -> tuple[FloatArray, FloatArray]:
        """Return the pillars after time zero and z(t)t there."""
        later = self.times > 0.0
        return self.times[later], self.zero_rates[later] * self.times[later]

    def _short_rate(self) -> float:
        times, exponents = self._nodes()
        return float(exponents[0] / times[0]) if times.size else float(self.zero_rates[0])

    def _rate_times_time(self, at: FloatArray) -> FloatArray:
        times, exponents = self._nodes()
        if times.size == 0:
            return np.asarray(self.zero_rates[0] * at)
        knots = np.concatenate(([0.0], times))
        levels = np.concatenate(([0.0], exponents))
        i = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, times.size - 1)
        slope = (levels[i + 1] - levels[i]) / (knots[i + 1] - knots[i])
        value = levels[i] + slope * (at - knots[i])
        return np.where(at == knots[i + 1], levels[i + 1], value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DiscountCurve):
            return NotImplemented
        return np.array_equal(self.times, other.times) and np.array_equal(
            self.zero_rates, other.zero_rates
        )

    def __hash__(self) -> int:
        return hash((self.times.tobytes(), self.zero_rates.tobytes()))
