"""Tilings, bands and colours that patterns share."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from hub.world import noise
from hub.world.pen import BLACK, WHITE, Pen

TURN = 2 * math.pi


def tiled(p: Pen, width: float = 2.0, height: float = 2.0, shift: float = 0.0) -> tuple[Pen, Tensor, Tensor]:
    """The plane cut into tiles: (a pen centred in each tile, the tile's column, its row). Odd rows move by `shift` tiles."""
    row = (p.y / height + 0.5).floor()
    x = p.x / width + shift * (row % 2)
    column = (x + 0.5).floor()
    return p.bent((x - column) * width, p.y - row * height), column, row


def rows(p: Pen, width: float, height: float, shift: float, upward: bool = True) -> Iterator[tuple[Pen, Tensor, Tensor]]:
    """Tiles that may reach over one row up and down, back to front; the upper rows lie over the lower ones, or the reverse."""
    middle = (p.y / height + 0.5).floor()
    for step in (1, 0, -1) if upward else (-1, 0, 1):
        row = middle + step
        x = p.x / width + shift * (row % 2)
        column = (x + 0.5).floor()
        yield p.bent((x - column) * width, p.y - row * height), column, row


def smooth(low: float, high: float, t: Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, smoothly between (a cubic)."""
    t = ((t - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def contrast(p: Pen) -> tuple[Tensor, Tensor]:
    """A light and a dark colour that go together; black and white now and then."""
    light, dark = p.colour(saturation=(0, 0.7), value=(0.8, 1)), p.colour(saturation=(0.3, 1), value=(0.08, 0.5))
    plain = p.chance(0.3) > 0
    return torch.where(plain, WHITE, light), torch.where(plain, BLACK, dark)


def fine(p: Pen, strength: float = 0.06, cells: int = 40) -> Tensor:
    """A factor close to 1 that gives a surface some grain."""
    return 1 + strength * noise.soft_noise(p, cells, octaves=2)


def to_multiple(t: Tensor, period: float) -> Tensor:
    """Distance to the nearest multiple of `period`."""
    return (t - period * torch.round(t / period)).abs()
