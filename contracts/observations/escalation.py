r"""Escalation: a price or an amount that grows by a fixed rate or with an index.

Fixed: :math:`K_t = K (1+g)^{y_t}` with :math:`y_t` whole years since the base date.
Index: :math:`K_t = K \left(1 - a + a\, I_{r(t)} / I_0\right)` with :math:`I_0` the index on the
base date, :math:`r(t)` the last reset at or before period :math:`t` and :math:`a` the indexed
share. The base date is never implied: a base-year slip is the usual error.

Where the market has a model of the index, levels on dates after the valuation date are random,
:math:`I_d = \bar I_d\,X_d / F(0, d)` with :math:`\bar I_d` the projected level and :math:`X_d` what
is simulated around its mean :math:`F(0, d)`. The two agree but for rounding, so that a volatility
of zero gives the projected level to the bit.
"""

import datetime
from dataclasses import dataclass

import numpy as np

from contracts.checks import finite, require, share
from contracts.conventions import BoolArray, DateArray, FloatArray, IntArray
from contracts.periods import day
from contracts.protocols import Context, Prices


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
        levels = [context.index(self.index, date) for date in self._resets(starts)]
        return 1.0 - self.share + self.share * np.array(levels) / base

    def reset_dates(self, starts: DateArray) -> DateArray:
        """Return every date on which the index is read, in order, the base date among them."""
        return np.unique(np.array([self.base_date, *self._resets(starts)], dtype="datetime64[D]"))

    def random_factors(self, starts: DateArray, context: Context) -> "RandomFactors | None":
        """Return the factors as a function of the simulated index; ``None`` where all are known."""
        dates = self.reset_dates(starts)
        means = context.index_means(self.index, dates)
        is_random = dates > day(context.valuation_date)
        if means is None or not is_random.any():
            return None
        levels = np.array([context.index(self.index, date) for date in dates.tolist()])
        resets = np.array(self._resets(starts), dtype="datetime64[D]")
        return RandomFactors(
            index=self.index,
            share=self.share,
            levels=levels,
            is_random=is_random,
            rows=context.rows(dates[is_random]),
            means=means[is_random],
            base=int(np.searchsorted(dates, day(self.base_date))),
            resets=np.searchsorted(dates, resets),
        )

    def _resets(self, starts: DateArray) -> list[datetime.date]:
        return [self._reset_before(start.item()) for start in starts]

    def _reset_before(self, date: datetime.date) -> datetime.date:
        if self.reset is None:
            return date
        candidate = datetime.date(date.year, *self.reset)
        return candidate if candidate <= date else datetime.date(date.year - 1, *self.reset)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomFactors:
    """The factors of an escalation on each path of a block.

    Attributes
    ----------
    levels
        Projected levels on every date that is read, ``(n_dates,)``.
    is_random
        Which of them come after the valuation date, ``(n_dates,)``.
    rows, means
        Of those, the row of the simulated grid and the mean there.
    base, resets
        Which of the dates is the base date, and which is the reset of each period.
    """

    index: str
    share: float
    levels: FloatArray
    is_random: BoolArray
    rows: IntArray
    means: FloatArray
    base: int
    resets: IntArray

    @property
    def is_fixed(self) -> BoolArray:
        """Whether a period's factor is known, ``(n_periods,)``."""
        fixed: BoolArray = ~(self.is_random[self.resets] | self.is_random[self.base])
        return fixed

    def on(self, prices: Prices) -> FloatArray:
        """Return ``(n_periods, n_paths)`` factors.

        Examples
        --------
        The level of 103 is projected; on the second path the index comes out 2% above its mean.

        >>> factors = RandomFactors(
        ...     index="cpi",
        ...     share=1.0,
        ...     levels=np.array([100.0, 103.0]),
        ...     is_random=np.array([False, True]),
        ...     rows=np.array([0]),
        ...     means=np.array([103.0]),
        ...     base=0,
        ...     resets=np.array([0, 1]),
        ... )
        >>> factors.on({"cpi": np.array([[103.0, 105.06]])}).round(4)
        array([[1.    , 1.    ],
               [1.03  , 1.0506]])
        >>> factors.is_fixed
        array([ True, False])
        """
        moved = prices[self.index][self.rows] / self.means[:, None]
        levels = np.repeat(self.levels[:, None], moved.shape[1], axis=1)
        levels[self.is_random] *= moved
        out: FloatArray = 1.0 - self.share + self.share * levels[self.resets] / levels[self.base]
        return out


def _whole_years(base: datetime.date, date: datetime.date) -> int:
    return date.year - base.year - ((date.month, date.day) < (base.month, base.day))
