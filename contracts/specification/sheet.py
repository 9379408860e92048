"""The manners of every mapping in a file: no unknown key, nothing coerced."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from contracts.units import UnitKind

ObservationKind = Literal[
    "reference-price", "volume", "schedule", "event", "earnings", "interest-rate"
]


class Sheet(BaseModel):
    """A mapping with known keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(frozen=True, slots=True)
class Reads:
    """Marks a term that names an observation, or states the number itself.

    Parameters
    ----------
    kinds
        Kinds of observation that the term may name.
    unit
        Kind of unit that the observation must have; None where it has none.
    """

    kinds: tuple[ObservationKind, ...]
    unit: UnitKind | None = None


def tag_of(element: object) -> str | None:
    """Return the tag by which pydantic finds the model of a mapping: its kind in brackets.

    Brackets keep the tag apart from any key, so that it can be taken out of an error's path.
    """
    kind = element.get("kind") if isinstance(element, dict) else getattr(element, "kind", None)
    return f"<{kind}>" if isinstance(kind, str) else None
