"""A price that follows the state of the market: the states, and what leads from one to another."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from contracts.specification.intensity_terms import EventsAYear
from contracts.specification.scalars import (
    Name,
    NotNegative,
    Number,
    Prose,
    Rate,
    Share,
    Volatility,
)
from contracts.specification.sheet import Sheet


class RegimeTerms(Sheet):
    """What the log price does while the market is in this state."""

    volatility: Volatility
    log_level: Number = 0.0
    """Where the log price is pulled to, relative to the other states; 0.7 is twice as high as 0."""
    drift: Number = 0.0
    """Growth a year relative to the other states, where nothing reverts to a mean; a short spell
    may well drift by more than a half."""
    risk_premium: Rate = 0.0
    """What the real-world drift adds, decimal a year."""
    note: Prose | None = None


class TransitionTerms(Sheet):
    """How often the market goes from one state to another, and how far the price then jumps."""

    intensity: EventsAYear
    """Times a year while in the state that is left."""
    jump_mean: Number = 0.0
    """Mean jump of the log price at that moment."""
    jump_volatility: NotNegative = 0.0
    physical_intensity: EventsAYear | None = None
    """In the real world; by default as for pricing."""
    physical_jump_mean: Number | None = None
    note: Prose | None = None


def _spelled_out(value: object) -> object:
    """Return the terms of a transition that is written as its intensity alone."""
    if isinstance(value, Mapping) and not all(str(key)[:1].isdigit() for key in value):
        return value
    return {"intensity": value}


AnyTransition = Annotated[TransitionTerms, BeforeValidator(_spelled_out)]


class RegimeSwitchingTerms(Sheet):
    """A market in one of several states, each with its own level or drift and its volatility."""

    kind: Literal["regime-switching"]
    regimes: Annotated[dict[Name, RegimeTerms], Field(min_length=1)]
    """Name of a state -> what the log price does in it."""
    transitions: dict[Name, dict[Name, AnyTransition]] = Field(default_factory=dict)
    """From a state -> to another -> times a year, or a mapping that says more."""
    initial: Name | dict[Name, Share]
    """The state of today, or the probability of each."""
    mean_reversion: NotNegative
    """A year; 0 where nothing reverts to a mean."""
    chain: Name | None = None
    """Prices of one chain, with the same states and intensities, change state together."""
    note: Prose | None = None
