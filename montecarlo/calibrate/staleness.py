r"""Are quotes stale and smooth? Volatility by horizon, unchanged quotes, autocorrelation.

.. math::

    \hat\sigma(h) = \frac{1}{\sqrt{h}}\Big(\frac{1}{N - 1}\sum_i
    \big(r_i(h) - \bar r(h)\big)^2\Big)^{1/2}

with :math:`r_i(h)` the log changes over :math:`h` years, overlapping. For prices that move freely
it is the same at every horizon. Where a price is assessed by people, quotes stay and move late,
and it rises with the horizon; where prices revert to a mean, it falls.

The standard error is the larger of two: that of a random walk with overlapping changes
(Lo and MacKinlay 1988), and one from the autocovariances of the squares (Newey and West 1987),
which knows of fat tails and spells of turbulence.

Source: A. W. Lo and A. C. MacKinlay, "Stock market prices do not follow random walks", Review of
Financial Studies 1, 1988; W. K. Newey and K. D. West, "A simple, positive semi-definite,
heteroskedasticity and autocorrelation consistent covariance matrix", Econometrica 55, 1987.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from montecarlo.calibrate.history import PriceHistory
from montecarlo.checks import FloatArray

QUOTES = (1, 5, 10)
MONTHS = (1, 3, 6, 12, 24)
FEWEST_CHANGES = 8
MANY_UNCHANGED = 0.25
MUCH_LARGER = 1.25
DAYS_A_MONTH = 365.0 / 12.0
LAGS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonVolatility:
    """Annualised volatility of log changes over one horizon.

    Parameters
    ----------
    horizon
        In words: ``5 quotes``, ``3 months``.
    years
        Length of the horizon.
    volatility
        Annualised, 1/sqrt(yr).
    standard_error
        Of the volatility, overlap counted.
    n_changes
        How many overlapping changes there are.
    """

    horizon: str
    years: float
    volatility: float
    standard_error: float
    n_changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """What the movements of a history say about how its quotes are made.

    Parameters
    ----------
    name
        Name of the price.
    unchanged_share
        Share of quotes equal to the one before.
    quotes_a_year
        How many quotes there are in a year.
    by_horizon
        Volatility by horizon, shortest first.
    autocorrelation
        Lag in quotes -> autocorrelation of the changes from quote to quote.
    monthly_autocorrelation
        First autocorrelation of changes of monthly averages; averaging alone makes it 0.25
        (Working 1960). NaN for too short a history.
    monthly_excess_kurtosis
        Of changes of monthly averages; 0 for a normal distribution, NaN for too short a history.
    is_stale
        Whether volatility rises with the horizon by more than chance allows.
    ratio
        Volatility over a quarter (the longest horizon, in a short history) over that from quote to
        quote.
    verdict
        The same in a sentence, with the numbers.
    """

    name: str
    unchanged_share: float
    quotes_a_year: float
    by_horizon: tuple[HorizonVolatility, ...]
    autocorrelation: dict[int, float]
    monthly_autocorrelation: float
    monthly_excess_kurtosis: float
    is_stale: bool
    ratio: float
    verdict: str

    def rows(self) -> list[dict[str, object]]:
        """Return one row a horizon, for a table."""
        return [
            {
                "horizon": item.horizon,
                "volatility": item.volatility,
                "standard_error": item.standard_error,
                "n_changes": item.n_changes,
            }
            for item in self.by_horizon
        ]


def staleness_of(history: PriceHistory, *, quotes_a_year: float | None = None) -> Staleness:
    """Return what a history's movements say about how stale and smooth its quotes are.

    Parameters
    ----------
    history
        Prices above zero.
    quotes_a_year
        To annualise changes over a number of quotes; counted in the history by default.

    Raises
    ------
    ValueError
        For fewer than 10 prices, a constant price, or one that is not above zero.

    Examples
    --------
    A quote that moves every second time, up and down by turns, is unchanged half of the time:

    >>> history = PriceHistory(
    ...     name="ndpr",
    ...     unit="USD/kg",
    ...     dates=np.datetime64("2024-01-01") + np.arange(41),
    ...     prices=[50.0, *([50.0, 55.0, 55.0, 50.0] * 10)],
    ... )
    >>> staleness_of(history).unchanged_share
    0.5
    """
    logs = history.for_log_model(FEWEST_CHANGES + 2)
    years = float(history.years()[-1])
    pace = (len(history) - 1) / years if quotes_a_year is None else quotes_a_year
    changes = np.diff(logs)
    found = [
        by_overlap(logs, k, k / pace, f"{k} quote{'s' if k > 1 else ''}")
        for k in QUOTES
        if (len(history) - k >= FEWEST_CHANGES and k / pace < 0.5 / 12.0) or k == 1
    ]
    monthly = history.last_of("month")
    steps = np.diff(monthly.dates.astype("datetime64[M]").astype(np.int64))
    usual = int(np.median(steps)) if steps.size else 0
    is_monthly = steps.size > 0 and bool(np.all(steps == usual)) and usual in (1, 3)
    if is_monthly:
        month_logs = monthly.log_prices()
        found += [
            by_overlap(month_logs, m // usual, m / 12.0, f"{m} month{'s' if m > 1 else ''}")
            for m in MONTHS
            if m % usual == 0
            and month_logs.size - m // usual >= FEWEST_CHANGES
            and m / 12.0 > 1.5 / pace
            and years > 2.0 * m / 12.0
        ]
    average, kurtosis = _monthly_shape(history, is_monthly=is_monthly and usual == 1)
    unchanged = float(np.mean(changes == 0.0))
    first = found[0]
    at = _reader(found)
    ratio = at.volatility / first.volatility
    noise = math.hypot(at.standard_error, first.standard_error)
    # Averaging alone hides a third of the variance from one average to the next (Working 1960).
    hidden = math.sqrt(1.5) if history.averaged else 1.0
    is_stale = (
        ratio > MUCH_LARGER * hidden and at.volatility - hidden * first.volatility > 2.0 * noise
    )
    return Staleness(
        name=history.name,
        unchanged_share=unchanged,
        quotes_a_year=pace,
        by_horizon=tuple(found),
        autocorrelation={
            lag: autocorrelation(changes, lag) for lag in LAGS if changes.size > 4 * lag
        },
        monthly_autocorrelation=average,
        monthly_excess_kurtosis=kurtosis,
        is_stale=is_stale,
        ratio=ratio,
        verdict=_verdict(history.name, unchanged, first, at, is_stale=is_stale),
    )


def by_overlap(logs: FloatArray, k: int, years: float, label: str) -> HorizonVolatility:
    """Return the annualised volatility of overlapping changes over ``k`` steps of ``logs``."""
    changes = logs[k:] - logs[:-k]
    n = changes.size
    variance = float(np.var(changes, ddof=1)) if n > 1 else math.nan
    n_steps = logs.size - 1
    walk = math.sqrt((2.0 * k * k + 1.0) / (6.0 * k * n_steps))
    squares = (changes - changes.mean()) ** 2
    spread = math.sqrt(_long_run_variance(squares, 2 * k + 4) / n)
    relative = spread / (2.0 * variance) if variance > 0.0 else 0.0
    volatility = math.sqrt(variance / years)
    return HorizonVolatility(
        horizon=label,
        years=years,
        volatility=volatility,
        standard_error=volatility * max(walk, relative),
        n_changes=n,
    )


def autocorrelation(values: FloatArray, lag: int) -> float:
    """Return the autocorrelation of a series at one lag; NaN for a constant series.

    >>> autocorrelation(np.array([1.0, -1.0, 1.0, -1.0]), 1)
    -0.75
    """
    left = values - values.mean()
    total = float(np.sum(np.square(left)))
    if total == 0.0:
        return math.nan
    return float(np.sum(left[lag:] * left[:-lag])) / total


def _long_run_variance(values: FloatArray, n_lags: int) -> float:
    left = values - values.mean()
    n = int(left.size)
    total = float(np.sum(left**2)) / n
    for lag in range(1, min(n_lags, n - 1) + 1):
        weight = 1.0 - lag / (n_lags + 1.0)
        total += 2.0 * weight * float(np.sum(left[lag:] * left[:-lag])) / n
    return max(total, 0.0)


def _monthly_shape(history: PriceHistory, *, is_monthly: bool) -> tuple[float, float]:
    if not is_monthly:
        return math.nan, math.nan
    averages = history.averages("month").log_prices()
    if averages.size < FEWEST_CHANGES + 2:
        return math.nan, math.nan
    changes = np.diff(averages)
    left = changes - changes.mean()
    kurtosis = float(np.mean(left**4) / np.mean(left**2) ** 2) - 3.0
    return autocorrelation(changes, 1), kurtosis


def _reader(found: list[HorizonVolatility]) -> HorizonVolatility:
    """Return the horizon of a quarter, or the longest below it."""
    short = [item for item in found if item.years <= 0.26]
    return short[-1] if len(short) > 1 or len(found) == 1 else found[1]


def _verdict(
    name: str,
    unchanged: float,
    first: HorizonVolatility,
    at: HorizonVolatility,
    *,
    is_stale: bool,
) -> str:
    numbers = (
        f"quotes of {name} are unchanged {unchanged:.0%} of the time; volatility is "
        f"{first.volatility:.1%} (standard error {first.standard_error:.1%}) a year from changes "
        f"over {first.horizon} and {at.volatility:.1%} ({at.standard_error:.1%}) over {at.horizon}"
    )
    if is_stale:
        factor = at.volatility / first.volatility
        return (
            f"{numbers}: a fit to every quote would understate what a contract over {at.horizon} "
            f"sees by a factor of {factor:.1f}; fit at the contract's horizon or with a model of "
            "the smoothing"
        )
    if unchanged > MANY_UNCHANGED:
        return f"{numbers}: quotes stay where they are, but catch up soon enough"
    return f"{numbers}: no sign of stale or smoothed quotes"
