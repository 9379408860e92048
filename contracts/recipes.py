"""What a run is made from, small enough to be sent: deals and a market, not what they become.

A settlement holds arrays for every period and date; the deal and the market behind it take some
kilobytes. A worker binds them again, once, and gets the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.checks import one_of
from contracts.controls import Controls, controls
from contracts.conventions import FloatArray
from contracts.deal import Deal
from contracts.exposure_groups import GroupOutputs, Groups, group
from contracts.market import Market
from contracts.outputs import DealOutputs, Outputs
from contracts.run import Run, prepare
from montecarlo.canonical import digest
from montecarlo.executors.job import Parts
from montecarlo.models.protocol import Measure

PACKAGES = ("contracts", "montecarlo")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationRecipe:
    """Deals valued together on one market.

    Attributes
    ----------
    deals, market, sides
        What is valued, on what, and for whom each.
    measure
        ``"pricing"`` or ``"physical"``.
    keep_legs
        Whether each leg's present value is kept path by path, beside the total's.
    is_controlled
        Whether control variates correct the averages.
    seed
        Of the run; that of the pilot behind some controls follows from it.
    """

    deals: tuple[Deal, ...]
    market: Market
    sides: tuple[str, ...]
    measure: Measure
    keep_legs: bool
    is_controlled: bool
    seed: int

    @property
    def label(self) -> str:
        """What to call it in messages."""
        return ", ".join(deal.name for deal in self.deals)

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages whose sources decide the result."""
        return PACKAGES

    @property
    def fingerprint(self) -> str:
        """A hash of all of it."""
        kind = type(self).__name__
        rest = (self.sides, self.measure, self.keep_legs, self.is_controlled, self.seed)
        return digest((kind, self.deals, self.market, rest))

    def bind(self, prices: Mapping[str, FloatArray] | None = None) -> tuple[Run, Outputs]:
        """Return the run and its functional; ``prices`` replace the market's model."""
        run = prepare(self.deals, self.market, prices)
        found = [Controls() for _ in self.deals]
        if self.is_controlled:
            found = controls(
                run.model, run.grid, run.settlements, measure=self.measure, seed=self.seed
            )
        sets = zip(run.settlements, self.sides, found, strict=True)
        return run, Outputs(
            [
                DealOutputs(settled, _side(settled.deal, side), known, keep_legs=self.keep_legs)
                for settled, side, known in sets
            ]
        )

    def build(self) -> Parts:
        """Return model, grid and functional."""
        run, outputs = self.bind()
        return Parts(run.model, run.grid, outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureRecipe:
    """What the public parties of deals on one market pay and receive.

    Attributes
    ----------
    deals, market
        Of which it is.
    by
        The dimensions of the groups.
    measure
        ``"physical"``: outlays as they fall due; ``"pricing"``: present values.
    seed
        Of the run; that of the pilot behind some controls follows from it.
    """

    deals: tuple[Deal, ...]
    market: Market
    by: tuple[str, ...]
    measure: Measure
    seed: int

    @property
    def label(self) -> str:
        """What to call it in messages."""
        return ", ".join(deal.name for deal in self.deals)

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages whose sources decide the result."""
        return PACKAGES

    @property
    def fingerprint(self) -> str:
        """A hash of all of it."""
        rest = (self.by, self.measure, self.seed)
        return digest((type(self).__name__, self.deals, self.market, rest))

    def outputs(self, run: Run, groups: Groups) -> GroupOutputs:
        """Return the functional of a run that is bound already."""
        known = controls(run.model, run.grid, run.settlements, measure=self.measure, seed=self.seed)
        return GroupOutputs(groups, known, discounted=self.measure == "pricing")

    def build(self) -> Parts:
        """Return model, grid and functional."""
        run = prepare(self.deals, self.market)
        return Parts(run.model, run.grid, self.outputs(run, group(run.settlements, self.by)))


def _side(deal: Deal, perspective: str) -> str:
    one_of(perspective, tuple(deal.parties), f"{deal.name}: perspective")
    return perspective
