"""A sound term sheet becomes the deal that it describes; built-in deals cover their numbers."""

import datetime
import json
import pickle
from fractions import Fraction
from pathlib import Path

import pytest

import contracts.legs as legs
import contracts.modifiers as modifiers
import contracts.observations as observations
from contracts.catalogue import deal_path, deals, describe, load, market_path, markets
from contracts.coverage import uncovered_numbers
from contracts.errors import Fault, TermSheetError, shown
from contracts.paths import PathError, find_path, nearest, path_text, value_at
from contracts.schema import json_schema
from contracts.specification.legs import AnyLeg
from contracts.specification.modifiers import EquityModifier, ScheduledModifier
from contracts.specification.observations import AnyObservation
from contracts.specification.shape import models_by_kind
from contracts.termsheet import build_deal, read_deal
from contracts.units import parse_measure

HERE = Path(__file__).parent
DATE = datetime.date


@pytest.fixture(scope="module")
def deal():
    return read_deal(HERE / "full.yaml")


def test_every_kind_has_a_format_and_stands_in_the_full_sheet(deal):
    kinds = {item.kind for item in deal.clauses}
    seen = {terms["kind"] for terms in deal.terms["observations"].values()}
    limits = {type(limit) for clause in deal.clauses for limit in clause.modifiers}
    modifier_models = models_by_kind(ScheduledModifier) | models_by_kind(EquityModifier)

    assert kinds == set(models_by_kind(AnyLeg)) == set(legs.KINDS)
    assert seen == set(models_by_kind(AnyObservation)) == set(observations.KINDS)
    assert set(modifier_models) == set(modifiers.KINDS)
    assert limits == set(modifiers.KINDS.values())


def test_parties_and_head(deal):
    state = deal.parties["state"]

    assert (deal.name, deal.currency, deal.market) == ("full-house", "USD", "some-market")
    assert (state.name, state.role, state.is_public) == ("The State", "provider", True)
    assert (state.agency, state.programme, state.fiscal_year_end) == ("Treasury", "Minerals", 9)
    assert deal.parties["mine"].is_public is False
    assert deal.perspective == "state"
    assert deal.simplifications == ("Nobody defaults.",)
    assert deal.appropriations[0].amount == 500e6
    assert (deal.sources[0].path, deal.sources[0].mark) == ("legs[price floor].strike", "F")


def test_schedules_are_half_open_periods(deal):
    quarters = deal.schedules["quarters"]

    assert len(quarters) == 21
    assert str(quarters.start[0]) == "2025-10-01"
    assert str(quarters.end[-1]) == "2031-01-01"


def test_observations_carry_canonical_units(deal):
    def seen(name):
        return deal.observations[name]

    assert seen("ndpr") == (
        "quarters",
        observations.ReferencePrice(
            commodity="ndpr-oxide",
            pricing_dates=observations.PricingDates(every="month", day=15),
            lag_months=1,
        ),
    )
    assert seen("eligible")[1] == observations.Volume(
        steps=((DATE(2025, 10, 1), 718_000.0), (DATE(2026, 1, 1), 1_275_000.0)),
        per="quarter",
        ramp=observations.Ramp(start=DATE(2025, 10, 1), full=DATE(2027, 1, 1), initial_share=0.2),
        delay_months=3,
    )
    assert seen("floor-price")[1].escalation == observations.FixedEscalation(
        rate=0.02, base_date=DATE(2029, 1, 1)
    )
    indexed = seen("indexed")[1]
    assert indexed.steps == ((DATE(2012, 4, 1), float(54 / Fraction("0.45359237"))),)
    assert indexed.escalation == observations.IndexEscalation(
        index="us-cpi", base_date=DATE(2012, 4, 1), reset=(4, 1), share=0.9
    )
    assert seen("full-capacity")[1] == observations.Event(
        event_date=DATE(2029, 1, 1), partial_period="next-period"
    )
    assert seen("magnet-ebitda")[1] == observations.Earnings(
        measure="ebitda",
        quantity="magnets",
        reference_price="ndpr-year",
        price_share=0.33,
        premium=38.0,
        unit_cost="magnet-ebitda.unit_cost",
        fixed_cost="overhead",
    )
    assert seen("coupon") == (
        None,
        observations.InterestRate(
            benchmark="us-treasury-10y", spread=0.01, fixing_date=DATE(2025, 8, 15)
        ),
    )


@pytest.mark.parametrize(
    ("name", "schedule", "date", "value"),
    [
        ("price floor.strike", "quarters", DATE(2025, 10, 1), 110.0),
        ("upside share.threshold", "quarters", DATE(2025, 10, 1), 115.0),
        ("fixed sales.quantity", "quarters", DATE(2025, 10, 1), 12_000.0),
        ("collared sales.lower", "quarters", DATE(2025, 10, 1), 60.0),
        ("collared sales.quantity", "quarters", DATE(2025, 10, 1), 14_000.0),
        ("swap.quantity", "quarters", DATE(2025, 10, 1), 13_000.0),
        ("collared sales.upper", "quarters", DATE(2025, 10, 1), 140.0),
        ("EBITDA guarantee.threshold", "years", DATE(2027, 1, 1), 140e6),
        ("EBITDA guarantee.bands[0].width", "years", DATE(2027, 1, 1), 30e6),
        ("magnet-ebitda.unit_cost", "years", DATE(2027, 1, 1), 21.0),
    ],
)
def test_a_number_in_place_of_a_name_is_a_constant(deal, name, schedule, date, value):
    assert deal.observations[name] == (
        schedule,
        observations.Schedule(steps=((date, value),)),
    )


def test_observations_stand_in_an_order_in_which_each_reads_only_earlier_ones(deal):
    earlier = set()
    for name, (_, observation) in deal.observations.items():
        assert set(observation.reads) <= earlier
        earlier.add(name)


def test_legs_with_their_parties_limits_and_payment(deal):
    floor, upside, band = (
        deal.clause(name) for name in ("price floor", "upside share", "EBITDA guarantee")
    )

    assert floor.leg == legs.Floor(
        reference_price="ndpr", quantity="eligible", strike="price floor.strike"
    )
    assert (floor.payer, floor.receiver, floor.schedule) == ("state", "mine", "quarters")
    assert floor.payment == modifiers.PaymentTerms(lag_days=45)
    assert floor.commodity == "ndpr-oxide"
    # The cap states no fiscal year of its own, so the payer's holds: September.
    assert floor.modifiers == (
        modifiers.BudgetCap(limit=90e6, per="fiscal-year", fiscal_year_end=9),
    )
    assert upside.leg.share == 0.30
    assert upside.modifiers == (
        modifiers.Gate(event="full-capacity"),
        modifiers.BudgetCap(limit=10e6, per="calendar-year", used=7e6, reverse_limit=3e6),
    )
    assert band.leg.bands == (
        legs.Band(width="EBITDA guarantee.bands[0].width", share=0.9),
        legs.Band(width=None, share=0.5),
    )
    assert band.payment == modifiers.PaymentTerms(
        lag_days=60, advance=modifiers.Advance(fraction=0.25, of="overhead", payments=4)
    )
    assert band.commodity == "ndpr-oxide"
    assert deal.clause("swap").leg.negative_prices == "cap"
    assert deal.clause("fixed sales").leg == legs.FixedPrice(
        quantity="fixed sales.quantity", strike="indexed"
    )
    assert deal.clause("collared sales").leg.lower == "collared sales.lower"


def test_instruments(deal):
    assert deal.clause("purchase price").leg == legs.FixedAmount(
        amount=400e6, pay_date=DATE(2025, 7, 11)
    )
    loan = deal.clause("loan").leg
    assert (loan.principal, loan.drawn, loan.maturity) == (
        150e6,
        DATE(2025, 8, 15),
        DATE(2037, 8, 15),
    )
    assert (loan.rate, loan.frequency, loan.amortisation) == (
        "coupon",
        "quarter",
        "level-principal",
    )
    preferred = deal.clause("preferred").leg
    assert (preferred.shares, preferred.stated_value, preferred.dividend) == (400e3, 1e3, 0.07)
    assert (preferred.compounding, preferred.conversion_price) == (4, 30.03)
    warrant = deal.clause("warrant")
    assert (warrant.leg.shares, warrant.leg.strike) == (11_201_659.0, 30.04)
    assert warrant.commodity == "mine-share"
    assert warrant.modifiers == (
        modifiers.OwnershipCap(
            limit=0.199,
            shares_outstanding=163.48e6,
            basis="diluted",
            counted=("preferred", "warrant"),
        ),
    )


def test_json_and_plain_data_give_the_same_deal(deal, tmp_path):
    path = tmp_path / "full.json"
    path.write_text(json.dumps(deal.terms))

    again = read_deal(path)

    assert again.terms == deal.terms == build_deal(deal.terms).terms
    assert again.clauses == deal.clauses
    assert dict(again.observations) == dict(deal.observations)


def test_terms_are_plain_and_can_be_written_down(deal):
    assert json.loads(json.dumps(deal.terms)) == deal.terms
    assert deal.terms["schedules"]["quarters"]["start"] == "2025-10-01"


def test_building_does_not_touch_what_it_was_given(deal):
    before = json.dumps(deal.terms)
    build_deal(deal.terms)

    assert json.dumps(deal.terms) == before


@pytest.mark.parametrize("name", deals())
def test_every_built_in_deal_has_a_source_for_every_number(name):
    deal = load(name)

    assert deal.name == name
    assert uncovered_numbers(deal.terms, deal.sources) == []
    assert deal.market in markets()


def test_numbers_without_a_source_are_found():
    terms = json.loads(json.dumps(read_deal(HERE / "full.yaml").terms))
    all_paths = ["schedules", "observations", "legs", "appropriations"]

    assert uncovered_numbers(terms, all_paths) == []
    assert uncovered_numbers(terms, [*all_paths[:3], "appropriations[0].amount"]) == [
        "appropriations[0].fiscal_year"
    ]
    bare = uncovered_numbers(terms, [])
    for path in [
        "schedules.quarters.start",
        "observations.eligible.steps.2026-01-01",
        "observations.indexed.escalation.reset",
        "legs[price floor].strike",
        "legs[price floor].payment.lag_days",
        "legs[EBITDA guarantee].bands[0].width",
        "legs[warrant].modifiers[0].shares_outstanding",
    ]:
        assert path in bare
        assert path not in uncovered_numbers(terms, [path])
        assert value_at(find_path(path, terms), terms) is not None
    assert not [path for path in bare if path.startswith(("sources", "title", "parties"))]
    # An address that leads nowhere covers nothing.
    assert uncovered_numbers(terms, ["legs[nobody]"]) == bare


def test_the_catalogue_knows_names_and_paths(tmp_path):
    own = tmp_path / "mine.yaml"
    own.write_text((HERE / "full.yaml").read_text())

    assert deal_path("mp-materials").name == "mp-materials.yaml"
    assert deal_path(str(own)) == own == deal_path(own)
    assert load(own).name == "full-house"
    assert market_path(markets()[0]).parent.name == "markets"
    assert [item["name"] for item in describe()["deals"]] == deals()
    assert [item["name"] for item in describe()["markets"]] == markets()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mp-material", "did you mean mp-materials?"),
        ("zzz", "known: australia-cis-collar, lynas-jare, mp-materials"),
        ("", "deal: must be a name or a path, got ''"),
        ("./nothing.yaml", "no such file"),
        ("nothing.yaml", "no such file"),
    ],
)
def test_an_unknown_deal_names_the_nearest(name, message):
    with pytest.raises(TermSheetError) as caught:
        load(name)

    assert message in str(caught.value)


def test_errors_are_whole_after_pickling():
    error = TermSheetError([Fault(file="a", line=2, path="x", rule="is missing")])

    again = pickle.loads(pickle.dumps(error))

    assert str(again) == str(error) == "a:2: x is missing"
    assert again.faults == error.faults


def test_many_faults_are_counted_and_values_are_short():
    error = TermSheetError([Fault(file="a", line=n, rule=f"r{n}") for n in range(1, 101)])

    assert len(error.faults) == 100
    assert str(error).endswith("... and 40 more faults")
    assert len(shown("x" * 1000)) == 80
    assert shown(10**5000) == "a number too long to print"


def test_addresses():
    terms = {"legs": [{"name": "a"}, {"name": "b", "x": {"y z": 1}}, {"name": "b"}, 7]}

    assert find_path("legs[a].name", terms) == ("legs", 0, "name")
    assert find_path("legs[1].x[y z]", terms) == ("legs", 1, "x", "y z")
    assert path_text(("legs", 1, "x", "y z"), terms) == "legs[1].x[y z]"
    assert path_text(("legs", 3), terms) == "legs[3]"
    for wrong in ["", ".", "legs[b]", "legs[4]", "legs[-1]", "legs.a.q", "legs[3].x", "a]b", "..a"]:
        with pytest.raises(PathError):
            find_path(wrong, terms)


def test_the_nearest_name_ignores_case():
    assert nearest("NDPR", ["ndpr", "nd"]) == "did you mean ndpr?"
    assert nearest("xyz", [f"n{k}" for k in range(20)], listed=2) == "known: n0, n1 and 18 more"


def test_editors_get_a_schema_with_descriptions():
    for kind in ("deal", "market"):
        schema = json_schema(kind)
        assert schema["additionalProperties"] is False
        assert json.loads(json.dumps(schema)) == schema
    definitions = json_schema("deal")["$defs"]
    volume = definitions["VolumeTerms"]["properties"]
    assert volume["per"]["description"] == "The span that each quantity covers."
    upside = definitions["UpsideShareTerms"]["properties"]
    assert upside["payer"]["description"] == "The party that owes a positive amount."
    fixing = json_schema("market")["$defs"]["FixingTerms"]["properties"]
    assert {"from", "to", "average", "date", "value"} <= set(fixing)
    with pytest.raises(ValueError, match="kind must be one of deal, market, got 'x'"):
        json_schema("x")


def test_the_schema_takes_the_units_that_the_reader_takes():
    import re

    pattern = json_schema("deal")["$defs"]["FixedAmountTerms"]["properties"]["amount"]["pattern"]
    for text in ["110 USD/kg", "1,275 t", "400 million USD", "30e6 USD", "-3 GBP/MWh"]:
        parse_measure(text)
        assert re.match(pattern, text)
