r"""Geometric Brownian motion seen through quotes that follow late: an observation lag.

.. math::

    q_t = b\,p_t + (1 - b)\,s_t, \qquad s_t = \varphi\,s_{t-1} + (1 - \varphi)\,p_t, \qquad
    p_t - p_{t-1} \sim N(m\,\Delta_t, \sigma^2\Delta_t)

with :math:`q` the logarithm of the quote and :math:`p` that of the price at which one could have
dealt. A share :math:`b` of a move is quoted at once; the rest is worked off, a share
:math:`1 - \varphi` of it with each quote. All of a move arrives in the end. Changes of quotes are
then

.. math::

    \Delta q_t = \varphi\,\Delta q_{t-1} + c_0\,\Delta p_t - c_1\,\Delta p_{t-1}, \qquad
    c_0 = b + (1 - b)(1 - \varphi), \qquad c_1 = b\varphi,

an ARMA(1,1) from which the moves behind them are recovered one by one, so the likelihood is exact
given the first two quotes. Standard errors are robust to fat tails and turbulence (the sandwich
of Huber and White, the scores weighted after Newey and West). Intervals follow the profile of the
likelihood, which is no parabola, widened by as much
(:mod:`montecarlo.calibrate.profile_interval`).

Quotes that are smoothed like this hide volatility at short horizons; ``volatility`` is that of the
price behind them, ``quarterly_volatility`` what changes of quotes over a quarter show.

Source: D. M. Geltner, "Smoothing in appraisal-based returns", Journal of Real Estate Finance and
Economics 4, 1991; M. Getmansky, A. W. Lo and I. Makarov, "An econometric model of serial
correlation and illiquidity in hedge fund returns", Journal of Financial Economics 74, 2004.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.free_parameter import FreeParameter
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import sample
from montecarlo.calibrate.maximum_likelihood import NORMAL_95, Maximum, curvature, maximise
from montecarlo.calibrate.parameters import EstimatedParameter, Role
from montecarlo.calibrate.profile_interval import Profile, widening
from montecarlo.calibrate.robust import sandwich
from montecarlo.checks import FloatArray

FEWEST_PRICES = 30
QUARTER = 0.25
DRIFT = 1
"""Where the drift stands among the parameters: the others' likelihood has it at its best."""
FREE = (
    FreeParameter(name="volatility", low=0.0),
    FreeParameter(name="drift"),
    FreeParameter(name="immediate_share", low=0.0, high=1.0),
)
STARTS = ((0.02, 0.3), (0.2, 0.85), (0.6, 0.5), (0.05, 0.7))


def fit_gbm_behind_quotes(history: PriceHistory, *, horizon: str = "daily") -> Fit:
    r"""Return geometric Brownian motion behind smoothed quotes.

    Parameters
    ----------
    history
        At least 30 prices above zero, best regular ones: a step of the smoothing is a quote.
    horizon
        What is taken from it; see :data:`~montecarlo.calibrate.horizons.HORIZONS`.

    Raises
    ------
    ValueError
        For too few prices, a constant one, or one that is not above zero, naming its date.
    """
    taken = sample(history, horizon)
    logs = taken.for_log_model(FEWEST_PRICES)
    changes, steps = np.diff(logs), taken.steps()
    step = float(np.median(steps))

    def contributions(theta: FloatArray) -> FloatArray:
        return _contributions(theta, changes, steps)

    # For a given smoothing drift and volatility have closed forms, so the search is over two.
    found = maximise(
        lambda lag: float(np.sum(contributions(_completed(lag, changes, steps)))),
        parameters=lag_parameters(step),
        starts=lag_starts(step),
    )
    peak = curvature(
        lambda theta: float(np.sum(contributions(theta))),
        parameters=(*FREE[:2], *lag_parameters(step)),
        values=_completed(found.values, changes, steps),
        starts=found.starts,
    )
    robust = _with_profile(sandwich(peak, contributions), peak, changes, steps)
    volatility, drift, share, persistence = (float(value) for value in peak.values)
    moves = moves_behind(changes, share, persistence)
    log_drift = drift - 0.5 * volatility**2
    lag = steps[1:]
    residuals = (moves - log_drift * lag) / (volatility * np.sqrt(lag))
    return Fit(
        kind="gbm",
        name=history.name,
        unit=history.unit,
        parameters=_estimates(robust, float(np.mean(steps))),
        covariance=robust.covariance,
        log_likelihood=peak.log_likelihood,
        n_observations=lag.size,
        method="exact maximum likelihood of quotes that follow the price late, given the first "
        "two; robust standard errors",
        horizon=horizon,
        data_hash=history.data_hash,
        first_date=history.dates[0],
        last_date=history.dates[-1],
        last_price=float(history.prices[-1]),
        residuals=residuals,
        residual_dates=taken.dates[2:],
        warnings=(*peak.warnings, *taken.clock_warnings()),
        notices=taken.notices,
        starts=peak.starts,
    )


def _with_profile(
    robust: Maximum, peak: Maximum, changes: FloatArray, steps: FloatArray
) -> Maximum:
    """Return the maximum with intervals of the profile; that of the drift is a parabola's."""
    kept = [i for i in range(len(peak.parameters)) if i != DRIFT]

    years = steps[1:]
    constant = 0.5 * float(np.sum(np.log(2.0 * math.pi * years)))

    def log_likelihood(theta: FloatArray) -> float:
        volatility, share, persistence = (float(value) for value in theta)
        moves = moves_behind(changes, share, persistence)
        squares = float(np.sum(moves**2 / years)) - float(moves.sum()) ** 2 / float(years.sum())
        each = math.log(volatility) + math.log(weight_now(share, persistence))
        return -0.5 * squares / volatility**2 - years.size * each - constant

    profile = Profile(log_likelihood, peak.of(kept))
    factors = widening(peak, robust)
    low, high = robust.low.copy(), robust.high.copy()
    for position, i in enumerate(kept):
        low[i], high[i] = profile.interval(position, float(factors[i]))
    return replace(robust, low=low, high=high)


def lag_parameters(step: float) -> tuple[FreeParameter, FreeParameter]:
    r"""Return the parameters of a smoothing whose quotes are ``step`` years apart.

    Quotes make up half of what they hold back within a quarter:
    :math:`\varphi < 2^{-4\Delta}`. Beyond that a price that hardly shows in its quotes explains
    anything.
    """
    slowest = 0.5 ** (step / QUARTER)
    return FREE[2], FreeParameter(name="persistence", low=0.0, high=slowest)


def lag_starts(step: float) -> list[dict[str, float]]:
    """Return where the search for a smoothing begins."""
    slowest = 0.9 * lag_parameters(step)[1].high
    return [
        {"immediate_share": share, "persistence": min(persistence, slowest)}
        for share, persistence in STARTS
    ]


def moves_behind(changes: FloatArray, share: float, persistence: float) -> FloatArray:
    r"""Return the log price moves behind changes of quotes, ``(n - 1,)`` from ``(n,)``.

    Examples
    --------
    One move of 1 behind quotes that pass on half at once and work off half of the rest each time:
    the quotes move by 0.75, 0.125, 0.0625.

    >>> moves_behind(np.array([0.0, 0.75, 0.125, 0.0625]), 0.5, 0.5).round(12) + 0.0
    array([1., 0., 0.])
    """
    from scipy.signal import lfilter

    now = weight_now(share, persistence)
    before = share * persistence
    found = lfilter([1.0 / now, -persistence / now], [1.0, -before / now], changes)
    moves: FloatArray = found[1:]
    return moves


def prices_behind(logs: FloatArray, share: float, persistence: float) -> FloatArray:
    """Return the log prices behind log quotes, ``(n,)``; the first is taken to be the quote.

    What is wrong with the first fades with each quote.

    >>> quotes = np.array([0.0, 0.75, 0.875, 0.9375])
    >>> prices_behind(quotes, 0.5, 0.5).round(12)
    array([0., 1., 1., 1.])
    """
    moves = np.append(0.0, moves_behind(np.append(0.0, np.diff(logs)), share, persistence))
    found: FloatArray = logs[0] + np.cumsum(moves)
    return found


def weight_now(share: float, persistence: float) -> float:
    """Return how much of a move is in the quote of its day: c0 of the module's formula."""
    return share + (1.0 - share) * (1.0 - persistence)


def _completed(lag: FloatArray, changes: FloatArray, steps: FloatArray) -> FloatArray:
    """Return volatility and drift at their best for a smoothing, then the smoothing, ``(4,)``."""
    moves, years = moves_behind(changes, float(lag[0]), float(lag[1])), steps[1:]
    log_drift = float(moves.sum() / years.sum())
    variance = float(np.mean((moves - log_drift * years) ** 2 / years))
    return np.array([math.sqrt(variance), log_drift + 0.5 * variance, lag[0], lag[1]])


def _contributions(theta: FloatArray, changes: FloatArray, steps: FloatArray) -> FloatArray:
    volatility, drift, share, persistence = (float(value) for value in theta)
    moves, lag = moves_behind(changes, share, persistence), steps[1:]
    variance = volatility**2 * lag
    left = moves - (drift - 0.5 * volatility**2) * lag
    now = weight_now(share, persistence)
    found: FloatArray = -0.5 * (np.log(2.0 * math.pi * variance) + left**2 / variance) - math.log(
        now
    )
    return found


def quoted_variance(share: float, persistence: float, n_quotes: float) -> float:
    """Return the variance of a change of quotes over some quotes, per move's variance.

    Each quote passes on ``c[j]`` of the move ``j`` quotes ago; a change over ``n`` quotes sums
    them. It nears ``n_quotes`` when that is many.

    >>> quoted_variance(0.0, 0.0, 3.0)
    3.0
    """
    n = max(1, round(n_quotes))
    reach = 1 if persistence <= 0.0 else min(5000, math.ceil(-40.0 / math.log(persistence)) + 1)
    weights = (1.0 - share) * (1.0 - persistence) * persistence ** np.arange(reach)
    weights[0] += share
    total = np.convolve(weights, np.ones(n))
    return float(np.sum(total**2)) * n_quotes / n


def _estimates(robust: Maximum, step: float) -> tuple[EstimatedParameter, ...]:
    values = [float(value) for value in robust.values]
    errors = [float(value) for value in robust.standard_errors]

    def seen(theta: FloatArray) -> float:
        volatility, _, share, persistence = (float(value) for value in theta)
        n_quotes = QUARTER / step
        return volatility * math.sqrt(quoted_variance(share, persistence, n_quotes) / n_quotes)

    quarterly, error = robust.derived(seen)
    units = ("1/sqrt(yr)", "1/yr", "", "")
    meanings = (
        "of the price behind the quotes",
        "growth of the mean price, real world",
        "of a move that is quoted at once",
        "of the rest, from one quote to the next",
    )
    roles: tuple[Role, ...] = ("model", "physical", "observation", "observation")
    free = tuple(
        EstimatedParameter(
            name=parameter.name,
            value=values[i],
            unit=units[i],
            standard_error=errors[i],
            low=float(robust.low[i]),
            high=float(robust.high[i]),
            interval="robust" if i == DRIFT else "profile",
            role=roles[i],
            meaning=meanings[i],
        )
        for i, parameter in enumerate(robust.parameters)
    )
    return (
        *free,
        EstimatedParameter(
            name="quarterly_volatility",
            value=quarterly,
            unit="1/sqrt(yr)",
            standard_error=error,
            low=quarterly * math.exp(-NORMAL_95 * error / quarterly),
            high=quarterly * math.exp(NORMAL_95 * error / quarterly),
            interval="delta method, on the logarithm",
            role="derived",
            meaning="annualised, of changes of quotes over a quarter",
        ),
    )
