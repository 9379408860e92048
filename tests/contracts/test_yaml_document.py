"""YAML documents: read plainly, with lines; nothing expands, nothing runs."""

import json
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from contracts.errors import TermSheetError
from contracts.yaml_document import parse_document, read_document


def refused(text):
    with pytest.raises(TermSheetError) as caught:
        parse_document(text, file="f.yaml")
    return str(caught.value)


def test_scalars_follow_the_core_schema_of_yaml_1_2():
    text = (
        "{a: 1, b: -2.5, c: 1e3, d: true, e: null, f: NO, g: 2025-10-01, h: '1', i: 0x1F, j: 0o17,"
        " k: ~, l: .inf, m: yes, n: 1_000, o: 12:30:00, p: .5, q: on, r: -.inf, s: '', t: }"
    )

    terms = parse_document(text, file="f.yaml").terms

    first = {"a": 1, "b": -2.5, "c": 1000.0, "d": True, "e": None, "f": "NO", "g": "2025-10-01"}
    second = {"h": "1", "i": 31, "j": 15, "k": None, "l": float("inf"), "m": "yes", "n": "1_000"}
    third = {"o": "12:30:00", "p": 0.5, "q": "on", "r": -float("inf"), "s": "", "t": None}
    assert terms == first | second | third
    assert type(terms["a"]) is int
    assert type(terms["c"]) is float


def test_every_term_has_its_line():
    text = "a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n? e\n: |\n  long\n  text\nf: 4\n"

    lines = parse_document(text, file="f.yaml").lines

    assert lines["a",] == 1
    assert lines["b",] == 2
    assert lines["b", 0] == 3
    assert lines["b", 1, "c"] == 4
    assert lines["b", 1, "d"] == 5
    assert lines["e",] == 6
    assert lines["f",] == 10


def test_json_is_read_too_with_tabs_and_characters_of_two_halves():
    value = {"a": [1, 2.5, True, None, 't\t"x"'], "b": {"ü": "\U0001f600"}}

    for text in (json.dumps(value), json.dumps(value, indent="\t", ensure_ascii=False)):
        assert parse_document(text, file="f.json").terms == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\n", "f.yaml:1: a must not carry an anchor, got '&x'"),
        ("a: 1\nb: *x\n", "f.yaml:2: b must not be an alias; write the value out, got '*x'"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", "f.yaml:2: b must not carry a tag"),
        ("a: !mine 1\n", "f.yaml:1: a must not carry a tag; tags are never followed, got '!mine'"),
        ("a: !!str 1\n", "f.yaml:1: a must not carry a tag"),
        ("--- !!map\na: 1\n", "f.yaml:1: must not carry a tag"),
        ("&k a: 1\n", "f.yaml:1: a key must be plain text"),
        ("? [a, b]\n: 1\n", "f.yaml:1: a key must be plain text"),
        ("x:\n  <<: {a: 1}\n", "f.yaml:2: x must not merge mappings with <<"),
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: a is given twice, first in line 1"),
        ("x: {a: 1,\n a: 2}\n", "f.yaml:2: x.a is given twice, first in line 1"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: must hold one document; a second begins here"),
        ("%YAML 1.1\n---\na: 1\n", "must be YAML 1.2, got '1.1'"),
        ("", "f.yaml: file is empty"),
        ("\n# nothing but a comment\n", "f.yaml: file is empty"),
        ("- 1\n- 2\n", "f.yaml:1: must hold a mapping, 'key: value', got a list of 2"),
        ("just text\n", "f.yaml:1: must hold a mapping"),
        ("a: [1, 2\n", "is the file cut off?"),
        ("a: 'x\n", "is the file cut off?"),
        ("a: {b: 1", "is the file cut off?"),
        ("a: b: c\n", "f.yaml:1: is not YAML: mapping values are not allowed here"),
        ("a:\n\t- b\n", "f.yaml:2: is not YAML: a line must be indented with spaces"),
        ("a: \x07\n", "f.yaml:1: holds a character that YAML does not allow (U+0007)"),
        ('a: "\\ud83d"\n', "f.yaml:1: a holds half of a character"),
        (f"a: {'9' * 5000}\n", "f.yaml:1: a must have at most 400 digits"),
        (f"a: {'[' * 41}{']' * 41}\n", "must not be nested deeper than 40 levels"),
        ("x: " + "{a: " * 60, "must not be nested deeper than 40 levels"),
        (": 1\n", "has an empty key"),
    ],
)
def test_what_is_refused_and_where(text, message):
    assert message in refused(text)


def test_forty_levels_are_the_limit():
    # The mapping is level 1, 38 lists are levels 2 to 39, and the number in them is level 40.
    parse_document(f"a: {'[' * 38}1{']' * 38}\n", file="f.yaml")

    assert "40 levels" in refused(f"a: {'[' * 39}1{']' * 39}\n")


def test_all_faults_of_a_file_come_at_once():
    assert refused("a: &x 1\nb: *x\nb: !t 2\n").splitlines() == [
        "f.yaml:1: a must not carry an anchor, got '&x'",
        "f.yaml:2: b must not be an alias; write the value out, got '*x'",
        "f.yaml:3: b is given twice, first in line 2",
        "f.yaml:3: b must not carry a tag; tags are never followed, got '!t'",
    ]


def test_an_alias_bomb_is_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 12)]
    started = time.perf_counter()

    message = refused("\n".join(lines))

    assert "must not carry an anchor" in message
    assert time.perf_counter() - started < 2.0


def test_brackets_without_end_are_refused_at_once():
    started = time.perf_counter()

    assert "40 levels" in refused("a: " + "[" * 900_000)
    assert time.perf_counter() - started < 5.0


def test_a_tag_is_never_executed(tmp_path):
    marker = tmp_path / "executed"
    refused(f"a: !!python/object/apply:os.system ['touch {marker}']\n")

    assert not marker.exists()


def test_files_that_cannot_be_read(tmp_path):
    def message(path):
        with pytest.raises(TermSheetError) as caught:
            read_document(path)
        return str(caught.value)

    missing = tmp_path / "missing.yaml"
    assert message(missing) == f"{missing}: no such file"
    assert message(tmp_path) == f"{tmp_path}: is a directory, not a file"
    large = tmp_path / "large.yaml"
    large.write_text("a: 1\n" + "#" * 1_000_000)
    assert "must not be larger than 1,000,000 bytes" in message(large)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: 1\nb: café\n".encode("latin-1"))
    assert message(latin).startswith(f"{latin}:2: must be UTF-8 text")
    wide = tmp_path / "wide.yaml"
    wide.write_bytes("a: 1\n".encode("utf-16"))
    assert "must be UTF-8 text" in message(wide)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert message(pipe) == f"{pipe}: is not a regular file"
    assert message("nul\0byte.yaml").endswith(": no such file")
    assert "cannot be read" in message(tmp_path / ("x" * 300))


def test_a_byte_order_mark_is_skipped(tmp_path):
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")

    assert read_document(path).terms == {"a": 1}


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
)
keys = st.text(min_size=1, max_size=6).filter(lambda key: key != "<<")
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


@given(value=st.dictionaries(keys, values, max_size=4))
def test_whatever_json_holds_is_read_back(value):
    assert parse_document(json.dumps(value), file="f.json").terms == value


@given(text=st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#,?% \n\t01.é\x00"), max_size=60))
def test_any_text_is_a_document_or_a_term_sheet_error(text):
    try:
        document = parse_document(text, file="f.yaml")
    except TermSheetError:
        return
    # What is accepted means the same to the parser's own constructor, dates and null keys aside.
    theirs = YAML(typ="safe", pure=True).load(text)
    assert len(document.terms) == len(theirs)
