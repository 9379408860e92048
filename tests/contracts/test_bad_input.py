"""Bad term sheets: every fault at once, each with its place; never another exception."""

import copy
import datetime
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.deal import Deal
from contracts.errors import TermSheetError
from contracts.market_sheet import read_market
from contracts.termsheet import build_deal, read_deal
from contracts.yaml_document import parse_document

HERE = Path(__file__).parent
FULL = (HERE / "full.yaml").read_text()


def faults_of(text):
    document = parse_document(text, file="full.yaml")
    with pytest.raises(TermSheetError) as caught:
        build_deal(document.terms, file="full.yaml", lines=document.lines)
    return str(caught.value).splitlines()


def changed(old, new):
    assert FULL.count(old) == 1, f"{old!r} must stand once in full.yaml"

    return FULL.replace(old, new), FULL[: FULL.index(old)].count("\n") + 1


# Blocks of three lines: what is written, what replaces it, and the one fault that this gives.
BLOCKS = re.findall(
    r"^- (.*)\n\+ ?(.*)\n! (.*)$", (HERE / "bad_terms.txt").read_text(), flags=re.MULTILINE
)


@pytest.mark.parametrize(("old", "new", "message"), BLOCKS)
def test_one_mistake_gives_one_fault_on_its_line(old, new, message):
    text, line = changed(old, new)

    found = faults_of(text)

    assert len(found) == 1, found
    assert message in found[0]
    place, number = found[0].split(":")[:2]
    assert place == "full.yaml"
    # Mappings that are missing a key are named by the line on which they begin.
    assert int(number) == line or ("missing" in message and int(number) <= line)


def test_every_block_of_mistakes_is_read():
    assert len(BLOCKS) == (HERE / "bad_terms.txt").read_text().count("\n! ")


def test_an_observation_reads_only_earlier_ones():
    lines = FULL.splitlines(keepends=True)
    ebitda = next(line for line in lines if line.startswith("  magnet-ebitda:"))
    overhead = next(line for line in lines if line.startswith("  overhead:"))
    text = FULL.replace(overhead, "").replace(ebitda, ebitda + overhead)

    (fault,) = faults_of(text)

    rule = "must name an observation that is declared before it, got 'overhead'"
    assert fault.endswith(f"observations.magnet-ebitda.fixed_cost {rule}")


def test_a_period_in_which_no_price_is_read_is_named():
    # The last quarter is cut to two weeks, read a month early: 1 to 14 December has no 15th.
    text, _ = changed("start: 2025-10-01, end: 2030-12-31", "start: 2025-10-01, end: 2031-01-14")

    (fault,) = faults_of(text)

    rule = "must hold a day in every period of quarters; 2031Q1, from 2030-12-01 to before"
    got = "2030-12-15, has none, got 'every month, day 15'"
    assert fault == f"full.yaml:14: observations.ndpr.pricing_dates {rule} {got}"


def test_steps_before_the_first_period_are_allowed():
    text, _ = changed("{2027-01-01: 7 kt}", "{2026-02-03: 6 kt, 2026-12-31: 7 kt}")
    document = parse_document(text, file="full.yaml")

    deal = build_deal(document.terms)

    _, plan = deal.observations["magnets"]
    assert list(plan.planned(deal.schedules["years"])) == [7e6] * 4


def test_a_delay_may_carry_a_step_past_the_last_period():
    text, _ = changed("delay_months: 3", "delay_months: 600")
    document = parse_document(text, file="full.yaml")

    deal = build_deal(document.terms)

    _, plan = deal.observations["eligible"]
    assert not plan.planned(deal.schedules["quarters"]).any()


@pytest.mark.parametrize(("years", "said"), [((2027, 2027), "2027"), ((None, None), "any year")])
def test_a_party_has_one_appropriation_a_year(years, said):
    terms = copy.deepcopy(TERMS)
    terms["appropriations"] = [
        {"party": "state", "amount": f"{k} million USD"} | ({"fiscal_year": year} if year else {})
        for k, year in enumerate(years, start=1)
    ]

    with pytest.raises(TermSheetError) as caught:
        build_deal(terms)

    rule = f"appropriations[1] must not repeat appropriations[0]: state, {said}"
    assert str(caught.value) == f"terms: {rule}"


def test_one_year_may_have_an_appropriation_of_its_own():
    terms = copy.deepcopy(TERMS)
    terms["appropriations"] += [
        {"party": "state", "fiscal_year": 2028, "amount": "2 million USD"},
        {"party": "state", "amount": "3 million USD"},
    ]

    assert len(build_deal(terms).appropriations) == 3


CAP = {
    "kind": "ownership-cap",
    "limit": 0.199,
    "shares_outstanding": 163.48e6,
    "basis": "diluted",
    "counted": ["preferred", "warrant"],
}


@pytest.mark.parametrize(
    ("key", "value", "theirs"),
    [("shares_outstanding", 163.49e6, "163490000.0"), ("basis", "outstanding", "outstanding")],
)
def test_caps_that_count_the_same_legs_measure_them_alike(key, value, theirs):
    terms = copy.deepcopy(TERMS)
    terms["legs"][8]["modifiers"] = [CAP | {key: value}]

    with pytest.raises(TermSheetError) as caught:
        build_deal(terms)

    rule = f"must be that of legs[preferred].modifiers[0] ({theirs}), which counts the same legs"
    assert f"terms: legs[warrant].modifiers[0].{key} {rule}" in str(caught.value)
    assert len(caught.value.faults) == 1


def test_caps_of_legs_that_are_not_counted_together_may_differ():
    terms = copy.deepcopy(TERMS)
    terms["legs"][8]["modifiers"] = [CAP | {"basis": "outstanding", "counted": ["preferred"]}]
    terms["legs"][9]["modifiers"] = [CAP | {"counted": ["warrant"]}]

    assert isinstance(build_deal(terms), Deal)


def test_sizes_at_the_bounds_and_long_notes_are_allowed():
    terms = copy.deepcopy(TERMS)
    terms["legs"][2]["quantity"] = "1e12 t"
    terms["legs"][6]["amount"] = "1e15 USD"
    terms["observations"]["magnets"]["steps"] = {"2027-01-01": "1e15 t"}
    terms["observations"]["overhead"]["steps"] = {"2027-01-01": "0 USD"}
    terms["simplifications"] = ["Two lines,\n\tthe second indented."]

    assert isinstance(build_deal(terms), Deal)


def many(section, count):
    """Return a term sheet with a mistake in each of many terms of a section."""
    terms = copy.deepcopy(TERMS)
    if section == "keys":
        return terms | {f"unknown{k}": k for k in range(count)}
    strange = {f"extra{k}": {"kind": "evnt"} for k in range(count)}
    return terms | {"observations": terms["observations"] | strange}


@pytest.mark.parametrize("section", ["keys", "observations"])
def test_a_flood_of_mistakes_is_cut_short(section):
    started = time.process_time()
    with pytest.raises(TermSheetError) as caught:
        build_deal(many(section, 60_000))
    seconds = time.process_time() - started

    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.faults) == 60
    assert lines[-1] == "terms: 59,941 more faults are not listed"
    # About 1 s; a nearest name for each, or a list searched for each, takes more than a minute.
    assert seconds < 6.0


def test_all_faults_come_at_once_in_the_order_of_the_file():
    text = FULL
    for old, new in [
        ("currency: USD", "currency: usd"),
        ("end: 2030-12-31, frequency: quarter", "end: 2020-12-31, frequency: quater"),
        ("share: 0.30,", "share: 30,"),
        ("quantity: 13 t", "quantity: 13 ton"),
        ("event: full-capacity", "event: full-capcity"),
        ("mark: F", "mark: X"),
    ]:
        assert text.count(old) == 1
        text = text.replace(old, new)

    found = faults_of(text)

    for words in [
        "currency must be a currency code; did you mean USD?",
        "schedules.quarters.end must not come before start",
        "schedules.quarters.frequency must be one of month, quarter",
        "legs[upside share].share must be between 0 and 1, got 30",
        "legs[swap].quantity has a wrong unit: 'ton'",
        "legs[upside share].modifiers[0].event must name a",
        "sources[0].mark must be one of",
    ]:
        assert sum(words in fault for fault in found) == 1, (words, found)
    numbers = [int(fault.split(":")[1]) for fault in found]
    assert numbers == sorted(numbers)


def test_a_file_that_is_cut_off_anywhere_is_never_a_traceback(tmp_path):
    path = tmp_path / "cut.yaml"
    complete = 0
    for length in range(0, len(FULL), 53):
        path.write_text(FULL[:length])
        try:
            complete += isinstance(read_deal(path), Deal)
        except TermSheetError:
            continue
    # Only cuts inside the last, optional sections leave a whole deal.
    assert complete < 12


@pytest.mark.parametrize(
    "value", [None, [], "text", 7, {"deal": 1}, {1: 2}, {"legs": {}}, {"legs": [None]}]
)
def test_plain_data_of_any_shape_is_a_term_sheet_error(value):
    with pytest.raises(TermSheetError):
        build_deal(value)


def test_one_kind_of_file_given_for_the_other_is_said_at_once():
    with pytest.raises(TermSheetError) as caught:
        read_deal(HERE / "market.yaml")
    assert str(caught.value).endswith(
        "market.yaml:14: commodities is not a known term: this is a market file, not a term sheet"
    )

    with pytest.raises(TermSheetError) as caught:
        read_market(HERE / "full.yaml")
    assert str(caught.value).endswith(
        "full.yaml:36: legs is not a known term: this is a term sheet, not a market file"
    )


def test_data_that_holds_itself_is_refused():
    loop = {}
    loop["deal"] = loop

    with pytest.raises(TermSheetError, match="nested deeper than 40 levels"):
        build_deal(loop)


def nodes(value, path=()):
    """Return every address of nested plain data."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, below in items:
            found += nodes(below, (*path, key))
    return found


TERMS = parse_document(FULL, file="full.yaml").terms
NODES = nodes(TERMS)
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.datetimes(),
    st.binary(max_size=3),
    st.complex_numbers(),
    st.sampled_from(["110 USD/kg", "1 t", "5 ton", "2025-01-01", "state", "ndpr", "quarters"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)


@settings(max_examples=250, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.sampled_from(NODES), st.sampled_from(["set", "drop", "copy", "key"]), STRANGE),
        min_size=1,
        max_size=4,
    ),
    seed=st.integers(0, 1000),
)
def test_a_mutated_term_sheet_is_a_deal_or_a_term_sheet_error(edits, seed):
    terms = copy.deepcopy(TERMS)
    chooser = random.Random(seed)
    for path, action, value in edits:
        holder = terms
        try:
            for part in path[:-1]:
                holder = holder[part]
            if action == "set":
                holder[path[-1]] = value
            elif action == "drop":
                del holder[path[-1]]
            elif action == "copy":
                source = terms
                for part in chooser.choice(NODES):
                    source = source[part]
                holder[path[-1]] = copy.deepcopy(source)
            else:
                holder[str(value)] = holder.pop(path[-1])
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
    try:
        deal = build_deal(terms, file="mutated.yaml")
    except TermSheetError as error:
        assert error.faults  # noqa: PT017
        return
    assert isinstance(deal, Deal)


def test_dates_of_the_program_are_taken_as_well():
    terms = copy.deepcopy(TERMS)
    terms["schedules"]["years"]["start"] = datetime.date(2027, 1, 1)
    terms["observations"]["magnets"]["steps"] = {datetime.date(2027, 1, 1): "7 kt"}

    assert build_deal(terms).terms == TERMS
    terms["schedules"]["years"]["start"] = datetime.datetime(2027, 1, 1, 12)
    with pytest.raises(TermSheetError, match="must be a date without a time"):
        build_deal(terms)
