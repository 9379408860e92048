r"""Counter-based random numbers: each is a pure function of (seed, path, step, factor).

The generator is Philox4x32-10: ten rounds of two 32-bit multiplications over a counter of four
32-bit words under a key of two,

.. math::

    (c_0, c_1, c_2, c_3) \mapsto
    (\mathrm{hi}(M_1 c_2) \oplus c_1 \oplus k_0,\ \mathrm{lo}(M_1 c_2),\
     \mathrm{hi}(M_0 c_0) \oplus c_3 \oplus k_1,\ \mathrm{lo}(M_0 c_0)).

The counter is (path modulo 2**32, path over 2**32, step over 2, factor); the key is the 64-bit
seed. One call gives two uniforms :math:`u, v` of 52 bits, strictly between 0 and 1, and these
give the normals of steps :math:`2k` and :math:`2k + 1` of one factor (Box-Muller):

.. math:: z_{2k} = \sqrt{-2\ln u}\cos 2\pi v, \qquad z_{2k+1} = \sqrt{-2\ln u}\sin 2\pi v .

So a number depends on nothing else: not on how many paths, steps or factors are asked for, nor
on blocks or threads; and since the arithmetic is that of :mod:`montecarlo.jit`, nor on the
machine. There is no state to seed, share or jump ahead. The largest normal is 8.57.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy
as 1, 2, 3", SC'11, 2011; the known answers of its Random123 distribution are in the tests.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.elementary import minus_two_log, sincos_2pi
from montecarlo.jit import float_of, kernel

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT_WORD = np.uint64(32)
_SHIFT_MANTISSA = np.uint64(12)
_ONE_TO_TWO = np.uint64(0x3FF0000000000000)
_OPEN = 1.0 - 2.0**-53
_N_ROUNDS = 10
_MAX_WORD = 2**32 - 1
_MAX_PATH = 2**63 - 1


@kernel
def _round(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, key_0: np.uint64, key_1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return the counter after one round. Words are in 64 bits, masked only where it matters."""
    product_0 = _MULTIPLIER_0 * (c0 & _LOW)
    product_1 = _MULTIPLIER_1 * (c2 & _LOW)
    first = (product_1 >> _SHIFT_WORD) ^ (c1 ^ key_0)
    third = (product_0 >> _SHIFT_WORD) ^ (c3 ^ key_1)
    return first, product_1, third, product_0


@kernel
def _philox_words(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, key_0: np.uint64, key_1: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Return the four output words as two 64-bit ones, the first word in the high half."""
    for _ in range(_N_ROUNDS):
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key_0, key_1)
        key_0 = (key_0 + _WEYL_0) & _LOW
        key_1 = (key_1 + _WEYL_1) & _LOW
    return (c0 << _SHIFT_WORD) | (c1 & _LOW), (c2 << _SHIFT_WORD) | (c3 & _LOW)


@kernel
def _uniform(bits: np.uint64) -> float:
    """Return an odd multiple of 2**-53: the upper 52 bits and a half, between 0 and 1."""
    return float_of((bits >> _SHIFT_MANTISSA) | _ONE_TO_TWO) - _OPEN


@kernel
def uniform_rows(
    key: npt.NDArray[np.uint64],
    first_path: np.uint64,
    pair: np.uint64,
    factor: np.uint64,
    out_u: FloatArray,
    out_v: FloatArray,
) -> None:
    """Write the two uniforms of one step pair and factor, for consecutive paths.

    Two paths, half a row apart, go through the rounds side by side: one alone leaves the
    processor waiting for its multiplications.
    """
    n_paths = out_u.shape[0]
    half = n_paths // 2
    for j in range(half):
        path = first_path + np.uint64(j)
        a0 = path & _LOW
        a1 = path >> _SHIFT_WORD
        a2 = pair
        a3 = factor
        path = path + np.uint64(half)
        b0 = path & _LOW
        b1 = path >> _SHIFT_WORD
        b2 = pair
        b3 = factor
        key_0 = key[0]
        key_1 = key[1]
        for _ in range(_N_ROUNDS):
            a0, a1, a2, a3 = _round(a0, a1, a2, a3, key_0, key_1)
            b0, b1, b2, b3 = _round(b0, b1, b2, b3, key_0, key_1)
            key_0 = (key_0 + _WEYL_0) & _LOW
            key_1 = (key_1 + _WEYL_1) & _LOW
        out_u[j] = _uniform((a0 << _SHIFT_WORD) | (a1 & _LOW))
        out_v[j] = _uniform((a2 << _SHIFT_WORD) | (a3 & _LOW))
        out_u[j + half] = _uniform((b0 << _SHIFT_WORD) | (b1 & _LOW))
        out_v[j + half] = _uniform((b2 << _SHIFT_WORD) | (b3 & _LOW))
    for j in range(2 * half, n_paths):
        path = first_path + np.uint64(j)
        u, v = _philox_words(path & _LOW, path >> _SHIFT_WORD, pair, factor, key[0], key[1])
        out_u[j] = _uniform(u)
        out_v[j] = _uniform(v)


@kernel
def normals_in_place(u: FloatArray, v: FloatArray) -> None:
    """Turn two rows of uniforms into two rows of independent standard normals.

    The logarithm has a loop of its own: in one loop with the rest it is slower.
    """
    for j in range(u.shape[0]):
        u[j] = minus_two_log(u[j])
    for j in range(u.shape[0]):
        radius = math.sqrt(u[j])
        sine, cosine = sincos_2pi(v[j])
        u[j] = radius * cosine
        v[j] = radius * sine


@kernel
def _fill(
    key: npt.NDArray[np.uint64], first_path: np.uint64, is_normal: bool, out: FloatArray
) -> None:
    n_pairs, n_factors, _, _ = out.shape
    for pair in range(n_pairs):
        for factor in range(n_factors):
            u = out[pair, factor, 0]
            v = out[pair, factor, 1]
            uniform_rows(key, first_path, np.uint64(pair), np.uint64(factor), u, v)
            if is_normal:
                normals_in_place(u, v)


@kernel
def _philox_one(
    counter: npt.NDArray[np.uint64], key: npt.NDArray[np.uint64], out: npt.NDArray[np.uint64]
) -> None:
    out[0], out[1] = _philox_words(counter[0], counter[1], counter[2], counter[3], key[0], key[1])


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
        [pair[0] >> np.uint64(32), pair[0] & _LOW, pair[1] >> np.uint64(32), pair[1] & _LOW],
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


def uniforms(
    *, seed: int, n_paths: int, n_steps: int, n_factors: int, first_path: int = 0
) -> FloatArray:
    """Return uniforms strictly between 0 and 1, those from which :func:`normals` are made.

    The parameters, shape and errors are those of :func:`normals`.

    Examples
    --------
    >>> u = uniforms(seed=1, n_paths=1000, n_steps=2, n_factors=1)
    >>> bool(u.min() > 0.0), bool(u.max() < 1.0)
    (True, True)
    """
    return _numbers(seed, n_paths, n_steps, n_factors, first_path, is_normal=False)


def normals(
    *, seed: int, n_paths: int, n_steps: int, n_factors: int, first_path: int = 0
) -> FloatArray:
    """Return the independent standard normals of some paths, steps and factors.

    Parameters
    ----------
    seed
        An integer in ``[0, 2**64)``.
    n_paths, n_steps, n_factors
        How many of each, at least 1.
    first_path
        Absolute index of the first path.

    Returns
    -------
    ndarray, shape (n_steps, n_factors, n_paths)
        Entry ``[t, f, p]`` depends on ``(seed, first_path + p, t, f)`` only.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    Path 7 is path 7, however many are drawn:

    >>> many = normals(seed=42, n_paths=10, n_steps=3, n_factors=2)
    >>> one = normals(seed=42, n_paths=1, n_steps=3, n_factors=2, first_path=7)
    >>> bool((many[:, :, 7] == one[:, :, 0]).all())
    True
    """
    return _numbers(seed, n_paths, n_steps, n_factors, first_path, is_normal=True)


def _numbers(
    seed: int, n_paths: int, n_steps: int, n_factors: int, first_path: int, *, is_normal: bool
) -> FloatArray:
    key = key_of(seed)
    n_paths = checks.integer("n_paths", n_paths, 1)
    n_steps = checks.integer("n_steps", n_steps, 1)
    n_factors = checks.integer("n_factors", n_factors, 1)
    first_path = checks.integer("first_path", first_path, 0, _MAX_PATH - n_paths)
    n_pairs = (n_steps + 1) // 2
    out = np.empty((n_pairs, n_factors, 2, n_paths))
    _fill(key, np.uint64(first_path), is_normal, out)
    by_step = out.transpose(0, 2, 1, 3).reshape(2 * n_pairs, n_factors, n_paths)
    return np.ascontiguousarray(by_step[:n_steps])
