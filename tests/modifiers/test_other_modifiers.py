"""Gate, ownership cap and payment terms: by hand, and sums that must come out."""

import datetime

import numpy as np
import pytest

from contracts.modifiers import KINDS, Advance, Gate, OwnershipCap, PaymentTerms
from contracts.periods import Periods
from tests.observations.stated import Stated


def regular(start, end, frequency="quarter"):
    return Periods.regular(
        start=datetime.date.fromisoformat(start),
        end=datetime.date.fromisoformat(end),
        frequency=frequency,
    )


def test_every_kind_of_modifier_has_a_test():
    assert sorted(KINDS) == ["budget-cap", "gate", "ownership-cap"]


def test_a_gate_is_zero_before_and_all_after():
    gate = Gate(event="full").bind("upside", None, None)
    amounts = np.array([[18.0, 7.0], [19.0, -6.0], [20.0, 5.0]])

    out = gate(amounts, {"full": np.array([[0.0], [0.25], [1.0]])})

    assert out.tolist() == [[0.0, 0.0], [4.75, -1.5], [20.0, 5.0]]
    assert amounts[0, 0] == 18.0


def test_a_closed_gate_does_not_hide_a_nan():
    gate = Gate(event="full").bind("upside", None, None)

    assert np.isnan(gate(np.array([[np.nan]]), {"full": np.array([[0.0]])})).all()


def ownership(**terms):
    return OwnershipCap(
        **{
            "limit": 0.199,
            "shares_outstanding": 163.48e6,
            "basis": "outstanding",
            "counted": ("preferred", "warrant"),
            **terms,
        }
    )


HELD = Stated(share_counts={"preferred": 26e6, "warrant": 11e6})


def kept(cap, leg):
    """The part of a leg's amount that the cap leaves."""
    return float(cap.bind(leg, None, HELD)(np.array([[1.0]]), {})[0, 0])


def test_ownership_on_shares_outstanding():
    # 0.199 x 163.48m = 32.53252m: all 26m of the preferred and 6.53252m of the warrant's 11m.
    cap = ownership()

    assert kept(cap, "preferred") == 1.0
    assert kept(cap, "warrant") == pytest.approx(6.53252 / 11.0, rel=1e-12)


def test_ownership_on_diluted_shares():
    # 0.199 / 0.801 x 163.48m = 40.614...m is more than 37m: nothing is held back.
    cap = ownership(basis="diluted")

    assert cap.allowed_shares == pytest.approx(0.199 * (163.48e6 + cap.allowed_shares))
    assert kept(cap, "warrant") == 1.0


def test_the_order_in_which_legs_take_their_shares_is_a_term():
    cap = ownership(counted=("warrant", "preferred"))

    # The warrant takes 11m first and leaves 21.53252m of 26m.
    assert kept(cap, "warrant") == 1.0
    assert kept(cap, "preferred") == pytest.approx(21.53252 / 26.0, rel=1e-12)


def test_a_leg_beyond_a_full_cap_gets_nothing():
    cap = ownership(shares_outstanding=100e6)
    warrant = cap.bind("warrant", None, HELD)
    preferred = cap.bind("preferred", None, HELD)

    # 19.9m are allowed and the preferred alone brings 26m.
    assert warrant(np.array([[5.0, 0.0]]), {}).tolist() == [[0.0, 0.0]]
    np.testing.assert_allclose(preferred(np.array([[26.0]]), {}), [[19.9]])


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"limit": 19.9}, "limit must be between 0 and 1, got 19.9"),
        ({"limit": 0.0}, "limit must be between 0 and 1"),
        ({"limit": 1.0}, "limit must be between 0 and 1"),
        ({"shares_outstanding": 0.0}, "shares_outstanding must be above zero"),
        ({"basis": "fully diluted"}, "basis must be one of outstanding, diluted"),
        ({"counted": ()}, "counted must name each leg once"),
        ({"counted": ("warrant", "warrant")}, "counted must name each leg once"),
    ],
)
def test_ownership_terms_that_make_no_sense_are_refused(terms, message):
    with pytest.raises(ValueError, match=message):
        ownership(**terms)


def test_a_leg_that_is_not_counted_cannot_be_capped():
    with pytest.raises(ValueError, match="counted must name the leg 'common'"):
        ownership().bind("common", None, HELD)


def test_in_arrears_with_a_lag():
    dates = PaymentTerms(lag_days=45).flow_dates(regular("2025-10-01", "2026-03-31"))

    # 31 December and 45 days: 14 February. 31 March and 45 days: 15 May.
    assert [str(day) for day in dates.payment_date] == ["2026-02-14", "2026-05-15"]
    assert dates.labels == ("2025Q4", "2026Q1")
    assert dates.period.tolist() == [0, 1]


def test_without_a_lag_it_is_paid_on_the_last_day():
    dates = PaymentTerms(lag_days=0).flow_dates(regular("2024-02-01", "2024-02-29", "month"))

    assert str(dates.payment_date[0]) == "2024-02-29"


def test_amounts_in_arrears_are_not_changed():
    amounts = np.array([[1.0, -2.0], [3.0, np.nan]])

    out = PaymentTerms(lag_days=45).flows(amounts, {})

    np.testing.assert_array_equal(out, amounts)


ADVANCED = PaymentTerms(lag_days=60, advance=Advance(fraction=0.25, of="t", payments=4))


def test_10x_advances_and_true_up():
    """Fixture 4's first year: 35 a quarter in advance, then what is owed less 140."""
    year = regular("2029-01-01", "2029-12-31", "year")
    owed = np.array([[50.0, 0.0, -25.0, -50.0]])

    flows = ADVANCED.flows(owed, {"t": np.array([[140.0]])})
    dates = ADVANCED.flow_dates(year)

    assert flows[:4].tolist() == [[35.0] * 4] * 4
    assert flows[4].tolist() == [-90.0, -140.0, -165.0, -190.0]
    assert [str(day) for day in dates.payment_date] == [
        "2029-03-31",
        "2029-06-30",
        "2029-09-30",
        "2029-12-31",
        "2030-03-01",
    ]


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.25, 1.0])
@pytest.mark.parametrize("payments", [1, 2, 4, 5])
@pytest.mark.parametrize("width", [1, 7])
def test_advances_and_true_up_add_up_to_the_entitlement(fraction, payments, width):
    rng = np.random.default_rng(3)
    periods = regular("2029-01-01", "2033-06-30", "year")
    owed = rng.normal(10.0, 100.0, size=(5, 7))
    base = 140.0 + rng.random((5, width))
    terms = PaymentTerms(lag_days=60, advance=Advance(fraction=fraction, of="t", payments=payments))

    flows, dates = terms.flows(owed, {"t": base}), terms.flow_dates(periods)

    assert flows.shape == (5 * (payments + 1), 7)
    assert len(dates.payment_date) == len(dates.labels) == len(flows)
    for t in range(5):
        mine = flows[dates.period == t]
        np.testing.assert_allclose(mine.sum(axis=0), owed[t], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(
            mine[:-1] + np.zeros(7), np.tile(fraction * base[t], (payments, 7 // width))
        )


def test_advances_fall_inside_their_period_and_in_order():
    for start, end, frequency in [
        ("2029-01-01", "2033-12-31", "year"),
        ("2029-01-01", "2030-05-20", "year"),
        ("2028-02-29", "2031-02-27", "year"),
        ("2025-01-31", "2026-01-30", "quarter"),
        ("2025-10-01", "2026-09-30", "month"),
    ]:
        periods = regular(start, end, frequency)
        dates = ADVANCED.flow_dates(periods)
        for t in range(len(periods)):
            paid = dates.payment_date[dates.period == t]

            assert np.all(np.diff(paid) > np.timedelta64(0, "D"))
            assert paid[0] >= periods.start[t]
            assert paid[3] == periods.last_day[t]
            assert paid[4] == periods.last_day[t] + np.timedelta64(60, "D")


def test_a_nan_entitlement_leaves_the_advances_and_spoils_the_true_up():
    flows = ADVANCED.flows(np.array([[np.nan]]), {"t": np.array([[140.0]])})

    assert flows[:4, 0].tolist() == [35.0] * 4
    assert np.isnan(flows[4, 0])


def test_what_payment_terms_read():
    assert PaymentTerms(lag_days=1).reads == ()
    assert ADVANCED.reads == ("t",)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PaymentTerms(lag_days=-1), "lag_days must be a whole number"),
        (lambda: PaymentTerms(lag_days=1.5), "lag_days must be a whole number"),
        (lambda: Advance(fraction=25, of="t", payments=4), "advance.fraction must be between"),
        (lambda: Advance(fraction=0.25, of="t", payments=0), "advance.payments must be a whole"),
        (lambda: Advance(fraction=0.25, of="t", payments=2.5), "advance.payments must be a whole"),
    ],
)
def test_payment_terms_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
