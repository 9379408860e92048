"""How often something happens: a number of events a year, or one from each date on."""

import datetime
from itertools import pairwise
from typing import Annotated

from pydantic import WithJsonSchema

from contracts.specification.scalar_reader import ScalarReader
from contracts.specification.scalars import calendar_date, not_negative, refuse


def intensity(value: object) -> float | tuple[tuple[datetime.date, float], ...]:
    """Return events a year: one number, or one from each date on."""
    if not isinstance(value, dict):
        return not_negative(value)
    if not value:
        refuse("must be a number, or a mapping of dates to numbers, with at least one date")
    dated = tuple((calendar_date(key), not_negative(rate)) for key, rate in value.items())
    if any(first[0] >= second[0] for first, second in pairwise(dated)):
        refuse("must have its dates in rising order")
    return dated


EventsAYear = Annotated[
    float | tuple[tuple[datetime.date, float], ...],
    ScalarReader(intensity),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
            ]
        }
    ),
]
"""A number, or a mapping from dates to the numbers from then on; none before the first date."""
