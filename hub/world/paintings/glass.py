"""Paintings in light: the leaded windows of a dark cathedral, and tubes that glow at night."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from hub.world.paintings.brush import Array, Motif, clouds, dyed, motifs, picture, relief, rough, seams, soft

GLASS = (
    (24, 50, 150), (44, 98, 204), (18, 32, 96), (186, 28, 40), (122, 16, 44), (244, 184, 60), (112, 172, 208), (52, 112, 96),
)  # fmt: skip
STONE = (216, 198, 160), (186, 168, 134), (232, 218, 184)
LEAD = np.array((16, 14, 20), np.float32)
OFTEN = (0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 5, 5, 6, 6, 7)  # how often a pane is of which glass
NIGHT = ((10, 8, 26), (22, 10, 40), (6, 18, 36))
TUBES = ((40, 230, 255), (255, 50, 190), (150, 80, 255), (255, 140, 40), (60, 120, 255))


def gothic(side: int, chance: np.random.Generator) -> Image.Image:
    """Pointed windows and roses of a dark cathedral: deep glass between leads, in ribs of worn stone."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side * 21
    bend = 1.6 * rough(side, 5, chance, 2)
    pane, frame = _quarries(x + bend, y), np.zeros((side, side), int)
    stone = np.zeros((side, side), bool)
    for motif in motifs(side, 4.8, 0.62, chance, 0.35):
        inside, panes, ribs = (_rose if chance.random() < 0.15 else _window)(motif)
        here = motif.window
        pane[here] = np.where(inside, motif.number * 1000 + panes, pane[here])
        stone[here], frame[here] = np.where(inside, ribs, stone[here]), np.where(inside, motif.number, frame[here])
    kind = chance.integers(0, len(OFTEN), 4096)[pane % 4096]
    kind = np.where((frame == 0) & (kind > 10), kind - 6, kind)  # between the windows it is night
    which = np.where(stone, len(GLASS) + pane % 3, np.array(OFTEN)[kind])
    lead = seams(pane, side / 190) | seams(frame, side / 85) | seams(stone, side / 110)
    return picture(_lit(dyed(GLASS + STONE, which, pane, chance, 13), stone, lead, chance))


def _quarries(u: Array, v: Array) -> Array:
    """The numbers of small panes in the shape of lozenges."""
    return (np.floor(u + 0.62 * v) % 64 * 64 + np.floor(u - 0.62 * v) % 64).astype(int)


def _arch(u: Array, v: Array, half: float, foot: float) -> Array:
    """How far inside a pointed arch a place is: below 0 it is outside. It springs at v = 0 and ends at `foot`."""
    across = np.abs(u)
    return np.where(v < 0, 2 * half - np.hypot(across + half, v), np.minimum(half - across, foot - v))


def _window(motif: Motif) -> tuple[Array, Array, Array]:
    """A pointed window: two lancets of small panes under a rose of six petals, in a rib of cut stones."""
    u, v = motif.u, motif.v - 0.35
    deep = _arch(u, v, 0.92, 0.9)
    lancet = _arch(np.abs(u) - 0.35, v + 0.05, 0.31, 0.66)
    ring = np.hypot(u, v + 0.72)
    petal = 101 + np.floor(np.arctan2(v + 0.72, u) * 6 / (2 * np.pi) + 0.25).astype(int) % 6
    lozenge = np.floor(3.4 * u + 2.1 * v) * 7 + np.floor(3.4 * u - 2.1 * v)
    panes = np.where(lancet > 0, 200 + 40 * np.sign(u) + lozenge, 120 + np.sign(u))
    panes = np.where(ring < 0.34, np.where(ring < 0.11, 100, petal), panes)
    ribs = deep < 0.23
    panes = np.where(ribs, 300 + np.sign(u) * 20 + np.floor(v * 3.4), panes)
    return deep > 0, panes.astype(int), ribs


def _rose(motif: Motif) -> tuple[Array, Array, Array]:
    """A round window: a boss, six petals, twelve more around them, in a rim of cut stones."""
    away, angle = np.hypot(motif.u, motif.v) / 0.98, np.arctan2(motif.v, motif.u) / (2 * np.pi)
    inner, outer = (away - rise * np.abs(np.sin(n * np.pi * angle)) for n, rise in ((6, 0.13), (12, 0.08)))
    ring = (away > 0.15).astype(int) + (inner > 0.38) + (outer > 0.7) + (away > 0.83)
    petals = np.array((1, 6, 12, 12, 18))[ring]
    panes = ring * 40 + np.floor(angle * petals + 0.5 * (ring == 3)) % petals
    return away < 1, panes.astype(int), ring == 4


def _lit(colour: Array, stone: Array, lead: Array, chance: np.random.Generator) -> Array:
    """Light through streaked glass, falling off towards the leads; stone that is chipped; leads that are round."""
    side = len(lead)
    streaks, wear = rough(side, 24, chance)[..., None], rough(side, 60, chance, 3)[..., None]
    near = soft(lead, side / 110)[..., None]
    glass = colour * (1.22 - 0.85 * near + 0.6 * streaks) + 45 * np.maximum(0, 0.4 - near + 0.5 * streaks)
    block = colour * (0.98 - 0.65 * near + 0.6 * wear)
    round_ = relief(soft(lead, side / 260))[..., None]
    page = np.where(stone[..., None], block, glass)
    return np.where(lead[..., None], LEAD + 10 * wear - 110 * round_, page + 7 * wear)


def neon(side: int, chance: np.random.Generator) -> Image.Image:
    """Glowing tubes on a dark wall, in bundles that follow a flow, with loops among them."""
    tubes = Image.new("RGB", (side, side))
    pen, (down, along) = ImageDraw.Draw(tubes), np.gradient(clouds(side, 6, chance))
    bend = np.arctan2(-along, down)
    for x, y in _spread(side, 13, chance):
        hue = chance.integers(len(TUBES))
        for line in range(2):
            path = _flowing(x, y + line * side / 40, bend, side / 80, chance.integers(8, 22))
            pen.line(path, TUBES[(hue + (line == 1)) % len(TUBES)], round(side / 150), "curve")
    for x, y in _spread(side, 5, chance):
        hue = chance.integers(len(TUBES))
        for r in side * np.array((0.018, 0.034, 0.05))[: chance.integers(1, 4)]:
            pen.ellipse((x - r, y - r, x + r, y + r), None, TUBES[hue], round(side / 150))
    wall = np.array(NIGHT, np.float32)[(1.5 + 1.5 * rough(side, 5, chance)).astype(int).clip(0, 2)]
    halo = sum(much * _glow(tubes, side / part) for much, part in ((0.9, 130), (0.7, 48), (0.45, 20)))
    core = 360 * np.maximum(0, _glow(tubes, side / 400).max(2, keepdims=True) / 255 - 0.75)
    return picture(wall + 8 * rough(side, 50, chance)[..., None] + halo + 0.5 * np.asarray(tubes) + core)


def _glow(tubes: Image.Image, radius: float) -> Array:
    """The light of the tubes, spread."""
    return np.asarray(tubes.filter(ImageFilter.GaussianBlur(radius)), np.float32)


def _spread(side: int, across: int, chance: np.random.Generator) -> Array:
    """Places in a disturbed grid, `across` along a side."""
    grid = np.stack(np.meshgrid(np.arange(across), np.arange(across)), -1).reshape(-1, 2)
    return (grid + chance.uniform(0, 1, grid.shape)) * side / across


def _flowing(x: float, y: float, bend: Array, step: float, length: int) -> list[tuple[float, float]]:
    """Points along a flow that has the angle `bend`."""
    points, last = [(x, y)], len(bend) - 1
    for _ in range(length):
        angle = bend[int(np.clip(y, 0, last)), int(np.clip(x, 0, last))]
        x, y = x + step * np.cos(angle), y + step * np.sin(angle)
        points.append((x, y))
    return points
