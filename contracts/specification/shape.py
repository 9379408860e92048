"""Walks over the formats themselves: which keys a mapping knows, which terms read observations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag

from contracts.paths import TermPath
from contracts.specification.sheet import Reads, tag_of


@dataclass(frozen=True, slots=True)
class Form:
    """One form that a value may take: a type, with what marks it among others."""

    type: Any
    tag: str | None = None
    reads: Reads | None = None

    @property
    def model(self) -> type[BaseModel] | None:
        """The format of a mapping with known keys, if it is one."""
        is_model = isinstance(self.type, type) and issubclass(self.type, BaseModel)
        return self.type if is_model else None


def forms(
    annotation: object, marks: tuple[object, ...] = (), above: Form | None = None
) -> Iterator[Form]:
    """Yield every form that a type annotation allows."""
    tag = next((str(mark.tag) for mark in marks if isinstance(mark, Tag)), None)
    reads = next((mark for mark in marks if isinstance(mark, Reads)), None)
    if above is not None:
        tag, reads = tag or above.tag, reads or above.reads
    here = Form(annotation, tag, reads)
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from forms(inner, tuple(more), here)
    elif get_origin(annotation) in (Union, UnionType):
        for option in get_args(annotation):
            yield from forms(option, (), here)
    else:
        yield here


@cache
def fields_of(model: type[BaseModel]) -> Mapping[str, tuple[Form, ...]]:
    """Return key in the file -> forms that its value may take."""
    return {
        found.alias or name: tuple(forms(found.annotation, tuple(found.metadata)))
        for name, found in model.model_fields.items()
    }


def known_keys(shape: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the mapping at an address of pydantic's may have."""
    here = [Form(shape)]
    for part in loc:
        if isinstance(part, str) and part.startswith("<"):
            here = [form for form in here if form.tag == part]
        else:
            here = [below for form in here for below in _below(form, part)]
    return [key for form in here if form.model for key in fields_of(form.model)]


def models_by_kind(annotation: object) -> dict[str, type[BaseModel]]:
    """Return kind -> format for a union of formats."""
    return {
        form.tag.strip("<>"): form.model
        for form in forms(annotation)
        if form.tag is not None and form.model is not None
    }


def terms_that_read(
    model: type[BaseModel], terms: object, path: TermPath
) -> Iterator[tuple[TermPath, Reads, object]]:
    """Yield address, mark and value of every term of a mapping that reads an observation."""
    if not isinstance(terms, dict):
        return
    for name, options in fields_of(model).items():
        if terms.get(name) is not None:
            yield from _reading(options, terms[name], (*path, name))


def _reading(
    options: Sequence[Form], value: object, path: TermPath
) -> Iterator[tuple[TermPath, Reads, object]]:
    reads = next((form.reads for form in options if form.reads is not None), None)
    if reads is not None:
        yield path, reads, value
    elif isinstance(value, list):
        items = [item for form in options for item in _below(form, 0)]
        for position, element in enumerate(value):
            yield from _reading(items, element, (*path, position))
    elif isinstance(value, dict):
        tag = tag_of(value)
        models = [form.model for form in options if form.model and form.tag in (None, tag)]
        if len(models) == 1:
            yield from terms_that_read(models[0], value, path)


def _below(form: Form, part: int | str) -> Sequence[Form]:
    if form.model is not None:
        return fields_of(form.model).get(str(part), ())
    origin, arguments = get_origin(form.type), get_args(form.type)
    if origin is dict:
        return tuple(forms(arguments[1]))
    return tuple(forms(arguments[0])) if origin is list else ()
