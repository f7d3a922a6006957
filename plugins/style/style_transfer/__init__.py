"""Repaint your picture in the manner of another: its colours, its strokes, its shapes, with your subject still there.

Two pictures are shown to a network. What yours shows is read from where its features lie; how the other is made, from which
features it has and which go together, wherever they lie. Then a third picture is changed, step by step, until it has your
content and the other's style: content + contours + strength * (style + smoothness * roughness) is made small. Contours are
those of your picture as a thumbnail, so that eyes stay eyes while finer strokes are free. The picture is small at first and
grows, so that large shapes settle before strokes do. A second style can be mixed in, or a mask can say where each belongs: white
is the first style, black is the second, or your picture as it was where there is none.

Sources: Gatys, Ecker and Bethge 2015, "A neural algorithm of artistic style" (content and Gram matrices); Mroueh 2019,
"Wasserstein style transfer" (features as Gaussians); Li et al. 2017, "Laplacian-steered neural style transfer" (contours);
Gatys et al. 2016 (keeping colours, by its light alone); Wang et al. 2021 (softened activations).
Departures: every style begins at a distance of 1, whatever the network, so that strength means the same on all of them; colours
are matched first, by optimal transport in Oklab; the picture is a pyramid, goes on mirrored beyond its edges, and is
shifted a little at each step, so that neither grain nor grid nor border can form (the content it is held to stands still, so
that fine lines soften); large pictures are worked on in tiles whose features are joined, so that there is one style and no seam.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import ClassVar, Literal

import torch
from torch import Tensor

import hub
from hub import Image, backbones, pixels
from hub.pixels import colour, images
from hub.world import paintings
from plugins.style._figures import told
from plugins.style._pages import sized
from plugins.style._painting import Settings, paint
from plugins.style.style_transfer.beginnings import chosen_styles, with_colours

Manner = Literal[paintings.MANNERS]


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"size": 64, "steps": 2, "scales": 2}

    manner: Manner = hub.Field(
        "impasto",
        label="Style",
        description="Pick a style, or give your own below.",
        pictures="manners",
        instead_of="style",
    )
    style: hub.Picture | None = hub.Field(
        None, label="Your own style", description="A painting, a fabric, a wall: any picture whose manner you like."
    )
    strength: float = hub.Field(
        1.0, ge=0, le=5, label="Strength", description="How much the style weighs against what the picture shows."
    )
    brush: float = hub.Field(
        1.0, ge=0.3, le=2.5, label="Brush", description="How large strokes and shapes of the style are, beside the picture."
    )
    colours: Literal["of the style", "of the picture", "as they come"] = hub.Field(
        "of the style",
        label="Colours",
        description="Take the style's colours, keep your picture's own, or leave it to the network.",
    )
    size: int = hub.Field(
        384, ge=32, le=4096, label="Size", description="Longer side of the result, in pixels; a smaller picture is not enlarged."
    )
    manner_2: Literal["none", Manner] = hub.Field(
        "none",
        label="Second style",
        description="Another manner, to mix with the first or to put where a mask is black.",
        more=True,
    )
    style_2: hub.Picture | None = hub.Field(
        None,
        label="Your own second style",
        description="A picture whose manner is mixed in, or goes where a mask is black.",
        more=True,
    )
    mix: float = hub.Field(0.5, ge=0, le=1, label="Mix", description="The share of the second style, without a mask.", more=True)
    mask: hub.Picture | None = hub.Field(
        None,
        label="Mask",
        description="White takes the style; black takes the second style, or stays as it was. It is stretched to your picture.",
        more=True,
    )
    likeness: Literal["wasserstein", "gram"] = hub.Field(
        "wasserstein",
        label="Style loss",
        description="How styles are compared: as clouds of features to be moved (Mroueh), or by Gram matrices (Gatys).",
        more=True,
    )
    smoothness: float = hub.Field(
        1.0, ge=0, le=20, label="Smoothness", description="Weight of the total variation that is held down.", more=True
    )
    soften: bool = hub.Field(
        False,
        label="Soften activations",
        description="Round off the peaks of a network's answers (as SWAG does): for large residual networks.",
        more=True,
    )
    start: Literal["the picture", "noise", "the style"] = hub.Field(
        "the picture", label="Start", description="What the first step begins from.", more=True
    )
    scales: int = hub.Field(
        0,
        ge=0,
        le=10,
        label="Scales",
        description="Sizes to work at, each 1.4 times the one before; 0 for as many as it takes from about 200 pixels.",
        more=True,
    )
    steps: int = hub.Field(60, ge=1, le=1000, label="Steps", description="Steps at each scale, at most.", more=True)
    optimiser: Literal["adam", "l-bfgs"] = hub.Field(
        "adam", label="Optimiser", description="How steps are taken: Adam, or L-BFGS as in the first paper.", more=True
    )
    backbone: hub.BackboneName = hub.Field("embedded", label="Network", description="The network that looks.", more=True)
    seed: hub.Seed = hub.Field(
        0, label="Seed", description="What chance starts from: the same seed gives the same picture.", more=True
    )


def cost(image: Image, params: Params) -> float:
    """Seconds: the steps at each scale, which together have twice the pixels of the last."""
    shrunk = min(1.0, params.size / max(image.size))
    return 2 + backbones.seconds(params.backbone, 2 * image.width * image.height * shrunk**2 * params.steps)


@hub.technique(
    title="In another's style",
    family="Style",
    cost=cost,
    example={"image": "sample:astronaut"},
    paper="Gatys, Ecker and Bethge 2015; Mroueh 2019",
    version="2",
)
def run(image: Image, params: Params) -> Iterator[hub.Result]:
    """See the module's page."""
    network = backbones.load(params.backbone)
    generator = torch.Generator().manual_seed(params.seed)
    photo, size = sized(images.to_tensor(image), params.size)
    styles, kept = chosen_styles(photo, params)
    content, styles = with_colours(photo, styles, params.colours, min(1.0, params.strength))
    settings = Settings(**{field.name: getattr(params, field.name) for field in fields(Settings)})
    trace = pixels.Terms("loss")

    def show(painted: Tensor) -> Image:
        painted = images.resize(painted, photo.shape[-2:]).clamp(0, 1)
        return finished(colour.lit_as(photo, painted) if params.colours == "of the picture" else painted, photo, kept, size)

    result = show((yield from paint(content, styles, network, settings, generator, trace, show)))
    judged = [(each.picture, float(each.share.mean())) for each in styles] if params.mask is None else []
    figures = told(photo, images.to_tensor(result), judged)
    yield hub.Result(image=result, curves=trace.curves(), progress=1.0, **figures)


def finished(painted: Tensor, photo: Tensor, kept: Tensor | None, size: tuple[int, int]) -> Image:
    """The painting at the size of the result; where a mask is black and no style goes, the photo."""
    return images.to_image(images.resize(painted if kept is None else kept * painted + (1 - kept) * photo, size))
