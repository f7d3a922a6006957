"""Style transfer by optimisation, as `style_transfer` does it and `instant_style` goes on by: see the page of the first.

Sources: Gatys, Ecker and Bethge 2015 (content and Gram matrices); Mroueh 2019 (features as Gaussians); Li et al. 2017,
"Laplacian-steered neural style transfer" (contours).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

import hub
from hub import pixels
from hub.backbones import Backbone
from hub.pixels import gradients, images, objectives, style
from hub.pixels.objectives import Objective
from plugins.style._pages import LEAST, page_of

TILE = 768
COARSEST = 16  # pixels to a position of the coarsest layer that styles are read from
STYLE_WEIGHT, ROUGHNESS_WEIGHT = 7.0, 20.0  # of strength and smoothness 1, chosen by looking
CONTOUR_WEIGHT, CONTOURS = 1.5, 48  # contours are compared at the area of a square of so many pixels
NEAR = 0.1  # a style that the picture is nearer to than this is not pulled any harder for it
PLATEAU = 0.004
MARGIN, JITTER = 16, 2  # pixels that the picture goes on beyond its edges, and that it is shifted by
UNEVEN = 0.03


@dataclass(frozen=True)
class Settings:
    """How to paint; the parameters of `style_transfer` have the same names and say what each means."""

    strength: float = 1.0
    brush: float = 1.0
    likeness: Literal["wasserstein", "gram"] = "wasserstein"
    smoothness: float = 1.0
    soften: bool = False
    start: Literal["the picture", "noise", "the style"] = "the picture"
    scales: int = 0
    steps: int = 60
    optimiser: Literal["adam", "l-bfgs"] = "adam"


@dataclass(frozen=True)
class Style:
    """A picture, (1, 3, H, W), and how much it counts at each place of the result, (1, 1, H, W) in [0, 1]."""

    picture: Tensor
    share: Tensor

    @property
    def everywhere(self) -> bool:
        return bool(self.share.min() == self.share.max())


def paint(
    content: Tensor,
    styles: list[Style],
    network: Backbone,
    settings: Settings,
    generator: torch.Generator,
    trace: pixels.Terms,
    show: pixels.ascent.Show,
    first: Tensor | None = None,
) -> Generator[hub.Result, None, Tensor]:
    """The method itself: at each scale, small to large, what is wanted there, and steps from the content as it was changed so
    far.

    first: a picture of the content's size to go on from, instead of what `settings.start` says.
    """
    if not settings.strength and settings.start == "the picture":
        return content  # it is all that is wanted, and Adam would walk about on rounding errors
    levels = pixels.octaves(content, settings.scales or scales_for(content), 2**0.5, smallest=LEAST)
    weak = min(1.0, settings.strength)
    if first is None:
        first = beginning(levels[0], styles, settings.start, generator, UNEVEN * weak)
    change, rule = images.resize(first, levels[0].shape[-2:]) - levels[0], rule_of(settings.optimiser)
    for target, span in zip(levels, pixels.shares(levels), strict=True):
        canvas = pixels.Pyramid((target + images.resize(change, target.shape[-2:])).clamp(0, 1))
        rule = pixels.Averaged(rule.carried(canvas.parameters))
        yield from pixels.maximise(
            -1.0 * loss(target, styles, network, settings, trace),
            canvas,
            network,
            steps=settings.steps,
            rule=rule,
            generator=generator,
            robustness=pixels.Mirrored(MARGIN, round(JITTER * weak) if settings.optimiser == "adam" else 0),
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


def loss(target: Tensor, styles: list[Style], network: Backbone, settings: Settings, trace: pixels.Terms) -> Objective:
    """Content, contours, style and roughness, each noted on the way: what is to be made small at one scale."""
    layers = style_layers(network)
    deep = layers[-2:]
    wanted = mirrored(target)
    seen = gradients.joined_features(network, layers, wanted, TILE)
    subject = objectives.total(style.content(layer, seen[layer], smooth=settings.soften) for layer in deep)
    manner = objectives.total(imitated(each, target, seen, network, settings) for each in styles)
    cell = max(1.0, math.prod(wanted.shape[-2:]) ** 0.5 / CONTOURS)
    return (
        trace.noted("content", subject * (1 / len(deep)))
        + CONTOUR_WEIGHT * trace.noted("contours", style.laplacian(wanted, cell))
        + settings.strength * STYLE_WEIGHT * trace.noted("style", manner)
        + settings.strength * settings.smoothness * ROUGHNESS_WEIGHT * trace.noted("roughness", objectives.roughness())
    )


def imitated(each: Style, target: Tensor, seen: dict[str, Tensor], network: Backbone, settings: Settings) -> Objective:
    """The mean over layers of how far a style still is, each 1 where it is as far as it was at `target`, whose features are
    `seen`."""
    compared = {"wasserstein": style.wasserstein_distance, "gram": style.gram_distance}[settings.likeness]
    example, soft = sample_of(each.picture, target.shape[-2:], settings.brush), settings.soften
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


def sample_of(picture: Tensor, size: Sequence[int], brush: float) -> Tensor:
    """The style with strokes for a picture of `size`, `brush` times as large; of more than that size, the middle."""
    whole = picture.shape[-2:]
    page = page_of(whole, round(max(size) * brush))
    part = tuple(min(long, max(short, LEAST)) for long, short in zip(page, size, strict=True))
    height, width = (max(1, round(side * some / all_)) for side, some, all_ in zip(whole, part, page, strict=True))
    top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
    middle = picture[..., top : top + height, left : left + width]
    return images.resize(middle, part).clamp(0, 1).contiguous(memory_format=torch.channels_last)
