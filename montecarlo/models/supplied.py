"""Bring your own paths: prices made elsewhere, run through the same loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from montecarlo import checks
from montecarlo.block import PathBlock
from montecarlo.checks import FloatArray
from montecarlo.grid import TimeGrid
from montecarlo.models.protocol import Measure, as_measure
from montecarlo.sampling import INDEPENDENT, Sampling, only_independent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SuppliedPaths:
    """Prices given path by path; path k of the simulation is column k.

    Parameters
    ----------
    grid
        The dates of the rows.
    price
        For each name an array of shape (n_dates, n_paths), currency per unit: any finite
        numbers, zero and negative ones too. The arrays are copied.

    Raises
    ------
    ValueError
        When a price is not finite, or shapes disagree.

    Examples
    --------
    >>> paths = SuppliedPaths(
    ...     grid=TimeGrid("2025-01-01", ["2025-06-30", "2025-12-31"]),
    ...     price={"ndpr": [[60.0, 70.0, 80.0], [65.0, 75.0, 50.0]]},
    ... )
    >>> paths.n_paths
    3
    """

    grid: TimeGrid
    price: Mapping[str, FloatArray]

    def __init__(self, *, grid: TimeGrid, price: Mapping[str, npt.ArrayLike]) -> None:
        if not price:
            msg = "price must have at least one name, got none"
            raise ValueError(msg)
        checked: dict[str, FloatArray] = {}
        for name, values in price.items():
            field = f"price[{checks.name('name of price', name)!r}]"
            array = checks.finite_array(field, values, n_dimensions=2)
            first = next(iter(checked.values()), array)
            expected = (grid.n_dates, first.shape[1])
            if array.shape != expected or array.shape[1] == 0:
                msg = (
                    f"{field} must have shape (n_dates, n_paths) = ({expected[0]}, "
                    f"{max(expected[1], 1)}), got {array.shape}"
                )
                raise ValueError(msg)
            array.setflags(write=False)
            checked[name] = array
        object.__setattr__(self, "grid", grid)
        object.__setattr__(self, "price", checked)

    @property
    def names(self) -> tuple[str, ...]:
        """The prices, in the order given."""
        return tuple(self.price)

    @property
    def n_paths(self) -> int:
        """How many paths were given."""
        return int(next(iter(self.price.values())).shape[1])

    def prepare(
        self,
        grid: TimeGrid,
        *,
        seed: int = 0,
        measure: Measure = "pricing",
        sampling: Sampling = INDEPENDENT,
    ) -> SuppliedSource:
        """Return a source of blocks for dates among those supplied.

        Raises
        ------
        ValueError
            When the grid has a date that was not supplied; for any but independent sampling.
        """
        only_independent(sampling, "supplied paths")
        checks.seed_words(seed)
        as_measure(measure)
        rows = np.searchsorted(self.grid.times, grid.times)
        rows = np.minimum(rows, self.grid.n_dates - 1)
        missing = np.flatnonzero(self.grid.times[rows] != grid.times)
        if missing.size:
            i = int(missing[0])
            what = f"{grid.times[i]:g} years" if grid.dates is None else str(grid.dates[i])
            msg = f"grid must have only dates with supplied prices, got {what}"
            raise ValueError(msg)
        if self.grid.valuation_date != grid.valuation_date and not (
            self.grid.valuation_date is None or grid.valuation_date is None
        ):
            msg = (
                f"grid must have the valuation date of the supplied prices "
                f"({self.grid.valuation_date}), got {grid.valuation_date}"
            )
            raise ValueError(msg)
        return SuppliedSource(paths=self, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SuppliedSource:
    """Supplied paths made ready for one grid.

    Parameters
    ----------
    paths
        The supplied paths.
    rows
        The row of each date of the grid, shape (n_dates,).
    """

    paths: SuppliedPaths
    rows: npt.NDArray[np.int64]

    @property
    def names(self) -> tuple[str, ...]:
        """The prices it gives."""
        return self.paths.names

    @property
    def n_dates(self) -> int:
        """How many dates each price has."""
        return int(self.rows.size)

    @property
    def n_paths(self) -> int | None:
        """How many paths were given."""
        return self.paths.n_paths

    def workspace(self, n_paths: int) -> dict[str, FloatArray]:
        """Return fresh arrays for blocks of ``n_paths`` paths."""
        return {name: np.empty((self.n_dates, n_paths)) for name in self.names}

    def fill(self, first_path: int, workspace: dict[str, FloatArray]) -> PathBlock:
        """Copy the paths from ``first_path`` on; beyond the last, the last is repeated."""
        width = 0
        for name, out in workspace.items():
            width = out.shape[1]
            columns = slice(first_path, first_path + width)
            chosen = self.paths.price[name][:, columns][self.rows]
            n_real = chosen.shape[1]
            out[:, :n_real] = chosen
            out[:, n_real:] = chosen[:, -1:]
        return PathBlock(first_path=first_path, n_paths=width, price=workspace)
