"""Rolling backtest: fit on the past alone, forecast the distribution, score what came.

At each origin a model sees the quotes up to that day and no others. It is fitted anew, started at
that day's price, and asked for the distribution of the price some months ahead under the physical
measure. Models are fitted side by side with a benchmark that knows nothing but how much the price
has moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from montecarlo import checks
from montecarlo.calibrate.backtest_scores import (
    LEVELS,
    Backtest,
    FailedForecast,
    FitAtOrigin,
    ScoredForecast,
)
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.forecasts import Forecast, empirical_forecasts, forecasts_of
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import sample
from montecarlo.calibrate.kinds import fit as fit_kind
from montecarlo.calibrate.kinds import kind_of
from montecarlo.checks import FloatArray
from montecarlo.grid import DAYS_A_YEAR, DateArray
from montecarlo.models.gbm import GBM
from montecarlo.models.protocol import PriceModel
from montecarlo.streams import stream_key

Method: TypeAlias = Callable[[PriceHistory], Fit | PriceModel]
"""What sees the past and returns a fit, or a model that starts at the last price."""

RANDOM_WALK = "random-walk"
EMPIRICAL = "empirical"
BENCHMARKS = {
    RANDOM_WALK: "a random walk of the log price without drift, with the past's volatility",
    EMPIRICAL: "the past's own changes over as long a time, on top of the last price",
}
"""What can be asked for beside the kinds of fit."""

NEAREST_DAYS = 13
"""What came is the quote nearest to the day that was meant, if it lies within so many days: fewer
than half a month, so that no quote stands for two horizons."""

Progress: TypeAlias = Callable[[int, int], None]


def backtest(
    history: PriceHistory,
    models: Sequence[str] | Mapping[str, Method | str],
    *,
    months: Sequence[int] = (3, 6, 12),
    horizon: str = "daily",
    past_years: float = 4.0,
    window_years: float | None = None,
    every_months: int = 3,
    benchmark: str = RANDOM_WALK,
    n_paths: int = 4_000,
    seed: int = 20250709,
    progress: Progress | None = None,
) -> Backtest:
    """Backtest models on a history.

    Parameters
    ----------
    history
        Prices above zero.
    models
        Kinds of fit (:data:`~montecarlo.calibrate.kinds.KINDS`) or ``random-walk``,
        ``empirical``; or a mapping from labels to these or to functions of your own that take the
        past and return a fit or a model.
    months
        How far ahead, in whole months; what came is the quote nearest to that day, and the
        forecast is for the day of that quote.
    horizon
        What is taken from the past to fit to; see :data:`~montecarlo.calibrate.horizons.HORIZONS`.
        The forecast starts from the last quote whatever it is.
    past_years
        Years of history before the first origin.
    window_years
        Years of the past that a fit sees; by default all of it.
    every_months
        Months between origins, which are the last quotes of months.
    benchmark
        ``random-walk`` or ``empirical``, or a label of ``models``.
    n_paths, seed
        For models without a closed form; each origin has random numbers of its own.
    progress
        Called with (origins done, origins in all).

    Returns
    -------
    Backtest
        A model that fails at an origin is left out there, counted and quoted.

    Raises
    ------
    ValueError
        For an unknown model, a price not above zero, or a history too short for any forecast.

    Examples
    --------
    A price that doubles and halves from year to year surprises nobody who has seen it do so.

    >>> months = np.arange("2000-12", "2020-12", 12, dtype="datetime64[M]")
    >>> history = PriceHistory(
    ...     name="ndpr",
    ...     unit="USD/kg",
    ...     dates=months.astype("datetime64[D]"),
    ...     prices=np.where(np.arange(20) % 2, 100.0, 50.0),
    ... )
    >>> found = backtest(history, ["gbm"], months=[12], every_months=12)
    >>> row = found.scores()[0]
    >>> row["model"], row["n_forecasts"], row["coverage_50"], row["coverage_90"]
    ('gbm', 15, 0.0, 1.0)
    """
    methods = _methods(models, horizon, benchmark)
    ahead = tuple(sorted(checks.integer("months", value, 1) for value in months))
    if not ahead or len(set(ahead)) != len(ahead):
        msg = f"months must be whole numbers, each once, got {list(months)}"
        raise ValueError(msg)
    checks.integer("n_paths", n_paths, 100)
    checks.integer("every_months", every_months, 1)
    checks.positive("past_years", past_years)
    if window_years is not None:
        checks.positive("window_years", window_years)
    history.log_prices()
    origins = _origins(history, past_years, every_months, min(ahead))
    forecasts: list[ScoredForecast] = []
    failures: list[FailedForecast] = []
    fits: list[FitAtOrigin] = []
    for done, origin in enumerate(origins):
        if progress is not None:
            progress(done, origins.size)
        targets = [(m, i) for m in ahead if (i := _came(history, origin, m)) is not None]
        dates = history.dates[[i for _, i in targets]]
        first = None if window_years is None else origin - _days(window_years)
        past = history.window(first, origin)
        for label, method in methods.items():
            try:
                found = _forecasts(label, method, past, dates, n_paths, seed, horizon, fits)
            except (ValueError, ArithmeticError, RuntimeError) as error:
                message = str(error) or type(error).__name__
                failures.append(FailedForecast(model=label, origin=origin, message=message))
                continue
            forecasts += [
                _scored(label, origin, m, date, float(history.prices[i]), forecast)
                for (m, i), date, forecast in zip(targets, dates, found, strict=True)
            ]
    if progress is not None:
        progress(origins.size, origins.size)
    return Backtest(
        name=history.name,
        unit=history.unit,
        data_hash=history.data_hash,
        models=tuple(methods),
        benchmark=benchmark,
        months=ahead,
        horizon=horizon,
        window_years=window_years,
        origins=origins,
        every_months=every_months,
        forecasts=tuple(forecasts),
        failures=tuple(failures),
        fits=tuple(fits),
    )


def random_walk(past: PriceHistory, horizon: str = "daily") -> GBM:
    r"""Return the benchmark: the median stays where the price is.

    .. math:: \hat\sigma^2 = \frac1n\sum_i\frac{r_i^2}{\Delta_i}

    Examples
    --------
    >>> past = PriceHistory(
    ...     name="ndpr",
    ...     unit="USD/kg",
    ...     dates=["2021-01-01", "2022-01-01", "2023-01-01"],
    ...     prices=np.exp([4.0, 4.3, 4.2]),
    ... )
    >>> round(random_walk(past).volatility ** 2, 6)
    0.05
    """
    taken = sample(past, horizon)
    taken.for_log_model(FEWEST_PRICES)
    variance = float(np.mean(taken.log_changes() ** 2 / taken.steps()))
    return GBM(
        name=past.name,
        spot=float(past.prices[-1]),
        drift=0.5 * variance,
        volatility=math.sqrt(variance),
    )


FEWEST_PRICES = 3


def _methods(
    models: Sequence[str] | Mapping[str, Method | str], horizon: str, benchmark: str
) -> dict[str, Method | str]:
    from montecarlo.calibrate.horizons import as_horizon
    from montecarlo.calibrate.kinds import KINDS

    as_horizon(horizon)
    if isinstance(models, str):
        models = (models,)
    listed = dict(models) if isinstance(models, Mapping) else {name: name for name in models}
    if not listed:
        msg = "models must name at least one, got none"
        raise ValueError(msg)
    for label, method in listed.items():
        if isinstance(method, str) and method not in KINDS and method not in BENCHMARKS:
            msg = f"models must be of {', '.join([*KINDS, *BENCHMARKS])}, got {method!r}"
            raise ValueError(msg)
        if isinstance(method, str) and method in KINDS and KINDS[method].takes != "history":
            msg = f"models must be fitted to one price a date, got {method!r}, which takes a panel"
            raise ValueError(msg)
        checks.name("label of a model", label)
    if benchmark not in listed and benchmark not in BENCHMARKS:
        known = ", ".join(dict.fromkeys([*BENCHMARKS, *listed]))
        msg = f"benchmark must be one of {known}, got {benchmark!r}"
        raise ValueError(msg)
    last = listed.pop(benchmark, benchmark)
    return {**listed, benchmark: last}


def _forecasts(
    label: str,
    method: Method | str,
    past: PriceHistory,
    dates: DateArray,
    n_paths: int,
    seed: int,
    horizon: str,
    fits: list[FitAtOrigin],
) -> Sequence[Forecast]:
    origin = past.dates[-1]
    times: FloatArray = (dates - origin).astype(np.float64) / DAYS_A_YEAR
    if method == EMPIRICAL:
        return empirical_forecasts(past.log_prices(), past.years(), times)
    found: Fit | PriceModel
    if method == RANDOM_WALK:
        found = random_walk(past, horizon)
    elif isinstance(method, str):
        found = fit_kind(past, method, horizon=horizon, **kind_of(method).quick)
    else:
        found = method(past)
    if isinstance(found, Fit):
        fits.append(
            FitAtOrigin(model=label, origin=origin, values=found.values, warnings=found.warnings)
        )
        found = found.to_model()
    return forecasts_of(found, times, n_paths=n_paths, seed=_seed(seed, origin))


def _scored(
    label: str,
    origin: np.datetime64,
    months: int,
    date: np.datetime64,
    observed: float,
    forecast: Forecast,
) -> ScoredForecast:
    points = forecast.quantiles(list(LEVELS.values()))
    return ScoredForecast(
        model=label,
        origin=origin,
        date=date,
        months=months,
        years=float((date - origin).astype(np.int64)) / DAYS_A_YEAR,
        observed=observed,
        quantiles=dict(zip(LEVELS, map(float, points), strict=True)),
        probability_below=forecast.probability_below(observed),
        crps=forecast.crps(observed),
        crps_of_price=forecast.crps_of_price(observed),
        log_density=forecast.log_density(observed),
    )


def _origins(history: PriceHistory, past_years: float, every_months: int, months: int) -> DateArray:
    """Return the last quote of every so many months that has enough behind it, and one ahead."""
    ends = history.last_of("month").dates
    enough = ends[ends - history.dates[0] >= _days(past_years)]
    if enough.size:
        month = enough.astype("datetime64[M]").astype(np.int64)
        enough = enough[(month - month[0]) % every_months == 0]
    kept = [day for day in enough if _came(history, day, months) is not None]
    if len(kept) < 2:
        msg = (
            f"history must hold {past_years:g} years and then at least 2 origins with a quote "
            f"{months} months later, got {history!r}"
        )
        raise ValueError(msg)
    return np.array(kept)


def _came(history: PriceHistory, origin: np.datetime64, months: int) -> int | None:
    """Return the position of the quote nearest to so many months later; None without one."""
    wanted = _months_later(origin, months)
    distance = np.abs(history.dates - wanted).astype(np.int64)
    nearest = int(np.argmin(distance))
    if distance[nearest] > NEAREST_DAYS or history.dates[nearest] <= origin:
        return None
    return nearest


def _months_later(day: np.datetime64, months: int) -> np.datetime64:
    """Return the same day of a later month, or its last.

    >>> _months_later(np.datetime64("2024-11-30"), 3)
    np.datetime64('2025-02-28')
    """
    month = day.astype("datetime64[M]")
    one_day = np.timedelta64(1, "D")
    number = (day - month.astype("datetime64[D]")).astype(np.int64)
    start = (month + months).astype("datetime64[D]")
    last = (month + months + 1).astype("datetime64[D]") - one_day
    return cast("np.datetime64", min(start + np.timedelta64(int(number), "D"), last))


def _days(years: float) -> np.timedelta64:
    return np.timedelta64(round(years * DAYS_A_YEAR), "D")


def _seed(seed: int, origin: np.datetime64) -> int:
    words: Any = stream_key(seed, f"backtest {origin}")
    return int(words[0]) | int(words[1]) << 32
