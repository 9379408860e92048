"""What deals valued together read alike is bound and observed once, and changes no bit."""

import dataclasses

import numpy as np
import pytest

import contracts
from contracts.outputs import DealOutputs, Outputs
from contracts.recipes import ValuationRecipe
from montecarlo.block import PathBlock

DEALS = ("mp-materials", "lynas-jare")
N_PATHS = 3_000


def recipe(*deals):
    return ValuationRecipe(
        deals=deals,
        market=contracts.load_market(deals[0].market),
        sides=tuple(deal.perspective for deal in deals),
        measure="pricing",
        keep_legs=True,
        is_controlled=True,
        seed=1,
    )


@pytest.fixture(scope="module", params=DEALS)
def deal(request):
    return contracts.load(request.param)


@pytest.fixture
def twins(deal):
    """A deal, and one with every strike and quantity as it is but another name and side."""
    other = next(name for name in deal.parties if name != deal.perspective)
    return deal, dataclasses.replace(deal, name="twin", perspective=other)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_deals_together_are_each_alone_to_the_bit(twins, n_threads):
    market = twins[0].market
    together = contracts.value_together(
        twins, market=market, n_paths=N_PATHS, seed=1, n_threads=n_threads
    )
    for deal, found in zip(twins, together, strict=True):
        alone = contracts.value(deal, market=market, n_paths=N_PATHS, seed=1, n_threads=1)
        assert np.array_equal(found.samples, alone.samples)
        assert [leg.pv for leg in found.legs] == [leg.pv for leg in alone.legs]
        assert (found.pv, found.standard_error) == (alone.pv, alone.standard_error)


def test_only_published_prices_are_shared(twins):
    run, _ = recipe(*twins).bind()
    first, second = run.settlements
    names = {
        name
        for name, bound in first.observations.items()
        if bound.observe is second.observations[name].observe
    }

    assert names == {
        name for name, bound in first.observations.items() if bound.windows is not None
    }
    assert names


def test_another_window_of_the_same_price_is_not_shared(deal):
    name, (schedule, price) = next(
        (name, found) for name, found in deal.observations.items() if hasattr(found[1], "windows")
    )
    later = dataclasses.replace(price, lag_months=price.lag_months + 1)
    moved = dataclasses.replace(deal, observations={**deal.observations, name: (schedule, later)})
    run, _ = recipe(deal, moved).bind()
    first, second = (settled.observations[name].windows for settled in run.settlements)

    assert not np.array_equal(first.rows, second.rows)


def test_a_shared_price_is_observed_once_a_block(twins):
    run, outputs = recipe(*twins).bind()
    calls = []
    settlements = []
    for settled in run.settlements:
        bound = settled.observations
        settlements.append(dataclasses.replace(settled, observations=dict(bound)))
    for name, bound in run.settlements[0].observations.items():
        if bound.windows is None:
            continue

        def counted(prices, observed, name=name, observe=bound.observe):
            calls.append(name)
            return observe(prices, observed)

        for settled in settlements:
            settled.observations[name] = dataclasses.replace(bound, observe=counted)
    counting = Outputs(
        [
            DealOutputs(
                settled, placed.settlement.deal.perspective, placed.controls, keep_legs=True
            )
            for settled, placed in zip(settlements, outputs.deals, strict=True)
        ]
    )
    calls.clear()
    rng = np.random.default_rng(2)
    prices = {
        name: rng.uniform(50.0, 150.0, (len(run.grid.times), 256)) for name in run.model.names
    }
    block = PathBlock(first_path=0, n_paths=256, price=prices)
    found = counting(block)

    assert len(calls) == len(set(calls)) > 0
    assert np.array_equal(found, outputs(block))
