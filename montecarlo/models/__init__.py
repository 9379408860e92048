"""Price models, by name."""

from __future__ import annotations

from montecarlo.models.constant import Constant
from montecarlo.models.gbm import GBM
from montecarlo.models.joint import Joint
from montecarlo.models.jump_diffusion import JumpDiffusion
from montecarlo.models.merton import Merton
from montecarlo.models.schwartz import Schwartz
from montecarlo.models.schwartz_smith import SchwartzSmith
from montecarlo.models.supplied import SuppliedPaths

MODELS = {
    "constant": Constant,
    "gbm": GBM,
    "joint": Joint,
    "jump_diffusion": JumpDiffusion,
    "merton": Merton,
    "schwartz": Schwartz,
    "schwartz_smith": SchwartzSmith,
    "supplied": SuppliedPaths,
}
"""File in this folder -> the class it holds."""

__all__ = [
    "GBM",
    "MODELS",
    "Constant",
    "Joint",
    "JumpDiffusion",
    "Merton",
    "Schwartz",
    "SchwartzSmith",
    "SuppliedPaths",
]
