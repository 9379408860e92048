r"""Seasons of the year as a deterministic factor of a forward curve.

.. math:: F(0, d) = s(d)\,G(0, d)

:math:`G` is the curve without seasons, currency per unit; :math:`s(d)` a pure number that depends
on the place of the day :math:`d` in the calendar year alone. Every model takes a forward curve, so
every model takes seasons; volatility and risk premia are left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.grid import DateArray, DateLike, as_date, year_fraction

MONTHS = 12

Normalisation: TypeAlias = Literal["mean-level", "mean-log"]
"""What is scaled to leave the year as it is: the mean of the factors to 1, or of their logarithms
to 0."""


class Seasonality(Protocol):
    """A factor for each day of the year."""

    def factors(self, dates: DateArray) -> FloatArray:
        """Return the factor of each date, above zero, in the shape of ``dates``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlySeasonality:
    r"""One factor for all days of a month.

    .. math::

        s(d) = \frac{f_m}{\tfrac1{12}\sum_j f_j} \;\text{(mean-level)} \qquad
        s(d) = \frac{f_m}{\big(\prod_j f_j\big)^{1/12}} \;\text{(mean-log)},
        \qquad m = \text{month of } d

    Parameters
    ----------
    months
        :math:`f_1` to :math:`f_{12}`, January to December, above zero, of any scale.
    normalised_by
        ``"mean-level"`` or ``"mean-log"``.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> winter = MonthlySeasonality(
    ...     months=[3, 3, 2, 2, 2, 1, 1, 1, 2, 2, 2, 3], normalised_by="mean-level"
    ... )
    >>> winter.factors(np.array(["2026-01-31", "2026-06-01"], dtype="datetime64[D]"))
    array([1.5, 0.5])
    """

    months: tuple[float, ...]
    normalised_by: Normalisation

    def __init__(self, *, months: npt.ArrayLike, normalised_by: Normalisation) -> None:
        found = checks.same_length(
            "months", checks.finite_array("months", months), "the year", MONTHS
        )
        for i, value in enumerate(found):
            checks.positive(f"months[{i}]", float(value))
        _as_normalisation(normalised_by)
        object.__setattr__(self, "months", tuple(found.tolist()))
        object.__setattr__(self, "normalised_by", normalised_by)

    def factors(self, dates: DateArray) -> FloatArray:
        """Return the factor of each date's month, in the shape of ``dates``."""
        table = _normalised(np.array(self.months), self.normalised_by)
        month = dates.astype("datetime64[M]").astype(np.int64) % MONTHS
        found: FloatArray = table[month]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmonicSeasonality:
    r"""Sines and cosines of the year.

    .. math::

        \ln s(d) = \sum_k a_k\cos 2\pi k u + b_k\sin 2\pi k u - c, \qquad
        u = \frac{d - \text{1 January}}{\text{days in the year}}

    with :math:`c = 0` for ``"mean-log"``, since every harmonic has mean 0 over the year, and for
    ``"mean-level"`` the logarithm of what the mean of the factors over 365 days would be.

    Parameters
    ----------
    cosine, sine
        :math:`a_1, a_2, \dots` and :math:`b_1, b_2, \dots`, as many of one as of the other.
    normalised_by
        ``"mean-level"`` or ``"mean-log"``.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> wave = HarmonicSeasonality(cosine=[0.2], sine=[0.0], normalised_by="mean-log")
    >>> wave.factors(np.array(["2027-01-01", "2028-07-02"], dtype="datetime64[D]")).round(6)
    array([1.221403, 0.818731])
    """

    cosine: tuple[float, ...]
    sine: tuple[float, ...]
    normalised_by: Normalisation

    def __init__(
        self, *, cosine: npt.ArrayLike, sine: npt.ArrayLike, normalised_by: Normalisation
    ) -> None:
        a = checks.finite_array("cosine", cosine)
        b = checks.same_length("sine", checks.finite_array("sine", sine), "cosine", a.size)
        if a.size == 0:
            msg = "cosine must have at least one entry, got none"
            raise ValueError(msg)
        _as_normalisation(normalised_by)
        object.__setattr__(self, "cosine", tuple(a.tolist()))
        object.__setattr__(self, "sine", tuple(b.tolist()))
        object.__setattr__(self, "normalised_by", normalised_by)

    def factors(self, dates: DateArray) -> FloatArray:
        """Return the factor of each date, in the shape of ``dates``."""
        year = dates.astype("datetime64[Y]")
        first, after = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
        place = (dates - first).astype(np.float64) / (after - first).astype(np.float64)
        whole = portable.exp(self._wave(np.arange(365.0) / 365.0))
        factors = portable.exp(self._wave(place))
        return factors / _mean(whole) if self.normalised_by == "mean-level" else factors

    def _wave(self, place: FloatArray) -> FloatArray:
        total = np.zeros(place.shape)
        for k, (a, b) in enumerate(zip(self.cosine, self.sine, strict=True), start=1):
            sine, cosine = portable.sincos_2pi(k * place)
            total = total + a * cosine + b * sine
        return total


def seasonal_forward_curve(
    trend: ForwardCurve,
    seasonality: Seasonality,
    *,
    valuation_date: DateLike,
    until: DateLike,
) -> ForwardCurve:
    r"""Return the curve :math:`F(0, d) = s(d)\,G(0, d)` for every day from today to ``until``.

    Parameters
    ----------
    trend
        :math:`G`, the curve without seasons.
    seasonality
        :math:`s`.
    valuation_date
        The day at which the curve's time is zero.
    until
        The last day with seasons; beyond it the curve is flat, so take a day past the last one
        that a contract reads.

    Returns
    -------
    ForwardCurve
        One step a day.

    Examples
    --------
    >>> winter = MonthlySeasonality(
    ...     months=[3, 3, 2, 2, 2, 1, 1, 1, 2, 2, 2, 3], normalised_by="mean-level"
    ... )
    >>> curve = seasonal_forward_curve(
    ...     ForwardCurve.flat(40.0), winter, valuation_date="2026-01-01", until="2026-12-31"
    ... )
    >>> curve([0.0, 180 / 365])
    array([60., 20.])
    """
    first, last = as_date("valuation_date", valuation_date), as_date("until", until)
    if last < first:
        msg = f"until must not come before the valuation date ({first}), got {last}"
        raise ValueError(msg)
    days = np.arange(first, last + 1, dtype="datetime64[D]")
    times = year_fraction(first, days)
    return ForwardCurve(
        times=times, values=trend(times) * seasonality.factors(days), interpolation="step"
    )


def _normalised(factors: FloatArray, how: Normalisation) -> FloatArray:
    if how == "mean-level":
        return factors / _mean(factors)
    return portable.exp(portable.log(factors) - _mean(portable.log(factors)))


def _mean(values: FloatArray) -> float:
    # Running sums are added in one order on every machine.
    return float(np.cumsum(values)[-1] / values.size)


def _as_normalisation(value: str) -> None:
    if value not in get_args(Normalisation):
        msg = f"normalised_by must be 'mean-level' or 'mean-log', got {value!r}"
        raise ValueError(msg)
