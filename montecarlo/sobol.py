r"""Sobol points, scrambled at random: evener than independent numbers, with an honest error.

Coordinate :math:`d` of point :math:`i = \sum_k i_k 2^k` has the binary digits

.. math:: x_{d,i} = s_d \oplus \bigoplus_k i_k\,L_d v_{d,k}, \qquad
          u_{d,i} = \frac{x_{d,i} + \tfrac12}{2^{52}},

with :math:`v_{d,k}` the direction numbers of Joe and Kuo, :math:`L_d` a random lower triangular
matrix of ones and zeros with a unit diagonal (Matousek's linear scrambling) and :math:`s_d` a
random shift, all of 52 digits. Each aligned run of :math:`2^k` points has exactly one in every
interval of length :math:`2^{-k}` in every dimension, scrambled or not; scrambled, each point by
itself is uniform, so that the mean over a run has no bias. For smooth functions the error falls
about like :math:`1/n`. Points of one randomisation depend on each other: the error of a mean comes
from the spread over independent randomisations, never from the spread over points.

The random digits are those of Philox4x32-10 under the 64-bit seed for the counter (0 to 26,
randomisation, dimension, a word that no simulation counts to). So a number is a pure function of
(seed, randomisation, dimension, point), with no state, and no array but the row asked for.

Points are in natural order. The sequence of ``scipy.stats.qmc.Sobol`` is the same in Gray code
order: its point n is point ``n ^ (n >> 1)`` here.

Source: J. Matousek, "On the L2-discrepancy for anchored boxes", Journal of Complexity 14, 1998;
for the direction numbers see :mod:`montecarlo.directions`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from montecarlo import checks
from montecarlo.checks import FloatArray
from montecarlo.directions import N_DIGITS, WordArray, direction_numbers
from montecarlo.inverse_normal import open_uniforms_to_normals
from montecarlo.jit import float_of, kernel
from montecarlo.philox import key_of, philox_words

_MAX_POINTS = 2 ** (N_DIGITS - 1)
_MAX_RANDOMISATION = 2**32 - 1
_N_CALLS = (N_DIGITS + 2) // 2
# Simulations count their factors in this word, from zero.
_DOMAIN = np.uint64(0x536F626C)
_TABLE_DIGITS = 5
_TABLE = 2**_TABLE_DIGITS
_ZERO = np.uint64(0)
_UNIT = np.uint64(1)
_SHIFT_DIGITS = np.uint64(64 - N_DIGITS)
_FIRST_DIGIT = N_DIGITS - 1
_ONE_TO_TWO = np.uint64(0x3FF0000000000000)
_OPEN = 1.0 - 2.0**-53


@kernel
def sobol_uniforms(
    directions: WordArray, shift: np.uint64, first_point: np.uint64, out: FloatArray
) -> None:
    """Write the uniforms of one dimension for consecutive points, whichever is the first.

    ``directions`` is of shape (52,), or (1 + k,) with k >= 5 for points below 2**k. The low digits
    of the index run through a table, made by doubling; the high digits change once in 32 points.
    """
    table = np.empty(_TABLE, dtype=np.uint64)
    # The digits of a double between 1 and 2 are those below the point: no conversion is needed.
    table[0] = shift | _ONE_TO_TWO
    n = 1
    for k in range(_TABLE_DIGITS):
        for j in range(n):
            table[n + j] = table[j] ^ directions[k]
        n *= 2

    index = np.int64(first_point >> np.uint64(_TABLE_DIGITS))
    high = _ZERO
    for k in range(_TABLE_DIGITS, N_DIGITS):
        if (index >> (k - _TABLE_DIGITS)) & 1:
            high ^= directions[k]
    start = -np.int64(first_point & np.uint64(_TABLE - 1))
    while start < out.shape[0]:
        if start >= 0 and start + _TABLE <= out.shape[0]:
            run = out[start : start + _TABLE]
            for j in range(_TABLE):
                run[j] = float_of(table[j] ^ high) - _OPEN
        else:
            for j in range(_TABLE):
                if 0 <= start + j < out.shape[0]:
                    out[start + j] = float_of(table[j] ^ high) - _OPEN
        # The next index differs in its trailing ones and in the zero above them.
        k = _TABLE_DIGITS
        high ^= directions[k]
        while index & 1:
            k += 1
            high ^= directions[k]
            index >>= 1
        start += _TABLE
        index = np.int64((first_point + np.uint64(start)) >> np.uint64(_TABLE_DIGITS))


@kernel
def sobol_normals(
    directions: WordArray, shift: np.uint64, first_point: np.uint64, out: FloatArray
) -> None:
    """Write the normals of one dimension for consecutive points, as :func:`sobol_uniforms`."""
    sobol_uniforms(directions, shift, first_point, out)
    open_uniforms_to_normals(out)


@kernel
def _fill(
    directions: WordArray,
    shift: WordArray,
    first_point: np.uint64,
    is_normal: bool,
    out: FloatArray,
) -> None:
    for d in range(out.shape[0]):
        if is_normal:
            sobol_normals(directions[d], shift[d], first_point, out[d])
        else:
            sobol_uniforms(directions[d], shift[d], first_point, out[d])


@kernel
def _scramble(
    key: WordArray,
    randomisation: np.uint64,
    directions: WordArray,
    out_directions: WordArray,
    out_shift: WordArray,
) -> None:
    """Multiply direction numbers by random triangular matrices, and draw shifts.

    The first numbers only, where ``out_directions`` has room for no more.
    """
    n_numbers = out_directions.shape[1]
    matrix = np.empty(2 * _N_CALLS, dtype=np.uint64)
    for d in range(directions.shape[0]):
        for call in range(_N_CALLS):
            # A column is for a digit, and number k has k + 1 of them.
            if n_numbers <= 2 * call < N_DIGITS:
                continue
            matrix[2 * call], matrix[2 * call + 1] = philox_words(
                np.uint64(call), randomisation, np.uint64(d), _DOMAIN, key[0], key[1]
            )
        out_shift[d] = matrix[N_DIGITS] >> _SHIFT_DIGITS
        for j in range(n_numbers):
            # Column j: a one at digit j, random digits after it.
            unit = _UNIT << np.uint64(_FIRST_DIGIT - j)
            matrix[j] = ((matrix[j] >> _SHIFT_DIGITS) & (unit - _UNIT)) | unit
        for k in range(n_numbers):
            total = _ZERO
            for j in range(k + 1):
                if (directions[d, k] >> np.uint64(_FIRST_DIGIT - j)) & _UNIT:
                    total ^= matrix[j]
            out_directions[d, k] = total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SobolPoints:
    """Direction numbers and shifts, from which any point follows.

    Parameters
    ----------
    directions
        Shape (n_dimensions, 52), uint64: number k of each dimension, its first binary digit in
        bit 51. The first 1 + k suffice for points below 2**k.
    shift
        Shape (n_dimensions,), uint64: the digits of point 0.

    Examples
    --------
    The first four points, before the half digit is added, are 0, 1/2, 1/4 and 3/4:

    >>> points = SobolPoints.unscrambled(2)
    >>> points.uniforms(n_points=4).round(12)
    array([[0.  , 0.5 , 0.25, 0.75],
           [0.  , 0.5 , 0.75, 0.25]])
    """

    directions: WordArray
    shift: WordArray

    @classmethod
    def unscrambled(cls, n_dimensions: int) -> SobolPoints:
        """Return the plain points, of which point 0 is the corner: to look at, not to average.

        Raises
        ------
        ValueError
            When ``n_dimensions`` is not an integer in ``[1, 21201]``.
        """
        directions = direction_numbers(n_dimensions)
        return cls(directions=directions, shift=np.zeros(directions.shape[0], dtype=np.uint64))

    @classmethod
    def scrambled(
        cls, n_dimensions: int, *, seed: int, randomisation: int, n_points: int = _MAX_POINTS
    ) -> SobolPoints:
        """Return points scrambled at random, independent for different randomisations.

        Parameters
        ----------
        n_dimensions
            An integer in ``[1, 21201]``. A dimension's points do not depend on it.
        seed
            An integer in ``[0, 2**64)``.
        randomisation
            An integer in ``[0, 2**32)``.
        n_points
            How many points, the first ones, are wanted at most: for few, less is scrambled. The
            points are the same.

        Raises
        ------
        ValueError
            Naming the field, the rule and the value.

        Examples
        --------
        >>> points = SobolPoints.scrambled(3, seed=1, randomisation=0)
        >>> u = points.uniforms(n_points=1024)
        >>> [int(c) for c in np.unique(np.floor(u[2] * 1024)).shape]
        [1024]
        """
        key = key_of(seed)
        randomisation = checks.integer("randomisation", randomisation, 0, _MAX_RANDOMISATION)
        n_points = checks.integer("n_points", n_points, 1, _MAX_POINTS)
        plain = direction_numbers(n_dimensions)
        n_numbers = 1 + max((n_points - 1).bit_length(), _TABLE_DIGITS)
        directions = np.empty((plain.shape[0], n_numbers), dtype=np.uint64)
        shift = np.empty(plain.shape[0], dtype=np.uint64)
        _scramble(key, np.uint64(randomisation), plain, directions, shift)
        return cls(directions=directions, shift=shift)

    def uniforms(self, *, n_points: int, first_point: int = 0) -> FloatArray:
        """Return the coordinates of consecutive points, odd multiples of 2**-53.

        Parameters
        ----------
        n_points
            At least 1.
        first_point
            Index of the first; the last must be below 2**51, or what was scrambled.

        Returns
        -------
        ndarray, shape (n_dimensions, n_points)

        Raises
        ------
        ValueError
            Naming the field, the rule and the value.
        """
        return self._numbers(n_points, first_point, is_normal=False)

    def normals(self, *, n_points: int, first_point: int = 0) -> FloatArray:
        """Return the standard normals of consecutive points: :meth:`uniforms`, inverted."""
        return self._numbers(n_points, first_point, is_normal=True)

    def _numbers(self, n_points: int, first_point: int, *, is_normal: bool) -> FloatArray:
        limit = 2 ** (self.directions.shape[1] - 1)
        n_points = checks.integer("n_points", n_points, 1, limit)
        first_point = checks.integer("first_point", first_point, 0, limit - n_points)
        out = np.empty((self.shift.size, n_points))
        _fill(self.directions, self.shift, np.uint64(first_point), is_normal, out)
        return out
