"""The bins of a histogram: where they end, what stands for their samples, and their bytes."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from montecarlo.checks import FloatArray
from montecarlo.ranks import KEY_BITS, order_keys, values_of

IntArray = npt.NDArray[np.int64]

BIN_BITS = 22
"""Bits of a key that make its bin."""

MAX_OUTPUTS = 2**20
"""The most outputs that a histogram can have."""

REST_BITS = KEY_BITS - BIN_BITS
REST = np.uint64(REST_BITS)
_BELOW = np.uint64((1 << REST_BITS) - 1)
_ZERO_BIN = 1 << (BIN_BITS - 1)

_MAGIC = b"mchi"
_VERSION = 1
_HEADER = struct.Struct("<4sHxxIQQ")
_CHECKSUM = struct.Struct("<I")


def bounds(bins: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the smallest and the largest double of each bin; infinities stand alone in theirs."""
    keys = bins.astype(np.uint64) << REST
    low, high = values_of(keys), values_of(keys | _BELOW)
    return np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)


def middles(bins: IntArray) -> FloatArray:
    """Return what stands for the samples of each bin: its middle, or 0 next to 0."""
    low, high = bounds(bins)
    is_zero = (bins == _ZERO_BIN) | (bins == _ZERO_BIN - 1)
    return np.where(is_zero, 0.0, 0.5 * low + 0.5 * high)


def pack(n_outputs: int, n_samples: int, cells: IntArray, counts: IntArray) -> bytes:
    """Return a histogram as bytes: ``output << 22 | bin`` ascending, and the count of each."""
    columns = np.stack([np.diff(cells, prepend=0), counts])
    # Bytes of equal weight side by side: most are zero, and pack to nothing.
    body = zlib.compress(columns.astype("<u8").view(np.uint8).reshape(-1, 8).T.tobytes(), 6)
    whole = _HEADER.pack(_MAGIC, _VERSION, n_outputs, n_samples, cells.shape[0]) + body
    return whole + _CHECKSUM.pack(zlib.crc32(whole))


def unpack(payload: bytes) -> tuple[int, int, IntArray, IntArray]:
    """Return outputs, samples, cells and counts of a payload, or say what is wrong with it."""
    if len(payload) < _HEADER.size + _CHECKSUM.size or payload[:4] != _MAGIC:
        raise ValueError(_refused("bytes of another kind"))
    _, version, n_outputs, n_samples, n_cells = _HEADER.unpack_from(payload)
    if version != _VERSION:
        msg = f"payload must be of version {_VERSION}, got version {version}"
        raise ValueError(msg)
    whole, checksum = payload[: -_CHECKSUM.size], payload[-_CHECKSUM.size :]
    if _CHECKSUM.pack(zlib.crc32(whole)) != checksum:
        raise ValueError(_refused("its checksum is of other bytes"))
    if not (
        1 <= n_outputs <= MAX_OUTPUTS and n_samples < 2**63 and n_cells <= n_outputs << BIN_BITS
    ):
        found = f"{n_outputs} outputs of {n_samples} samples in {n_cells} bins"
        raise ValueError(_refused(found))
    size = 16 * n_cells
    body = whole[_HEADER.size :]
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(body, size + 1)
    except zlib.error as error:
        raise ValueError(_refused(str(error))) from None
    if len(raw) != size:
        raise ValueError(_refused(f"{n_cells} bins in {len(raw)} bytes"))
    columns = np.frombuffer(raw, dtype=np.uint8).reshape(8, -1).T.copy().view("<u8")
    steps, counts = columns.astype(np.int64).reshape(2, -1)
    cells = np.cumsum(steps)
    bins = cells & ((1 << BIN_BITS) - 1)
    in_order = (
        (steps[1:] > 0).all() and (cells >= 0).all() and (cells >> BIN_BITS < n_outputs).all()
    )
    lowest, highest = order_keys(np.array([-np.inf, np.inf])) >> REST
    in_range = (bins >= int(lowest)).all() and (bins <= int(highest)).all()
    if not (in_order and in_range and (counts > 0).all()):
        raise ValueError(_refused("bins that no sample falls into"))
    if not _adds_up(cells >> BIN_BITS, counts, n_outputs, n_samples):
        raise ValueError(_refused(f"an output has not {n_samples} samples"))
    return n_outputs, n_samples, cells, counts


def _adds_up(outputs: IntArray, counts: IntArray, n_outputs: int, n_samples: int) -> bool:
    """Return whether each output has so many samples, without overflow on the way."""
    if n_samples == 0:
        return bool(counts.shape[0] == 0)
    if np.unique(outputs).shape[0] != n_outputs or (counts > n_samples).any():
        return False
    sums = np.zeros(n_outputs, dtype=np.float64)
    np.add.at(sums, outputs, counts)
    totals = np.zeros(n_outputs, dtype=np.int64)
    np.add.at(totals, outputs, counts)
    return bool((sums < 2.0**63).all() and (totals == n_samples).all())


def _refused(found: str) -> str:
    return f"payload must be a whole histogram: {found}"
