r"""What a backtest found: every forecast beside what came, and the scores by model and horizon.

For forecasts of one model over one horizon, from the origins :math:`i = 1, \dots, n`

.. math::

    \text{coverage}_p = \frac1n\#\{q_{(1-p)/2} \le P_i \le q_{(1+p)/2}\}, \qquad
    \text{skill} = 1 - \frac{\sum_i \mathrm{CRPS}_i}{\sum_i \mathrm{CRPS}_i^{\text{benchmark}}}

Forecasts that overlap are not independent: the error of a coverage counts them as
:func:`~montecarlo.calibrate.scores.effective_number` says, that of a score or a skill is
:func:`~montecarlo.calibrate.scores.average_of_dependent`'s, the skill's being that of the paired
differences on the origins where both models forecast.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from montecarlo.calibrate.scores import (
    average_of_dependent,
    coverage_error,
    effective_number,
)
from montecarlo.checks import FloatArray

LEVELS = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
"""Quantiles that are kept of every forecast."""
SKILL = ("skill", "standard_error_skill", "skill_low", "skill_high")
BANDS = {"50": ("p25", "p75", 0.5), "90": ("p05", "p95", 0.9)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredForecast:
    """One forecast beside what came.

    Parameters
    ----------
    model
        Its label.
    origin, date
        The day it was made, and the day of the quote that it is of.
    months
        How far ahead was asked for; ``years`` from origin to date.
    observed
        The price that came.
    quantiles
        Of the price, by the names of :data:`LEVELS`.
    probability_below
        Probability integral transform.
    crps, crps_of_price
        Of the log price, and of the price in its unit.
    log_density
        Of the log price at what came; NaN for draws.
    """

    model: str
    origin: np.datetime64
    date: np.datetime64
    months: int
    years: float
    observed: float
    quantiles: Mapping[str, float]
    probability_below: float
    crps: float
    crps_of_price: float
    log_density: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedForecast:
    """A model that could not be fitted, or could not forecast, at an origin, and why."""

    model: str
    origin: np.datetime64
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FitAtOrigin:
    """The estimates at one origin, and the warnings that came with them."""

    model: str
    origin: np.datetime64
    values: Mapping[str, float]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backtest:
    """Forecasts of several models from many origins, scored against what came.

    Parameters
    ----------
    name, unit, data_hash
        Of the history.
    models
        Labels, the benchmark last.
    benchmark
        The label of the model that skill is measured against.
    months
        How far ahead, in months.
    horizon
        What the models were fitted to: ``daily``, ``quarter``.
    window_years
        Years of the past that a fit sees; None for all of it.
    origins
        Days on which forecasts were made, in order.
    every_months
        Months between origins.
    forecasts, failures, fits
        In order of the origins.
    """

    name: str
    unit: str
    data_hash: str
    models: tuple[str, ...]
    benchmark: str
    months: tuple[int, ...]
    horizon: str
    window_years: float | None
    origins: npt.NDArray[np.datetime64]
    every_months: int
    forecasts: tuple[ScoredForecast, ...]
    failures: tuple[FailedForecast, ...]
    fits: tuple[FitAtOrigin, ...]

    def of(self, model: str, months: int) -> tuple[ScoredForecast, ...]:
        """Return the forecasts of one model over one horizon, in order of their origins.

        Raises
        ------
        ValueError
            For a model or a horizon that was not tested.
        """
        if model not in self.models:
            msg = f"model must be one of {', '.join(self.models)}, got {model!r}"
            raise ValueError(msg)
        if months not in self.months:
            msg = f"months must be one of {', '.join(map(str, self.months))}, got {months!r}"
            raise ValueError(msg)
        return tuple(f for f in self.forecasts if (f.model, f.months) == (model, months))

    def probabilities_below(self, model: str, months: int) -> FloatArray:
        """Return the probability integral transforms, uniform if the forecasts are right."""
        return np.array([f.probability_below for f in self.of(model, months)])

    def n_overlapping(self, months: int) -> float:
        """Return for how many origins in a row forecasts so far ahead share some time."""
        return max(months / self.every_months, 1.0)

    def scores(self) -> list[dict[str, Any]]:
        """Return one row a horizon and model, the benchmark last; see the module."""
        return [self.score(model, months) for months in self.months for model in self.models]

    def score(self, model: str, months: int) -> dict[str, Any]:
        """Return the scores of one model over one horizon; NaN where there is no forecast."""
        made = self.of(model, months)
        overlap = self.n_overlapping(months)
        n = len(made)
        row: dict[str, Any] = {
            "months": months,
            "model": model,
            "n_forecasts": n,
            "n_effective": effective_number(n, overlap) if n else 0.0,
            "n_failed": sum(failure.model == model for failure in self.failures),
            "n_warned": sum(fit.model == model and bool(fit.warnings) for fit in self.fits),
        }
        for band, (low, high, level) in BANDS.items():
            hits = [f.quantiles[low] <= f.observed <= f.quantiles[high] for f in made]
            row[f"coverage_{band}"] = float(np.mean(hits)) if n else math.nan
            row[f"standard_error_coverage_{band}"] = coverage_error(level, n, overlap)
        for score in ("crps", "crps_of_price"):
            average = average_of_dependent([getattr(f, score) for f in made], overlap)
            row[score], row[f"standard_error_{score}"] = average.mean, average.standard_error
        row |= self._skill(model, months)
        density = [f.log_density for f in made]
        row["log_score"] = float(np.mean(density)) if n else math.nan
        transform = average_of_dependent([f.probability_below for f in made], overlap)
        row["mean_probability_below"] = transform.mean
        row["standard_error_probability_below"] = transform.standard_error
        return row

    def _skill(self, model: str, months: int) -> dict[str, float]:
        r"""Return the skill in CRPS of the log price, its error and its 95% interval.

        To first order :math:`\hat s - s` is the mean of
        :math:`-(a_i - (1 - \hat s)\,b_i)/\bar b`, with the two scores of each origin paired.
        """
        empty = dict.fromkeys(SKILL, math.nan)
        if model == self.benchmark:
            return empty
        theirs = {f.origin: f.crps for f in self.of(self.benchmark, months)}
        pairs = [(f.crps, theirs[f.origin]) for f in self.of(model, months) if f.origin in theirs]
        if not pairs or sum(b for _, b in pairs) <= 0.0:
            return empty
        own, other = np.array(pairs).T
        ratio = float(own.mean() / other.mean())
        average = average_of_dependent(
            (ratio * other - own) / other.mean(), self.n_overlapping(months)
        )
        reach = _reach(average.degrees_of_freedom) * average.standard_error
        return {
            "skill": 1.0 - ratio,
            "standard_error_skill": average.standard_error,
            "skill_low": 1.0 - ratio - reach,
            "skill_high": 1.0 - ratio + reach,
        }


def _reach(degrees_of_freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, degrees_of_freedom)) if degrees_of_freedom else math.nan
