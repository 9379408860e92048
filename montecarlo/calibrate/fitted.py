"""A fitted model: estimates with their uncertainty, where they come from, and the model they give.

A fit is frozen. An override makes another fit that keeps what was estimated and the reason.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from montecarlo import checks
from montecarlo.calibrate.parameters import EstimatedParameter, limits_of
from montecarlo.checks import FloatArray
from montecarlo.grid import DateArray

if TYPE_CHECKING:
    from montecarlo.curve import ForwardCurve
    from montecarlo.models.protocol import PriceModel

MONTHS_A_YEAR = 12.0
SETTABLE = ("model", "physical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A parameter that someone set, what had been estimated, and why it was set."""

    name: str
    estimate: float
    value: float
    reason: str

    def text(self) -> str:
        """Return one line that says all of it."""
        return f"{self.name} set to {self.value:.4g} (estimated {self.estimate:.4g}): {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start of the search: where it began, and what likelihood it reached."""

    values: Mapping[str, float]
    log_likelihood: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    r"""What was fitted to a history, by which method, and how sure it is.

    .. math:: \mathrm{AIC} = 2k - 2\ln L, \qquad \mathrm{BIC} = k\ln n - 2\ln L

    with :math:`k` free parameters and :math:`n` observations. Likelihoods are densities of log
    prices; two fits can be compared when history, window and horizon are the same.

    Parameters
    ----------
    kind
        Kind of model as a market file names it: ``gbm``, ``schwartz``.
    name, unit
        Of the price.
    parameters
        Estimates. Those with the role ``model`` are the terms of the model, those with the role
        ``physical`` its real-world drift.
    covariance
        (k, k) covariance of the estimates of the first ``k`` parameters, the free ones; NaN where
        one is not identified. Parameters behind them are derived from them.
    log_likelihood
        At the estimates.
    n_observations
        Number of price changes, or of whatever the likelihood is a product of.
    method
        How it was fitted, in words.
    horizon
        The history it was fitted to: ``daily``, ``month``, ``quarter-average``.
    data_hash, first_date, last_date, last_price
        SHA-256 of the cleaned history, its window, and its last price.
    residuals, residual_dates
        Standardised residuals, standard normal if the model is right, and their dates.
    warnings
        What a reader must know before using the numbers, in whole sentences.
    notices
        What was done to the history.
    starts
        The likelihood reached from each start of the search; empty for a closed form.
    overrides
        Parameters that were set by hand, with reasons.
    made_on
        Day of the fit.
    structure
        Terms of the model that were chosen, not estimated, such as the number of regimes.
    """

    kind: str
    name: str
    unit: str
    parameters: tuple[EstimatedParameter, ...]
    covariance: FloatArray
    log_likelihood: float
    n_observations: int
    method: str
    horizon: str
    data_hash: str
    first_date: np.datetime64
    last_date: np.datetime64
    last_price: float
    residuals: FloatArray
    residual_dates: DateArray
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    starts: tuple[Start, ...] = ()
    overrides: tuple[Override, ...] = ()
    made_on: datetime.date = field(default_factory=datetime.date.today)
    structure: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        values = ", ".join(f"{item.name}={item.value:.4g}" for item in self.parameters)
        return f"Fit({self.kind!r} of {self.name!r}, {self.horizon}: {values})"

    def __getitem__(self, name: str) -> EstimatedParameter:
        """Return an estimate by its name; an unknown one is refused."""
        for item in self.parameters:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.parameters)
        msg = f"parameter must be one of {known}, got {name!r}"
        raise KeyError(msg)

    def __contains__(self, name: object) -> bool:
        return any(item.name == name for item in self.parameters)

    @property
    def values(self) -> dict[str, float]:
        """Parameter -> value, with the overrides."""
        return {item.name: item.value for item in self.parameters}

    @property
    def free_names(self) -> tuple[str, ...]:
        """The parameters that were searched for, in the order of the covariance."""
        return tuple(item.name for item in self.parameters[: self.n_free])

    @property
    def n_free(self) -> int:
        """How many parameters were searched for."""
        return int(self.covariance.shape[0])

    @property
    def correlation(self) -> FloatArray:
        """Correlation of the estimates, ``(k, k)``."""
        error = np.sqrt(np.diag(self.covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            found: FloatArray = self.covariance / np.outer(error, error)
        return found

    @property
    def aic(self) -> float:
        """Akaike's criterion: lower is better."""
        return 2.0 * self.n_free - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion: lower is better."""
        return self.n_free * math.log(self.n_observations) - 2.0 * self.log_likelihood

    @property
    def half_life(self) -> EstimatedParameter | None:
        r"""Months in which half of a deviation fades, :math:`12\ln 2/\kappa`; None without one."""
        if "mean_reversion" not in self:
            return None
        speed = self["mean_reversion"]
        months = MONTHS_A_YEAR * math.log(2.0)
        value = months / speed.value if speed.value > 0.0 else math.inf
        if not math.isfinite(value):
            return None
        return EstimatedParameter(
            name="half_life",
            value=value,
            unit="months",
            standard_error=value * speed.standard_error / speed.value,
            low=_inverse(months, speed.high),
            high=_inverse(months, speed.low),
            interval=speed.interval,
            role="derived",
            meaning="in which half of a deviation fades",
        )

    def overridden(self, *, reason: str, **values: float) -> Fit:
        """Return the fit with some parameters set by hand; the estimates and the reason stay.

        Raises
        ------
        ValueError
            Without a reason, for an unknown parameter, for one that the model does not take, or
            for a value that it cannot have, such as a volatility below zero.
        """
        checks.name("reason", reason)
        known = {item.name: item for item in self.parameters}
        for name in values:
            if name not in known or known[name].role not in SETTABLE:
                may = ", ".join(n for n, item in known.items() if item.role in SETTABLE)
                msg = f"overrides must be of {may}, got {name!r}"
                raise ValueError(msg)
        if not values:
            msg = "overridden must be given a parameter and its value, got none"
            raise ValueError(msg)
        made = [
            Override(
                name=name,
                estimate=self._estimated(name),
                value=_allowed(known[name], value),
                reason=reason,
            )
            for name, value in values.items()
        ]
        kept = [item for item in self.overrides if item.name not in values]
        parameters = tuple(
            replace(
                item,
                value=values[item.name],
                standard_error=math.nan,
                low=math.nan,
                high=math.nan,
                interval="set by hand",
            )
            if item.name in values
            else item
            for item in self.parameters
        )
        return replace(self, parameters=parameters, overrides=(*kept, *made))

    def _estimated(self, name: str) -> float:
        for override in self.overrides:
            if override.name == name:
                return override.estimate
        return self[name].value

    def model_terms(self) -> dict[str, Any]:
        """Return what a market file holds beside ``kind``: the terms of the model."""
        from montecarlo.calibrate.kinds import terms_of

        return terms_of(self)

    def to_model(
        self, name: str | None = None, forward_curve: ForwardCurve | None = None
    ) -> PriceModel:
        """Return the simulation model.

        Parameters
        ----------
        name
            Name of the price; that of the history by default.
        forward_curve
            The mean under the pricing measure. Without one, the model starts at the last price
            and drifts as estimated: that is the physical measure, and no risk premium is in it.
        """
        from montecarlo.calibrate.kinds import build_model

        return build_model(self, name=name or self.name, forward_curve=forward_curve)

    def fragment(self) -> str:
        """Return the YAML of the model, to be pasted under a commodity of a market file."""
        from montecarlo.calibrate.fragment import fragment

        return fragment(self)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a parameter, with the half-life where there is one, for a table."""
        estimates = {override.name: override for override in self.overrides}
        half_life = self.half_life
        shown = (*self.parameters, *((half_life,) if half_life else ()))
        return [
            {
                "parameter": item.name,
                "value": item.value,
                "unit": item.unit,
                "standard_error": item.standard_error,
                "low": item.low,
                "high": item.high,
                "interval": item.interval,
                "role": item.role,
                "meaning": item.meaning,
                "estimate": estimates[item.name].estimate if item.name in estimates else item.value,
                "reason": estimates[item.name].reason if item.name in estimates else "",
            }
            for item in shown
        ]


def _allowed(item: EstimatedParameter, value: float) -> float:
    limits = limits_of(item)
    number = checks.finite(item.name, value)
    return checks.between(item.name, number, limits.low, limits.high)


def _inverse(months: float, speed: float) -> float:
    return math.inf if speed <= 0.0 else months / speed
