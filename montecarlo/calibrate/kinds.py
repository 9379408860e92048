"""Which models can be fitted, by the kind that a market file names.

To add one, write ``montecarlo/calibrate/<name>.py`` with a function that takes a
:class:`~montecarlo.calibrate.history.PriceHistory` and ``horizon=`` and returns a
:class:`~montecarlo.calibrate.fitted.Fit`, and add its line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from montecarlo.calibrate.fitted import Fit
    from montecarlo.calibrate.history import PriceHistory
    from montecarlo.curve import ForwardCurve
    from montecarlo.models.protocol import PriceModel


@dataclass(frozen=True, slots=True, kw_only=True)
class FitKind:
    """Where the functions of one kind of fit are, as ``module:function``.

    Parameters
    ----------
    title
        The model in words.
    fit
        ``(history, *, horizon) -> Fit``.
    terms
        ``(fit) -> dict``, the terms that a market file holds, where these are not simply the
        parameters with the role ``model`` and the structure.
    model
        ``(fit, name, forward_curve) -> model``, where the model does not simply take those terms
        and, without a curve, ``spot`` and the parameters with the role ``physical``.
    quick
        Options of ``fit`` that leave out what only intervals and warnings need, for those who fit
        many histories.
    options
        ``(fit) -> dict``, the options of ``fit`` that repeat it on another history, where there
        are any.
    takes
        ``history``, one price a date, or ``panel``, futures prices of several contracts a date.
    """

    title: str
    fit: str
    terms: str = ""
    model: str = ""
    quick: Mapping[str, Any] = field(default_factory=dict)
    options: str = ""
    takes: Literal["history", "panel"] = "history"


KINDS: dict[str, FitKind] = {
    "gbm": FitKind(title="geometric Brownian motion", fit="montecarlo.calibrate.gbm:fit_gbm"),
    "jump-diffusion": FitKind(
        title="mean-reverting log price with jumps",
        fit="montecarlo.calibrate.jump_diffusion:fit_jump_diffusion",
        quick={"is_interval_found": False, "n_simulated": 0},
    ),
    "merton": FitKind(
        title="geometric Brownian motion with jumps",
        fit="montecarlo.calibrate.jump_diffusion:fit_merton",
        quick={"is_interval_found": False, "n_simulated": 0},
    ),
    "n-factor": FitKind(
        title="several Gaussian factors, from futures prices",
        fit="montecarlo.calibrate.futures:fit_n_factor",
        terms="montecarlo.calibrate.futures:n_factor_terms",
        model="montecarlo.calibrate.futures:n_factor_model",
        quick={"is_interval_found": False},
        takes="panel",
    ),
    "regime-switching": FitKind(
        title="a market in one of several states",
        fit="montecarlo.calibrate.regimes:fit_regimes",
        terms="montecarlo.calibrate.regimes:regime_terms",
        model="montecarlo.calibrate.regimes:regime_model",
        quick={"n_starts": 2, "is_interval_found": False},
        options="montecarlo.calibrate.regime_estimates:regime_options",
    ),
    "schwartz": FitKind(
        title="mean-reverting log price",
        fit="montecarlo.calibrate.ou:fit_schwartz",
        quick={"is_interval_found": False},
    ),
    "schwartz-smith": FitKind(
        title="a fading and a lasting factor, from futures prices",
        fit="montecarlo.calibrate.futures:fit_schwartz_smith",
        terms="montecarlo.calibrate.futures:schwartz_smith_terms",
        model="montecarlo.calibrate.futures:schwartz_smith_model",
        quick={"is_interval_found": False},
        takes="panel",
    ),
}
"""Kind, as a market file names it -> where its functions are."""


def kind_of(kind: str) -> FitKind:
    """Return a kind; an unknown one is refused.

    Examples
    --------
    >>> kind_of("gmb")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: model must be one of gbm, jump-diffusion, merton, ..., got 'gmb'
    """
    if kind not in KINDS:
        msg = f"model must be one of {', '.join(KINDS)}, got {kind!r}"
        raise ValueError(msg)
    return KINDS[kind]


SMOOTHING: dict[str, str] = {
    "gbm": "montecarlo.calibrate.smoothing:fit_gbm_behind_quotes",
    "schwartz": "montecarlo.calibrate.smoothing_ou:fit_schwartz_behind_quotes",
}
"""Kind -> the fit of the same model behind quotes that follow late."""


def fit(
    history: PriceHistory,
    kind: str,
    *,
    horizon: str = "daily",
    smoothing: str = "none",
    **options: Any,  # noqa: ANN401
) -> Fit:
    """Fit a model to a history at a horizon.

    Parameters
    ----------
    history
        Prices; it is sampled at the horizon here.
    kind
        One of :data:`KINDS`.
    horizon
        ``daily`` (every quote), ``week``, ``month``, ``quarter`` (the last quote of each), or
        ``month-average``, ``quarter-average``.
    smoothing
        ``none``, or ``lag``: quotes follow the price late, see
        :mod:`montecarlo.calibrate.smoothing`.
    options
        What this kind of fit takes besides.

    Raises
    ------
    ValueError
        For an unknown kind, horizon or option, or a history to which the model cannot be fitted.
    """
    taken = taken_by(kind, smoothing)
    for name in options:
        if name not in taken:
            msg = f"options of {kind} must be of {', '.join(taken) or 'none'}, got {name!r}"
            raise ValueError(msg)
    return cast("Fit", _function(_path(kind, smoothing))(history, horizon=horizon, **options))


def taken_by(kind: str, smoothing: str = "none") -> tuple[str, ...]:
    """Return the names of the options that a kind of fit takes beside its horizon.

    Examples
    --------
    >>> taken_by("regime-switching")
    ('n_regimes', 'is_mean_reverting', 'n_starts', 'is_interval_found')
    """
    parameters = signature(_function(_path(kind, smoothing))).parameters.values()
    return tuple(
        item.name
        for item in parameters
        if item.kind is Parameter.KEYWORD_ONLY and item.name != "horizon"
    )


def _path(kind: str, smoothing: str) -> str:
    """Return where the fit of a kind is; a smoothing that is not known for it is refused."""
    if smoothing == "none":
        return kind_of(kind).fit
    if smoothing != "lag":
        msg = f"smoothing must be none or lag, got {smoothing!r}"
        raise ValueError(msg)
    kind_of(kind)
    if kind not in SMOOTHING:
        msg = f"smoothing must be none for {kind}; lag goes with {', '.join(SMOOTHING)}"
        raise ValueError(msg)
    return SMOOTHING[kind]


def terms_of(fit: Fit) -> dict[str, Any]:
    """Return the terms of the model of a fit, as a market file holds them beside ``kind``."""
    path = kind_of(fit.kind).terms
    if path:
        return cast("dict[str, Any]", _function(path)(fit))
    estimated = {item.name: item.value for item in fit.parameters if item.role == "model"}
    return {**fit.structure, **estimated}


def options_of(fit: Fit) -> dict[str, Any]:
    """Return the options with which a fit is repeated on another history."""
    path = kind_of(fit.kind).options
    return cast("dict[str, Any]", _function(path)(fit)) if path else {}


def build_model(fit: Fit, *, name: str, forward_curve: ForwardCurve | None) -> PriceModel:
    """Return the simulation model of a fit; see :meth:`Fit.to_model`."""
    from montecarlo import models

    path = kind_of(fit.kind).model
    if path:
        return cast("PriceModel", _function(path)(fit, name, forward_curve))
    model = cast(
        "Callable[..., PriceModel]", getattr(models, models.MODELS[fit.kind.replace("-", "_")])
    )
    if forward_curve is not None:
        return model(name=name, forward_curve=forward_curve, **terms_of(fit))
    physical = {item.name: item.value for item in fit.parameters if item.role == "physical"}
    return model(name=name, spot=fit.last_price, **terms_of(fit), **physical)


def _function(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    return cast("Callable[..., Any]", getattr(import_module(module), name))
