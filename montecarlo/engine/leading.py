r"""The leading principal components first, then a Brownian bridge: nearly as good, far cheaper.

With X the response of the log prices to the normals x of a bridge, :math:`XX^\top = C`, component
k of C is driven by the unit vector

.. math:: v_k = X^\top q_k / \sqrt{\lambda_k} .

An orthogonal matrix Q that takes the first M unit vectors to :math:`\pm v_1, \dots, \pm v_M` makes
:math:`x = Qy` independent normals again, of which the first M drive these components and the others
what is left, in about the order of the bridge. As a product of M reflections

.. math:: Q = H_1 \cdots H_M = I - V W, \qquad H_k = I - \beta_k u_k u_k^\top,

with V of M columns and W of M rows, it takes 2 M operations a normal where all components take as
many as there are dates. Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th edition,
sections 5.1.7 and 5.2.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo.bridge import BrownianBridge, bridge_in_place
from montecarlo.checks import FloatArray

N_LEADING = 18
"""Components that come first. On contracts of 120 months their gain is that of all 120."""

_NEGLIGIBLE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rotation:
    """The two factors of I - Q, in the order in which a strip keeps its normals.

    Parameters
    ----------
    into
        W, shape (m, n_noises * n_steps): row ``j * n_steps + s`` of a strip is that of noise j
        at row s of its bridge.
    out_of
        V, shape (n_noises * n_steps, m).
    """

    into: FloatArray
    out_of: FloatArray


def no_rotation(n_dimensions: int) -> Rotation:
    """Return the rotation that changes nothing.

    Examples
    --------
    >>> no_rotation(3).into.shape
    (0, 3)
    """
    return Rotation(into=np.empty((0, n_dimensions)), out_of=np.empty((n_dimensions, 0)))


def leading_rotation(
    matrix: FloatArray,
    is_random: npt.NDArray[np.bool_],
    bridge: BrownianBridge,
    starts: npt.NDArray[np.int64],
    decay: FloatArray,
    loading: FloatArray,
) -> Rotation:
    """Return the rotation towards the first components.

    Parameters
    ----------
    matrix
        Principal components of the log prices with any variance, one a column.
    is_random
        Which log prices these are, shape (n_names, n_dates).
    bridge
        Over the steps that take time.
    starts, decay, loading
        As for :class:`~montecarlo.engine.source.GaussianSource`.
    """
    response = bridge_response(bridge, starts, decay, loading)[is_random]
    n_noises, n_steps = loading.shape[2], bridge.row.size
    columns = []
    largest = 0.0
    for k in range(min(N_LEADING, matrix.shape[1])):
        a = matrix[:, k]
        variance = math.fsum(a * a)
        largest = max(largest, variance)
        if variance > _NEGLIGIBLE * largest:
            # Summed row by row, so that the bits are the same everywhere.
            columns.append((response * a[:, None]).sum(axis=0) / variance)
    if not columns:
        return no_rotation(n_noises * n_steps)
    vectors, weights = _reflections(columns)
    # Dimension k * n_noises + j starts in row ``row[k]`` of noise j.
    place = (np.arange(n_noises) * n_steps)[None, :] + bridge.row[:, None]
    into, out_of = np.empty_like(vectors), np.empty_like(vectors)
    into[:, place.ravel()] = _combined(vectors, weights)
    out_of[:, place.ravel()] = vectors
    return Rotation(into=into, out_of=np.ascontiguousarray(out_of.T))


def bridge_response(
    bridge: BrownianBridge, starts: npt.NDArray[np.int64], decay: FloatArray, loading: FloatArray
) -> FloatArray:
    """Return what each dimension adds to each log price, (n_names, n_dates, n_dimensions)."""
    n_dates, n_factors, n_noises = loading.shape
    n_steps = bridge.row.size
    n = n_noises * n_steps
    normals = np.zeros((n_noises, n_steps, n))
    for j in range(n_noises):
        normals[j, bridge.row, np.arange(n_steps) * n_noises + j] = 1.0
        bridge_in_place(bridge.left, bridge.right, bridge.cosine, bridge.sine, normals[j])
    out = np.zeros((starts.size - 1, n_dates, n))
    state = np.zeros((n_factors, n))
    for s in range(n_steps):
        t = s + n_dates - n_steps
        state = decay[t][:, None] * state
        for j in range(n_noises):
            state = state + loading[t][:, j, None] * normals[j, s]
        for a in range(starts.size - 1):
            for i in range(int(starts[a]), int(starts[a + 1])):
                out[a, t] = out[a, t] + state[i]
    return out


def _reflections(columns: list[FloatArray]) -> tuple[FloatArray, list[float]]:
    """Return u and beta of the reflections whose product takes unit vectors to the columns."""
    rest = [column.copy() for column in columns]
    vectors = np.zeros((len(columns), columns[0].size))
    weights = []
    for k, column in enumerate(rest):
        u = vectors[k]
        u[k:] = column[k:]
        u[k] += math.copysign(math.sqrt(math.fsum(u * u)), u[k])
        weights.append(2.0 / math.fsum(u * u))
        for other in rest[k + 1 :]:
            other -= weights[k] * math.fsum(u * other) * u
    return vectors, weights


def _combined(vectors: FloatArray, weights: list[float]) -> FloatArray:
    """Return W: with upper triangular T such that Q = I - V T V', it is T V'."""
    m = len(weights)
    upper = np.zeros((m, m))
    for k in range(m):
        upper[k, k] = weights[k]
        overlap = [math.fsum(vectors[i] * vectors[k]) for i in range(k)]
        for i in range(k):
            upper[i, k] = -weights[k] * math.fsum(upper[i, h] * overlap[h] for h in range(i, k))
    into = np.zeros_like(vectors)
    for i in range(m):
        for k in range(i, m):
            into[i] += upper[i, k] * vectors[k]
    return into
