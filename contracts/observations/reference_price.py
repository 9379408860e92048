r"""Reference price: the average of an index over a window of pricing dates.

.. math:: R_t = \frac{1}{n_t} \sum_{k=1}^{n_t} P_{d_{t,k}}

with :math:`d_{t,k}` the pricing dates of calculation period :math:`t`, moved back by the lag. A
price in a foreign currency is converted on each of them,

.. math:: R_t = \frac{1}{n_t} \sum_{k=1}^{n_t} \frac{P_{d_{t,k}} X_{d_{t,k}}}{1 + v}

with :math:`X` the exchange rate, in the deal's currency for one unit of the foreign one, and
:math:`v` the value added tax that the price includes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from contracts.checks import require, share
from contracts.conventions import DateArray, FloatArray, IntArray, Observed
from contracts.observations.pricing_dates import PricingDates
from contracts.periods import Periods, add_months, day
from contracts.protocols import Bound, Context, Prices
from contracts.windows import Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The exchange rate and the tax by which a foreign price becomes one of the deal.

    Parameters
    ----------
    exchange_rate
        Its name in the market.
    vat
        Value added tax within the price, decimal.

    Examples
    --------
    113 yuan with 13% of tax at 0.14 dollars for a yuan.

    >>> yuan = Conversion(exchange_rate="cny", vat=0.13)
    >>> yuan.converted(np.array([113.0]), np.array([0.14])).round(9)
    array([14.])
    """

    exchange_rate: str
    vat: float

    def __post_init__(self) -> None:
        share(self.vat, "convert.vat")

    def converted(self, foreign: FloatArray, exchange: FloatArray) -> FloatArray:
        """Return prices in the deal's currency without the tax."""
        out: FloatArray = np.asarray(foreign, dtype=np.float64) * exchange / (1.0 + self.vat)
        return out


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
    conversion
        For a price in a foreign currency; ``None``: it is in the deal's.

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
    conversion: Conversion | None = None

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
        dates = np.unique(self._readings(periods)[0])
        rate = {} if self.conversion is None else {self.conversion.exchange_rate: dates}
        return {self.commodity: dates, **rate}

    def _fixing(self, dates: DateArray, context: Context) -> FloatArray:
        price = context.fixing(self.commodity, dates)
        if self.conversion is None:
            return price
        return self.conversion.converted(
            price, context.fixing(self.conversion.exchange_rate, dates)
        )

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
            fixed[t] = float(np.mean(self._fixing(past, context))) * (len(past) / len(window))
        offsets = np.concatenate([[0], np.cumsum(n_future)])
        row_of = context.rows(dates[is_future])
        is_fixed = n_future == 0
        commodity, conversion = self.commodity, self.conversion
        windows = Windows(
            commodity=commodity, fixed=fixed, weights=weights, offsets=offsets, rows=row_of
        )

        def observe(prices: Prices, observed: Observed) -> FloatArray:
            if len(row_of) == 0:
                return fixed[:, None]
            if conversion is None:
                return windows.arithmetic(prices[commodity])
            rate = prices[conversion.exchange_rate]
            return windows.arithmetic(conversion.converted(prices[commodity], rate))

        # A product of two prices is no plain average of one, and has no control.
        plain = windows if conversion is None else None
        return Bound(observe=observe, is_fixed=is_fixed, windows=plain)


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
