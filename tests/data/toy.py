"""Sprinkles dots on a picture, one step at a time.

Made for tests: every kind of parameter, several kinds of results, and no neural network.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import ClassVar, Literal

import torch

import hub
from hub import Field, Image


class Params(hub.Params):
    quick: ClassVar[dict] = {"steps": 2}

    steps: int = Field(4, ge=1, le=500, description="How many dots.")
    size: float = Field(1.5, gt=0, le=9, description="Their size in pixels.")
    bright: bool = Field(False, description="White dots instead of black ones.")
    shape: Literal["square", "bar"] = Field("square", description="Their shape.")
    word: str | None = Field("dot", description="A word for the caption.", more=True)
    pause: float = Field(0.0, ge=0, le=1, description="Seconds between dots.", more=True)
    mask: hub.Picture | None = Field(None, description="Shown beside the result.", more=True)
    model: hub.File | None = Field(None, description="What the note says instead.", more=True)
    seed: hub.Seed = Field(0, description="Where the dots fall.", more=True)


@hub.technique(title="Toy", family="Dream", paper="Nobody, never")
def run(image: Image | None, params: Params) -> Iterator[hub.Result]:
    from PIL import Image as pillow

    picture = image.copy() if image is not None else pillow.new("RGB", (32, 32), "gray")
    generator = torch.Generator().manual_seed(params.seed)
    for step in range(params.steps):
        time.sleep(params.pause)
        x, y = (int(torch.randint(side, (1,), generator=generator)) for side in picture.size)
        width = int(params.size) * (3 if params.shape == "bar" else 1)
        picture.paste("white" if params.bright else "black", (x, y, x + width, y + max(1, int(params.size))))
        yield hub.Result(image=picture.copy, files=lambda n=step: {"note.txt": b"%d dots" % n}, progress=step / params.steps)
    yield hub.Result(image=picture, images=[(image.copy(), "before")] if image is not None else [],
                     files={"note.txt": params.model or b"dots"},
                     metrics={"dots": float(params.steps)}, caption=params.word or "", progress=1.0)
