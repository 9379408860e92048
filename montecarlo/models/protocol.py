"""What the simulation asks of a price model."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, get_args, runtime_checkable

from montecarlo.block import PathBlock
from montecarlo.grid import TimeGrid
from montecarlo.sampling import INDEPENDENT, Sampling

Measure: TypeAlias = Literal["pricing", "physical"]
"""``pricing``: drift from the forward curve, for value. ``physical``: real-world drift, for
expected outlays."""


class RiskFactor(NamedTuple):
    """One source of risk of a price, and what bearing it is paid.

    A model of one price lists its own by ``risk_premia()``, in the order in which its docstring
    names them; one that is the same under both measures has none.

    Parameters
    ----------
    name
        What it is, in a word or two: ``"short-term"``, ``"long-term"``, ``"jumps"``.
    mean_reversion
        1/yr; 0 where shocks stay, NaN where it means nothing.
    volatility
        1/sqrt(yr), of the log price; NaN where it means nothing.
    risk_premium
        What the physical drift of the log price has beyond the pricing drift, 1/yr.
    """

    name: str
    mean_reversion: float
    volatility: float
    risk_premium: float


Workspace: TypeAlias = Any
"""Arrays a source reuses from block to block; one for each thread, known to its source only."""


class BlockSource(Protocol):
    """A model made ready for one grid, seed and measure: it fills blocks in any order.

    ``fill`` must give path ``first_path + j`` the same bits whatever the width of the workspace,
    and be safe to call from several threads, each with its own workspace.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The prices it gives."""
        ...

    @property
    def n_dates(self) -> int:
        """How many dates each price has."""
        ...

    @property
    def n_paths(self) -> int | None:
        """How many paths there are to give; None when there is no end of them."""
        ...

    def workspace(self, n_paths: int) -> Workspace:
        """Return fresh arrays for blocks of ``n_paths`` paths."""
        ...

    def fill(self, first_path: int, workspace: Workspace) -> PathBlock:
        """Simulate the paths from ``first_path`` on, as many as the workspace is wide.

        A source whose paths end within the block fills the rest with any finite values.
        """
        ...


@runtime_checkable
class PriceModel(Protocol):
    """Frozen parameters that can be made ready to simulate."""

    @property
    def names(self) -> tuple[str, ...]:
        """The prices the model gives."""
        ...

    def prepare(
        self,
        grid: TimeGrid,
        *,
        seed: int,
        measure: Measure = "pricing",
        sampling: Sampling = INDEPENDENT,
    ) -> BlockSource:
        """Return a source of blocks for one grid, seed, measure and way of drawing.

        Raises
        ------
        ValueError
            When the model cannot be drawn that way.
        """
        ...


def as_measure(value: str) -> Measure:
    """Return ``value``, or refuse what is not the name of a measure.

    Examples
    --------
    >>> as_measure("risk-neutral")
    Traceback (most recent call last):
    ValueError: measure must be 'pricing' or 'physical', got 'risk-neutral'
    """
    for measure in get_args(Measure):
        if value == measure:
            return "physical" if measure == "physical" else "pricing"
    msg = f"measure must be 'pricing' or 'physical', got {value!r}"
    raise ValueError(msg)
