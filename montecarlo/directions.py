r"""Direction numbers: what makes the points of one dimension fill every interval alike.

For a primitive polynomial of degree s with coefficients a, number k of a dimension follows from
the s before it,

.. math:: v_k = a_1 v_{k-1} \oplus \dots \oplus a_{s-1} v_{k-s+1} \oplus v_{k-s} \oplus
          (v_{k-s} \gg s),

so that its numbers 0 to s say all: number s gives the coefficients, and they all later numbers.
Numbers 0 to 14 of the first 1,867 dimensions, all of degree 14 or less, are kept in
``direction_numbers.npy``, 16 digits each. Those of more dimensions are taken from the unscrambled
points 1, 2, 4, ..., 2**s of ``scipy.stats.qmc.Sobol``, as those of the file were
(:func:`numbers_from_scipy`).

Source: S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional
projections", SIAM Journal on Scientific Computing 30, 2008, 2635-2654.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from montecarlo import checks

WordArray = npt.NDArray[np.uint64]

N_DIGITS = 52
MAX_DIMENSIONS = 21_201
"""How many dimensions the direction numbers of Joe and Kuo, and so scipy's, have."""

TABLE_DIMENSIONS = 1867
TABLE_NUMBERS = 15
"""How many dimensions, and numbers of each, are kept in a file."""

_MAX_DEGREE = 18
_FIRST_DIGIT = N_DIGITS - 1
_UNIT = np.uint64(1)


def direction_numbers(n_dimensions: int) -> WordArray:
    """Return the 52 direction numbers of each dimension, unscrambled.

    Up to 1,867 dimensions take milliseconds. The first call for more imports scipy's statistics,
    and all 21,201 take some twenty seconds.

    Returns
    -------
    ndarray of uint64, shape (n_dimensions, 52), not writable
        Number k has k + 1 digits, its first in bit 51.

    Raises
    ------
    ValueError
        When ``n_dimensions`` is not an integer in ``[1, 21201]``.

    Examples
    --------
    >>> [f"{int(v) >> 49:03b}" for v in direction_numbers(3)[2, :3]]
    ['100', '110', '011']
    """
    return _direction_numbers(checks.integer("n_dimensions", n_dimensions, 1, MAX_DIMENSIONS))


@cache
def _direction_numbers(n_dimensions: int) -> WordArray:
    ends = _last_dimension_by_degree()
    highest = next(s for s, end in enumerate(ends) if end >= n_dimensions)
    out = np.zeros((n_dimensions, N_DIGITS), dtype=np.uint64)
    if n_dimensions <= TABLE_DIMENSIONS:
        out[:, :TABLE_NUMBERS] = _table()[:n_dimensions]
    else:
        out[:, : highest + 1] = numbers_from_scipy(n_dimensions, highest + 1)
    # The first dimension has one digit a number: the bits of the index, mirrored.
    out[0] = _UNIT << np.arange(_FIRST_DIGIT, -1, -1, dtype=np.uint64)
    for degree in range(1, highest + 1):
        _extend(out[ends[degree - 1] : ends[degree]], degree)
    out.flags.writeable = False
    return out


def _table() -> WordArray:
    """Return the numbers of the file, moved up to where their first digit belongs."""
    with files("montecarlo").joinpath("direction_numbers.npy").open("rb") as file:
        kept: npt.NDArray[np.uint16] = np.load(file, allow_pickle=False)
    return kept.astype(np.uint64) << np.uint64(N_DIGITS - 16)


def numbers_from_scipy(n_dimensions: int, n_numbers: int) -> WordArray:
    """Return the first direction numbers of each dimension from scipy's points.

    Its point 2**k is the exclusive or of numbers k and k - 1. The file is
    ``numbers_from_scipy(TABLE_DIMENSIONS, TABLE_NUMBERS) >> 36`` as uint16.
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(n_dimensions, scramble=False, bits=30)
    out = np.zeros((n_dimensions, n_numbers), dtype=np.uint64)
    previous = np.zeros(n_dimensions, dtype=np.uint64)
    for k in range(n_numbers):
        engine.fast_forward(2**k - engine.num_generated)
        previous = previous ^ (engine.random(1)[0] * 2.0**N_DIGITS).astype(np.uint64)
        out[:, k] = previous
    return out


def _extend(numbers: WordArray, degree: int) -> None:
    """Continue in place the numbers of dimensions with polynomials of one degree."""
    shift = np.uint64(degree)
    rest = numbers[:, degree] ^ numbers[:, 0] ^ (numbers[:, 0] >> shift)
    coefficients = np.zeros((degree, numbers.shape[0]), dtype=np.uint64)
    for j in range(1, degree):
        # Of the numbers that are left, this one alone reaches down to this digit.
        coefficients[j] = (rest >> np.uint64(_FIRST_DIGIT - degree + j)) & _UNIT
        rest = rest ^ coefficients[j] * numbers[:, degree - j]
    if rest.any():
        msg = "the direction numbers of scipy.stats.qmc.Sobol must follow their recurrence"
        raise RuntimeError(msg)
    for k in range(degree + 1, N_DIGITS):
        numbers[:, k] = numbers[:, k - degree] ^ (numbers[:, k - degree] >> shift)
        for j in range(1, degree):
            numbers[:, k] ^= coefficients[j] * numbers[:, k - j]


def _last_dimension_by_degree() -> list[int]:
    """Return how many dimensions have primitive polynomials of each degree or less.

    There are phi(2**s - 1) / s of degree s, with phi Euler's function.
    """
    ends = [1]
    for degree in range(1, _MAX_DEGREE + 1):
        order = 2**degree - 1
        totient, rest, prime = order, order, 2
        while rest > 1:
            if rest % prime == 0:
                totient -= totient // prime
                while rest % prime == 0:
                    rest //= prime
            prime += 1
        ends.append(ends[-1] + totient // degree)
    return ends
