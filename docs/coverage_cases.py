"""Histories from known parameters, and the fits that should find them again: see docs/coverage.py.

Each case is one model with one history: its length, dates and parameters are those of assessed
metals, neither the easiest nor the hardest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from montecarlo.calibrate import Fit, FuturesPanel, PriceHistory, fit
from montecarlo.calibrate.smoothing import quoted_variance
from montecarlo.checks import FloatArray
from montecarlo.grid import TimeGrid
from montecarlo.models import NFactor, RegimeSwitching
from montecarlo.regime import Regime, Transition
from montecarlo.simulation import simulate_paths

Outcomes: TypeAlias = Mapping[str, tuple[float, str]]
"""Parameter -> estimate, and where the truth lies: ``held``, ``below`` or ``above``."""
WEEK = 7.0 / 365.0
MONDAY = np.datetime64("2010-01-04")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One model, the truth, and how a history is drawn from it and fitted.

    Parameters
    ----------
    title
        What is simulated, for the page.
    truth
        Parameter as the fit names it -> its true value. The half-life counts as a parameter.
    draw
        Seed -> history or panel.
    fit
        What is fitted to it.
    outcomes
        Where the ends of intervals take long: history and truth -> estimates and outcomes,
        without the ends.
    """

    title: str
    truth: Mapping[str, float]
    draw: Callable[[int], Any]
    fit: Callable[[Any], Fit]
    outcomes: Callable[[Any, Mapping[str, float]], Outcomes] | None = None


def history_of(dates: Any, logs: FloatArray) -> PriceHistory:  # noqa: ANN401
    """Return a history with these log prices."""
    return PriceHistory(name="metal", unit="USD/kg", dates=dates, prices=np.exp(logs))


def irregular(rng: np.random.Generator, n: int) -> tuple[Any, FloatArray]:
    """Return n dates, 15 to 49 days apart, and the years between them."""
    dates = np.datetime64("2010-01-01") + np.cumsum(rng.integers(15, 50, n))
    return dates, np.diff(dates).astype(np.float64) / 365.0


def reverting(
    rng: np.random.Generator, steps: FloatArray, speed: float, volatility: float, level: float
) -> FloatArray:
    """Return mean-reverting log prices that begin with their long-run law, (n + 1,)."""
    fade = np.exp(-speed * steps)
    long_run = volatility / math.sqrt(2.0 * speed)
    away = long_run * rng.standard_normal(steps.size + 1)
    for i in range(steps.size):
        away[i + 1] = fade[i] * away[i] + math.sqrt(1.0 - fade[i] ** 2) * away[i + 1]
    return level + away


def quoted_late(logs: FloatArray, share: float, persistence: float) -> FloatArray:
    """Return quotes that pass on a share of each move at once and work off the rest."""
    out, slow = logs.copy(), logs[0]
    for i in range(1, logs.size):
        slow = persistence * slow + (1.0 - persistence) * logs[i]
        out[i] = share * logs[i] + (1.0 - share) * slow
    return out


def _gbm(seed: int) -> PriceHistory:
    rng = np.random.default_rng(seed)
    dates, steps = irregular(rng, 60)
    moves = (0.05 - 0.5 * 0.3**2) * steps + 0.3 * np.sqrt(steps) * rng.standard_normal(59)
    return history_of(dates, 4.0 + np.append(0.0, np.cumsum(moves)))


def _schwartz(seed: int, *, speed: float) -> PriceHistory:
    rng = np.random.default_rng(seed)
    dates, steps = irregular(rng, 60)
    return history_of(dates, reverting(rng, steps, speed, 0.3, 4.0))


def _schwartz_by_quarters(seed: int) -> PriceHistory:
    months = np.datetime64("2013-01") + 3 * np.arange(1, 45)
    dates = months.astype("datetime64[D]") - 1
    steps = np.diff(dates).astype(np.float64) / 365.0
    return history_of(dates, reverting(np.random.default_rng(seed), steps, 0.5, 0.35, 4.0))


def _gbm_behind_quotes(seed: int) -> PriceHistory:
    moves = 0.4 * math.sqrt(WEEK) * np.random.default_rng(seed).standard_normal(400)
    quotes = quoted_late(4.0 + np.append(0.0, np.cumsum(moves)), 0.3, 0.7)
    return history_of(MONDAY + 7 * np.arange(401), quotes)


def _schwartz_behind_quotes(seed: int) -> PriceHistory:
    logs = reverting(np.random.default_rng(seed), np.full(600, WEEK), 1.5, 0.4, 4.0)
    return history_of(MONDAY + 7 * np.arange(601), quoted_late(logs, 0.5, 0.6))


REGIMES = RegimeSwitching(
    name="metal",
    mean_reversion=0.0,
    regimes=(
        Regime(name="calm", volatility=0.15, drift=0.05),
        Regime(name="volatile", volatility=0.6, drift=0.1),
    ),
    transitions=(
        Transition(leaving="calm", entering="volatile", intensity=0.8),
        Transition(leaving="volatile", entering="calm", intensity=2.0),
    ),
    initial={"calm": 5 / 7, "volatile": 2 / 7},
    spot=50.0,
)
LEVELS = RegimeSwitching(
    name="metal",
    mean_reversion=4.0,
    regimes=(
        Regime(name="open", volatility=0.15),
        Regime(name="embargo", volatility=0.5, log_level=0.8),
    ),
    transitions=(
        Transition(leaving="open", entering="embargo", intensity=0.5),
        Transition(leaving="embargo", entering="open", intensity=1.0),
    ),
    initial={"open": 2 / 3, "embargo": 1 / 3},
    spot=50.0,
    long_run_log_mean=4.0,
)


def _regimes(seed: int, *, model: RegimeSwitching) -> PriceHistory:
    dates = MONDAY + 7 * np.arange(521)
    paths = simulate_paths(model, TimeGrid(dates[0], dates), n_paths=1, seed=seed)
    return history_of(dates, np.log(paths["metal"][:, 0]))


FACTORS = NFactor(
    name="metal",
    mean_reversion=[0.0, 1.2],
    volatility=[0.15, 0.3],
    correlation=[[1.0, 0.4], [0.4, 1.0]],
    risk_premium=[0.03, 0.1],
    states=[0.0, 0.0],
    physical_drift=0.02,
)
ONE_FACTOR = NFactor(
    name="metal",
    mean_reversion=[0.0],
    volatility=[0.25],
    correlation=[[1.0]],
    risk_premium=[0.05],
    states=[0.0],
    physical_drift=0.04,
)
ERRORS = {"near": 0.02, "middle": 0.008, "far": 0.004}
TWO_FACTOR_TRUTH = {
    "mean_reversion": 1.2,
    "short_volatility": 0.3,
    "long_volatility": 0.15,
    "correlation": 0.4,
    "short_risk_premium": 0.1,
    "long_risk_premium": 0.03,
    "long_drift": -0.01,
    "physical_drift": 0.02,
}


def _panel(
    seed: int, *, model: NFactor, errors: Mapping[str, float], n_dates: int, missing: float = 0.0
) -> FuturesPanel:
    """Return weekly futures prices by the exact law of the factors from week to week."""
    rng = np.random.default_rng(seed)
    left = np.array([0.1, 0.6, 1.4])
    kappa, volatility = np.array(model.mean_reversion), np.array(model.volatility)
    rate = kappa[:, None] + kappa[None, :]
    safe = np.where(rate == 0.0, 1.0, rate)
    spans = np.where(rate == 0.0, WEEK, -np.expm1(-safe * WEEK) / safe)
    root = np.linalg.cholesky(
        np.array(model.correlation) * np.outer(volatility, volatility) * spans
    )
    intercept = np.log(model.forward(left))
    spread = np.array(list(errors.values()))
    state = np.zeros(kappa.size)
    state[0] = 4.0
    prices = np.empty((n_dates, left.size))
    for t in range(n_dates):
        state = np.exp(-kappa * WEEK) * state + root @ rng.standard_normal(kappa.size)
        state[0] += model.physical_drift * WEEK
        noise = spread * rng.standard_normal(left.size)
        prices[t] = np.exp(intercept + np.exp(-np.outer(left, kappa)) @ state + noise)
    prices[rng.random(prices.shape) < missing] = np.nan
    return FuturesPanel(
        name="metal",
        unit="USD/kg",
        contracts=list(errors),
        dates=MONDAY + 7 * np.arange(n_dates),
        prices=prices,
        maturities=left,
    )


def _of_errors(errors: Mapping[str, float]) -> dict[str, float]:
    return {f"measurement_error[{group}]": value for group, value in errors.items()}


def _fit(kind: str, **options: Any) -> Callable[[Any], Fit]:  # noqa: ANN401
    return partial(fit, kind=kind, **options)


EXACT = {"near": 0.02, "middle": 0.001, "far": 0.004}

CASES: dict[str, Case] = {
    "gbm": Case(
        title="60 prices, 15 to 49 days apart",
        truth={"volatility": 0.3, "drift": 0.05},
        draw=_gbm,
        fit=_fit("gbm"),
    ),
    "gbm, late quotes": Case(
        title="400 weekly quotes",
        truth={
            "volatility": 0.4, "drift": 0.08, "immediate_share": 0.3, "persistence": 0.7,
            "quarterly_volatility": 0.4
            * math.sqrt(quoted_variance(0.3, 0.7, 0.25 / WEEK) * WEEK / 0.25),
        },
        draw=_gbm_behind_quotes,
        fit=_fit("gbm", smoothing="lag"),
    ),
    "schwartz": Case(
        title="60 prices, 15 to 49 days apart, five years",
        truth={
            "mean_reversion": 0.6, "volatility": 0.3, "long_run_log_mean": 4.0,
            "half_life": 12.0 * math.log(2.0) / 0.6,
        },
        draw=partial(_schwartz, speed=0.6),
        fit=_fit("schwartz"),
    ),
    "schwartz, fast": Case(
        title="the same with strong reversion",
        truth={"mean_reversion": 4.0, "volatility": 0.3, "long_run_log_mean": 4.0},
        draw=partial(_schwartz, speed=4.0),
        fit=_fit("schwartz"),
    ),
    "schwartz, quarters": Case(
        title="44 quarter ends",
        truth={"mean_reversion": 0.5, "volatility": 0.35, "long_run_log_mean": 4.0},
        draw=_schwartz_by_quarters,
        fit=_fit("schwartz"),
    ),
    "schwartz, late quotes": Case(
        title="600 weekly quotes",
        truth={
            "mean_reversion": 1.5, "volatility": 0.4, "long_run_log_mean": 4.0,
            "immediate_share": 0.5, "persistence": 0.6,
        },
        draw=_schwartz_behind_quotes,
        fit=_fit("schwartz", smoothing="lag"),
    ),
    "regime-switching": Case(
        title="520 weeks of two regimes with a drift each",
        truth={
            "volatility_calm": 0.15, "volatility_volatile": 0.6,
            "log_drift_calm": 0.05 - 0.5 * 0.15**2, "log_drift_volatile": 0.1 - 0.5 * 0.6**2,
            "intensity_calm_to_volatile": 0.8, "intensity_volatile_to_calm": 2.0,
            "spell_calm": 15.0, "spell_volatile": 6.0,
        },
        draw=partial(_regimes, model=REGIMES),
        fit=_fit("regime-switching"),
    ),
    "regime-switching, levels": Case(
        title="520 weeks of two regimes with a level each",
        truth={
            "volatility_calm": 0.15, "volatility_volatile": 0.5,
            "log_level_calm": 4.0, "log_level_volatile": 4.8, "mean_reversion": 4.0,
            "intensity_calm_to_volatile": 0.5, "intensity_volatile_to_calm": 1.0,
            "spell_calm": 24.0, "spell_volatile": 12.0,
        },
        draw=partial(_regimes, model=LEVELS),
        fit=_fit("regime-switching", is_mean_reverting=True),
    ),
    "schwartz-smith": Case(
        title="250 weeks of three contracts, a fifth of the prices missing",
        truth=TWO_FACTOR_TRUTH | _of_errors(ERRORS),
        draw=partial(_panel, model=FACTORS, errors=ERRORS, n_dates=250, missing=0.2),
        fit=_fit("schwartz-smith"),
    ),
    "schwartz-smith, exact": Case(
        title="200 weeks of three contracts, one with hardly an error",
        truth=TWO_FACTOR_TRUTH | _of_errors(EXACT),
        draw=partial(_panel, model=FACTORS, errors=EXACT, n_dates=200),
        fit=_fit("schwartz-smith"),
    ),
    "n-factor, one": Case(
        title="150 weeks of three contracts",
        truth={
            "volatility[0]": 0.25, "risk_premium[0]": 0.05, "pricing_drift": -0.01,
            "physical_drift": 0.04, **_of_errors(ERRORS),
        },
        draw=partial(_panel, model=ONE_FACTOR, errors=ERRORS, n_dates=150),
        fit=_fit("n-factor", n_factors=1),
    ),
}  # fmt: skip
"""Name -> case. To add one write its line, then ``python -m docs.coverage --cases NAME``."""
