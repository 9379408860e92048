r"""The likelihood of mean reversion behind late quotes without the level: the restricted one.

.. math::

    L_R(\kappa, \sigma, b, \varphi) = \int L(\kappa, \sigma, \alpha, b, \varphi)\,
    n\big(p_1; \alpha, \tfrac{\sigma^2}{2\kappa}\big)\,d\alpha

with :math:`L` the likelihood of :mod:`montecarlo.calibrate.smoothing_ou` and :math:`p_1` the first
price behind the quotes, which is taken to have its long-run law. It is the likelihood of the
differences of the prices, so that no level has to be estimated.

The level that fits best always lies too close to the prices that came, which makes reversion look
stronger than it is; the ordinary likelihood takes that level for known, and its intervals miss the
truth too often. Likelihood ratios of the restricted one follow chi-squared closely, even where
reversion is weak.

Source: W. W. Chen and R. S. Deo, "Bias reduction and likelihood-based almost exactly sized
hypothesis testing in predictive regressions using the restricted likelihood", Econometric Theory
25, 2009; D. A. Harville, "Maximum likelihood approaches to variance component estimation and to
related problems", Journal of the American Statistical Association 72, 1977.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from montecarlo.calibrate.maximum_likelihood import Maximum, cost_of, curvature
from montecarlo.calibrate.profile_interval import Profile
from montecarlo.calibrate.smoothing import prices_behind, weight_now
from montecarlo.checks import FloatArray

LEVEL = 2
"""Where the level stands among the parameters of the fit."""


def restricted_log_likelihood(theta: FloatArray, logs: FloatArray, steps: FloatArray) -> float:
    r"""Return :math:`\ln L_R` of reversion, volatility, share and persistence.

    Parameters
    ----------
    theta
        (4,) values.
    logs
        (n + 2,) log quotes.
    steps
        (n,) years between them, from the second on.

    Examples
    --------
    Quotes without delay: of two prices a step of ln 2 years apart, with a reversion of 1 and a
    volatility that makes the long-run variance 1, the difference is normal with variance
    2 (1 - 1/2) = 1.

    >>> theta = np.array([1.0, math.sqrt(2.0), 1.0, 0.5])
    >>> found = restricted_log_likelihood(theta, np.array([0.0, 0.0, 0.6]), np.array([math.log(2)]))
    >>> round(found, 9) == round(-0.5 * math.log(2.0 * math.pi) - 0.5 * 0.6**2, 9)
    True
    """
    speed, volatility, share, persistence = (float(value) for value in theta)
    behind = prices_behind(logs, share, persistence)[1:]
    behind = behind - behind[0]
    fade = -np.expm1(-speed * steps)
    variance = -np.expm1(-2.0 * speed * steps) / (2.0 * speed) * volatility**2
    # What is left of each price, plus fade times the level; the first price has the level itself.
    left = np.diff(behind) + fade * behind[:-1]
    first = 2.0 * speed / volatility**2
    total = first + float(np.sum(fade**2 / variance))
    product = float(np.sum(fade * left / variance))
    squares = float(np.sum(left**2 / variance)) - product**2 / total
    logarithms = float(np.sum(np.log(2.0 * math.pi * variance))) + math.log(total / first)
    return -0.5 * (squares + logarithms) - steps.size * math.log(weight_now(share, persistence))


def restricted_profile(peak: Maximum, logs: FloatArray, steps: FloatArray) -> Profile:
    """Return the profile of the restricted likelihood around its maximum.

    Parameters
    ----------
    peak
        The maximum of the ordinary one: reversion, volatility, level, share, persistence.
    logs, steps
        As in :func:`restricted_log_likelihood`.
    """
    from scipy.optimize import minimize

    kept = [i for i in range(len(peak.parameters)) if i != LEVEL]
    free = tuple(peak.parameters[i] for i in kept)

    def log_likelihood(theta: FloatArray) -> float:
        return restricted_log_likelihood(theta, logs, steps)

    places = [p.unlimited(float(peak.values[i])) for p, i in zip(free, kept, strict=True)]
    options: Any = {"xatol": 1e-4, "fatol": 1e-7, "maxiter": 1000}
    best: Any = minimize(
        cost_of(log_likelihood, free), places, method="Nelder-Mead", options=options
    )
    values = np.array([p.natural(float(x)) for p, x in zip(free, best.x, strict=True)])
    return Profile(log_likelihood, curvature(log_likelihood, parameters=free, values=values))
