"""Paintings of what flows: marbled paper, watercolour, and a forest in washes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from hub.world.paintings.brush import Array, clouds, motifs, picture, rough, seams, soft

MARBLED = ((28, 44, 92), (214, 70, 52), (242, 184, 72), (240, 232, 214), (46, 132, 138))
RIM = np.array((46, 44, 50))
PIGMENTS = ((30, 62, 150), (196, 40, 92), (232, 168, 30), (20, 124, 124), (92, 60, 140), (206, 88, 44), (40, 44, 72))
DENSITY = -np.log(np.array(PIGMENTS, np.float32) / 255 * 0.95 + 0.04)
PAPER = np.array((248, 243, 232), np.float32)
FOREST = (
    (16, 40, 36), (24, 64, 48), (40, 94, 56), (74, 126, 60), (122, 160, 74), (176, 194, 104), (208, 222, 160), (206, 228, 224),
)  # fmt: skip
TEAL, CONTOUR, SKY = ((36, 104, 104), (96, 160, 154)), (14, 28, 26), np.array((228, 240, 226), np.float32)


def marbling(side: int, chance: np.random.Generator) -> Image.Image:
    """Paper that was laid on floating colours, combed: bands that were bent and bent again."""
    y, x = np.mgrid[0:side, 0:side] / side
    for _ in range(3):
        fx, fy = chance.uniform(2, 5, 2)
        a, b = (2 * np.pi * chance.uniform(0, 1, 2)).tolist()
        x, y = x + 0.09 * np.sin(2 * np.pi * fy * y + a), y + 0.07 * np.sin(2 * np.pi * fx * x + b)
    rings = np.hypot(x - 0.3, y - 0.4) * 13 + 1.2 * clouds(side, 3, chance)
    colours = np.array(MARBLED)[(np.floor(rings) % len(MARBLED)).astype(int)]
    rim = np.abs(rings - np.round(rings)) < 0.07
    return Image.fromarray(np.where(rim[..., None], RIM, colours).astype(np.uint8))


def watercolour(side: int, chance: np.random.Generator) -> Image.Image:
    """Washes that ran into one another or dried with dark rims, glazed, on paper with a grain."""
    grain, ragged, damp = rough(side, side // 6, chance, 2), rough(side, 11, chance, 5), rough(side, 7, chance, 3)
    amount, area = np.zeros((side, side, 3), np.float32), np.zeros((side, side), int)
    for motif in motifs(side, 8, 0.9, chance):
        here, (one, other) = motif.window, chance.choice(len(PIGMENTS), 2, replace=False)
        inside = np.hypot(motif.u, 1.5 * motif.v) + 0.45 * ragged[here] < 1
        share = (0.5 + 0.7 * motif.u + 0.5 * ragged[here]).clip(0, 1)[..., None]
        wash = (DENSITY[one] * share + DENSITY[other] * (1 - share)) * chance.choice((0.2, 0.4, 0.65, 1.0))
        amount[here] = np.where(inside[..., None], wash, amount[here])
        area[here] = np.where(inside, motif.number, area[here])
    amount = _dried(amount, area, damp, side)
    for motif in motifs(side, 10, 0.9, chance):
        here, thin = motif.window, chance.uniform(2, 5)
        away = np.hypot(motif.u, thin * (motif.v + 0.3 * motif.u**2)) + 0.5 * ragged[here] - 0.9
        glaze = (away < 0) * (0.45 + 0.7 * np.exp(-np.square(away / 0.06)) + 0.3 * ragged[here])
        amount[here] += 0.8 * glaze[..., None] * DENSITY[chance.integers(len(PIGMENTS))] * chance.choice((0, 1, 1))
    bloom = 0.5 + 0.5 * np.tanh(9 * (rough(side, 8, chance, 5) - 0.3))[..., None]
    return picture(PAPER * np.exp(-amount * (1 + 0.3 * grain[..., None] - 0.35 * bloom)) * (1 + 0.04 * grain[..., None]))


def _dried(amount: Array, area: Array, damp: Array, side: int) -> Array:
    """Washes with a dark rim within their edge and dry paper between, but run into one another where it was damp."""
    edge = seams(area, side / 130)
    rim = 1 + 0.9 * (8 * soft(edge, side / 130)).clip(0, 1)[..., None]
    run = np.stack([soft((amount[..., c] / 3).clip(0, 1), side / 45) * 3 for c in range(3)], -1)
    wet = (0.2 + 4 * damp).clip(0, 1)[..., None]
    return wet * run + (1 - wet) * np.where(edge[..., None], np.minimum(amount, 0.08), amount * rim)


def mononoke(side: int, chance: np.random.Generator) -> Image.Image:
    """The depth of an old forest, as a background is painted: washes, dabs like leaves, ferns, contours in fine ink."""
    tone, cold = rough(side, 8, chance, 3), clouds(side, 9, chance)
    shade = (3.5 + 5 * tone).clip(0, 7)
    page = picture(np.array(FOREST, np.float32)[shade.astype(int)])
    for size, count, lift in ((side / 15, 700, -1.3), (side / 22, 1300, -0.2)):
        _leaves(ImageDraw.Draw(page), shade + lift, cold, size, count, chance)
    wash, light = rough(side, 12, chance, 5)[..., None], (1.6 * tone - 0.4).clip(0, 0.85)[..., None]
    far = np.asarray(page, np.float32) * (1 + 0.25 * wash)
    page = picture(far + (SKY - far) * light)
    pen = ImageDraw.Draw(page)
    _leaves(pen, shade + 0.5, cold, side / 32, 1500, chance)
    for x, y in chance.uniform(0, side, (60, 2)):
        _fern(pen, x, y, side * chance.uniform(0.6, 1.2), chance)
    paper = rough(side, 20, chance, 4)[..., None]
    return picture(np.asarray(page, np.float32) * (1 + 0.14 * paper) + 5 * paper)


def _leaves(pen: ImageDraw.ImageDraw, shade: Array, cold: Array, size: float, count: int, chance: np.random.Generator) -> None:
    """Dabs in the shape of leaves, in tufts, the lighter the higher they lie; some have a contour."""
    side = len(shade)
    for x, y in chance.uniform(0, side, (count, 2)):
        here = shade[int(y), int(x)] + chance.normal(0, 0.7)
        colours = TEAL if cold[int(y), int(x)] > 0.45 and 1 < here < 6 else FOREST
        colour = colours[int(np.clip(here / 4 if colours is TEAL else here, 0, len(colours) - 1))]
        angle = -1.2 + 2.2 * cold[int(y), int(x)] + chance.normal(0, 0.5)
        tint = tuple(int(c) for c in (np.array(colour) + chance.normal(0, 8, 3)).clip(0, 255))
        pen.polygon(_leaf(x, y, size * chance.uniform(0.6, 1.3), angle), tint, CONTOUR if chance.random() < 0.3 else None)


def _leaf(x: float, y: float, size: float, angle: float, slim: float = 0.26) -> list[tuple[float, float]]:
    """The outline of a leaf that begins at (x, y) and points along `angle`."""
    along = np.array((0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25))
    across = slim * np.array((0, 0.8, 1, 0.7, 0, -0.7, -1, -0.8))
    c, s = size * np.cos(angle), size * np.sin(angle)
    return list(zip((x + along * c - across * s).tolist(), (y + along * s + across * c).tolist(), strict=True))


def _fern(pen: ImageDraw.ImageDraw, x: float, y: float, side: float, chance: np.random.Generator) -> None:
    """A bent stem with pairs of small leaves, drawn round with ink."""
    angle, turn, step = chance.uniform(-2.6, -0.5), chance.normal(0, 0.07), side / 80
    colour = (*FOREST[2:7], *TEAL)[int(chance.integers(7))]
    for joint in range(14):
        nx, ny = x + step * np.cos(angle), y + step * np.sin(angle)
        pen.line((x, y, nx, ny), CONTOUR, max(1, round(side / 300)))
        for way in (-1.0, 1.0):
            pen.polygon(_leaf(nx, ny, side / 22 * (1 - joint / 15), angle + way * 1.0, 0.2), colour, CONTOUR)
        x, y, angle = nx, ny, angle + turn
