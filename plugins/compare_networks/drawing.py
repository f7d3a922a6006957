"""Dreams of a layer, and pictures of some of its filters."""

from __future__ import annotations

from collections.abc import Callable, Generator

import torch
from PIL import Image as Pillow
from torch import Tensor

from hub import Image, Result, pixels
from hub.backbones import Backbone, Layer
from hub.pixels import images, objectives

OCTAVES, RATIO, JITTER = 3, 1.4, 8
FILTERS_AT = 112  # pixels, the most at which a filter is drawn
Page = Callable[[Image], Image]
"""The sheet so far, with this picture as its newest."""


def dream(
    network: Backbone, layer: Layer, photo: Tensor, steps: int, seed: int, span: tuple[float, float], page: Page
) -> Generator[Result, None, Tensor]:
    """The photo, changed octave by octave so that the layer's energy grows (Mordvintsev et al. 2015).

    photo: (1, 3, H, W) in [0, 1].  Returns the same shape.
    """
    levels = pixels.octaves(photo, OCTAVES, RATIO)
    detail, generator = torch.zeros_like(levels[0]), torch.Generator().manual_seed(seed)
    for octave, part in zip(levels, pixels.shares(levels), strict=True):
        dreamt = yield from pixels.maximise(
            objectives.energy(layer.name),
            pixels.Pixels((octave + images.resize(detail, octave.shape[-2:])).clamp(0, 1)),
            network,
            steps=max(1, steps // len(levels)),
            rule=pixels.Climb(0.009),
            generator=generator,
            roll=JITTER,
            span=within(span, part),
            show=lambda pictures: page(mosaic(pictures)),
        )
        detail = dreamt - octave
    return dreamt


def filters(
    network: Backbone, layer: Layer, count: int, steps: int, seed: int, span: tuple[float, float], page: Page
) -> Generator[Result, None, Tensor]:
    """Pictures, from nothing, of `count` channels spread evenly over the layer's, coarse to fine.

    Returns (count, 3, side, side) in [0, 1], fewer where the layer has fewer channels.
    """
    count, side = min(count, layer.channels), min(network.side, FILTERS_AT)
    units = [i * layer.channels // count for i in range(count)]
    generator = torch.Generator().manual_seed(seed)
    octaves = max(1, min(OCTAVES, layer.stride.bit_length() - 3))  # what is coarser than a layer sees would only mislead it
    picture = faint_clouds(count, side, generator)
    for i in range(octaves):
        level = (side >> (octaves - 1 - i),) * 2
        picture = yield from pixels.maximise(
            objectives.channels(layer.name, units),
            pixels.Enlarged(pixels.Pixels(images.resize(picture, level).clamp(0, 1)), (side, side)),
            network,
            steps=max(1, steps // octaves),
            rule=pixels.Climb(0.03, pixels.gradients.smoothed, settle=0.8),
            robustness=pixels.Robustness(6, 0.09, 9),
            generator=generator,
            span=within(span, (i / octaves, (i + 1) / octaves)),
            show=lambda pictures: page(mosaic(pictures)),
        )
    return picture


def within(span: tuple[float, float], part: tuple[float, float]) -> tuple[float, float]:
    """A part of a span, as shares of the whole work.

    >>> within((0.5, 1.0), (0.0, 0.5))
    (0.5, 0.75)
    """
    start, end = (span[0] + (span[1] - span[0]) * share for share in part)
    return start, end


def faint_clouds(count: int, side: int, generator: torch.Generator, cells: int = 8) -> Tensor:
    """Grey with soft, faint spots of colour: an empty picture that has a slope everywhere. (count, 3, side, side)."""
    spots = 0.5 + 0.1 * torch.randn(count, 1, cells, cells, generator=generator)
    spots = spots + 0.05 * torch.randn(count, 3, cells, cells, generator=generator)
    return images.resize(spots.to(images.colour_basis().device), (side, side)).clamp(0, 1)


def fitted(photo: Tensor, side: int) -> tuple[int, int]:
    """The photo's (height, width) at a longer side of `side` pixels, none below 32."""
    height, width = photo.shape[-2:]
    factor = side / max(height, width)
    return max(32, round(height * factor)), max(32, round(width * factor))


def mosaic(pictures: Tensor) -> Image:
    """(B, 3, H, W) in [0, 1] -> one picture, about as wide as tall, with thin white lines between them."""
    stills = images.to_images(pictures)
    columns = max(1, round(len(stills) ** 0.5 + 0.49))
    width, height = stills[0].size
    page = Pillow.new("RGB", (columns * (width + 2) - 2, -(-len(stills) // columns) * (height + 2) - 2), "white")
    for i, still in enumerate(stills):
        page.paste(still, (i % columns * (width + 2), i // columns * (height + 2)))
    return page
