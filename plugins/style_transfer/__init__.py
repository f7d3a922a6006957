"""Repaint your picture in the manner of another: its colours, its strokes, its shapes, with your subject still there.

Two pictures are shown to a network. What yours shows is read from where its features lie; how the other is made, from which
features it has and which go together, wherever they lie. Then a third picture is changed, step by step, until it has your
content and the other's style: content + strength * (style + smoothness * roughness) is made small. It is small at first and
grows, so that large shapes settle before strokes do. A second style can be mixed in, or a mask can say where each belongs: white
is the first style, black is the second, or your picture as it was where there is none.

Sources: Gatys, Ecker and Bethge 2015, "A neural algorithm of artistic style" (content and Gram matrices); Mroueh 2019,
"Wasserstein style transfer" (features as Gaussians); Gatys et al. 2016 (keeping colours, by its light alone); Wang et al.
2021 (softened activations).
Departures: every style begins at a distance of 1, whatever the network, so that strength means the same on all of them; colours
are matched first, by optimal transport in linear light; the picture is a pyramid, goes on mirrored beyond its edges, and is
shifted a little at each step, so that neither grain nor grid nor border can form (the content it is held to stands still, so
that fine lines soften); large pictures are worked on in tiles whose features are joined, so that there is one style and no seam.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

import hub
from hub import Image, backbones, metrics, pixels, world
from hub.backbones import Backbone
from hub.errors import BadParams
from hub.pixels import colour, gradients, images, objectives, style
from hub.pixels.objectives import Objective
from hub.world import paintings

TILE = 768
LEAST = 48  # no side is worked on below that
COARSEST = 16  # pixels to a position of the coarsest layer that styles are read from
STYLE_WEIGHT, ROUGHNESS_WEIGHT = 5.0, 20.0  # of strength and smoothness 1, chosen by looking
NEAR = 0.1  # a style that the picture is nearer to than this is not pulled any harder for it
PLATEAU = 0.004
MARGIN, JITTER = 16, 4  # pixels that the picture goes on beyond its edges, and that it is shifted by
UNEVEN = 0.03
KEPT = f"edge SSIM at {metrics.THUMBNAIL} pixels"

Manner = Literal[
    "swirls",
    "marbling",
    "dots",
    "ink",
    "stained glass",
    "waves",
    "pebbles",
    "bricks",
    "peacock feather",
    "bubbles",
    "knitting",
    "leopard",
]


class Params(hub.Params):
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


@dataclass(frozen=True)
class Style:
    """A picture, (1, 3, H, W), and how much it counts at each place of the result, (1, 1, H, W) in [0, 1]."""

    picture: Tensor
    share: Tensor

    @property
    def everywhere(self) -> bool:
        return bool(self.share.min() == self.share.max())


@hub.technique(
    title="In another's style",
    family="Style",
    example={"image": "sample:astronaut"},
    paper="Gatys, Ecker and Bethge 2015; Mroueh 2019",
)
def run(image: Image, params: Params) -> Iterator[hub.Result]:
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
    figures = told(photo, images.to_tensor(result), styles, masked=params.mask is not None)
    yield hub.Result(image=result, curves=trace.curves(), progress=1.0, **figures)


def paint(
    content: Tensor,
    styles: list[Style],
    network: Backbone,
    params: Params,
    generator: torch.Generator,
    trace: pixels.Terms,
    show: pixels.ascent.Show,
) -> Generator[hub.Result, None, Tensor]:
    """The method itself: at each scale, small to large, what is wanted there, and steps from the content as it was changed so
    far."""
    if not params.strength and params.start == "the picture":
        return content  # it is all that is wanted, and Adam would walk about on rounding errors
    levels = pixels.octaves(content, params.scales or scales_for(content), 2**0.5, smallest=LEAST)
    weak = min(1.0, params.strength)
    change, rule = beginning(levels[0], styles, params.start, generator, UNEVEN * weak) - levels[0], rule_of(params.optimiser)
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
    """Content, style and roughness, each noted on the way: what is to be made small at one scale."""
    layers = style_layers(network)
    deep = layers[-2:]
    seen = gradients.joined_features(network, layers, mirrored(target), TILE)
    subject = objectives.total(style.content(layer, seen[layer], smooth=params.soften) for layer in deep)
    manner = objectives.total(imitated(each, target, seen, network, params) for each in styles)
    return (
        trace.noted("content", subject * (1 / len(deep)))
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


def sample_of(picture: Tensor, size: Sequence[int], brush: float) -> Tensor:
    """The style with strokes for a picture of `size`, `brush` times as large; of more than that size, the middle."""
    page = scaled(picture, round(max(size) * brush))
    top, left = (max(0, (long - max(short, LEAST)) // 2) for long, short in zip(page.shape[-2:], size, strict=True))
    return page[..., top : top + max(size[0], LEAST), left : left + max(size[1], LEAST)].contiguous(
        memory_format=torch.channels_last
    )


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


# ---------------------------------------------------------------- what it starts from


def sized(photo: Tensor, side: int) -> tuple[Tensor, tuple[int, int]]:
    """The photo to work on, no larger than it is and no side below LEAST, and the (height, width) of the result."""
    height, width = photo.shape[-2:]
    factor = min(1.0, side / max(height, width))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    return images.resize(photo, (max(LEAST, size[0]), max(LEAST, size[1]))).clamp(0, 1), size


def scaled(picture: Tensor, side: int) -> Tensor:
    """The picture with a longer side of `side`, each side at least LEAST."""
    height, width = picture.shape[-2:]
    factor = side / max(height, width)
    return images.resize(picture, (max(LEAST, round(height * factor)), max(LEAST, round(width * factor)))).clamp(0, 1)


def chosen_styles(photo: Tensor, params: Params) -> tuple[list[Style], Tensor | None]:
    """The styles and where each belongs; and, where a mask leaves out what no style takes, the mask.

    Raises BadParams for pictures that hold no style, or a mask that leaves no place for it.
    """
    side = round(max(photo.shape[-2:]) * params.brush)
    first = style_picture("style", params.style, params.manner, side)
    second = style_picture("style_2", params.style_2, params.manner_2, side)
    share = torch.ones_like(photo[:, :1])
    if params.mask is not None:
        share = images.resize(images.to_tensor(params.mask), photo.shape[-2:]).clamp(0, 1).mean(1, keepdim=True)
    elif second is not None:
        share = share * (1 - params.mix)
    styles = [Style(p, s) for p, s in ((first, share), (second, 1 - share)) if p is not None and float(s.max()) > 0.01]
    if not styles:
        raise BadParams("mask: it is black all over, so there is no place for the style. Paint white where it belongs.")
    return styles, share if params.mask is not None and second is None else None


def style_picture(field: str, given: Image | None, name: str, side: int) -> Tensor | None:
    """The picture to take a style from: the one given, or one drawn by its name, or None.

    Raises BadParams where there is nothing in it to take.
    """
    if given is None:
        return None if name == "none" else images.to_tensor(drawn(name, min(max(side, 192), 1024)))
    if min(given.size) < 16:
        raise BadParams(f"{field}: {given.width} × {given.height} pixels hold no style. Give a picture of 16 × 16 or more.")
    picture = scaled(images.to_tensor(given), min(max(given.size), max(side, 192)))
    if float(picture.std((2, 3)).max()) < 0.004:
        raise BadParams(f"{field}: it is one flat colour, which has no manner to take. Give a picture with strokes or shapes.")
    return picture


def drawn(name: str, side: int) -> Image:
    """One of the named styles: a painting, or a pattern of the picture world."""
    if name in paintings.PAINTINGS:
        return paintings.painting(name, side)
    return images.to_image(world.draw(name.replace(" ", "_"), 1, side, seed=5, plain=True))


def with_colours(photo: Tensor, styles: list[Style], colours: str, strength: float) -> tuple[Tensor, list[Style]]:
    """The photo in the styles' colours, each in its place, or the styles in the photo's, or all as they are.

    strength: how far the photo's colours go, 0 to 1.
    """
    if colours == "of the picture":
        return photo, [Style(colour.recoloured(each.picture, photo), each.share) for each in styles]
    if colours == "of the style":
        changes = [each.share * (colour.recoloured(photo, each.picture) - photo) for each in styles]
        return photo + strength * torch.stack(changes).sum(0), styles
    return photo, styles


def beginning(target: Tensor, styles: list[Style], start: str, generator: torch.Generator, uneven: float) -> Tensor:
    """What the first step begins from, at the size of `target`.

    uneven: how much its light wavers, so that strokes have places to begin where it is flat, and do not stand in rank and file.
    """
    if start == "noise":
        return (0.5 + 0.15 * torch.randn(target.shape, generator=generator)).clamp(0, 1).to(target.device)
    picture = target if start == "the picture" else images.resize(styles[0].picture, target.shape[-2:])
    height, width = target.shape[-2:]
    for cell in (2, 4, 8):
        grains = torch.randn(1, 1, height // cell, width // cell, generator=generator).to(target.device)
        picture = picture + uneven * images.resize(grains, (height, width))
    return picture.clamp(0, 1)


# ---------------------------------------------------------------- what comes out


def finished(painted: Tensor, photo: Tensor, kept: Tensor | None, size: tuple[int, int]) -> Image:
    """The painting at the size of the result; where a mask is black and no style goes, the photo."""
    return images.to_image(images.resize(painted if kept is None else kept * painted + (1 - kept) * photo, size))


def told(photo: Tensor, result: Tensor, styles: list[Style], masked: bool) -> dict[str, Any]:
    """Figures and a sentence: how near the style came, as the judge sees it, and how much of the drawing is left."""
    before, after = images.resize(photo, result.shape[-2:]).clamp(0, 1), result
    figures = {KEPT: metrics.edge_ssim(after, before, metrics.THUMBNAIL)}
    taken = None if masked else metrics.style_taken(before, after, [(each.picture, float(each.share.mean())) for each in styles])
    if taken is None:
        return {"metrics": figures}
    falls = f"falls by {taken:.0%}" if taken > 0 else f"rises by {-taken:.0%}"
    return {
        "metrics": {"share of the way to the style": taken, **figures},
        "caption": f"To a second network, which had no part in it, the distance to the style {falls}.",
    }
