r"""What a step of the log price may hold, and the likelihood of many steps with its slope.

A term :math:`j` of the mixture has :math:`n_j` jumps, of which :math:`A_j` is left in mean at the
end of the step, and a normal law of mean and variance

.. math:: m A_j, \qquad \sigma^2 V + s^2 B_j + m^2 C_j .

Without mean reversion :math:`A_j = B_j = n_j`, :math:`C_j = 0`, :math:`V = \Delta`. With it, a
jump at the share :math:`1 - u` of the step is left to :math:`e^{-\kappa\Delta u}` at its end:

- one jump is a sum over Gauss-Legendre nodes :math:`u_q` of the moment, :math:`A = e^{-\kappa
  \Delta u_q}`, :math:`B = A^2`, :math:`C = 0`;
- two and more are matched in mean and variance, :math:`A = n a_1`, :math:`B = n a_2`, :math:`C =
  n(a_2 - a_1^2)`, with :math:`a_1 = (1 - e^{-\kappa\Delta})/\kappa\Delta` and :math:`a_2 = (1 -
  e^{-2\kappa\Delta})/2\kappa\Delta`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from montecarlo.checks import FloatArray
from montecarlo.elementary import exp, log
from montecarlo.jit import kernel

N_NODES = 4
"""Moments at which one jump within a step may come; see the accuracy in the tests."""
UNSEEN = 37.0
"""A term whose logarithm lies so far below the highest is less than a rounding of the sum."""
SMALL = 1e-4
"""Below it, the slope of a share left is a series: the closed form would cancel."""


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The terms of the mixture for one mean reversion, by length of step.

    Parameters
    ----------
    counts, log_weights
        (n_terms,) number of jumps, and the log of what a term's share of its number is, less the
        log factorial of the number.
    mean, square, bent
        (n_lengths, n_terms) A, B and C.
    diffusion
        (n_lengths,) V, years.
    pulled
        (n_lengths,) by how much the change moves with the pull.
    mean_slope, square_slope, bent_slope, diffusion_slope, pulled_slope
        How fast these move with the mean reversion; zero without any.
    """

    counts: FloatArray
    log_weights: FloatArray
    mean: FloatArray
    square: FloatArray
    bent: FloatArray
    diffusion: FloatArray
    pulled: FloatArray
    mean_slope: FloatArray
    square_slope: FloatArray
    bent_slope: FloatArray
    diffusion_slope: FloatArray
    pulled_slope: FloatArray


def terms_of(kappa: float, lengths: FloatArray, most: int) -> Terms:
    """Return the terms with up to ``most`` jumps in steps of some lengths (n_lengths,), years.

    Examples
    --------
    >>> terms_of(0.0, np.array([0.25]), 2).mean
    array([[0., 1., 2.]])
    >>> terms_of(1.0, np.array([0.25]), 2).counts
    array([0., 1., 1., 1., 1., 2.])
    """
    if kappa == 0.0:
        return _lasting(lengths, most)
    moments = _nodes()[0]
    counts, log_weights = _numbers(most)
    several = counts[1 + N_NODES :]
    away = kappa * lengths
    once, once_slope = _share_left(away)
    twice, twice_slope = _share_left(2.0 * away)
    once_slope *= lengths
    twice_slope *= 2.0 * lengths
    left = np.exp(-np.outer(away, moments))
    left_slope = -np.outer(lengths, moments) * left
    shape, nothing = (lengths.size, counts.size), np.zeros(left.shape)

    def table(one: FloatArray, many: FloatArray) -> FloatArray:
        found = np.empty(shape)
        found[:, 0] = 0.0
        found[:, 1 : 1 + N_NODES] = one
        found[:, 1 + N_NODES :] = many[:, None] * several
        return found

    return Terms(
        counts=counts,
        log_weights=log_weights,
        mean=table(left, once),
        square=table(left**2, twice),
        bent=table(nothing, twice - once**2),
        diffusion=lengths * twice,
        pulled=-np.expm1(-away),
        mean_slope=table(left_slope, once_slope),
        square_slope=table(2.0 * left * left_slope, twice_slope),
        bent_slope=table(nothing, twice_slope - 2.0 * once * once_slope),
        diffusion_slope=lengths * twice_slope,
        pulled_slope=lengths * np.exp(-away),
    )


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    """Return the moments of one jump, as shares of the step before its end, and their weights."""
    nodes, weights = np.polynomial.legendre.leggauss(N_NODES)
    return 0.5 * (1.0 + nodes), 0.5 * weights


@cache
def _numbers(most: int) -> tuple[FloatArray, FloatArray]:
    several = np.arange(2.0, most + 1.0)
    counts = np.concatenate([[0.0], np.ones(N_NODES), several])
    return counts, np.concatenate([[0.0], np.log(_nodes()[1]), -_log_factorials(several)])


def _lasting(lengths: FloatArray, most: int) -> Terms:
    counts = np.arange(most + 1.0)
    whole = np.tile(counts, (lengths.size, 1))
    none = np.zeros(whole.shape)
    still = np.zeros(lengths.size)
    return Terms(
        counts=counts,
        log_weights=-_log_factorials(counts),
        mean=whole,
        square=whole,
        bent=none,
        diffusion=lengths,
        pulled=lengths,
        mean_slope=none,
        square_slope=none,
        bent_slope=none,
        diffusion_slope=still,
        pulled_slope=still,
    )


def _log_factorials(counts: FloatArray) -> FloatArray:
    return np.array([math.lgamma(n + 1.0) for n in counts])


def _share_left(away: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what is left on average of what came within a step, and its slope in ``away``."""
    share = -np.expm1(-away) / away
    slope = np.where(away < SMALL, -0.5 + away / 3.0, (np.exp(-away) - share) / away)
    return share, slope


@kernel
def mixture(
    changes: FloatArray,
    before: FloatArray,
    lengths: FloatArray,
    which: FloatArray,
    trial: FloatArray,
    counts: FloatArray,
    chances: FloatArray,
    mean: FloatArray,
    square: FloatArray,
    bent: FloatArray,
    diffusion: FloatArray,
    pulled: FloatArray,
    mean_slope: FloatArray,
    square_slope: FloatArray,
    bent_slope: FloatArray,
    diffusion_slope: FloatArray,
    pulled_slope: FloatArray,
    row: FloatArray,
    out: FloatArray,
) -> None:
    """Write the log-likelihood, then its slope in the six parameters, into ``out`` (7,).

    ``changes`` (n,) are those of the log price, ``before`` (n,) where each began, ``which`` (n,)
    the number of its length, ``chances`` (n_lengths, n_terms) the log of how probable each term
    is; ``row`` (2, n_terms) is room to work in.
    """
    kappa, volatility, intensity = trial[0], trial[1], trial[2]
    jump_mean, jump_volatility, pull = trial[3], trial[4], trial[5]
    of_square, of_bent = jump_volatility * jump_volatility, jump_mean * jump_mean
    total = 0.0
    by_kappa = 0.0
    by_volatility = 0.0
    by_count = 0.0
    by_mean = 0.0
    by_spread = 0.0
    by_pull = 0.0
    for t in range(changes.size):
        k = int(which[t])
        gap = pull - before[t] if kappa > 0.0 else pull
        left = changes[t] - pulled[k] * gap
        calm = volatility * volatility * diffusion[k]
        highest = -np.inf
        densest = -0.5 * log(calm)
        used = 0
        for j in range(counts.size):
            # Probable numbers come first: what can no longer be seen in the sum is left out.
            if counts[j] > 1.0 and chances[k, j] < min(
                chances[k, j - 1], highest - densest - UNSEEN
            ):
                break
            used = j + 1
            variance = calm + of_square * square[k, j] + of_bent * bent[k, j]
            away = left - jump_mean * mean[k, j]
            row[0, j] = chances[k, j] - 0.5 * (away * away / variance + log(variance))
            row[1, j] = 1.0 / variance
            highest = max(highest, row[0, j])
        whole = 0.0
        first = 0.0
        at_kappa = 0.0
        at_volatility = 0.0
        at_count = 0.0
        at_mean = 0.0
        at_spread = 0.0
        for j in range(used):
            weight = exp(row[0, j] - highest)
            away = (left - jump_mean * mean[k, j]) * row[1, j]
            of_variance = 0.5 * weight * (away * away - row[1, j])
            of_mean = weight * away
            whole += weight
            first += of_mean
            at_volatility += of_variance
            at_count += weight * counts[j]
            at_mean += of_mean * mean[k, j] + of_variance * bent[k, j] * 2.0 * jump_mean
            at_spread += of_variance * square[k, j]
            at_kappa += of_mean * jump_mean * mean_slope[k, j] + of_variance * (
                of_square * square_slope[k, j] + of_bent * bent_slope[k, j]
            )
        total += highest + log(whole)
        by_volatility += at_volatility / whole * diffusion[k]
        by_count += at_count / whole
        by_mean += at_mean / whole
        by_spread += at_spread / whole
        by_pull += first / whole * pulled[k]
        calm_slope = volatility * volatility * diffusion_slope[k]
        moved = first * pulled_slope[k] * gap + at_volatility * calm_slope
        by_kappa += (at_kappa + moved) / whole
    out[0] = total - 0.5 * changes.size * math.log(2.0 * math.pi)
    out[1] = by_kappa
    out[2] = 2.0 * volatility * by_volatility
    out[3] = by_count / intensity
    for t in range(changes.size):
        out[3] -= lengths[int(which[t])]
    out[4] = by_mean
    out[5] = 2.0 * jump_volatility * by_spread
    out[6] = by_pull
