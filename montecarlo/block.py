"""One block of simulated paths: what a model hands to a contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from montecarlo.checks import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PathBlock:
    """Prices of consecutive paths, ``price[name][t, path]``.

    Parameters
    ----------
    first_path
        Absolute index of the block's first path.
    n_paths
        How many paths there are in the block.
    price
        For each name an array of shape (n_dates, n_paths), C order, currency per unit. The
        arrays belong to the simulation and hold these values until its next block: copy what
        is to be kept.

    Examples
    --------
    >>> import numpy as np
    >>> block = PathBlock(first_path=512, n_paths=2, price={"ndpr": np.array([[60.0, 71.0]])})
    >>> block.price["ndpr"][0]
    array([60., 71.])
    """

    first_path: int
    n_paths: int
    price: Mapping[str, FloatArray]
