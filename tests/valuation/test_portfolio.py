"""A portfolio is its deals valued one by one, wherever and in whatever order that happens."""

import random

import numpy as np
import pytest

import contracts
from contracts.portfolio import DealError
from montecarlo import Sampling
from montecarlo.executors.sealed import run_sealed, seal

DEALS = ["mp-materials", "lynas-jare", "uk-cfd-ar6-offshore-wind", "lynas-jare"]
N_PATHS = 20_000


class Elsewhere:
    """Sends bytes, and returns chunks in a jumble."""

    is_local = False

    def run_tasks(self, tasks):
        tasks = list(tasks)
        random.Random(4).shuffle(tasks)
        for task in tasks:
            yield task, run_sealed(seal(task.job), task.start, task.stop, lambda: False)


@pytest.fixture(scope="module")
def one_by_one():
    return {name: contracts.value(name, n_paths=N_PATHS, seed=3) for name in set(DEALS)}


@pytest.mark.parametrize("executor", [None, Elsewhere()], ids=["threads", "elsewhere"])
def test_each_deal_has_its_value_in_order(one_by_one, executor):
    values = contracts.value_portfolio(DEALS, n_paths=N_PATHS, seed=3, executor=executor)

    assert [value.deal.name for value in values] == DEALS
    for value in values:
        alone = one_by_one[value.deal.name]
        found = (value.pv, value.standard_error, value.expected_amount)
        assert found == (alone.pv, alone.standard_error, alone.expected_amount)
        assert value.expected_amount_error == alone.expected_amount_error


@pytest.mark.parametrize("executor", [None, Elsewhere()], ids=["threads", "elsewhere"])
@pytest.mark.parametrize("sampling", ["antithetic", "sobol"])
def test_paths_are_drawn_as_for_one_deal(sampling, executor):
    options = {"n_paths": 32 * 256, "seed": 3, "sampling": sampling}
    values = contracts.value_portfolio(DEALS[1:3], executor=executor, **options)

    for value in values:
        alone = contracts.value(value.deal, **options)
        assert (value.pv, value.standard_error) == (alone.pv, alone.standard_error)
        assert value.plan.sampling == alone.plan.sampling


def test_single_precision_is_refused_where_nobody_says_what_it_does():
    with pytest.raises(ValueError, match=r"^sampling\.precision must be double in a portfolio"):
        contracts.value_portfolio(DEALS[1:2], n_paths=100, sampling=Sampling(precision="single"))


def test_an_unknown_way_of_drawing():
    with pytest.raises(ValueError, match=r"sampling must be one of .*, got 'halton'"):
        contracts.value_portfolio(DEALS[1:2], n_paths=100, sampling="halton")


def test_legs_and_flows_on_demand(one_by_one):
    (value,) = contracts.value_portfolio(["lynas-jare"], n_paths=N_PATHS, seed=3)
    alone, late = one_by_one["lynas-jare"], value.valuation()

    assert late.cashflows().equals(alone.cashflows())
    assert late.by_year().equals(alone.by_year())
    assert [leg.pv for leg in late.legs] == [leg.pv for leg in alone.legs]
    assert late.samples.size == 0
    assert np.isnan(late.summary()["p50"].loc["total"].item())


def test_progress_is_over_all_deals():
    seen = []
    contracts.value_portfolio(
        DEALS, n_paths=100, progress=lambda done, total: seen.append((done, total))
    )

    assert seen == [(100, 400), (200, 400), (300, 400), (400, 400)]


def test_a_file_that_fails_is_named(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("deal: bad\n")

    with pytest.raises(DealError, match=rf"^deals\[1\] \({bad}\): .*bad.yaml"):
        contracts.value_portfolio(["lynas-jare", bad], n_paths=100)


def test_a_deal_that_is_not_on_the_market_is_named():
    market = contracts.load_market("uk-power-2025-07-01")

    with pytest.raises(DealError, match=r"^deals\[1\] \(lynas-jare\): .*currency must be"):
        contracts.value_portfolio(
            ["uk-cfd-ar6-offshore-wind", "lynas-jare"], market=market, n_paths=100
        )


@pytest.mark.parametrize("executor", [None, Elsewhere()], ids=["threads", "elsewhere"])
def test_a_deal_that_fails_while_it_is_simulated_is_named(monkeypatch, executor):
    from contracts.outputs import Outputs

    fill = Outputs.__call__

    def fail_for_one(self, block):
        if self.deals[0].settlement.deal.name == "nouveau-monde":
            raise ZeroDivisionError
        return fill(self, block)

    monkeypatch.setattr(Outputs, "__call__", fail_for_one)
    with pytest.raises(DealError, match=r"^deals\[1\] \(nouveau-monde\): ZeroDivisionError"):
        contracts.value_portfolio(["lynas-jare", "nouveau-monde"], n_paths=100, executor=executor)


def test_a_party_that_is_none_is_named():
    with pytest.raises(DealError, match=r"^deals\[0\] \(lynas-jare\): perspective must be one of"):
        contracts.value_portfolio(["lynas-jare"], perspective="nobody", n_paths=100)


def test_a_store_keeps_deals_wherever_they_stand(tmp_path):
    contracts.value_portfolio(["lynas-jare"], n_paths=100, seed=3, store=tmp_path)
    before = list(tmp_path.rglob("*.chunk"))
    values = contracts.value_portfolio(
        ["nouveau-monde", "lynas-jare"], n_paths=100, seed=3, store=tmp_path
    )

    assert len(list(tmp_path.rglob("*.chunk"))) == len(before) + 1
    assert [value.deal.name for value in values] == ["nouveau-monde", "lynas-jare"]


def test_percentiles_from_counts():
    exact = contracts.value("lynas-jare", n_paths=N_PATHS, seed=3)
    counted = contracts.value("lynas-jare", n_paths=N_PATHS, seed=3, quantiles="histogram")

    assert counted.samples.size == 0
    assert counted.pv == exact.pv
    np.testing.assert_allclose(
        counted.summary().to_numpy(float), exact.summary().to_numpy(float), rtol=2.0**-11
    )
    assert counted.to_dict()["p95"] == counted.summary()["p95"].loc["total"].item()
