"""What a parameter holds that JSON cannot: a second picture, or a file. It is taken in whole, and known again by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from PIL.Image import Image
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import core_schema

from hub.errors import BadFile, BadPicture
from hub.files import read
from hub.policy import Policy

Kind = Literal["picture", "file"]
KINDS: tuple[Kind, ...] = ("picture", "file")
MARK = "sha256:"


def taken(kind: Kind, given: Any, policy: Policy) -> Image | bytes:
    """What was given for a parameter of this kind: a clean RGB picture, or the bytes of a file that has some.

    Raises BadPicture, BadFile, OverLimit.
    """
    if kind == "picture":
        from hub.decode import decode

        return decode(given, policy).image
    content = read(given, policy)
    if not content:
        raise BadFile("This file is empty. Give another.")
    return content


def marked(held: Image | bytes) -> str:
    """How it stands in JSON: by the SHA-256 of its pixels, or of its bytes.

    >>> marked(b"")
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    if isinstance(held, bytes):
        return MARK + hashlib.sha256(held).hexdigest()
    from hub.decode import picture_hash

    return MARK + picture_hash(held)


@dataclass(frozen=True)
class Attached:
    """Lets a `Params` field hold a picture or a file, given in any way that `taken` takes."""

    kind: Kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        serialization = core_schema.plain_serializer_function_ser_schema(marked, when_used="json")
        return core_schema.with_info_plain_validator_function(self._checked, serialization=serialization)

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "format": self.kind}

    def _checked(self, given: Any, info: ValidationInfo) -> Image | bytes:
        context: Mapping[str, Any] = info.context or {}
        given = context.get("attached", {}).get(info.field_name, given)
        try:
            return taken(self.kind, given, context.get("policy") or Policy.local())
        except (BadPicture, BadFile) as error:
            raise ValueError(str(error)) from error
