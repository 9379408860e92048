"""How a scalar of a file is read by one function, without what pydantic looks up for each use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


class ScalarReader:
    """Marks a term whose value one function returns, or refuses.

    It does what ``pydantic.PlainValidator`` does for a function of one argument. That one inspects
    the function's signature and asks for a serialiser of the annotated type wherever a term
    stands, four hundred times in all, in every run.

    Parameters
    ----------
    read
        Takes what stands in the file; raises ``ValueError`` for what the rule refuses.

    Examples
    --------
    >>> from typing import Annotated
    >>> from pydantic import TypeAdapter
    >>> TypeAdapter(Annotated[float, ScalarReader(lambda value: value / 100.0)]).validate_python(30)
    0.3
    """

    __slots__ = ("read",)

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read = read

    def __get_pydantic_core_schema__(
        self, _source: object, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema that pydantic builds its validator from."""
        from pydantic_core.core_schema import no_info_plain_validator_function

        return no_info_plain_validator_function(self.read)
