"""A field of `Params` becomes a flag of the command line, and a value becomes the words that give it.

Flags have no defaults of their own: what is not given is left to `Params`, so that the two cannot differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticUndefined

from hub.params import Params

LIMITS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "less than"}


class _LeftToParams:
    """What cannot be read stays as it is written, for `Params` to refuse in the words that it has for every door."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        try:
            return super().convert(value, param, context)  # type: ignore[misc]
        except click.BadParameter:
            return value


class Whole(_LeftToParams, type(click.INT)):
    """A whole number."""


class Number(_LeftToParams, type(click.FLOAT)):
    """A number."""


class OneOf(_LeftToParams, click.Choice):
    """One of some values; small and capital letters are alike where none differ by them."""

    def __init__(self, choices: Sequence[Any]) -> None:
        alike = len({str(choice).casefold() for choice in choices}) < len(choices)
        super().__init__(choices, case_sensitive=alike)


PLAIN: dict[Any, click.ParamType] = {int: Whole(), float: Number(), str: click.STRING}


class Maybe(click.ParamType):
    """A value, or the word `none`."""

    def __init__(self, inner: click.ParamType) -> None:
        self.inner = inner
        self.name = inner.name

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        return None if value == "none" else self.inner.convert(value, param, context)


class Several(click.ParamType):
    """Values between commas, as many as there are kinds, or any number of one kind; held as `container`."""

    def __init__(self, kinds: list[click.ParamType], container: type, *, any_number: bool) -> None:
        self.kinds, self.container, self.any_number = kinds, container, any_number
        self.name = ",".join(kind.name for kind in kinds) + (",…" if any_number else "")

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        parts = [part.strip() for part in value.split(",")] if value else []
        kinds = self.kinds * len(parts) if self.any_number else self.kinds
        if len(parts) != len(kinds):
            self.fail(f"{len(parts)} values given; it takes {len(kinds)}, with commas between them.", param, context)
        return self.container(kind.convert(part, param, context) for kind, part in zip(kinds, parts, strict=True))


class Json(click.ParamType):
    """Anything else a field may hold, written as JSON."""

    name = "json"

    def __init__(self, annotation: Any) -> None:
        self.adapter = TypeAdapter(annotation)

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        try:
            return self.adapter.validate_json(value)
        except ValidationError as error:
            self.fail(f"{error.errors()[0]['msg']}. It takes JSON.", param, context)


def option(params: type[Params], name: str) -> click.Option:
    """The flag for one field, with its range, default and description for `--help`."""
    field = params.model_fields[name]
    flag, told = flag_of(name), " ".join(filter(None, (field.description, _bounds(params, name))))
    if _bare(field.annotation)[0] is bool:
        return click.Option([f"{flag}/--no-{flag[2:]}", name], default=None, help=told)
    kind, path = params.meaning(name), name in params.attached()
    return click.Option([flag, name], type=_type(str | None if path else field.annotation), default=None, help=told,
                        metavar="PATH" if path else kind.upper() if kind else None)


def flag_of(name: str) -> str:
    """How a field is called on the command line.

    >>> flag_of("tile_size")
    '--tile-size'
    """
    return f"--{name.replace('_', '-')}"


def given(context: click.Context, params: type[Params]) -> dict[str, Any]:
    """The parameters that stand on the command line, and no others."""
    there = click.core.ParameterSource.COMMANDLINE
    return {name: context.params[name] for name in params.model_fields if context.get_parameter_source(name) is there}


def arguments(params: Params) -> list[str]:
    """The words that give each of these values; second pictures and files are left out, for they have no words.

    >>> class Dream(Params):
    ...     octaves: int = 4
    ...     keep_colours: bool = False
    >>> arguments(Dream(octaves=5))
    ['--octaves=5', '--no-keep-colours']
    """
    return [word for name in type(params).model_fields for word in words(type(params), name, getattr(params, name))]


def words(params: type[Params], name: str, value: Any) -> Iterator[str]:
    """The words that give a field this value; none for a picture or a file."""
    flag = flag_of(name)
    if isinstance(value, bool):
        yield flag if value else f"--no-{flag[2:]}"
    elif name not in params.attached():
        yield f"{flag}={_text(params, name, value)}"


def _text(params: type[Params], name: str, value: Any) -> str:
    """A value as it is written after its flag."""
    if value is None:
        return "none"
    if name in params.attached():
        return str(value)
    if isinstance(_type_of(_bare(params.model_fields[name].annotation)[0]), Json):
        return json.dumps(value)
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


# ---------------------------------------------------------------- annotations

def _type(annotation: Any) -> click.ParamType:
    bare, optional = _bare(annotation)
    kind = _type_of(bare)
    return Maybe(kind) if optional else kind


def _type_of(bare: Any) -> click.ParamType:
    if bare in PLAIN:
        return PLAIN[bare]
    origin, parts = get_origin(bare), get_args(bare)
    if origin is Literal:
        return OneOf(parts)
    kinds = [part for part in parts if part is not Ellipsis]
    if origin in (list, tuple) and kinds and all(_bare(part)[0] in PLAIN for part in kinds):
        return Several([_type(part) for part in kinds], origin, any_number=origin is list or Ellipsis in parts)
    return Json(bare)


def _bare(annotation: Any) -> tuple[Any, bool]:
    """An annotation without `Annotated` and `None`, and whether there was a `None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        others = [part for part in get_args(annotation) if part is not NoneType]
        if len(others) == 1:
            return _bare(others[0])[0], len(get_args(annotation)) == 2
    return annotation, False


def _bounds(params: type[Params], name: str) -> str:
    """Range and default in brackets, such as `[1 to 8; default 4]`."""
    default = params.model_fields[name].get_default(call_default_factory=True)
    ends = "needed" if default is PydanticUndefined else "" if default is None else f"default {_shown(params, name, default)}"
    said = "; ".join(filter(None, ("" if params.meaning(name) else bounds(params, name), ends)))
    return f"[{said}]" if said else ""


def _shown(params: type[Params], name: str, value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else _text(params, name, value) or "empty"


def bounds(params: type[Params], name: str) -> str:
    """The range of a number in words, or nothing.

    >>> from hub.params import Field
    >>> class Dream(Params):
    ...     octaves: int = Field(4, ge=1, le=8, description="Image sizes.")
    >>> bounds(Dream, "octaves")
    '1 to 8'
    """
    schema = params.model_json_schema()["properties"][name]
    for part in (schema, *schema.get("anyOf", ())):
        low, high = part.get("minimum"), part.get("maximum")
        if low is not None and high is not None:
            return f"{_number(low)} to {_number(high)}"
        said = [f"{word} {_number(part[key])}" for key, word in LIMITS.items() if key in part]
        if said:
            return ", ".join(said)
    return ""


def _number(value: float) -> str:
    return str(int(value) if value == int(value) else value)
