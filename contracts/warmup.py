"""Warm-up: compile every kernel that the built-in models, observations, legs and modifiers need.

The first run after an install or an update compiles for some seconds. A container, a server or a
cluster does it beforehand and starts quickly ever after.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import get_args

import numpy as np

from contracts.catalogue import deals, load
from contracts.conventions import FloatArray
from contracts.legs.floor import Floor
from contracts.modifiers.budget_cap import BudgetCap
from contracts.valuing import value
from montecarlo import Regime, Shock, Transition
from montecarlo.block import PathBlock
from montecarlo.calibrate.panel import FuturesPanel
from montecarlo.calibrate.term_structure import FactorValues, PanelRows, filter_rows
from montecarlo.curve import ForwardCurve
from montecarlo.grid import TimeGrid
from montecarlo.kernel_cache import Compiling, NotKept, cache_folders, trouble_with, watch_compiling
from montecarlo.models import (
    GBM,
    HistoricalBootstrap,
    Joint,
    Merton,
    RegimeSwitching,
    SchwartzSmith,
    Shocked,
    StochasticVolatility,
    SupportFeedback,
)
from montecarlo.plan import Plan
from montecarlo.sampling import Ordering, Sampling
from montecarlo.simulation import simulate

N_PATHS = 512
"""Enough for the smallest randomisation of every method, twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """What a warm-up did.

    Parameters
    ----------
    compiled
        Modules and names of the kernels that were compiled; the others were there already.
    seconds
        How long it took.
    folders
        Where machine code is kept; empty when it is not.
    trouble
        What keeps it from being kept, or from being kept where asked; empty if nothing.
    """

    compiled: tuple[str, ...]
    seconds: float
    folders: tuple[str, ...]
    trouble: str

    def to_dict(self) -> dict[str, object]:
        """Return what ``offtake warmup --json`` prints."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Yield what was done and where the cache is, for a person.

        Examples
        --------
        >>> for line in Warmup(compiled=(), seconds=1.0, folders=("/c",), trouble="").lines():
        ...     print(line)
        nothing to compile: every kernel was there already
        compiled kernels are kept in /c
        """
        if self.compiled:
            noun = "kernel" if len(self.compiled) == 1 else "kernels"
            yield f"{len(self.compiled)} {noun} compiled in {self.seconds:.1f} s"
        else:
            yield "nothing to compile: every kernel was there already"
        if len(self.folders) == 1:
            yield f"compiled kernels are kept in {self.folders[0]}"
        elif self.folders:
            parent = os.path.commonpath(self.folders)
            yield f"compiled kernels are kept in {len(self.folders)} folders below {parent}"
        if self.trouble:
            yield self.trouble


def warm_up() -> Warmup:
    """Compile what any built-in deal or model needs, and keep it for later processes.

    Examples
    --------
    >>> first = warm_up()
    >>> warm_up().compiled
    ()
    """
    started = time.perf_counter()
    events: list[Compiling | NotKept] = []
    with watch_compiling(events.append):
        for name in deals():
            value(load(name), n_paths=N_PATHS, seed=1).exposure()
            value(load(name), n_paths=N_PATHS, seed=1, precision="single")
        _samplings()
        _not_lognormal()
        _clauses()
        _panel()
    folders = cache_folders()
    lost = [event for event in events if isinstance(event, NotKept)]
    trouble = trouble_with(folders[0] if folders else "")
    if lost:
        trouble = f"{lost[0].folder}, for compiled kernels, cannot be written to: {lost[0].reason}"
    return Warmup(
        compiled=tuple(event.kernel for event in events if isinstance(event, Compiling)),
        seconds=time.perf_counter() - started,
        folders=folders,
        trouble=trouble,
    )


def _samplings() -> None:
    """Draw paths of one and two factors in every way that there is."""
    curve = ForwardCurve.flat(10.0)
    two = SchwartzSmith(
        name="a",
        mean_reversion=1.0,
        short_volatility=0.3,
        long_volatility=0.1,
        correlation=0.2,
        forward_curve=curve,
    )
    joint = Joint(
        models=[two, GBM(name="b", volatility=0.2, spot=5.0, drift=0.0)], correlation=np.eye(2)
    )
    grid = TimeGrid.from_times([0.5, 1.0])
    ways = [Sampling(method="random"), Sampling(method="antithetic")]
    ways += [
        Sampling(method="sobol", n_points=N_PATHS // 2, ordering=ordering)
        for ordering in get_args(Ordering)
    ]
    ways += [dataclasses.replace(way, precision="single") for way in ways]
    for sampling in ways:
        simulate(joint, grid, _Last(), Plan(n_paths=N_PATHS, seed=1, sampling=sampling))


def _not_lognormal() -> None:
    """Draw paths of each kind of price that transforms its Gaussian rows by kernels of its own."""
    jumps = Merton(
        name="a",
        volatility=0.2,
        jump_intensity=0.5,
        jump_mean=0.1,
        jump_volatility=0.2,
        spot=10.0,
        drift=0.0,
    )
    random_variance = StochasticVolatility(
        name="a",
        initial_variance=0.04,
        long_run_variance=0.04,
        mean_reversion=1.0,
        volatility_of_variance=0.3,
        correlation=0.2,
        spot=10.0,
        drift=0.0,
    )
    regimes = RegimeSwitching(
        name="a",
        mean_reversion=1.0,
        regimes=(
            Regime(name="open", volatility=0.2),
            Regime(name="embargo", volatility=0.5, log_level=0.8),
        ),
        transitions=(Transition(leaving="open", entering="embargo", intensity=0.2),),
        initial="open",
        forward_curve=ForwardCurve.flat(10.0),
    )
    shock = Shock(name="stop", multiplier=2.0, start=0.2, duration=0.5)
    past = HistoricalBootstrap(
        name="a", log_returns=(0.1, -0.1), step=0.1, mean_block_length=2.0, spot=10.0, drift=0.0
    )
    shocked = Shocked(model=jumps, shocks=(shock,))
    supported = SupportFeedback(model=jumps, strike=11.0, floored_share=0.2, response=1.0)
    for model in (jumps, random_variance, regimes, past, shocked, supported):
        simulate(model, TimeGrid.from_times([0.5]), _Last(), Plan(n_paths=N_PATHS, seed=1))
    regimes.log_variance([0.5, 1.0])
    regimes.regimes_on(TimeGrid.from_times([0.5]), n_paths=2, seed=1)


class _Last:
    """The last price of each path, kept and averaged."""

    n_outputs = 1
    n_kept = 1

    def __call__(self, block: PathBlock) -> FloatArray:
        return block.price["a"][-1:]


def _clauses() -> None:
    """Settle what no built-in deal has: terms that differ from path to path, a cap."""
    prices = np.full((2, 2), 9.0)
    seen = {"price": prices, "quantity": prices, "strike": prices}
    owed = Floor(reference_price="price", quantity="quantity", strike="strike").amounts(seen)
    cap = BudgetCap(limit=1.0, per="contract")
    cap.capped(owed, np.zeros(2, dtype=np.int64))


def _panel() -> None:
    """Filter a few futures prices."""
    panel = FuturesPanel(
        name="a",
        unit="USD/t",
        contracts=("near",),
        dates=np.datetime64("2025-01-01") + np.arange(20),
        prices=np.full((20, 1), 10.0),
        maturities=np.array([0.1]),
    )
    at = FactorValues(
        mean_reversion=np.zeros(1),
        volatility=np.array([0.2]),
        correlation=np.eye(1),
        risk_premium=np.zeros(1),
        drift=0.0,
        errors=np.array([0.01]),
    )
    filter_rows(PanelRows.of(panel), at)
