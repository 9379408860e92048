"""A Gaussian law made ready for one grid: coefficients of every date, and blocks from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo.block import PathBlock
from montecarlo.checks import FloatArray
from montecarlo.engine.kernels import STRIP, fill_block, fill_mirrored_block
from montecarlo.random import STEPS

_ALIGNMENT = 64
_FEW_NOISES = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaussianWorkspace:
    """Arrays of one thread: price (n_names, n_dates, n), states and normals of a strip."""

    price: FloatArray
    state: FloatArray
    angles: npt.NDArray[np.uint32]
    normals: FloatArray
    by_name: dict[str, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaussianSource:
    """A Gaussian law made ready for one grid, seed and measure.

    Parameters
    ----------
    names
        The prices.
    key
        Of the random numbers.
    is_mirrored
        Whether odd paths reverse every shock of the even path before them.
    starts, n_reads
        Factors of each price (n_names + 1,); how many normals, the first ones, each factor reads.
    decay, loading, scale
        Of each date: decay (n_dates, n_factors), loading (n_dates, n_factors, n_noises), and what
        multiplies the exponential (n_dates, n_names): 32-bit floats to simulate in these.
    """

    names: tuple[str, ...]
    key: npt.NDArray[np.uint64]
    is_mirrored: bool
    starts: npt.NDArray[np.int64]
    n_reads: npt.NDArray[np.int64]
    decay: FloatArray
    loading: FloatArray
    scale: FloatArray

    @property
    def n_dates(self) -> int:
        """How many dates each price has."""
        return int(self.scale.shape[0])

    @property
    def n_paths(self) -> int | None:
        """None: there is no end of paths."""
        return None

    def workspace(self, n_paths: int) -> GaussianWorkspace:
        """Return fresh arrays for blocks of ``n_paths`` paths."""
        n_factors, n_noises = self.loading.shape[1:]
        kind = self.decay.dtype
        strip = STRIP if n_noises <= _FEW_NOISES else STRIP // 2
        n = min(strip, n_paths)
        price = aligned((len(self.names), self.n_dates, n_paths), kind)
        return GaussianWorkspace(
            price=price,
            state=aligned((n_factors + 1, n), kind),
            angles=np.empty((2, n), dtype=np.uint32),
            normals=aligned((n_noises, STEPS, n), kind),
            by_name={name: price[a] for a, name in enumerate(self.names)},
        )

    def fill(self, first_path: int, workspace: GaussianWorkspace) -> PathBlock:
        """Simulate the paths from ``first_path`` on, as many as the workspace is wide."""
        fill = fill_mirrored_block if self.is_mirrored else fill_block
        fill(
            self.key,
            np.uint64(first_path),
            self.starts,
            self.n_reads,
            self.decay,
            self.loading,
            self.scale,
            workspace.angles,
            workspace.normals,
            workspace.state,
            workspace.price,
        )
        return PathBlock(
            first_path=first_path, n_paths=workspace.price.shape[2], price=workspace.by_name
        )


def aligned(shape: tuple[int, ...], kind: npt.DTypeLike = np.float64) -> FloatArray:
    """Return a zero array that starts on a cache line."""
    n_bytes = np.dtype(kind).itemsize * int(np.prod(shape))
    raw = np.zeros(n_bytes + _ALIGNMENT, dtype=np.uint8)
    offset = -raw.ctypes.data % _ALIGNMENT
    return raw[offset : offset + n_bytes].view(kind).reshape(shape)
