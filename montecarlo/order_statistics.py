r"""Order statistics of samples that need not be in memory: select by passing over them again.

A *bracket* is a range of :math:`2^j` keys (:mod:`montecarlo.ranks`) that holds wanted samples.
A pass over the samples splits each bracket into equal parts and counts them, and only the parts
that hold a wanted rank go on. When all brackets together hold few enough samples, a last pass
keeps these and sorts them. What comes out are samples, to the bit.

Memory, however many samples there are: 8 bytes times ``limit`` for the samples that are kept, as
much for the counts of a pass, and some 300 bytes a bracket. A pass takes
:math:`\log_2(\text{limit} / \text{brackets})` bits off the 64 of a key, so that three or four
passes are the most that a limit of a million needs for one output, whatever the samples are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.exact_sum import ExactSum
from montecarlo.jit import bits_of, kernel
from montecarlo.ranks import SIGN_BIT, KeyArray, tail_boundary, value_of, values_of

IntArray: TypeAlias = npt.NDArray[np.int64]

Replay: TypeAlias = Callable[[], Iterable[FloatArray]]
"""Gives all samples again at every call, in blocks (n_outputs, n), in any order of the paths."""

_CHUNK = 2**12
_NO_KEY = 2**64 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """A range of keys of one output that holds wanted samples.

    Parameters
    ----------
    output
        Row of the samples.
    low, bits
        The keys from ``low`` on, 2**bits of them.
    below, inside
        How many samples of the output are smaller, and how many are in the range.
    """

    output: int
    low: int
    bits: int
    below: int
    inside: int

    @property
    def last(self) -> int:
        """The largest key of the range."""
        return self.low + (1 << self.bits) - 1

    @property
    def is_value(self) -> bool:
        """Whether all samples inside are one and the same."""
        return self.bits == 0


def select(
    replay: Replay, brackets: Sequence[Bracket], ranks: Sequence[Sequence[int]], limit: int
) -> list[dict[int, float]]:
    """Return the samples of the wanted ranks.

    Parameters
    ----------
    replay
        Gives the samples again.
    brackets
        Ranges that hold all wanted samples.
    ranks
        For each output the wanted ranks, from 0.
    limit
        How many samples may be kept at once, and how many counts.

    Returns
    -------
    list of dict
        For each output, rank -> sample.

    Raises
    ------
    ValueError
        When the replay gives other samples than those counted before.
    """
    brackets = narrow(replay, brackets, ranks, limit)
    kept = collect(replay, brackets) if not all(b.is_value for b in brackets) else {}
    found: list[dict[int, float]] = [{} for _ in ranks]
    for bracket in brackets:
        keys = kept.get(bracket)
        for rank in ranks[bracket.output]:
            place = rank - bracket.below
            if 0 <= place < bracket.inside:
                key = bracket.low if keys is None else int(keys[place])
                found[bracket.output][rank] = value_of(key)
    return found


def tail_means(
    replay: Replay, brackets: Sequence[Bracket], n_samples: int, level: float, limit: int
) -> FloatArray:
    """Return the mean of the largest ``1 - level`` share of each output, shape (n_outputs,).

    Parameters
    ----------
    replay, limit
        As for :func:`select`.
    brackets
        One an output, holding the sample at the boundary (:func:`tail_boundary`).
    n_samples, level
        Samples of each output; 0 <= level < 1.
    """
    n_tail, n_whole, rank = tail_boundary(n_samples, level)
    brackets = narrow(replay, brackets, [[rank]] * len(brackets), limit)
    above = [ExactSum() for _ in brackets]
    kept = collect(replay, brackets, above)
    means = np.empty(len(brackets))
    for bracket, total in zip(brackets, above, strict=True):
        n_above = n_samples - bracket.below - bracket.inside
        _same(bracket.output, n_above, f"above {value_of(bracket.last)!r}", total.count)
        missing = n_whole - n_above
        if bracket.is_value:
            boundary = value_of(bracket.low)
            total.add(boundary, missing)
        else:
            values = values_of(kept[bracket])
            boundary = float(values[rank - bracket.below])
            total.update(values[values.shape[0] - missing :])
        share = n_tail - n_whole
        means[bracket.output] = total.mean(weight=n_tail, boundary=boundary, share=share)
    return means


def narrow(
    replay: Replay, brackets: Sequence[Bracket], ranks: Sequence[Sequence[int]], limit: int
) -> list[Bracket]:
    """Split brackets until those that are no single value hold at most ``limit`` samples."""
    brackets = list(brackets)
    while True:
        wide = [bracket for bracket in brackets if not bracket.is_value]
        if sum(bracket.inside for bracket in wide) <= limit:
            return brackets
        large = [bracket for bracket in wide if bracket.inside > limit // len(wide)]
        parts = max((limit // len(large)).bit_length() - 1, 1)
        counts = _count_parts(replay, large, parts)
        split: list[Bracket] = []
        for bracket in brackets:
            found = counts.get(bracket)
            if found is None:
                split.append(bracket)
                continue
            wanted = [r - bracket.below for r in ranks[bracket.output]]
            bits = bracket.bits - min(parts, bracket.bits)
            split += _parts(bracket, found, bits, [r for r in wanted if 0 <= r < bracket.inside])
        brackets = split


def _parts(
    bracket: Bracket, counts: IntArray, bits: int, wanted: Sequence[int]
) -> Iterator[Bracket]:
    """Yield the parts of a bracket that hold the ranks wanted within it."""
    ends = np.cumsum(counts)
    for part in np.unique(np.searchsorted(ends, wanted, side="right")).tolist():
        inside = int(counts[part])
        yield Bracket(
            output=bracket.output,
            low=bracket.low + (part << bits),
            bits=bits,
            below=bracket.below + int(ends[part]) - inside,
            inside=inside,
        )


def _count_parts(
    replay: Replay, brackets: Sequence[Bracket], parts: int
) -> dict[Bracket, IntArray]:
    """Return how many samples fall into each of the 2**parts equal parts of each bracket."""
    ranges = _Ranges(brackets)
    shifts = np.array([max(b.bits - parts, 0) for b in ranges.brackets], dtype=np.uint64)
    counts = np.zeros((len(brackets), 1 << parts), dtype=np.int64)
    for rows in _rows(replay, ranges.n_outputs):
        _count(rows, ranges.starts, ranges.lows, ranges.lasts, shifts, ranges.keys, counts)
    for bracket, found in zip(ranges.brackets, counts, strict=True):
        _check(bracket, int(found.sum()))
    return dict(zip(ranges.brackets, counts, strict=True))


def collect(
    replay: Replay, brackets: Sequence[Bracket], above: Sequence[ExactSum] | None = None
) -> dict[Bracket, KeyArray]:
    """Return the sorted keys of the samples in each bracket that is no single value.

    With ``above``, one an output, also add up there what is larger than the output's bracket.
    """
    ranges = _Ranges([bracket for bracket in brackets if not bracket.is_value])
    ends = np.cumsum([0, *(bracket.inside for bracket in ranges.brackets)])
    kept = np.empty(ends[-1], dtype=np.uint64)
    found = np.zeros(len(ranges.brackets), dtype=np.int64)
    for rows in _rows(replay, ranges.n_outputs):
        _keep(rows, ranges.starts, ranges.lows, ranges.lasts, ranges.keys, ends, kept, found)
        if above is None:
            continue
        for bracket in brackets:
            row = rows[bracket.output]
            # Not "larger than the last": of the two zeros only one has a key.
            above[bracket.output].update(row[row >= value_of(min(bracket.last + 1, _NO_KEY))])
    collected = {}
    for number, bracket in enumerate(ranges.brackets):
        _check(bracket, int(found[number]))
        collected[bracket] = kept[ends[number] : ends[number + 1]]
        collected[bracket].sort()
    return collected


class _Ranges:
    """Brackets in the order of their outputs, as arrays for the kernels."""

    def __init__(self, brackets: Sequence[Bracket]) -> None:
        self.brackets = sorted(brackets, key=lambda b: (b.output, b.low))
        outputs = [bracket.output for bracket in self.brackets]
        self.n_outputs = max(outputs, default=-1) + 1
        self.starts: IntArray = np.searchsorted(outputs, np.arange(self.n_outputs + 1))
        self.lows = np.array([bracket.low for bracket in self.brackets], dtype=np.uint64)
        self.lasts = np.array([bracket.last for bracket in self.brackets], dtype=np.uint64)
        self.keys = np.empty(_CHUNK, dtype=np.uint64)


def _rows(replay: Replay, n_outputs: int) -> Iterator[FloatArray]:
    for block in replay():
        rows = block[None, :] if block.ndim == 1 else block
        if rows.ndim != 2 or rows.shape[0] < n_outputs:
            msg = f"replay must give blocks of shape ({n_outputs}, n), got {block.shape}"
            raise ValueError(msg)
        yield np.ascontiguousarray(rows, dtype=np.float64)


@kernel
def _to_keys(values: FloatArray, keys: KeyArray) -> None:
    for j in range(values.shape[0]):
        bits = bits_of(values[j] + 0.0)
        keys[j] = bits ^ SIGN_BIT if bits < SIGN_BIT else ~bits


@kernel
def _count(
    rows: FloatArray,
    starts: IntArray,
    lows: KeyArray,
    lasts: KeyArray,
    shifts: KeyArray,
    keys: KeyArray,
    counts: IntArray,
) -> None:
    """Count the samples of each part of each bracket; ``keys`` is room to work in."""
    for output in range(starts.shape[0] - 1):
        if starts[output] == starts[output + 1]:
            continue
        for first in range(0, rows.shape[1], keys.shape[0]):
            n = min(keys.shape[0], rows.shape[1] - first)
            _to_keys(rows[output, first : first + n], keys)
            for b in range(starts[output], starts[output + 1]):
                low, last, shift, parts = lows[b], lasts[b], shifts[b], counts[b]
                for j in range(n):
                    if low <= keys[j] and keys[j] <= last:
                        parts[(keys[j] - low) >> shift] += 1


@kernel
def _keep(
    rows: FloatArray,
    starts: IntArray,
    lows: KeyArray,
    lasts: KeyArray,
    keys: KeyArray,
    ends: IntArray,
    kept: KeyArray,
    found: IntArray,
) -> None:
    """Keep the samples of each bracket while there is room, and count them all."""
    for output in range(starts.shape[0] - 1):
        if starts[output] == starts[output + 1]:
            continue
        for first in range(0, rows.shape[1], keys.shape[0]):
            n = min(keys.shape[0], rows.shape[1] - first)
            _to_keys(rows[output, first : first + n], keys)
            for b in range(starts[output], starts[output + 1]):
                low, last, place, end = lows[b], lasts[b], ends[b] + found[b], ends[b + 1]
                for j in range(n):
                    if low <= keys[j] and keys[j] <= last:
                        if place < end:
                            kept[place] = keys[j]
                        place = place + 1
                found[b] = place - ends[b]


def _check(bracket: Bracket, found: int) -> None:
    ends = f"from {value_of(bracket.low)!r} to {value_of(bracket.last)!r}"
    _same(bracket.output, bracket.inside, ends, found)


def _same(output: int, expected: int, where: str, found: int) -> None:
    if found != expected:
        msg = (
            f"replay must give the samples that were counted: output {output} has {expected} "
            f"{where}, got {found}"
        )
        raise ValueError(msg)
