r"""The engine of every model whose log prices are Gaussian: exact on any dates, one kernel.

A price is its forward curve times the exponential of some mean-reverting factors,

.. math::

    \ln P_t = \ln F(0, t) - \tfrac12 V(t) + \sum_i x_i(t),
    \qquad dx_i = -\kappa_i x_i\,dt + \sigma_i\,dW_i,
    \qquad dW_i\,dW_j = \rho_{ij}\,dt,

with :math:`V(t)` the variance of the sum, so that the mean under the pricing measure is the
forward curve. From one date to the next the factors move by their exact law,

.. math::

    x_i(t + \Delta) = e^{-\kappa_i\Delta} x_i(t) + (Lz)_i, \qquad
    (LL^\top)_{ij} = \rho_{ij}\sigma_i\sigma_j
    \frac{1 - e^{-(\kappa_i + \kappa_j)\Delta}}{\kappa_i + \kappa_j},

so that there is no discretisation error, whatever the dates. Under the physical measure prices
are multiplied by :math:`\exp\sum_i \lambda_i (1 - e^{-\kappa_i t})/\kappa_i`, with
:math:`\lambda_i` the risk premium of factor i a year. Limits at :math:`\kappa = 0` are taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.decay import integrated_decay
from montecarlo.engine.innovations import innovation_loadings
from montecarlo.engine.source import GaussianSource
from montecarlo.grid import TimeGrid
from montecarlo.models.protocol import Measure, as_measure
from montecarlo.philox import key_of
from montecarlo.sampling import INDEPENDENT, Sampling

if TYPE_CHECKING:
    from montecarlo.engine.sobol_source import Components, SobolSource, Walk

ForwardFunction: TypeAlias = Callable[[npt.ArrayLike], FloatArray]

_SINGULAR = 1e-14
_SINGLE_RANGE = 1e30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaussianLaw:
    """Names, their forward curves, and the factors that move their log prices.

    Parameters
    ----------
    names
        The prices, in order.
    forwards
        For each name its forward curve, a function of times in years.
    starts
        Factors ``starts[a]`` to ``starts[a + 1] - 1`` belong to name ``a``, none or any number of
        them; shape (n_names + 1,).
    mean_reversion, volatility, risk_premium
        Of each factor, shape (n_factors,): 1/yr, 1/sqrt(yr), 1/yr.
    correlation
        Of the factors' increments, shape (n_factors, n_factors).
    """

    names: tuple[str, ...]
    forwards: tuple[ForwardFunction, ...]
    starts: npt.NDArray[np.int64]
    mean_reversion: FloatArray
    volatility: FloatArray
    risk_premium: FloatArray
    correlation: FloatArray

    def factors(self, a: int) -> range:
        """Return the factors of name number ``a``."""
        return range(int(self.starts[a]), int(self.starts[a + 1]))

    def log_covariance(
        self, a: int, b: int, first_times: npt.ArrayLike, second_times: npt.ArrayLike
    ) -> FloatArray:
        """Return the covariance of log price ``a`` at one time with log price ``b`` at another."""
        first, second = np.broadcast_arrays(
            checks.query_times("times", first_times), checks.query_times("times", second_times)
        )
        common = np.minimum(first, second)
        total = np.zeros(common.shape)
        for i in self.factors(a):
            for j in self.factors(b):
                k_i, k_j = self.mean_reversion[i], self.mean_reversion[j]
                fade = portable.exp(-k_i * (first - common) - k_j * (second - common))
                scale = self.correlation[i, j] * self.volatility[i] * self.volatility[j]
                total = total + scale * fade * integrated_decay(k_i + k_j, common)
        return total

    def log_premium(self, a: int, times: FloatArray) -> FloatArray:
        """Return the log of the ratio of the physical to the pricing mean of name ``a``."""
        total = np.zeros(times.shape)
        for i in self.factors(a):
            total = total + self.risk_premium[i] * integrated_decay(self.mean_reversion[i], times)
        return total

    def step_loadings(self, times: FloatArray) -> FloatArray:
        """Return the triangular matrix L of each step, shape (n_dates, n_factors, n_factors).

        The first step starts at time zero. A factor without variance of its own gets a zero
        column, so that volatility zero and perfect correlation are exact.
        """
        step = np.diff(times, prepend=0.0)
        n_factors = self.volatility.size
        loading = np.zeros((times.size, n_factors, n_factors))
        for i in range(n_factors):
            for j in range(i + 1):
                rate = self.mean_reversion[i] + self.mean_reversion[j]
                scale = self.correlation[i, j] * self.volatility[i] * self.volatility[j]
                covariance = scale * integrated_decay(rate, step)
                rest = covariance
                for k in range(j):
                    rest = rest - loading[:, i, k] * loading[:, j, k]
                if i == j:
                    is_singular = rest <= _SINGULAR * covariance
                    loading[:, i, i] = np.sqrt(np.where(is_singular, 0.0, rest))
                else:
                    pivot = loading[:, j, j]
                    is_singular = pivot == 0.0
                    safe = np.where(is_singular, 1.0, pivot)
                    loading[:, i, j] = np.where(is_singular, 0.0, rest / safe)
        return loading

    def step_covariances(self, times: FloatArray) -> FloatArray:
        """Return the covariance of the factors' shocks in each step, from time zero on."""
        step = np.diff(times, prepend=0.0)
        rate = self.mean_reversion[:, None] + self.mean_reversion[None, :]
        scale = self.correlation * self.volatility[:, None] * self.volatility[None, :]
        return scale[None, :, :] * integrated_decay(rate[None, :, :], step[:, None, None])

    def price_scale(self, times: FloatArray, measure: Measure) -> FloatArray:
        """Return what multiplies ``exp(sum of factors)``, shape (n_dates, n_names)."""
        scale = np.empty((times.size, len(self.names)))
        for a, name in enumerate(self.names):
            log_scale = -0.5 * self.log_covariance(a, a, times, times)
            if as_measure(measure) == "physical":
                log_scale = log_scale + self.log_premium(a, times)
            factor = portable.exp(log_scale)
            bad = np.flatnonzero((factor == 0.0) | ~np.isfinite(factor))
            if bad.size:
                at = float(times[bad[0]])
                msg = (
                    f"the log variance and log premium of {name} must leave a price that a double "
                    f"can hold, got a log scale of {float(log_scale[bad[0]]):.6g} at {at:g} years"
                )
                raise ValueError(msg)
            scale[:, a] = self.forwards[a](times) * factor
        return scale

    def source(
        self, grid: TimeGrid, *, seed: int, measure: Measure, sampling: Sampling = INDEPENDENT
    ) -> GaussianSource | SobolSource:
        """Work out the coefficients of each date, once for all blocks."""
        times = grid.times
        scale = self.price_scale(times, measure)
        is_single = sampling.precision == "single"
        if is_single:
            self._check_single(times, scale)
        kind = np.float32 if is_single else np.float64
        key = key_of(seed)
        if sampling.method == "sobol":
            return self._sobol_source(times, scale, seed=seed, kind=kind, sampling=sampling)
        decay, loading, n_reads = self._coefficients(times, spot_only=sampling.spot_only)
        return GaussianSource(
            names=self.names,
            key=key,
            is_mirrored=sampling.method == "antithetic",
            starts=self.starts,
            n_reads=n_reads,
            decay=decay.astype(kind),
            loading=loading.astype(kind),
            scale=scale.astype(kind),
        )

    def _coefficients(
        self, times: FloatArray, *, spot_only: bool
    ) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
        """Return decay and loading of each date, and how many normals each factor reads."""
        decay = portable.exp(-np.outer(np.diff(times, prepend=0.0), self.mean_reversion))
        if not spot_only:
            return decay, self.step_loadings(times), np.arange(1, self.volatility.size + 1)
        loading = innovation_loadings(decay, self.step_covariances(times), self.starts)
        counts = np.diff(self.starts)
        loading = np.ascontiguousarray(loading[:, :, counts > 0])
        # A price alone follows the normals up to its own; how it splits into factors is
        # learnt from the prices after it too.
        n_reads = np.repeat(np.cumsum(counts > 0), counts)
        n_reads[np.repeat(counts, counts) > 1] = loading.shape[2]
        return decay, loading, n_reads.astype(np.int64)

    def _sobol_source(
        self,
        times: FloatArray,
        scale: FloatArray,
        *,
        seed: int,
        kind: npt.DTypeLike,
        sampling: Sampling,
    ) -> SobolSource:
        # Most simulations need none of it, and it takes a while to import.
        from montecarlo.engine import sobol_source as engine
        from montecarlo.engine.leading import leading_rotation, no_rotation
        from montecarlo.principal import principal_components

        variance = [self.log_covariance(a, a, times, times) for a in range(len(self.names))]
        is_random = np.array(variance) > 0.0
        n_rows = int(is_random.sum())
        ordering = sampling.ordering
        if ordering == "auto":
            ordering = "leading" if n_rows <= engine.MAX_LEADING else "bridge"
        limit = {"leading": engine.MAX_LEADING, "principal": engine.MAX_COMPONENTS}.get(ordering)
        matrix = np.empty((0, 0))
        if limit is not None:
            if n_rows > limit:
                msg = (
                    f"ordering must be 'bridge', 'time' or 'auto' for more than {limit} log "
                    f"prices, got {ordering!r} for {n_rows} of "
                    f"{int(is_random.any(axis=1).sum())} names"
                )
                raise ValueError(msg)
            if n_rows:
                matrix = principal_components(self.log_price_covariance(times, is_random))
        draw: Components | Walk
        if ordering == "principal":
            draw = engine.components(matrix, is_random, scale)
        else:
            spot_only = sampling.spot_only or ordering == "leading"
            decay, loading, n_reads = self._coefficients(times, spot_only=spot_only)
            bridge = engine.walk_bridge(times, loading.shape[2], ordering)
            rotation = no_rotation(bridge.row.size * loading.shape[2])
            if ordering == "leading":
                rotation = leading_rotation(matrix, is_random, bridge, self.starts, decay, loading)
            draw = engine.Walk(
                bridge=bridge,
                rotation=rotation,
                starts=self.starts,
                n_reads=n_reads,
                decay=decay,
                loading=loading,
                scale=scale,
            )
        return engine.SobolSource(
            names=self.names,
            seed=seed,
            n_points=sampling.group,
            ordering=ordering,
            draw=draw,
            kind=kind,
        )

    def log_price_covariance(
        self, times: FloatArray, is_random: npt.NDArray[np.bool_]
    ) -> FloatArray:
        """Return the covariance of the log prices chosen, name by name and date by date.

        ``is_random`` is of shape (n_names, n_dates); the result has a row and a column for each
        that is true.
        """
        rows = [
            [
                self.log_covariance(a, b, times[is_random[a], None], times[None, is_random[b]])
                for b in range(len(self.names))
            ]
            for a in range(len(self.names))
        ]
        return np.block(rows)

    def _check_single(self, times: FloatArray, scale: FloatArray) -> None:
        """Refuse prices so large or small that shocks may carry them out of a 32-bit float."""
        low, high = 1.0 / _SINGLE_RANGE, _SINGLE_RANGE
        bad = np.argwhere((scale != 0.0) & ~((np.abs(scale) > low) & (np.abs(scale) < high)))
        if bad.size:
            t, a = bad[0]
            msg = (
                f"{self.names[a]} must stay within 1e-30 and 1e30 for single precision, got "
                f"{float(scale[t, a]):g} at {float(times[t]):g} years"
            )
            raise ValueError(msg)
