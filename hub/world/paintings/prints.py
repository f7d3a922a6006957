"""Paintings in pieces: sweets, small square stones, and lines cut in wood."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hub.world.paintings.brush import Array, Motif, dyed, motifs, picture, relief, rough, seams, soft

SWEETS = (
    (250, 92, 160), (38, 196, 200), (255, 214, 64), (138, 84, 214),
    (255, 244, 220), (240, 52, 88), (120, 216, 120), (255, 150, 60),
)  # fmt: skip
SYRUP = np.array((56, 18, 66), np.float32)
STONES = (
    (24, 74, 132), (52, 134, 170), (140, 196, 196), (238, 226, 196), (206, 112, 62), (160, 58, 44), (222, 174, 78), (88, 112, 62),
)  # fmt: skip
GROUT = np.array((62, 54, 50), np.float32)
PAPER, INK, OCHRE = (np.array(c, np.float32) for c in ((238, 226, 198), (24, 20, 20), (184, 76, 44)))


def candy(side: int, chance: np.random.Generator) -> Image.Image:
    """A bag of sweets: lollipops, wavy rings and flowers, outlined, with sugar on them."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    bands = np.floor(14 * (y + 0.05 * np.sin(17 * x + 2) + 0.06 * rough(side, 4, chance))).astype(int) % 32
    piece, colour = bands, bands % 5
    for motif in motifs(side, 5.4, 0.62, chance):
        inside, part, layer = _sweet(motif, chance)
        here, wrapper = motif.window, chance.permutation(len(SWEETS))[:3]
        piece[here] = np.where(inside, motif.number * 1000 + part, piece[here])
        colour[here] = np.where(inside, wrapper[layer % 3], colour[here])
    line = seams(piece, side / 200) | seams(piece // 1000, side / 120)
    near, sugar = soft(line, side / 90), rough(side, 60, chance, 3)[..., None]
    shine = (1.3 - np.abs(near - 0.3) * 12).clip(0, 1)[..., None] * (30 * relief(near) - 0.5).clip(0, 1)[..., None]
    page = dyed(SWEETS, colour, piece, chance, 5) * (1.12 - 0.42 * near[..., None]) + 13 * sugar
    page = page + (255 - page) * 0.7 * shine
    return picture(np.where(line[..., None], SYRUP + 12 * sugar, page))


def _sweet(motif: Motif, chance: np.random.Generator) -> tuple[Array, Array, Array]:
    """(where it is, the numbers of its parts, which of its colours each has): a lollipop, a spiral, rings, or a flower."""
    away, angle = np.hypot(motif.u, motif.v), np.arctan2(motif.v, motif.u) / (2 * np.pi)
    kind, lobes, way = chance.integers(4), int(chance.integers(5, 9)), chance.choice((-1, 1))
    if kind == 0:
        arms = 3 * int(chance.integers(2, 4))
        part = np.floor(angle * arms + way * 2.6 * away**0.8).astype(int) % arms
        return away < 1, np.where(away < 0.1, 90, part), np.where(away < 0.1, 0, part)
    if kind == 1:
        turns = np.floor(3.4 * away + way * angle).astype(int)
        return away < 1, np.where(away > 0.88, 50, turns % 2), np.where(away > 0.88, 2, turns % 2)
    if kind == 2:
        ring = np.floor(4.6 * away * (1 + 0.07 * np.cos(2 * np.pi * lobes * angle))).astype(int)
        return away < 1, ring, ring
    petals = away / (0.72 + 0.28 * np.sqrt(np.abs(np.cos(np.pi * lobes * angle))))
    ring = np.searchsorted((0.26, 0.62), petals)
    return petals < 1, ring * 10 + np.floor(angle * lobes + 0.5).astype(int) % lobes * (ring == 2), ring


def mosaic(side: int, chance: np.random.Generator) -> Image.Image:
    """Small stones set in rows that run around one another, of the colours of a warm sea."""
    stone, colour, tile = np.zeros((side, side), int), np.zeros((side, side), int), side / 36
    wave, size = rough(side, 7, chance, 2), side / 4.2 * 0.9  # of a motif; its stones are alike whatever its own size is
    for motif in motifs(side, 4.2, 0.9, chance):
        away = np.hypot(motif.u, motif.v) * size / tile * (1 + 0.1 * wave[motif.window])
        angle = np.arctan2(motif.v, motif.u) / (2 * np.pi)
        row = np.floor(away).astype(int)
        count = np.where(row == 0, 1, np.round(2 * np.pi * (row + 0.35))).astype(int)
        part = np.floor(angle * count + chance.uniform(0, 1, 99)[row]).astype(int) % count
        rows = chance.permutation(len(STONES))[:4][chance.permutation(np.arange(99) // 2 % 4)]
        here, inside = motif.window, away * tile < size
        stone[here] = np.where(inside, motif.number * 10000 + row * 100 + part, stone[here])
        colour[here] = np.where(inside, rows[row], colour[here])
    grout = seams(stone, side / 190)
    near, grain = soft(grout, side / 220), rough(side, 90, chance, 3)[..., None]
    odd = chance.random(4096)[stone % 4096] < 0.12
    page = dyed(STONES, np.where(odd, stone % len(STONES), colour), stone, chance, 15)
    page = page * (1.1 - 0.35 * near[..., None]) - 130 * relief(near)[..., None] + 14 * grain
    return picture(np.where(grout[..., None], GROUT + 14 * grain, page))


def woodcut(side: int, chance: np.random.Generator) -> Image.Image:
    """A relief print: lines cut side by side, thick where it is dark, thin where it is light, and some of it in ochre."""
    grain, wobble = rough(side, 90, chance, 3), rough(side, 6, chance, 3)
    ink, shape, warm = np.ones((side, side), bool), np.zeros((side, side), int), np.zeros((side, side), bool)
    for motif in motifs(side, 5.5, 0.95, chance):
        away, here = np.hypot(motif.u, 1.7 * motif.v + 0.5 * motif.u**2), motif.window
        inside = away + 0.1 * wobble[here] < 1
        across = away if chance.random() < 0.3 else motif.v + chance.uniform(-0.7, 0.5) * motif.u**2
        dark = 0.5 + 0.42 * motif.u + 0.14 * grain[here] + 0.1 * wobble[here]
        cut = (across * 8 + 0.9 * wobble[here]) % 1 > dark.clip(0.1, 0.9)
        ink[here], shape[here] = np.where(inside, ~cut, ink[here]), np.where(inside, motif.number, shape[here])
        warm[here] = np.where(inside, chance.random() < 0.11, warm[here])
    ink = ink & ~seams(shape, side / 50) | seams(shape, side / 110)
    ink &= grain < 0.75
    paper = np.where(warm[..., None], OCHRE, PAPER) + 10 * grain[..., None]
    return picture(np.where(ink[..., None], INK + 12 * grain[..., None], paper))
