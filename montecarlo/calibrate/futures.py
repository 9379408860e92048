r"""Gaussian factors fitted to a panel of futures prices by Kalman maximum likelihood.

The first factor is the level, whose shocks stay; the others fade. Searched for are the mean
reversions, volatilities, correlations and risk premia of the factors, the pricing drift
:math:`\mu^*` of the level and the error of each group of prices. The physical drift of the level
is :math:`\mu^* + \lambda_1`.

Futures prices pin the pricing measure down, to the second digit in a few years; the risk premia
rest on how prices drifted in those years, so their standard errors are of the order of the
volatility over the square root of the years, whatever the number of contracts. A fit says so.

Which prices the factors follow closely, and which they leave to errors, the likelihood often leaves
open down to an error of zero, where standard errors say nothing. Intervals are therefore those of
the profile (:mod:`montecarlo.calibrate.profile_interval`), one-sided for an error that may be zero;
the physical drift has that of its standard error. How often they hold the truth:
``docs/coverage.md``.

Source: E. S. Schwartz and J. E. Smith, "Short-term variations and long-term dynamics in commodity
prices", Management Science 46, 2000; G. Cortazar and L. Naranjo, "An N-factor Gaussian model of
oil futures prices", Journal of Futures Markets 26, 2006.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from montecarlo import checks
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.futures_search import (
    factor_values,
    free_parameters,
    search_starts,
)
from montecarlo.calibrate.kalman import filtered
from montecarlo.calibrate.maximum_likelihood import (
    NORMAL_95,
    Maximum,
    maximise,
)
from montecarlo.calibrate.panel import FuturesPanel
from montecarlo.calibrate.parameters import EstimatedParameter, Role
from montecarlo.calibrate.profile_interval import Profile
from montecarlo.calibrate.term_structure import (
    FilteredPanel,
    PanelRows,
    filter_rows,
    persistence,
    standardised,
    state_space,
)
from montecarlo.checks import FloatArray
from montecarlo.curve import ForwardCurve
from montecarlo.models.n_factor import NFactor
from montecarlo.models.schwartz_smith import SchwartzSmith

MOST_FACTORS = 4
MOST_HILLS = 3
LASTING = 0.3
"""Autocorrelation of innovations from which on a fit warns."""

_SMITH = {
    "mean_reversion": "mean_reversion[1]",
    "short_volatility": "volatility[1]",
    "long_volatility": "volatility[0]",
    "correlation": "correlation[1][0]",
    "short_risk_premium": "risk_premium[1]",
    "long_risk_premium": "risk_premium[0]",
    "long_drift": "pricing_drift",
    "physical_drift": "physical_drift",
}
"""Name of Schwartz and Smith -> the same of two factors."""

_MEANING = {
    "mean_reversion": ("1/yr", "model", "how fast the short-term deviation fades"),
    "volatility": ("1/sqrt(yr)", "model", "of the factor's shocks"),
    "correlation": ("", "model", "of the factors' shocks"),
    "risk_premium": ("1/yr", "model", "physical less pricing drift of the factor"),
    "pricing_drift": ("1/yr", "pricing", "of the level of the log price"),
    "measurement_error": ("", "observation", "of the log prices of the group"),
    "physical_drift": ("1/yr", "derived", "of the level of the log price: pricing plus premium"),
}


def fit_schwartz_smith(
    panel: FuturesPanel,
    *,
    horizon: str = "daily",
    error_edges: Sequence[float] | None = None,
    error_groups: Sequence[str] | None = None,
    starts: Sequence[Mapping[str, float]] | None = None,
    is_interval_found: bool = True,
) -> Fit:
    """Return the model of Schwartz and Smith fitted to a panel of futures prices.

    Parameters
    ----------
    panel
        Futures prices, with gaps.
    horizon
        A panel is fitted on its own dates: ``daily``.
    error_edges, error_groups
        Which prices share an error; see
        :meth:`~montecarlo.calibrate.term_structure.PanelRows.of`.
    starts
        Where to begin the search: parameter -> value, the rest is guessed. By default three mean
        reversions are tried.
    is_interval_found
        Whether the intervals follow the likelihood, which takes about as long as the search; else
        they are those of standard errors, and an error of zero has none.

    Raises
    ------
    ValueError
        For what is no panel, for an unknown parameter in a start, or a start with no likelihood.
    """
    given = None
    if starts is not None:
        known = dict(_SMITH)
        given = [{known.get(name, name): value for name, value in one.items()} for one in starts]
    return _fit(
        "schwartz-smith", panel, 2, horizon,
        error_edges=error_edges, error_groups=error_groups, starts=given,
        is_interval_found=is_interval_found,
    )  # fmt: skip


def fit_n_factor(
    panel: FuturesPanel,
    *,
    n_factors: int = 3,
    horizon: str = "daily",
    error_edges: Sequence[float] | None = None,
    error_groups: Sequence[str] | None = None,
    starts: Sequence[Mapping[str, float]] | None = None,
    is_interval_found: bool = True,
) -> Fit:
    """Return a model of N factors fitted to a panel of futures prices.

    The first factor is the level; one factor is geometric Brownian motion, two are the model of
    Schwartz and Smith. The arguments are those of :func:`fit_schwartz_smith`, with ``n_factors``
    from 1 to 4; starts are named ``mean_reversion[1]`` and so on, as in the result.
    """
    checks.integer("n_factors", n_factors, 1, MOST_FACTORS)
    return _fit(
        "n-factor", panel, n_factors, horizon,
        error_edges=error_edges, error_groups=error_groups, starts=starts,
        is_interval_found=is_interval_found,
    )  # fmt: skip


def filter_panel(
    panel: FuturesPanel,
    fit: Fit,
    *,
    error_edges: Sequence[float] | None = None,
    error_groups: Sequence[str] | None = None,
) -> FilteredPanel:
    """Return the factors behind a panel under a fit of it, filtered and smoothed, and residuals.

    The groups of errors must be those of the fit.
    """
    rows = PanelRows.of(panel, error_edges=error_edges, error_groups=error_groups)
    values = _general(fit)
    n_factors = 2 if fit.kind == "schwartz-smith" else int(fit.structure["n_factors"])
    names = [p.name for p in free_parameters(n_factors, rows.groups)]
    absent = [name for name in names if name not in values]
    if absent:
        msg = f"groups of errors must be those of the fit, got {', '.join(rows.groups)}"
        raise ValueError(msg)
    at = np.array([values[name] for name in names])
    return filter_rows(rows, factor_values(at, n_factors, len(rows.groups)))


def _fit(
    kind: str,
    panel: FuturesPanel,
    n_factors: int,
    horizon: str,
    *,
    error_edges: Sequence[float] | None,
    error_groups: Sequence[str] | None,
    starts: Sequence[Mapping[str, float]] | None,
    is_interval_found: bool,
) -> Fit:
    if not isinstance(panel, FuturesPanel):
        msg = f"{kind} must be fitted to a FuturesPanel, not one price a date, got {panel!r}"
        raise ValueError(msg)
    if horizon != "daily":
        msg = f"horizon must be 'daily' for a panel, which is fitted on its dates, got {horizon!r}"
        raise ValueError(msg)
    rows = PanelRows.of(panel, error_edges=error_edges, error_groups=error_groups)
    free = free_parameters(n_factors, rows.groups)

    def log_likelihood(at: FloatArray) -> float:
        values = factor_values(at, n_factors, len(rows.groups))
        if n_factors > 2 and np.linalg.eigvalsh(values.correlation)[0] <= 0.0:
            return -math.inf
        return filtered(state_space(rows, values)).log_likelihood

    found = maximise(
        log_likelihood, parameters=free, starts=search_starts(rows, n_factors, free, starts)
    )
    if is_interval_found:
        found = _with_profile(log_likelihood, found)
    at = factor_values(found.values, n_factors, len(rows.groups))
    system = state_space(rows, at)
    last = filtered(system)
    date = np.repeat(np.arange(panel.dates.size), np.diff(rows.first))
    parameters = _estimates(kind, found, "profile" if is_interval_found else "normal")
    return Fit(
        kind=kind,
        name=panel.name,
        unit=panel.unit,
        parameters=parameters,
        covariance=found.covariance,
        log_likelihood=found.log_likelihood,
        n_observations=rows.observed.size,
        method=f"maximum likelihood by the Kalman filter on {len(panel.contracts)} contracts, "
        f"errors by {', '.join(rows.groups)}",
        horizon=horizon,
        data_hash=panel.data_hash,
        first_date=panel.dates[0],
        last_date=panel.dates[-1],
        last_price=float(np.exp(rows.observed[np.flatnonzero(date == date[-1])[0]])),
        residuals=standardised(last),
        residual_dates=panel.dates[date],
        warnings=(
            *_warnings(parameters, found, float(panel.steps().sum())),
            *_lasting_errors(rows, filter_rows(rows, at)),
        ),
        starts=found.starts,
        structure={"n_factors": n_factors, "states": tuple(last.states[-1].tolist())},
    )


def _with_profile(log_likelihood: Callable[[FloatArray], float], found: Maximum) -> Maximum:
    """Return the maximum with the intervals of its profile, from the highest hill they show."""
    for _ in range(MOST_HILLS):
        profile = Profile(log_likelihood, found)
        ends = np.array([profile.interval(i) for i in range(len(found.parameters))])
        if profile.higher is None:
            break
        start = dict(zip((p.name for p in found.parameters), profile.higher.tolist(), strict=True))
        again = maximise(log_likelihood, parameters=found.parameters, starts=[start])
        found = replace(again, starts=(*found.starts, *again.starts))
    return replace(found, low=ends[:, 0], high=ends[:, 1])


def _estimates(kind: str, found: Maximum, interval: str) -> tuple[EstimatedParameter, ...]:
    """Return the estimates, by the names of the model, and the physical drift behind them."""
    names = [parameter.name for parameter in found.parameters]
    shown = {general: name for name, general in _SMITH.items()} if kind == "schwartz-smith" else {}
    estimates = [
        _estimate(shown, name, float(value), float(error), float(low), float(high), interval)
        for name, value, error, low, high in zip(
            names, found.values, found.standard_errors, found.low, found.high, strict=True
        )
    ]
    pair = [names.index("pricing_drift"), names.index("risk_premium[0]")]
    drift, error = found.derived(lambda at: float(at[pair].sum()))
    reach = NORMAL_95 * error
    span = (drift - reach, drift + reach)
    estimates.append(_estimate(shown, "physical_drift", drift, error, *span))
    return tuple(estimates)


def _estimate(
    shown: Mapping[str, str],
    name: str,
    value: float,
    error: float,
    low: float,
    high: float,
    interval: str = "normal",
) -> EstimatedParameter:
    unit, role, meaning = _MEANING[name.partition("[")[0]]
    kinds: dict[str, Role] = {
        "model": "model", "pricing": "pricing", "observation": "observation", "derived": "derived"
    }  # fmt: skip
    return EstimatedParameter(
        name=shown.get(name, name),
        value=value,
        unit=unit,
        standard_error=error,
        low=low,
        high=high,
        interval=interval,
        role=kinds[role],
        meaning=meaning,
    )


def _warnings(
    parameters: Sequence[EstimatedParameter], found: Maximum, years: float
) -> tuple[str, ...]:
    sentences = []
    for warning in found.warnings:
        group = warning.partition("[")[2].partition("]")[0]
        if f"measurement_error[{group}]" in found.at_limit:
            sentences.append(
                f"prices of {group} are matched exactly: their error goes to zero, and the other "
                "standard errors take it as given"
            )
        else:
            sentences.append(warning)
    unsure = [
        item
        for item in parameters
        if "risk_premium" in item.name and not (item.low > 0.0 or item.high < 0.0)
    ]
    sentences.extend(
        f"{item.name} cannot be told from zero: it rests on how prices drifted in {years:.1f} "
        f"years, and its 95% interval is {item.low:.2g} to {item.high:.2g}"
        for item in unsure
    )
    return tuple(sentences)


def _lasting_errors(rows: PanelRows, found: FilteredPanel) -> tuple[str, ...]:
    """Return the warning that errors last, with which the likelihood does not reckon."""
    lasting = {group: value for group, value in persistence(rows, found).items() if value > LASTING}
    if not lasting:
        return ()
    worst = max(lasting, key=lambda group: lasting[group])
    return (
        f"prices of {', '.join(lasting)} stay on one side of the model from date to date "
        f"(autocorrelation up to {lasting[worst]:.2f}, of {worst}), where the likelihood takes "
        "errors to be independent: its standard errors are too small",
    )


def _general(fit: Fit) -> dict[str, float]:
    """Return the values of a fit by the names of N factors."""
    known = _SMITH if fit.kind == "schwartz-smith" else {}
    return {known.get(name, name): value for name, value in fit.values.items()}


def n_factor_terms(fit: Fit) -> dict[str, Any]:
    """Return the terms of N factors for a market file."""
    values, n = _general(fit), range(int(fit.structure["n_factors"]))
    return {
        "mean_reversion": [values.get(f"mean_reversion[{i}]", 0.0) for i in n],
        "volatility": [values[f"volatility[{i}]"] for i in n],
        "correlation": [
            [1.0 if i == j else values[f"correlation[{max(i, j)}][{min(i, j)}]"] for j in n]
            for i in n
        ],
        "risk_premium": [values[f"risk_premium[{i}]"] for i in n],
    }


def n_factor_model(fit: Fit, name: str, forward_curve: ForwardCurve | None) -> NFactor:
    """Return the model of N factors, from the last filtered states where there is no curve."""
    terms = n_factor_terms(fit)
    if forward_curve is not None:
        return NFactor(name=name, forward_curve=forward_curve, **terms)
    values = fit.values
    drift = values["pricing_drift"] + values["risk_premium[0]"]
    return NFactor(name=name, states=fit.structure["states"], physical_drift=drift, **terms)


def schwartz_smith_terms(fit: Fit) -> dict[str, Any]:
    """Return the terms of Schwartz and Smith for a market file."""
    return {item.name: item.value for item in fit.parameters if item.role == "model"}


def schwartz_smith_model(fit: Fit, name: str, forward_curve: ForwardCurve | None) -> SchwartzSmith:
    """Return the model, from the last filtered states where there is no curve."""
    terms = schwartz_smith_terms(fit)
    if forward_curve is not None:
        return SchwartzSmith(name=name, forward_curve=forward_curve, **terms)
    long_state, short_state = fit.structure["states"]
    return SchwartzSmith(
        name=name,
        short_state=short_state,
        long_state=long_state,
        long_drift=fit.values["long_drift"],
        **terms,
    )
