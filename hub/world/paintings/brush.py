"""What the paintings share: noise, motifs laid over a page, the seams between them, colours that waver, light over relief."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

Array = np.ndarray
Colours = tuple[tuple[int, int, int], ...]


class Motif(NamedTuple):
    """A place on the page: its number, the part of the page it may cover, and (u, v) there in units of its reach, turned."""

    number: int
    window: tuple[slice, slice]
    u: Array
    v: Array


def clouds(side: int, cells: int, chance: np.random.Generator) -> Array:
    """(side, side) in [-1, 1]: smooth noise of about that many cells each way."""
    coarse = Image.fromarray(chance.uniform(-1, 1, (cells + 2, cells + 2)).astype(np.float32))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
    return (smooth / np.abs(smooth).max()).clip(-1, 1)


def rough(side: int, cells: int, chance: np.random.Generator, octaves: int = 4) -> Array:
    """Noise with ever finer noise upon it, about in [-1, 1]."""
    return sum(0.6**i * clouds(side, min(cells * 2**i, side), chance) for i in range(octaves)) / 1.6


def motifs(side: int, across: float, reach: float, chance: np.random.Generator, tilt: float = np.pi) -> Iterator[Motif]:
    """Places for motifs in a disturbed grid, in no order, `across` of them along a side, each `reach` of the spacing large."""
    count = int(np.ceil(across)) + 2
    for number, place in enumerate(chance.permutation(count * count)):
        x, y = (np.array(divmod(int(place), count)[::-1]) - 0.5 + chance.uniform(-0.32, 0.32, 2)) * side / across
        size, turn = side / across * reach * chance.uniform(0.8, 1.2), chance.uniform(-tilt, tilt)
        left, top = max(0, int(x - 2 * size)), max(0, int(y - 2 * size))
        window = slice(top, min(side, max(0, int(y + 2 * size)))), slice(left, min(side, max(0, int(x + 2 * size))))
        down, along = np.ogrid[window[0], window[1]]
        if down.size and along.size:
            dx, dy = (along - x).astype(np.float32) / size, (down - y).astype(np.float32) / size
            u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
            yield Motif(number + 1, window, u, v)


def seams(pieces: Array, width: float) -> Array:
    """Where pieces with different numbers meet: lines of about that width, rounded where they join."""
    edge = np.zeros(pieces.shape, np.uint8)
    edge[:, 1:] = pieces[:, 1:] != pieces[:, :-1]
    edge[1:] |= pieces[1:] != pieces[:-1]
    spread = np.asarray(Image.fromarray(edge * 255).filter(ImageFilter.GaussianBlur(width / 2)))
    return spread > 0.6 * 255 * 1.5 / (2.5 * width / 2)


def soft(cover: Array, radius: float) -> Array:
    """A cover in [0, 1], blurred."""
    return np.asarray(Image.fromarray((cover * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))) / np.float32(255)


def relief(height: Array) -> Array:
    """How much light from above and the left a surface catches, around 0."""
    light = np.zeros_like(height)
    light[1:-1, 1:-1] = height[2:, 2:] - height[:-2, :-2] + 0.5 * (height[2:, 1:-1] - height[:-2, 1:-1])
    return light


def dyed(colours: Colours, which: Array, number: Array, chance: np.random.Generator, waver: float) -> Array:
    """(side, side, 3): the colours asked for, each numbered piece a little lighter or darker and warmer or colder."""
    shades = chance.normal(0, waver, (4096, 1)) + chance.normal(0, waver / 2, (4096, 3))
    return np.asarray(colours, np.float32)[which] + shades.astype(np.float32)[number % 4096]


def picture(colours: Array) -> Image.Image:
    """An array in [0, 255] as a picture."""
    return Image.fromarray(colours.clip(0, 255).astype(np.uint8))
