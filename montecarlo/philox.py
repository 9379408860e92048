r"""Philox4x32-10, the counter-based generator: four random words from a counter and a key.

Ten rounds of two 32-bit multiplications over a counter of four 32-bit words under a key of two,

.. math::

    (c_0, c_1, c_2, c_3) \mapsto
    (\mathrm{hi}(M_1 c_2) \oplus c_1 \oplus k_0,\ \mathrm{lo}(M_1 c_2),\
     \mathrm{hi}(M_0 c_0) \oplus c_3 \oplus k_1,\ \mathrm{lo}(M_0 c_0)).

There is no state to seed, share or jump ahead.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy
as 1, 2, 3", SC'11, 2011; the known answers of its Random123 distribution are in the tests.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.jit import kernel

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
SHIFT_WORD = np.uint64(32)
N_ROUNDS = 10
_MAX_WORD = 2**32 - 1


@kernel
def philox_round(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, key_0: np.uint64, key_1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return the counter after one round. Words are in 64 bits, masked only where it matters."""
    product_0 = _MULTIPLIER_0 * (c0 & LOW)
    product_1 = _MULTIPLIER_1 * (c2 & LOW)
    first = (product_1 >> SHIFT_WORD) ^ (c1 ^ key_0)
    third = (product_0 >> SHIFT_WORD) ^ (c3 ^ key_1)
    return first, product_1, third, product_0


@kernel
def philox_words(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, key_0: np.uint64, key_1: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Return the four output words as two 64-bit ones, the first word in the high half."""
    for _ in range(N_ROUNDS):
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, key_0, key_1)
        key_0 = (key_0 + WEYL_0) & LOW
        key_1 = (key_1 + WEYL_1) & LOW
    return (c0 << SHIFT_WORD) | (c1 & LOW), (c2 << SHIFT_WORD) | (c3 & LOW)


@kernel
def _philox_one(
    counter: npt.NDArray[np.uint64], key: npt.NDArray[np.uint64], out: npt.NDArray[np.uint64]
) -> None:
    out[0], out[1] = philox_words(counter[0], counter[1], counter[2], counter[3], key[0], key[1])


def key_of(seed: int) -> npt.NDArray[np.uint64]:
    """Return the generator's key, its two 32-bit words each held in 64 bits.

    Raises
    ------
    ValueError
        When the seed is not an integer in ``[0, 2**64)``.
    """
    return np.array(checks.seed_words(seed), dtype=np.uint64)


def philox4x32(counter: npt.ArrayLike, key: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """Return the four words of Philox4x32-10 for one counter and key.

    Parameters
    ----------
    counter
        Four words, each in ``[0, 2**32)``.
    key
        Two words, each in ``[0, 2**32)``.

    Returns
    -------
    ndarray of uint32, shape (4,)

    Raises
    ------
    ValueError
        When there are not four and two words, or a word is out of range.

    Examples
    --------
    The first known answer published with the generator:

    >>> [hex(word) for word in philox4x32([0, 0, 0, 0], [0, 0])]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    counter_words = _words("counter", counter, 4)
    key_words = _words("key", key, 2)
    pair = np.empty(2, dtype=np.uint64)
    _philox_one(counter_words, key_words, pair)
    return np.array(
        [pair[0] >> np.uint64(32), pair[0] & LOW, pair[1] >> np.uint64(32), pair[1] & LOW],
        dtype=np.uint32,
    )


def _words(field: str, values: npt.ArrayLike, n_words: int) -> npt.NDArray[np.uint64]:
    words = [
        checks.integer(f"{field}[{i}]", word, 0, _MAX_WORD)
        for i, word in enumerate(np.asarray(values).tolist())
    ]
    if len(words) != n_words:
        msg = f"{field} must have {n_words} words, got {len(words)}"
        raise ValueError(msg)
    return np.array(words, dtype=np.uint64)
