"""On the same normals, ours and NumPy's form of every workload give the same value."""

import numpy as np
import pytest

from benchmarks import terms
from benchmarks.ours import simulated, valuations
from benchmarks.ours.workloads import SEED
from benchmarks.peers import numpy_blocks, numpy_contracts, numpy_million, numpy_peer
from montecarlo import random

N_PATHS = 512
ALIKE = 1e-12


def replayed(simulator, contract):
    """Return the mean value of the NumPy form, fed with our normals."""
    shape = simulator.normals.shape
    n_factors = 1 if len(shape) == 2 else shape[1]
    ours = random.normals(
        seed=SEED, n_paths=N_PATHS, n_steps=terms.N_MONTHS, n_factors=n_factors
    ).reshape(shape)
    return numpy_blocks.run(simulator, contract, lambda _: ours, N_PATHS, N_PATHS)


OURS = {
    "W1": simulated.composed("W1"),
    "W2": simulated.composed("W2"),
    "W3": simulated.baskets,
    "hard": simulated.hard(),
    "take-or-pay": simulated.take_or_pay,
}


@pytest.mark.parametrize("workload", OURS)
def test_ours_is_numpy_on_the_same_normals(workload):
    simulator, contract = numpy_peer.WORKLOADS[workload]

    found = OURS[workload](N_PATHS)
    expected = replayed(simulator(N_PATHS), contract(N_PATHS))

    assert found.n_paths == N_PATHS
    assert found.mean == pytest.approx(expected.mean, rel=ALIKE, abs=1e-6)
    assert found.standard_error == pytest.approx(expected.standard_error, rel=1e-10)


@pytest.mark.parametrize("workload", ["W1", "W2"])
def test_fused_and_composed_are_the_same_contract(workload):
    found = simulated.fused(workload)(N_PATHS)

    assert found.mean == pytest.approx(simulated.composed(workload)(N_PATHS).mean, rel=ALIKE)


def test_whole_valuation_is_the_composed_contract():
    found = valuations.whole(N_PATHS)

    assert found.mean == pytest.approx(simulated.composed("W1")(N_PATHS).mean, rel=ALIKE)


def test_portfolio_is_numpy_on_the_same_normals():
    n_deals = 20
    expected = replayed(
        numpy_blocks.JointPrices(N_PATHS, terms.N_DEAL_COMMODITIES),
        numpy_contracts.Portfolio(N_PATHS, n_deals),
    )

    found = valuations.portfolio(N_PATHS, n_deals=n_deals)

    assert found.mean == pytest.approx(expected.mean, rel=ALIKE)


def test_whole_arrays_agree_with_blocks():
    found = numpy_million.whole(2000)
    expected = numpy_peer.blocked("W1", "PCG64", 2000, block_size=500)

    gap = found.mean - expected.mean

    assert abs(gap) < 4.0 * np.hypot(found.standard_error, expected.standard_error)


def test_hard_contract_by_hand():
    """Four years of quarters; the second averages 60 and ends it, the cap of 1,000,000 not met."""
    price = np.full((terms.N_MONTHS, 1), 120.0)
    price[12:24] = 60.0
    value, _ = numpy_contracts.CappedTerminable(1).value(price)

    # 10 over the strike for four quarters, 30 % of it shared; then 50 under it for four.
    factors = terms.DISCOUNT_FACTORS[:8]
    expected = -0.3 * 10.0 * 1000.0 * factors[:4].sum() + 50.0 * 1000.0 * factors[4:].sum()

    assert value[0] == pytest.approx(expected, rel=1e-12)


def test_hard_contract_is_capped():
    """50,000 a quarter: the cap of 1,000,000 is used up after twenty quarters at 75 or above."""
    price = np.full((terms.N_MONTHS, 1), 75.0)
    value, sums = numpy_contracts.CappedTerminable(1).value(price)

    # 35 under the strike is 35,000 a quarter: 28 quarters, and 20,000 in the next.
    paid = sums / terms.DISCOUNT_FACTORS

    assert paid[:28] == pytest.approx(35_000.0)
    assert paid[28] == pytest.approx(20_000.0)
    assert paid[29:] == pytest.approx(0.0, abs=1e-6)
    assert value[0] == pytest.approx(sums.sum())


def test_take_or_pay_by_hand():
    """A dear first year, then half of the demand: credit, a deficiency, and no make-up."""
    price = np.full((terms.N_MONTHS, 1), 55.0)
    price[:12] = 165.0
    _, sums = numpy_contracts.TakeOrPay(1).value(price)

    # At 165 the wish is 1 + 0.8 * 0.5 = 1.4, held at 1.2: 4,800 t, 800 beyond the 4,000.
    # At 55 it is 1 - 0.8 * 0.5 = 0.6: 2,400 t. The obligation is 3,200 less at most 600 of credit.
    paid = sums / terms.DISCOUNT_FACTORS[3::4]

    assert paid[0] == pytest.approx(4800 * (110 - 165))
    assert paid[1] == pytest.approx(110 * (2400 + 200) - 2400 * 55)
    assert paid[2] == pytest.approx(110 * (2400 + 600) - 2400 * 55)
    assert paid[3] == pytest.approx(110 * (2400 + 800) - 2400 * 55)


def test_take_or_pay_makes_up():
    """A deficiency of 800 is banked; a later year takes 600 beyond the obligation for nothing."""
    price = np.full((terms.N_MONTHS, 1), 55.0)
    price[12:] = 104.5
    _, sums = numpy_contracts.TakeOrPay(1).value(price)

    # At 104.5 the wish is 1 - 0.8 * 0.05 = 0.96: 3,840 t, of which 640 beyond 3,200.
    paid = sums / terms.DISCOUNT_FACTORS[3::4]

    assert paid[0] == pytest.approx(110 * (2400 + 800) - 2400 * 55)
    assert paid[1] == pytest.approx(110 * (3840 - 640) - 3840 * 104.5)
    assert paid[2] == pytest.approx(110 * (3840 - 160) - 3840 * 104.5)
    assert paid[3] == pytest.approx(110 * 3840 - 3840 * 104.5)
