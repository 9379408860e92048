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
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.block import PathBlock
from montecarlo.checks import FloatArray
from montecarlo.elementary import exp
from montecarlo.grid import TimeGrid
from montecarlo.jit import fma, kernel
from montecarlo.models.protocol import Measure, as_measure
from montecarlo.random import key_of, normals_in_place, uniform_rows

ForwardFunction: TypeAlias = Callable[[npt.ArrayLike], FloatArray]

_ALIGNMENT = 64
_SINGULAR = 1e-14


def integrated_decay(rate: npt.ArrayLike, time: npt.ArrayLike) -> FloatArray:
    r"""Return :math:`\int_0^t e^{-ks}\,ds = (1 - e^{-kt})/k`, and t where k is zero.

    Examples
    --------
    >>> integrated_decay([0.0, 2.0], 0.5).round(6)
    array([0.5    , 0.31606])
    """
    k, t = np.broadcast_arrays(
        np.asarray(rate, dtype=np.float64), np.asarray(time, dtype=np.float64)
    )
    safe = np.where(k == 0.0, 1.0, k)
    return np.where(k == 0.0, t, -portable.expm1(-safe * t) / safe)


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
        Factors ``starts[a]`` to ``starts[a + 1] - 1`` belong to name ``a``, none to two of them;
        shape (n_names + 1,).
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

    def source(self, grid: TimeGrid, *, seed: int, measure: Measure) -> GaussianSource:
        """Work out the coefficients of each date, once for all blocks."""
        key = key_of(seed)
        times = grid.times
        step = np.diff(times, prepend=0.0)
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
        return GaussianSource(
            names=self.names,
            key=key,
            starts=self.starts,
            decay=portable.exp(-np.outer(step, self.mean_reversion)),
            loading=self.step_loadings(times),
            scale=scale,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaussianWorkspace:
    """Arrays of one thread: price (n_names, n_dates, n), state, normals, and the block's face."""

    price: FloatArray
    state: FloatArray
    normals: FloatArray
    by_name: dict[str, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaussianSource:
    """A Gaussian law made ready for one grid, seed and measure.

    Parameters
    ----------
    names
        The prices.
    key, starts, decay, loading, scale
        What :func:`fill_block` takes.
    """

    names: tuple[str, ...]
    key: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    decay: FloatArray
    loading: FloatArray
    scale: FloatArray

    @property
    def n_dates(self) -> int:
        """How many dates each price has."""
        return int(self.scale.shape[0])

    @property
    def n_paths(self) -> int | None:
        """None: there is no end of paths."""
        return None

    def workspace(self, n_paths: int) -> GaussianWorkspace:
        """Return fresh arrays for blocks of ``n_paths`` paths."""
        n_factors = self.decay.shape[1]
        price = _aligned((len(self.names), self.n_dates, n_paths))
        return GaussianWorkspace(
            price=price,
            state=_aligned((n_factors, n_paths)),
            normals=_aligned((n_factors, 2, n_paths)),
            by_name={name: price[a] for a, name in enumerate(self.names)},
        )

    def fill(self, first_path: int, workspace: GaussianWorkspace) -> PathBlock:
        """Simulate the paths from ``first_path`` on, as many as the workspace is wide."""
        fill_block(
            self.key,
            np.uint64(first_path),
            self.starts,
            self.decay,
            self.loading,
            self.scale,
            workspace.normals,
            workspace.state,
            workspace.price,
        )
        return PathBlock(
            first_path=first_path, n_paths=workspace.price.shape[2], price=workspace.by_name
        )


def _aligned(shape: tuple[int, ...]) -> FloatArray:
    """Return a zero array that starts on a cache line."""
    n_bytes = 8 * int(np.prod(shape))
    raw = np.zeros(n_bytes + _ALIGNMENT, dtype=np.uint8)
    offset = -raw.ctypes.data % _ALIGNMENT
    return raw[offset : offset + n_bytes].view(np.float64).reshape(shape)


@kernel
def _one_factor_row(
    decay: FloatArray,
    loading: FloatArray,
    normals: FloatArray,
    half: int,
    scale: float,
    state: FloatArray,
    out: FloatArray,
) -> None:
    """Do what the two kernels below do, in one loop, for the first name with one factor."""
    keep = decay[0]
    weight = loading[0, 0]
    z = normals[0, half]
    x = state[0]
    for path in range(out.shape[0]):
        moved = fma(weight, z[path], keep * x[path])
        x[path] = moved
        out[path] = scale * exp(moved)


@kernel
def _two_factor_row(
    decay: FloatArray,
    loading: FloatArray,
    normals: FloatArray,
    half: int,
    scale: float,
    state: FloatArray,
    out: FloatArray,
) -> None:
    """Do what the two kernels below do, in one loop, for the first name with two factors."""
    keep_x = decay[0]
    keep_y = decay[1]
    weight_x = loading[0, 0]
    weight_yx = loading[1, 0]
    weight_y = loading[1, 1]
    z = normals[0, half]
    w = normals[1, half]
    x = state[0]
    y = state[1]
    for path in range(out.shape[0]):
        moved_x = fma(weight_x, z[path], keep_x * x[path])
        moved_y = fma(weight_y, w[path], fma(weight_yx, z[path], keep_y * y[path]))
        x[path] = moved_x
        y[path] = moved_y
        out[path] = scale * exp(moved_x + moved_y)


@kernel
def _advance(
    decay: float, loading: FloatArray, normals: FloatArray, half: int, i: int, state: FloatArray
) -> None:
    """Move one factor over one step, its normals taken in rising order."""
    row = state[i]
    weight = loading[i, 0]
    z = normals[0, half]
    for path in range(row.shape[0]):
        row[path] = fma(weight, z[path], decay * row[path])
    for j in range(1, i + 1):
        weight = loading[i, j]
        z = normals[j, half]
        for path in range(row.shape[0]):
            row[path] = fma(weight, z[path], row[path])


@kernel
def _price_row(scale: float, state: FloatArray, first: int, last: int, out: FloatArray) -> None:
    """Write ``scale * exp(sum of states)`` of one name on one date."""
    n_paths = out.shape[0]
    if last == first:
        for path in range(n_paths):
            out[path] = scale
    elif last == first + 1:
        x = state[first]
        for path in range(n_paths):
            out[path] = scale * exp(x[path])
    else:
        x = state[first]
        y = state[first + 1]
        for path in range(n_paths):
            out[path] = scale * exp(x[path] + y[path])


@kernel
def fill_block(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    starts: npt.NDArray[np.int64],
    decay: FloatArray,
    loading: FloatArray,
    scale: FloatArray,
    normals: FloatArray,
    state: FloatArray,
    price: FloatArray,
) -> None:
    """Simulate one block: normals of two dates at a time, then states, then prices."""
    n_names, n_dates, _ = price.shape
    n_factors = state.shape[0]
    state[:] = 0.0
    for t in range(n_dates):
        half = t % 2
        if half == 0:
            for i in range(n_factors):
                u = normals[i, 0]
                v = normals[i, 1]
                uniform_rows(key, first_path, np.uint64(t // 2), np.uint64(i), u, v)
                normals_in_place(u, v)
        n_done = 0
        if starts[1] == 1:
            _one_factor_row(decay[t], loading[t], normals, half, scale[t, 0], state, price[0, t])
            n_done = 1
        elif starts[1] == 2:
            _two_factor_row(decay[t], loading[t], normals, half, scale[t, 0], state, price[0, t])
            n_done = 1
        for i in range(starts[n_done], n_factors):
            _advance(decay[t, i], loading[t], normals, half, i, state)
        for a in range(n_done, n_names):
            _price_row(scale[t, a], state, starts[a], starts[a + 1], price[a, t])
