"""What a call over HTTP is answered with, output by output: the picture, the facts, further pictures with captions, and files."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import gradio as gr

from hub import forms
from hub.app.room import Room
from hub.results import Result
from hub.stage import MOST_IN_GALLERY

Answer = tuple[str | None, dict[str, Any], list[tuple[str, str]] | None, list[str] | None]
"""A path, facts as JSON has them, (path, caption) of each further picture, paths."""


def outputs() -> list[gr.components.Component]:
    """The components of an `Answer`, unseen, by whose labels its parts are known."""
    return [
        forms.picture_input(visible=False, interactive=False, label="picture"),
        gr.JSON(visible=False, label="facts"),
        gr.Gallery(visible=False, interactive=False, label="images", format="png"),
        gr.File(visible=False, interactive=False, label="files", file_count="multiple"),
    ]


def of(room: Room, result: Result) -> Answer:
    """The answer to a call; on the way there, only how far it is.

    At most MOST_IN_GALLERY further pictures are given; the facts say how many there are.
    """
    from hub.recipe import png_bytes

    facts = {"progress": result.progress, "caption": result.caption, "metrics": result.metrics, "table": result.table}
    if result.progress < 1:
        return None, plain(facts), None, None
    facts |= {"curves": {name: asdict(curve) for name, curve in result.curves.items()}, "images": len(result.images)}
    name, keep = room.technique.name, room.uploads.keep
    picture = keep(png_bytes(result), f"{name}.png") if result.image is not None else None
    further = enumerate(result.images[:MOST_IN_GALLERY], 1)
    images = [(keep(png_bytes(Result(image=image)), f"{name}-{number:02d}.png"), caption) for number, (image, caption) in further]
    return picture, plain(facts), images, [keep(data, file) for file, data in result.files.items()]


def plain(value: Any) -> Any:
    """The same in what JSON has, which is no number that is infinite or none: those are null.

    >>> plain({"psnr": [float("inf"), 1.5]})
    {'psnr': [None, 1.5]}
    """
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
