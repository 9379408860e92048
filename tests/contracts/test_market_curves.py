"""Curves in a market file: par yields, quotes, price decks, seasons; and what is refused."""

import copy
import datetime
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts
from contracts.amend import amend_market
from contracts.catalogue import load_market
from contracts.coverage import uncovered_numbers
from contracts.errors import TermSheetError
from contracts.market import Market
from contracts.market_sheet import build_market, read_market
from contracts.reports.curves import curve_text, last_stated_day, stated
from contracts.schema import json_schema
from contracts.yaml_document import parse_document
from montecarlo import HarmonicSeasonality
from montecarlo.par_yields import par_bond

HERE = Path(__file__).parent
TEXT = (HERE / "curves.yaml").read_text()
BLOCKS = re.findall(
    r"^- (.*)\n\+ ?(.*)\n! (.*)$", (HERE / "bad_curves.txt").read_text(), flags=re.MULTILINE
)
DATE = datetime.date
TERMS = parse_document(TEXT, file="curves.yaml").terms


@pytest.fixture(scope="module")
def market():
    return read_market(HERE / "curves.yaml")


def day(text):
    return np.datetime64(text, "D")


def forward(market, name, *texts):
    return market.commodity(name).forward_curve(market.years(np.array(texts, dtype="M8[D]")))


def average(market, name, start, end):
    days = np.arange(day(start), day(end) + 1)
    return market.commodity(name).forward_curve(market.years(days)).mean()


def test_bonds_of_the_par_yields_are_worth_par(market):
    for maturity, par_yield in {"3m": 0.0402, "1y": 0.0391, "2y": 0.0383, "10y": 0.0436}.items():
        bond = par_bond("2026-06-30", maturity, par_yield)
        assert (bond.amounts * market.discount_factors(bond.dates)).sum() == pytest.approx(1.0)
    bond = par_bond("2026-06-30", "5y", 0.0455)
    worth = (bond.amounts * market.discount_factors(bond.dates, "agency")).sum()
    assert worth == pytest.approx(1.0, abs=1e-13)


def test_yearly_rates_compound_yearly(market):
    found = market.discount_factors(np.array(["2027-06-30"], dtype="M8[D]"), "bank")
    assert found == pytest.approx([1 / 1.061], rel=1e-14)


def test_quotes_come_back_and_seasons_go_on(market):
    assert average(market, "gas", "2026-07-01", "2026-07-31") == pytest.approx(31.5, rel=1e-13)
    assert average(market, "gas", "2026-07-01", "2026-09-30") == pytest.approx(32.0, rel=1e-13)
    assert average(market, "gas", "2026-10-01", "2027-03-31") == pytest.approx(41.0, rel=1e-13)
    assert average(market, "gas", "2027-01-01", "2027-12-31") == pytest.approx(36.0, rel=1e-13)
    # After the last quote the level stays and the seasons go on: January to June as 1.3 to 0.7.
    winter, summer = forward(market, "gas", "2040-01-31", "2040-06-01")
    assert winter / summer == pytest.approx(1.3 / 0.7, rel=1e-13)


def test_a_certain_price_may_have_negative_quotes(market):
    # July to September: (184 x 11 + 92 x 2) / 92 = 24.
    assert forward(market, "power", "2026-09-30", "2026-10-01") == pytest.approx([24.0, -2.0])


def test_a_real_deck_rises_with_the_index(market):
    found = forward(market, "oxide", "2026-06-30", "2026-12-31", "2027-01-01", "2031-05-01")
    dates = [DATE(2026, 6, 30), DATE(2026, 12, 31), DATE(2027, 1, 1), DATE(2031, 5, 1)]
    levels = [market.index("us-cpi", date) / 317.7 for date in dates]

    assert found == pytest.approx(np.array([62.0, 62.0, 66.0, 66.0]) * levels, rel=1e-12)
    # 101 in the money of January 2026, 364 days of 2% a year later.
    assert forward(market, "metal", "2026-12-31") == pytest.approx(
        [101.0 * 1.02 ** (364 / 365)], rel=1e-13
    )


def test_a_nominal_deck_takes_seasons(market):
    wave = HarmonicSeasonality(cosine=[0.1], sine=[0.04], normalised_by="mean-log")
    at = np.array(["2027-07-01", "2029-02-03"], dtype="M8[D]")

    # Half way, by days, between 105 and 95 USD/t; then flat.
    trend = np.array([105.0 - 10.0 * 365 / 731, 95.0]) / 1000.0
    found = forward(market, "ore", *at.astype(str))
    assert found == pytest.approx(trend * wave.factors(at), rel=1e-13)


@pytest.mark.parametrize(("old", "new", "message"), BLOCKS)
def test_one_mistake_gives_one_fault_on_its_line(tmp_path, old, new, message):
    at = TEXT.index(old)
    line = TEXT[:at].count("\n") + 1

    path = tmp_path / "market.yaml"
    path.write_text(TEXT[:at] + new + TEXT[at + len(old) :])

    with pytest.raises(TermSheetError) as caught:
        read_market(path)

    assert len(caught.value.faults) == 1, str(caught.value)
    assert message in str(caught.value)
    found = caught.value.faults[0].line
    # What concerns a whole curve stands where the curve begins.
    whole = re.search("must have|must not start|must agree|must make|left out", message)
    assert found == line or (line - 4 <= found < line and whole)


def test_every_block_of_mistakes_is_read():
    assert len(BLOCKS) == (HERE / "bad_curves.txt").read_text().count("\n! ")


def test_a_quote_can_be_amended(market):
    changed = amend_market(market, {"commodities.power.quotes.periods[2026-Q4]": "4 USD/MWh"})

    assert forward(changed, "power", "2026-10-01") == pytest.approx([4.0])
    with pytest.raises(TermSheetError, match="periods has no '2026-Q1'"):
        amend_market(market, {"commodities.power.quotes.periods[2026-Q1]": "4 USD/MWh"})


def test_numbers_of_curves_want_sources(market):
    found = uncovered_numbers(market.terms, ["commodities", "discount", "yields"])
    assert {path.partition(".")[0] for path in found} == {"indices"}
    bare = uncovered_numbers(market.terms, [])
    assert "discount.par_yields.10y" in bare
    assert "commodities.gas.quotes.periods.2026-Q3" in bare
    assert "commodities.oxide.price_deck.base_date" in bare
    assert "commodities.ore.seasonality.cosine[0]" in bare


def test_the_schema_describes_the_terms():
    definitions = json_schema("market")["$defs"]

    assert "semi-annual" in definitions["DiscountTerms"]["properties"]["par_yields"]["description"]
    assert definitions["QuotesTerms"]["required"] == ["shape", "periods"]


def test_the_report_says_how_each_curve_is_stated(market):
    lines = {name: curve_text(market, name) for name in market.commodities}

    assert lines["gas"].endswith("smooth through 4 quotes, with seasons by month, traded curve")
    assert lines["power"] == (
        "forward 24.00 (2026-07-01) to -2.00 (2026-12-31), step through 2 quotes, traded curve"
    )
    # The price of January 2026 holds on the valuation date.
    assert lines["oxide"].startswith("forward 64.86 (2026-06-30) to 69.91 (2027-01-01), a price ")
    assert "deck in money of 2025-01-01, raised by us-cpi, no traded curve" in lines["oxide"]
    assert "money of 2026-01-01, raised by 2% a year" in lines["metal"]
    assert "a price deck in nominal money, with seasons as waves" in lines["ore"]
    last = {name: last_stated_day(stated(market, name)) for name in market.commodities}
    assert last == dict.fromkeys(lines) | {"power": "2026-12-31"}


PLACES = [
    ("discount", "par_yields"),
    ("discount", "par_yields", "10y"),
    ("yields", "bank", "compounding"),
    ("yields", "agency", "par_yields"),
    ("commodities", "gas", "quotes"),
    ("commodities", "gas", "quotes", "shape"),
    ("commodities", "gas", "quotes", "periods"),
    ("commodities", "gas", "quotes", "periods", "2027"),
    ("commodities", "gas", "quotes", "rounding"),
    ("commodities", "gas", "seasonality"),
    ("commodities", "gas", "seasonality", "months"),
    ("commodities", "ore", "seasonality", "cosine"),
    ("commodities", "oxide", "price_deck"),
    ("commodities", "oxide", "price_deck", "base_date"),
    ("commodities", "oxide", "price_deck", "index"),
    ("commodities", "oxide", "price_deck", "prices"),
    ("commodities", "metal", "price_deck", "growth"),
    ("indices", "us-cpi", "levels"),
]


@settings(max_examples=100, deadline=None)
@given(
    path=st.sampled_from(PLACES),
    value=st.one_of(
        st.none(),
        st.booleans(),
        st.floats(),
        st.integers(),
        st.sampled_from(["1e15 USD/MWh", "-1 USD/MWh", "0 USD/kg", "2200-12-31", "us-cpi", "10y"]),
        st.text(max_size=6),
        st.lists(st.floats(-1e300, 1e300), max_size=13),
        st.dictionaries(
            st.sampled_from(["1m", "6m", "30y", "999y", "2027", "2200", "9999-Q4", "2026-06-30"]),
            st.sampled_from([0.5, -0.5, 0.04, "1 USD/MWh", "1e15 USD/MWh", "1e-15 USD/kg"]),
            max_size=5,
        ),
    ),
)
def test_a_mutated_curve_is_a_market_or_a_term_sheet_error(path, value):
    terms = copy.deepcopy(TERMS)
    holder = terms
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    try:
        found = build_market(terms)
    except TermSheetError:
        return
    assert isinstance(found, Market)
    for item in found.commodities.values():
        assert np.isfinite(item.forward_curve([0.0, 0.5, 30.0])).all()


def test_a_deal_is_worth_the_same_on_quotes_as_on_the_steps_that_they_make():
    steps = {"2025-07-11": "60 USD/kg", "2026-01-01": "58 USD/kg", "2027-01-01": "66 USD/kg"}
    periods = {
        "2025-07-11 to 2025-12-31": "60 USD/kg", "2026": "58 USD/kg", "2027": "66 USD/kg",
    }  # fmt: skip
    terms = copy.deepcopy(dict(load_market("critical-minerals-2025-07-10").terms))
    terms["sources"] = []
    oxide = terms["commodities"]["ndpr-oxide"]
    oxide.pop("alternatives", None)
    oxide |= {"forward_curve": steps, "interpolation": "step"}
    on_steps = contracts.value("lynas-jare", market=build_market(terms), n_paths=512, seed=4)
    del oxide["forward_curve"], oxide["interpolation"]
    oxide["quotes"] = {"shape": "step", "periods": periods}
    on_quotes = contracts.value("lynas-jare", market=build_market(terms), n_paths=512, seed=4)

    assert on_quotes.pv == on_steps.pv
    # Seasons reach the value.
    oxide["seasonality"] = {"normalised_by": "mean-level", "months": [2.0] + [1.0] * 11}
    assert contracts.value(
        "lynas-jare", market=build_market(terms), n_paths=512, seed=4
    ).pv != pytest.approx(on_steps.pv, rel=1e-6)
