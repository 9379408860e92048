"""What the statistical tests of the generator look at: designs of draws, and streams of words.

A design says which numbers are drawn: a seed, 120 steps and an even number of factors of many
paths, starting anywhere. Every pair of factors over the 120 steps has the 240 normals that a
price of two factors over ten years takes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import special

from montecarlo import single
from montecarlo.checks import FloatArray
from montecarlo.inverse_normal import open_uniforms_to_normals
from montecarlo.jit import kernel
from montecarlo.philox import LOW, SHIFT_WORD, key_of, philox_words
from montecarlo.random import normal_rows

WordArray = npt.NDArray[np.uint64]

SEED = 20250709
"""Of the run in the docs, which starts at path 0 everywhere."""
N_STEPS = 120
BLOCK = 256
"""Paths of a block; pairs of paths 128 apart are found within one."""

_SHIFT_OPEN = np.uint64(12)


@kernel
def fill_words(
    key: WordArray, first_path: np.uint64, quad: np.uint64, factor: np.uint64, words: WordArray
) -> None:
    """Write both words of some counters: shape (n_quads, n_factors, 2, n_paths)."""
    n_quads, n_factors, _, n_paths = words.shape
    for i in range(n_quads):
        for k in range(n_factors):
            for j in range(n_paths):
                path = first_path + np.uint64(j)
                words[i, k, 0, j], words[i, k, 1, j] = philox_words(
                    path & LOW,
                    path >> SHIFT_WORD,
                    quad + np.uint64(i),
                    factor + np.uint64(k),
                    key[0],
                    key[1],
                )


@kernel
def fill_normals(
    key: WordArray, first_path: np.uint64, quad: np.uint64, factor: np.uint64, z: FloatArray
) -> None:
    """Write the normals of the same counters: shape (4 n_quads, n_factors, n_paths)."""
    n_steps, n_factors, _ = z.shape
    for i in range(n_steps // 4):
        for k in range(n_factors):
            normal_rows(
                key,
                first_path,
                quad + np.uint64(i),
                factor + np.uint64(k),
                z[4 * i, k],
                z[4 * i + 1, k],
                z[4 * i + 2, k],
                z[4 * i + 3, k],
            )


@kernel
def fill_singles(
    key: WordArray, first_path: np.uint64, quad: np.uint64, factor: np.uint64, z: FloatArray
) -> None:
    """Write the 32-bit normals of the same counters, as doubles."""
    n_steps, n_factors, n_paths = z.shape
    angles = np.empty((2, n_paths), dtype=np.uint32)
    rows = np.empty((4, n_paths), dtype=np.float32)
    for i in range(n_steps // 4):
        for k in range(n_factors):
            single.draw_rows(
                key, first_path, quad + np.uint64(i), factor + np.uint64(k), angles, rows, n_paths
            )
            for m in range(4):
                for j in range(n_paths):
                    z[4 * i + m, k, j] = float(rows[m, j])


@kernel
def invert_words(words: WordArray, z: FloatArray) -> None:
    """Write one normal for each word, through the inverse: shape (2 n_quads, n_factors, n_paths).

    The uniforms are those of the scrambled Sobol points: 52 bits and a half.
    """
    n_quads, n_factors, _, n_paths = words.shape
    for i in range(n_quads):
        for k in range(n_factors):
            for m in range(2):
                row = z[2 * i + m, k]
                for j in range(n_paths):
                    high = words[i, k, m, j] >> _SHIFT_OPEN
                    row[j] = (float(np.int64(high)) + 0.5) * 2.0**-52
                open_uniforms_to_normals(row)


@dataclass(frozen=True, kw_only=True)
class Design:
    """Which numbers are drawn, and how normals are made of them.

    ``method`` is "double", "single" or "inverse"; ``seed + 1`` is the neighbour that the seed is
    held against.
    """

    name: str
    seed: int
    n_paths: int
    first_path: int = 0
    first_quad: int = 0
    first_factor: int = 0
    n_factors: int = 10
    method: str = "double"

    @property
    def n_draws(self) -> int:
        """Return how many normals it has."""
        return self.n_paths * N_STEPS * self.n_factors

    @property
    def largest(self) -> float:
        """Return the size that no normal of this method exceeds, by its construction."""
        if self.method == "inverse":
            return float(-special.ndtri(2.0**-53))
        # To the rounding of 32 bits.
        return float(np.sqrt(2.0 * 41.0 * np.log(2.0))) * (1.0 + 1e-6)


Draw: TypeAlias = Callable[[Design, int], tuple[WordArray, FloatArray]]


def draw(design: Design, first_path: int) -> tuple[WordArray, FloatArray]:
    """Return words and normals of one block of paths, the same counters in both."""
    key = key_of(design.seed)
    start = (np.uint64(first_path), np.uint64(design.first_quad), np.uint64(design.first_factor))
    n_quads = N_STEPS // (2 if design.method == "inverse" else 4)
    words = np.empty((n_quads, design.n_factors, 2, BLOCK), dtype=np.uint64)
    z = np.empty((N_STEPS, design.n_factors, BLOCK))
    fill_words(key, *start, words)
    if design.method == "inverse":
        invert_words(words, z)
    else:
        (fill_singles if design.method == "single" else fill_normals)(key, *start, z)
    return words, z


def designs(n_draws: float, seed: int) -> list[Design]:
    """Return the main design, of at least so many draws, and a tenth of that for each other.

    Those are the ends of the ranges of paths, seeds, steps and factors, 32-bit normals, and
    normals through the inverse. Where the seed is one of the ends, other paths are taken under
    another ``seed``, so that a second run has new numbers throughout.

    Examples
    --------
    >>> [design.name for design in designs(1e9, 1)][:2]
    ['main', 'paths at 2**32']
    """

    def paths(share: float) -> int:
        return BLOCK * -int(-n_draws * share // (BLOCK * N_STEPS * 10))

    tenth = paths(0.1)
    main = Design(name="main", seed=seed, n_paths=paths(1.0))
    # So that half of the paths are on either side.
    edge = 2**32 - BLOCK * (tenth // BLOCK // 2)
    other = dataclasses.replace(main, n_paths=tenth)
    elsewhere = 2**20 * (seed % SEED)
    return [
        main,
        dataclasses.replace(other, name="paths at 2**32", first_path=edge),
        dataclasses.replace(other, name="last seeds", seed=2**64 - 2, first_path=elsewhere),
        dataclasses.replace(
            other,
            name="far steps and factors",
            seed=0,
            first_path=elsewhere,
            first_quad=2**20,
            first_factor=2**16,
        ),
        dataclasses.replace(other, name="32-bit", seed=seed + 2, method="single"),
        dataclasses.replace(other, name="inverse", seed=seed + 4, method="inverse"),
    ]


def stream(order: str, seed: int) -> Iterator[bytes]:
    """Yield the generator's 32-bit words without end, in the order of a simulation.

    With ``paths``, 512 paths, then factors (2), then steps (120), then further paths, as the
    blocks of a simulation call for them. With ``steps``, path by path: the factors of the first
    four steps, of the next four, and so on.
    """
    key = key_of(seed)
    n_paths = 512
    words = np.empty((N_STEPS // 4, 2, 2, n_paths), dtype=np.uint64)
    first_path = 0
    while True:
        fill_words(key, np.uint64(first_path), np.uint64(0), np.uint64(0), words)
        axes = (0, 1, 3, 2) if order == "paths" else (3, 0, 1, 2)
        in_order = np.ascontiguousarray(words.transpose(axes))
        # The four words of a counter as the generator numbers them: the high half first.
        yield in_order.view("<u4").reshape(-1, 2)[:, ::-1].tobytes()
        first_path += n_paths
