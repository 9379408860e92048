"""Single terms of a file: numbers, shares, rates, dates, names.

Each type reads what a person writes, converts it once, and refuses the rest with a rule that
completes the sentence "legs[price floor].strike must ...". Nothing is coerced: a boolean is not a
number, a text is not a number, and neither NaN nor infinity is a term.
"""

import datetime
import math
import re
from typing import Annotated, NoReturn

from pydantic import WithJsonSchema
from pydantic_core import PydanticCustomError

from contracts.specification.characters import is_hidden
from contracts.specification.scalar_reader import ScalarReader

EARLIEST, LATEST = datetime.date(1900, 1, 1), datetime.date(2200, 12, 31)
LARGEST_RATE = 0.5
LARGEST_NUMBER, LARGEST_QUANTITY, SMALLEST_NUMBER = 1e15, 1e18, 1e-15
LARGEST_WHOLE = 100_000
LONGEST_DELAY_MONTHS = 600
MOST_ADVANCES = 366
LARGEST_VOLATILITY = 5.0

MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

_NAME = re.compile(r"[^\W_](?:[\w %&'()+,/:-]*[\w%)'+])?")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")


def refuse(rule: str) -> NoReturn:
    """Refuse the value with a rule; the path and the value are added by the caller."""
    kind = "term"
    raise PydanticCustomError(kind, "{rule}", {"rule": rule})


def number(value: object) -> float:
    """Return a finite number; booleans, texts, NaN and infinity are refused."""
    if isinstance(value, str) and "%" in value:
        refuse("must be a decimal number: 30% is written 0.30")
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse("must be a number without a unit")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        refuse("must be a finite number")
    return sized(result)


def sized(value: float, largest: float = LARGEST_NUMBER) -> float:
    """Return a number that is zero or of a size that cannot overflow in a valuation."""
    if value and not SMALLEST_NUMBER <= abs(value) <= largest:
        refuse(f"must be zero or between {SMALLEST_NUMBER:g} and {largest:g} in size")
    return value


def share(value: object) -> float:
    """Return a number between 0 and 1."""
    result = number(value)
    if not 0.0 <= result <= 1.0:
        refuse("must be between 0 and 1")
    return result


def rate(value: object) -> float:
    """Return a decimal rate; a rate that can only be meant in percent is refused."""
    result = number(value)
    if abs(result) > LARGEST_RATE:
        refuse(f"must be a decimal rate between -{LARGEST_RATE} and {LARGEST_RATE} (1% is 0.01)")
    return result


def volatility(value: object) -> float:
    """Return a yearly volatility, decimal."""
    result = number(value)
    if not 0.0 <= result <= LARGEST_VOLATILITY:
        refuse(f"must be a decimal between 0 and {LARGEST_VOLATILITY:g} (33% a year is 0.33)")
    return result


def correlation(value: object) -> float:
    """Return a number between -1 and 1."""
    result = number(value)
    if not -1.0 <= result <= 1.0:
        refuse("must be between -1 and 1")
    return result


def not_negative(value: object) -> float:
    """Return a number that is zero or more."""
    result = number(value)
    if result < 0.0:
        refuse("must be zero or more")
    return result


def positive(value: object) -> float:
    """Return a number above zero."""
    result = number(value)
    if result <= 0.0:
        refuse("must be above zero")
    return result


def whole(value: object) -> int:
    """Return a whole number, zero or more and at most 100,000."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        refuse("must be a whole number, zero or more")
    if value > LARGEST_WHOLE:
        refuse(f"must be at most {LARGEST_WHOLE:,}")
    return value


def delay_months(value: object) -> int:
    """Return a whole number of months, zero or more and at most fifty years."""
    result = whole(value)
    if result > LONGEST_DELAY_MONTHS:
        refuse(f"must be at most {LONGEST_DELAY_MONTHS} months")
    return result


def advances(value: object) -> int:
    """Return how many advances a period has."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_ADVANCES:
        refuse(f"must be a whole number from 1 to {MOST_ADVANCES}")
    return value


def year(value: object) -> int:
    """Return a calendar year."""
    if isinstance(value, bool) or not isinstance(value, int):
        refuse("must be a year, as in 2027")
    if not EARLIEST.year <= value <= LATEST.year:
        refuse(f"must lie between {EARLIEST.year} and {LATEST.year}")
    return value


def calendar_date(value: object) -> datetime.date:
    """Return a date written as 2025-10-01."""
    if isinstance(value, datetime.datetime):
        refuse("must be a date without a time, as in 2025-10-01")
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            value = datetime.date.fromisoformat(value)
        except ValueError:
            refuse("must be a day of the calendar")
    if not isinstance(value, datetime.date):
        refuse("must be a date, as in 2025-10-01")
    if not EARLIEST <= value <= LATEST:
        refuse(f"must lie between {EARLIEST} and {LATEST}")
    return value


def month(value: object) -> int:
    """Return the number of a month given by its English name."""
    if not isinstance(value, str) or value not in MONTH_NAMES:
        refuse("must be the English name of a month, as in September")
    return MONTH_NAMES.index(value) + 1


def year_and_month(value: object) -> str:
    """Return a text such as 2024-03."""
    if isinstance(value, str) and _YEAR_MONTH.fullmatch(value) and 1 <= int(value[5:]) <= 12:
        return value
    refuse("must be a year and a month, as in 2024-03")


def month_day(value: object) -> tuple[int, int]:
    """Return (month, day) of a text such as 04-01."""
    if isinstance(value, str) and _MONTH_DAY.fullmatch(value):
        month_number, day = int(value[:2]), int(value[3:])
        try:
            datetime.date(2023, month_number, day)
        except ValueError:
            refuse("must be a month and a day of every year, as in 04-01")
        return month_number, day
    refuse("must be a month and a day, as in 04-01")


def text(value: object) -> str:
    """Return one line of text with something in it, and nothing that a terminal would obey."""
    found = prose(value)
    if "\n" in found or "\t" in found:
        refuse("must be one line of text, without a tab")
    return found


def prose(value: object) -> str:
    """Return a text of one line or more with something in it."""
    if not isinstance(value, str) or not value.strip():
        refuse("must be text")
    for character in value:
        if is_hidden(character) and character not in "\n\t":
            refuse(f"must not hold control characters (U+{ord(character):04X})")
    return value


def name(value: object) -> str:
    """Return a name: it begins with a letter or a digit and can be part of an address."""
    if not isinstance(value, str) or len(value) > 80 or not _NAME.fullmatch(value):
        refuse("must be a name of letters, digits, spaces and hyphens")
    if re.fullmatch(r"[0-9.]*", value):
        refuse("must be a name that is not a number")
    return value


def slug(value: object) -> str:
    """Return a name fit for a file: lower-case letters, digits and hyphens."""
    if not isinstance(value, str) or len(value) > 80 or not _SLUG.fullmatch(value):
        refuse("must be lower-case letters, digits and hyphens, as in mp-materials")
    return value


def schema(kind: str | list[str], **more: object) -> WithJsonSchema:
    """Return how an editor sees the term."""
    return WithJsonSchema({"type": kind, **more})


Number = Annotated[float, ScalarReader(number), schema("number")]
Share = Annotated[float, ScalarReader(share), schema("number", minimum=0, maximum=1)]
Rate = Annotated[float, ScalarReader(rate), schema("number", minimum=-0.5, maximum=0.5)]
Volatility = Annotated[float, ScalarReader(volatility), schema("number", minimum=0, maximum=5)]
Correlation = Annotated[float, ScalarReader(correlation), schema("number", minimum=-1, maximum=1)]
NotNegative = Annotated[float, ScalarReader(not_negative), schema("number", minimum=0)]
Positive = Annotated[float, ScalarReader(positive), schema("number", exclusiveMinimum=0)]
Whole = Annotated[int, ScalarReader(whole), schema("integer", minimum=0)]
Months = Annotated[
    int, ScalarReader(delay_months), schema("integer", minimum=0, maximum=LONGEST_DELAY_MONTHS)
]
Advances = Annotated[
    int, ScalarReader(advances), schema("integer", minimum=1, maximum=MOST_ADVANCES)
]
Year = Annotated[int, ScalarReader(year), schema("integer", minimum=1900, maximum=2200)]
Date = Annotated[datetime.date, ScalarReader(calendar_date), schema("string", format="date")]
MonthName = Annotated[int, ScalarReader(month), schema("string", enum=list(MONTH_NAMES))]
MonthDay = Annotated[
    tuple[int, int], ScalarReader(month_day), schema("string", pattern="^[0-9]{2}-[0-9]{2}$")
]
Text = Annotated[str, ScalarReader(text), schema("string", minLength=1)]
Prose = Annotated[str, ScalarReader(prose), schema("string", minLength=1)]
Name = Annotated[str, ScalarReader(name), schema("string", minLength=1, maxLength=80)]
Slug = Annotated[str, ScalarReader(slug), schema("string", pattern=f"^{_SLUG.pattern}$")]
