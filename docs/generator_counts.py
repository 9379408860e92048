"""Counts and sums over draws, block by block: all that the statistical tests of a design read.

Normals fall into 1,024 cells of equal probability, by their exact quantiles, and into bins of
2**-16 between -8 and 8, whose edges are exact. Memory is some tens of megabytes, whatever the
number of draws.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special

from docs.generator_draws import BLOCK, N_STEPS, Design, Draw, WordArray, draw
from montecarlo.checks import FloatArray
from montecarlo.jit import kernel

CellArray = npt.NDArray[np.uint16]
CountArray = npt.NDArray[np.int64]

N_CELLS = 1024
N_BINS = 2**20
BINS_A_UNIT = 2**16
N_SUM_CELLS = 256
N_MOMENTS = 8
_PER_SUM = 240
_COARSE = 6

QUANTILES: FloatArray = np.append(special.ndtri(np.arange(1, N_CELLS) / N_CELLS), np.inf)
"""Upper edge of each cell."""

# The cell of the lower end of every 64 bins: none of these ranges holds two edges.
_GUESS: CellArray = np.searchsorted(
    QUANTILES, np.arange(-8.0, 8.0, 2.0**_COARSE / BINS_A_UNIT), side="right"
).astype(np.uint16)
_SUM_EDGES: FloatArray = special.ndtri(np.arange(1, N_SUM_CELLS) / N_SUM_CELLS)
_MAXIMUM_EDGES: FloatArray = special.ndtri(
    (np.arange(1, N_SUM_CELLS) / N_SUM_CELLS) ** (1.0 / _PER_SUM)
)


@kernel
def _classify(
    z: FloatArray,
    guess: CellArray,
    quantiles: FloatArray,
    cells: CellArray,
    bins: CountArray,
    positions: CountArray,
    moments: FloatArray,
) -> None:
    n_steps, n_factors, n_paths = z.shape
    sums = np.zeros((8, n_paths))
    for t in range(n_steps):
        for k in range(n_factors):
            for j in range(n_paths):
                x = z[t, k, j]
                i = np.int64(np.floor(x * 65536.0)) + 524288
                i = max(min(i, 1048575), 0)
                bins[i] += 1
                cell = np.int64(guess[i >> 6])
                cell += x >= quantiles[cell]
                cells[t, k, j] = cell
                positions[t % 4, cell] += 1
            for j in range(n_paths):
                x = z[t, k, j]
                square = x * x
                power = 1.0
                for m in range(0, 8, 2):
                    sums[m, j] += power * x
                    power *= square
                    sums[m + 1, j] += power
    for m in range(8):
        for j in range(n_paths):
            moments[m] += sums[m, j]


@kernel
def _find_cells(z: FloatArray, guess: CellArray, quantiles: FloatArray, cells: CellArray) -> None:
    n_steps, n_factors, n_paths = z.shape
    for t in range(n_steps):
        for k in range(n_factors):
            for j in range(n_paths):
                i = np.int64(np.floor(z[t, k, j] * 65536.0)) + 524288
                cell = np.int64(guess[max(min(i, 1048575), 0) >> 6])
                cells[t, k, j] = cell + (z[t, k, j] >= quantiles[cell])


@kernel
def _pairs(
    z: FloatArray,
    other_z: FloatArray,
    cells: CellArray,
    other_cells: CellArray,
    table: CountArray,
    products: FloatArray,
) -> None:
    """Count 64 x 64 cells; add up x y, (x^2 - 1)(y^2 - 1), x (y^2 - 1) and (x^2 - 1) y."""
    for t in range(z.shape[0]):
        for k in range(z.shape[1]):
            for j in range(z.shape[2]):
                table[cells[t, k, j] >> 4, other_cells[t, k, j] >> 4] += 1
                x = z[t, k, j]
                y = other_z[t, k, j]
                square = x * x - 1.0
                other_square = y * y - 1.0
                products[0] += x * y
                products[1] += square * other_square
                products[2] += x * other_square
                products[3] += square * y


@kernel
def _orderings(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray, e: FloatArray, counts: CountArray
) -> None:
    """Count which of the 120 orderings five neighbours are in."""
    for t in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(a.shape[2]):
                v, w, x, y, z = a[t, k, j], b[t, k, j], c[t, k, j], d[t, k, j], e[t, k, j]
                first = np.int64(w < v) + np.int64(x < v) + np.int64(y < v) + np.int64(z < v)
                second = np.int64(x < w) + np.int64(y < w) + np.int64(z < w)
                third = np.int64(y < x) + np.int64(z < x)
                counts[24 * first + 6 * second + 2 * third + np.int64(z < y)] += 1


@kernel
def _count_words(
    words: WordArray, octets: CountArray, leading: CountArray, trailing: CountArray
) -> None:
    """Count every byte of the words, and pairs of bytes of radius and angle of a word."""
    flat = words.reshape(-1)
    for i in range(flat.shape[0]):
        word = np.int64(flat[i])
        for m in range(8):
            octets[m, (word >> (8 * m)) & 255] += 1
        leading[(word >> 56) & 255, (word >> 16) & 255] += 1
        trailing[(word >> 24) & 255, word & 255] += 1


def _counts(*shape: int) -> Callable[[], CountArray]:
    return lambda: np.zeros(shape, dtype=np.int64)


@dataclasses.dataclass(kw_only=True)
class Tally:
    """Counts of one design. ``pairs`` and ``products`` go by the name of the pair."""

    design: Design
    largest: float = 0.0
    bins: CountArray = dataclasses.field(default_factory=_counts(N_BINS))
    positions: CountArray = dataclasses.field(default_factory=_counts(4, N_CELLS))
    moments: FloatArray = dataclasses.field(default_factory=lambda: np.zeros(N_MOMENTS))
    pairs: dict[str, CountArray] = dataclasses.field(default_factory=dict)
    products: dict[str, FloatArray] = dataclasses.field(default_factory=dict)
    orderings: dict[str, CountArray] = dataclasses.field(default_factory=dict)
    changes: dict[str, CountArray] = dataclasses.field(default_factory=dict)
    sums: CountArray = dataclasses.field(default_factory=_counts(N_SUM_CELLS))
    sum_moments: FloatArray = dataclasses.field(default_factory=lambda: np.zeros(N_MOMENTS))
    maxima: CountArray = dataclasses.field(default_factory=_counts(N_SUM_CELLS))
    minima: CountArray = dataclasses.field(default_factory=_counts(N_SUM_CELLS))
    octets: CountArray = dataclasses.field(default_factory=_counts(8, 256))
    leading: CountArray = dataclasses.field(default_factory=_counts(256, 256))
    trailing: CountArray = dataclasses.field(default_factory=_counts(256, 256))

    def add_words(self, words: WordArray) -> None:
        """Count the words of a block."""
        _count_words(words, self.octets, self.leading, self.trailing)

    def add_normals(self, z: FloatArray, neighbour: FloatArray) -> None:
        """Count the normals of a block, and those of the neighbouring seed beside them."""
        cells = self._add_cells(z)
        other = np.empty(neighbour.shape, dtype=np.uint16)
        _find_cells(neighbour, _GUESS, QUANTILES, other)
        for name, here, there in _pair_slices(z.shape[1]):
            self._add_pair(name, z[here], z[there], cells[here], cells[there])
        self._add_pair("(seed, seed+1)", z, neighbour, cells, other)
        self._add_transposed(z, cells)
        self._add_orders(z, cells)
        self._add_sums(z)

    def _add_cells(self, z: FloatArray) -> CellArray:
        cells = np.empty(z.shape, dtype=np.uint16)
        _classify(z, _GUESS, QUANTILES, cells, self.bins, self.positions, self.moments)
        self.largest = max(self.largest, float(np.abs(z).max()))
        return cells

    def _add_pair(
        self, name: str, z: FloatArray, other_z: FloatArray, cells: CellArray, other: CellArray
    ) -> None:
        table = self.pairs.setdefault(name, np.zeros((64, 64), dtype=np.int64))
        products = self.products.setdefault(name, np.zeros(4))
        _pairs(z, other_z, cells, other, table, products)

    def _add_transposed(self, z: FloatArray, cells: CellArray) -> None:
        """Pair (4i + m, k) with (4k + m, i), which a mixed-up counter would make equal."""
        n = min(z.shape[0] // 4, z.shape[1])
        by_quad = z[: 4 * n].reshape(n, 4, z.shape[1], -1)
        cells_by_quad = cells[: 4 * n].reshape(by_quad.shape)
        for i in range(n - 1):
            rest = slice(i + 1, n)
            self._add_pair(
                "(step/4, factor) against (factor, step/4)",
                by_quad[i, :, rest],
                by_quad[rest, :, i].transpose(1, 0, 2),
                cells_by_quad[i, :, rest],
                cells_by_quad[rest, :, i].transpose(1, 0, 2),
            )

    def _add_orders(self, z: FloatArray, cells: CellArray) -> None:
        whole = z.shape[2] // 5 * 5
        for name, five in (
            ("steps", [z[m::5] for m in range(5)]),
            ("paths", [z[:, :, m:whole:5] for m in range(5)]),
        ):
            counts = self.orderings.setdefault(name, np.zeros(120, dtype=np.int64))
            _orderings(*five, counts)
        is_positive = cells >= N_CELLS // 2
        for name, axis in (("steps", 0), ("paths", 2)):
            changed = np.diff(is_positive, axis=axis)
            counts = self.changes.setdefault(name, np.zeros(2, dtype=np.int64))
            counts += [np.count_nonzero(changed), changed.size]

    def _add_sums(self, z: FloatArray) -> None:
        """Take the 240 normals of two factors on a path together, as a price would."""
        n_steps, n_factors, n_paths = z.shape
        grouped = z.reshape(n_steps, n_factors // 2, 2, n_paths)
        sums = grouped.sum(axis=(0, 2)).ravel() / np.sqrt(n_steps * 2)
        for counts, edges, values in (
            (self.sums, _SUM_EDGES, sums),
            (self.maxima, _MAXIMUM_EDGES, grouped.max(axis=(0, 2)).ravel()),
            (self.minima, _MAXIMUM_EDGES, -grouped.min(axis=(0, 2)).ravel()),
        ):
            cells = np.searchsorted(edges, values, side="right")
            counts += np.bincount(cells, minlength=N_SUM_CELLS)
        self.sum_moments += [(sums**m).sum() for m in range(1, N_MOMENTS + 1)]


Slices = tuple[slice, ...]


def _pair_slices(n_factors: int) -> list[tuple[str, Slices, Slices]]:
    """Return which normals are paired with which; no normal is twice in one table."""
    every = slice(None)
    found: list[tuple[str, Slices, Slices]] = []
    for lag in (1, 2):
        for m in range(4):
            n = (N_STEPS - m - lag - 1) // 4 + 1
            here, there = (slice(m + s, m + s + 4 * n - 3, 4) for s in (0, lag))
            found.append((f"(step, step+{lag}), step = 4k+{m}", (here,), (there,)))
    for m, kind in ((0, "even"), (1, "odd")):
        here, there = slice(m, BLOCK - 1, 2), slice(m + 1, BLOCK, 2)
        found.append((f"(path, path+1), path {kind}", (every, every, here), (every, every, there)))
    half = BLOCK // 2
    found.append(
        ("(path, path+128)", (every, every, slice(half)), (every, every, slice(half, BLOCK)))
    )
    for m, kind in ((0, "even"), (1, "odd")):
        here, there = slice(m, n_factors - 1, 2), slice(m + 1, n_factors, 2)
        found.append((f"(factor, factor+1), factor {kind}", (every, here), (every, there)))
    return found


def tally(
    design: Design, *, source: Draw = draw, progress: Callable[[float], None] | None = None
) -> Tally:
    """Draw all normals of a design and count them; ``source`` may stand in for the generator.

    Examples
    --------
    >>> counted = tally(Design(name="small", seed=1, n_paths=256, n_factors=2))
    >>> int(counted.bins.sum()) == counted.design.n_draws == 61440
    True
    """
    counted = Tally(design=design)
    neighbour = dataclasses.replace(design, seed=design.seed + 1)
    for first in range(0, design.n_paths, BLOCK):
        words, z = source(design, design.first_path + first)
        _, beside = source(neighbour, design.first_path + first)
        counted.add_words(words)
        counted.add_normals(z, beside)
        if progress is not None:
            progress((first + BLOCK) / design.n_paths)
    return counted
