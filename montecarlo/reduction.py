r"""From the samples of blocks to means and standard errors, by the way paths were drawn.

.. math::

    \hat\mu = \frac1m\sum_g \bar f_g, \qquad
    \mathrm{se}(\hat\mu) = \Big(\frac{1}{m(m-1)}\sum_g (\bar f_g - \hat\mu)^2\Big)^{1/2}

over the m independent groups of paths: single paths, antithetic pairs, or whole randomisations of
a Sobol net (:mod:`montecarlo.sampling`), with :math:`\bar f_g` the mean over a group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from montecarlo.accumulators import GRANULE, GranuleMoments, Moments, granule_moments
from montecarlo.checks import FloatArray
from montecarlo.jit import kernel
from montecarlo.sampling import Sampling


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
        The first ``n_kept`` outputs of each path, shape (n_kept, n_paths).
    """

    n_paths: int
    mean: FloatArray
    variance: FloatArray
    standard_error: FloatArray
    samples: FloatArray


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
        """Take in the next granules (:func:`granules_of`)."""
        if self.sampling.method != "sobol":
            self._moments.update(granules)
            return
        # A randomisation is whole granules: its moments start afresh.
        in_net = self.sampling.group // GRANULE
        at = 0
        while at < granules.counts.size:
            within = (granules.first_granule + at) % in_net
            end = min(at + in_net - within, granules.counts.size)
            self._moments.update(
                GranuleMoments(
                    first_granule=within,
                    counts=granules.counts[at:end],
                    mean=granules.mean[at:end],
                    squares=granules.squares[at:end],
                )
            )
            if within + end - at == in_net:
                self._net_means.append(self._moments.mean())
                self._moments = Moments(self._n_outputs)
            at = end

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

    def estimate(self, samples: FloatArray) -> Estimate:
        """Return the estimate over all paths taken in."""
        mean, error = self.mean_and_error()
        return Estimate(
            n_paths=self.n_paths,
            mean=mean,
            variance=self.n_paths * error * error,
            standard_error=error,
            samples=samples,
        )


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
