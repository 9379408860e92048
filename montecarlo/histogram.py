r"""Histogram of many outputs over any number of paths: exact counts that merge in any order.

The bin of a sample is the first 22 bits of its key (:mod:`montecarlo.ranks`): its sign, its
exponent and ten bits of its mantissa, with no range to guess,

.. math::

    \text{bin}(x) = \lfloor k(x) / 2^{42} \rfloor, \qquad
    \frac{\text{width}}{|x|} \le 2^{-10} .

Counts are integers, so histograms of parts of the paths add up to the histogram of all of them to
the last count, whatever the parts, their order, the threads or the machines. Quantiles are
known to lie in a bin; :mod:`montecarlo.replay` finds them to the bit.

Memory does not grow with the paths: 32 bins share a page of 256 bytes, made when its first sample
comes, and a table of 16 kilobytes an output finds it. A present value of both signs takes 400 to
1200 pages, 150 to 550 kilobytes an output; all the pages there can be take 34 megabytes. As bytes
a histogram takes 1 to 30 kilobytes an output. A block of fewer paths than pages is slow to count:
with hundreds of outputs, count blocks of ten thousand paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.bins import BIN_BITS, MAX_OUTPUTS, REST, REST_BITS, bounds, middles, pack, unpack
from montecarlo.checks import FloatArray
from montecarlo.jit import bits_of, kernel
from montecarlo.order_statistics import Bracket
from montecarlo.ranks import SIGN_BIT, interpolate, position

IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.uint32]


# Of the 22 bits, 12 (sign and exponent) find a node, 5 a page within it, 5 a bin within that.
_NODE_BITS = 12
_PAGE_BITS = 5
_PAGE_BINS = 1 << _PAGE_BITS
_OWNER_BITS = _NODE_BITS + _PAGE_BITS
_NODE_REST = np.uint64(64 - _NODE_BITS)
_PAGE_REST = np.uint64(64 - _OWNER_BITS)
_MASK = np.uint64(_PAGE_BINS - 1)
_FIRST_PAGES = 64


class Histogram:
    """Counts of samples by bin, for several outputs.

    Parameters
    ----------
    n_outputs
        Rows of the samples.

    Examples
    --------
    >>> histogram = Histogram(1)
    >>> histogram.update(np.arange(1.0, 1001.0)[None, :])
    >>> histogram.bracket(0.5)
    (array([500.]), array([501.25]))
    >>> histogram.quantiles(0.5)
    array([500.625])
    """

    __slots__ = ("_counts", "_nodes", "_owners", "_state", "_top", "n_outputs", "n_samples")

    def __init__(self, n_outputs: int) -> None:
        self.n_outputs = checks.integer("n_outputs", n_outputs, 1, MAX_OUTPUTS)
        self.n_samples = 0
        # Nodes and pages number 0 stand for those that are not there yet.
        self._top = np.zeros((self.n_outputs, 1 << _NODE_BITS), dtype=np.uint32)
        self._nodes = np.zeros((_FIRST_PAGES, 1 << _PAGE_BITS), dtype=np.uint32)
        self._owners: IntArray = np.zeros(_FIRST_PAGES, dtype=np.int64)
        self._counts: IntArray = np.zeros((_FIRST_PAGES, _PAGE_BINS), dtype=np.int64)
        # Nodes and pages in use; the row and the column where a lack of room stopped the count.
        self._state = np.array([1, 1, 0, 0], dtype=np.int64)

    def update(self, samples: FloatArray, n_paths: int | None = None) -> None:
        """Count the samples of a block.

        Parameters
        ----------
        samples
            Shape (n_outputs, n), or (n,) for a single output. Infinities are counted, each in a
            bin of its own; -0.0 is counted as 0.0.
        n_paths
            How many columns count, all by default.

        Raises
        ------
        ValueError
            For another shape or a NaN; nothing is then counted.

        Examples
        --------
        >>> Histogram(2).update(np.array([[1.0, 2.0], [3.0, np.nan]]))
        Traceback (most recent call last):
        ValueError: samples must not be NaN, got nan in output 1 at path 1 of the block
        """
        rows = np.ascontiguousarray(samples, dtype=np.float64)
        rows = rows[None, :] if rows.ndim == 1 else rows
        if rows.ndim != 2 or rows.shape[0] != self.n_outputs:
            msg = f"samples must be of shape ({self.n_outputs}, n), got {samples.shape}"
            raise ValueError(msg)
        width = rows.shape[1]
        n = width if n_paths is None else checks.integer("n_paths", n_paths, 0, width)
        if _holds_nan(rows, n):
            output, path = np.argwhere(np.isnan(rows[:, :n]))[0]
            msg = f"samples must not be NaN, got nan in output {output} at path {path} of the block"
            raise ValueError(msg)
        self._state[2:] = 0
        while not _count(rows, n, *self._tables()):
            self._make_room()
        self.n_samples += n

    def merge(self, other: Histogram) -> None:
        """Add the counts of another histogram; the order of merging changes nothing.

        Raises ``ValueError`` when it has another number of outputs.
        """
        if other.n_outputs != self.n_outputs:
            msg = f"other must have {self.n_outputs} outputs, got {other.n_outputs}"
            raise ValueError(msg)
        used = slice(1, int(other._state[1]))
        self._add_pages(other._owners[used], other._counts[used])
        self.n_samples += other.n_samples

    def bins(self, output: int = 0) -> tuple[IntArray, IntArray]:
        """Return the bins of one output that hold samples, ascending, and their counts.

        Examples
        --------
        >>> histogram = Histogram(1)
        >>> histogram.update(np.array([1.0, 1.0, -1.0]))
        >>> histogram.bins()[1]
        array([1, 2])
        """
        checks.integer("output", output, 0, self.n_outputs - 1)
        cells, counts = self._cells()
        first, last = np.searchsorted(cells, np.array([output, output + 1]) << BIN_BITS)
        return cells[first:last] & ((1 << BIN_BITS) - 1), counts[first:last]

    def bracket(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Return bounds of a quantile: the ends of the bins of the samples on either side of it.

        Parameters
        ----------
        level
            Probability between 0 and 1.

        Returns
        -------
        low, high
            Shape (n_outputs,). Both bounds are doubles of those bins, so a sample may equal them.

        Raises
        ------
        ValueError
            For a level outside [0, 1], or when nothing was counted.
        """
        low_rank, high_rank, _ = position(self.counted(), checks.between("level", level, 0.0, 1.0))
        low, high = np.empty(self.n_outputs), np.empty(self.n_outputs)
        for output, bins, ends in self._outputs():
            ranks = np.searchsorted(ends, [low_rank, high_rank], side="right")
            low[output] = bounds(bins[ranks])[0][0]
            high[output] = bounds(bins[ranks])[1][1]
        return low, high

    def quantiles(self, levels: npt.ArrayLike) -> FloatArray:
        r"""Return quantiles, each within 1/2048 of the samples on either side of it.

        The two samples between which a quantile is interpolated are replaced by the middle of
        their bins, so that the error is at most :math:`2^{-11}` of the larger of the two: of the
        quantile itself, where both have its sign. Below the normal doubles, :math:`2^{-1022}` in
        size, it is at most :math:`2^{-1032}`, and what is smaller than that is 0. For exact
        quantiles see :mod:`montecarlo.replay`.

        Parameters
        ----------
        levels
            Probabilities between 0 and 1, shape (n_levels,) or a number.

        Returns
        -------
        ndarray, shape (n_outputs, n_levels), or (n_outputs,) for a single number

        Raises
        ------
        ValueError
            When a level is outside [0, 1], or nothing was counted.
        """
        wanted = np.asarray(levels, dtype=np.float64)
        n = self.counted()
        places = [position(n, checks.between("levels", p, 0.0, 1.0)) for p in wanted.ravel()]
        result = np.empty((self.n_outputs, len(places)))
        for output, bins, ends in self._outputs():
            for column, (low, high, weight) in enumerate(places):
                ranks = np.searchsorted(ends, [low, high], side="right")
                first, second = middles(bins[ranks]).tolist()
                result[output, column] = interpolate(first, second, weight)
        return result.reshape(self.n_outputs, *wanted.shape)

    def brackets(self, ranks: Iterable[int]) -> list[Bracket]:
        """Return the bins that hold the samples of some ranks from 0, of every output."""
        wanted = np.fromiter(ranks, dtype=np.int64)
        found = []
        for output, bins, ends in self._outputs():
            for place in np.unique(np.searchsorted(ends, wanted, side="right")).tolist():
                below = int(ends[place - 1]) if place else 0
                found.append(
                    Bracket(
                        output=output,
                        low=int(bins[place]) << REST_BITS,
                        bits=REST_BITS,
                        below=below,
                        inside=int(ends[place]) - below,
                    )
                )
        return found

    def to_bytes(self) -> bytes:
        """Return the histogram as bytes, some kilobytes an output, for :meth:`from_bytes`."""
        return pack(self.n_outputs, self.n_samples, *self._cells())

    @classmethod
    def from_bytes(cls, payload: bytes) -> Histogram:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        ValueError
            Saying what is wrong, when the bytes are of another kind or version, cut short,
            altered, or no possible histogram.

        Examples
        --------
        >>> histogram = Histogram(1)
        >>> histogram.update(np.arange(1000.0))
        >>> Histogram.from_bytes(histogram.to_bytes()) == histogram
        True
        >>> Histogram.from_bytes(histogram.to_bytes()[:-1])
        Traceback (most recent call last):
        ValueError: payload must be a whole histogram: its checksum is of other bytes
        """
        n_outputs, n_samples, cells, counts = unpack(payload)
        histogram = cls(n_outputs)
        pages, rows = np.unique(cells >> _PAGE_BITS, return_inverse=True)
        page_counts = np.zeros((pages.shape[0], _PAGE_BINS), dtype=np.int64)
        page_counts[rows, cells & (_PAGE_BINS - 1)] = counts
        histogram._add_pages(pages, page_counts)
        histogram.n_samples = n_samples
        return histogram

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        mine, theirs = self._cells(), other._cells()
        same = (self.n_outputs, self.n_samples) == (other.n_outputs, other.n_samples)
        return same and all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def counted(self) -> int:
        """Return how many samples were counted; refuse to go on with none."""
        if self.n_samples == 0:
            msg = "histogram must hold samples, got none"
            raise ValueError(msg)
        return self.n_samples

    def _cells(self) -> tuple[IntArray, IntArray]:
        """Return ``output << 22 | bin`` of every bin that holds samples, ascending; and counts."""
        order = 1 + np.argsort(self._owners[1 : int(self._state[1])])
        bins = np.arange(_PAGE_BINS)
        cells = ((self._owners[order] << _PAGE_BITS)[:, None] | bins).ravel()
        counts = self._counts[order].ravel()
        is_held = counts > 0
        return cells[is_held], counts[is_held]

    def _outputs(self) -> Iterator[tuple[int, IntArray, IntArray]]:
        """Yield each output, its bins, and how many samples there are up to the end of each."""
        cells, counts = self._cells()
        starts = np.searchsorted(cells, np.arange(self.n_outputs + 1) << BIN_BITS)
        for output in range(self.n_outputs):
            own = slice(starts[output], starts[output + 1])
            yield output, cells[own] & ((1 << BIN_BITS) - 1), np.cumsum(counts[own])

    def _tables(self) -> tuple[IndexArray, IndexArray, IntArray, IntArray, IntArray]:
        return self._top, self._nodes, self._owners, self._counts, self._state

    def _make_room(self) -> None:
        """Double the tables that are full."""
        if self._state[0] == self._nodes.shape[0]:
            self._nodes = np.concatenate([self._nodes, np.zeros_like(self._nodes)])
        if self._state[1] == self._owners.shape[0]:
            self._owners = np.concatenate([self._owners, np.zeros_like(self._owners)])
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])

    def _add_pages(self, owners: IntArray, counts: IntArray) -> None:
        done = 0
        while True:
            done = _add(owners, counts, done, *self._tables())
            if done == owners.shape[0]:
                return
            self._make_room()


@kernel
def _holds_nan(rows: FloatArray, n_paths: int) -> bool:
    found = 0
    for output in range(rows.shape[0]):
        row = rows[output]
        for path in range(n_paths):
            found += row[path] != row[path]
    return bool(found > 0)


@kernel
def _make_page(
    owner: np.int64,
    top: IndexArray,
    nodes: IndexArray,
    owners: IntArray,
    counts: IntArray,
    state: IntArray,
) -> int:
    """Return the number of a page, making it and its node; 0 when there is no room."""
    output = owner >> _OWNER_BITS
    first = (owner >> _PAGE_BITS) & ((1 << _NODE_BITS) - 1)
    second = owner & ((1 << _PAGE_BITS) - 1)
    if top[output, first] == 0:
        if state[0] == nodes.shape[0]:
            return 0
        top[output, first] = state[0]
        state[0] += 1
    node = top[output, first]
    if nodes[node, second] == 0:
        if state[1] == owners.shape[0]:
            return 0
        nodes[node, second] = state[1]
        owners[state[1]] = owner
        state[1] += 1
    page: int = nodes[node, second]
    return page


@kernel
def _count(
    rows: FloatArray,
    n_paths: int,
    top: IndexArray,
    nodes: IndexArray,
    owners: IntArray,
    counts: IntArray,
    state: IntArray,
) -> bool:
    """Count from where ``state`` says; False, with the place in ``state``, when room runs out."""
    start = state[3]
    for output in range(state[2], rows.shape[0]):
        row, nodes_of = rows[output], top[output]
        for path in range(start, n_paths):
            bits = bits_of(row[path] + 0.0)
            key = bits ^ SIGN_BIT if bits < SIGN_BIT else ~bits
            page = nodes[nodes_of[key >> _NODE_REST], (key >> _PAGE_REST) & _MASK]
            if page == 0:
                owner = (output << _OWNER_BITS) + np.int64(key >> _PAGE_REST)
                page = np.uint32(_make_page(owner, top, nodes, owners, counts, state))
                if page == 0:
                    state[2] = output
                    state[3] = path
                    return False
            counts[page, (key >> REST) & _MASK] += 1
        start = 0
    return True


@kernel
def _add(
    pages: IntArray,
    added: IntArray,
    start: int,
    top: IndexArray,
    nodes: IndexArray,
    owners: IntArray,
    counts: IntArray,
    state: IntArray,
) -> int:
    """Add pages of counts from ``start`` on; return how many are in when room runs out."""
    for i in range(start, pages.shape[0]):
        page = _make_page(pages[i], top, nodes, owners, counts, state)
        if page == 0:
            return i
        for j in range(added.shape[1]):
            counts[page, j] += added[i, j]
    n_pages: int = pages.shape[0]
    return n_pages
