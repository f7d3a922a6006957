"""The HTTP endpoint of a technique: named like it, named parameters in; what comes out is in `hub.app.answer`.

Gradio serves it, so every client of Gradio's speaks it. What a call leaves out is the default of `Params`. A run whose listener
hangs up ends within a step, or leaves the line. One that nobody has listened to yet goes on: whoever asked for it may still come.
"""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr
from PIL import Image as PILImage

from hub import entered, examples
from hub.app import answer, uploads
from hub.app.play import said, started
from hub.app.room import LANE, Room
from hub.decode import SAMPLE
from hub.errors import BadParams, BadPicture, UnknownTechnique
from hub.params import Params
from hub.technique import Technique

GIVEN = {
    "picture": 'As base64, "data:image/png;base64,…" or a sample, "sample:clouds"; or {"path": …} of an upload.',
    "file": 'As base64, "data:;base64,…"; or {"path": …} of an upload.',
}
UPLOAD = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
STAND_INS = {"picture": PILImage.new("RGB", (1, 1)), "file": b"?"}


def wire(room: Room) -> None:
    """Attach the endpoint to a room that is being built; previews come as facts on the way."""
    hidden = gr.Button(visible=False)
    hidden.click(
        _endpoint(room),
        room.inputs,
        answer.outputs(),
        api_name=room.technique.name,
        api_visibility="public",
        concurrency_id=LANE,
        concurrency_limit=room.policy.concurrency,
        show_progress="hidden",
    )


def describe(blocks: gr.Blocks, rooms: Mapping[str, Room]) -> None:
    """Let the description of the API, which also fills in what a call leaves out, give the defaults of `Params`.

    Gradio's own takes what the controls show when the page opens, which are the settings and the picture of the example, and null
    where a control is empty at first.
    """
    described = blocks.get_api_info

    def described_truly(*given: Any, **options: Any) -> Any:
        info = described(*given, **options)
        for name, room in rooms.items():
            for parameter in info["named_endpoints"].get(f"/{name}", {}).get("parameters", ()):
                parameter.update(_left_out(room.technique, parameter["parameter_name"]))
        return info

    blocks.get_api_info = described_truly  # type: ignore[method-assign]


def _left_out(technique: Technique, name: str) -> dict[str, Any]:
    """Whether a parameter may be left out, and what it is then, in the words of Gradio's description."""
    if name == "image":
        return {"parameter_has_default": technique.picture != "needed", "parameter_default": None}
    field = technique.Params.model_fields[name]
    return {"parameter_has_default": not field.is_required(), "parameter_default": entered.initial(technique.Params, name)}


def admitted(rooms: Mapping[str, Room], name: str, body: bytes) -> bytes:
    """A call with named JSON, checked like parameters from anywhere, and put as the controls of its room take it.

    A picture or a file is {"path": …} of an upload, or its bytes as base64, plain or as an address, "data:image/png;base64,…",
    also as {"url": …}; a picture may be "sample:NAME" too. A null where none is taken counts as left out.
    Raises UnknownTechnique, BadParams, BadPicture, UnknownSample, UnknownBackbone: before anything waits in the queue.
    """
    if name not in rooms:
        raise UnknownTechnique(name, rooms, hint="All of them: /schema")
    technique, policy = rooms[name].technique, rooms[name].policy
    params, values = technique.Params, _object(body)
    held = {n: values[n] for n in ("image", *params.attached()) if values.get(n) is not None}
    if technique.picture == "needed" and "image" not in held:
        raise BadPicture(f"{technique.title} needs a picture: give it as image.")
    plain = {n: value for n, value in values.items() if n not in held and (value is not None or _takes_null(params, n))}
    if technique.picture != "none":
        plain.pop("image", None)
    elif "image" in held:
        raise BadParams(f"image: {technique.title} takes no picture. Leave it out.")
    stand_ins = {n: STAND_INS[params.meaning(n)] for n in held if n != "image"}  # what they hold is checked once they are here
    params.read_json(plain | dict.fromkeys(stand_ins), policy, pictures=stand_ins)
    told = {n: entered.held(params.meaning(n), value) if n != "image" else value for n, value in plain.items()}
    kinds = {n: "picture" if n == "image" else params.meaning(n) for n in held}
    found = {n: _found(n, given, kinds[n]) for n, given in held.items()}  # every one of them, before any is written
    paths = {n: what if isinstance(what, str) else rooms[name].uploads.keep(what, n) for n, what in found.items()}
    files = {n: {"path": path, "meta": {"_type": "gradio.FileData"}} for n, path in paths.items()}
    return json.dumps(told | files).encode()


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadParams('The body of a call is JSON: {"steps": 4}.') from error
    if not isinstance(values, dict):
        raise BadParams('The body of a call is one JSON object of named parameters: {"steps": 4}.')
    return values


def _found(name: str, given: Any, kind: str | None) -> str | bytes:
    """The path of an upload, or what is in a file that came as base64 or is a sample. Raises BadParams, UnknownSample."""
    path, said = (given.get("path"), given.get("url")) if isinstance(given, dict) else (None, given)
    if not path:
        return _content(name, said, kind)
    if not uploads.is_one(path):
        raise BadParams(f"{name}: no upload has that path. POST the file to /gradio_api/upload and give the path in the answer.")
    return str(path)


def _content(name: str, said: Any, kind: str | None) -> bytes:
    if kind == "picture" and isinstance(said, str) and said.startswith(SAMPLE):
        return examples.sample_file(said.removeprefix(SAMPLE)).read_bytes()
    try:
        head, comma, content = said.rpartition(",")
        if comma and not (head.startswith("data:") and head.endswith(";base64")):
            raise ValueError
        return base64.b64decode(content, validate=True)
    except (AttributeError, ValueError) as error:
        line = f'{name}: give {{"path": …}} of an upload, or "data:image/png;base64,…" with all of the file'
        raise BadParams(line + (f', or a sample: "{SAMPLE}clouds".' if kind == "picture" else ".")) from error


def _takes_null(params: type[Params], name: str) -> bool:
    return name not in params.model_fields or entered.accepts_none(params, name)


def schema(technique: Technique) -> dict[str, Any]:
    """What a call takes, as JSON Schema: the picture, where one is taken, and the parameters."""
    told = technique.Params.model_json_schema()
    fields, image = told.setdefault("properties", {}), {"title": "Image", "description": "The picture to work on."}
    held = {name: technique.Params.meaning(name) for name in technique.Params.attached()}
    if technique.picture != "none":
        told["properties"] = fields = {"image": image, **fields}
        held["image"] = "picture"
    if technique.picture == "needed":
        told["required"] = ["image", *told.get("required", ())]
    for name, kind in held.items():
        field = fields[name]
        field["description"] = f"{field.get('description', '')} {GIVEN[kind]}".strip()
        empty = [{"type": "null"}] if {"type": "null"} in field.get("anyOf", ()) else []
        field["anyOf"] = [{"type": "string", "format": kind}, UPLOAD, *empty]
        for other in ("type", "format"):
            field.pop(other, None)
    return told


def _endpoint(room: Room) -> Callable[..., Iterator[Any]]:
    technique, policy = room.technique, room.policy

    def call(*given: Any) -> Iterator[Any]:
        path, values = room.split(given)
        try:
            _, results = started(technique, path, values, policy)
            try:
                for result in results:
                    yield answer.of(room, result)
            finally:
                results.close()
        except Exception as error:
            raise gr.Error(said(error), print_exception=False) from error

    return _described(call, technique, room.picture is not None)


def _described(call: Callable[..., Any], technique: Technique, takes_picture: bool) -> Callable[..., Any]:
    """Give an endpoint the names and words that its description (OpenAPI) is made from; its defaults are in `describe`."""
    fields = technique.Params.model_fields
    names = [*(["image"] if takes_picture else []), *fields]
    call.__name__ = call.__qualname__ = technique.name
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names
    )
    lines = [
        *(["    image: The picture to work on."] if takes_picture else []),
        *(f"    {n}: {f.description}" for n, f in fields.items()),
    ]
    call.__doc__ = f"{technique.summary}\n\nArgs:\n" + "\n".join(lines)
    return call
