"""Prices that are not lognormal: Gaussian rows first, then each turned into what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from montecarlo.block import PathBlock
from montecarlo.checks import FloatArray
from montecarlo.models.protocol import BlockSource, Workspace
from montecarlo.sampling import Sampling


class Transform(Protocol):
    """Turns Gaussian rows of one name into its prices, in place.

    It must give path ``first_path + j`` the same bits whatever the number of paths, and be safe
    to call from several threads, each with its own workspace.
    """

    def workspace(self, n_paths: int) -> Workspace:
        """Return fresh arrays for blocks of ``n_paths`` paths."""
        ...

    def apply(self, first_path: int, rows: tuple[FloatArray, ...], workspace: Workspace) -> None:
        """Overwrite ``rows[0]`` (n_dates, n_paths); the other rows are hidden drivers."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One transform and the rows that it is given: the price first, then hidden drivers."""

    rows: tuple[str, ...]
    transform: Transform


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TransformedSource:
    """A Gaussian source whose rows are transformed before they are given away.

    Parameters
    ----------
    gaussian
        Gives a row for each name, and for each hidden driver.
    names
        The prices to give away.
    steps
        What is done to them, in order.
    """

    gaussian: BlockSource
    names: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def n_dates(self) -> int:
        """How many dates each price has."""
        return self.gaussian.n_dates

    @property
    def n_paths(self) -> int | None:
        """How many paths there are to give."""
        return self.gaussian.n_paths

    def workspace(self, n_paths: int) -> Workspace:
        """Return fresh arrays for blocks of ``n_paths`` paths."""
        own = tuple(step.transform.workspace(n_paths) for step in self.steps)
        return self.gaussian.workspace(n_paths), own

    def fill(self, first_path: int, workspace: Workspace) -> PathBlock:
        """Simulate the paths from ``first_path`` on, as many as the workspace is wide."""
        gaussian, own = workspace
        block = self.gaussian.fill(first_path, gaussian)
        for step, space in zip(self.steps, own, strict=True):
            rows = tuple(block.price[name] for name in step.rows)
            step.transform.apply(first_path, rows, space)
        return PathBlock(
            first_path=block.first_path,
            n_paths=block.n_paths,
            price={name: block.price[name] for name in self.names},
        )


def transformed(
    gaussian: BlockSource, names: tuple[str, ...], steps: tuple[Step, ...]
) -> BlockSource:
    """Return the source with its rows transformed, or itself when there is nothing to do."""
    return TransformedSource(gaussian=gaussian, names=names, steps=steps) if steps else gaussian


def refuse_single(names: tuple[str, ...], sampling: Sampling) -> None:
    """Refuse single precision for prices that are not lognormal.

    Raises
    ------
    ValueError
        Naming the prices.
    """
    if sampling.precision == "single":
        msg = (
            f"precision must be 'double' where a price is not lognormal ({', '.join(names)}), "
            f"got 'single'"
        )
        raise ValueError(msg)
