"""What is searched for when factors are fitted to futures prices, and where the search begins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from montecarlo.calibrate.free_parameter import FreeParameter
from montecarlo.calibrate.kalman import filtered
from montecarlo.calibrate.panel import FuturesPanel
from montecarlo.calibrate.term_structure import FactorValues, PanelRows, state_space
from montecarlo.checks import FloatArray

FIRST_SPEEDS = (0.5, 1.5, 4.0)
N_STARTS = 3
ROUNDS = 4
LEAST_GUESS = 1e-3


def free_parameters(n_factors: int, groups: Sequence[str]) -> tuple[FreeParameter, ...]:
    """Return what is searched for, in the order of :func:`factor_values`."""
    n = range(n_factors)
    return (
        *(FreeParameter(name=f"mean_reversion[{i}]", low=0.0) for i in n[1:]),
        *(FreeParameter(name=f"volatility[{i}]", low=0.0) for i in n),
        *(
            FreeParameter(name=f"correlation[{i}][{j}]", low=-1.0, high=1.0)
            for i in n
            for j in range(i)
        ),
        *(FreeParameter(name=f"risk_premium[{i}]", scale=0.1) for i in n),
        FreeParameter(name="pricing_drift", scale=0.1),
        *(FreeParameter(name=f"measurement_error[{group}]", low=0.0) for group in groups),
    )


def factor_values(at: FloatArray, n_factors: int, n_groups: int) -> FactorValues:
    """Return the parameters of the factors from the numbers searched for."""
    n_pairs = n_factors * (n_factors - 1) // 2
    first_pair = 2 * n_factors - 1
    first_premium = first_pair + n_pairs
    drift = first_premium + n_factors
    correlation = np.eye(n_factors)
    pairs = iter(at[first_pair:first_premium])
    for i in range(n_factors):
        for j in range(i):
            correlation[i, j] = correlation[j, i] = next(pairs)
    mean_reversion = np.zeros(n_factors)
    mean_reversion[1:] = at[: n_factors - 1]
    return FactorValues(
        mean_reversion=mean_reversion,
        volatility=at[n_factors - 1 : first_pair],
        correlation=correlation,
        risk_premium=at[first_premium:drift],
        drift=float(at[drift] + at[first_premium]),
        errors=at[drift + 1 : drift + 1 + n_groups],
    )


def search_starts(
    rows: PanelRows,
    n_factors: int,
    free: Sequence[FreeParameter],
    given: Sequence[Mapping[str, float]] | None,
) -> list[dict[str, float]]:
    """Return the starts that were given, completed by a guess; or the likeliest guesses."""
    names = [parameter.name for parameter in free]
    guesses = _guesses(rows, n_factors, names)
    if given is None:
        return guesses[:N_STARTS]
    for one in given:
        unknown = [name for name in one if name not in names]
        if unknown:
            msg = f"start must be of {', '.join(names)}, got {unknown[0]!r}"
            raise ValueError(msg)
    return [{**guesses[0], **{k: float(v) for k, v in one.items()}} for one in given]


def _guesses(rows: PanelRows, n_factors: int, names: Sequence[str]) -> list[dict[str, float]]:
    """Return guesses, the likeliest first: mean reversions, each with one group nearly exact.

    Which prices the factors follow, and which they leave to the errors, is what maxima differ in.
    The other errors are what the factors leave over, found in a few rounds.
    """
    near, far = _volatilities(rows.panel)
    short = math.sqrt(max(near**2 - far**2, (0.5 * near) ** 2))
    n_groups = len(rows.groups)
    found = []
    for speed in FIRST_SPEEDS if n_factors > 1 else FIRST_SPEEDS[:1]:
        guess = dict.fromkeys(names, 0.0)
        for i in range(n_factors):
            guess[f"volatility[{i}]"] = far if i == 0 else short / math.sqrt(n_factors - 1.0)
            if i:
                guess[f"mean_reversion[{i}]"] = speed * 4.0 ** (i - 1)
        for exact in range(n_groups):
            errors = np.full(n_groups, 0.03)
            errors[exact] = LEAST_GUESS
            for _ in range(ROUNDS):
                tried = {**guess, **_named(rows.groups, errors)}
                at = np.array([tried[name] for name in names])
                system = state_space(rows, factor_values(at, n_factors, n_groups))
                last = filtered(system)
                date = np.repeat(np.arange(rows.panel.dates.size), np.diff(rows.first))
                left_over = rows.observed - system.intercept
                left_over -= (system.loading * last.states[date]).sum(axis=1)
                squares = np.bincount(rows.group, left_over**2) / np.bincount(rows.group)
                errors = np.maximum(np.sqrt(squares), LEAST_GUESS)
            found.append((last.log_likelihood, tried))
    return [tried for _, tried in sorted(found, key=lambda pair: -pair[0])]


def _named(groups: Sequence[str], errors: FloatArray) -> dict[str, float]:
    return {
        f"measurement_error[{group}]": float(error)
        for group, error in zip(groups, errors, strict=True)
    }


def _volatilities(panel: FuturesPanel) -> tuple[float, float]:
    """Return the volatility of the contracts with least and with most time left, roughly."""
    steps = panel.steps()[:, None]
    with np.errstate(invalid="ignore"):
        squared = np.diff(np.log(panel.prices), axis=0) ** 2 / steps
    left = panel.years_left()[1:]
    is_known = np.isfinite(squared)
    if not is_known.any():
        return 0.3, 0.2
    middle = float(np.median(left[is_known]))
    near, far = (
        math.sqrt(float(np.mean(squared[is_known & part])))
        for part in (left <= middle, left >= middle)
    )
    return max(near, LEAST_GUESS), max(far, LEAST_GUESS)
