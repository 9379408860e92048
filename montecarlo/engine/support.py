r"""A market that answers support: prices below a floor are drawn towards it.

.. math:: P' = P\,(K / P)^{\varphi} \ \text{where } P < K, \qquad P' = P \ \text{elsewhere}

For a lognormal P, with :math:`\ln P \sim N(\mu, s^2)` and :math:`d = (\ln K - \mu)/s`,

.. math::

    E\,P'^a = e^{a\mu + a^2s^2/2}\,\Phi(as - d)
    + K^{a\varphi} e^{b\mu + b^2s^2/2}\,\Phi(d - bs), \quad b = a(1 - \varphi), \qquad
    E\ln P' = \mu + \varphi s\,(d\,\Phi(d) + \Phi'(d)),

and for two dates with correlation :math:`\rho` of the logs

.. math::

    \mathrm{Cov}[\ln P'_1, \ln P'_2] = s_1 s_2\big(\rho(1 - \varphi_2\Phi(d_2))
    - \rho\varphi_1\Phi(d_1) + \varphi_1\varphi_2 C\big), \qquad
    C = \rho\,\Phi(d_1)\Phi(d_2) + \int_0^\rho (\rho - r)\,\varphi_2(d_1, d_2; r)\,dr

with :math:`\varphi_2` the bivariate normal density (Price 1958, used twice).

Source: R. Price, "A useful theorem for nonlinear devices having Gaussian inputs", IRE Transactions
on Information Theory 4, 1958.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from montecarlo import portable
from montecarlo.checks import FloatArray
from montecarlo.elementary import exp, log
from montecarlo.jit import kernel
from montecarlo.normal import normal_cdf

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_N_PANELS = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LognormalUnderSupport:
    """A lognormal price on some dates, and what the market makes of it.

    Parameters
    ----------
    log_mean, spread
        Of the log price without support.
    log_strike, pass_through
        Of the floor: how far towards it a lower price is drawn.
    """

    log_mean: FloatArray
    spread: FloatArray
    log_strike: FloatArray
    pass_through: FloatArray

    @property
    def depth(self) -> FloatArray:
        """How far the floor lies above the mean, in deviations, and infinite without any."""
        above = self.log_strike - self.log_mean
        safe = np.where(self.spread > 0.0, self.spread, 1.0)
        return np.where(self.spread > 0.0, above / safe, np.where(above > 0.0, np.inf, -np.inf))

    def power_mean(self, power: float) -> FloatArray:
        """Return the mean of a power of the price."""
        lifted = power * (1.0 - self.pass_through)
        above = power * self.log_mean + 0.5 * (power * self.spread) ** 2
        below = lifted * self.log_mean + 0.5 * (lifted * self.spread) ** 2
        below = below + power * self.pass_through * self.log_strike
        depth = self.depth
        free = portable.exp(above) * normal_cdf(power * self.spread - depth)
        drawn = portable.exp(below) * normal_cdf(depth - lifted * self.spread)
        return free + drawn

    def mean_log(self) -> FloatArray:
        """Return the mean of the log price."""
        depth = self.depth
        is_random = self.spread > 0.0
        d = np.where(is_random, depth, 0.0)
        shortfall = self.spread * (d * normal_cdf(d) + _density(d))
        known = np.maximum(self.log_strike - self.log_mean, 0.0)
        return self.log_mean + self.pass_through * np.where(is_random, shortfall, known)


def log_covariance(
    first: LognormalUnderSupport, second: LognormalUnderSupport, correlation: FloatArray
) -> FloatArray:
    """Return the covariance of two log prices under support."""
    d, e = first.depth, second.depth
    phi, psi = first.pass_through, second.pass_through
    both = correlation * normal_cdf(d) * normal_cdf(e) + _curved(d, e, correlation)
    share = correlation * (1.0 - phi * normal_cdf(d) - psi * normal_cdf(e)) + phi * psi * both
    return first.spread * second.spread * share


def _curved(d: FloatArray, e: FloatArray, correlation: FloatArray) -> FloatArray:
    r"""Return :math:`\int_0^\rho (\rho - r)\varphi_2(d, e; r)\,dr`, with :math:`r = \sin\theta`."""
    is_finite = np.isfinite(d) & np.isfinite(e)
    d, e = np.where(is_finite, d, 0.0), np.where(is_finite, e, 0.0)
    rho = np.clip(correlation, -1.0, 1.0)
    half = 0.5 * np.arcsin(rho) / _N_PANELS
    total = np.zeros(np.broadcast_shapes(d.shape, e.shape, rho.shape))
    for panel in range(_N_PANELS):
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            angle = (2 * panel + 1 + node) * half
            sine, cosine = np.sin(angle), np.cos(angle)
            away = ((d - e) ** 2 + 2.0 * (1.0 - sine) * d * e) / (2.0 * cosine * cosine)
            total = total + weight * half * (rho - sine) * np.exp(-away)
    return np.where(is_finite, total / (2.0 * math.pi), 0.0)


def _density(z: FloatArray) -> FloatArray:
    return portable.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SupportTransform:
    """Draws prices below a floor towards it.

    Parameters
    ----------
    strike, pass_through
        On each date, shape (n_dates,).
    """

    strike: FloatArray
    pass_through: FloatArray

    def workspace(self, n_paths: int) -> None:
        """Return nothing: none is needed."""

    def apply(self, first_path: int, rows: tuple[FloatArray, ...], workspace: None) -> None:
        """Overwrite ``rows[0]``."""
        draw_towards(self.strike, self.pass_through, rows[0])


@kernel
def draw_towards(strike: FloatArray, pass_through: FloatArray, prices: FloatArray) -> None:
    """Overwrite prices (n_dates, n); one at or above the strike, or NaN, stays as it is."""
    n_dates, n_paths = prices.shape
    for t in range(n_dates):
        floor = strike[t]
        share = pass_through[t]
        for j in range(n_paths):
            price = prices[t, j]
            if price < floor:
                lifted = price * exp(share * log(floor / price))
                # Rounding may carry it over the floor by its last digit.
                prices[t, j] = floor if lifted > floor else lifted
