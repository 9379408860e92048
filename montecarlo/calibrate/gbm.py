r"""Geometric Brownian motion fitted by exact maximum likelihood, on irregular dates.

.. math::

    r_i \sim N\big(m\,\Delta_i,\ \sigma^2\Delta_i\big), \qquad
    \hat m = \frac{\sum_i r_i}{\sum_i \Delta_i}, \qquad
    \hat\sigma^2 = \frac1n\sum_i\frac{(r_i - \hat m\,\Delta_i)^2}{\Delta_i}, \qquad
    \hat\mu = \hat m + \tfrac12\hat\sigma^2

with :math:`r_i` the change of the log price over :math:`\Delta_i` years and :math:`\mu` the drift
of the mean price under the physical measure.
"""

from __future__ import annotations

import math

import numpy as np

from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import HORIZONS, sample
from montecarlo.calibrate.parameters import EstimatedParameter
from montecarlo.checks import FloatArray

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
    steps = taken.steps()
    changes = np.diff(logs)
    n, years = changes.size, float(steps.sum())
    log_drift = float(changes.sum()) / years
    variance = float(np.mean((changes - log_drift * steps) ** 2 / steps))
    volatility = math.sqrt(variance)
    parameters, covariance = _estimates(log_drift, volatility, n, years)
    return Fit(
        kind="gbm",
        name=history.name,
        unit=history.unit,
        parameters=parameters,
        covariance=covariance,
        log_likelihood=-0.5 * (n * (math.log(2.0 * math.pi * variance) + 1.0))
        - 0.5 * float(np.log(steps).sum()),
        n_observations=n,
        method="exact maximum likelihood, closed form",
        horizon=horizon,
        data_hash=history.data_hash,
        first_date=history.dates[0],
        last_date=history.dates[-1],
        last_price=float(history.prices[-1]),
        residuals=(changes - log_drift * steps) / (volatility * np.sqrt(steps)),
        residual_dates=taken.dates[1:],
        warnings=warnings_of_average(taken),
        notices=taken.notices,
    )


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


def warnings_of_average(history: PriceHistory) -> tuple[str, ...]:
    """Return what a reader must know if a model of one moment is fitted to averages."""
    if not history.averaged:
        return ()
    span = HORIZONS[f"{history.averaged}-average"]
    return (
        f"fitted to {span} as if it were one moment: averaging hides movement within the "
        f"{history.averaged}, so the volatility is understated, by up to 18% (Working 1960)",
    )
