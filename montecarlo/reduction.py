r"""From the samples of blocks to means and standard errors, by the way paths were drawn.

.. math::

    \hat\mu = \frac1m\sum_g \bar f_g, \qquad
    \mathrm{se}(\hat\mu) = \Big(\frac{1}{m(m-1)}\sum_g (\bar f_g - \hat\mu)^2\Big)^{1/2}

over the m independent groups of paths: single paths, antithetic pairs, or whole randomisations of
a Sobol net (:mod:`montecarlo.sampling`), with :math:`\bar f_g` the mean over a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from montecarlo.accumulators import GRANULE, GranuleMoments, Moments, granule_moments
from montecarlo.checks import FloatArray
from montecarlo.histogram import Histogram
from montecarlo.jit import kernel
from montecarlo.sampling import Sampling

_MERGED_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """Means with their standard errors, and the samples that were kept.

    Parameters
    ----------
    n_paths
        How many paths were averaged.
    mean, variance, standard_error
        Of each output, shape (n_outputs,). The standard error is of the mean, from the spread
        between independent groups of paths; the variance is n_paths times its square, which for
        independent paths is their sample variance (n - 1). Both are nan, never 0, for a single
        group.
    samples
        The first ``n_kept`` outputs of each path, shape (n_kept, n_paths); (n_kept, 0) where they
        were not kept.
    histogram
        Counts of the first ``n_kept`` outputs, where they were asked for instead.
    """

    n_paths: int
    mean: FloatArray
    variance: FloatArray
    standard_error: FloatArray
    samples: FloatArray
    histogram: Histogram | None = None


class Tally:
    """Takes in the granules of a simulation in order, and gives the estimate.

    Parameters
    ----------
    n_outputs
        Rows of samples.
    sampling
        How the paths were drawn.
    """

    __slots__ = ("_moments", "_n_outputs", "_net_means", "sampling")

    def __init__(self, n_outputs: int, sampling: Sampling) -> None:
        self.sampling = sampling
        self._n_outputs = n_outputs
        self._moments = Moments(n_outputs)
        self._net_means: list[FloatArray] = []

    @property
    def n_paths(self) -> int:
        """How many paths have been taken in."""
        pairing = 2 if self.sampling.method == "antithetic" else 1
        nets = self.sampling.group * len(self._net_means) if self._net_means else 0
        return nets + pairing * self._moments.n_paths

    def update(self, granules: GranuleMoments) -> None:
        """Take in the next granules (:func:`granules_of`), or the nodes of a :class:`Chunk`."""
        if self.sampling.method != "sobol":
            self._moments.update(granules)
            return
        # A randomisation is whole granules: its moments start afresh.
        for part, is_whole in _cut(granules, self.sampling.group // GRANULE):
            self._moments.update(part)
            if is_whole:
                self._net_means.append(self._moments.mean())
                self._moments = Moments(self._n_outputs)

    def mean_and_error(self) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard error of each output, shape (n_outputs,)."""
        if self.sampling.method != "sobol":
            n_groups = self._moments.n_paths
            return self._moments.mean(), np.sqrt(self._moments.variance() / max(n_groups, 1))
        nets = Moments(self._n_outputs)
        if self._net_means:
            means = np.ascontiguousarray(np.array(self._net_means).T)
            nets.update(granule_moments(means, first_path=0, n_paths=len(self._net_means)))
        return nets.mean(), np.sqrt(nets.variance() / max(nets.n_paths, 1))

    def estimate(self, samples: FloatArray, histogram: Histogram | None = None) -> Estimate:
        """Return the estimate over all paths taken in."""
        mean, error = self.mean_and_error()
        return Estimate(
            n_paths=self.n_paths,
            mean=mean,
            variance=self.n_paths * error * error,
            standard_error=error,
            samples=samples,
            histogram=histogram,
        )


class ChunkMoments:
    """Merges the granules of one chunk of paths as the whole simulation would.

    Parameters
    ----------
    n_outputs
        Rows of samples.
    sampling
        How the paths were drawn.
    first_path
        Absolute index of the chunk's first path, a multiple of the chunk's size.
    chunk_paths
        The chunk's size, a power of two times 256; 512 for antithetic pairs.

    Examples
    --------
    >>> chunk = ChunkMoments(1, Sampling(), first_path=512, chunk_paths=512)
    >>> ones = np.ones((1, 512))
    >>> chunk.update(granules_of(ones, first_path=512, n_paths=512, sampling=Sampling()))
    >>> nodes = chunk.nodes()
    >>> nodes.first_granule, nodes.levels, nodes.counts
    (2, array([1]), array([512]))
    """

    __slots__ = ("_done", "_moments", "_n_outputs", "_n_unmerged", "_span", "_start", "_unmerged")

    def __init__(
        self, n_outputs: int, sampling: Sampling, *, first_path: int, chunk_paths: int
    ) -> None:
        granule = granule_paths(sampling)
        self._n_outputs = n_outputs
        self._start = first_path // granule
        # Nodes never reach from one randomisation into the next.
        whole = sampling.group if sampling.method == "sobol" else chunk_paths
        self._span = min(chunk_paths, whole) // granule
        self._moments = Moments(n_outputs)
        self._done: list[GranuleMoments] = []
        self._unmerged: list[GranuleMoments] = []
        self._n_unmerged = 0

    def update(self, granules: GranuleMoments) -> None:
        """Take in the next granules of the chunk."""
        self._unmerged.append(granules)
        self._n_unmerged += granules.counts.size
        if self._n_unmerged >= _MERGED_AT_ONCE:
            self._merge()

    def nodes(self) -> GranuleMoments:
        """Return all that was taken in, merged as far as it can be."""
        if self._unmerged:
            self._merge()
        if self._moments.n_paths:
            self._finish()
        return _joined(self._done)

    def _merge(self) -> None:
        for part, is_whole in _cut(_joined(self._unmerged), self._span):
            self._moments.update(part)
            if is_whole:
                self._finish()
        self._unmerged, self._n_unmerged = [], 0

    def _finish(self) -> None:
        self._done.append(self._moments.nodes(self._start))
        self._start += self._span
        self._moments = Moments(self._n_outputs)


def _joined(parts: list[GranuleMoments]) -> GranuleMoments:
    """Return consecutive nodes as one set."""
    if len(parts) == 1:
        return parts[0]
    return GranuleMoments(
        first_granule=parts[0].first_granule,
        levels=np.concatenate([nodes.levels for nodes in parts]),
        counts=np.concatenate([nodes.counts for nodes in parts]),
        mean=np.concatenate([nodes.mean for nodes in parts]),
        squares=np.concatenate([nodes.squares for nodes in parts]),
    )


def _cut(granules: GranuleMoments, span: int) -> Iterator[tuple[GranuleMoments, bool]]:
    """Cut nodes at the multiples of ``span`` granules, each part counted from the one before.

    Says of each part whether it ends at such a multiple.
    """
    firsts = granules.firsts
    groups = firsts[:-1] // span
    edges = np.flatnonzero(np.diff(groups, prepend=-1))
    for start, stop in zip(edges, [*edges[1:], groups.size], strict=True):
        yield (
            granules.part(int(start), int(stop), int(firsts[start] % span)),
            bool(firsts[stop] % span == 0),
        )


def granule_paths(sampling: Sampling) -> int:
    """Return the paths of a granule: 256, or as many antithetic pairs.

    Examples
    --------
    >>> granule_paths(Sampling(method="antithetic"))
    512
    """
    # Pairs are averaged before they are summed, so that a granule of them takes two of paths.
    return 2 * GRANULE if sampling.method == "antithetic" else GRANULE


def granules_of(
    values: FloatArray, *, first_path: int, n_paths: int, sampling: Sampling
) -> GranuleMoments:
    """Reduce the samples of a block to granules of independent samples, pairs averaged first.

    Parameters
    ----------
    values
        Shape (n_outputs, n): the samples of paths ``first_path`` on.
    first_path, n_paths
        Absolute index of the first column, and how many columns count.
    sampling
        How the paths were drawn.

    Examples
    --------
    >>> pairs = granules_of(
    ...     np.array([[1.0, 3.0, 10.0, 14.0]]),
    ...     first_path=0,
    ...     n_paths=4,
    ...     sampling=Sampling(method="antithetic"),
    ... )
    >>> pairs.mean, pairs.squares
    (array([[7.]]), array([[50.]]))
    """
    if sampling.method != "antithetic":
        return granule_moments(values, first_path=first_path, n_paths=n_paths)
    means = np.empty((values.shape[0], values.shape[1] // 2))
    _pair_means(values, means)
    return granule_moments(means, first_path=first_path // 2, n_paths=n_paths // 2)


@kernel
def _pair_means(values: FloatArray, out: FloatArray) -> None:
    for output in range(out.shape[0]):
        row = values[output]
        mean = out[output]
        for pair in range(mean.shape[0]):
            mean[pair] = 0.5 * (row[2 * pair] + row[2 * pair + 1])
