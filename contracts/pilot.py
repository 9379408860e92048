r"""A pilot run: the slopes of controls that have no closed form, from paths of their own.

For each capped amount :math:`A_t`, with :math:`u_t` its control without memory, the slopes solve

.. math:: \min_{a_t, b_t} \mathrm{Var}\Big(A_t - a_t u_t - b_t \sum_{s<t} u_s\Big)

over the pilot's paths, the sum over earlier periods under the same cap. The pilot has another
seed than the run, hence the slopes are fixed numbers there. A second pilot, of a third seed, says
whether the present value varies less with the control; else it is dropped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contracts.average_controls import AverageControl, Averages, CappedControl
from contracts.conventions import BoolArray, FloatArray
from contracts.mean_controls import MeanControl
from contracts.modifiers import BudgetCap
from contracts.settlement import Line, Settlement
from montecarlo.block import PathBlock
from montecarlo.grid import TimeGrid
from montecarlo.models.protocol import Measure, PriceModel
from montecarlo.plan import Plan
from montecarlo.simulation import simulate

PILOT_PATHS = 4096
WORTH_WHILE = 0.9
"""A control must bring the variance of the present value below this part of it."""

_SEED_STEP = 0x9E3779B97F4A7C15
_BLOCK = 256
_SINGULAR = 1e-9
_N_PRODUCTS = 8

Read = Callable[[FloatArray, FloatArray, BoolArray, FloatArray], None]
"""Writes rows from the amounts, the controls less their means, and where caps start afresh."""


@dataclass(frozen=True, eq=False)
class Pilot:
    """The capped lines of one deal: their controls without memory, by name."""

    settlement: Settlement
    capped: Mapping[str, AverageControl | MeanControl]
    averages: Averages

    @property
    def lines(self) -> list[tuple[Line, AverageControl | MeanControl]]:
        """The lines with their controls."""
        lines = self.settlement.lines
        named = [(line, self.capped.get(line.clause.name)) for line in lines]
        return [(line, control) for line, control in named if control is not None]

    def observe(self, block: PathBlock) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield each line's amounts and controls less their means, ``(n_periods, n_paths)``."""
        observed = self.settlement.observe(block.price)
        twins = {name: twin.observe(block.price) for name, twin in self.averages.items()}
        for line, control in self.lines:
            amounts = line.amounts(observed)
            moved = control.amounts(amounts, block.price, observed, twins)
            moved -= control.expectation[:, None]
            yield amounts, moved


@dataclass(frozen=True, eq=False)
class PilotOutputs:
    """The functional of a pilot: for each line the rows that its reader writes."""

    pilots: Sequence[Pilot]
    readers: Sequence[Read]
    sizes: Sequence[int]
    n_kept: int = 0

    @property
    def n_outputs(self) -> int:
        """Rows of all lines."""
        return sum(self.sizes)

    def __call__(self, block: PathBlock) -> FloatArray:
        """Return ``(n_outputs, n_paths)``."""
        out = np.empty((self.n_outputs, block.n_paths))
        places = iter(np.split(out, np.cumsum(self.sizes)[:-1]))
        readers = iter(self.readers)
        for pilot in self.pilots:
            for (line, _), found in zip(pilot.lines, pilot.observe(block), strict=True):
                next(readers)(*found, begins_of(line), next(places))
        return out


def capped_controls(
    pilots: Sequence[Pilot], model: PriceModel, grid: TimeGrid, *, measure: Measure, seed: int
) -> list[dict[str, CappedControl]]:
    """Return the controls of each pilot's lines, those that are worth while."""
    found: list[dict[str, CappedControl]] = [{} for _ in pilots]
    places = [(k, *pair) for k, pilot in enumerate(pilots) for pair in pilot.lines]
    if not places:
        return found
    busy = [pilot for pilot in pilots if pilot.capped]
    sizes = [_N_PRODUCTS * len(line.periods) for _, line, _ in places]
    readers: list[Read] = [products for _ in places]
    plans = [
        Plan(
            n_paths=PILOT_PATHS,
            seed=(seed + k * _SEED_STEP) % 2**64,
            block_size=_BLOCK,
            n_threads=1,
        )
        for k in (1, 2)
    ]
    outputs = PilotOutputs(busy, readers, sizes)
    means = simulate(model, grid, outputs, plans[0], measure=measure).mean
    parts = np.split(means, np.cumsum(sizes)[:-1])
    controls = [
        CappedControl(control, begins_of(line), *slopes(part.reshape(_N_PRODUCTS, -1)))
        for part, (_, line, control) in zip(parts, places, strict=True)
    ]
    readers = [
        _present_values(control, _factors(pilots[k], line))
        for control, (k, line, _) in zip(controls, places, strict=True)
    ]
    outputs = PilotOutputs(busy, readers, [2] * len(places))
    variance = simulate(model, grid, outputs, plans[1], measure=measure).variance
    for (k, line, _), control, (plain, rest) in zip(
        places, controls, variance.reshape(-1, 2), strict=True
    ):
        if rest < WORTH_WHILE * plain:
            found[k][line.clause.name] = control
    return found


def begins_of(line: Line) -> BoolArray:
    """Return ``(n_periods,)``: where the memory of the line's caps is empty."""
    caps = [modifier for modifier in line.clause.modifiers if isinstance(modifier, BudgetCap)]
    begins = np.ones(len(line.periods), dtype=np.bool_)
    for cap in caps:
        groups = cap.groups(line.periods)
        begins[1:] &= groups[1:] != groups[:-1]
    return begins


def earlier_sums(moved: FloatArray, begins: BoolArray) -> FloatArray:
    """Return, for each period, the sum of the rows before it under the same cap.

    Examples
    --------
    >>> earlier_sums(np.array([[1.0], [2.0], [4.0]]), np.array([True, False, True]))[:, 0]
    array([0., 1., 0.])
    """
    out = np.zeros_like(moved)
    for t in range(1, len(moved)):
        if not begins[t]:
            out[t] = out[t - 1] + moved[t - 1]
    return out


def products(amounts: FloatArray, moved: FloatArray, begins: BoolArray, out: FloatArray) -> None:
    """Write the rows whose means :func:`slopes` takes, ``(8 n_periods, n_paths)``."""
    a, u, v, uu, uv, vv, ua, va = np.split(out, _N_PRODUCTS)
    a[:], u[:], v[:] = amounts, moved, earlier_sums(moved, begins)
    for product, first, second in ((uu, u, u), (uv, u, v), (vv, v, v), (ua, u, a), (va, v, a)):
        np.multiply(first, second, out=product)


def slopes(means: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the slopes on the own control and on the sum before it, ``(n_periods,)`` each.

    Parameters
    ----------
    means
        Of :func:`products`, ``(8, n_periods)``.
    """
    a, u, v, uu, uv, vv, ua, va = means
    uu, uv, vv, ua, va = uu - u * u, uv - u * v, vv - v * v, ua - u * a, va - v * a
    determinant = uu * vv - uv * uv
    both = determinant > _SINGULAR * uu * vv
    own_only, before_only = ~both & (uu > 0.0), ~both & ~(uu > 0.0) & (vv > 0.0)

    def ratio(above: FloatArray, below: FloatArray, where: BoolArray) -> FloatArray:
        return np.where(where, above, 0.0) / np.where(where, below, 1.0)

    own = ratio(ua * vv - va * uv, determinant, both) + ratio(ua, uu, own_only)
    before = ratio(va * uu - ua * uv, determinant, both) + ratio(va, vv, before_only)
    return own, before


def _factors(pilot: Pilot, line: Line) -> FloatArray:
    """Return the discount factors of the flows that carry the amounts, ``(n_periods, 1)``."""
    settling = line.clause.payment.settling_rows(len(line.periods))
    dates = line.dates.payment_date[settling]
    return pilot.settlement.market.discount_factors(dates)[:, None]


def _present_values(control: CappedControl, factors: FloatArray) -> Read:
    """Return what gives the present value of each path, plain and corrected."""

    def read(amounts: FloatArray, moved: FloatArray, begins: BoolArray, out: FloatArray) -> None:
        own, before = control.own[:, None], control.before[:, None]
        fitted = own * moved + before * earlier_sums(moved, begins)
        np.sum(factors * amounts, axis=0, out=out[0])
        np.sum(factors * (amounts - fitted), axis=0, out=out[1])

    return read
