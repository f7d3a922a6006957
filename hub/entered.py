"""What a control of the page holds -> a value that `Params` takes, and the way back.

The browser's word is never taken: every value goes through `Params.read` again, whether it came from the page, a link, a saved
picture or the API.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hub.attached import KINDS
from hub.errors import BadParams, OverLimit
from hub.params import Params, between_commas
from hub.policy import Policy

SEVERAL = ("units", "backbones")  # what is a list on the page, and one line of names in `Params`


def read(params: type[Params], given: Sequence[Any], policy: Policy) -> Params:
    """What the controls hold, in the order of the fields -> checked `Params`. Raises BadParams, UnknownBackbone, OverLimit."""
    if len(given) != len(params.model_fields):
        raise BadParams(f"{len(params.model_fields)} values are wanted, {len(given)} were given.")
    values = {name: converted(params, name, value, policy) for name, value in zip(params.model_fields, given, strict=True)}
    return params.read({name: value for name, value in values.items() if value is not None or accepts_none(params, name)}, policy)


def converted(params: type[Params], name: str, value: Any, policy: Policy) -> Any:
    """One control's value as its field's type: a slider gives 1 for 1.0 and 1.0 for 1.

    What does not fit is left for `Params` to refuse.
    """
    field, meant = params.model_fields[name], params.meaning(name)
    kind = plain_type(field)
    if meant in KINDS:
        return uploaded(value, policy) if value else None
    if meant in SEVERAL and isinstance(value, list):
        return ", ".join(map(str, value))
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if value == "" and accepts_none(params, name):
        return None
    return str(value) if meant == "unit" and isinstance(value, int) else value


def accepts_none(params: type[Params], name: str) -> bool:
    """Whether a field may be left empty."""
    return type(None) in get_args(params.model_fields[name].annotation)


def uploaded(path: str, policy: Policy) -> bytes:
    """The bytes of an uploaded file. Raises OverLimit before reading one that is too large."""
    file = Path(path)
    if not file.is_file():
        raise BadParams("That upload is no longer there. Choose it again.")
    if file.stat().st_size > policy.upload_bytes:
        raise OverLimit(f"That file is larger than {policy.upload_bytes // 2**20} MiB, the most that is taken here.")
    return file.read_bytes()


def shown(params: Params) -> list[Any]:
    """The value for each control, in the order of the fields; pictures and files are left empty."""
    return [held(type(params).meaning(name), getattr(params, name)) for name in type(params).model_fields]


def held(meant: str | None, value: Any) -> Any:
    """A value as the control of such a field holds it."""
    if meant in SEVERAL:
        return value if isinstance(value, list) else between_commas(value)
    return None if meant in KINDS else value


def plain_type(field: FieldInfo) -> Any:
    """A field's type without `| None` and without annotations."""
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next((k for k in get_args(kind) if k is not type(None)), kind)
    return get_args(kind)[0] if hasattr(kind, "__metadata__") else kind


def default(field: FieldInfo) -> Any:
    """What a field holds when nobody sets it; None where it must be given."""
    value = field.get_default(call_default_factory=True)
    return None if value is PydanticUndefined else value


def initial(params: type[Params], name: str) -> Any:
    """What the control of a field holds when nobody sets it."""
    return held(params.meaning(name), default(params.model_fields[name]))
