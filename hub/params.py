"""What can be set: the kinds of fields a technique may have, and `Params`, the base of them all, which checks what comes in.

    class Params(hub.Params):
        backbone: hub.BackboneName = hub.Field("embedded", description="The network that looks.")
        strength: float = hub.Field(1.0, ge=0, le=4, description="How strongly the dream takes over.")

Whichever door values come by, they are checked here, and what is wrong is told in one line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

import pydantic
from PIL import Image as PILImage
from pydantic import BaseModel, ConfigDict, ValidationError

from hub.attached import KINDS, Attached
from hub.errors import BadParams, nearest
from hub.policy import Policy

Kind = Literal["backbone", "backbones", "layer", "unit", "units", "seed", "picture", "file"]


@dataclass(frozen=True)
class Means:
    """What a field means beyond its Python type, so that front ends can choose a control for it."""

    kind: Kind


BackboneName = Annotated[str, Means("backbone"), pydantic.Field(max_length=200)]
"""The name of a network; see `netsee list --backbones`."""
BackboneNames = Annotated[str, Means("backbones"), pydantic.Field(max_length=2000)]
"""Several networks, separated by commas; `Params.backbones_named` has them one by one."""
LayerName = Annotated[str, Means("layer"), pydantic.Field(max_length=200)]
"""A layer of the backbone chosen beside it, by its module name, or `early`, `middle`, `late`, `classes`."""
UnitName = Annotated[str, Means("unit"), pydantic.Field(max_length=200)]
"""A channel of the layer chosen beside it, by number, or a class by name."""
UnitNames = Annotated[str, Means("units"), pydantic.Field(max_length=2000)]
"""Several units of the layer chosen beside it, separated by commas; empty for all of it."""
Seed = Annotated[int, Means("seed"), pydantic.Field(ge=0, lt=2**31)]
"""What chance starts from: the same seed gives the same picture."""
Picture = Annotated[PILImage.Image, Attached("picture"), Means("picture")]
"""A second picture (style, mask, guide), given as a path, bytes, a PIL image, an array or "sample:NAME"; held clean, as RGB."""
File = Annotated[bytes, Attached("file"), Means("file")]
"""A file that is no picture (a trained model, say), given as a path, bytes or a binary file; held as bytes, at least one and no
more than the policy allows. What is in them is the technique's to check."""


def Field(
    default: Any = ...,
    *,
    description: str,
    label: str | None = None,
    more: bool = False,
    pictures: Literal["samples", "manners"] | None = None,
    instead_of: str | None = None,
    **limits: Any,
) -> Any:
    """A parameter of a technique: pydantic's `Field` with what the front ends need.

    description: one sentence for a visitor; the paper's term may stand in it.
    label: a short name for the control; the field's own name where it is not given.
    more: true for what is folded away until asked for.
    pictures: of a choice between sample pictures, or between the manners of `hub.world.paintings`: it is shown as small pictures
        too, and a click on one runs it.
    instead_of: the field of a second picture that such a click takes away, since it would come first.
    limits: `ge`, `le`, `gt`, `lt`, `multiple_of`, `max_length` … as in pydantic.
    """
    extra = {"more": more} | ({"pictures": pictures, "instead_of": instead_of} if pictures else {})
    return pydantic.Field(default, title=label, description=description, json_schema_extra=extra, **limits)


class Params(BaseModel):
    """The base of every technique's parameters: strict types, no unknown names, no NaN, immutable.

    quick: values that make a run short; `netsee check` and the tests run with them.
    """

    quick: ClassVar[dict[str, Any]] = {}
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, arbitrary_types_allowed=True, validate_default=True
    )

    @classmethod
    def read(cls, values: Mapping[str, Any] | Params | None, policy: Policy | None = None) -> Params:
        """Check `values` and fill in defaults.

        Raises BadParams, one line, with a suggestion for a misspelt name; UnknownBackbone for a network that `policy` does
        not offer.
        """
        if isinstance(values, Params):
            values = {name: getattr(values, name) for name in values.model_fields_set}
        return cls._checked(lambda: cls.model_validate(dict(values or {}), context={"policy": policy}), policy)

    @classmethod
    def read_json(cls, values: Mapping[str, Any], policy: Policy | None = None, *, pictures: Mapping[str, Any]) -> Params:
        """As `read`, from values that came out of JSON, where a tuple is a list and an enumeration its value.

        pictures: what the fields of second pictures and of files hold, which JSON cannot.
        """
        context = {"policy": policy, "attached": pictures}
        return cls._checked(lambda: cls.model_validate_json(json.dumps(dict(values)), context=context), policy)

    @classmethod
    def _checked(cls, validate: Callable[[], Params], policy: Policy | None) -> Params:
        try:
            return validate()._offered(policy)
        except ValidationError as error:
            raise BadParams("; ".join(cls._said(e) for e in error.errors(include_url=False)[:3])) from error

    def _offered(self, policy: Policy | None) -> Params:
        """Itself, where its networks may be used. A hosted hub loads only what is in its catalogue, whichever door a name
        comes by."""
        if policy and not policy.any_model:
            from hub import backbones

            for name in self.backbones_named():
                backbones.check_offered(name)
        return self

    def backbones_named(self) -> list[str]:
        """The names of the backbones that are asked for, as often as they are."""
        one, several = ([getattr(self, field) for field in self.fields_meaning(kind)] for kind in ("backbone", "backbones"))
        return [name for name in one if name is not None] + [name for names in several for name in between_commas(names)]

    @classmethod
    def _said(cls, error: Any) -> str:
        name = ".".join(str(part) for part in error["loc"]) or "parameters"
        if error["type"] == "extra_forbidden":
            near = nearest(name, cls.model_fields)
            return f"{name!r} is not a parameter. " + (
                f"Did you mean {near!r}?" if near else f"There are: {', '.join(cls.model_fields)}."
            )
        given = "" if error["type"] in ("missing", "value_error") else repr(error["input"])  # it may be all of a large file
        shown = f" (given: {given})" if 0 < len(given) <= 60 else ""
        meant = nearest(str(error["input"]), _choices_in(error["msg"])) if shown and error["type"] == "literal_error" else None
        suggestion = f". Did you mean {meant!r}?" if meant else ""
        return f"{name}: {error['msg'].removeprefix('Value error, ').rstrip('.')}{shown}{suggestion}"

    @classmethod
    def meaning(cls, name: str) -> Kind | None:
        """Which of the special kinds a field is, or None for a plain value."""
        field = cls.model_fields[name]
        return next((m.kind for m in (*field.metadata, *_nested_metadata(field.annotation)) if isinstance(m, Means)), None)

    @classmethod
    def fields_meaning(cls, kind: Kind) -> list[str]:
        return [name for name in cls.model_fields if cls.meaning(name) == kind]

    @classmethod
    def attached(cls) -> list[str]:
        """The fields of second pictures and of files: what neither JSON nor an address nor the words of the shell can hold."""
        return [name for name in cls.model_fields if cls.meaning(name) in KINDS]


def _choices_in(message: str) -> list[str]:
    """What pydantic says that a choice lies between.

    >>> _choices_in("Input should be 'stained glass' or 'gothic'")
    ['stained glass', 'gothic']
    """
    return re.findall("'([^']*)'", message)


def between_commas(text: str | None) -> list[str]:
    """What a field of several names holds, one by one.

    >>> between_commas("embedded, timm/resnet18, ")
    ['embedded', 'timm/resnet18']
    """
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _nested_metadata(annotation: Any) -> Iterator[Any]:
    """What `Annotated` says anywhere inside an annotation such as `Picture | None`."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _nested_metadata(part)
