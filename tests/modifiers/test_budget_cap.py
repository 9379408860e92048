"""The budget cap: what it remembers, when it forgets, and both directions."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.legs import UpsideShare
from contracts.modifiers import BudgetCap
from contracts.modifiers import budget_cap as module
from contracts.periods import Periods
from montecarlo.jit import python_source


def day(text):
    return datetime.date.fromisoformat(text)


def regular(start, end, frequency="quarter"):
    return Periods.regular(start=day(start), end=day(end), frequency=frequency)


def capped(cap, periods, *amounts):
    """Amounts by period, each a number or one number a path."""
    rows = np.array([np.atleast_1d(amount) for amount in amounts], dtype=np.float64)
    before = rows.copy()

    out = cap.bind("leg", periods, None)(rows, {})

    assert np.array_equal(rows, before, equal_nan=True)
    assert out.shape == rows.shape
    return out if out.shape[1] > 1 else out[:, 0]


SIX = regular("2026-07-01", "2027-12-31")


def test_jare_by_hand():
    """Fixture 3: 30% x (170 - 150) x 5,000 t = 30m, capped at 10m; 3m if 7m is used."""
    leg = UpsideShare(reference_price="r", quantity="q", threshold="k", share=0.30)
    read = {"r": np.full((6, 1), 170.0), "q": np.full((6, 1), 5e6), "k": np.full((6, 1), 150.0)}
    owed = leg.amounts(read)[:, 0]
    np.testing.assert_allclose(owed, 30e6)

    fresh = capped(BudgetCap(limit=10e6, per="calendar-year"), SIX, *owed)
    seasoned = capped(BudgetCap(limit=10e6, per="calendar-year", used=7e6), SIX, *owed)

    # 10m in the first quarter of each year, nothing after it.
    np.testing.assert_allclose(fresh, [10e6, 0.0, 10e6, 0.0, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(seasoned, [3e6, 0.0, 10e6, 0.0, 0.0, 0.0], atol=1e-6)


def test_the_cap_fills_up_quarter_by_quarter():
    cap = BudgetCap(limit=10.0, per="calendar-year", used=1.0)

    # 2026: 1 used, 4 paid, 5 left of 7. 2027: 6, then 4 of 6, then nothing.
    assert capped(cap, SIX, 4.0, 7.0, 6.0, 6.0, 2.0, 5.0).tolist() == [4.0, 5.0, 6.0, 4.0, 0.0, 0.0]


def test_each_path_remembers_its_own_payments():
    out = capped(
        BudgetCap(limit=10.0, per="calendar-year"),
        regular("2026-07-01", "2026-12-31"),
        [9.0, 1.0, 10.0, 0.0],
        [9.0, 8.0, 7.0, 6.0],
    )

    assert out.tolist() == [[9.0, 1.0, 10.0, 0.0], [1.0, 8.0, 0.0, 6.0]]


@pytest.mark.parametrize(
    ("terms", "paid"),
    [
        # July 2026 to December 2027 by quarter; 4 is owed each time and the limit is 6.
        ({"per": "calendar-year"}, [4.0, 2.0, 4.0, 2.0, 0.0, 0.0]),
        ({"per": "fiscal-year", "fiscal_year_end": 9}, [4.0, 4.0, 2.0, 0.0, 0.0, 4.0]),
        ({"per": "fiscal-year", "fiscal_year_end": 3}, [4.0, 2.0, 0.0, 4.0, 2.0, 0.0]),
        ({"per": "fiscal-year", "fiscal_year_end": 12}, [4.0, 2.0, 4.0, 2.0, 0.0, 0.0]),
        ({"per": "contract-year"}, [4.0, 2.0, 0.0, 0.0, 4.0, 2.0]),
        ({"per": "contract"}, [4.0, 2.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_the_year_after_which_it_forgets(terms, paid):
    assert capped(BudgetCap(limit=6.0, **terms), SIX, *[4.0] * 6).tolist() == paid


@pytest.mark.parametrize("per", ["calendar-year", "contract-year", "contract"])
def test_what_was_used_before_counts_only_once(per):
    cap = BudgetCap(limit=10.0, per=per, used=10.0)
    later = 10.0 if per != "contract" else 0.0

    # Two years from January: the used money belongs to the first.
    assert capped(cap, regular("2026-01-01", "2027-12-31", "year"), 20.0, 20.0).tolist() == [
        0.0,
        later,
    ]


def test_amounts_the_other_way_have_their_own_limit():
    cap = BudgetCap(limit=10.0, per="calendar-year", reverse_limit=3.0)
    loose = BudgetCap(limit=10.0, per="calendar-year")
    owed = (8.0, -2.0, -2.0, -2.0, 8.0, -2.0)

    # 2026: 8 and -2. 2027: -2, -1 (3 in all), 8 and no more back.
    assert capped(cap, SIX, *owed).tolist() == [8.0, -2.0, -2.0, -1.0, 8.0, 0.0]
    assert capped(loose, SIX, *owed).tolist() == list(owed)


def test_money_that_flows_back_does_not_refill_the_cap():
    cap = BudgetCap(limit=10.0, per="calendar-year")

    assert capped(cap, regular("2026-01-01", "2026-09-30"), 9.0, -5.0, 9.0).tolist() == [
        9.0,
        -5.0,
        1.0,
    ]


def test_a_limit_of_zero_lets_nothing_through():
    cap = BudgetCap(limit=0.0, per="contract", reverse_limit=0.0)

    assert capped(cap, SIX, 4.0, -4.0, 0.0, 1e12, -1e12, 1.0).tolist() == [0.0] * 6


def test_a_period_belongs_to_the_year_of_its_last_day():
    # December to February is a quarter of the year in which it ends.
    odd = regular("2025-12-01", "2026-05-31")

    assert BudgetCap(limit=1.0, per="calendar-year").groups(odd).tolist() == [2026, 2026]


@pytest.mark.parametrize(
    ("start", "end", "frequency", "years"),
    [
        ("2025-07-01", "2028-06-30", "year", [0, 1, 2]),
        ("2025-01-31", "2027-01-30", "month", [0] * 12 + [1] * 12),
        ("2025-11-15", "2027-11-14", "quarter", [0] * 4 + [1] * 4),
        ("2025-07-01", "2026-12-31", "half-year", [0, 0, 1]),
    ],
)
def test_contract_years_run_from_the_first_period(start, end, frequency, years):
    cap = BudgetCap(limit=1.0, per="contract-year")

    assert cap.groups(regular(start, end, frequency)).tolist() == years


def test_contract_years_from_a_leap_day():
    cap = BudgetCap(limit=10.0, per="contract-year")
    years = regular("2024-02-29", "2028-02-28", "year")

    assert capped(cap, years, 15.0, 15.0, 15.0, 15.0).tolist() == [10.0] * 4


@settings(deadline=None, derandomize=True)
@given(
    amounts=st.lists(st.floats(-1e9, 1e9), min_size=6, max_size=6),
    limit=st.floats(0.0, 1e9),
    reverse=st.floats(0.0, 1e9),
    per=st.sampled_from(["calendar-year", "contract-year", "contract"]),
)
def test_the_cap_holds_whatever_is_owed(amounts, limit, reverse, per):
    cap = BudgetCap(limit=limit, per=per, reverse_limit=reverse)
    groups, out = cap.groups(SIX), capped(cap, SIX, *amounts)
    owed = np.array(amounts)
    rounding = 1e-9 * (1.0 + limit + reverse)

    # Never more than owed, never the other way, never beyond the limit in any year.
    assert np.all(np.abs(out) <= np.abs(owed))
    assert np.all(out * owed >= 0.0)
    for year in np.unique(groups):
        inside = out[groups == year]
        assert inside[inside > 0].sum() <= limit + rounding
        assert inside[inside < 0].sum() >= -reverse - rounding


@settings(deadline=None, derandomize=True)
@given(amounts=st.lists(st.floats(0.0, 1e9), min_size=6, max_size=6), limit=st.floats(0.0, 1e9))
def test_over_the_contract_it_is_the_running_sum_capped(amounts, limit):
    out = capped(BudgetCap(limit=limit, per="contract"), SIX, *amounts)

    np.testing.assert_allclose(
        np.cumsum(out), np.minimum(np.cumsum(amounts), limit), rtol=1e-12, atol=1e-3
    )


@pytest.mark.parametrize("limit", [26978672.106600318, 85740427.80135266])
def test_a_full_cap_leaves_exactly_nothing(limit):
    """A billionth of a cent the other way is a payment to whoever counts payments above zero."""
    owed = np.random.default_rng(0).uniform(0.0, limit, size=(8, 5000))
    year = regular("2026-01-01", "2027-12-31")

    out = capped(BudgetCap(limit=limit, per="contract"), year, *owed)

    is_full = np.cumsum(owed, axis=0) >= limit * (1.0 + 1e-12)
    assert np.all(out >= 0.0)
    assert np.all(out[1:][is_full[:-1]] == 0.0)


def test_periods_cannot_be_taken_apart():
    """A clause with memory is not the sum of its periods; forgetting would pay 12 for 6."""
    cap = BudgetCap(limit=6.0, per="calendar-year")
    year = regular("2026-01-01", "2026-12-31")
    apart = [capped(cap, regular("2026-01-01", "2026-03-31"), 3.0)[0] for _ in range(4)]

    assert sum(apart) == 12.0
    assert capped(cap, year, 3.0, 3.0, 3.0, 3.0).sum() == 6.0


def test_nan_never_becomes_zero_nor_frees_the_cap():
    cap = BudgetCap(limit=10.0, per="calendar-year")

    out = capped(cap, SIX, 4.0, np.nan, 8.0, np.nan, 20.0, 20.0)

    # What is left of a cap after an unknown payment is unknown.
    np.testing.assert_array_equal(out, [4.0, np.nan, 8.0, np.nan, np.nan, np.nan])


def test_compiled_equals_its_python_source(monkeypatch):
    rng = np.random.default_rng(7)
    amounts = rng.normal(0.0, 5.0, size=(6, 9))
    cap = BudgetCap(limit=6.0, per="calendar-year", reverse_limit=4.0, used=1.5)

    compiled = capped(cap, SIX, *amounts)
    monkeypatch.setattr(module, "_cap_with_memory", python_source(module._cap_with_memory))

    assert capped(cap, SIX, *amounts).tobytes() == compiled.tobytes()


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"limit": -1.0}, "limit must be zero or more"),
        ({"limit": float("nan")}, "limit must be a finite number"),
        ({"limit": float("inf")}, "limit must be a finite number"),
        ({"per": "year"}, "per must be one of"),
        ({"reverse_limit": -1.0}, "reverse_limit must be zero or more"),
        ({"used": 11.0}, r"used must not exceed limit \(10.0\), got 11.0"),
        ({"used": -1.0}, "used must be zero or more"),
        ({"per": "fiscal-year"}, "fiscal_year_end must be given"),
        ({"per": "fiscal-year", "fiscal_year_end": 13}, "fiscal_year_end must be a month"),
        ({"fiscal_year_end": 9}, "fiscal_year_end must be left out"),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms, message):
    with pytest.raises(ValueError, match=message):
        BudgetCap(**{"limit": 10.0, "per": "calendar-year", **terms})
