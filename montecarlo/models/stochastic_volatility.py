r"""Stochastic volatility: the variance of the log price is random and mean-reverting (Heston)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from montecarlo import checks, portable
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.engine import affine_variance
from montecarlo.engine.heston import HestonTransform, VarianceLaw
from montecarlo.grid import TimeGrid
from montecarlo.models.gaussian import ForwardFunction, GaussianLaw
from montecarlo.models.lognormal import curve_or
from montecarlo.models.protocol import Measure, RiskFactor, as_measure
from montecarlo.models.transformed import TransformedModel
from montecarlo.models.transforms import Transform
from montecarlo.streams import stream_key


@dataclass(frozen=True, slots=True, kw_only=True)
class StochasticVolatility(TransformedModel):
    r"""Heston's model around a forward curve: calm and wild spells, fat tails that fade slowly.

    .. math::

        P_t = F(0, t)\,e^{X_t}, \qquad dX = -\tfrac12 V\,dt + \sqrt V\,dW, \qquad
        dV = \kappa(\theta - V)\,dt + \xi\sqrt V\,dB, \qquad dW\,dB = \rho\,dt .

    The mean under the pricing measure is the forward curve on any dates, to rounding. Shocks to
    the price do not fade. A positive :math:`\rho` makes rising prices the wild ones, as scarce
    commodities have it.

    **Bias.** The law of the price is approximate: the variance is drawn with its exact conditional
    mean and variance, not its exact law, and its integral by the trapezium rule
    (:mod:`montecarlo.engine.heston`). The error of an option falls with ``steps_a_year``. Found
    with a million paths, as a share of the forward, for a one-year call at the money with
    :math:`\kappa = 6.2, \xi = 0.61, \rho = -0.7`: 5.5e-4 with 2 steps a year, 1.1e-4 with 4,
    within the sampling error of 4e-5 from 12 on; for a two-year call with :math:`\kappa = 2,
    \xi = 0.8, \rho = 0.5`: -3.5e-4 with 4, within the sampling error of 1.5e-4 from 12 on.
    ``tests/published`` has harder cases. Between the dates two prices of random variance each
    fill in their own steps, so that their returns are a little less correlated than asked for.

    Parameters
    ----------
    name
        Name of the price.
    initial_variance, long_run_variance
        :math:`V_0` and :math:`\theta`, volatility squared, 1/yr, at least 0.
    mean_reversion
        :math:`\kappa` of the variance, 1/yr, above 0.
    volatility_of_variance
        :math:`\xi`, 1/yr, above 0 (at 0 a lognormal model is the one to take).
    correlation
        :math:`\rho`, between -1 and 1.
    forward_curve
        :math:`F(0, t)`, currency per unit; or else ``spot`` and ``drift``.
    spot, drift
        :math:`P_0`, above 0, and the drift of the mean under the pricing measure, 1/yr.
    risk_premium
        What the physical drift of the price adds, 1/yr.
    variance_risk_premium
        :math:`\lambda` such that the variance drifts up by :math:`\lambda V` more a year under
        the pricing measure than under the physical: there it reverts at :math:`\kappa + \lambda`
        to :math:`\kappa\theta/(\kappa + \lambda)`. Above 0, options cost more than they pay on
        average. It leaves the mean of the price alone.
    steps_a_year
        Steps of the scheme a year, at least; each date of the contract is reached by a whole
        number of equal steps from the date before.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value; for steps so long that a large positive
        correlation leaves the martingale correction without a mean to divide by.

    Source: S. L. Heston, "A closed-form solution for options with stochastic volatility", Review
    of Financial Studies 6(2), 1993; L. Andersen, "Simple and efficient simulation of the Heston
    stochastic volatility model", Journal of Computational Finance 11(3), 2008.

    Examples
    --------
    >>> model = StochasticVolatility(
    ...     name="ndpr", initial_variance=0.04, long_run_variance=0.09, mean_reversion=2.0,
    ...     volatility_of_variance=0.5, correlation=0.3, spot=60.0, drift=0.0,
    ... )
    >>> model.feller_ratio.__round__(12)
    1.44
    >>> model.log_mean([0.0, 1.0]).round(6)
    array([4.094345, 4.060153])

    that is :math:`\ln 60 - \tfrac12(0.09 - 0.05 (1 - e^{-2})/2)` at one year.
    """

    name: str
    initial_variance: float
    long_run_variance: float
    mean_reversion: float
    volatility_of_variance: float
    correlation: float
    forward_curve: ForwardCurve | None = None
    spot: float | None = None
    drift: float | None = None
    risk_premium: float = 0.0
    variance_risk_premium: float = 0.0
    steps_a_year: int = 24

    def __post_init__(self) -> None:
        checks.name("name", self.name)
        checks.non_negative("initial_variance", self.initial_variance)
        checks.non_negative("long_run_variance", self.long_run_variance)
        checks.positive("mean_reversion", self.mean_reversion)
        checks.positive("volatility_of_variance", self.volatility_of_variance)
        checks.between("correlation", self.correlation, -1.0, 1.0)
        checks.finite("risk_premium", self.risk_premium)
        checks.finite("variance_risk_premium", self.variance_risk_premium)
        checks.integer("steps_a_year", self.steps_a_year, 1, 100_000)
        start = curve_or(self.forward_curve, {"spot": self.spot, "drift": self.drift})
        if start:
            checks.positive("spot", start["spot"])
        if self.mean_reversion + self.variance_risk_premium <= 0.0:
            msg = (
                f"variance_risk_premium must be above minus mean_reversion "
                f"({-self.mean_reversion:g}), got {self.variance_risk_premium!r}"
            )
            raise ValueError(msg)
        for law in (self.variance_law(), self.variance_law("physical")):
            if law.largest_exponent(1.0 / self.steps_a_year) >= 1.0:
                msg = (
                    f"steps_a_year must be more for a correlation of {self.correlation:g} and a "
                    f"volatility_of_variance of {self.volatility_of_variance:g}: steps are too "
                    f"long for the mean to be kept, got {self.steps_a_year!r}"
                )
                raise ValueError(msg)

    @property
    def feller_ratio(self) -> float:
        r""":math:`2\kappa\theta/\xi^2`: at 1 or above the variance never comes to zero."""
        pull = 2.0 * self.mean_reversion * self.long_run_variance
        return pull / self.volatility_of_variance**2

    def variance_law(self, measure: Measure = "pricing") -> VarianceLaw:
        """Return how the variance moves under a measure."""
        kappa, theta = self.mean_reversion, self.long_run_variance
        if as_measure(measure) == "physical":
            kappa = kappa + self.variance_risk_premium
            theta = self.mean_reversion * theta / kappa
        return VarianceLaw(
            initial_variance=self.initial_variance,
            long_run_variance=theta,
            mean_reversion=kappa,
            volatility_of_variance=self.volatility_of_variance,
            correlation=self.correlation,
        )

    def forward(self, times: npt.ArrayLike) -> FloatArray:
        """Return the forward price F(0, t), currency per unit."""
        if self.forward_curve is not None:
            return self.forward_curve(times)
        at = checks.query_times("times", times)
        start = curve_or(None, {"spot": self.spot, "drift": self.drift})
        return start["spot"] * portable.exp(start["drift"] * at)

    def expected_spot(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean price at ``times`` under a measure, currency per unit."""
        at = checks.query_times("times", times)
        mean = self.forward(at)
        if as_measure(measure) == "physical":
            mean = mean * portable.exp(self.risk_premium * at)
        return mean

    def expected_variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean of the variance V at ``times`` under a measure, 1/yr."""
        at = checks.query_times("times", times)
        return affine_variance.mean_variance(self.variance_law(measure), at)

    def log_mean(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the mean of the log price at ``times`` under a measure."""
        at = checks.query_times("times", times)
        spent = affine_variance.integrated_mean_variance(self.variance_law(measure), at)
        return portable.log(self.expected_spot(at, measure)) - 0.5 * spent

    def log_autocovariance(
        self,
        first_times: npt.ArrayLike,
        second_times: npt.ArrayLike,
        measure: Measure = "pricing",
    ) -> FloatArray:
        """Return the covariance of the log prices at two times (broadcast)."""
        first, second = np.broadcast_arrays(
            checks.query_times("times", first_times), checks.query_times("times", second_times)
        )
        return affine_variance.log_covariance(self.variance_law(measure), first, second)

    def variance(self, times: npt.ArrayLike, measure: Measure = "pricing") -> FloatArray:
        """Return the variance of the price; inf from :meth:`moment_explosion` (2) on."""
        at = checks.query_times("times", times)
        mean = self.expected_spot(at, measure)
        square = affine_variance.log_mean_exponential(self.variance_law(measure), at, 2.0)
        return mean * mean * portable.expm1(square)

    def moment_explosion(self, power: float, measure: Measure = "pricing") -> float:
        """Return after how many years the mean of the price to a power is infinite.

        Examples
        --------
        With shocks that feed themselves the variance of the price lasts for some years only:

        >>> model = StochasticVolatility(
        ...     name="x", initial_variance=0.09, long_run_variance=0.09, mean_reversion=0.5,
        ...     volatility_of_variance=1.0, correlation=0.5, spot=60.0, drift=0.0,
        ... )
        >>> round(model.moment_explosion(2.0), 3), model.moment_explosion(1.0)
        (1.828, inf)
        """
        law = self.variance_law(measure)
        return affine_variance.moment_explosion(law, checks.finite("power", power))

    def risk_premia(self) -> tuple[RiskFactor, ...]:
        """Return the price's own shocks and those of its variance.

        The variance's premium is not in the drift of the price; see ``variance_risk_premium``.
        """
        spread = self.initial_variance**0.5
        return (
            RiskFactor("price", 0.0, spread, self.risk_premium),
            RiskFactor("variance", self.mean_reversion, float("nan"), 0.0),
        )

    def law(self) -> GaussianLaw:
        """Return the Brownian motions of the price and of its variance, as exponentials."""
        return GaussianLaw(
            names=(self.name, f"{self.name}: variance"),
            forwards=(cast("ForwardFunction", _plain), cast("ForwardFunction", _plain)),
            starts=np.array([0, 1, 2], dtype=np.int64),
            mean_reversion=np.zeros(2),
            volatility=np.ones(2),
            risk_premium=np.zeros(2),
            correlation=np.array([[1.0, self.correlation], [self.correlation, 1.0]]),
        )

    def transforms(
        self, grid: TimeGrid, *, seed: int, measure: Measure, is_mirrored: bool
    ) -> tuple[Transform, ...]:
        """Return what turns the two Brownian motions into the price."""
        law = self.variance_law(measure)
        counts, coefficients = law.steps(grid.times, self.steps_a_year)
        return (
            HestonTransform(
                law=law,
                key=stream_key(seed, f"{self.name} steps"),
                counts=counts,
                coefficients=coefficients,
                scale=self.expected_spot(grid.times, measure),
                is_mirrored=is_mirrored,
            ),
        )


def _plain(times: npt.ArrayLike) -> FloatArray:
    """Return what makes the mean of exp(W) its own: a row is then exp(W) itself."""
    return portable.exp(0.5 * np.asarray(times, dtype=np.float64))
