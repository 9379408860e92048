"""What is worked out from each path."""

from __future__ import annotations

from typing import Protocol

from montecarlo.block import PathBlock
from montecarlo.checks import FloatArray


class Functional(Protocol):
    """What is worked out from each path: the only thing a contract must be.

    Attributes
    ----------
    n_outputs
        Rows of what it returns.
    n_kept
        How many of the first rows are also kept path by path (8 bytes a path and row).
    """

    @property
    def n_outputs(self) -> int:
        """Rows of what it returns."""
        ...

    @property
    def n_kept(self) -> int:
        """How many of the first rows are kept path by path."""
        ...

    def __call__(self, block: PathBlock) -> FloatArray:
        """Return shape (n_outputs, block.n_paths); called from several threads at once."""
        ...
