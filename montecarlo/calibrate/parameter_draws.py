r"""Parameters drawn from the distribution of their estimates.

**Asymptotic.** On the scale without limits (:math:`u_i = \ln\theta_i` for what must be positive,
the logit or its like for what lies in an interval, :math:`\theta_i` itself otherwise)

.. math::

    u \sim N\big(u(\hat\theta),\ D^{-1}\,\widehat{\mathrm{Cov}}\,D^{-1}\big), \qquad
    D = \mathrm{diag}\Big(\frac{d\theta_i}{du_i}\Big)

**Parametric bootstrap.** Histories are simulated from the fitted model on the dates of the history,
from its first price, and the model is fitted to each: :math:`\theta^*_b = \hat\theta(\text{history
}b)`. These draws are spread about :math:`\hat\theta` as :math:`\hat\theta` is about the truth, bias
included. **Reflected**, they are turned round, so that a bias is taken off instead of added again:

.. math:: u_b = 2\,u(\hat\theta) - u(\theta^*_b)

Source: B. Efron and R. J. Tibshirani, "An introduction to the bootstrap", Chapman and Hall 1993,
chapters 6.5 and 13.3 (the reflected draws are the basic bootstrap).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from montecarlo import checks
from montecarlo.calibrate.fitted import Fit
from montecarlo.calibrate.fitted_dates import FittedDates
from montecarlo.calibrate.free_parameter import FreeParameter
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.kinds import fit as fit_kind
from montecarlo.calibrate.kinds import kind_of, options_of
from montecarlo.calibrate.parameters import limits_of
from montecarlo.checks import FloatArray
from montecarlo.grid import TimeGrid
from montecarlo.streams import stream_key

Way: TypeAlias = Literal["asymptotic", "bootstrap", "reflected"]
"""How parameters are drawn."""

VAGUE = 0.5
"""A relative standard error above this makes the asymptotic distribution doubtful."""
MOST_DRAWS = 1_000_000
MOST_LOST = 0.2
"""No more than this share of the simulated histories may fail to be fitted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParameterDraws:
    """Draws of the free parameters of a fit.

    Parameters
    ----------
    fit
        Whose parameters they are.
    way
        How they were drawn.
    values
        Free parameter -> its draws, ``(n_draws,)``; one that was set by hand is the same in all.
    warnings
        What a reader must know about them, in whole sentences.
    """

    fit: Fit
    way: Way
    values: Mapping[str, FloatArray]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(next(iter(self.values.values())).size)

    def fits(self) -> Iterator[Fit]:
        """Yield the fit with each draw in place of its estimates; derived numbers are left out."""
        free = [item for item in self.fit.parameters if item.name in self.values]
        for draw in range(len(self)):
            drawn = tuple(replace(item, value=float(self.values[item.name][draw])) for item in free)
            yield replace(self.fit, parameters=drawn)


def draw_parameters(
    fit: Fit,
    n_draws: int,
    *,
    way: Way = "asymptotic",
    history: PriceHistory | FittedDates | None = None,
    seed: int = 20250709,
    options: Mapping[str, Any] | None = None,
) -> ParameterDraws:
    """Draw parameters from the distribution of their estimates.

    Parameters
    ----------
    fit
        A fit with a covariance.
    n_draws
        From 2 to 1,000,000.
    way
        ``asymptotic``, ``bootstrap`` or ``reflected``; see the module.
    history
        What was fitted, or its dates; for the bootstrap.
    seed
        Of the draws.
    options
        For the fits of the bootstrap, beside those that repeat this one.

    Raises
    ------
    ValueError
        For a parameter that is not identified, for a bootstrap without the history that was fitted,
        or when more than a fifth of the simulated histories cannot be fitted.

    Examples
    --------
    >>> from montecarlo.calibrate import PriceHistory, fit
    >>> days = np.datetime64("2010-01-01") + 30 * np.arange(100)
    >>> prices = np.exp(4.0 + 0.1 * np.cumsum((-1.0) ** np.arange(100)))
    >>> history = PriceHistory(name="ndpr", unit="USD/kg", dates=days, prices=prices)
    >>> found = draw_parameters(fit(history, "gbm"), 1_000)
    >>> relative = found.values["volatility"].std() / found.fit["volatility"].value
    >>> bool(abs(relative - 1 / math.sqrt(2 * 99)) < 0.005)
    True
    """
    checks.integer("n_draws", n_draws, 2, MOST_DRAWS)
    if way not in get_args(Way):
        msg = f"way must be one of {', '.join(get_args(Way))}, got {way!r}"
        raise ValueError(msg)
    if way == "asymptotic":
        return _asymptotic(fit, n_draws, seed)
    if kind_of(fit.kind).takes == "panel":
        msg = f"way must be asymptotic for {fit.kind}, which is fitted to a panel, got {way!r}"
        raise ValueError(msg)
    if history is None:
        msg = f"history must be given for way {way!r}, got None"
        raise ValueError(msg)
    return _bootstrap(fit, history, n_draws, way, seed, dict(options or {}))


def _asymptotic(fit: Fit, n_draws: int, seed: int) -> ParameterDraws:
    from montecarlo.random import normals

    free = fit.parameters[: fit.n_free]
    fixed = {override.name for override in fit.overrides}
    drawn = [i for i, item in enumerate(free) if item.name not in fixed]
    unknown = [free[i].name for i in drawn if not math.isfinite(float(fit.covariance[i, i]))]
    if unknown:
        # A panel has no bootstrap, and the errors of its prices are not set by hand.
        way_out = (
            "fit fewer factors, or put more prices into a group of errors"
            if kind_of(fit.kind).takes == "panel"
            else "set it by hand, or use the bootstrap"
        )
        msg = (
            f"parameters must be identified to be drawn, got no standard error of "
            f"{', '.join(unknown)}: {way_out}"
        )
        raise ValueError(msg)
    values = {item.name: np.full(n_draws, item.value) for item in free}
    if not drawn:
        return ParameterDraws(fit=fit, way="asymptotic", values=values)
    limits = [limits_of(free[i]) for i in drawn]
    centre = np.array(
        [limit.unlimited(free[i].value) for limit, i in zip(limits, drawn, strict=True)]
    )
    slope = np.array([limit.slope(u) for limit, u in zip(limits, centre, strict=True)])
    spread = _given(fit.covariance, drawn) / np.outer(slope, slope)
    draws = normals(
        seed=_seed(seed, "parameters"), n_paths=n_draws, n_steps=1, n_factors=len(drawn)
    )[0]
    moved = centre[:, None] + _root(spread) @ draws
    for row, limit in zip(moved, limits, strict=True):
        values[limit.name] = np.array([limit.natural(float(u)) for u in row])
    return ParameterDraws(fit=fit, way="asymptotic", values=values, warnings=_vague(spread, limits))


def _given(covariance: FloatArray, drawn: list[int]) -> FloatArray:
    """Return the covariance of some estimates when the others are known."""
    known = [i for i in range(len(covariance)) if i not in drawn]
    inner: FloatArray = covariance[np.ix_(drawn, drawn)]
    known = [i for i in known if math.isfinite(covariance[i, i]) and covariance[i, i] > 0.0]
    if not known:
        return inner
    across = covariance[np.ix_(drawn, known)]
    found: FloatArray = inner - across @ np.linalg.solve(covariance[np.ix_(known, known)], across.T)
    return found


def _root(covariance: FloatArray) -> FloatArray:
    """Return a matrix whose square is the covariance; one that is none is refused."""
    value, vector = np.linalg.eigh(0.5 * (covariance + covariance.T))
    if value[0] < -1e-8 * max(float(value[-1]), 1e-300):
        msg = f"covariance must be positive semi-definite, got the eigenvalue {value[0]:.3g}"
        raise ValueError(msg)
    root: FloatArray = vector * np.sqrt(np.maximum(value, 0.0))
    return root


def _vague(spread: FloatArray, limits: list[FreeParameter]) -> tuple[str, ...]:
    return tuple(
        f"{limit.name} has a relative standard error of {math.sqrt(spread[i, i]):.0%}: its "
        "asymptotic distribution is doubtful, compare with the bootstrap"
        for i, limit in enumerate(limits)
        if limit.low == 0.0 and math.isinf(limit.high) and spread[i, i] > VAGUE**2
    )


def _bootstrap(
    fit: Fit,
    history: PriceHistory | FittedDates,
    n_draws: int,
    way: Way,
    seed: int,
    options: dict[str, Any],
) -> ParameterDraws:
    if history.data_hash != fit.data_hash:
        msg = f"history must be the one that was fitted ({fit.name}), got {history!r}"
        raise ValueError(msg)
    observed = [item.name for item in fit.parameters if item.role == "observation"]
    if observed:
        msg = (
            f"a fit behind its quotes ({', '.join(observed)}) must be drawn from asymptotically, "
            f"got way {way!r}"
        )
        raise ValueError(msg)
    free = fit.parameters[: fit.n_free]
    fixed = {override.name for override in fit.overrides}
    found: dict[str, list[float]] = {item.name: [] for item in free}
    lost: list[str] = []
    options = {**kind_of(fit.kind).quick, **options_of(fit), **options}
    taken = history if isinstance(history, FittedDates) else FittedDates.of(history, fit.horizon)
    for simulated in _histories(fit, taken, n_draws, seed):
        try:
            refitted = fit_kind(simulated, fit.kind, horizon="daily", **options)
            draw = [refitted[item.name].value for item in free]
        except (ValueError, ArithmeticError, RuntimeError, KeyError) as error:
            lost.append(str(error))
            continue
        for item, value in zip(free, draw, strict=True):
            kept = item.value if item.name in fixed else value
            if way == "reflected" and item.name not in fixed:
                limit = limits_of(item)
                centre = limit.unlimited(item.value)
                kept = limit.natural(2.0 * centre - limit.unlimited(value))
            found[item.name].append(kept)
    if len(lost) > MOST_LOST * n_draws:
        msg = (
            f"at least {1.0 - MOST_LOST:.0%} of {n_draws} simulated histories must be fitted, "
            f"{len(lost)} were not: {lost[0]}"
        )
        raise ValueError(msg)
    warnings: tuple[str, ...] = ()
    if lost:
        warnings = (
            f"{len(lost)} of {n_draws} simulated histories could not be fitted and are left out: "
            f"{lost[0]}",
        )
    values = {name: np.array(row) for name, row in found.items()}
    return ParameterDraws(fit=fit, way=way, values=values, warnings=warnings)


def _histories(fit: Fit, taken: FittedDates, n_draws: int, seed: int) -> Iterator[PriceHistory]:
    """Yield histories of the model on the same dates, from the first price, averaged alike."""
    from montecarlo.simulation import simulate_paths

    started = replace(fit, last_price=taken.first_price)
    model = started.to_model()
    paths = simulate_paths(
        model,
        TimeGrid.from_times(taken.years()[1:]),
        n_paths=n_draws,
        seed=_seed(seed, "histories"),
        measure="physical",
    )[model.names[0]]
    for draw in range(n_draws):
        prices = np.concatenate([[taken.first_price], paths[:, draw]])
        yield taken.history(prices, name=fit.name, unit=fit.unit)


def _seed(seed: int, label: str) -> int:
    words: Any = stream_key(seed, label)
    return int(words[0]) | int(words[1]) << 32
