"""Markets: files, curves, fixings, actuals, indices, rates, models; and what is refused."""

import copy
import datetime
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.amend import amend
from contracts.catalogue import load, load_market, markets
from contracts.coverage import uncovered_numbers
from contracts.errors import TermSheetError
from contracts.market import Market
from contracts.market_fit import check_fit
from contracts.market_sheet import build_market, read_market
from contracts.termsheet import read_deal
from contracts.yaml_document import parse_document

HERE = Path(__file__).parent
TEXT = (HERE / "market.yaml").read_text()
TERMS = parse_document(TEXT, file="market.yaml").terms
DATE = datetime.date
BLOCKS = re.findall(
    r"^- (.*)\n\+ ?(.*)\n! (.*)$", (HERE / "bad_market.txt").read_text(), flags=re.MULTILINE
)


@pytest.fixture(scope="module")
def market():
    return read_market(HERE / "market.yaml")


def dates(*texts):
    return np.array(texts, dtype="datetime64[D]")


def test_head(market):
    assert (market.name, market.currency) == ("some-market", "USD")
    assert market.valuation_date == DATE(2026, 6, 30)
    assert market.discount_name == "Treasury"
    assert list(market.commodities) == ["ndpr-oxide", "mine-share", "copper", "power"]
    assert market.commodity("ndpr-oxide").note == "no traded curve measured"
    assert market.commodity("power").is_traded


def test_forward_curves_are_in_canonical_units(market):
    ndpr = market.commodity("ndpr-oxide")
    two_years = (DATE(2028, 6, 30) - DATE(2026, 6, 30)).days / 365.0

    assert ndpr.unit == "USD/kg"
    assert ndpr.forward_curve([0.0, two_years]) == pytest.approx([100.0, 81.0], rel=1e-15)
    # Half way between 100 and 81 log-linearly: sqrt(100 * 81) = 90.
    assert ndpr.forward_curve(two_years / 2) == pytest.approx(90.0, rel=1e-12)
    # 441 cents a pound = 4.41 / 0.45359237 USD/kg, flat.
    copper = market.commodity("copper")
    assert copper.unit == "USD/kg"
    assert copper.forward_curve([0.1, 5.0]) == pytest.approx([4.41 / 0.45359237] * 2, rel=1e-15)
    # A step holds until the next one; negative prices are taken.
    assert market.commodity("power").forward_curve([0.5, 1.5]).tolist() == [-3.0, 40.0]


@pytest.mark.parametrize("years", [0.0, 0.3, 1.0, 4.0, 9.99, 25.0, 60.0])
def test_an_asset_without_dividend_grows_at_the_discount_curve(market, years):
    forward = float(market.commodity("mine-share").forward_curve(years))

    assert forward * float(market.discount.discount_factor(years)) == pytest.approx(
        50.02, rel=1e-12
    )


def test_discount_factors(market):
    days = dates("2026-01-01", "2026-06-30", "2027-06-30", "2036-06-30")
    ten = (DATE(2036, 6, 30) - DATE(2026, 6, 30)).days / 365.0

    found = market.discount_factors(days)

    expected = [1.0, 1.0, math.exp(-0.0405), math.exp(-0.0436 * ten)]
    assert found == pytest.approx(expected, rel=1e-14)
    # The spread is continuous: D(t) e^{-s t}.
    shifted = market.discount_factors(days, "unsecured")
    assert shifted[-1] == pytest.approx(expected[-1] * math.exp(-0.08 * ten), rel=1e-13)
    assert market.discount_factors(days, "secured")[2] == pytest.approx(math.exp(-0.061))
    assert market.zero_rate(DATE(2027, 6, 30), "unsecured") == pytest.approx(0.1205)
    with pytest.raises(ValueError, match="yield must be in the market some-market; did you mean"):
        market.discount_factors(days, "unsecure")


def test_fixings_are_of_a_day_or_of_a_span(market):
    days = dates("2025-09-15", "2025-10-01", "2025-12-31", "2026-01-15", "2026-06-29")

    assert market.fixing("ndpr-oxide", days).tolist() == [61.0, 70.0, 70.0, 99.8, 99.8]
    assert market.fixing("ndpr-oxide", dates()).tolist() == []


@pytest.mark.parametrize(
    ("commodity", "days", "message"),
    [
        ("ndpr-oxide", ("2025-09-14", "2025-10-01"), "first missing is 2025-09-14, 1 of 2 are"),
        ("ndpr-oxide", ("2025-10-01", "2026-06-30", "2026-07-01"), "2026-06-30, 2 of 3 are"),
        ("ndpr-oxide", ("2025-09-16",), "first missing is 2025-09-16, 1 of 1 are"),
        ("copper", ("2025-10-01",), "fixings of copper must be in the market some-market"),
    ],
)
def test_a_missing_fixing_is_named(market, commodity, days, message):
    with pytest.raises(ValueError, match=message):
        market.fixing(commodity, dates(*days))


def test_actuals_fill_a_period_or_are_not_there(market):
    def actual(start, end, observation="eligible", deal="full-house"):
        return market.actual(deal, observation, DATE.fromisoformat(start), DATE.fromisoformat(end))

    assert actual("2025-10-01", "2026-01-01") == 1_275_400.0
    # 401 t in January and 516 t in February and March.
    assert actual("2026-01-01", "2026-04-01") == 917_000.0
    assert actual("2026-04-01", "2026-07-01") is None
    assert actual("2026-07-01", "2026-10-01") is None
    assert actual("2025-10-01", "2026-01-01", observation="sales") is None
    assert actual("2025-10-01", "2026-01-01", deal="other") is None
    with pytest.raises(ValueError, match="must fill the period from 2025-10-01 to 2026-02-28"):
        actual("2025-10-01", "2026-03-01")
    with pytest.raises(ValueError, match="must fill the period from 2025-11-01"):
        actual("2025-11-01", "2026-01-01")


def test_actuals_of_a_period_that_is_not_over_are_not_taken_yet():
    terms = copy.deepcopy(TERMS)
    terms["valuation_date"] = "2026-03-31"
    terms["fixings"], terms["rates"] = [], {}
    terms["indices"]["us-cpi"]["levels"].pop("2026-05-01")
    market = build_market(terms)

    period = (DATE(2026, 1, 1), DATE(2026, 4, 1))
    assert market.actual("full-house", "eligible", *period) == 917_000.0
    longer = (DATE(2026, 1, 1), DATE(2026, 7, 1))
    assert market.actual("full-house", "eligible", *longer) is None


def test_a_record_of_the_first_day_alone_belongs_to_the_period():
    terms = copy.deepcopy(TERMS)
    days = [("2026-04-01", "2026-04-01", "3 t"), ("2026-04-02", "2026-06-30", "4 t")]
    terms["actuals"] = [
        {"deal": "d", "observation": "o", "from": start, "to": end, "value": value}
        for start, end, value in days
    ]

    found = build_market(terms).actual("d", "o", DATE(2026, 4, 1), DATE(2026, 7, 1))

    assert found == 7_000.0


def test_an_index_is_log_linear_and_then_grows(market):
    assert market.index("us-cpi", DATE(2012, 4, 1)) == 229.2
    assert market.index("us-cpi", DATE(2026, 5, 1)) == 331.0
    assert market.index("us-cpi", DATE(2027, 5, 1)) == pytest.approx(331.0 * 1.025)
    days = (DATE(2026, 5, 1) - DATE(2025, 6, 1)).days
    after = (DATE(2025, 12, 1) - DATE(2025, 6, 1)).days
    between = 322.6 * (331.0 / 322.6) ** (after / days)
    assert market.index("us-cpi", DATE(2025, 12, 1)) == pytest.approx(between, rel=1e-13)
    with pytest.raises(ValueError, match=r"indices.us-cpi: index must be known on 2012-03-31"):
        market.index("us-cpi", DATE(2012, 3, 31))
    with pytest.raises(ValueError, match="index must be in the market some-market"):
        market.index("uk-cpi", DATE(2026, 1, 1))


def test_a_rate_is_its_fixing_or_the_latest_quote(market):
    assert market.rate("us-treasury-10y", DATE(2025, 8, 15)) == 0.0433
    # A fixing on a day without a quote takes the last one before it, if that is recent.
    assert market.rate("us-treasury-10y", DATE(2025, 8, 18)) == 0.0433
    assert market.rate("us-treasury-10y", DATE(2026, 6, 30)) == 0.0451
    assert market.rate("us-treasury-10y", DATE(2027, 1, 1)) == 0.0451
    for past in (DATE(2025, 8, 14), DATE(2025, 9, 1), DATE(2026, 6, 29)):
        with pytest.raises(ValueError, match=rf"must have a quote on or just before {past}"):
            market.rate("us-treasury-10y", past)
    with pytest.raises(ValueError, match="did you mean us-treasury-10y"):
        market.rate("us-treasury-1y", DATE(2026, 1, 1))


def test_the_price_model_is_joint_in_the_order_of_the_file(market):
    model = market.price_model(["copper", "ndpr-oxide"])

    assert model.names == ("ndpr-oxide", "copper")
    assert model.correlation.tolist() == [[1.0, 0.4], [0.4, 1.0]]
    ndpr = model.model("ndpr-oxide")
    assert (ndpr.mean_reversion, ndpr.volatility, ndpr.risk_premium) == (0.3, 0.33, 0.02)
    share = market.price_model(["mine-share"]).model("mine-share")
    assert (share.volatility, share.risk_premium) == (0.796, 0.05)
    assert len(market.price_model(list(market.commodities)).names) == 4
    assert market.correlation_matrix(["mine-share", "copper", "ndpr-oxide"]).tolist() == [
        [1.0, 0.0, 0.3],
        [0.0, 1.0, 0.4],
        [0.3, 0.4, 1.0],
    ]
    with pytest.raises(ValueError, match="commodity must be in the market"):
        market.price_model(["tin"])


def test_model_terms_are_printed_with_their_parameters(market):
    assert market.model_terms(["mine-share"]) == {
        "mine-share": {
            "unit": "USD/share",
            "traded": True,
            "kind": "gbm",
            "volatility": 0.796,
            "risk_premium": 0.05,
        }
    }


@pytest.mark.parametrize(("old", "new", "message"), BLOCKS)
def test_one_mistake_gives_one_fault_on_its_line(tmp_path, old, new, message):
    assert TEXT.count(old) == 1
    line = TEXT[: TEXT.index(old)].count("\n") + 1

    path = tmp_path / "market.yaml"
    path.write_text(TEXT.replace(old, new))

    with pytest.raises(TermSheetError) as caught:
        read_market(path)

    assert len(caught.value.faults) == 1, str(caught.value)
    assert message in str(caught.value)
    found = caught.value.faults[0].line
    of_a_whole = re.search("either|must have one of|positive definite", message)
    assert found == line or (found <= line and of_a_whole)


def test_every_block_of_mistakes_is_read():
    assert len(BLOCKS) == (HERE / "bad_market.txt").read_text().count("\n! ")


@settings(max_examples=60, deadline=None)
@given(
    path=st.sampled_from(
        [
            ("valuation_date",),
            ("discount", "zero_rates"),
            ("commodities", "ndpr-oxide"),
            ("commodities", "ndpr-oxide", "forward_curve"),
            ("commodities", "ndpr-oxide", "model"),
            ("commodities", "ndpr-oxide", "model", "volatility"),
            ("correlations", 0, "between"),
            ("correlations", 0, "value"),
            ("fixings", 0),
            ("fixings", 0, "to"),
            ("actuals", 0, "value"),
            ("indices", "us-cpi", "levels"),
            ("rates", "us-treasury-10y"),
        ]
    ),
    value=st.one_of(
        st.none(),
        st.booleans(),
        st.floats(),
        st.integers(),
        st.text(max_size=6),
        st.lists(st.text(max_size=3), max_size=3),
        st.dictionaries(st.text(max_size=3), st.floats(), max_size=2),
        st.dictionaries(st.dates(), st.floats(), max_size=2),
    ),
)
def test_a_mutated_market_is_a_market_or_a_term_sheet_error(path, value):
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


def test_a_deal_fits_a_market_that_has_what_it_needs(market):
    check_fit(read_deal(HERE / "full.yaml"), market)


def test_what_a_market_lacks_is_named_at_once(market):
    deal = amend(
        read_deal(HERE / "full.yaml"),
        {
            "observations.ndpr.commodity": "ndpr-oxid",
            "observations.ndpr-year.commodity": "power",
            "observations.coupon.benchmark": "us-treasury-30y",
            "observations.indexed.escalation.index": "uk-cpi",
            "legs[warrant].share": "mine-shares",
            "legs[loan].market_yield": "unsecure",
        },
    )

    with pytest.raises(TermSheetError) as caught:
        check_fit(deal, market)

    found = "\n".join(fault.partition(": ")[2] for fault in str(caught.value).splitlines())
    for words in [
        "observations.ndpr.commodity must name a commodity of the market some-market; "
        "did you mean ndpr-oxide?, got 'ndpr-oxid'",
        "observations.coupon.benchmark must name a rate of the market",
        "observations.indexed.escalation.index must name an index of the market",
        "legs[warrant].share must name a commodity of the market",
        "legs[loan].market_yield must name a yield of the market",
        "observations.magnet-ebitda.reference_price must be a price per kg, the unit of the "
        "quantity; power is in USD/MWh",
    ]:
        assert words in found
    assert len(caught.value.faults) == 6


@pytest.mark.parametrize("leg", ["warrant", "preferred"])
def test_a_share_is_a_price_per_share(market, leg):
    deal = amend(read_deal(HERE / "full.yaml"), {f"legs[{leg}].share": "ndpr-oxide"})

    rule = rf"legs\[{leg}\].share must name a price per share .*; ndpr-oxide is in USD/kg"
    with pytest.raises(TermSheetError, match=rule):
        check_fit(deal, market)


def test_an_actual_of_an_observation_that_the_deal_lacks_is_not_ignored(market):
    terms = copy.deepcopy(TERMS)
    terms["actuals"][0]["observation"] = "elligible"

    with pytest.raises(TermSheetError, match="did you mean eligible"):
        check_fit(read_deal(HERE / "full.yaml"), build_market(terms))


def test_currencies_must_agree(market):
    deal = load("uk-cfd-ar6-offshore-wind")

    with pytest.raises(TermSheetError, match=r"currency must be that of the market .*, got 'GBP'"):
        check_fit(deal, market)


@pytest.mark.parametrize("name", markets())
def test_every_built_in_market_has_a_source_for_every_number(name):
    market = load_market(name)

    assert market.name == name
    assert uncovered_numbers(market.terms, market.sources) == []
    assert market.price_model(list(market.commodities)).names == tuple(market.commodities)
