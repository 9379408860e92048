"""A YAML file read as plain text, numbers, lists and mappings, with the line of every term.

Files come from people and from strangers, so nothing in them may run or expand. The events of the
YAML 1.2 parser are walked one by one; anchors, aliases and tags are faults, so no alias bomb and no
object constructor exists that could be reached. JSON is a subset of YAML 1.2 and is read as well.

Scalars follow the core schema of YAML 1.2: a date stays the text that was written, ``NO`` is
Norway, and only ``true`` and ``false`` are booleans.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from contracts.errors import Fault, TermSheetError, shown
from contracts.paths import TermPath, path_text
from contracts.specification.characters import visible

__all__ = ["Document", "parse_document", "read_document"]

LARGEST_FILE = 1_000_000
DEEPEST_NESTING = 40
LONGEST_NUMBER = 400

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_INTEGER = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NOT_A_NUMBER = (".nan", ".NaN", ".NAN")
_NOTHING = ("", "~", "null", "Null", "NULL")
_BOOLEANS = {word: word[0] in "tT" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}

Terms = dict[str, Any]
"""A term sheet as plain data: text, numbers, booleans, lists and mappings with text keys."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content and where each term stands.

    Parameters
    ----------
    file
        The file as the reader named it.
    terms
        The content: a mapping of plain data.
    lines
        Address of a term -> line of its key, counted from 1.
    """

    file: str
    terms: Terms
    lines: dict[TermPath, int]


class _Stop(Exception):  # noqa: N818
    """The rest of the file cannot be read."""


def read_document(path: str | Path) -> Document:
    """Read a YAML or JSON file.

    Parameters
    ----------
    path
        A file of at most 1 MB of UTF-8 text that holds one mapping.

    Raises
    ------
    TermSheetError
        When the file is missing, unreadable, empty or cut off, or holds an anchor, an alias, a
        tag, a key twice, a second document or more than 40 levels.
    """
    file = str(path)
    place = Path(path)
    try:
        if place.is_dir():
            raise _one_fault(file, "is a directory, not a file")
        if not place.exists():
            raise _one_fault(file, "no such file")
        if not place.is_file():
            raise _one_fault(file, "is not a regular file")
        with place.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, TermSheetError):
            raise
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _one_fault(file, f"cannot be read: {reason}") from None
    if len(content) > LARGEST_FILE:
        raise _one_fault(file, f"must not be larger than {LARGEST_FILE:,} bytes")
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _one_fault(file, f"must be UTF-8 text; byte {error.start} is not", line) from None
    return parse_document(text, file=file)


def parse_document(text: str, *, file: str) -> Document:
    r"""Read the text of a YAML or JSON file; ``file`` is what messages call it.

    Examples
    --------
    >>> document = parse_document("deal: d\nlegs:\n- {share: 0.3}\n", file="d.yaml")
    >>> document.terms
    {'deal': 'd', 'legs': [{'share': 0.3}]}
    >>> document.lines["legs", 0, "share"]
    3
    >>> parse_document("a: 1\na: !!set 2\n", file="d.yaml")
    Traceback (most recent call last):
        ...
    contracts.errors.TermSheetError: d.yaml:2: a is given twice, first in line 1
    d.yaml:2: a must not carry a tag; tags are never followed, got 'tag:yaml.org,2002:set'
    """
    reader = _Reader(file)
    terms: object = None
    try:
        terms = reader.read(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reader.fault(_syntax_rule(error), line=None if mark is None else mark.line + 1)
    except YAMLError as error:
        line = _line_of_bad_character(text)
        reader.fault(f"holds a character that YAML does not allow{_bad_character(error)}", line)
    except _Stop:
        pass
    if reader.faults:
        raise TermSheetError(reader.faults)
    if isinstance(terms, dict):
        return Document(file=file, terms=terms, lines=reader.lines)
    rule = "file is empty" if terms is None else "must hold a mapping, 'key: value'"
    reader.fault(rule, line=None if terms is None else 1, got=terms)
    raise TermSheetError(reader.faults)


@dataclass(slots=True)
class _Reader:
    file: str
    faults: list[Fault] = field(default_factory=list)
    lines: dict[TermPath, int] = field(default_factory=dict)

    def fault(
        self, rule: str, line: int | None, *, path: TermPath = (), got: object = None
    ) -> None:
        value = None if got is None else shown(got)
        text = visible(path_text(path))
        self.faults.append(Fault(file=self.file, line=line, path=text, rule=rule, got=value))

    def read(self, text: str) -> object:
        events = iter(YAML(typ="safe", pure=True).parse(text))
        terms: object = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if event.version not in (None, (1, 2)):
                    self.fault(
                        "must be YAML 1.2", _line(event), got=".".join(map(str, event.version))
                    )
                    raise _Stop
                if documents > 1:
                    self.fault("must hold one document; a second begins here", _line(event))
                    raise _Stop
            elif isinstance(
                event, AliasEvent | ScalarEvent | MappingStartEvent | SequenceStartEvent
            ):
                terms = self.value(event, events, ())
        return terms

    def value(self, event: NodeEvent, events: Iterator[Event], path: TermPath) -> object:
        line = _line(event)
        self.lines.setdefault(path, line)
        if len(path) >= DEEPEST_NESTING:
            self.fault(f"must not be nested deeper than {DEEPEST_NESTING} levels", line)
            raise _Stop
        if isinstance(event, AliasEvent):
            self.fault(
                "must not be an alias; write the value out", line, path=path, got=f"*{event.anchor}"
            )
            return None
        if event.anchor is not None:
            self.fault("must not carry an anchor", line, path=path, got=f"&{event.anchor}")
        tag = getattr(event, "tag", None)
        if tag is not None:
            rule = "must not carry a tag; tags are never followed"
            self.fault(rule, line, path=path, got=str(tag))
        if isinstance(event, MappingStartEvent):
            return self.mapping(events, path)
        if isinstance(event, SequenceStartEvent):
            return self.sequence(events, path)
        return self.scalar(event, path) if isinstance(event, ScalarEvent) else None

    def node(self, events: Iterator[Event], path: TermPath) -> object:
        event = next(events)
        return self.value(event, events, path) if isinstance(event, NodeEvent) else None

    def mapping(self, events: Iterator[Event], path: TermPath) -> Terms:
        found: Terms = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            line = _line(event)
            if not isinstance(event, ScalarEvent) or event.anchor or event.tag is not None:
                self.fault("a key must be plain text", line, path=path)
                raise _Stop
            key = _whole_text(event.value) or ""
            if key in ("", "<<"):
                rule = "must not merge mappings with <<" if key else "has an empty key"
                self.fault(rule, line, path=path)
            below = (*path, key)
            if key in found:
                self.fault(f"is given twice, first in line {self.lines[below]}", line, path=below)
            self.lines.setdefault(below, line)
            found[key] = self.node(events, below)
        return found

    def sequence(self, events: Iterator[Event], path: TermPath) -> list[object]:
        found: list[object] = []
        for event in events:
            if isinstance(event, SequenceEndEvent) or not isinstance(event, NodeEvent):
                break
            found.append(self.value(event, events, (*path, len(found))))
        return found

    def scalar(self, event: ScalarEvent, path: TermPath) -> object:
        text = _whole_text(event.value)
        if text is None:
            self.fault("holds half of a character", _line(event), path=path)
            return None
        if event.style is not None:
            return text
        if len(text) > LONGEST_NUMBER and (_INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text)):
            self.fault(f"must have at most {LONGEST_NUMBER} digits", _line(event), path=path)
            return None
        return _plain_scalar(text)


def _plain_scalar(text: str) -> object:
    if text in _NOTHING:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_INTEGER.fullmatch(text):
        return int(text, 0)
    if _DECIMAL.fullmatch(text):
        return float(text)
    infinite = _INFINITE.fullmatch(text)
    if infinite:
        return float(f"{infinite[1]}inf")
    return float("nan") if text in _NOT_A_NUMBER else text


def _whole_text(text: str) -> str | None:
    """Join the halves of characters that JSON writes as two escapes; None if one is missing."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeError:
        return None


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _one_fault(file: str, rule: str, line: int | None = None) -> TermSheetError:
    return TermSheetError([Fault(file=file, line=line, rule=rule)])


def _syntax_rule(error: MarkedYAMLError) -> str:
    problem = str(error.problem or "is not well formed").replace("<stream end>", "the end")
    if "\\t" in problem:
        problem = "a line must be indented with spaces, not with a tab"
    context = f" {error.context}" if error.context else ""
    ends = ("the end", "unexpected end of stream", "<block end>")
    cut_off = "; is the file cut off?" if any(end in problem for end in ends) else ""
    return f"is not YAML: {problem}{context}{cut_off}"


def _bad_character(error: YAMLError) -> str:
    character = getattr(error, "character", None)
    return f" (U+{character:04X})" if isinstance(character, int) else ""


def _line_of_bad_character(text: str) -> int | None:
    bad = re.search(
        r"[^\x09\x0A\x0D\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", text
    )
    return None if bad is None else text.count("\n", 0, bad.start()) + 1
