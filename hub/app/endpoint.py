"""The HTTP (and MCP) endpoint of a technique: named like it, named parameters in, (picture, facts) out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import gradio as gr

from hub import forms
from hub.app.play import kept_file, said, started
from hub.app.room import LANE, Room
from hub.technique import Result, Technique


def wire(room: Room) -> None:
    """Attach the endpoint to a room that is being built; previews come as facts on the way."""
    picture = forms.picture_input(visible=False, interactive=False, label="picture")
    facts = gr.JSON(visible=False, label="facts")
    hidden = gr.Button(visible=False)
    hidden.click(
        _endpoint(room),
        room.inputs,
        [picture, facts],
        api_name=room.technique.name,
        api_visibility="public",
        concurrency_id=LANE,
        concurrency_limit=room.policy.concurrency,
        show_progress="hidden",
    )


def _endpoint(room: Room) -> Callable[..., Iterator[Any]]:
    technique, policy = room.technique, room.policy

    def call(*given: Any) -> Iterator[Any]:
        path, values = room.split(given)
        try:
            _, results = started(technique, path, values, policy)
            try:
                for result in results:
                    yield _answer(room, result)
            finally:
                results.close()
        except Exception as error:
            raise gr.Error(said(error)) from error

    return _described(call, technique, room.picture is not None)


def _answer(room: Room, result: Result) -> tuple[Any, dict[str, Any]]:
    facts = {"progress": result.progress, "caption": result.caption, "metrics": result.metrics, "table": result.table}
    if result.progress < 1 or result.image is None:
        return None, facts
    from hub.recipe import png_bytes

    facts["curves"] = {name: asdict(curve) for name, curve in result.curves.items()}
    return kept_file(png_bytes(result), f"{room.technique.name}.png"), facts


def _described(call: Callable[..., Any], technique: Technique, takes_picture: bool) -> Callable[..., Any]:
    """Give an endpoint the names, defaults and words that its schema (OpenAPI, MCP) is made from."""
    fields = technique.Params.model_fields
    names = [*(["image"] if takes_picture else []), *fields]
    call.__name__ = call.__qualname__ = technique.name
    needed = {"image"} if technique.picture == "needed" else set()  # what else is left out is left to `Params`
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if name in needed else None,
        )
        for name in names
    )
    lines = [
        *(["    image: The picture to work on."] if takes_picture else []),
        *(f"    {n}: {f.description}" for n, f in fields.items()),
    ]
    call.__doc__ = f"{technique.summary}\n\nArgs:\n" + "\n".join(lines)
    return call
