"""Options of every command that fits a model: how, and what this kind of model takes besides."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Smoothing = Annotated[str, typer.Option(help="none, or lag: quotes follow the price late.")]
Regimes = Annotated[
    int | None, typer.Option(help="Of regime-switching: how many, 2 to 4; 2 by default.")
]
MeanReverting = Annotated[
    bool, typer.Option("--mean-reverting", help="Of regime-switching: each regime has a level.")
]
JumpTest = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Of models that jump: simulate N histories without, to see if any did."
    ),
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Leave out intervals and starts that take long.")
]


def fit_options_of(
    model: str,
    *,
    smoothing: str = "none",
    regimes: int | None = None,
    mean_reverting: bool = False,
    jump_test: int | None = None,
    quick: bool = False,
) -> dict[str, Any]:
    """Return what the options say to :func:`montecarlo.calibrate.fit`, beside its horizon.

    Raises
    ------
    ValueError
        For an option that this kind of model does not take, naming it as it was given.

    Examples
    --------
    >>> fit_options_of("regime-switching", regimes=3)
    {'n_regimes': 3}
    >>> fit_options_of("gbm", regimes=3)
    Traceback (most recent call last):
    ValueError: --regimes must not be given for gbm, which has none
    """
    from montecarlo.calibrate.kinds import kind_of, taken_by

    taken = taken_by(model, smoothing)
    given: dict[str, tuple[str, Any, str]] = {
        "--regimes": ("n_regimes", regimes, "which has none"),
        "--mean-reverting": (
            "is_mean_reverting", mean_reverting or None, "which says itself whether it reverts"
        ),
        "--jump-test": ("n_simulated", jump_test, "which does not jump"),
    }  # fmt: skip
    found: dict[str, Any] = {}
    for option, (name, value, why) in given.items():
        if value is not None and name not in taken:
            message = f"{option} must not be given for {model}, {why}"
            raise ValueError(message)
        if value is not None:
            found[name] = value
    if quick:
        lean = {name: value for name, value in kind_of(model).quick.items() if name in taken}
        found = {**lean, **found}
    return found
