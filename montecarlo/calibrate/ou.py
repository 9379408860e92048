r"""Mean-reverting log price fitted by exact maximum likelihood, on irregular dates.

.. math::

    x_{i+1} = \alpha + (x_i - \alpha)\,e^{-\kappa\Delta_i} + \sigma\sqrt{v_i}\,\varepsilon_i,
    \qquad v_i = \frac{1 - e^{-2\kappa\Delta_i}}{2\kappa}

for the log price :math:`x`, given the first one. For a given :math:`\kappa` the level
:math:`\alpha` and :math:`\sigma` have closed forms, so the search runs over :math:`\kappa` alone.

The estimate of :math:`\kappa` is too high in a short history, by about :math:`4/T` for :math:`T`
years (Tang and Chen 2009), and its distribution is far from normal. Its interval therefore
inverts a test: a trial :math:`\kappa` belongs to it if the estimate that was found is not unusual
among those of histories simulated with it on the same dates (Andrews 1993, Hansen 1999).

Source: D. W. K. Andrews, "Exactly median-unbiased estimation of first order
autoregressive/unit root models", Econometrica 61, 1993; B. E. Hansen, "The grid bootstrap and the
autoregressive model", Review of Economics and Statistics 81, 1999; C. Y. Tang and S. X. Chen,
"Parameter estimation and bias correction for diffusion processes", Journal of Econometrics 149,
2009.
"""

from __future__ import annotations

import math

import numpy as np

from montecarlo.calibrate.fitted import Fit, Start
from montecarlo.calibrate.free_parameter import FreeParameter
from montecarlo.calibrate.grid_bootstrap import Inversion, invert
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import HORIZONS, sample
from montecarlo.calibrate.maximum_likelihood import NORMAL_95, Maximum, curvature
from montecarlo.calibrate.ou_profile import profile, speeds
from montecarlo.calibrate.parameters import EstimatedParameter
from montecarlo.checks import FloatArray

FEWEST_PRICES = 8
UNKNOWN = Inversion(
    low_95=math.nan,
    low_80=math.nan,
    median_unbiased=math.nan,
    high_80=math.nan,
    high_95=math.nan,
    n_simulated=0,
)


def fit_schwartz(
    history: PriceHistory, *, horizon: str = "daily", is_interval_found: bool = True
) -> Fit:
    r"""Return the mean-reverting model fitted to a history.

    ``mean_reversion`` and ``volatility`` are the terms of the model; ``long_run_log_mean``
    (:math:`\alpha`) is its real-world level, ``long_run_price`` (:math:`e^\alpha`) the same as a
    price.

    Parameters
    ----------
    history
        At least 8 prices above zero, on any dates.
    horizon
        What is taken from it; see :data:`~montecarlo.calibrate.horizons.HORIZONS`.
    is_interval_found
        Whether the interval of mean reversion is found, from simulated histories, which takes
        most of the time; else it is not known, and no warning can rest on it.

    Raises
    ------
    ValueError
        For too few prices, a constant one, or one that is not above zero, naming its date.

    Examples
    --------
    On regular dates it is the regression of each log price on the one before, with slope
    exp(-mean_reversion x step):

    >>> dates = np.datetime64("2010-01-01") + 73 * np.arange(60)
    >>> logs = 4.0 + 0.2 * np.sin(0.4 * np.arange(60)) + 0.05 * np.cos(2.0 * np.arange(60))
    >>> history = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.exp(logs))
    >>> slope = np.polyfit(logs[:-1], logs[1:], 1)[0]
    >>> bool(np.isclose(fit_schwartz(history)["mean_reversion"].value, -math.log(slope) / 0.2))
    True
    """
    taken = sample(history, horizon)
    logs = taken.for_log_model(FEWEST_PRICES)
    steps = taken.steps()
    trials = speeds(steps)
    found, starts = search_speed(logs, steps, trials)
    at = profile(logs[:, None], steps, np.array([found]))
    level, volatility = float(at.level[0, 0]), float(at.volatility[0, 0])
    inversion = invert(logs, steps, trials, found) if is_interval_found else UNKNOWN
    how = (
        f"; interval of mean reversion by inversion of a test with {inversion.n_simulated} "
        "simulated histories"
    )
    peak = curvature(
        lambda theta: _log_likelihood(theta, logs, steps),
        parameters=(
            FreeParameter(name="mean_reversion", low=0.0),
            FreeParameter(name="volatility", low=0.0),
            FreeParameter(name="long_run_log_mean"),
        ),
        values=np.array([found, volatility, level]),
        starts=starts,
    )
    return Fit(
        kind="schwartz",
        name=history.name,
        unit=history.unit,
        parameters=schwartz_estimates(history.unit, peak, inversion, logs, steps),
        covariance=peak.covariance,
        log_likelihood=float(at.log_likelihood[0, 0]),
        n_observations=steps.size,
        method="exact maximum likelihood given the first price" + how * is_interval_found,
        horizon=horizon,
        data_hash=history.data_hash,
        first_date=history.dates[0],
        last_date=history.dates[-1],
        last_price=float(history.prices[-1]),
        residuals=transition_residuals(found, level, volatility, logs, steps),
        residual_dates=taken.dates[1:],
        warnings=(
            *schwartz_warnings(found, inversion, trials, steps),
            *taken.clock_warnings(),
            *warnings_of_average(taken),
        ),
        notices=taken.notices,
        starts=starts,
    )


def search_speed(
    logs: FloatArray, steps: FloatArray, trials: FloatArray
) -> tuple[float, tuple[Start, ...]]:
    """Return the best mean reversion, and what was reached from every hill of the profile."""
    from scipy.optimize import minimize_scalar

    height = profile(logs[:, None], steps, trials).log_likelihood[:, 0]
    inner = np.arange(1, trials.size - 1)
    hills = inner[(height[inner] >= height[inner - 1]) & (height[inner] >= height[inner + 1])]
    edges = [i for i, j in ((0, 1), (-1, -2)) if height[i] > height[j]]
    reached = [(float(height[i]), float(trials[i]), float(trials[i])) for i in edges]
    for i in hills:
        result = minimize_scalar(
            lambda place: (
                -float(
                    profile(logs[:, None], steps, np.array([math.exp(place)])).log_likelihood[0, 0]
                )
            ),
            bounds=(math.log(trials[i - 1]), math.log(trials[i + 1])),
            method="bounded",
            options={"xatol": 1e-9},
        )
        reached.append((-float(result.fun), float(trials[i]), math.exp(float(result.x))))
    starts = tuple(
        Start(values={"mean_reversion": begun}, log_likelihood=value) for value, begun, _ in reached
    )
    return max(reached)[2], starts


def _log_likelihood(theta: FloatArray, logs: FloatArray, steps: FloatArray) -> float:
    speed, volatility, level = (float(value) for value in theta)
    spread = volatility * np.sqrt(-np.expm1(-2.0 * speed * steps) / (2.0 * speed))
    residual = transition_residuals(speed, level, volatility, logs, steps)
    return float(
        -0.5 * np.sum(residual**2)
        - np.sum(np.log(spread))
        - 0.5 * steps.size * math.log(2 * math.pi)
    )


def transition_residuals(
    speed: float, level: float, volatility: float, logs: FloatArray, steps: FloatArray
) -> FloatArray:
    """Return what each transition leaves, standard normal if the model is right, ``(n,)``."""
    fade = np.exp(-speed * steps)
    spread = volatility * np.sqrt(-np.expm1(-2.0 * speed * steps) / (2.0 * speed))
    return (logs[1:] - level - fade * (logs[:-1] - level)) / spread


def schwartz_estimates(
    unit: str, peak: Maximum, inversion: Inversion, logs: FloatArray, steps: FloatArray
) -> tuple[EstimatedParameter, ...]:
    """Return the free parameters, the first three of ``peak``, then what follows from them."""
    speed, volatility, level = (float(value) for value in peak.values[:3])
    errors = [float(value) for value in peak.standard_errors]
    low, high = _level_interval(inversion, logs, steps)
    estimates = [
        EstimatedParameter(
            name="mean_reversion",
            value=speed,
            unit="1/yr",
            standard_error=errors[0],
            low=inversion.low_95,
            high=inversion.high_95,
            interval="inverted test",
            meaning="share of a deviation that fades in a year, continuously",
        ),
        EstimatedParameter(
            name="volatility",
            value=volatility,
            unit="1/sqrt(yr)",
            standard_error=errors[1],
            low=float(peak.low[1]),
            high=float(peak.high[1]),
            interval="normal, on the logarithm",
            meaning="standard deviation of the log price in a short time, annualised",
        ),
        EstimatedParameter(
            name="long_run_log_mean",
            value=level,
            unit="",
            standard_error=errors[2],
            low=low,
            high=high,
            interval="widest over the 80% interval of mean reversion",
            role="physical",
            meaning="level to which the log price reverts, real world",
        ),
    ]
    # Almost without mean reversion the level may lie where no float is.
    if abs(level) < 700.0:
        estimates.append(
            EstimatedParameter(
                name="long_run_price",
                value=math.exp(level),
                unit=unit,
                standard_error=math.exp(level) * errors[2],
                low=math.exp(low) if low > -700.0 else 0.0,
                high=math.exp(high) if high < 700.0 else math.inf,
                interval="widest over the 80% interval of mean reversion",
                role="derived",
                meaning="median price in the long run, real world",
            )
        )
    if math.isfinite(inversion.median_unbiased):
        estimates.append(
            EstimatedParameter(
                name="mean_reversion_median_unbiased",
                value=inversion.median_unbiased,
                unit="1/yr",
                standard_error=math.nan,
                low=inversion.low_95,
                high=inversion.high_95,
                interval="inverted test",
                role="derived",
                meaning="corrected for the upward bias in short histories (Andrews 1993)",
            )
        )
    return tuple(estimates)


def _level_interval(
    inversion: Inversion, logs: FloatArray, steps: FloatArray
) -> tuple[float, float]:
    """Return the widest interval of the level over the plausible speeds; none without any."""
    if math.isnan(inversion.low_80):
        return math.nan, math.nan
    if inversion.low_80 <= 0.0:
        return -math.inf, math.inf
    trials = np.geomspace(inversion.low_80, inversion.high_80, 25)
    at = profile(logs[:, None], steps, trials)
    fade = -np.expm1(-np.outer(trials, steps))
    spread = -np.expm1(-2.0 * np.outer(trials, steps)) / (2.0 * trials[:, None])
    reach = NORMAL_95 * at.volatility[:, 0] / np.sqrt(np.sum(fade**2 / spread, axis=1))
    return float(np.min(at.level[:, 0] - reach)), float(np.max(at.level[:, 0] + reach))


def schwartz_warnings(
    found: float, inversion: Inversion, trials: FloatArray, steps: FloatArray
) -> tuple[str, ...]:
    """Return what a reader must know about the mean reversion that was found."""
    years = float(steps.sum())
    said = []
    if found <= trials[0]:
        said.append(
            "mean_reversion is not identified: the likelihood is highest without any, "
            "use geometric Brownian motion"
        )
    elif found >= trials[-1]:
        said.append(
            "mean_reversion is not identified: prices are as if independent from one to the next"
        )
    elif inversion.low_95 <= 0.0:
        said.append(
            f"mean_reversion is weakly identified: its 95% interval, 0 to {inversion.high_95:.2g} "
            f"a year, includes none; {years:.1f} years cannot tell it from Brownian motion"
        )
    if inversion.low_80 <= 0.0:
        said.append("long_run_log_mean is not identified: without mean reversion there is no level")
    bias = found - inversion.median_unbiased
    if trials[0] < found < trials[-1] and bias > 0.2 * found:
        said.append(
            f"mean_reversion of {found:.2g} is probably too high: an unbiased estimate (median) is "
            f"{inversion.median_unbiased:.2g}, for {years:.1f} years are short"
        )
    return tuple(said)


def warnings_of_average(history: PriceHistory) -> tuple[str, ...]:
    """Return what a reader must know if a model of moments is fitted to averages."""
    if not history.averaged:
        return ()
    span = HORIZONS[f"{history.averaged}-average"]
    return (
        f"fitted to {span} as if it were one moment: averaging hides movement within the "
        f"{history.averaged}, so the volatility is understated, by up to 18% (Working 1960)",
    )
