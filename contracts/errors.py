"""What a bad term sheet or market file raises: every fault at once, each with its place.

A fault reads as one line, ready for an editor to jump to::

    mp-materials.yaml:31: legs[upside share].share must be between 0 and 1, got 30
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Fault", "TermSheetError", "shown"]

FAULTS_PRINTED = 60
LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a file.

    Parameters
    ----------
    file
        The file as the reader named it.
    line
        Line of the file, counted from 1; None where no line applies.
    path
        The term, such as ``legs[price floor].strike``; empty for the file as a whole.
    rule
        What the term must be, as the predicate of a sentence whose subject is the path.
    got
        The value found, already fit to print; None where there is none to show.

    Examples
    --------
    >>> print(Fault(file="a.yaml", line=3, path="legs[0].share", rule="must be positive", got="-1"))
    a.yaml:3: legs[0].share must be positive, got -1
    >>> print(Fault(file="a.yaml", line=None, path="", rule="file is empty"))
    a.yaml: file is empty
    """

    file: str
    line: int | None = None
    path: str = ""
    rule: str
    got: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        sentence = f"{self.path} {self.rule}" if self.path else self.rule
        return f"{place}: {sentence}" + ("" if self.got is None else f", got {self.got}")


class TermSheetError(ValueError):
    """A term sheet or a market file that cannot be read, with everything that is wrong in it.

    Parameters
    ----------
    faults
        At least one :class:`Fault`; they are kept in the order of their lines.

    Attributes
    ----------
    faults : tuple of Fault
        All faults, for a program; ``str(error)`` is for a person, one fault a line.

    Examples
    --------
    >>> error = TermSheetError(
    ...     [
    ...         Fault(file="a.yaml", line=9, path="currency", rule="is missing"),
    ...         Fault(file="a.yaml", line=2, path="title", rule="must be text", got="7"),
    ...     ]
    ... )
    >>> print(error)
    a.yaml:2: title must be text, got 7
    a.yaml:9: currency is missing
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        unique = dict.fromkeys(faults)
        self.faults = tuple(sorted(unique, key=lambda fault: fault.line or 0))
        lines = [str(fault) for fault in self.faults[:FAULTS_PRINTED]]
        if len(self.faults) > FAULTS_PRINTED:
            lines.append(f"... and {len(self.faults) - FAULTS_PRINTED} more faults")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[TermSheetError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


def shown(value: object) -> str:
    """Return a value as a fault prints it: short, on one line, text in quotes.

    Examples
    --------
    >>> shown("110 USD"), shown(30), shown(True), shown(None), shown({"a": 1})
    ("'110 USD'", '30', 'true', 'nothing', 'a mapping (a)')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        text = (
            f"a mapping ({', '.join(str(key) for key in value)})" if value else "an empty mapping"
        )
    elif isinstance(value, list):
        text = f"a list of {len(value)}" if value else "an empty list"
    else:
        try:
            text = repr(value)
        except ValueError:
            text = "a number too long to print"
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."
