"""Histories of prices that jump, and whether the truth lies in the intervals: see docs/coverage.py.

Whether an interval holds the truth is told by the likelihood with the parameter held at the truth
(:meth:`montecarlo.calibrate.jump_interval.HeldParameter.holds`), so that neither end need be found:
six times quicker than a fit with its intervals, and the same by ``tests/calibrate``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np

from docs.coverage_cases import MONDAY, Case, Outcomes, history_of
from montecarlo.calibrate import PriceHistory, fit
from montecarlo.calibrate.jump_interval import held_parameters
from montecarlo.calibrate.jump_likelihood import JumpLikelihood
from montecarlo.calibrate.jump_search import maximum
from montecarlo.calibrate.jump_setting import setting_of

MONTH, QUARTER = 30, 91
SMALL = {"volatility": 0.2, "jump_intensity": 1.0, "jump_mean": 0.12, "jump_volatility": 0.08}
LARGE = {"volatility": 0.15, "jump_intensity": 1.2, "jump_mean": 0.35, "jump_volatility": 0.1}
OXIDE = {"volatility": 0.19, "jump_intensity": 1.07, "jump_mean": 0.39, "jump_volatility": 0.15}
"""As fitted to quarter ends of NdPr, with some spread of its jumps."""
BURNED_IN = 10.0
"""Years before a mean-reverting history begins, from its mean."""


def jumping(seed: int, *, truth: Mapping[str, float], days: int, n: int) -> PriceHistory:
    """Return a history of n steps of some days; jumps at their own moments, NumPy's generator."""
    rng = np.random.default_rng(seed)
    step = days / 365.0
    kappa = truth.get("mean_reversion", 0.0)
    size = math.expm1(truth["jump_mean"] + 0.5 * truth["jump_volatility"] ** 2)
    jumped = truth["jump_intensity"] * truth["jump_mean"]
    burned = round(BURNED_IN / step) if kappa else 0
    log = truth["long_run_log_mean"] + jumped / kappa if kappa else 4.0
    logs = [log]
    for _ in range(n + burned):
        count = rng.poisson(truth["jump_intensity"] * step)
        left = np.exp(-kappa * step * rng.random(count))
        jumps = rng.normal(truth["jump_mean"], truth["jump_volatility"], count)
        if kappa:
            fade = math.exp(-kappa * step)
            spread = truth["volatility"] * math.sqrt((1.0 - fade**2) / (2.0 * kappa))
            log = truth["long_run_log_mean"] + fade * (log - truth["long_run_log_mean"])
        else:
            spread = truth["volatility"] * math.sqrt(step)
            drift = truth["drift"] - 0.5 * truth["volatility"] ** 2
            log += (drift - truth["jump_intensity"] * size) * step
        log += spread * rng.normal() + float(np.sum(left * jumps))
        logs.append(log)
    return history_of(MONDAY + days * np.arange(n + 1), np.array(logs[burned:]))


def outcomes(history: PriceHistory, truth: Mapping[str, float], *, kind: str) -> Outcomes:
    """Return parameter -> estimate, and on which side of its interval the truth lies."""
    logs, steps = np.log(history.prices), history.steps()
    setting = setting_of(kind, logs, steps)
    likelihood = JumpLikelihood(logs, steps, setting.most_intense)
    found = maximum(setting, likelihood)
    out = {}
    for held in held_parameters(setting, likelihood, found):
        name = held.parameter.name
        estimate = found.peak.by_name()[name]
        side = "below" if truth[name] < estimate else "above"
        out[name] = (estimate, "held" if held.holds(truth[name]) else side)
    return out


def _case(kind: str, title: str, truth: Mapping[str, float], days: int, n: int) -> Case:
    terms = dict(truth) | {"drift": 0.05}
    if kind == "jump-diffusion":
        speed = {"mean_reversion": 1.35 if truth is OXIDE else 1.0}
        terms = speed | dict(truth) | {"long_run_log_mean": 3.9}
    return Case(
        title=title,
        truth=terms,
        draw=partial(jumping, truth=terms, days=days, n=n),
        fit=partial(fit, kind=kind),
        outcomes=partial(outcomes, kind=kind),
    )


_HISTORIES: dict[str, tuple[str, Mapping[str, float], int, int]] = {
    "small jumps": ("300 months, one jump a year of 2.5 monthly deviations", SMALL, MONTH, 300),
    "large jumps": ("300 months, jumps of eight monthly deviations", LARGE, MONTH, 300),
    "like NdPr, months": ("180 months, jumps as in NdPr", OXIDE, MONTH, 180),
    "like NdPr, quarters": ("45 quarters, jumps as in NdPr, a dozen", OXIDE, QUARTER, 45),
}
JUMP_CASES: dict[str, Case] = {
    f"{kind}, {name}": _case(kind, *terms)
    for kind in ("merton", "jump-diffusion")
    for name, terms in _HISTORIES.items()
}
"""Name -> case."""
