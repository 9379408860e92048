"""Shocks on a market: from its file, from a line, from the command; what they do to a value."""

import json
from itertools import product

import numpy as np
import pytest

from contracts.catalogue import load, load_market
from contracts.cli import main
from contracts.errors import TermSheetError
from contracts.reports.assumptions import market_lines
from contracts.shocks import shock_terms
from contracts.valuing import value
from montecarlo import Shocked, TimeGrid, simulate_paths

MARKET = "critical-minerals-2025-07-10"
STOP = {
    "name": "licence stop",
    "commodities": ["ndpr-oxide"],
    "multiplier": 2.5,
    "from": "2027-01-01",
    "months": 9,
}
LINE = "ndpr-oxide x2.5 from 2027-01-01 for 9 months"


def hit(**changes):
    terms = {key: found for key, found in (STOP | changes).items() if found is not None}
    return load_market(MARKET).with_shock(terms)


def test_a_dated_shock_covers_its_days():
    """From the first of January to the last of September, to the day; the rest is untouched."""
    plain, shocked = load_market(MARKET), hit()
    days = ["2026-12-31", "2027-01-01", "2027-09-30", "2027-10-01", "2028-01-01"]
    grid = TimeGrid("2025-07-10", days)
    before, after = (
        simulate_paths(market.price_model(["ndpr-oxide"]), grid, n_paths=64, seed=1)["ndpr-oxide"]
        for market in (plain, shocked)
    )

    expected = np.repeat([[1.0], [2.5], [2.5], [1.0], [1.0]], 64, axis=1)
    np.testing.assert_allclose(after / before, expected, rtol=1e-14)


# With the last two pairs, start and length add up to more than the end.
@pytest.mark.parametrize(
    ("start", "months"),
    [
        *product(["2025-07-11", "2026-02-28", "2027-03-31", "2031-12-31"], [1, 5, 11, 26, 2.5]),
        ("2025-07-15", 9),
        ("2025-07-22", 1),
    ],
)
def test_the_last_day_is_told_from_the_first_after(start, months):
    """Years are quotients of days: their sums must not carry a shock into one more day."""
    shock = hit(**{"from": start, "months": months}).commodity("ndpr-oxide").shocks[0].shock
    today = np.datetime64("2025-07-10")
    first = np.datetime64(start)
    days = first + np.arange(1000)
    times = (days - today).astype(float) / 365.0
    found = shock.mean_multiplier(times)
    lasts = int((found > 1.0).sum())

    assert found[0] == 2.5
    assert (found[:lasts] == 2.5).all()
    assert abs(lasts - months * 365.0 / 12.0) < 3.1
    assert shock.start + shock.duration <= times[lasts] < shock.start + shock.duration + 1e-12


def test_a_line_is_the_same_as_its_terms():
    def shock(market):
        return market.commodity("ndpr-oxide").price_model().shocks[0]

    one, other = shock(load_market(MARKET).with_shock(LINE)), shock(hit())

    assert (one.start, one.duration, one.multiplier) == (
        other.start,
        other.duration,
        other.multiplier,
    )
    assert shock_terms("a and b, c x 0.5 from 2030-01-31 for 1 month") == {
        "name": "shock on a b c from 2030-01-31",
        "commodities": ["a", "b", "c"],
        "multiplier": 0.5,
        "from": "2030-01-31",
        "months": 1.0,
    }


@pytest.mark.parametrize(
    "text", ["", "ndpr-oxide", "ndpr-oxide x2..5 from 2027-01-01 for 9 months", LINE + " or so"]
)
def test_a_line_that_reads_otherwise_is_refused(text):
    with pytest.raises(ValueError, match=r"shock must read as 'ndpr-oxide x2\.5 from"):
        shock_terms(text)


def test_the_value_moves_as_the_shock_says():
    """Above the floor for nine months: the government pays less, and shares more of the upside."""
    deal = load("mp-materials")
    plain = value(deal, n_paths=2048)
    shocked = value(deal, market=hit(), n_paths=2048)
    before, after = ({leg.clause.name: leg.pv for leg in one.legs} for one in (plain, shocked))

    assert after["price floor"] > before["price floor"]
    assert after["upside share"] > before["upside share"]
    assert plain.fingerprint != shocked.fingerprint


def test_the_mean_price_is_known_to_the_controls():
    """The control of averages takes the mean price with its shock: values agree without it."""
    deal = load("lynas-jare")
    terms = {key: found for key, found in STOP.items() if key != "from"}
    random = {**terms, "intensity": 0.2, "multiplier_volatility": 0.4}
    market = load_market(deal.market).with_shock(random)
    controlled = value(deal, market=market, n_paths=8192)
    plain = value(deal, market=market, n_paths=8192, control=False)
    error = np.hypot(controlled.standard_error, plain.standard_error)

    assert abs(controlled.pv - plain.pv) < 4.0 * error


def test_within_the_curve_the_mean_stays():
    market = hit(within_curve=True)
    item = market.commodity("ndpr-oxide")
    times = np.array([1.0, 1.6, 2.0, 4.0])
    model = item.price_model()

    assert isinstance(model, Shocked)
    np.testing.assert_allclose(model.forward(times), item.forward_curve(times), rtol=1e-14)
    np.testing.assert_allclose(
        hit().commodity("ndpr-oxide").price_model().forward(times),
        item.forward_curve(times) * [1.0, 2.5, 2.5, 1.0],
    )


def test_shocks_add_up():
    market = hit().with_shock({**STOP, "name": "quota", "from": "2030-01-01"})

    assert [one.shock.name for one in market.commodity("ndpr-oxide").shocks] == [
        "licence stop",
        "quota",
    ]


def test_the_report_prints_it():
    deal = load("mp-materials")
    dated = market_lines(hit(), deal, ["ndpr-oxide"])
    rates = {"2025-07-10": 0.1, "2026-07-10": 0.4}
    random = hit(
        **{"from": None, "intensity": rates, "months": None, "mean_months": 6, "recovery": 2.0},
        multiplier_volatility=0.3,
        within_curve=True,
    )

    assert (
        "shock, licence stop: ndpr-oxide times 2.5 from 2027-01-01 for 9 months, "
        "on top of the curve"
    ) in dated
    assert (
        "shock, licence stop: ndpr-oxide times 2.5 (log standard deviation 0.3) at any time, "
        "0.1 a year, then 0.4 from 1.00 years on for 6 months on average, fading at 2 a year "
        "afterwards, known to the curve"
    ) in market_lines(random, deal, ["ndpr-oxide"])
    assert not [line for line in market_lines(hit(), deal, []) if "shock" in line]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"commodities": ["ndpr"]}, r"commodities\[0\] must name a commodity .*mean ndpr-oxide"),
        ({"commodities": ["ndpr-oxide"] * 2}, "must be hit by one shock named licence stop only"),
        ({"commodities": []}, "commodities must have at least 1"),
        ({"multiplier": 0}, "multiplier must be above zero"),
        ({"from": "2025-07-09"}, "from must not lie before the valuation date"),
        ({"from": None}, "from must be given, or else intensity, got neither"),
        ({"intensity": 1.0}, "from must be given, or else intensity, got both"),
        ({"months": None}, "months must be given, or else mean_months, got neither"),
        ({"months": -3}, "months must be above zero"),
        ({"mnths": 3}, "did you mean months?"),
        ({"recovery": 0}, "recovery must be above zero"),
    ],
)
def test_wrong_terms_are_named(changes, message):
    with pytest.raises(TermSheetError, match=message):
        hit(**changes)


def test_one_event_has_one_timing():
    with pytest.raises(TermSheetError, match=r"must be as in the first shock named licence stop"):
        hit().with_shock({**STOP, "commodities": ["mp-share"], "months": 3})


def test_the_command_takes_it(monkeypatch, capsys):
    def offtake(*arguments):
        monkeypatch.setattr("sys.argv", ["offtake", *arguments])
        try:
            main()
        except SystemExit as end:
            return (int(end.code or 0), *capsys.readouterr())
        return (0, *capsys.readouterr())

    few = ("value", "lynas-jare", "--paths", "512")
    shocked = json.loads(offtake(*few, "--shock", LINE, "--json")[1])
    code, out, err = offtake(*few, "--shock", "China")

    assert shocked["pv"] == value("lynas-jare", market=hit_lynas(), n_paths=512).pv
    assert "times 2.5 from 2027-01-01" in str(shocked)
    assert (code, out) == (2, "")
    assert "shock must read as" in err


def hit_lynas():
    return load_market(load("lynas-jare").market).with_shock(LINE)
