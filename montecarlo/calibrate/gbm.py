r"""Geometric Brownian motion fitted by exact maximum likelihood, on irregular dates.

.. math::

    r_i \sim N\big(m\,\Delta_i,\ \sigma^2\Delta_i\big), \qquad
    \hat m = \frac{\sum_i r_i}{\sum_i \Delta_i}, \qquad
    \hat\sigma^2 = \frac1n\sum_i\frac{(r_i - \hat m\,\Delta_i)^2}{\Delta_i}, \qquad
    \hat\mu = \hat m + \tfrac12\hat\sigma^2

with :math:`r_i` the change of the log price over :math:`\Delta_i` years and :math:`\mu` the drift
of the mean price under the physical measure. Averages of a month or a quarter are averages of the
same motion: their changes have a third less variance than the motion, and neighbours a correlation
of a quarter, which the likelihood counts.

Source: H. Working, "Note on the correlation of first differences of averages in a random chain",
Econometrica 28, 1960.
"""

from __future__ import annotations

import math

import numpy as np

from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import sample
from montecarlo.calibrate.parameters import EstimatedParameter
from montecarlo.checks import FloatArray
from montecarlo.grid import DAYS_A_YEAR

FEWEST_PRICES = 4


def fit_gbm(history: PriceHistory, *, horizon: str = "daily") -> Fit:
    r"""Return geometric Brownian motion fitted to a history.

    The interval of the volatility is exact (chi-squared), that of the drift uses Student's t.

    Parameters
    ----------
    history
        At least 4 prices above zero, on any dates.
    horizon
        What is taken from it; see :data:`~montecarlo.calibrate.horizons.HORIZONS`.

    Raises
    ------
    ValueError
        For too few prices, a constant one, or one that is not above zero, naming its date.

    Examples
    --------
    Log changes of +0.1, -0.1, +0.1, -0.1 in four years of 365 days: no drift of the log price, and
    a volatility of 0.1.

    >>> history = PriceHistory(
    ...     name="ndpr",
    ...     unit="USD/kg",
    ...     dates=["2020-01-01", "2020-12-31", "2021-12-31", "2022-12-31", "2023-12-31"],
    ...     prices=np.exp([4.0, 4.1, 4.0, 4.1, 4.0]),
    ... )
    >>> fit = fit_gbm(history)
    >>> {name: round(value, 6) for name, value in fit.values.items()}
    {'volatility': 0.1, 'drift': 0.005}
    """
    taken = sample(history, horizon)
    logs = taken.for_log_model(FEWEST_PRICES)
    changes = np.diff(logs)
    lag, spread, shared = moments(taken)
    length = whitened(lag, spread, shared)
    moved = whitened(changes, spread, shared)
    n, years = changes.size, float(np.sum(length**2))
    log_drift = float(np.sum(length * moved)) / years
    left = moved - log_drift * length
    variance = float(np.mean(left**2))
    volatility = math.sqrt(variance)
    parameters, covariance = _estimates(log_drift, volatility, n, years)
    scale = float(np.sum(np.log(pivots(spread, shared))))
    how = "averages of a Brownian motion" if taken.averaged else "closed form"
    return Fit(
        kind="gbm",
        name=history.name,
        unit=history.unit,
        parameters=parameters,
        covariance=covariance,
        log_likelihood=-0.5 * (n * (math.log(2.0 * math.pi * variance) + 1.0) + scale),
        n_observations=n,
        method=f"exact maximum likelihood, {how}",
        horizon=horizon,
        data_hash=history.data_hash,
        first_date=history.dates[0],
        last_date=history.dates[-1],
        last_price=float(history.prices[-1]),
        residuals=left / volatility,
        residual_dates=taken.dates[1:],
        warnings=taken.clock_warnings(),
        notices=taken.notices,
    )


def moments(history: PriceHistory) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Return mean, variance and covariance of log changes, for a drift and a volatility of one.

    For prices of one moment they are the steps, the steps, and nothing. For averages over
    neighbouring periods of :math:`h_i` years, of which :math:`g_i` lie between two of them,

    .. math::

        \tfrac12 h_i + g_i + \tfrac12 h_{i+1}, \qquad
        \tfrac13 h_i + g_i + \tfrac13 h_{i+1}, \qquad \tfrac16 h_{i+1}

    (Working 1960; the logarithm of an average is taken for the average of the logarithm).

    Returns
    -------
    tuple
        Arrays of shape (n,), (n,) and (n - 1,), in years.
    """
    if not history.averaged:
        steps = history.steps()
        return steps, steps, np.zeros(max(steps.size - 1, 0))
    months = 1 if history.averaged == "month" else 3
    last = history.dates.astype("datetime64[M]")
    first_day = (last - (months - 1)).astype("datetime64[D]")
    length = ((history.dates - first_day).astype(np.float64) + 1.0) / DAYS_A_YEAR
    between = ((first_day[1:] - history.dates[:-1]).astype(np.float64) - 1.0) / DAYS_A_YEAR
    joined = 0.5 * (length[:-1] + length[1:]) + between
    return joined, (length[:-1] + length[1:]) / 3.0 + between, length[1:-1] / 6.0


def pivots(variance: FloatArray, shared: FloatArray) -> FloatArray:
    """Return the variances of each change given those before, ``(n,)``; neighbours are correlated.

    >>> pivots(np.array([4.0, 5.0]), np.array([2.0]))
    array([4., 4.])
    """
    out = variance.copy()
    if np.any(shared):
        for i in range(1, out.size):
            out[i] -= shared[i - 1] ** 2 / out[i - 1]
    return out


def whitened(values: FloatArray, variance: FloatArray, shared: FloatArray) -> FloatArray:
    """Return values made independent with variance one, ``(n,)``.

    >>> whitened(np.array([2.0, 3.0]), np.array([4.0, 5.0]), np.array([2.0]))
    array([1., 1.])
    """
    given = pivots(variance, shared)
    out = values.copy()
    if np.any(shared):
        for i in range(1, out.size):
            out[i] -= shared[i - 1] / given[i - 1] * out[i - 1]
    found: FloatArray = out / np.sqrt(given)
    return found


def _estimates(
    log_drift: float, volatility: float, n: int, years: float
) -> tuple[tuple[EstimatedParameter, ...], FloatArray]:
    from scipy.stats import chi2, t

    total = n * volatility**2
    sum_of_squares = [total / float(chi2.ppf(p, n - 1)) for p in (0.975, 0.025)]
    error = volatility / math.sqrt(2.0 * n)
    # The drift is the log drift and half the variance; the two estimates are independent.
    drift_error = math.hypot(volatility / math.sqrt(years), volatility * error)
    unbiased = volatility * math.sqrt(n / (n - 1.0))
    reach = float(t.ppf(0.975, n - 1)) * math.hypot(unbiased / math.sqrt(years), volatility * error)
    drift = log_drift + 0.5 * volatility**2
    mixed = volatility * error**2
    parameters = (
        EstimatedParameter(
            name="volatility",
            value=volatility,
            unit="1/sqrt(yr)",
            standard_error=error,
            low=math.sqrt(sum_of_squares[0]),
            high=math.sqrt(sum_of_squares[1]),
            interval="chi-squared",
            meaning="standard deviation of the log price in a year",
        ),
        EstimatedParameter(
            name="drift",
            value=drift,
            unit="1/yr",
            standard_error=drift_error,
            low=drift - reach,
            high=drift + reach,
            interval="Student t",
            role="physical",
            meaning="growth of the mean price, real world",
        ),
    )
    return parameters, np.array([[error**2, mixed], [mixed, drift_error**2]])
