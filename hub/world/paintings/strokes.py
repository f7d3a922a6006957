"""Paintings made of marks: strokes that follow a flow, dots of pure colour, hatching in ink, thick oil."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from hub.world.paintings.brush import Array, clouds, picture, relief, rough

NIGHT = ((12, 24, 68), (24, 56, 122), (44, 98, 168), (104, 160, 200), (186, 208, 196))
LAMPS = ((250, 232, 150), (246, 196, 62), (224, 142, 30))
GARDEN = ((38, 92, 76), (92, 148, 70), (212, 190, 84), (226, 122, 62), (178, 58, 84), (88, 74, 150))
PAPER, INK = (240, 230, 208), (26, 24, 30)
SUNSET = (
    (36, 32, 84), (74, 44, 118), (150, 54, 110), (220, 76, 70), (246, 138, 60), (252, 196, 92), (250, 228, 170), (64, 132, 160),
)  # fmt: skip


def swirls(side: int, chance: np.random.Generator) -> Image.Image:
    """A night sky of short curved strokes that run around lamps."""
    lamps = chance.uniform(0.08, 0.92, (7, 2)) * side
    reach = chance.uniform(0.07, 0.16, 7) * side
    tone = clouds(side, 5, chance)
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


def dots(side: int, chance: np.random.Generator) -> Image.Image:
    """A garden of small round dots of pure colours, neighbours alike but never the same."""
    tone, warmth = clouds(side, 4, chance), clouds(side, 3, chance)
    page = Image.new("RGB", (side, side), PAPER)
    pen = ImageDraw.Draw(page)
    radius = side / 110
    for x, y in chance.uniform(0, side, (9000, 2)):
        place = 2.5 + 2.4 * tone[int(y), int(x)] + chance.normal(0, 0.55)
        colour = np.array(GARDEN[int(np.clip(place, 0, 5))]) + 40 * warmth[int(y), int(x)] + chance.normal(0, 8)
        r = radius * chance.uniform(0.8, 1.25)
        pen.ellipse((x - r, y - r, x + r, y + r), tuple(int(c) for c in colour.clip(0, 255)))
    return page


def ink(side: int, chance: np.random.Generator) -> Image.Image:
    """Hatching on paper: the darker a place, the more lines, and across each other where it is darkest."""
    tone, bend = clouds(side, 4, chance), clouds(side, 2, chance)
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


def impasto(side: int, chance: np.random.Generator) -> Image.Image:
    """A sunset laid on with a broad brush: thick strokes with the traces of bristles, lit from the side."""
    tone, bend = rough(side, 6, chance, 2), clouds(side, 4, chance)
    page, height = np.full((side, side, 3), SUNSET[1], np.float32), np.zeros((side, side), np.float32)
    for size, count in ((side / 6, 240), (side / 8, 300), (side / 11, 260)):
        for x, y in chance.uniform(0, side, (count, 2)):
            angle = 3 * bend[int(y), int(x)] + chance.normal(0, 0.2)
            hue = 3.6 + 4.6 * tone[int(y), int(x)] + chance.normal(0, 0.8)
            _laid(page, height, (x, y), angle, size * chance.uniform(0.8, 1.2), SUNSET[int(np.clip(hue, 0, 7))], chance)
    light = relief(height)
    return picture(page * (1 + 0.25 * light[..., None].clip(-2, 1)) + 30 * light[..., None].clip(-1, 1.5))


def _laid(
    page: Array,
    height: Array,
    at: tuple[float, float],
    angle: float,
    size: float,
    colour: tuple[int, ...],
    chance: np.random.Generator,
) -> None:
    """One stroke of a broad brush, a little bent, upon what is there: each bristle has its shade, paint is heaped at the rims."""
    side, reach = len(page), size * 0.6
    left, top, right, low = (int(np.clip(c, 0, side)) for c in (at[0] - reach, at[1] - reach, at[0] + reach, at[1] + reach))
    y, x = np.ogrid[top:low, left:right]
    dx, dy = (x - at[0]).astype(np.float32), (y - at[1]).astype(np.float32)
    u = (dx * np.cos(angle) + dy * np.sin(angle)) * 2 / size
    v = (dy * np.cos(angle) - dx * np.sin(angle)) * 2 / size + chance.normal(0, 0.12) * u * u
    half, hairs = 0.36, chance.normal(0, 1, 40)
    hair = np.interp((v / half * 12 + 16).ravel(), np.arange(40), hairs).reshape(v.shape)
    there = (np.abs(v) < half) & (np.abs(u) < 0.85 + 0.1 * hair)
    shade = np.array(colour, np.float32) + chance.normal(0, 10, 3) + 7 * hair[..., None]
    heap = 1.6 * np.abs(v / half) ** 5 + 0.3 * hair + 0.8 * (u > 0) * np.abs(u) ** 4
    page[top:low, left:right] = np.where(there[..., None], shade, page[top:low, left:right])
    height[top:low, left:right] = np.where(there, heap + 0.3 * height[top:low, left:right], height[top:low, left:right])
