"""From prices to flows: modifiers in their order, memory across the valuation date, advances."""

import datetime

import numpy as np
import pytest

import contracts
from contracts.legs import Floor
from contracts.modifiers import Advance, BudgetCap, Gate
from contracts.observations import Event
from tests.valuation.small import (
    average_price,
    by_period,
    clause,
    commodity,
    deal,
    market,
    quarters,
    steps,
)

YEAR = quarters("2026-01-01", "2026-12-31")
FLOOR = Floor(reference_price="r", quantity="q", strike="k")


def floor_deal(*, modifiers=(), periods=YEAR, **terms):
    payment = {name: terms.pop(name) for name in ("lag_days", "advance") if name in terms}
    return deal(
        clause("floor", FLOOR, modifiers=modifiers, **payment),
        periods=periods,
        perspective="mine",
        r=average_price(every="period-end", day=None),
        q=by_period(periods, [10.0, 11.0, 12.0, 13.0]),
        k=steps(("2026-01-01", 110.0)),
        **terms,
    )


def flows(one, *levels, on=None):
    """The flows of one path whose price is a level at the end of each quarter to come."""
    on = market(commodity("metal")) if on is None else on
    prices = {"metal": np.array(levels)[:, None]}
    return contracts.value(one, market=on, prices=prices).leg("floor").flow_amounts


def test_modifiers_apply_in_the_order_in_which_they_stand():
    """Half a quarter of an event, and a cap of 100: first the gate or first the cap."""
    event = {"open": Event(event_date=datetime.date(2026, 2, 15), partial_period="pro-rata")}
    gate, cap = Gate(event="open"), BudgetCap(limit=100.0, per="calendar-year")

    gate_first = flows(floor_deal(modifiers=[gate, cap], **event), 98.0, 120.0, 120.0, 109.0)
    cap_first = flows(floor_deal(modifiers=[cap, gate], **event), 98.0, 120.0, 120.0, 109.0)

    # 10 x 12 = 120, of which 45 of 90 days are 60; 13 x 1 = 13 in the last quarter.
    np.testing.assert_allclose(gate_first, [60.0, 0.0, 0.0, 13.0])
    # Capped at 100 before the gate halves it, and nothing left in December.
    np.testing.assert_allclose(cap_first, [50.0, 0.0, 0.0, 0.0])


def test_the_cap_remembers_what_was_paid_before_the_valuation_date():
    """Half of the year is fixed at 100 and 102: 100 + 88 of a cap of 200 is used."""
    one = floor_deal(modifiers=[BudgetCap(limit=200.0, per="calendar-year")])
    known = market(
        commodity("metal"),
        today=datetime.date(2026, 7, 20),
        fixings={
            "metal": [("2026-01-01", "2026-03-31", 100.0), ("2026-04-01", "2026-07-19", 102.0)]
        },
    )

    paid = flows(one, 100.0, 100.0, on=known)

    # 12 is left of 120, and then nothing of 130.
    np.testing.assert_allclose(paid, [100.0, 88.0, 12.0, 0.0])
    v = contracts.value(one, market=known, n_paths=500, seed=1)
    assert v.leg("floor").paid_to_date == pytest.approx(188.0)
    assert v.leg("floor").is_settled.tolist() == [True, True, False, False]
    assert v.samples.max() <= 12.0


def test_what_was_settled_does_not_depend_on_the_paths():
    known = market(
        commodity("metal", volatility=0.9),
        today=datetime.date(2026, 7, 20),
        fixings={"metal": [("2026-01-01", "2026-07-19", 100.0)]},
    )

    v = contracts.value(floor_deal(lag_days=45), market=known, n_paths=300, seed=1)
    leg = v.leg("floor")

    # The first half is certain; its second quarter is paid on 14 August, after today.
    np.testing.assert_allclose(leg.flow_amounts[:2], [100.0, 110.0])
    assert leg.flow_errors[:2] == pytest.approx([0.0, 0.0], abs=1e-12)
    assert leg.is_paid.tolist() == [True, False, False, False]
    assert v.cashflows()["status"].squeeze().tolist() == ["paid", "settled", "expected", "expected"]


def test_advances_and_true_up_through_a_deal():
    base = steps(("2026-01-01", 40.0))
    advance = Advance(fraction=0.5, of="base", payments=3)

    paid = flows(floor_deal(advance=advance, lag_days=9, base=base), 100.0, 120.0, 110.0, 90.0)

    # Three advances of 20 a quarter, then 100, 0, 0 and 260 less 60.
    expected = [[20.0, 20.0, 20.0, owed - 60.0] for owed in (100.0, 0.0, 0.0, 260.0)]
    np.testing.assert_allclose(paid, np.ravel(expected))


def test_money_paid_today_is_paid():
    """On the day of payment itself the money has changed hands; a day before it has not."""
    for today, is_paid in ((datetime.date(2026, 5, 14), False), (datetime.date(2026, 5, 15), True)):
        known = market(
            commodity("metal"), today=today, fixings={"metal": [("2026-03-31", "2026-03-31", 90.0)]}
        )
        leg = contracts.value(floor_deal(lag_days=45), market=known, n_paths=10, seed=1).leg(
            "floor"
        )

        assert leg.is_paid[0] == is_paid
        assert leg.flow_amounts[0] == pytest.approx(200.0)
        assert leg.paid_to_date == pytest.approx(200.0 if is_paid else 0.0)
