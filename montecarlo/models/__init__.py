"""Price models, by name; each is imported at its first use.

>>> MODELS["gbm"]
'GBM'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from montecarlo.models.bootstrap import HistoricalBootstrap
    from montecarlo.models.constant import Constant
    from montecarlo.models.fx import FX
    from montecarlo.models.gbm import GBM
    from montecarlo.models.gibson_schwartz import GibsonSchwartz
    from montecarlo.models.inflation import Inflation
    from montecarlo.models.joint import Joint
    from montecarlo.models.jump_diffusion import JumpDiffusion
    from montecarlo.models.merton import Merton
    from montecarlo.models.n_factor import NFactor
    from montecarlo.models.regime_switching import RegimeSwitching
    from montecarlo.models.schwartz import Schwartz
    from montecarlo.models.schwartz_smith import SchwartzSmith
    from montecarlo.models.shocked import Shocked
    from montecarlo.models.stochastic_volatility import StochasticVolatility
    from montecarlo.models.supplied import SuppliedPaths
    from montecarlo.models.support_feedback import SupportFeedback

MODELS = {
    "bootstrap": "HistoricalBootstrap",
    "constant": "Constant",
    "fx": "FX",
    "gbm": "GBM",
    "gibson_schwartz": "GibsonSchwartz",
    "inflation": "Inflation",
    "joint": "Joint",
    "jump_diffusion": "JumpDiffusion",
    "merton": "Merton",
    "n_factor": "NFactor",
    "regime_switching": "RegimeSwitching",
    "schwartz": "Schwartz",
    "schwartz_smith": "SchwartzSmith",
    "shocked": "Shocked",
    "stochastic_volatility": "StochasticVolatility",
    "supplied": "SuppliedPaths",
    "support_feedback": "SupportFeedback",
}
"""File in this folder -> the class it holds."""

_FILES = {known: file for file, known in MODELS.items()}

__all__ = [
    "FX",
    "GBM",
    "MODELS",
    "Constant",
    "GibsonSchwartz",
    "HistoricalBootstrap",
    "Inflation",
    "Joint",
    "JumpDiffusion",
    "Merton",
    "NFactor",
    "RegimeSwitching",
    "Schwartz",
    "SchwartzSmith",
    "Shocked",
    "StochasticVolatility",
    "SuppliedPaths",
    "SupportFeedback",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _FILES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_FILES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_FILES])
