r"""Mean-reverting log price seen through quotes that follow late.

The quotes :math:`q` follow the log price :math:`p` as in :mod:`montecarlo.calibrate.smoothing`,
and the price moves as in :mod:`montecarlo.calibrate.ou`:

.. math::

    q_t = b\,p_t + (1 - b)\,s_t, \qquad s_t = \varphi\,s_{t-1} + (1 - \varphi)\,p_t, \qquad
    p_{t+1} \mid p_t \sim N\big(\alpha + (p_t - \alpha)e^{-\kappa\Delta_t},
    \ \sigma^2\tfrac{1 - e^{-2\kappa\Delta_t}}{2\kappa}\big)

The prices are recovered one by one from the quotes, so the likelihood is that of their
transitions, times the share of each move that is quoted on its day. Standard errors are robust.

Reversion and smoothing both make moves fade and can be mistaken for one another: the likelihood is
a ridge, not a parabola, and the level, which is estimated too, makes reversion look stronger.
Intervals therefore follow the profile of the likelihood without the level
(:mod:`montecarlo.calibrate.restricted_likelihood`), widened where moves have fatter tails than the
model. That of :math:`\kappa` holds also what an inverted test on the recovered prices allows
(:mod:`montecarlo.calibrate.grid_bootstrap`), for short histories. How often they hold the truth:
``docs/coverage.md``.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.free_parameter import FreeParameter
from montecarlo.calibrate.grid_bootstrap import Inversion, invert
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import sample
from montecarlo.calibrate.maximum_likelihood import Maximum, cost_of, curvature, maximise
from montecarlo.calibrate.ou import (
    UNKNOWN,
    schwartz_estimates,
    schwartz_warnings,
    search_speed,
    transition_residuals,
)
from montecarlo.calibrate.ou_profile import profile, speeds
from montecarlo.calibrate.parameters import EstimatedParameter
from montecarlo.calibrate.profile_interval import HALF_80, Profile, widening
from montecarlo.calibrate.restricted_likelihood import restricted_profile
from montecarlo.calibrate.robust import sandwich
from montecarlo.calibrate.smoothing import lag_parameters, lag_starts, prices_behind, weight_now
from montecarlo.checks import FloatArray

FEWEST_PRICES = 40
FREE = (
    FreeParameter(name="mean_reversion", low=0.0),
    FreeParameter(name="volatility", low=0.0),
    FreeParameter(name="long_run_log_mean"),
)
KEPT = (0, 1, 3, 4)
"""All parameters but the level."""
COARSE = 3
"""Every third trial of mean reversion is enough while the smoothing is searched for."""


def fit_schwartz_behind_quotes(
    history: PriceHistory, *, horizon: str = "daily", is_interval_found: bool = True
) -> Fit:
    """Return the mean-reverting model behind smoothed quotes.

    Parameters
    ----------
    history
        At least 40 prices above zero, best regular ones: a step of the smoothing is a quote.
    horizon
        What is taken from it; see :data:`~montecarlo.calibrate.horizons.HORIZONS`.
    is_interval_found
        Whether the interval of mean reversion is found, which takes most of the time.

    Raises
    ------
    ValueError
        For too few prices, a constant one, or one that is not above zero, naming its date.
    """
    taken = sample(history, horizon)
    logs = taken.for_log_model(FEWEST_PRICES)
    steps = taken.steps()[1:]
    trials = speeds(steps)
    step = float(np.median(steps))
    smoothing = lag_parameters(step)

    def height(lag: FloatArray) -> float:
        behind = prices_behind(logs, float(lag[0]), float(lag[1]))[1:, None]
        best = profile(behind, steps, trials[::COARSE]).log_likelihood.max()
        return float(best) - steps.size * math.log(weight_now(float(lag[0]), float(lag[1])))

    lag = maximise(
        height,
        parameters=smoothing,
        starts=lag_starts(step),
    )
    speed, share, persistence = _polished(logs, steps, trials, lag)
    behind = prices_behind(logs, share, persistence)[1:]
    at = profile(behind[:, None], steps, np.array([speed]))
    level, volatility = float(at.level[0, 0]), float(at.volatility[0, 0])

    def contributions(theta: FloatArray) -> FloatArray:
        return _contributions(theta, logs, steps)

    peak = curvature(
        lambda theta: float(np.sum(contributions(theta))),
        parameters=(*FREE, *smoothing),
        values=np.array([speed, volatility, level, share, persistence]),
        starts=lag.starts,
    )
    robust = sandwich(peak, contributions)
    inversion = UNKNOWN
    if is_interval_found:
        restricted, factors = restricted_profile(peak, logs, steps), widening(peak, robust)
        robust = _with_intervals(robust, peak, restricted, factors)
        inner = restricted.interval(0, float(factors[0]), HALF_80)
        inversion = _widened(invert(behind, steps, trials, speed), robust, inner, trials)
    found = schwartz_estimates(history.unit, robust, inversion, behind, steps)
    seen = tuple(
        EstimatedParameter(
            name=parameter.name,
            value=float(robust.values[i]),
            unit="",
            standard_error=float(robust.standard_errors[i]),
            low=float(robust.low[i]),
            high=float(robust.high[i]),
            interval="profile" if is_interval_found else "robust",
            role="observation",
            meaning=meaning,
        )
        for i, parameter, meaning in (
            (3, smoothing[0], "of a move that is quoted at once"),
            (4, smoothing[1], "of the rest, from one quote to the next"),
        )
    )
    return Fit(
        kind="schwartz",
        name=history.name,
        unit=history.unit,
        parameters=(*found[:3], *seen, *found[3:]),
        covariance=robust.covariance,
        log_likelihood=peak.log_likelihood,
        n_observations=steps.size,
        method="exact maximum likelihood of quotes that follow the price late, given the first "
        "two; robust standard errors",
        horizon=horizon,
        data_hash=history.data_hash,
        first_date=history.dates[0],
        last_date=history.dates[-1],
        last_price=float(history.prices[-1]),
        residuals=transition_residuals(speed, level, volatility, behind, steps),
        residual_dates=taken.dates[2:],
        warnings=(
            *peak.warnings,
            *schwartz_warnings(speed, inversion, trials, steps),
            *taken.clock_warnings(),
        ),
        notices=taken.notices,
        starts=lag.starts,
    )


def _polished(
    logs: FloatArray, steps: FloatArray, trials: FloatArray, lag: Maximum
) -> tuple[float, float, float]:
    """Return reversion and smoothing at the maximum, from the best of the coarse trials."""
    from scipy.optimize import minimize

    share, persistence = (float(value) for value in lag.values)
    begin, _ = search_speed(prices_behind(logs, share, persistence)[1:], steps, trials)
    free = (FREE[0], *lag.parameters)

    def height(theta: FloatArray) -> float:
        behind = prices_behind(logs, float(theta[1]), float(theta[2]))[1:, None]
        found = profile(behind, steps, theta[:1]).log_likelihood[0, 0]
        return float(found) - steps.size * math.log(weight_now(float(theta[1]), float(theta[2])))

    cost = cost_of(height, free)
    values = (begin, share, persistence)
    places = [p.unlimited(value) for p, value in zip(free, values, strict=True)]
    low, high = math.log(trials[0]), math.log(trials[-1])
    tight: Any = {"xatol": 1e-6, "fatol": 1e-9, "maxiter": 1200}
    bounds = ((low, high), (None, None), (None, None))
    best: Any = minimize(cost, places, method="Nelder-Mead", bounds=bounds, options=tight)
    found = [p.natural(float(x)) for p, x in zip(free, best.x, strict=True)]
    return found[0], found[1], found[2]


def _with_intervals(
    robust: Maximum, peak: Maximum, restricted: Profile, factors: FloatArray
) -> Maximum:
    """Return the maximum with the intervals of the restricted likelihood; the level keeps its own.

    An interval holds the estimate, which is that of the ordinary likelihood.
    """
    low, high = robust.low.copy(), robust.high.copy()
    for position, i in enumerate(KEPT):
        ends = restricted.interval(position, float(factors[i]))
        low[i], high[i] = min(ends[0], peak.values[i]), max(ends[1], peak.values[i])
    return replace(robust, low=low, high=high)


def _widened(
    inversion: Inversion, robust: Maximum, inner: tuple[float, float], trials: FloatArray
) -> Inversion:
    """Return the interval of mean reversion that holds that of the test and of the likelihood."""
    low_95, low_80 = (0.0 if end <= trials[0] else end for end in (float(robust.low[0]), inner[0]))
    return replace(
        inversion,
        low_95=min(inversion.low_95, low_95),
        low_80=min(inversion.low_80, low_80),
        high_80=max(inversion.high_80, inner[1]),
        high_95=max(inversion.high_95, float(robust.high[0])),
    )


def _contributions(theta: FloatArray, logs: FloatArray, steps: FloatArray) -> FloatArray:
    speed, volatility, level, share, persistence = (float(value) for value in theta)
    behind = prices_behind(logs, share, persistence)[1:]
    spread = volatility * np.sqrt(-np.expm1(-2.0 * speed * steps) / (2.0 * speed))
    left = transition_residuals(speed, level, volatility, behind, steps)
    constant = 0.5 * math.log(2.0 * math.pi) + math.log(weight_now(share, persistence))
    found: FloatArray = -0.5 * left**2 - np.log(spread) - constant
    return found
