"""JSON Schemas of both file formats, for editors that complete and check while one types."""

import ast
import inspect
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

from contracts.specification import (
    curve_terms,
    legs,
    market_terms,
    model_terms,
    modifiers,
    observations,
    sheet,
    term_sheet,
)

__all__ = ["json_schema"]

Kind = Literal["deal", "market"]
_MODULES = (
    curve_terms,
    legs,
    market_terms,
    model_terms,
    modifiers,
    observations,
    sheet,
    term_sheet,
)


def json_schema(kind: str = "deal") -> dict[str, Any]:
    """Return the JSON Schema of a term sheet (``deal``) or of a market file (``market``).

    Examples
    --------
    >>> schema = json_schema("deal")
    >>> schema["required"][:3]
    ['deal', 'title', 'currency']
    >>> schema["$defs"]["UpsideShareTerms"]["properties"]["share"]["maximum"]
    1
    """
    formats: dict[str, type[BaseModel]] = {
        "deal": term_sheet.TermSheet,
        "market": market_terms.MarketSheet,
    }
    if kind not in formats:
        message = f"kind must be one of {', '.join(formats)}, got {kind!r}"
        raise ValueError(message)
    schema = formats[kind].model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    described = _descriptions()
    for name, definition in [(schema["title"], schema), *schema.get("$defs", {}).items()]:
        for key, words in described.get(name, {}).items():
            if key in definition.get("properties", {}):
                definition["properties"][key].setdefault("description", words)
    return schema


@cache
def _descriptions() -> dict[str, dict[str, str]]:
    """Return class -> field -> the text that stands below the field in the source."""
    found: dict[str, dict[str, str]] = {}
    for module in _MODULES:
        classes = [
            n for n in ast.parse(inspect.getsource(module)).body if isinstance(n, ast.ClassDef)
        ]
        for node in classes:
            inherited = {
                key: words
                for base in node.bases
                if isinstance(base, ast.Name)
                for key, words in found.get(base.id, {}).items()
            }
            found[node.name] = inherited | _below_fields(node)
    return found


def _below_fields(node: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, below in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[field.target.id] = below.value.value
    return found
