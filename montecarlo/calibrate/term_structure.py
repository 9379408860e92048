r"""N Gaussian factors as a state space of log futures prices, and what a panel says about them.

With the factors of :class:`~montecarlo.models.n_factor.NFactor`, the first of which may be a
level (:math:`\kappa_1 = 0`), the log price of a contract with :math:`\tau` years left is

.. math::

    \ln F(t, t + \tau) = \sum_i e^{-\kappa_i\tau} x_i(t) + A(\tau) + v, \qquad
    A(\tau) = \mu\tau - \sum_i \lambda_i\frac{1 - e^{-\kappa_i\tau}}{\kappa_i} + \tfrac12 V(\tau),

with an error v of the standard deviation of its group, independent of all else. The level takes
the drift :math:`\mu`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from montecarlo import checks
from montecarlo.calibrate.kalman import Filtered, IndexArray, StateSpace, filtered, smoothed
from montecarlo.calibrate.panel import FuturesPanel
from montecarlo.checks import FloatArray
from montecarlo.grid import DateArray

PRIOR_VARIANCE = 100.0
"""Variance of each factor before the first date: nothing is known of log prices, within 10."""

MOST_STITCHED = 8
FEWEST_PAIRS = 30
EDGES = (0.25, 0.5, 1.0, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelRows:
    """The prices of a panel in one row, date by date, and the group of each one's error.

    Parameters
    ----------
    panel
        Where they come from.
    observed, years_left
        (k,) log prices and years left.
    contract, group
        (k,) column of the panel, and position in ``groups``.
    groups
        Names of the groups of errors.
    first
        (n_dates + 1,) where each date begins.
    distinct
        The distinct years left, rising, and the position of each row's among them, (k,): series
        and dates repeat a few numbers, so that each is worked out once.
    distinct_steps
        The same of the step to each date, (n_dates,), the first as long as the second.
    """

    panel: FuturesPanel
    observed: FloatArray
    years_left: FloatArray
    contract: IndexArray
    group: IndexArray
    groups: tuple[str, ...]
    first: IndexArray
    distinct: tuple[FloatArray, IndexArray]
    distinct_steps: tuple[FloatArray, IndexArray]

    @classmethod
    def of(
        cls,
        panel: FuturesPanel,
        *,
        error_edges: Sequence[float] | None = None,
        error_groups: Sequence[str] | None = None,
    ) -> PanelRows:
        """Return the rows of a panel, each with the group of its error.

        Parameters
        ----------
        panel
            The prices.
        error_edges
            Years left at which one group of errors ends and the next begins, rising. By default
            each of up to 8 stitched series is a group; else the edges are 0.25, 0.5, 1 and 1.5.
        error_groups
            In place of edges, the name of the group of each contract, (m,).
        """
        if error_groups is not None and error_edges is not None:
            msg = "error_groups must not be given together with error_edges"
            raise ValueError(msg)
        if error_edges is None and panel.is_stitched and len(panel.contracts) <= MOST_STITCHED:
            error_groups = panel.contracts if error_groups is None else error_groups
        row, column = np.nonzero(~np.isnan(panel.prices))
        left = panel.years_left()[row, column]
        if error_groups is not None:
            if len(error_groups) != len(panel.contracts):
                msg = (
                    f"error_groups must be as long as contracts ({len(panel.contracts)}), got "
                    f"{len(error_groups)}"
                )
                raise ValueError(msg)
            groups = tuple(
                dict.fromkeys(checks.name("error_groups", item) for item in error_groups)
            )
            group = np.array([groups.index(item) for item in error_groups])[column]
        else:
            edges = np.array(EDGES)
            if error_edges is not None and len(error_edges):
                edges = checks.times("error_edges", error_edges)
            elif error_edges is not None:
                edges = np.empty(0)
            found, group = np.unique(np.searchsorted(edges, left, "right"), return_inverse=True)
            ends = [*(f"{edge:g}" for edge in edges), ""]
            starts = ["0", *ends[:-1]]
            groups = tuple(
                f"{starts[i]} to {ends[i]} yr" if ends[i] else f"{starts[i]} yr on" for i in found
            )
        steps, which = np.unique(panel.steps(), return_inverse=True)
        return cls(
            panel=panel,
            distinct_steps=(steps, np.concatenate((which[:1], which))),
            observed=np.log(panel.prices[row, column]),
            years_left=left,
            distinct=np.unique(left, return_inverse=True),
            contract=column.astype(np.int64),
            group=group.astype(np.int64),
            groups=groups,
            first=np.searchsorted(row, np.arange(panel.dates.size + 1)).astype(np.int64),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorValues:
    """Parameters of N factors: (n,) each, the correlation (n, n), the physical drift of the level.

    ``errors`` are the standard deviations of the groups, (n_groups,).
    """

    mean_reversion: FloatArray
    volatility: FloatArray
    correlation: FloatArray
    risk_premium: FloatArray
    drift: float
    errors: FloatArray


def state_space(
    rows: PanelRows, at: FactorValues, prior_variance: float = PRIOR_VARIANCE
) -> StateSpace:
    """Return the state space of some parameters.

    The prior stands one step before the first date, the level at the nearest price of that date,
    the other factors at zero, each with ``prior_variance``.
    """
    kappa = at.mean_reversion
    n = kappa.size
    steps, which = rows.distinct_steps
    times, of = rows.distinct
    left = times[:, None]
    sums = kappa[:, None] + kappa[None, :]
    scale = at.correlation * np.outer(at.volatility, at.volatility)
    loading = np.exp(-kappa * left)
    built = _added(kappa, left)
    intercept = at.drift * times - built @ at.risk_premium
    intercept += 0.5 * (_added(sums.reshape(-1), left) @ scale.reshape(-1))
    mean = np.zeros(n)
    level = int(np.argmin(kappa))
    mean[level] = rows.observed[0]
    drift = np.zeros((which.size, n))
    drift[:, level] = at.drift * steps[which]
    shock = scale * _added(sums.reshape(-1), steps[:, None]).reshape(steps.size, n, n)
    return StateSpace(
        observed=rows.observed,
        first=rows.first,
        intercept=intercept[of],
        loading=loading[of],
        noise=at.errors[rows.group] ** 2,
        drift=drift,
        decay=np.exp(-kappa * steps[:, None])[which],
        shock=shock[which],
        mean=mean,
        spread=prior_variance * np.eye(n),
    )


def _added(rate: FloatArray, time: FloatArray) -> FloatArray:
    """Return (1 - exp(-rate time)) / rate, and time where the rate is zero."""
    safe = np.where(rate == 0.0, 1.0, rate)
    return np.where(rate == 0.0, time, -np.expm1(-safe * time) / safe)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilteredPanel:
    """The factors behind a panel, date by date, and how far its prices lie from them.

    Parameters
    ----------
    dates, contracts
        (n_dates,) and (m,), of the panel.
    log_likelihood
        Of the panel.
    states, standard_errors
        (n_dates, n) the factors given the prices so far, and how well they are known.
    smoothed_states, smoothed_standard_errors
        The same given all prices, after the fact.
    residuals
        (n_dates, m) log price less that of the filtered factors; NaN where one is missing.
    standardised
        (n_dates, m) one-step innovations over their standard deviations: standard normal and
        independent if the model is right.
    """

    dates: DateArray
    contracts: tuple[str, ...]
    log_likelihood: float
    states: FloatArray
    standard_errors: FloatArray
    smoothed_states: FloatArray
    smoothed_standard_errors: FloatArray
    residuals: FloatArray
    standardised: FloatArray

    @property
    def root_mean_square(self) -> dict[str, float]:
        """Contract -> root mean square of its residuals; NaN for one without prices."""
        counts = (~np.isnan(self.residuals)).sum(axis=0)
        sums = np.nansum(self.residuals**2, axis=0)
        found = np.sqrt(sums / np.where(counts > 0, counts, np.nan))
        return dict(zip(self.contracts, found.tolist(), strict=True))


def filter_rows(
    rows: PanelRows, at: FactorValues, prior_variance: float = PRIOR_VARIANCE
) -> FilteredPanel:
    """Return the filtered and smoothed factors of some parameters."""
    system = state_space(rows, at, prior_variance)
    found = filtered(system)
    states, spreads = smoothed(system, found)
    date = np.repeat(np.arange(rows.panel.dates.size), np.diff(rows.first))
    fitted = system.intercept + (system.loading * found.states[date]).sum(axis=1)
    return FilteredPanel(
        dates=rows.panel.dates,
        contracts=rows.panel.contracts,
        log_likelihood=found.log_likelihood,
        states=found.states,
        standard_errors=_deviations(found.spreads),
        smoothed_states=states,
        smoothed_standard_errors=_deviations(spreads),
        residuals=_table(rows, date, rows.observed - fitted),
        standardised=_table(rows, date, standardised(found)),
    )


def persistence(rows: PanelRows, found: FilteredPanel) -> dict[str, float]:
    """Return group -> autocorrelation of its standardised innovations from date to date.

    About zero if the model is right. A group with fewer than 30 neighbouring pairs is left out.
    """
    date = np.repeat(np.arange(rows.panel.dates.size), np.diff(rows.first))
    group = _table(rows, date, rows.group.astype(np.float64))
    now, before = found.standardised[1:], found.standardised[:-1]
    out = {}
    for position, name in enumerate(rows.groups):
        both = np.isfinite(now * before) & (group[1:] == position)
        if int(both.sum()) >= FEWEST_PAIRS:
            squares = float((now[both] ** 2).sum() * (before[both] ** 2).sum())
            out[name] = float((now[both] * before[both]).sum()) / squares**0.5
    return out


def standardised(found: Filtered) -> FloatArray:
    """Return innovations over their standard deviations, ``(k,)``; NaN where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt(np.where(found.variances > 0.0, found.variances, np.nan))
    return found.innovations / scale


def _deviations(spreads: FloatArray) -> FloatArray:
    return np.sqrt(np.maximum(np.diagonal(spreads, axis1=1, axis2=2), 0.0))


def _table(rows: PanelRows, date: IndexArray, values: FloatArray) -> FloatArray:
    table = np.full(rows.panel.prices.shape, np.nan)
    table[date, rows.contract] = values
    return table
