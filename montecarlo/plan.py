"""How much to simulate, and how."""

from __future__ import annotations

from dataclasses import dataclass

from montecarlo import checks
from montecarlo.accumulators import GRANULE
from montecarlo.reduction import granule_paths
from montecarlo.sampling import INDEPENDENT, Sampling

_BLOCK_BYTES = 2**20
_MAX_BLOCK = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to simulate, and how.

    Parameters
    ----------
    n_paths
        How many paths, at least 1.
    seed
        An integer in ``[0, 2**64)``.
    block_size
        Paths in a block, a multiple of 256; by default what fits the cache. It changes speed,
        never results.
    n_threads
        By default the processors this process may use. It changes speed, never results.
    sampling
        How paths are drawn; by default independently.

    Raises
    ------
    ValueError
        Naming the field, the rule and the value.

    Examples
    --------
    >>> Plan(n_paths=1000, seed=7, block_size=100)
    Traceback (most recent call last):
    ValueError: block_size must be a multiple of 256, got 100
    """

    n_paths: int
    seed: int
    block_size: int | None = None
    n_threads: int | None = None
    sampling: Sampling = INDEPENDENT

    def __post_init__(self) -> None:
        checks.integer("n_paths", self.n_paths, 1)
        checks.seed_words(self.seed)
        if not isinstance(self.sampling, Sampling):
            msg = f"sampling must be a Sampling, got {self.sampling!r}"
            raise ValueError(msg)
        self.sampling.check_paths(self.n_paths)
        unit = granule_paths(self.sampling)
        if self.block_size is not None:
            checks.integer("block_size", self.block_size, 1)
            if self.block_size % unit:
                msg = f"block_size must be a multiple of {unit}, got {self.block_size}"
                raise ValueError(msg)
        if self.n_threads is not None:
            checks.integer("n_threads", self.n_threads, 1)


def default_block_size(n_rows: int) -> int:
    """Return the paths of a block whose ``n_rows`` rows of prices take about a megabyte.

    Examples
    --------
    >>> default_block_size(120), default_block_size(5000)
    (1024, 512)
    """
    fitting = _BLOCK_BYTES // (8 * max(n_rows, 1))
    power = 1 << (max(fitting, 1).bit_length() - 1)
    return min(max(power, 2 * GRANULE), _MAX_BLOCK)
