"""Painted pictures whose manner can be taken: strokes that follow a flow, dots of pure colour, hatching in ink, marbled paper.

They are no class of the picture world, so no network was trained on them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

Array = np.ndarray
TWICE = 2  # drawn at twice the size and brought down, so that edges are smooth

NIGHT = ((12, 24, 68), (24, 56, 122), (44, 98, 168), (104, 160, 200), (186, 208, 196))
LAMPS = ((250, 232, 150), (246, 196, 62), (224, 142, 30))
GARDEN = ((38, 92, 76), (92, 148, 70), (212, 190, 84), (226, 122, 62), (178, 58, 84), (88, 74, 150))
PAPER, INK = (240, 230, 208), (26, 24, 30)
MARBLED = ((28, 44, 92), (214, 70, 52), (242, 184, 72), (240, 232, 214), (46, 132, 138))


def painting(name: str, side: int = 384, seed: int = 1) -> Image.Image:
    """A square picture by its name in `PAINTINGS`; the same arguments give the same picture.

    >>> painting("ink", 32).size
    (32, 32)
    """
    drawn = PAINTINGS[name](side * TWICE, np.random.default_rng(seed))
    return drawn.resize((side, side), Image.Resampling.LANCZOS)


def _swirls(side: int, chance: np.random.Generator) -> Image.Image:
    """A night sky of short curved strokes that run around lamps."""
    lamps = chance.uniform(0.08, 0.92, (7, 2)) * side
    reach = chance.uniform(0.07, 0.16, 7) * side
    tone = _clouds(side, 5, chance)
    page = Image.new("RGB", (side, side), NIGHT[1])
    pen = ImageDraw.Draw(page)
    for step, width in ((side // 32, side // 48), (side // 48, side // 90)):
        for x, y in chance.uniform(0, side, (2600, 2)):
            away = np.hypot(*(lamps - (x, y)).T)
            near = int((away / reach).argmin())
            place = away[near] / reach[near] + chance.normal(0, 0.08)
            night = 4.99 * (0.5 + 0.5 * tone[int(y), int(x)]) + chance.normal(0, 0.5)
            colour = LAMPS[int(place * 3)] if 0 <= place < 1 else NIGHT[int(np.clip(night, 0, 4))]
            shade = tuple(int(c) for c in (np.array(colour) + chance.normal(0, 9)).clip(0, 255))
            pen.line(_stroke(x, y, lamps, reach, tone, step), shade, width, "curve")
    for (x, y), r in zip(lamps, reach / 5, strict=True):
        pen.ellipse((x - r, y - r, x + r, y + r), LAMPS[0])
    return page


def _stroke(x: float, y: float, lamps: Array, reach: Array, tone: Array, step: float) -> list[tuple[float, float]]:
    """Points that follow the flow: around the lamps where they are near, along the clouds elsewhere."""
    points, last = [(x, y)], len(tone) - 1
    for _ in range(4):
        across = np.array([x, y]) - lamps
        pull = np.exp(-np.square(across).sum(1) / (2 * (1.6 * reach) ** 2))[:, None]
        turn = (pull * across / (np.hypot(*across.T)[:, None] + 1e-6)).sum(0)
        angle = 1.6 * tone[int(np.clip(y, 0, last)), int(np.clip(x, 0, last))]
        way = np.array([-turn[1], turn[0]]) * 2 + (np.cos(angle) * 0.6, np.sin(angle) * 0.6)
        x, y = np.array([x, y]) + step / 2 * way / (np.hypot(*way) + 1e-6)
        points.append((float(x), float(y)))
    return points


def _dots(side: int, chance: np.random.Generator) -> Image.Image:
    """A garden of small round dots of pure colours, neighbours alike but never the same."""
    tone, warmth = _clouds(side, 4, chance), _clouds(side, 3, chance)
    page = Image.new("RGB", (side, side), PAPER)
    pen = ImageDraw.Draw(page)
    radius = side / 110
    for x, y in chance.uniform(0, side, (9000, 2)):
        place = 2.5 + 2.4 * tone[int(y), int(x)] + chance.normal(0, 0.55)
        colour = np.array(GARDEN[int(np.clip(place, 0, 5))]) + 40 * warmth[int(y), int(x)] + chance.normal(0, 8)
        r = radius * chance.uniform(0.8, 1.25)
        pen.ellipse((x - r, y - r, x + r, y + r), tuple(int(c) for c in colour.clip(0, 255)))
    return page


def _ink(side: int, chance: np.random.Generator) -> Image.Image:
    """Hatching on paper: the darker a place, the more lines, and across each other where it is darkest."""
    tone, bend = _clouds(side, 4, chance), _clouds(side, 2, chance)
    page = Image.new("RGB", (side, side), PAPER)
    pen = ImageDraw.Draw(page)
    for turn, least in ((0.8, -0.35), (2.2, 0.1), (1.5, 0.45)):
        for x, y in chance.uniform(0, side, (5200, 2)):
            here = tone[int(y), int(x)]
            if here < least:
                continue
            angle = turn + 0.7 * bend[int(y), int(x)]
            dx, dy = side / 44 * np.cos(angle), side / 44 * np.sin(angle)
            pen.line((x - dx, y - dy, x + dx, y + dy), INK, round(side / 260 * (1 + max(0.0, here))))
    return page


def _marbling(side: int, chance: np.random.Generator) -> Image.Image:
    """Paper that was laid on floating colours, combed: bands that were bent and bent again."""
    y, x = np.mgrid[0:side, 0:side] / side
    for _ in range(3):
        fx, fy = chance.uniform(2, 5, 2)
        a, b = (2 * np.pi * chance.uniform(0, 1, 2)).tolist()
        x, y = x + 0.09 * np.sin(2 * np.pi * fy * y + a), y + 0.07 * np.sin(2 * np.pi * fx * x + b)
    rings = np.hypot(x - 0.3, y - 0.4) * 13 + 1.2 * _clouds(side, 3, chance)
    colours = np.array(MARBLED)[(np.floor(rings) % len(MARBLED)).astype(int)]
    rim = np.abs(rings - np.round(rings)) < 0.07
    return Image.fromarray(np.where(rim[..., None], np.array(INK) + 20, colours).astype(np.uint8))


def _clouds(side: int, cells: int, chance: np.random.Generator) -> Array:
    """(side, side) in [-1, 1]: smooth noise of about that many cells each way."""
    coarse = Image.fromarray(chance.uniform(-1, 1, (cells + 2, cells + 2)).astype(np.float32))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
    return (smooth / np.abs(smooth).max()).clip(-1, 1)


PAINTINGS: dict[str, Callable[[int, np.random.Generator], Image.Image]] = {
    "swirls": _swirls, "dots": _dots, "ink": _ink, "marbling": _marbling}
