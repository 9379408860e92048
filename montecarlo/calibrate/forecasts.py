r"""Forecast distributions of a price on one day: in closed form, or as draws.

.. math:: \ln P_{t+h} \sim N(m, s^2) \qquad\text{or}\qquad \ln P_{t+h} \in \{x_1, \dots, x_m\}

Both are asked the same: quantiles, where an observation falls, and its scores. Scores of the log
price are close to scores of relative errors, so that years of high prices do not outweigh the
others; scores of the price are in its unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.calibrate.scores import (
    crps_of_draws,
    crps_of_lognormal,
    crps_of_normal,
    share_below,
)
from montecarlo.checks import FloatArray
from montecarlo.grid import TimeGrid
from montecarlo.models.lognormal import LognormalModel
from montecarlo.models.protocol import PriceModel


class Forecast(Protocol):
    """The distribution of a price on one day."""

    def quantiles(self, levels: npt.ArrayLike) -> FloatArray:
        """Return prices that are not exceeded with these probabilities."""
        ...

    def probability_below(self, observed: float) -> float:
        """Return where a price falls: its probability integral transform, within [0, 1]."""
        ...

    def crps(self, observed: float) -> float:
        """Return the continuous ranked probability score of the log price."""
        ...

    def crps_of_price(self, observed: float) -> float:
        """Return the continuous ranked probability score of the price, in its unit."""
        ...

    def log_density(self, observed: float) -> float:
        """Return the log of the density of the log price; NaN where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class NormalForecast:
    """A log price that is normal with such a mean and spread (standard deviation).

    Examples
    --------
    >>> forecast = NormalForecast(math.log(50.0), 0.2)
    >>> forecast.quantiles([0.25, 0.5, 0.75]).round(2)
    array([43.69, 50.  , 57.22])
    >>> forecast.probability_below(50.0)
    0.5
    """

    mean: float
    spread: float

    def __post_init__(self) -> None:
        checks.finite("mean of the log price", self.mean)
        checks.non_negative("spread of the log price", self.spread)

    def quantiles(self, levels: npt.ArrayLike) -> FloatArray:
        """Return prices that are not exceeded with these probabilities."""
        from scipy.special import ndtri

        return np.exp(self.mean + self.spread * ndtri(np.asarray(levels, dtype=np.float64)))

    def probability_below(self, observed: float) -> float:
        """Return the normal distribution function at the log of a price."""
        distance = math.log(observed) - self.mean
        if self.spread == 0.0:
            return 0.5 + 0.5 * float(np.sign(distance))
        return 0.5 * math.erfc(-distance / (self.spread * math.sqrt(2.0)))

    def crps(self, observed: float) -> float:
        """Return the score of the log price."""
        return crps_of_normal(self.mean, self.spread, math.log(observed))

    def crps_of_price(self, observed: float) -> float:
        """Return the score of the price."""
        return crps_of_lognormal(self.mean, self.spread, observed)

    def log_density(self, observed: float) -> float:
        """Return the log of the normal density of the log price."""
        if self.spread == 0.0:
            return math.nan
        z = (math.log(observed) - self.mean) / self.spread
        return -0.5 * z * z - math.log(self.spread) - 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class DrawnForecast:
    """A price of which there are draws ``(m,)`` of the logarithm, at least 2, in rising order.

    Examples
    --------
    >>> forecast = DrawnForecast.of(np.log([40.0, 50.0, 60.0]))
    >>> forecast.quantiles([0.5]).round(12)
    array([50.])
    >>> forecast.probability_below(55.0)
    0.625
    """

    log_prices: FloatArray

    @classmethod
    def of(cls, log_prices: npt.ArrayLike) -> DrawnForecast:
        """Return the forecast of draws in any order; one that is not finite is refused."""
        return cls(np.sort(checks.finite_array("forecast log prices", log_prices)))

    def quantiles(self, levels: npt.ArrayLike) -> FloatArray:
        """Return prices that are not exceeded with these probabilities."""
        found: FloatArray = np.exp(np.quantile(self.log_prices, np.asarray(levels)))
        return found

    def probability_below(self, observed: float) -> float:
        """Return the share of draws below a price."""
        return share_below(self.log_prices, math.log(observed))

    def crps(self, observed: float) -> float:
        """Return the fair score of the log price."""
        return crps_of_draws(self.log_prices, math.log(observed))

    def crps_of_price(self, observed: float) -> float:
        """Return the fair score of the price."""
        return crps_of_draws(np.exp(self.log_prices), observed)

    def log_density(self, observed: float) -> float:
        """Return NaN: draws have no density."""
        return math.nan


def forecasts_of(
    model: PriceModel, times: FloatArray, *, n_paths: int, seed: int
) -> tuple[Forecast, ...]:
    """Return what a model that starts today says of its price at each time, physical measure.

    In closed form where the log price is normal; else from simulated paths.

    Parameters
    ----------
    model
        Of one price, starting at today's.
    times
        (n,) years from today, rising, above 0.
    n_paths, seed
        Of the simulation.

    Examples
    --------
    >>> from montecarlo.models import GBM
    >>> model = GBM(name="copper", spot=9.0, drift=0.02, volatility=0.2)
    >>> forecast, = forecasts_of(model, np.array([1.0]), n_paths=0, seed=1)
    >>> round(forecast.mean, 9), forecast.spread
    (2.197224577, 0.2)
    """
    if isinstance(model, LognormalModel):
        spread = np.sqrt(model.log_variance(times))
        mean = np.log(model.expected_spot(times, "physical")) - 0.5 * spread**2
        return tuple(NormalForecast(float(m), float(s)) for m, s in zip(mean, spread, strict=True))
    from montecarlo.simulation import simulate_paths

    (name,) = model.names
    paths = simulate_paths(
        model, TimeGrid.from_times(times), n_paths=n_paths, seed=seed, measure="physical"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return tuple(DrawnForecast.of(np.log(row)) for row in paths[name])


def empirical_forecasts(
    log_prices: FloatArray, years: FloatArray, times: Sequence[float] | FloatArray
) -> tuple[Forecast, ...]:
    r"""Return the past's own changes, as they were, on top of the last price.

    .. math:: \{x_n + (x_j - x_i) : t_j - t_i \approx h\}

    For each time ``h`` every past quote ``i`` is paired with the quote nearest to ``h`` years
    later, if it lies within a quarter of ``h``; the change is scaled by
    :math:`\sqrt{h/(t_j - t_i)}`.

    Raises
    ------
    ValueError
        If there are fewer than 8 such changes.
    """
    found: list[Forecast] = []
    for ahead in times:
        first, last = _pairs(years, float(ahead))
        if first.size < FEWEST_CHANGES:
            msg = (
                f"history must hold at least {FEWEST_CHANGES} changes over {float(ahead):.3g} "
                f"years, got {first.size}"
            )
            raise ValueError(msg)
        changes = log_prices[last] - log_prices[first]
        scale = np.sqrt(float(ahead) / (years[last] - years[first]))
        found.append(DrawnForecast.of(log_prices[-1] + changes * scale))
    return tuple(found)


FEWEST_CHANGES = 8


def _pairs(years: FloatArray, ahead: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the positions of quotes that lie about so many years apart."""
    wanted = years + ahead
    after = np.clip(np.searchsorted(years, wanted), 1, years.size - 1)
    is_before = wanted - years[after - 1] < years[after] - wanted
    last = after - is_before
    first = np.arange(years.size)
    fits = (np.abs(years[last] - wanted) <= 0.25 * ahead) & (last > first)
    return first[fits], last[fits]
