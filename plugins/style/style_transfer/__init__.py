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
are matched first, by optimal transport in linear light; the picture is a pyramid, goes on mirrored beyond its edges, and is
shifted a little at each step, so that neither grain nor grid nor border can form (the content it is held to stands still, so
that fine lines soften); large pictures are worked on in tiles whose features are joined, so that there is one style and no seam.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from typing import ClassVar, Literal

import torch
from torch import Tensor

import hub
from hub import Image, backbones, pixels
from hub.backbones import Backbone
from hub.pixels import colour, gradients, images, objectives, style
from hub.pixels.objectives import Objective
from hub.world import paintings
from plugins.style._figures import told
from plugins.style._pages import LEAST, sized
from plugins.style.style_transfer.beginnings import Style, beginning, chosen_styles, sample_of, with_colours

TILE = 768
COARSEST = 16  # pixels to a position of the coarsest layer that styles are read from
STYLE_WEIGHT, ROUGHNESS_WEIGHT = 7.0, 20.0  # of strength and smoothness 1, chosen by looking
CONTOUR_WEIGHT, CONTOURS = 1.5, 48  # contours are compared at the area of a square of so many pixels
NEAR = 0.1  # a style that the picture is nearer to than this is not pulled any harder for it
PLATEAU = 0.004
MARGIN, JITTER = 16, 2  # pixels that the picture goes on beyond its edges, and that it is shifted by
UNEVEN = 0.03

Manner = Literal[paintings.MANNERS]


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"size": 64, "steps": 2, "scales": 2}

    manner: Manner = hub.Field("swirls", label="Style", description="Whose manner to take; your own style picture comes first.")
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
    size: int = hub.Field(384, ge=32, le=4096, label="Size", description="Longer side of the result, in pixels.")
    manner_2: Literal["none", Manner] = hub.Field(
        "none",
        label="Second style",
        description="Another manner, to mix with the first or to put where a mask is black.",
        more=True,
    )
    style_2: hub.Picture | None = hub.Field(None, label="Your own second style", description="A picture for it.", more=True)
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


@hub.technique(
    title="In another's style",
    family="Style",
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
    trace = pixels.Terms("loss")

    def show(painted: Tensor) -> Image:
        painted = images.resize(painted, photo.shape[-2:]).clamp(0, 1)
        return finished(colour.lit_as(photo, painted) if params.colours == "of the picture" else painted, photo, kept, size)

    result = show((yield from paint(content, styles, network, params, generator, trace, show)))
    judged = [(each.picture, float(each.share.mean())) for each in styles] if params.mask is None else []
    figures = told(photo, images.to_tensor(result), judged)
    yield hub.Result(image=result, curves=trace.curves(), progress=1.0, **figures)


def paint(
    content: Tensor,
    styles: list[Style],
    network: Backbone,
    params: Params,
    generator: torch.Generator,
    trace: pixels.Terms,
    show: pixels.ascent.Show,
    first: Tensor | None = None,
) -> Generator[hub.Result, None, Tensor]:
    """The method itself: at each scale, small to large, what is wanted there, and steps from the content as it was changed so
    far.

    first: a picture of the content's size to go on from, instead of what `params.start` says.
    """
    if not params.strength and params.start == "the picture":
        return content  # it is all that is wanted, and Adam would walk about on rounding errors
    levels = pixels.octaves(content, params.scales or scales_for(content), 2**0.5, smallest=LEAST)
    weak = min(1.0, params.strength)
    if first is None:
        first = beginning(levels[0], styles, params.start, generator, UNEVEN * weak)
    change, rule = images.resize(first, levels[0].shape[-2:]) - levels[0], rule_of(params.optimiser)
    for target, span in zip(levels, pixels.shares(levels), strict=True):
        canvas = pixels.Pyramid((target + images.resize(change, target.shape[-2:])).clamp(0, 1))
        rule = pixels.Averaged(rule.carried(canvas.parameters))
        yield from pixels.maximise(
            -1.0 * loss(target, styles, network, params, trace),
            canvas,
            network,
            steps=params.steps,
            rule=rule,
            generator=generator,
            robustness=pixels.Mirrored(MARGIN, round(JITTER * weak) if params.optimiser == "adam" else 0),
            tile=TILE,
            joined=True,
            plateau=PLATEAU,
            trace=trace,
            span=span,
            show=show,
        )
        rule.settle(canvas.parameters)
        rule, picture = rule.rule, canvas.picture().detach()
        change = picture - target
    return picture


def loss(target: Tensor, styles: list[Style], network: Backbone, params: Params, trace: pixels.Terms) -> Objective:
    """Content, contours, style and roughness, each noted on the way: what is to be made small at one scale."""
    layers = style_layers(network)
    deep = layers[-2:]
    wanted = mirrored(target)
    seen = gradients.joined_features(network, layers, wanted, TILE)
    subject = objectives.total(style.content(layer, seen[layer], smooth=params.soften) for layer in deep)
    manner = objectives.total(imitated(each, target, seen, network, params) for each in styles)
    cell = max(1.0, math.prod(wanted.shape[-2:]) ** 0.5 / CONTOURS)
    return (
        trace.noted("content", subject * (1 / len(deep)))
        + CONTOUR_WEIGHT * trace.noted("contours", style.laplacian(wanted, cell))
        + params.strength * STYLE_WEIGHT * trace.noted("style", manner)
        + params.strength * params.smoothness * ROUGHNESS_WEIGHT * trace.noted("roughness", objectives.roughness())
    )


def imitated(each: Style, target: Tensor, seen: dict[str, Tensor], network: Backbone, params: Params) -> Objective:
    """The mean over layers of how far a style still is, each 1 where it is as far as it was at `target`, whose features are
    `seen`."""
    compared = {"wasserstein": style.wasserstein_distance, "gram": style.gram_distance}[params.likeness]
    example, soft = sample_of(each.picture, target.shape[-2:], params.brush), params.soften
    where = None if each.everywhere else mirrored(images.resize(each.share, target.shape[-2:]).clamp(0, 1))[0, 0]
    wanted = gradients.joined_features(network, list(seen), mirrored(example), TILE)
    terms = []
    for layer, features in seen.items():
        distance = compared(style.look(wanted[layer], smooth=soft))
        first = max(float(distance(style.look(features, where, smooth=soft))), NEAR)
        terms.append(style.imitation(layer, distance, where, smooth=soft) * (1 / first))
    return objectives.total(terms) * (float(each.share.mean()) / len(terms))


def style_layers(network: Backbone) -> list[str]:
    """One layer for each doubling of the stride, the last of it, from strokes to shapes; coarser ones are about things."""
    at_octave = {round(math.log2(layer.stride)): layer.name for layer in network.landmarks()}
    return [name for octave, name in at_octave.items() if octave <= math.log2(COARSEST)] or [network.landmarks()[0].name]


def mirrored(picture: Tensor) -> Tensor:
    """As the picture is seen at each step, but for the shift."""
    return pixels.Mirrored(MARGIN).still(picture)


def scales_for(content: Tensor, first: int = 200) -> int:
    """How many scales, each 1.4 times the one before, lead from about `first` pixels to the picture's size."""
    return 1 + max(0, math.ceil(2 * math.log2(max(content.shape[-2:]) / first)))


def rule_of(optimiser: str) -> pixels.Adam | pixels.LBFGS:
    """How steps are taken; Adam's rate was chosen by looking."""
    return pixels.Adam(0.02, cosine=True, betas=(0.9, 0.99)) if optimiser == "adam" else pixels.LBFGS()


def finished(painted: Tensor, photo: Tensor, kept: Tensor | None, size: tuple[int, int]) -> Image:
    """The painting at the size of the result; where a mask is black and no style goes, the photo."""
    return images.to_image(images.resize(painted if kept is None else kept * painted + (1 - kept) * photo, size))
