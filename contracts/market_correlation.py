"""The correlations of a market: a matrix from pairs, and the nearest admissible on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from contracts.conventions import FloatArray


def matrix_of_pairs(
    names: Sequence[str], correlation: Mapping[tuple[str, str], float]
) -> FloatArray:
    """Return the matrix of some names, ``(n, n)``; pairs that are not stated have 0.

    Examples
    --------
    >>> matrix_of_pairs(["nd", "pr"], {("pr", "nd"): 0.9}).tolist()
    [[1.0, 0.9], [0.9, 1.0]]
    """
    matrix = np.eye(len(names))
    for i, first in enumerate(names):
        for j, second in enumerate(names[:i]):
            either = correlation.get((second, first), 0.0)
            matrix[i, j] = matrix[j, i] = correlation.get((first, second), either)
    return matrix


def nearest_correlations(
    names: Sequence[str], correlation: Mapping[tuple[str, str], float]
) -> tuple[dict[tuple[str, str], float], tuple[str, ...]]:
    """Return the nearest correlations that all pairs can have together, and what to say of it.

    Pairs that are admissible as they stand come back unchanged, with nothing to say.

    Examples
    --------
    >>> stated = {("nd", "pr"): 0.9, ("pr", "dy"): 0.9, ("nd", "dy"): -0.5}
    >>> found, sentences = nearest_correlations(["nd", "pr", "dy"], stated)
    >>> round(found["nd", "dy"], 3), len(sentences)
    (-0.26, 1)
    """
    from montecarlo.correlation_matrix import nearest_correlation

    found = nearest_correlation(matrix_of_pairs(names, correlation))
    if not found.n_rounds:
        return dict(correlation), ()
    pairs: dict[tuple[str, str], float] = {}
    for i, first in enumerate(names):
        for j, second in enumerate(names[:i]):
            key = (first, second) if (first, second) in correlation else (second, first)
            pairs[key] = float(found.matrix[i, j])
    i, j = found.largest_pair
    before = float(matrix_of_pairs(names, correlation)[i, j])
    sentence = (
        "Correlations are the nearest that all pairs can have together, for those stated "
        f"contradict each other: {names[min(i, j)]} with {names[max(i, j)]} moved most, from "
        f"{before:g} to {float(found.matrix[i, j]):.3f}; distance {found.distance:.3f}."
    )
    return pairs, (sentence,)
