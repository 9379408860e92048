r"""Control variates: what is taken off flows, with a known mean, to average them better.

.. math:: \tilde F_k = (F_k - C_k) + \mathbb{E}[C_k]

Equity legs are corrected by what their shares are worth (:mod:`contracts.equity_controls`), legs
on an average price by the same payoff on its geometric twin (:mod:`contracts.average_controls`)
or, where prices are not lognormal, by the average itself (:mod:`contracts.mean_controls`), these
and capped ones with slopes from a pilot (:mod:`contracts.pilot`). Every number in a control is
fixed before the run, so that the mean is unbiased. Amounts are corrected before payment terms
spread them; samples path by path are left as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from contracts.average_controls import (
    AverageControl,
    Averages,
    CappedControl,
    SharedAverages,
    average_controls,
)
from contracts.conventions import FloatArray, IntArray, Observed
from contracts.equity_controls import equity_controls
from contracts.mean_controls import MeanControl
from contracts.pilot import Pilot, capped_controls
from contracts.protocols import Prices
from contracts.settlement import Settlement
from montecarlo.grid import TimeGrid
from montecarlo.models.protocol import Measure, PriceModel


class Control(Protocol):
    """What is taken off some flows of a line, payer to receiver, and the mean of that.

    Attributes
    ----------
    rows
        ``(n_flows,)``: the row of the control that corrects each flow, or -1.
    expectation
        ``(n_rows,)``: means of the rows.
    is_one_sided
        Whether the corrected flows are never negative.
    """

    @property
    def rows(self) -> IntArray:
        """Which row corrects which flow."""
        ...

    @property
    def expectation(self) -> FloatArray:
        """Means of the rows."""
        ...

    @property
    def is_one_sided(self) -> bool:
        """Whether positive and negative parts may be corrected apart."""
        ...

    def amounts(
        self, flows: FloatArray, prices: Prices, observed: Observed, twins: Observed
    ) -> FloatArray:
        """Return ``(n_rows, n_paths)``.

        From the line's own flows, the block's prices, what is observed, and the geometric twins
        of reference prices.
        """
        ...


@dataclass(frozen=True, eq=False)
class Controls:
    """The controls of one deal: name of the leg -> control; and the twins that they read."""

    lines: Mapping[str, Control] = field(default_factory=dict)
    averages: Averages = field(default_factory=dict)

    def get(self, leg: str) -> Control | None:
        """Return the control of a leg, or ``None``."""
        return self.lines.get(leg)

    def twins(self, prices: Prices, done: dict[int, FloatArray]) -> Observed:
        """Return the geometric twins, ``(n_periods, n_paths)`` each.

        ``done`` holds those of other deals on the same block, and takes up the new ones.
        """
        for average in self.averages.values():
            if id(average) not in done:
                done[id(average)] = average.observe(prices)
        return {name: done[id(average)] for name, average in self.averages.items()}


def controls(
    model: PriceModel,
    grid: TimeGrid,
    settlements: Sequence[Settlement],
    *,
    measure: Measure,
    seed: int,
) -> list[Controls]:
    """Return the controls of each deal; the seed is the run's, the pilot's follows from it."""
    shared: SharedAverages = {}
    found = [average_controls(settled, model, grid, measure, shared) for settled in settlements]
    pilots = []
    for settled, (mine, averages) in zip(settlements, found, strict=True):
        capped = {
            name: control
            for name, control in mine.items()
            if isinstance(control, AverageControl | MeanControl) and control.is_capped
        }
        pilots.append(Pilot(settled, capped, averages))
    with_slopes = capped_controls(pilots, model, grid, measure=measure, seed=seed)
    result = []
    for pilot, (mine, averages), sloped in zip(pilots, found, with_slopes, strict=True):
        lines: dict[str, Control] = {
            **equity_controls(pilot.settlement, model, grid, measure),
            **{name: control for name, control in mine.items() if name not in pilot.capped},
            **sloped,
        }
        needed = {
            control.reference_price
            for control in lines.values()
            if isinstance(control, AverageControl | CappedControl)
        }
        twins = {name: average for name, average in averages.items() if name in needed}
        result.append(Controls(lines, twins))
    return result
