r"""Escalation: a price or an amount that grows by a fixed rate or with an index.

Fixed: :math:`K_t = K (1+g)^{y_t}` with :math:`y_t` whole years since the base date.
Index: :math:`K_t = K \left(1 - a + a\, I_{r(t)} / I_0\right)` with :math:`I_0` the index on the
base date, :math:`r(t)` the last reset at or before period :math:`t` and :math:`a` the indexed
share. The base date is never implied: a base-year slip is the usual error.
"""

import datetime
from dataclasses import dataclass

import numpy as np

from contracts.checks import finite, require, share
from contracts.conventions import DateArray, FloatArray
from contracts.protocols import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedEscalation:
    """Growth at a fixed yearly rate, in whole-year steps from the base date.

    Examples
    --------
    The 10X threshold: 140 growing 2% a year.

    >>> rise = FixedEscalation(rate=0.02, base_date=datetime.date(2029, 1, 1))
    >>> starts = np.array(["2029-01-01", "2030-01-01", "2031-06-30"], dtype="datetime64[D]")
    >>> (140 * rise.factors(starts)).round(3)
    array([140.   , 142.8  , 145.656])
    """

    rate: float
    base_date: datetime.date

    def __post_init__(self) -> None:
        require(finite(self.rate, "rate") > -1.0, "escalation.rate", "be above -1", self.rate)

    def factors(self, starts: DateArray, context: Context | None = None) -> FloatArray:
        """Return ``(n_periods,)`` factors; before the base date the factor is 1."""
        years = [max(_whole_years(self.base_date, start.item()), 0) for start in starts]
        return (1.0 + self.rate) ** np.array(years, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEscalation:
    """Growth with a price index from an explicit base date.

    Parameters
    ----------
    index
        Name of the index in the market.
    base_date
        Date of the money in which the value is stated.
    reset
        (month, day) on which the indexed value changes each year; ``None``: every period.
    share
        Part of the value that is indexed.

    Examples
    --------
    58.87 GBP/MWh in money of 2012, in a year in which prices have risen by 44.34%.

    >>> class Prices:
    ...     def index(self, name, date):
    ...         return 144.34 if date.year > 2012 else 100.0
    >>> rise = IndexEscalation(index="uk-cpi", base_date=datetime.date(2012, 4, 1), reset=(4, 1))
    >>> starts = np.array(["2024-05-01"], dtype="datetime64[D]")
    >>> (58.87 * rise.factors(starts, Prices())).round(2)
    array([84.97])
    """

    index: str
    base_date: datetime.date
    reset: tuple[int, int] | None = None
    share: float = 1.0

    def __post_init__(self) -> None:
        share(self.share, "escalation.share")
        if self.reset is not None:
            try:
                datetime.date(2023, *self.reset)
            except (TypeError, ValueError):
                require(False, "escalation.reset", "be a month and a day of it", self.reset)

    def factors(self, starts: DateArray, context: Context) -> FloatArray:
        """Return ``(n_periods,)`` factors."""
        base = context.index(self.index, self.base_date)
        levels = [context.index(self.index, self._reset_before(start.item())) for start in starts]
        return 1.0 - self.share + self.share * np.array(levels) / base

    def _reset_before(self, date: datetime.date) -> datetime.date:
        if self.reset is None:
            return date
        candidate = datetime.date(date.year, *self.reset)
        return candidate if candidate <= date else datetime.date(date.year - 1, *self.reset)


def _whole_years(base: datetime.date, date: datetime.date) -> int:
    return date.year - base.year - ((date.month, date.day) < (base.month, base.day))
