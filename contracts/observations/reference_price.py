r"""Reference price: the average of an index over a window of pricing dates.

.. math:: R_t = \frac{1}{n_t} \sum_{k=1}^{n_t} P_{d_{t,k}}

with :math:`d_{t,k}` the pricing dates of calculation period :math:`t`, moved back by the lag.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from contracts.checks import require
from contracts.conventions import DateArray, FloatArray, IntArray, Observed
from contracts.observations.pricing_dates import PricingDates
from contracts.periods import Periods, add_months, day
from contracts.protocols import Bound, Context, Prices
from contracts.windows import Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePrice:
    """The published price that settlement uses, not what the seller received.

    Pricing dates before the valuation date take their fixing; the rest are simulated.

    Parameters
    ----------
    commodity
        Name of the price in the market.
    pricing_dates
        The rule for the days averaged with equal weights (the quotational period).
    lag_months
        Whole months by which the window lies before the calculation period.

    Examples
    --------
    The fourth quarter, read one month early (M-1).

    >>> import datetime
    >>> periods = Periods.regular(
    ...     start=datetime.date(2025, 10, 1), end=datetime.date(2025, 12, 31), frequency="quarter"
    ... )
    >>> ndpr = ReferencePrice(
    ...     commodity="ndpr-oxide", pricing_dates=PricingDates(every="month", day=15), lag_months=1
    ... )
    >>> [str(date) for date in ndpr.fixing_dates(periods)["ndpr-oxide"]]
    ['2025-09-15', '2025-10-15', '2025-11-15']
    """

    commodity: str
    pricing_dates: PricingDates
    lag_months: int = 0

    def __post_init__(self) -> None:
        require(
            isinstance(self.lag_months, int) and self.lag_months >= 0,
            "lag_months",
            "be a whole number, zero or more",
            self.lag_months,
        )

    @property
    def reads(self) -> tuple[str, ...]:
        """No other observation."""
        return ()

    def windows(self, periods: Periods) -> list[DateArray]:
        """Return the pricing dates of each period."""
        dates, offsets = self._readings(periods)
        return [dates[first:last] for first, last in pairwise(offsets.tolist())]

    def fixing_dates(self, periods: Periods) -> Mapping[str, DateArray]:
        """Return every date on which the commodity's price is read."""
        return {self.commodity: np.unique(self._readings(periods)[0])}

    def _readings(self, periods: Periods) -> tuple[DateArray, IntArray]:
        """Return the pricing dates of all periods in order, and where each period's begin."""
        starts, ends = periods.start.astype("datetime64[D]"), periods.end.astype("datetime64[D]")
        return _readings(self.pricing_dates, self.lag_months, starts.tobytes(), ends.tobytes())

    def bind(self, name: str, periods: Periods, context: Context) -> Bound:
        """Split each window into what is fixed and what is still to be simulated."""
        today = day(context.valuation_date)
        n_periods = len(periods)
        dates, ends = self._readings(periods)
        is_future = dates >= today
        n_read = np.diff(ends)
        n_future = np.add.reduceat(is_future, ends[:-1], dtype=np.int64)
        weights = 1.0 / n_read
        fixed = np.zeros(n_periods)
        for t in np.flatnonzero(n_future < n_read):
            window = dates[ends[t] : ends[t + 1]]
            past = window[window < today]
            fixed[t] = float(np.mean(context.fixing(self.commodity, past))) * (
                len(past) / len(window)
            )
        offsets = np.concatenate([[0], np.cumsum(n_future)])
        row_of = context.rows(dates[is_future])
        is_fixed = n_future == 0
        commodity = self.commodity
        windows = Windows(
            commodity=commodity, fixed=fixed, weights=weights, offsets=offsets, rows=row_of
        )

        def observe(prices: Prices, observed: Observed) -> FloatArray:
            if len(row_of) == 0:
                return fixed[:, None]
            return windows.arithmetic(prices[commodity])

        return Bound(observe=observe, is_fixed=is_fixed, windows=windows)


@lru_cache(maxsize=256)
def _readings(
    rule: PricingDates, lag_months: int, starts: bytes, ends: bytes
) -> tuple[DateArray, IntArray]:
    """Work out the pricing dates of a schedule once: many deals share one."""
    first, after = (np.frombuffer(days, dtype="datetime64[D]") for days in (starts, ends))
    dates, offsets = rule.within_each(
        add_months(first, -lag_months), add_months(after, -lag_months)
    )
    for array in (dates, offsets):
        array.setflags(write=False)
    return dates, offsets
