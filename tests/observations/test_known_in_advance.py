"""Schedules, escalators, volumes, ramps, events, earnings and rates, by hand."""

import datetime

import numpy as np
import pytest

from contracts.observations import (
    KINDS,
    Earnings,
    Event,
    FixedEscalation,
    IndexEscalation,
    InterestRate,
    Ramp,
    Schedule,
    Volume,
)
from contracts.periods import Periods
from tests.observations.stated import Stated, column


def day(text):
    return datetime.date.fromisoformat(text)


def regular(start, end, frequency):
    return Periods.regular(start=day(start), end=day(end), frequency=frequency)


def steps(**values):
    return tuple((day(date[1:].replace("_", "-")), value) for date, value in values.items())


def seen(observation, periods, **known):
    bound = observation.bind("name", periods, Stated(**known))

    assert bound.is_fixed.shape == (len(periods),)
    return column(bound)


QUARTERS = regular("2025-10-01", "2026-12-31", "quarter")
YEARS = regular("2029-01-01", "2033-12-31", "year")


def test_every_kind_of_observation_has_a_test():
    tested = "earnings event interest-rate reference-price schedule volume"

    assert sorted(KINDS) == tested.split()


def test_steps_hold_from_their_date_until_the_next():
    strike = Schedule(steps=steps(_2025_01_01=108.0, _2026_01_01=110.0, _2026_07_02=112.0))

    # The step of 2 July comes too late for the quarter that starts on 1 July.
    assert seen(strike, QUARTERS).tolist() == [108.0, 110.0, 110.0, 110.0, 112.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((), "steps must hold at least one step"),
        (steps(_2026_01_01=1.0, _2025_01_01=2.0), "steps must have increasing dates"),
        (((day("2025-01-01"), 1.0), (day("2025-01-01"), 2.0)), "steps must have increasing dates"),
        (steps(_2025_01_01=float("nan")), "must be a finite number"),
        (steps(_2025_01_01=float("inf")), "must be a finite number"),
    ],
)
def test_steps_that_make_no_sense_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Schedule(steps=given)
    with pytest.raises(ValueError, match=message):
        Volume(steps=given, per="year")


def test_a_period_before_the_first_step_is_refused():
    late = Schedule(steps=steps(_2026_01_01=110.0))

    with pytest.raises(ValueError, match=r"steps must begin at or before the first period"):
        late.bind("k", QUARTERS, Stated())


def test_fixed_escalation_of_the_10x_threshold():
    threshold = Schedule(
        steps=steps(_2029_01_01=140.0),
        escalation=FixedEscalation(rate=0.02, base_date=day("2029-01-01")),
    )
    ten = regular("2029-01-01", "2038-12-31", "year")

    values = seen(threshold, ten)

    np.testing.assert_allclose(values[:3], [140.0, 142.8, 145.656], rtol=1e-14)
    assert [round(value, 1) for value in values] == [
        140.0,
        142.8,
        145.7,
        148.6,
        151.5,
        154.6,
        157.7,
        160.8,
        164.0,
        167.3,
    ]
    assert round(values.sum()) == 1533


def test_fixed_escalation_moves_on_the_anniversary_only():
    rise = FixedEscalation(rate=0.10, base_date=day("2024-02-29"))
    starts = np.array(
        ["2023-06-01", "2024-02-29", "2025-02-27", "2025-02-28", "2025-03-01", "2028-02-29"],
        dtype="datetime64[D]",
    )

    # Before the base date nothing shrinks. A leap day's anniversary falls on 1 March.
    np.testing.assert_allclose(rise.factors(starts), [1.0, 1.0, 1.0, 1.0, 1.1, 1.1**4], rtol=1e-14)


def test_index_escalation_from_2012_money_to_2024():
    """Fixture 6: AR6 strikes are in 2012 prices; to 2024 the index has risen by 1.4434."""
    levels = {"uk-cpi": {"2012-04-01": 90.0, "2024-04-01": 90.0 * 1.4434}}
    strike = Schedule(
        steps=steps(_2024_04_01=58.87),
        escalation=IndexEscalation(index="uk-cpi", base_date=day("2012-04-01"), reset=(4, 1)),
    )
    months = regular("2024-04-01", "2025-03-31", "month")

    # 58.87 x 1.4434 = 84.972958, all year long.
    np.testing.assert_allclose(seen(strike, months, levels=levels), 84.972958, rtol=1e-12)


def test_a_wrong_base_year_is_seen_at_once():
    levels = {"cpi": {"2012-01-01": 90.0, "2024-01-01": 129.906, "2025-01-01": 135.0}}
    periods = regular("2025-01-01", "2025-12-31", "year")

    def strike(base):
        return Schedule(
            steps=steps(_2025_01_01=58.87),
            escalation=IndexEscalation(index="cpi", base_date=day(base)),
        )

    old = seen(strike("2012-01-01"), periods, levels=levels)[0]
    new = seen(strike("2024-01-01"), periods, levels=levels)[0]

    assert old / new == pytest.approx(1.4434, rel=1e-12)


def test_index_escalation_in_part_and_its_reset():
    levels = {"cpi": {"2025-01-01": 100.0, "2025-04-01": 104.0, "2026-04-01": 110.0}}
    strike = Schedule(
        steps=steps(_2025_01_01=3.0),
        escalation=IndexEscalation(
            index="cpi", base_date=day("2025-01-01"), reset=(4, 1), share=0.15
        ),
    )

    values = seen(strike, QUARTERS, levels=levels)

    # 3 x (0.85 + 0.15 x 1.04) = 3.018 until the quarter of April 2026, then 3 x 1.015 = 3.045.
    np.testing.assert_allclose(values, [3.018, 3.018, 3.045, 3.045, 3.045], rtol=1e-14)


def test_without_a_reset_every_period_takes_its_own_level():
    levels = {"cpi": {"2025-10-01": 100.0, "2026-01-01": 101.0, "2026-04-01": 99.0}}
    strike = Schedule(
        steps=steps(_2025_01_01=50.0),
        escalation=IndexEscalation(index="cpi", base_date=day("2025-10-01")),
    )

    values = seen(strike, regular("2025-10-01", "2026-06-30", "quarter"), levels=levels)

    np.testing.assert_allclose(values, [50.0, 50.5, 49.5])


@pytest.mark.parametrize("reset", [(2, 29), (13, 1), (4, 31), (0, 1), ("4", "1")])
def test_a_reset_that_is_no_date_is_refused(reset):
    with pytest.raises(ValueError, match=r"escalation\.reset must be a month and a day"):
        IndexEscalation(index="cpi", base_date=day("2025-01-01"), reset=reset)


def test_escalation_terms_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"escalation\.share must be between 0 and 1, got 30"):
        IndexEscalation(index="cpi", base_date=day("2025-01-01"), share=30)
    with pytest.raises(ValueError, match=r"escalation\.rate must be above -1"):
        FixedEscalation(rate=-1.0, base_date=day("2025-01-01"))
    with pytest.raises(ValueError, match="rate must be a finite number"):
        FixedEscalation(rate=float("nan"), base_date=day("2025-01-01"))


def test_a_volume_is_prorated_by_months():
    plan = Volume(steps=steps(_2025_10_01=1200.0), per="year")
    cut = regular("2025-10-01", "2026-04-15", "quarter")

    # A quarter is 3/12 of the year's 1,200; the last one is 15 of April's 30 days.
    np.testing.assert_allclose(seen(plan, cut), [300.0, 300.0, 50.0], rtol=1e-14)
    np.testing.assert_allclose(seen(plan, regular("2025-10-01", "2027-09-30", "year")), 1200.0)


def test_deliveries_replace_the_plan():
    plan = Volume(steps=steps(_2025_10_01=718.0, _2026_01_01=917.0), per="quarter")

    values = seen(plan, QUARTERS, delivered={"name": {"2025Q4": 1275.4, "2026Q1": 0.0}})

    assert values.tolist() == [1275.4, 0.0, 917.0, 917.0, 917.0]


def test_a_delay_moves_steps_and_ramp():
    plan = Volume(steps=steps(_2029_01_01=100.0, _2031_01_01=200.0), per="year", delay_months=24)

    # Nothing for two years, then the plan two years late.
    assert seen(plan, YEARS).tolist() == [0.0, 0.0, 100.0, 100.0, 200.0]


def test_a_delayed_ramp_keeps_its_shape():
    ramp = Ramp(start=day("2029-01-01"), full=day("2031-01-01"), initial_share=0.2)
    prompt = Volume(steps=steps(_2029_01_01=100.0), per="year", ramp=ramp)
    late = Volume(steps=steps(_2029_01_01=100.0), per="year", ramp=ramp, delay_months=12)

    on_time, delayed = seen(prompt, YEARS), seen(late, YEARS)

    assert delayed[0] == 0.0
    # The year 2032 is a leap year and 2029 is not, which moves a day's worth.
    np.testing.assert_allclose(delayed[1:], on_time[:-1], rtol=2e-3)


def test_ramp_integrals_by_hand():
    """From 0.2 to 1 over 730 days: at days 365 and 730 the share is 0.6 and 1."""
    ramp = Ramp(start=day("2029-01-01"), full=day("2031-01-01"), initial_share=0.2)
    years = regular("2028-01-01", "2031-12-31", "year")

    # The mean of 0.2 and 0.6 is 0.4, that of 0.6 and 1 is 0.8.
    np.testing.assert_allclose(ramp.mean_shares(years), [0.0, 0.4, 0.8, 1.0], rtol=1e-14)


def test_ramp_integrals_against_days_added_up():
    ramp = Ramp(start=day("2028-02-10"), full=day("2029-05-23"), initial_share=0.35)
    quarters = regular("2027-10-01", "2029-12-31", "quarter")
    start, climb = np.datetime64(ramp.start), (ramp.full - ramp.start).days

    def share(days):
        # The middle of each day, which makes the sum of a straight line exact.
        after = (days - start).astype(float) + 0.5
        return np.where(after < 0, 0.0, np.minimum(0.35 + 0.65 * after / climb, 1.0))

    expected = [
        share(np.arange(s, e)).mean() for s, e in zip(quarters.start, quarters.end, strict=True)
    ]

    np.testing.assert_allclose(ramp.mean_shares(quarters), expected, rtol=1e-12)


def test_a_ramp_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"ramp\.full must be after ramp\.start"):
        Ramp(start=day("2029-01-01"), full=day("2029-01-01"), initial_share=0.2)
    with pytest.raises(ValueError, match=r"ramp\.initial_share must be between 0 and 1, got 20"):
        Ramp(start=day("2029-01-01"), full=day("2030-01-01"), initial_share=20)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"steps": steps(_2029_01_01=-1.0)}, "must be zero or more"),
        ({"per": "week"}, "per must be one of"),
        ({"delay_months": -1}, "delay_months must be a whole number"),
        ({"delay_months": 1.5}, "delay_months must be a whole number"),
    ],
)
def test_a_volume_that_makes_no_sense_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        Volume(**{"steps": steps(_2029_01_01=1.0), "per": "year", **changed})


def test_an_event_counts_by_days_or_from_the_next_period():
    quarters = regular("2028-10-01", "2029-06-30", "quarter")

    def indicator(date, rule):
        return seen(Event(event_date=day(date), partial_period=rule), quarters).tolist()

    # 31 January leaves 60 of the 90 days of the quarter, the day itself included.
    assert indicator("2029-01-31", "pro-rata") == [0.0, 60.0 / 90.0, 1.0]
    assert indicator("2029-01-31", "next-period") == [0.0, 0.0, 1.0]
    # On the first day of a period it counts in full, on the last for one day.
    assert indicator("2029-01-01", "next-period") == [0.0, 1.0, 1.0]
    assert indicator("2029-03-31", "pro-rata") == [0.0, 1.0 / 90.0, 1.0]
    assert indicator("2020-01-01", "next-period") == [1.0, 1.0, 1.0]
    assert indicator("2040-01-01", "pro-rata") == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="partial_period must be one of"):
        Event(event_date=day("2029-01-01"), partial_period="soon")


def earnings(measure, **costs):
    return Earnings(
        measure=measure,
        quantity="q",
        reference_price="r",
        price_share=0.09,
        premium=38.0,
        **costs,
    )


def test_magnet_ebitda_by_hand():
    """7,000 t: 103 million at 75 USD/kg, 125 million at 110, 150 million at 150."""
    model = earnings("ebitda", unit_cost="c")
    bound = model.bind("ebitda", regular("2029-01-01", "2029-12-31", "year"), Stated())
    read = {
        "q": np.array([[7e6]]),
        "r": np.array([[75.0, 110.0, 150.0, -100.0]]),
        "c": np.array([[30.0]]),
    }

    # 7m x (0.09 x 75 + 38 - 30) = 7m x 14.75 = 103.25m; likewise 17.9, 21.5 and -1 a kg.
    np.testing.assert_allclose(
        bound.observe({}, read), [[103.25e6, 125.3e6, 150.5e6, -7e6]], rtol=1e-14
    )


def test_fixed_cost_is_a_cost_a_year():
    model = earnings("ebitda", unit_cost="c", fixed_cost="f")
    quarters = regular("2029-01-01", "2029-07-31", "quarter")
    bound = model.bind("ebitda", quarters, Stated())
    read = {
        "q": np.array([[10.0], [20.0], [30.0]]),
        "r": np.array([[100.0], [200.0], [300.0]]),
        "c": np.array([[1.0], [2.0], [3.0]]),
        "f": np.array([[12.0], [24.0], [36.0]]),
    }

    # 10 x (9 + 38 - 1) - 12/4, 20 x (18 + 38 - 2) - 24/4, 30 x (27 + 38 - 3) - 36/12.
    np.testing.assert_allclose(bound.observe({}, read), [[457.0], [1074.0], [1857.0]])


def test_revenue_takes_no_costs():
    bound = earnings("revenue").bind("revenue", QUARTERS, Stated())
    read = {"q": np.full((5, 1), 10.0), "r": np.full((5, 2), 100.0)}

    np.testing.assert_allclose(bound.observe({}, read), np.full((5, 2), 470.0))
    with pytest.raises(ValueError, match="unit_cost and fixed_cost must be left out for revenue"):
        earnings("revenue", unit_cost="c")
    with pytest.raises(ValueError, match="measure must be one of"):
        earnings("profit")


def test_nan_in_earnings_stays_nan():
    model = earnings("ebitda", unit_cost="c")
    read = {"q": np.array([[0.0]]), "r": np.array([[np.nan]]), "c": np.array([[30.0]])}

    assert np.isnan(model.earned(read, np.array([[1.0]]))).all()


def test_an_interest_rate_is_its_benchmark_and_a_spread():
    rate = InterestRate(benchmark="10y", spread=0.01, fixing_date=day("2025-08-15"))
    one = Periods.single(day("2025-07-10"))

    assert seen(rate, one, rates={"10y": {"2025-08-15": 0.0433}})[0] == pytest.approx(0.0533)
    with pytest.raises(ValueError, match="spread must be a finite number"):
        InterestRate(benchmark="10y", spread=float("nan"), fixing_date=day("2025-08-15"))
