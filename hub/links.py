"""Parameters as an address, as a line of Python and as a line of the shell; and an address back to parameters."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Mapping
from typing import Any

from hub import flags, stage
from hub.errors import BadParams
from hub.params import Params
from hub.technique import Technique

STANDS_FOR = {"picture": ".jpg", "file": ".bin"}  # how a file is called that the reader has and we do not know
MOST = 4000  # characters of a link's parameters; longer ones are refused unread


def changed(params: Params) -> dict[str, Any]:
    """What differs from the defaults, as JSON can carry it; pictures and files are left out."""
    held = params.model_dump()
    return {
        name: held[name]
        for name, field in type(params).model_fields.items()
        if name not in params.attached() and held[name] != field.get_default(call_default_factory=True)
    }


def code(technique: Technique, params: Params, pictured: bool) -> str:
    """The run in Python and in the shell, and the link that brings these settings back.

    pictured: whether a picture is given. It, second pictures and files stand there under names to be replaced.
    """
    values, pictured = changed(params), pictured or technique.picture == "needed"
    given = [name for name in params.attached() if getattr(params, name) is not None]
    named = {name: name + STANDS_FOR[params.meaning(name)] for name in given}
    words = [word for name, value in values.items() for word in flags.words(type(params), name, value)]
    words += [f"{flags.flag_of(name)}={file}" for name, file in named.items()]
    shell = shlex.join(["netsee", "run", technique.name, *(["photo.jpg"] if pictured else []), "-o", "out.png", *words])
    return stage.code(stage.python_code(technique.name, pictured, values | named), shell, link(technique.name, values))


def link(name: str, values: dict[str, Any]) -> str:
    """The address that opens the page with these settings."""
    return f"?tab={name}" + (f"&p={packed(values)}" if values else "")


def packed(values: Mapping[str, Any]) -> str:
    """Parameters as a part of an address.

    >>> unpacked(packed({"octaves": 5}))
    {'octaves': 5}
    """
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":"), sort_keys=True).encode()).decode().rstrip("=")


def unpacked(text: str) -> dict[str, Any]:
    """What `packed` packed. Raises BadParams, for it may come from anyone."""
    try:
        if len(text) > MOST:
            raise ValueError
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, dict):
            raise ValueError
    except (ValueError, RecursionError) as error:
        raise BadParams("The settings in this link cannot be read.") from error
    return values
