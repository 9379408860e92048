"""From the plain terms of a market file to the model of a price."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from contracts.conventions import DAYS_IN_YEAR
from contracts.paths import nearest

if TYPE_CHECKING:
    from montecarlo import ForwardCurve
    from montecarlo.models.joint import Member


KINDS = {
    "bootstrap": "HistoricalBootstrap",
    "constant": "Constant",
    "gbm": "GBM",
    "gibson-schwartz": "GibsonSchwartz",
    "inflation": "Inflation",
    "jump-diffusion": "JumpDiffusion",
    "merton": "Merton",
    "n-factor": "NFactor",
    "regime-switching": "RegimeSwitching",
    "schwartz": "Schwartz",
    "schwartz-smith": "SchwartzSmith",
    "stochastic-volatility": "StochasticVolatility",
}
"""Kind in a market file -> class in :mod:`montecarlo.models`, imported when a market names it."""


def parameters_of(terms: Mapping[str, Any], today: datetime.date) -> dict[str, Any]:
    """Return a model's kind and parameters, dates turned into years from today.

    Parameters
    ----------
    terms
        Of the model, as read; numbers that change on dates are pairs of date and number.

    Examples
    --------
    >>> today = datetime.date(2026, 1, 1)
    >>> rates = ((datetime.date(2025, 6, 1), 0.5), (datetime.date(2027, 1, 1), 2.0))
    >>> parameters_of({"kind": "merton", "jump_intensity": rates}, today)["jump_intensity"]
    Intensity(times=(0.0, 1.0), rates=(0.5, 2.0))
    """
    return {key: _years(value, today) for key, value in terms.items() if key != "note"}


def _years(value: object, today: datetime.date) -> object:
    if isinstance(value, tuple):
        return _intensity(value, today)
    return parameters_of(value, today) if isinstance(value, Mapping) else value


def _intensity(dated: tuple[tuple[datetime.date, float], ...], today: datetime.date) -> Any:  # noqa: ANN401
    from montecarlo.engine.intensity import Intensity

    held = {0.0: 0.0}
    for date, rate in dated:
        # What began in the past holds today; the latest of those counts.
        held[max((date - today).days / DAYS_IN_YEAR, 0.0)] = rate
    return Intensity(times=tuple(held), rates=tuple(held.values()))


def regime_switching(
    *,
    regimes: Mapping[str, Mapping[str, Any]],
    transitions: Mapping[str, Mapping[str, Mapping[str, Any]]],
    **parameters: Any,  # noqa: ANN401
) -> Member:
    """Return a model of regimes from its terms, in which names are keys.

    Raises
    ------
    ValueError
        When a transition names a regime that there is not, or the model refuses its parameters.
    """
    from montecarlo import Regime, RegimeSwitching, Transition

    moves = [
        (leaving, entering, terms)
        for leaving, row in transitions.items()
        for entering, terms in row.items()
    ]
    for leaving, entering, _ in moves:
        for name in (leaving, entering):
            if name not in regimes:
                message = f"transitions must name regimes; {nearest(name, regimes)}, got {name!r}"
                raise ValueError(message)
        if leaving == entering:
            message = f"transitions must lead to another regime, got {leaving!r} to {entering!r}"
            raise ValueError(message)
    return RegimeSwitching(
        regimes=tuple(Regime(name=name, **terms) for name, terms in regimes.items()),
        transitions=tuple(
            Transition(leaving=leaving, entering=entering, **terms)
            for leaving, entering, terms in moves
        ),
        **parameters,
    )


def bootstrap(
    *,
    stream: str | None,
    history: Mapping[str, float],
    **parameters: Any,  # noqa: ANN401
) -> Member:
    """Return a model that repeats the past, from its monthly prices."""
    from montecarlo import HistoricalBootstrap

    return HistoricalBootstrap.from_monthly_prices(history, stream=stream or "", **parameters)


def price_model(name: str, model: Mapping[str, Any], forward_curve: ForwardCurve) -> Member:
    """Return the simulation model of a price around its forward curve.

    Examples
    --------
    >>> from montecarlo import ForwardCurve
    >>> terms = {"kind": "gbm", "volatility": 0.2, "risk_premium": 0.0}
    >>> price_model("copper", terms, ForwardCurve.flat(9.0)).log_variance(2.0).round(3)
    np.float64(0.08)
    """
    from montecarlo import models

    kind = str(model["kind"])
    build: Callable[..., Member] = _BUILT.get(kind) or getattr(models, KINDS[kind])
    parameters = {key: value for key, value in model.items() if key != "kind"}
    return build(name=name, forward_curve=forward_curve, **parameters)


_BUILT: dict[str, Callable[..., Member]] = {
    "bootstrap": bootstrap,
    "regime-switching": regime_switching,
}
"""Kinds whose terms are not the fields of their class."""
