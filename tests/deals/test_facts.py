"""The built-in deals and markets as data: every reported fact follows from the terms.

The files are read here with a plain YAML parser, so a fault in our own reader cannot hide one in
them. Figures on the right-hand side of a comparison are reported by the companies or by a public
body; the files hold the terms from which they must follow.
"""

import datetime
import math
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"


def read(path):
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def deal(name):
    return read(ROOT / "contracts" / "deals" / f"{name}.yaml")


def market(name):
    return read(ROOT / "contracts" / "markets" / f"{name}.yaml")


def leg(terms, name):
    return next(item for item in terms["legs"] if item["name"] == name)


def amount(text):
    """The number of a term like '400 million USD'; tonnes and USD/t stay as they are."""
    number, *words = str(text).replace(",", "").split()
    return float(number) * (1e6 if "million" in words else 1.0)


# MP Materials: equity


def test_conversion_shares_and_headline_share():
    terms = deal("mp-materials")
    preferred, warrant = leg(terms, "preferred"), leg(terms, "warrant")
    conversion_price = amount(preferred["conversion_price"])
    at_par = preferred["shares"] * amount(preferred["stated_value"]) / conversion_price
    assert round(at_par) == 13_320_013
    together = round(at_par) + warrant["shares"]
    assert together == 24_521_672
    for item in (preferred, warrant):
        (cap,) = item["modifiers"]
        assert together / cap["shares_outstanding"] == pytest.approx(0.15, abs=5e-5)
    assert preferred["shares"] * amount(preferred["stated_value"]) == amount(
        leg(terms, "subscription")["amount"]
    )


def test_dividend_in_kind_compounds_quarterly():
    preferred = leg(deal("mp-materials"), "preferred")
    quarterly = 1.0 + preferred["dividend"] / preferred["compounding"]
    assert quarterly ** (4 * 5) == pytest.approx(1.4148, abs=5e-5)
    assert quarterly ** (4 * 10) == pytest.approx(2.0016, abs=5e-5)


def test_ownership_cap_binds_after_ten_years_not_after_eighteen_months():
    preferred = leg(deal("mp-materials"), "preferred")
    (cap,) = preferred["modifiers"]
    limit = cap["limit"] * cap["shares_outstanding"]
    assert limit == pytest.approx(32.53e6, rel=1e-3)
    held = [13_320_013 * 1.0175**quarters + 11_201_659 for quarters in (6, 40)]
    assert held[0] == pytest.approx(25.98e6, rel=1e-3)
    assert held[1] == pytest.approx(37.86e6, rel=1e-3)
    assert held[0] < limit < held[1]


def normal_distribution(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def test_assumed_conversion_date_reproduces_the_filed_relative_fair_values():
    """Company: preferred 413.6 + 4.8 of costs, warrant 261.2 + 3.0 million USD."""
    terms, prices = deal("mp-materials"), market("critical-minerals-2025-07-10")
    preferred, warrant = leg(terms, "preferred"), leg(terms, "warrant")
    spot = amount(prices["commodities"]["mp-share"]["spot"])
    volatility = prices["commodities"]["mp-share"]["model"]["volatility"]
    rate = prices["rates"]["us-treasury-10y"][datetime.date(2025, 7, 10)]
    strike, years = amount(warrant["strike"]), 10.0
    spread = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility**2) * years) / spread
    call = spot * normal_distribution(d1)
    call -= strike * math.exp(-rate * years) * normal_distribution(d1 - spread)
    warrant_value = warrant["shares"] * call
    assert warrant_value == pytest.approx(280.5e6, rel=1e-3)

    issued, converted = preferred["issue_date"], preferred["conversion_date"]
    months = (converted.year - issued.year) * 12 + converted.month - issued.month
    assert months == 18
    accreted = 400e6 * (1.0 + preferred["dividend"] / 4.0) ** (months / 3)
    preferred_value = accreted / amount(preferred["conversion_price"]) * spot
    assert preferred_value == pytest.approx(443.9e6, rel=1e-3)
    filed = (413.6 + 4.8) / (261.2 + 3.0)
    assert filed == pytest.approx(1.584, abs=5e-4)
    assert preferred_value / warrant_value == pytest.approx(filed, rel=2e-3)


# MP Materials: price floor


@pytest.mark.parametrize(
    ("quarter", "reported"), [(0, 51_016_000.0), (1, 42_273_000.0), (2, 17_580_000.0)]
)
def test_back_solved_quarters_reproduce_reported_income(quarter, reported):
    prices = market("critical-minerals-2026-06-30")
    fixing, actual = prices["fixings"][quarter], prices["actuals"][quarter]
    assert (fixing["from"], fixing["to"]) == (actual["from"], actual["to"])
    strike = amount(leg(deal("mp-materials"), "price floor")["strike"])
    kilograms = amount(actual["value"]) * 1000.0
    assert kilograms * (strike - amount(fixing["average"])) == pytest.approx(reported, abs=0.5)


def test_plan_opens_with_the_reported_production():
    steps = deal("mp-materials")["observations"]["eligible"]["steps"]
    tonnes = [amount(value) for value in steps.values()]
    assert tonnes[:4] == [718.0, 917.0, 840.0, 1000.0]
    assert tonnes[-1] == 1500.0
    assert tonnes[3:] == sorted(tonnes[3:])


def test_support_runs_for_forty_one_quarters():
    quarters = deal("mp-materials")["schedules"]["floor-quarters"]
    first, last = quarters["start"], quarters["end"]
    assert (last.year - first.year) * 4 + (last.month - first.month + 1) // 3 == 41


def test_mid_month_readings_carry_nearly_the_variance_of_an_average():
    """Variance of the mean of Brownian readings, as a share of a quarter's variance."""

    def share(times):
        return sum(min(s, t) for s in times for t in times) / len(times) ** 2

    assert share([1 / 6, 3 / 6, 5 / 6]) == pytest.approx(0.352, abs=5e-4)
    assert share([1 / 3, 2 / 3, 1.0]) == pytest.approx(0.519, abs=5e-4)
    assert share([(i + 0.5) / 2000 for i in range(2000)]) == pytest.approx(1 / 3, abs=1e-3)


# MP Materials: 10X offtake and loan


def test_guaranteed_ebitda_of_ten_years():
    observations = deal("mp-materials")["observations"]
    threshold = observations["ebitda-threshold"]
    first = amount(*threshold["steps"].values())
    rate = threshold["escalation"]["rate"]
    years = deal("mp-materials")["schedules"]["magnet-years"]
    count = years["end"].year - years["start"].year + 1
    assert threshold["escalation"]["base_date"] == years["start"]
    by_year = [first * (1.0 + rate) ** year / 1e6 for year in range(count)]
    assert [round(value, 1) for value in by_year] == [
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
    assert sum(by_year) == pytest.approx(1533.0, abs=0.5)


def test_advances_of_a_quarter_make_up_the_year():
    advance = leg(deal("mp-materials"), "EBITDA guarantee")["payment"]["advance"]
    assert advance["fraction"] * advance["payments"] == 1.0
    assert advance["of"] == "ebitda-threshold"


@pytest.mark.parametrize(("price", "ebitda"), [(75.0, 103.25), (110.0, 125.3), (150.0, 150.5)])
def test_margin_model_gives_the_stated_ebitda(price, ebitda):
    observations = deal("mp-materials")["observations"]
    margin = observations["magnet-ebitda"]
    unit_cost = amount(*observations["magnet-cost"]["steps"].values())
    kilograms = amount(*observations["magnets"]["steps"].values()) * 1000.0
    per_kilogram = margin["price_share"] * price + amount(margin["premium"]) - unit_cost
    assert kilograms * per_kilogram / 1e6 == pytest.approx(ebitda)


@pytest.mark.parametrize(
    ("ebitda", "to_producer"), [(90.0, 50.0), (140.0, 0.0), (165.0, -25.0), (210.0, -50.0)]
)
def test_bands_of_the_first_year(ebitda, to_producer):
    guarantee = leg(deal("mp-materials"), "EBITDA guarantee")
    first, rest = guarantee["bands"]
    width = amount(first["width"]) / 1e6
    excess = max(ebitda - 140.0, 0.0)
    amount_paid = guarantee["shortfall_share"] * max(140.0 - ebitda, 0.0)
    amount_paid -= first["share"] * min(excess, width)
    amount_paid -= rest["share"] * max(excess - width, 0.0)
    assert amount_paid == pytest.approx(to_producer)


@pytest.mark.parametrize("name", ["critical-minerals-2025-07-10", "critical-minerals-2026-06-30"])
def test_unsecured_yield_reproduces_the_loans_carrying_value(name):
    """Company: the loan of 150 is carried at 86.0 million USD at 31 December 2025."""
    loan = leg(deal("mp-materials"), "samarium loan")
    spread = deal("mp-materials")["observations"]["samarium-rate"]["spread"]
    rates = market("critical-minerals-2026-06-30")["rates"]["us-treasury-10y"]
    coupon = rates[loan["drawn"]] + spread
    (continuous,) = set(market(name)["yields"]["mp-materials-unsecured"]["zero_rates"].values())
    seen = datetime.date(2025, 12, 31)
    value = 0.0
    for quarter in range(1, 49):
        months = loan["drawn"].month - 1 + 3 * quarter
        paid = loan["drawn"].replace(year=loan["drawn"].year + months // 12, month=months % 12 + 1)
        flow = coupon / 4.0 + (1.0 if paid == loan["maturity"] else 0.0)
        if paid > seen:
            value += 150.0 * flow * math.exp(-continuous * (paid - seen).days / 365.0)
    assert paid == loan["maturity"]
    assert value == pytest.approx(86.0, abs=0.05)


# Markets


@pytest.mark.parametrize("name", ["critical-minerals-2025-07-10", "critical-minerals-2026-06-30"])
def test_ndpr_curve_is_the_one_factor_models_own(name):
    terms = market(name)
    ndpr = terms["commodities"]["ndpr-oxide"]
    kappa, sigma = ndpr["model"]["mean_reversion"], ndpr["model"]["volatility"]
    fitted, spot = 3.95, amount(ndpr["forward_curve"][terms["valuation_date"]])
    for date, value in ndpr["forward_curve"].items():
        years = date.year - terms["valuation_date"].year
        decay = math.exp(-kappa * years)
        convexity = sigma**2 / (4.0 * kappa)
        log_forward = decay * math.log(spot) + (1.0 - decay) * fitted
        log_forward += convexity * (1.0 - decay**2)
        assert amount(value) == pytest.approx(math.exp(log_forward), abs=0.006)


def test_both_mineral_markets_hold_the_same_names():
    one = market("critical-minerals-2025-07-10")
    other = market("critical-minerals-2026-06-30")
    for key in ("commodities", "yields", "rates", "indices"):
        assert list(one[key]) == list(other[key])
    assert one["correlations"] == other["correlations"]
    assert leg(deal("mp-materials"), "samarium loan")["market_yield"] in one["yields"]


def assessments(name):
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not in the shared data folder")
    return pd.read_csv(path, parse_dates=["date"])


def test_wind_earns_nine_tenths_of_the_mean_price():
    ledger = assessments("lccc_cfd_daily_ledger_2021h2_2022.csv.gz")
    units = pd.read_csv(SHARED_DATA / "lccc_cfd_units.csv")
    wanted = units["technology"].str.contains("Offshore") & (units["reference_type"] == "IMRP")
    rows = ledger[ledger["cfd_id"].isin(units.loc[wanted, "cfd_id"])]
    mean = rows.groupby("date")["market_ref_gbp_mwh"].first().mean()
    running = rows[rows["generation_mwh"] > 0]
    earned = (running["generation_mwh"] * running["weighted_ref_gbp_mwh"]).sum()
    assert earned / running["generation_mwh"].sum() / mean == pytest.approx(0.90, abs=0.005)
    curve = market("uk-power-2025-07-01")["commodities"]["gb-wind-weighted-power"]["forward_curve"]
    first, second, *_ = [amount(value) for value in curve.values()]
    assert first == pytest.approx(0.90 * 71.61, abs=0.06)
    assert second == pytest.approx(0.90 * 75.70, abs=0.06)


# The other deals


def test_jare_cap_binds_at_170_and_remembers():
    terms = deal("lynas-jare")
    upside = leg(terms, "upside share")
    (cap,) = upside["modifiers"]
    assert cap["per"] == "calendar-year"
    tonnes = amount(*terms["observations"]["firm-volume"]["steps"].values())
    excess = 170.0 - amount(upside["threshold"])
    uncapped = upside["share"] * excess * tonnes * 1000.0
    assert uncapped == pytest.approx(30e6)
    assert min(uncapped, amount(cap["limit"])) == 10e6
    assert min(uncapped, amount(cap["limit"]) - 7e6) == 3e6
    assert amount(leg(terms, "price floor")["strike"]) == 110.0
    assert terms["schedules"]["quarters"]["frequency"] == "quarter"


def test_nouveau_monde_is_seven_years_with_one_strike():
    terms = deal("nouveau-monde")
    quarters = terms["schedules"]["quarters"]
    after = quarters["end"] + datetime.timedelta(days=1)
    assert after == quarters["start"].replace(year=quarters["start"].year + 7)
    floor, upside = leg(terms, "price floor"), leg(terms, "upside share")
    assert floor["strike"] == upside["threshold"] == "indexed-price"
    assert upside["share"] == 0.5


def test_uk_strike_in_money_of_2024():
    terms = deal("uk-cfd-ar6-offshore-wind")
    strike = terms["observations"]["strike-price"]
    levels = market("uk-power-2025-07-01")["indices"]["uk-cpi"]["levels"]
    assert levels[strike["escalation"]["base_date"]] == 1.0
    factor = levels[datetime.date(2024, 4, 1)]
    assert factor == 1.4434
    assert amount(*strike["steps"].values()) * factor == pytest.approx(84.97, abs=0.005)
    assert leg(terms, "difference payment")["negative_prices"] == "suspend"


def test_example_plants_make_the_stated_energy():
    uk = deal("uk-cfd-ar6-offshore-wind")["observations"]["metered-output"]
    assert amount(*uk["steps"].values()) == pytest.approx(1000.0 * 0.45 * 8760.0)
    australia = deal("australia-cis-collar")["observations"]["generation"]
    assert amount(*australia["steps"].values()) == pytest.approx(400.0 * 0.35 * 8760.0)


@pytest.mark.parametrize(
    ("revenue", "to_project"),
    [(75.0, 0.0), (65.0, 9.0), (35.0, 30.0), (90.0, 0.0), (110.0, -5.0), (140.0, -15.0)],
)
def test_australian_collar_signs_and_caps(revenue, to_project):
    collar = leg(deal("australia-cis-collar"), "revenue collar")
    dead, above = collar["bands"]
    floor = amount(collar["threshold"]) / 1e6
    ceiling = floor + amount(dead["width"]) / 1e6
    assert dead["share"] == 0.0
    assert (floor, ceiling) == (75.0, 100.0)
    (cap,) = collar["modifiers"]
    paid = min(collar["shortfall_share"] * max(floor - revenue, 0.0), amount(cap["limit"]) / 1e6)
    back = min(above["share"] * max(revenue - ceiling, 0.0), amount(cap["reverse_limit"]) / 1e6)
    assert paid - back == pytest.approx(to_project)
