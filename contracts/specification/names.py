"""Names that terms refer to must exist: parties, schedules, observations, legs, sources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.paths import PathError, TermPath, find_path, path_text
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


@dataclass(frozen=True, slots=True)
class _Known:
    """The names that a term sheet gives to things."""

    parties: dict[str, object]
    schedules: dict[str, object]
    observations: dict[str, object]


def check_names(faults: Faults) -> None:
    """Check every name that refers to something else in the term sheet."""
    terms = faults.terms
    known = _Known(*(_named(terms, key) for key in ("parties", "schedules", "observations")))
    _refer(faults, ("perspective",), terms.get("perspective"), known.parties, "party")
    for name, party in mappings(terms, "parties").items():
        if party.get("public") is True and party.get("fiscal_year_end") is None:
            faults.add(("parties", name, "fiscal_year_end"), "is missing: a public party needs it")
    _check_appropriations(faults, known)
    seen: set[str] = set()
    for name, observation in mappings(terms, "observations").items():
        path: TermPath = ("observations", name)
        schedule = observation.get("schedule")
        _refer(faults, (*path, "schedule"), schedule, known.schedules, "schedule")
        model = OBSERVATION_MODELS.get(_text(observation.get("kind")))
        if model is not None:
            for where, reads, value in terms_that_read(model, observation, path):
                _check_read(faults, where, reads, value, schedule, known)
                is_known = names_an_observation(value) and value in known.observations
                if is_known and value not in seen:
                    faults.add(where, "must name an observation that is declared before it", value)
        seen.add(name)
    _check_legs(faults, known)
    for i, source in elements(terms, "sources"):
        text = source.get("path")
        if isinstance(text, str):
            try:
                find_path(text, terms)
            except PathError as error:
                faults.add(("sources", i, "path"), f"must name a term of this file: {error}")


def _check_appropriations(faults: Faults, known: _Known) -> None:
    first: dict[tuple[object, object], int] = {}
    for i, item in elements(faults.terms, "appropriations"):
        path: TermPath = ("appropriations", i)
        party, fiscal_year = item.get("party"), item.get("fiscal_year")
        if not _refer(faults, (*path, "party"), party, known.parties, "party"):
            continue
        details = known.parties[str(party)]
        if isinstance(details, dict) and details.get("public") is False:
            faults.add((*path, "party"), "must name a public party", party)
        if not isinstance(fiscal_year, int | None):
            continue
        earlier = first.setdefault((party, fiscal_year), i)
        if earlier != i:
            year = "any year" if fiscal_year is None else str(fiscal_year)
            faults.add(path, f"must not repeat appropriations[{earlier}]: {party}, {year}")


def _check_legs(faults: Faults, known: _Known) -> None:
    legs = elements(faults.terms, "legs")
    first: dict[str, int] = {}
    caps: dict[str, tuple[TermPath, dict[str, Any]]] = {}
    equity = {
        _text(leg.get("name")): None
        for _, leg in legs
        if issubclass(LEG_MODELS.get(_text(leg.get("kind")), object), EquityLegSheet)
    }
    for i, leg in legs:
        path: TermPath = ("legs", i)
        name = _text(leg.get("name"))
        if name and first.setdefault(name, i) != i:
            faults.add((*path, "name"), f"must differ from the name of legs[{first[name]}]", name)
        if name.casefold() == "total":
            faults.add((*path, "name"), "must not be total, the last row of tables", name)
        payer, receiver = leg.get("payer"), leg.get("receiver")
        _refer(faults, (*path, "payer"), payer, known.parties, "party")
        _refer(faults, (*path, "receiver"), receiver, known.parties, "party")
        if payer is not None and payer == receiver:
            faults.add((*path, "receiver"), "must differ from the payer", receiver)
        model = LEG_MODELS.get(_text(leg.get("kind")))
        if model is None:
            continue
        if "schedule" in model.model_fields:
            _refer(faults, (*path, "schedule"), leg.get("schedule"), known.schedules, "schedule")
        for where, reads, value in terms_that_read(model, leg, path):
            _check_read(faults, where, reads, value, leg.get("schedule"), known)
        for j, cap in elements(leg, "modifiers"):
            place = (*path, "modifiers", j)
            _check_counted(faults, (*place, "counted"), cap.get("counted"), name, equity)
            _check_same_company(faults, place, cap, caps)


def _check_counted(
    faults: Faults, path: TermPath, counted: object, leg: str, equity: Mapping[str, object]
) -> None:
    if not isinstance(counted, list):
        return
    seen: list[object] = []
    for k, name in enumerate(counted):
        _refer(faults, (*path, k), name, equity, "leg that delivers shares")
        if name in seen:
            faults.add((*path, k), "must not be named twice", name)
        elif len(seen) < len(equity):
            seen.append(name)
    if leg not in counted:
        faults.add(path, f"must name the leg itself ({leg})", counted)


def _check_same_company(
    faults: Faults,
    path: TermPath,
    cap: dict[str, Any],
    caps: dict[str, tuple[TermPath, dict[str, Any]]],
) -> None:
    """Check that caps which count the same leg measure it against the same shares."""
    counted = cap.get("counted")
    names = [name for name in counted if isinstance(name, str)] if isinstance(counted, list) else []
    together = next((caps[name] for name in names if name in caps), None)
    for name in names:
        caps.setdefault(name, (path, cap))
    if together is None:
        return
    place, other = together
    for key in ("shares_outstanding", "basis"):
        mine, theirs = cap.get(key), other.get(key)
        if mine is not None and theirs is not None and mine != theirs:
            where = path_text(place, faults.terms)
            rule = f"must be that of {where} ({theirs}), which counts the same legs"
            faults.add((*path, key), rule, mine)


def _check_read(
    faults: Faults, path: TermPath, reads: Reads, value: object, schedule: object, known: _Known
) -> None:
    """Check one term that reads an observation: it exists, is of a fitting kind, and in step."""
    if not names_an_observation(value):
        return
    if not _refer(faults, path, value, known.observations, "observation"):
        return
    found = known.observations[str(value)]
    observation = found if isinstance(found, dict) else {}
    kind = _text(observation.get("kind"))
    if kind in OBSERVATION_MODELS and kind not in reads.kinds:
        kinds = " or ".join(reads.kinds)
        faults.add(path, f"must name an observation of kind {kinds}; {value} is {a_or_an(kind)}")
    elif (
        isinstance(schedule, str)
        and schedule in known.schedules
        and observation.get("schedule") not in (schedule, None)
    ):
        rule = f"must name an observation on the schedule {schedule}; {value} is on "
        faults.add(path, f"{rule}{observation['schedule']}")


def _refer(
    faults: Faults, path: TermPath, value: object, known: Mapping[str, object], noun: str
) -> bool:
    if not isinstance(value, str):
        return False
    if value in known:
        return True
    rule = f"must name {a_or_an(noun)} of this file"
    faults.add(path, f"{rule}{faults.advice(value, known)}", value)
    return False


def _named(terms: Mapping[str, Any], section: str) -> dict[str, object]:
    found = terms.get(section)
    return {str(key): item for key, item in found.items()} if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
