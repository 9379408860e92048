r"""Any number of Gaussian factors: Cortazar and Naranjo's model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.decay import integrated_decay
from montecarlo.models.gaussian import GaussianLaw
from montecarlo.models.lognormal import LognormalModel, curve_or, one_price_law

_SYMMETRY = 1e-12
_ROUNDING = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class NFactor(LognormalModel):
    r"""Log price = a drift and the sum of N correlated factors (Cortazar and Naranjo 2006).

    .. math::

        \ln P_t = \mu t + \sum_{i=1}^N x_i(t), \qquad
        dx_i = -\kappa_i x_i\,dt + \sigma_i\,dW_i, \qquad dW_i\,dW_j = \rho_{ij}\,dt

    under the physical measure; under the pricing measure factor i drifts by
    :math:`-\lambda_i` a year more. The variance of the log price is

    .. math::

        V(t) = \sum_{i,j} \rho_{ij}\sigma_i\sigma_j
        \frac{1 - e^{-(\kappa_i + \kappa_j)t}}{\kappa_i + \kappa_j},

    limits taken at :math:`\kappa = 0`. With a forward curve the drift is whatever makes the mean
    under the pricing measure that curve; without one,

    .. math::

        F(0, t) = \exp\!\Big(\mu t + \sum_i \big(e^{-\kappa_i t} x_i(0)
        - \lambda_i\tfrac{1 - e^{-\kappa_i t}}{\kappa_i}\big) + \tfrac12 V(t)\Big).

    Under the physical measure the mean is
    :math:`F(0, t)\exp\sum_i\lambda_i(1 - e^{-\kappa_i t})/\kappa_i`.

    A factor with :math:`\kappa = 0` is a level whose shocks stay. One with
    :math:`\sigma = 0` besides is a constant, as the long-run mean of a one-factor model.

    Parameters
    ----------
    name
        Name of the price.
    mean_reversion
        :math:`\kappa_i`, 1/yr, each at least 0; N of them.
    volatility
        :math:`\sigma_i`, 1/sqrt(yr), each at least 0; N of them.
    correlation
        :math:`\rho_{ij}`, shape (N, N): symmetric, ones on the diagonal, positive semidefinite.
    risk_premium
        :math:`\lambda_i`, physical less pricing drift, 1/yr; N of them, or none for zeros.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else the next two.
    states
        :math:`x_i(0)`, log currency per unit; N of them.
    physical_drift
        :math:`\mu`, the drift of the log price under the physical measure, 1/yr.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Source: G. Cortazar and L. Naranjo, "An N-factor Gaussian model of oil futures prices",
    Journal of Futures Markets 26, 2006.

    Examples
    --------
    >>> model = NFactor(
    ...     name="oil",
    ...     mean_reversion=(0.0, 1.0),
    ...     volatility=(0.1, 0.3),
    ...     correlation=((1.0, 0.0), (0.0, 1.0)),
    ...     states=(4.0, 0.0),
    ...     physical_drift=0.0,
    ... )
    >>> model.log_variance([1.0]).round(6)  # 0.1**2 + 0.3**2 * (1 - exp(-2)) / 2
    array([0.04891])
    """

    name: str
    mean_reversion: tuple[float, ...]
    volatility: tuple[float, ...]
    correlation: tuple[tuple[float, ...], ...]
    risk_premium: tuple[float, ...] = ()
    forward_curve: ForwardCurve | None = None
    states: tuple[float, ...] | None = None
    physical_drift: float | None = None

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        rates = checks.finite_array("mean_reversion", self.mean_reversion)
        if rates.size == 0:
            msg = "mean_reversion must have at least one entry, got none"
            raise ValueError(msg)
        for field in ("mean_reversion", "volatility"):
            for i, value in enumerate(self._entries(field, rates.size)):
                checks.non_negative(f"{field}[{i}]", value)
        if len(self.risk_premium) == 0:
            object.__setattr__(self, "risk_premium", (0.0,) * rates.size)
        self._entries("risk_premium", rates.size)
        matrix = _correlations(self.correlation, rates.size)
        object.__setattr__(self, "correlation", tuple(map(tuple, matrix.tolist())))
        start = None if self.states is None else 0.0
        curve_or(self.forward_curve, {"states": start, "physical_drift": self.physical_drift})
        if self.states is not None:
            self._entries("states", rates.size)

    def _entries(self, field: str, n_factors: int) -> tuple[float, ...]:
        """Check the numbers of one field, one a factor, and keep them as a tuple."""
        values = checks.finite_array(field, getattr(self, field))
        checks.same_length(field, values, "mean_reversion", n_factors)
        entries = tuple(values.tolist())
        object.__setattr__(self, field, entries)
        return entries

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), currency per unit."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        mean = curve_or(None, {"physical_drift": self.physical_drift})["physical_drift"] * at
        for i, state in enumerate(self.states or ()):
            rate = self.mean_reversion[i]
            fade = portable.exp(-rate * at)
            mean = mean + fade * state - self.risk_premium[i] * integrated_decay(rate, at)
        return portable.exp(mean + 0.5 * self.log_variance(at))

    def law(self) -> GaussianLaw:
        """Return the factors that move the log price, in their order."""
        return one_price_law(
            self,
            mean_reversion=self.mean_reversion,
            volatility=self.volatility,
            risk_premium=self.risk_premium,
            correlation=self.correlation,
        )


def _correlations(values: Sequence[Sequence[float]], n_factors: int) -> FloatArray:
    """Return the matrix of the factors, or say which entry breaks the rule."""
    matrix = checks.finite_array("correlation", values, n_dimensions=2)
    if matrix.shape != (n_factors, n_factors):
        msg = f"correlation must have shape ({n_factors}, {n_factors}), got {matrix.shape}"
        raise ValueError(msg)
    for i in range(n_factors):
        if matrix[i, i] != 1.0:
            msg = f"correlation[{i}][{i}] must be 1, got {float(matrix[i, i])!r}"
            raise ValueError(msg)
        for j in range(i):
            checks.between(f"correlation[{i}][{j}]", matrix[i, j], -1.0, 1.0)
            if abs(matrix[i, j] - matrix[j, i]) > _SYMMETRY:
                msg = (
                    f"correlation[{i}][{j}] must be equal to correlation[{j}][{i}], got "
                    f"{float(matrix[i, j])!r} and {float(matrix[j, i])!r}"
                )
                raise ValueError(msg)
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < -_ROUNDING:
        msg = f"correlation must be positive semidefinite, got an eigenvalue of {least:.6g}"
        raise ValueError(msg)
    return matrix
