r"""Regime switching fitted to a history by maximum likelihood through Hamilton's filter.

The likelihood is that of :mod:`montecarlo.calibrate.regime_likelihood`; it has many peaks, so the
search starts from several points, and no peak at all where one regime may be as sharp as it likes,
so that no volatility goes below a fiftieth of the whole (Hathaway 1985). Regimes are told apart by
their volatility, the calmest first.

Few switches make the likelihood lopsided, so that intervals of two regimes are those of its profile
(:mod:`montecarlo.calibrate.profile_interval`); how often they hold the truth: ``docs/coverage.md``.

Whether a history needs regimes cannot be read from a ratio of likelihoods, since under one regime
the others have no parameters; the criterion of Schwarz is compared instead.

Source: J. D. Hamilton, "Time Series Analysis", 1994, chapter 22; R. J. Hathaway, "A constrained
formulation of maximum-likelihood estimation for normal mixture distributions", Annals of
Statistics 13, 1985.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from montecarlo import checks
from montecarlo.calibrate.fitted import Fit, Start
from montecarlo.calibrate.gbm import fit_gbm
from montecarlo.calibrate.generator import step_probabilities
from montecarlo.calibrate.hamilton_filter import expected_switches, smooth_regimes
from montecarlo.calibrate.history import PriceHistory
from montecarlo.calibrate.horizons import HORIZONS, sample
from montecarlo.calibrate.maximum_likelihood import Maximum, curvature
from montecarlo.calibrate.ou import fit_schwartz
from montecarlo.calibrate.profile_interval import Profile
from montecarlo.calibrate.regime_estimates import (
    regime_estimates,
    regime_residuals,
    regime_spells,
)
from montecarlo.calibrate.regime_likelihood import LEAST_SHARE, RegimeLikelihood
from montecarlo.checks import FloatArray

if TYPE_CHECKING:
    from montecarlo.curve import ForwardCurve
    from montecarlo.models.regime_switching import RegimeSwitching

CHANGES_PER_PARAMETER = 3
FEW_CHANGES = 10.0
FEW_SWITCHES = 3.0
SHORT_SPELL = 2.0
LONG_GAP = 3.0

_NAMES = {2: ("calm", "volatile"), 3: ("calm", "middle", "volatile")}


def fit_regimes(
    history: PriceHistory,
    *,
    horizon: str = "daily",
    n_regimes: int = 2,
    is_mean_reverting: bool = False,
    n_starts: int = 5,
    is_interval_found: bool | None = None,
) -> Fit:
    r"""Return a regime-switching model fitted to a history.

    Parameters
    ----------
    history
        Prices above zero, on any dates, at least three changes for each parameter.
    horizon
        What is taken from it; see :data:`~montecarlo.calibrate.horizons.HORIZONS`.
    n_regimes
        2 to 4.
    is_mean_reverting
        Whether the log price is pulled to a level of each regime; otherwise it drifts.
    n_starts
        From how many points the likelihood is searched, 1 to 5.
    is_interval_found
        Whether intervals follow the likelihood; else they are those of standard errors. By default
        with two regimes: with more it takes several times as long as the search.

    Raises
    ------
    ValueError
        For too few prices, a constant one, or one that is not above zero, naming its date.

    Examples
    --------
    Fifty quiet weeks, fifty wild ones, and quiet ones again:

    >>> size = np.repeat([0.01, 0.08, 0.01], 50)
    >>> logs = 4.0 + np.cumsum(size * np.where(np.arange(150) * 7 % 11 % 2, 1.0, -1.0))
    >>> dates = np.datetime64("2020-01-06") + 7 * np.arange(150)
    >>> history = PriceHistory(name="ndpr", unit="USD/kg", dates=dates, prices=np.exp(logs))
    >>> found = fit_regimes(history)
    >>> [round(found[f"volatility_{name}"].value, 2) for name in ("calm", "volatile")]
    [0.07, 0.57]
    """
    k = checks.integer("n_regimes", n_regimes, 2, 4)
    checks.integer("n_starts", n_starts, 1, 5)
    taken = sample(history, horizon)
    names = _NAMES.get(k) or tuple(f"regime_{i + 1}" for i in range(k))
    n_parameters = k * (k + 1) + bool(is_mean_reverting)
    logs = taken.for_log_model(CHANGES_PER_PARAMETER * n_parameters + 1)
    likelihood = RegimeLikelihood(
        names=names, logs=logs, steps=taken.steps(), is_mean_reverting=is_mean_reverting
    )
    free = likelihood.parameters()
    best, starts = _search(likelihood, likelihood.starts()[:n_starts])
    peak = curvature(likelihood, parameters=free, values=likelihood.sorted(best), starts=starts)
    is_found = k == 2 if is_interval_found is None else is_interval_found
    if is_found:
        profile = Profile(likelihood, peak, likelihood.score)
        ends = np.array([profile.interval(i) for i in range(len(free))])
        peak = replace(peak, low=ends[:, 0], high=ends[:, 1])
    return Fit(
        kind="regime-switching",
        name=history.name,
        unit=history.unit,
        parameters=(
            *regime_estimates(peak, is_interval_found=is_found),
            *regime_spells(likelihood, peak),
        ),
        covariance=peak.covariance,
        log_likelihood=peak.log_likelihood,
        n_observations=likelihood.steps.size,
        method=(
            f"maximum likelihood of {k} regimes given the first price, by Hamilton's filter from "
            f"{n_starts} starts"
        ),
        horizon=horizon,
        data_hash=history.data_hash,
        first_date=history.dates[0],
        last_date=history.dates[-1],
        last_price=float(history.prices[-1]),
        residuals=regime_residuals(likelihood, peak.values),
        residual_dates=taken.dates[1:],
        warnings=(
            # A volatility at its limit has a warning of its own, which says why.
            *(text for text in peak.warnings if not text.startswith("volatility_")),
            *_warnings(likelihood, peak, history, horizon),
        ),
        notices=taken.notices,
        starts=peak.starts,
        structure={
            "regimes": names,
            "is_mean_reverting": is_mean_reverting,
            "initial": _initial(likelihood, peak.values),
        },
    )


def _search(
    likelihood: RegimeLikelihood, starts: list[dict[str, float]]
) -> tuple[FloatArray, tuple[Start, ...]]:
    """Return the highest place that is reached by following the slope, and what was reached."""
    from scipy.optimize import minimize

    free = likelihood.parameters()

    def cost(places: FloatArray) -> tuple[float, FloatArray]:
        theta = np.array([p.natural(float(x)) for p, x in zip(free, places, strict=True)])
        with np.errstate(all="ignore"):
            value, slopes = likelihood.score(theta)
        if not (math.isfinite(value) and np.isfinite(slopes).all()):
            return 1e12, np.zeros(theta.size)
        widths = np.array([p.slope(float(x)) for p, x in zip(free, places, strict=True)])
        return -value, -slopes * widths

    reached = []
    for start in starts:
        place = np.array([p.unlimited(start[p.name]) for p in free])
        options: Any = {"maxiter": 500, "ftol": 1e-12, "gtol": 1e-5}
        found: Any = minimize(cost, place, jac=True, method="L-BFGS-B", options=options)
        theta = np.array([p.natural(float(x)) for p, x in zip(free, found.x, strict=True)])
        reached.append((-float(found.fun), theta, Start(values=start, log_likelihood=-found.fun)))
    best = max(reached, key=lambda one: one[0])
    return best[1], tuple(one[2] for one in reached)


def regime_terms(fit: Fit) -> dict[str, Any]:
    """Return the terms of the model of a fit, as a market file holds them beside ``kind``."""
    names, values = _names(fit), fit.values
    is_mean_reverting = bool(fit.structure["is_mean_reverting"])
    regimes = {}
    for name in names:
        volatility = values[f"volatility_{name}"]
        regimes[name] = {"volatility": volatility}
        if is_mean_reverting:
            level = values[f"log_level_{name}"] - values[f"log_level_{names[0]}"]
            regimes[name]["log_level"] = level
        else:
            regimes[name]["drift"] = values[f"log_drift_{name}"] + 0.5 * volatility**2
    transitions = {
        leaving: {
            entering: values[f"intensity_{leaving}_to_{entering}"]
            for entering in names
            if entering != leaving
        }
        for leaving in names
    }
    return {
        "regimes": regimes,
        "transitions": transitions,
        "initial": dict(fit.structure["initial"]),
        "mean_reversion": values["mean_reversion"] if is_mean_reverting else 0.0,
    }


def regime_model(fit: Fit, name: str, forward_curve: ForwardCurve | None) -> RegimeSwitching:
    """Return the simulation model of a fit, around a curve or from its last price."""
    from montecarlo.models import RegimeSwitching
    from montecarlo.regime import Regime, Transition

    terms = regime_terms(fit)
    start: dict[str, Any] = {"forward_curve": forward_curve}
    if forward_curve is None:
        start = {"spot": fit.last_price}
        if terms["mean_reversion"] > 0.0:
            start["long_run_log_mean"] = fit.values[f"log_level_{_names(fit)[0]}"]
    return RegimeSwitching(
        name=name,
        regimes=tuple(Regime(name=key, **found) for key, found in terms["regimes"].items()),
        transitions=tuple(
            Transition(leaving=leaving, entering=entering, intensity=rate)
            for leaving, row in terms["transitions"].items()
            for entering, rate in row.items()
        ),
        initial=terms["initial"],
        mean_reversion=terms["mean_reversion"],
        **start,
    )


def regime_probabilities(fit: Fit, history: PriceHistory) -> FloatArray:
    """Return the probability of each regime in each step given the whole history, for a picture.

    Parameters
    ----------
    fit
        By :func:`fit_regimes`; overrides count.
    history
        The same history, or another one to be read with these parameters.

    Returns
    -------
    ndarray, shape (n_steps, n_regimes)
        Over the steps that end on ``fit.residual_dates``.
    """
    likelihood = _likelihood(fit, history)
    theta = np.array([fit.values[item.name] for item in likelihood.parameters()])
    return smooth_regimes(likelihood.filtered(theta), likelihood.transitions(theta))


def _likelihood(fit: Fit, history: PriceHistory) -> RegimeLikelihood:
    taken = sample(history, fit.horizon)
    return RegimeLikelihood(
        names=_names(fit),
        logs=taken.for_log_model(2),
        steps=taken.steps(),
        is_mean_reverting=bool(fit.structure["is_mean_reverting"]),
    )


def _names(fit: Fit) -> tuple[str, ...]:
    return tuple(fit.structure["regimes"])


def _initial(likelihood: RegimeLikelihood, theta: FloatArray) -> dict[str, float]:
    """Return the probability of each regime at the last date, to four digits that add up to 1."""
    now = likelihood.filtered(theta).filtered[-1]
    half = step_probabilities(likelihood.split(theta)[2], 0.5 * likelihood.steps[-1:])[0]
    chances = np.round(now @ half, 4)
    chances[np.argmax(chances)] += 1.0 - chances.sum()
    return {
        name: round(float(chance), 4)
        for name, chance in zip(likelihood.names, chances, strict=True)
    }


def _warnings(
    likelihood: RegimeLikelihood, peak: Maximum, history: PriceHistory, horizon: str
) -> list[str]:
    """Return what a reader must know, in whole sentences."""
    theta, names = peak.values, likelihood.names
    volatility, _, generator, _ = likelihood.split(theta)
    found = likelihood.filtered(theta)
    transitions = likelihood.transitions(theta)
    smoothed = smooth_regimes(found, transitions)
    said = _sharpness(likelihood, volatility)
    held = smoothed.sum(axis=0)
    for name, count in zip(names, held, strict=True):
        if count < FEW_CHANGES:
            said.append(
                f"the regime {name} rests on {count:.1f} of {found.filtered.shape[0]} changes"
            )
    switches = expected_switches(found, smoothed, transitions)
    for i, j in likelihood.moves():
        if switches[i, j] < FEW_SWITCHES:
            said.append(
                f"intensity_{names[i]}_to_{names[j]} rests on {switches[i, j]:.1f} switches"
            )
    step = float(np.median(likelihood.steps))
    for i, name in enumerate(names):
        if -generator[i, i] * step * SHORT_SPELL > 1.0:
            said.append(
                f"the regime {name} lasts {-1.0 / (generator[i, i] * step):.1f} steps on average, "
                "too short for a fit that takes one regime a step: volatilities are drawn together"
            )
    if float(likelihood.steps.max()) > LONG_GAP * step:
        said.append(
            f"one step is {likelihood.steps.max() / step:.0f} times the usual one, and taken as a "
            "single regime"
        )
    said.extend(_against_fewer(peak, history, horizon, likelihood))
    taken = sample(history, horizon)
    if taken.averaged:
        said.append(
            f"fitted to {HORIZONS[horizon]} as if it were one moment: averaging hides movement "
            f"within the {taken.averaged}, so volatilities are understated, by up to 18%"
        )
    return said


def _sharpness(likelihood: RegimeLikelihood, volatility: FloatArray) -> list[str]:
    low = LEAST_SHARE * likelihood.overall
    unchanged = float(np.mean(np.diff(likelihood.logs) == 0.0))
    said = []
    if volatility[0] < 1.05 * low:
        why = f", since {100.0 * unchanged:.0f}% of changes are zero" if unchanged > 0.05 else ""
        said.append(
            f"volatility_{likelihood.names[0]} lies at its limit, {100.0 * LEAST_SHARE:g}% of the "
            f"whole: the likelihood has no highest point{why}; fit at a longer horizon"
        )
    return said


def _against_fewer(
    peak: Maximum, history: PriceHistory, horizon: str, likelihood: RegimeLikelihood
) -> Sequence[str]:
    """Return a warning where one regime fewer would do, by the criterion of Schwarz."""
    k = likelihood.n_regimes
    is_averaged = bool(sample(history, horizon).averaged)
    if k > 2:
        fewer = fit_regimes(
            history, horizon=horizon, n_regimes=k - 1, n_starts=2, is_interval_found=False,
            is_mean_reverting=likelihood.is_mean_reverting,
        )  # fmt: skip
    elif likelihood.is_mean_reverting:
        fewer = fit_schwartz(history, horizon=horizon, is_interval_found=False)
    elif is_averaged:
        # Without regimes the motion of averages is known, and its likelihood is another.
        return ()
    else:
        fewer = fit_gbm(history, horizon=horizon)
    own = len(peak.parameters) * math.log(likelihood.steps.size) - 2.0 * peak.log_likelihood
    if own < fewer.bic:
        return ()
    return (f"{_COUNTS[k - 1]} would do: BIC {fewer.bic:.1f}, against {own:.1f} with {k}",)


_COUNTS = {1: "one regime", 2: "two regimes", 3: "three regimes"}
