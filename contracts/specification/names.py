"""Names that terms refer to must exist: parties, schedules, observations, legs, sources."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from contracts.paths import PathError, TermPath, find_path, nearest
from contracts.specification.faults import Faults
from contracts.specification.legs import AnyLeg, EquityLegSheet
from contracts.specification.observations import AnyObservation
from contracts.specification.shape import models_by_kind, terms_that_read
from contracts.specification.sheet import Reads

LEG_MODELS = models_by_kind(AnyLeg)
OBSERVATION_MODELS = models_by_kind(AnyObservation)

_NUMBER_LIKE = re.compile(r"\s*[+-]?\.?[0-9]")


def mappings(terms: object, key: str) -> dict[str, dict[str, Any]]:
    """Return the mappings of a section, leaving out what is not one."""
    section = terms.get(key) if isinstance(terms, Mapping) else None
    if not isinstance(section, dict):
        return {}
    return {name: item for name, item in section.items() if isinstance(item, dict)}


def elements(terms: object, key: str) -> list[tuple[int, dict[str, Any]]]:
    """Return position and mapping of a list's elements, leaving out what is not one."""
    section = terms.get(key) if isinstance(terms, Mapping) else None
    if not isinstance(section, list):
        return []
    return [(i, item) for i, item in enumerate(section) if isinstance(item, dict)]


def names_an_observation(value: object) -> bool:
    """Return whether a term that may be a number or a name is a name."""
    return isinstance(value, str) and not _NUMBER_LIKE.match(value)


def a_or_an(noun: str) -> str:
    """Return a noun with its article."""
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def check_names(faults: Faults) -> None:
    """Check every name that refers to something else in the term sheet."""
    terms = faults.terms
    parties, schedules = _keys(terms, "parties"), _keys(terms, "schedules")
    _refer(faults, ("perspective",), terms.get("perspective"), parties, "party")
    for name, party in mappings(terms, "parties").items():
        if party.get("public") is True and party.get("fiscal_year_end") is None:
            faults.add(("parties", name, "fiscal_year_end"), "is missing: a public party needs it")
    for i, item in elements(terms, "appropriations"):
        _refer(faults, ("appropriations", i, "party"), item.get("party"), parties, "party")
    seen: list[str] = []
    for name, observation in mappings(terms, "observations").items():
        path: TermPath = ("observations", name)
        _refer(faults, (*path, "schedule"), observation.get("schedule"), schedules, "schedule")
        model = OBSERVATION_MODELS.get(_text(observation.get("kind")))
        if model is not None:
            for where, reads, value in terms_that_read(model, observation, path):
                _check_read(faults, where, reads, value, observation.get("schedule"), seen)
        seen.append(name)
    _check_legs(faults, parties, schedules)
    for i, source in elements(terms, "sources"):
        text = source.get("path")
        if isinstance(text, str):
            try:
                find_path(text, terms)
            except PathError as error:
                faults.add(("sources", i, "path"), f"must name a term of this file: {error}")


def _check_legs(faults: Faults, parties: list[str], schedules: list[str]) -> None:
    legs = elements(faults.terms, "legs")
    names = [_text(leg.get("name")) for _, leg in legs]
    equity = [
        _text(leg.get("name"))
        for _, leg in legs
        if issubclass(LEG_MODELS.get(_text(leg.get("kind")), object), EquityLegSheet)
    ]
    for position, (i, leg) in enumerate(legs):
        path: TermPath = ("legs", i)
        name = names[position]
        if name and name in names[:position]:
            first = legs[names.index(name)][0]
            faults.add((*path, "name"), f"must differ from the name of legs[{first}]", name)
        payer, receiver = leg.get("payer"), leg.get("receiver")
        _refer(faults, (*path, "payer"), payer, parties, "party")
        _refer(faults, (*path, "receiver"), receiver, parties, "party")
        if payer is not None and payer == receiver:
            faults.add((*path, "receiver"), "must differ from the payer", receiver)
        model = LEG_MODELS.get(_text(leg.get("kind")))
        if model is None:
            continue
        if "schedule" in model.model_fields:
            _refer(faults, (*path, "schedule"), leg.get("schedule"), schedules, "schedule")
        for where, reads, value in terms_that_read(model, leg, path):
            _check_read(faults, where, reads, value, leg.get("schedule"), None)
        for j, cap in elements(leg, "modifiers"):
            _check_counted(
                faults, (*path, "modifiers", j, "counted"), cap.get("counted"), name, equity
            )


def _check_counted(
    faults: Faults, path: TermPath, counted: object, leg: str, equity: list[str]
) -> None:
    if not isinstance(counted, list):
        return
    for k, name in enumerate(counted):
        _refer(faults, (*path, k), name, equity, "leg that delivers shares")
        if name in counted[:k]:
            faults.add((*path, k), "must not be named twice", name)
    if leg not in counted:
        faults.add(path, f"must name the leg itself ({leg})", counted)


def _check_read(
    faults: Faults,
    path: TermPath,
    reads: Reads,
    value: object,
    schedule: object,
    earlier: list[str] | None,
) -> None:
    """Check one term that reads an observation: it exists, is of a fitting kind, and in step."""
    if not names_an_observation(value):
        return
    known = _keys(faults.terms, "observations")
    if not _refer(faults, path, value, known, "observation"):
        return
    observation = mappings(faults.terms, "observations").get(str(value), {})
    kind = _text(observation.get("kind"))
    if kind in OBSERVATION_MODELS and kind not in reads.kinds:
        kinds = " or ".join(reads.kinds)
        faults.add(path, f"must name an observation of kind {kinds}; {value} is {a_or_an(kind)}")
    elif schedule in _keys(faults.terms, "schedules") and observation.get("schedule") not in (
        schedule,
        None,
    ):
        rule = f"must name an observation on the schedule {schedule}; {value} is on "
        faults.add(path, f"{rule}{observation['schedule']}")
    if earlier is not None and value not in earlier:
        faults.add(path, "must name an observation that is declared before it", value)


def _refer(faults: Faults, path: TermPath, value: object, known: Iterable[str], noun: str) -> bool:
    if not isinstance(value, str):
        return False
    names = list(known)
    if value in names:
        return True
    faults.add(path, f"must name {a_or_an(noun)} of this file; {nearest(value, names)}", value)
    return False


def _keys(terms: Mapping[str, Any], section: str) -> list[str]:
    found = terms.get(section)
    return [str(key) for key in found] if isinstance(found, dict) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
