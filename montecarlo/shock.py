r"""A disruption that multiplies prices for a spell: on a stated date, or whenever it happens.

.. math::

    M_t = e^{\sum_k Y_k x_k(t)}, \qquad
    x_k(t) = \begin{cases} 0 & t < \tau_k\\ 1 & \tau_k \le t < \tau_k + D_k\\
    e^{-\rho(t - \tau_k - D_k)} & t \ge \tau_k + D_k\end{cases}, \qquad
    Y_k \sim N(\ln m - \tfrac12 s^2, s^2)

A dated shock has one :math:`\tau`; a random one comes with an intensity :math:`\lambda(t)`, and one
on top of another multiplies again. With :math:`\psi` any function of x that vanishes at zero, all
means come from :math:`G(a) = E\,\psi(x(a))` at age a and :math:`K(A) = \int_0^A G(a)\,da`:

.. math::

    E\,M_t^\theta = 1 + G(t - \tau) \quad\text{(dated)}, \qquad
    E\,M_t^\theta = \exp\int_0^t\lambda(u)\,G(t - u)\,du \quad\text{(random)}, \qquad
    \psi(x) = E\,e^{\theta Y x} - 1 .
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.decay import integrated_decay
from montecarlo.engine.intensity import Intensity, IntensityLike

Shape: TypeAlias = Callable[[FloatArray], FloatArray]
"""A function of x, elementwise."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    r"""A disruption that multiplies prices for a spell.

    Parameters
    ----------
    name
        Such as ``"licence stop"``. Prices with a shock of the same name are hit together, for as
        long and as hard in standard deviations.
    multiplier
        :math:`m`, mean of what the price is multiplied by, above 0.
    start
        :math:`\tau`, years from the valuation date; or else ``intensity``.
    intensity
        :math:`\lambda`, shocks a year, or an
        :class:`~montecarlo.engine.intensity.Intensity` that changes on stated dates.
    duration
        :math:`D`, years, above 0; or else ``mean_duration``, of an exponential spell.
    multiplier_volatility
        :math:`s`, standard deviation of the log multiplier.
    recovery
        :math:`\rho`, 1/yr, at which the log multiplier fades after the spell; left out, the price
        is back at once.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    Licences stop a year from now, for nine months, and double the price:

    >>> stop = Shock(name="licence stop", multiplier=2.0, start=1.0, duration=0.75)
    >>> stop.mean_multiplier([0.9, 1.0, 1.7, 1.75])
    array([1., 2., 2., 1.])
    """

    name: str
    multiplier: float
    start: float | None = None
    intensity: IntensityLike | None = None
    duration: float | None = None
    mean_duration: float | None = None
    multiplier_volatility: float = 0.0
    recovery: float | None = None

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.positive("multiplier", self.multiplier)
        checks.non_negative("multiplier_volatility", self.multiplier_volatility)
        self._one_of("start", "intensity")
        self._one_of("duration", "mean_duration")
        if self.start is not None:
            checks.non_negative("start", self.start)
        if self.intensity is not None:
            Intensity.of(self.intensity, "intensity")
        for field in ("duration", "mean_duration", "recovery"):
            if getattr(self, field) is not None:
                checks.positive(field, getattr(self, field))

    def _one_of(self, first: str, second: str) -> None:
        given = [field for field in (first, second) if getattr(self, field) is not None]
        if len(given) != 1:
            msg = (
                f"either {first} or {second} must be given, got {' and '.join(given) or 'neither'}"
            )
            raise ValueError(msg)

    @property
    def log_multiplier(self) -> float:
        r"""Mean of the log multiplier, :math:`\ln m - s^2/2`."""
        return float(portable.log(self.multiplier)) - 0.5 * self.multiplier_volatility**2

    @property
    def spell(self) -> float:
        """How long it lasts, or lasts on average, years."""
        return float(self.mean_duration if self.duration is None else self.duration)  # type: ignore[arg-type]

    def mean_multiplier(self, times: npt.ArrayLike, power: float = 1.0) -> FloatArray:
        r"""Return :math:`E\,M_t^\theta` at ``times``, with :math:`\theta` the power."""
        at = checks.query_times("times", times)
        mean, variance = power * self.log_multiplier, (power * self.multiplier_volatility) ** 2

        def excess(x: FloatArray) -> FloatArray:
            return portable.expm1(mean * x + 0.5 * variance * x * x)

        if self.start is not None:
            return 1.0 + self._from_start(excess, at)
        return portable.exp(self._expected_sum(excess, at))

    def log_mean(self, times: npt.ArrayLike) -> FloatArray:
        """Return the mean of the log multiplier at ``times``."""
        at = checks.query_times("times", times)
        total = self._from_start if self.start is not None else self._expected_sum
        return self.log_multiplier * total(lambda x: x, at)

    def log_autocovariance(
        self, first_times: npt.ArrayLike, second_times: npt.ArrayLike
    ) -> FloatArray:
        """Return the covariance of the log multiplier at two times (broadcast)."""
        first, second = np.broadcast_arrays(
            checks.query_times("times", first_times), checks.query_times("times", second_times)
        )
        early, late = np.minimum(first, second), np.maximum(first, second)
        square = self.log_multiplier**2 + self.multiplier_volatility**2
        if self.start is None:
            total = np.zeros(early.shape)
            for begin, end, rate in self._pieces():
                youngest = np.maximum(early - end, 0.0)
                oldest = np.maximum(early - begin, 0.0)
                total = total + rate * (
                    self._accumulated_products(oldest, late - early)
                    - self._accumulated_products(youngest, late - early)
                )
            return square * total
        age = early - self.start
        both = np.where(age >= 0.0, self._products(np.maximum(age, 0.0), late - early), 0.0)
        return square * both - self.log_mean(first) * self.log_mean(second)

    def _pieces(self) -> tuple[tuple[float, float, float], ...]:
        if self.intensity is None:
            return ()
        return tuple(Intensity.of(self.intensity, "intensity").pieces())

    def _from_start(self, shape: Shape, at: FloatArray) -> FloatArray:
        """Return the mean of a function of x, for a dated shock."""
        age = at - (self.start or 0.0)
        return np.where(age >= 0.0, self._at_age(shape, np.maximum(age, 0.0)), 0.0)

    def _expected_sum(self, shape: Shape, at: FloatArray) -> FloatArray:
        """Return the expected sum of a function of x over all shocks so far."""
        total = np.zeros(at.shape)
        for begin, end, rate in self._pieces():
            oldest = self._accumulated(shape, np.maximum(at - begin, 0.0))
            total = total + rate * (oldest - self._accumulated(shape, np.maximum(at - end, 0.0)))
        return total

    def _at_age(self, shape: Shape, age: FloatArray) -> FloatArray:
        """Return G, the mean of a function of x at an age."""
        whole = float(shape(np.ones(1))[0])
        if self.duration is not None:
            over = np.maximum(age - self.duration, 0.0)
            after = np.zeros(age.shape) if self.recovery is None else shape(self._faded(over))
            return np.where(age < self.duration, whole, after)
        lasting = portable.exp(-age / self.spell) * whole
        if self.recovery is None:
            return lasting
        return lasting + self._integral(
            lambda v: portable.exp((v - age) / self.spell) / self.spell * shape(self._faded(v)), age
        )

    def _accumulated(self, shape: Shape, age: FloatArray) -> FloatArray:
        """Return K, the integral of G from 0 to an age."""
        whole = float(shape(np.ones(1))[0])
        if self.duration is not None:
            total = np.minimum(age, self.duration) * whole
            if self.recovery is not None:
                over = np.maximum(age - self.duration, 0.0)
                total = total + self._integral(lambda v: shape(self._faded(v)), over)
            return total
        total = integrated_decay(1.0 / self.spell, age) * whole
        if self.recovery is not None:
            total = total - self._integral(
                lambda v: portable.expm1((v - age) / self.spell) * shape(self._faded(v)), age
            )
        return total

    def _faded(self, over: FloatArray) -> FloatArray:
        """Return x so long after the spell."""
        return portable.exp(-(self.recovery or 0.0) * over)

    def _products(self, age: FloatArray, lag: FloatArray) -> FloatArray:
        """Return the mean of x at an age times x ``lag`` later."""
        if self.duration is not None:
            if self.recovery is None:
                return np.where(age + lag < self.duration, 1.0, 0.0)
            over = np.maximum(age - self.duration, 0.0)
            later = np.maximum(age + lag - self.duration, 0.0)
            return self._faded(over) * self._faded(later)
        hazard = 1.0 / self.spell
        still = portable.exp(-hazard * (age + lag))
        if self.recovery is None:
            return still
        between = still * hazard * integrated_decay(self.recovery - hazard, lag)
        before = portable.exp(-hazard * age - self.recovery * lag) * hazard
        return still + between + before * integrated_decay(2.0 * self.recovery - hazard, age)

    def _accumulated_products(self, age: FloatArray, lag: FloatArray) -> FloatArray:
        """Return the integral of :meth:`_products` from 0 to an age."""
        if self.duration is None:
            return self._integral(lambda a: self._products(a, lag), age)
        total = np.minimum(age, np.maximum(self.duration - lag, 0.0))
        if self.recovery is None:
            return total
        # The later x fades alone until the earlier one does too.
        alone = np.minimum(age, self.duration) - total
        since = np.maximum(lag - self.duration, 0.0)
        total = total + self._faded(since) * integrated_decay(self.recovery, alone)
        over = np.maximum(age - self.duration, 0.0)
        return total + self._faded(lag) * integrated_decay(2.0 * self.recovery, over)

    def _integral(self, integrand: Shape, upper: FloatArray) -> FloatArray:
        """Integrate a smooth function from 0 to each upper limit, by Gauss and Legendre."""
        speed = (self.recovery or 0.0) + 1.0 / self.spell
        longest = float(np.max(upper, initial=0.0))
        n_panels = max(1, math.ceil(speed * longest))
        half = 0.5 * upper / n_panels
        total = np.zeros(upper.shape)
        for panel in range(n_panels):
            for node, weight in zip(_NODES, _WEIGHTS, strict=True):
                at = (2 * panel + 1 + node) * half
                total = total + weight * half * integrand(at)
        return total
