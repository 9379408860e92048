"""Faults gathered while a file is read: a path inside the program becomes file, line and words."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contracts.errors import FAULTS_PRINTED, Fault, TermSheetError, shown
from contracts.paths import TermPath, nearest, path_text
from contracts.specification.characters import visible
from contracts.specification.shape import known_keys

Model = TypeVar("Model", bound=BaseModel)
Built = TypeVar("Built")
NOT_SHOWN = object()
# One line is left for how many more there are; the nearest name takes long to find.
MOST_FAULTS = FAULTS_PRINTED - 1
MOST_SUGGESTIONS = 50
PydanticPath = tuple[int | str, ...]


@dataclass(slots=True)
class Faults:
    """What is wrong in one file, gathered until the whole of it has been looked at.

    Parameters
    ----------
    file
        The file as messages call it.
    terms
        Its content.
    lines
        Address of a term -> line; empty where the content did not come from a file.
    """

    file: str
    terms: dict[str, Any]
    lines: Mapping[TermPath, int]
    found: list[Fault] = field(default_factory=list)
    places: set[tuple[TermPath, str]] = field(default_factory=set)

    def add(self, path: TermPath, rule: str, got: object = NOT_SHOWN) -> None:
        """Add a fault at an address; the value found is shown unless it is ``NOT_SHOWN``."""
        self._add(path, rule, None if got is NOT_SHOWN else shown(got))

    def _add(self, path: TermPath, rule: str, got: str | None) -> None:
        self.places.add((path, rule))
        if len(self.found) >= MOST_FAULTS:
            return
        text, got = visible(path_text(path, self.terms)), None if got is None else visible(got)
        self.found.append(
            Fault(file=self.file, line=self.line(path), path=text, rule=visible(rule), got=got)
        )

    def advice(self, word: object, known: Iterable[object], *, listed: int = 12) -> str:
        """Return what follows an unknown name, the nearest known one; nothing after many faults."""
        if len(self.places) >= MOST_SUGGESTIONS:
            return ""
        return f"; {nearest(word, known, listed=listed)}"

    def line(self, path: TermPath) -> int | None:
        """Return the line of a term, or of the nearest thing that holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def attempt(self, path: TermPath, build: Callable[[], Built]) -> Built | None:
        """Build something; a ``ValueError`` becomes a fault at the term that it names."""
        try:
            return build()
        except TermSheetError:
            raise
        except (ValueError, OverflowError) as error:
            found = re.fullmatch(
                r"([a-z_]+(?:\.[a-z_]+)*) (must .*), got (.*)", str(error), re.DOTALL
            )
            if found is None:
                self.add(path, f"is refused: {error}")
            else:
                place = (*path, *found[1].split("."))
                self._add(place, found[2], found[3])
            return None

    def raise_if_any(self) -> None:
        """Raise everything that was found."""
        if not self.found:
            return
        unseen = len(self.places) - MOST_FAULTS
        if unseen > 0:
            last = max((fault.line or 0 for fault in self.found), default=0) or None
            rule = f"{unseen:,} more faults are not listed"
            self.found.append(Fault(file=self.file, line=last, rule=rule))
        raise TermSheetError(self.found)

    def refuse_if_given(self, other: str, this: str, key: str) -> None:
        """Refuse a file of the other kind, known by a key that only it has."""
        if key in self.terms:
            self.add((key,), f"is not a known term: this is {other}, not {this}")
            self.raise_if_any()

    def validated(self, shape: type[Model]) -> Model | None:
        """Check the content against its format; None, and faults, when it does not fit."""
        try:
            return shape.model_validate(self.terms)
        except ValidationError as error:
            details = error.errors(include_url=False)
            spelled = _misspelled(shape, details)
            meant = set(spelled.values())
            for item in details:
                if item["type"] != "missing" or item["loc"] not in meant:
                    self._add_detail(shape, item, spelled.get(item["loc"]))
            return None

    def _add_detail(
        self, shape: type[BaseModel], item: ErrorDetails, meant: PydanticPath | None
    ) -> None:
        loc = item["loc"]
        path = tuple(part for part in loc if not _is_inserted(part))
        kind, got, context = item["type"], item["input"], item.get("ctx", {})
        if kind == "term":
            self.add(path, context["rule"], got)
        elif kind == "missing":
            self.add(path, "is missing")
        elif kind == "extra_forbidden":
            known = [meant[-1]] if meant else known_keys(shape, loc[:-1])
            self.add(path, f"is not a known term{self.advice(loc[-1], known, listed=20)}")
        elif kind == "union_tag_invalid":
            options = re.findall(r"<([^>]*)>", context["expected_tags"])
            word = str(context["tag"]).removeprefix("<").removesuffix(">")
            self.add((*path, "kind"), f"is not a known kind{self.advice(word, options)}", word)
        elif kind == "union_tag_not_found" and isinstance(got, dict) and "kind" not in got:
            self.add((*path, "kind"), "is missing")
        elif kind == "literal_error":
            options = re.findall(r"'([^']*)'", context["expected"])
            advice = self.advice(got, options) if isinstance(got, str) else ""
            hint = advice if advice.startswith("; did") else ""
            self.add(path, f"must be {_either(options)}{hint}", got)
        elif kind == "too_short":
            self.add(path, f"must have at least {context['min_length']}", got)
        else:
            self.add(path, _RULES.get(kind, f"is refused: {item['msg']}"), got)


_RULES = {
    "model_type": "must be a mapping, 'key: value'",
    "dict_type": "must be a mapping, 'key: value'",
    "list_type": "must be a list",
    "bool_type": "must be true or false",
    "union_tag_not_found": "must be a mapping with a kind",
}


def _misspelled(
    shape: type[BaseModel], details: list[ErrorDetails]
) -> dict[PydanticPath, PydanticPath]:
    """Return unknown key -> missing key that it seems to be, in the same mapping."""
    missing: dict[PydanticPath, list[PydanticPath]] = {}
    for item in details:
        if item["type"] == "missing":
            missing.setdefault(item["loc"][:-1], []).append(item["loc"])
    unknown = [item["loc"] for item in details if item["type"] == "extra_forbidden"]
    found: dict[PydanticPath, PydanticPath] = {}
    for loc in unknown[:MOST_SUGGESTIONS]:
        advice = nearest(loc[-1], known_keys(shape, loc[:-1])) if loc[:-1] in missing else ""
        for absent in missing.get(loc[:-1], ()):
            if advice == f"did you mean {absent[-1]}?":
                found[loc] = absent
    return found


def _is_inserted(part: int | str) -> bool:
    """Return whether pydantic put a part into an address that is not in the file."""
    return isinstance(part, str) and (part == "[key]" or bool(re.fullmatch(r"<.*>", part)))


def _either(options: list[str]) -> str:
    return options[0] if len(options) == 1 else f"one of {', '.join(options)}"
