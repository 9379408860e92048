r"""Closed forms of a log price whose variance is random: moments, and when they end.

For :math:`dX = -\tfrac12 V\,dt + \sqrt V\,dW` and
:math:`dV = \kappa(\theta - V)\,dt + \xi\sqrt V\,dB`, with :math:`m = E[V]`,
:math:`w = \mathrm{Var}[V]` and :math:`c = \mathrm{Cov}[X, V]`,

.. math::

    m(t) = \theta + (V_0 - \theta)e^{-\kappa t}, \qquad
    w(t) = \xi^2 B(t)\big(\tfrac12\theta\kappa B(t) + V_0 e^{-\kappa t}\big), \qquad
    B(t) = \frac{1 - e^{-\kappa t}}\kappa,

    c(t) = \int_0^t e^{-\kappa(t - s)}\big(\rho\xi m(s) - \tfrac12 w(s)\big)\,ds, \qquad
    \mathrm{Var}[X_t] = \int_0^t \big(m(s) - c(s)\big)\,ds,

    \mathrm{Cov}[X_s, X_t] = \mathrm{Var}[X_s] - \tfrac12 B(t - s)\,c(s), \quad s \le t,

    \ln E\,e^{\omega X_t} = -\frac{2\kappa\theta}{\xi^2}\ln y(t)
    - \frac{2V_0}{\xi^2}\frac{y'(t)}{y(t)}, \qquad
    y'' + (\kappa - \rho\xi\omega)\,y' + \tfrac14\xi^2\omega(\omega - 1)\,y = 0,
    \quad y(0) = 1,\ y'(0) = 0,

which is infinite from the first zero of y on.

Source: S. L. Heston, "A closed-form solution for options with stochastic volatility", Review of
Financial Studies 6(2), 1993; L. Andersen and V. Piterbarg, "Moment explosions in stochastic
volatility models", Finance and Stochastics 11, 2007, for the moments' ends.
"""

from __future__ import annotations

import math

import numpy as np

from montecarlo import portable
from montecarlo.checks import FloatArray
from montecarlo.decay import integrated_decay
from montecarlo.engine.heston import VarianceLaw

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def mean_variance(law: VarianceLaw, at: FloatArray) -> FloatArray:
    """Return the mean of the variance, 1/yr."""
    away = law.initial_variance - law.long_run_variance
    return law.long_run_variance + away * portable.exp(-law.mean_reversion * at)


def integrated_mean_variance(law: VarianceLaw, at: FloatArray) -> FloatArray:
    """Return the mean of the variance accumulated since today."""
    away = law.initial_variance - law.long_run_variance
    return law.long_run_variance * at + away * integrated_decay(law.mean_reversion, at)


def log_covariance(law: VarianceLaw, first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the covariance of the log prices at two times of the same shape."""
    early, late = np.minimum(first, second), np.maximum(first, second)
    fade = 0.5 * integrated_decay(law.mean_reversion, late - early)
    return _log_variance(law, early) - fade * _covariance_with_variance(law, early)


def log_mean_exponential(law: VarianceLaw, at: FloatArray, power: float) -> FloatArray:
    r"""Return :math:`\ln E\,e^{\omega X_t}` with :math:`\omega` the power; inf where it ended."""
    end = moment_explosion(law, power)
    inside = np.where(at < end, at, 0.0)
    b = law.mean_reversion - law.correlation * law.volatility_of_variance * power
    xi_squared = law.volatility_of_variance**2
    # y = exp(-bt/2) g, with g'' = q g.
    pull = 0.25 * xi_squared * power * (power - 1.0)
    q = 0.25 * b * b - pull
    root = math.sqrt(abs(q))
    if q > 0.0:
        # The growing exponential goes into the log: no power of a large number overflows.
        shrunk = portable.exp(-2.0 * root * inside)
        ratio = 0.5 * b / root
        g = 0.5 * ((1.0 + ratio) + (1.0 - ratio) * shrunk)
        log_y = (root - 0.5 * b) * inside + portable.log(g)
        sinh = 0.5 * (1.0 - shrunk)
    else:
        angle = root * inside
        log_growth = -0.5 * b * inside
        sine = np.sin(angle) / root if root > 0.0 else inside
        g = np.cos(angle) + 0.5 * b * sine
        log_y = log_growth + portable.log(g)
        sinh = sine * root
    slope = -pull * (sinh / root if root > 0.0 else inside) / g
    mean = law.mean_reversion * law.long_run_variance
    total = -2.0 / xi_squared * (mean * log_y + law.initial_variance * slope)
    return np.where(at < end, total, np.inf)


def moment_explosion(law: VarianceLaw, power: float) -> float:
    """Return when the mean of the price to a power becomes infinite, years; inf where never."""
    b = law.mean_reversion - law.correlation * law.volatility_of_variance * power
    pull = 0.25 * law.volatility_of_variance**2 * power * (power - 1.0)
    if pull <= 0.0 or (law.initial_variance == 0.0 and law.long_run_variance == 0.0):
        return math.inf
    q = 0.25 * b * b - pull
    root = math.sqrt(abs(q))
    if q < 0.0:
        return math.atan2(root, -0.5 * b) / root
    if b >= 0.0:
        return math.inf
    return math.atanh(root / (-0.5 * b)) / root if root > 0.0 else -2.0 / b


def _variance_of_variance(law: VarianceLaw, at: FloatArray) -> FloatArray:
    spent = integrated_decay(law.mean_reversion, at)
    keep = law.initial_variance * portable.exp(-law.mean_reversion * at)
    half = 0.5 * law.long_run_variance * law.mean_reversion * spent
    return law.volatility_of_variance**2 * spent * (half + keep)


def _source(law: VarianceLaw, at: FloatArray) -> FloatArray:
    """Return what drives the covariance of the log price with its variance."""
    shared = law.correlation * law.volatility_of_variance * mean_variance(law, at)
    return shared - 0.5 * _variance_of_variance(law, at)


def _covariance_with_variance(law: VarianceLaw, at: FloatArray) -> FloatArray:
    total = np.zeros(at.shape)
    for weight, node in _quadrature(law, at):
        total = total + weight * portable.exp(-law.mean_reversion * (at - node)) * _source(
            law, node
        )
    return total


def _log_variance(law: VarianceLaw, at: FloatArray) -> FloatArray:
    total = integrated_mean_variance(law, at)
    for weight, node in _quadrature(law, at):
        total = total - weight * integrated_decay(law.mean_reversion, at - node) * _source(
            law, node
        )
    return total


def _quadrature(law: VarianceLaw, at: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    """Return weights and nodes from zero to each time; a panel spans four times 1/kappa at most."""
    longest = float(at.max(initial=0.0))
    n_panels = max(1, math.ceil(0.25 * law.mean_reversion * longest))
    half = 0.5 * at / n_panels
    return [
        (weight * half, (2 * panel + 1 + node) * half)
        for panel in range(n_panels)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True)
    ]
