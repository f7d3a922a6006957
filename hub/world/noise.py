"""Random fields that look like nature: soft noise, cells, and coordinates bent by them. All seeded by the pen."""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.world.pen import Number, Pen


def soft_noise(p: Pen, cells: int, octaves: int = 1, channels: int = 1, gain: float = 0.5) -> Tensor:
    """Smooth noise over the sheet (it does not follow the frame), (B, channels, H, W), roughly N(0, 1) clipped to [-2.5, 2.5].

    cells: lumps along the sheet's side in the first octave; each further octave doubles them at `gain` the height.
    """
    size, total, power = p.x.shape[-1], 0.0, 0.0
    for octave in range(octaves):
        n = min(cells * 2**octave, size)
        total = total + gain**octave * enlarged(torch.randn(p.batch, channels, n + 3, n + 3, generator=p.generator), size)
        power += gain ** (2 * octave)
    return (total / power**0.5 * 1.5).clamp(-2.5, 2.5)


def enlarged(grid: Tensor, size: int) -> Tensor:
    """A (B, C, n + 3, n + 3) grid of knots as a smooth (B, C, size, size) field: a uniform cubic B-spline, as two products of
    matrices."""
    weights = _spline(grid.shape[-1] - 3, size)
    return weights @ grid @ weights.T


@cache
def _spline(n: int, size: int) -> Tensor:
    where = (torch.arange(size) + 0.5) * n / size
    first = where.floor().clamp(max=n - 1)
    t = where - first
    parts = torch.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], 1) / 6
    return torch.zeros(size, n + 3).scatter_(1, first.long()[:, None] + torch.arange(4), parts)


def stretched_noise(p: Pen, cells: tuple[int, int], channels: int = 1) -> Tensor:
    """Noise in the *frame's* coordinates with its own number of lumps along x and y (fur, wood, brushed metal). (B, channels,
    H, W)."""
    nx, ny = cells
    grid = torch.randn(p.batch, channels, ny, nx, generator=p.generator)
    where = torch.cat([wrap(p.x), wrap(p.y)], 1).permute(0, 2, 3, 1)
    return F.grid_sample(grid, where, mode="bicubic", padding_mode="reflection", align_corners=False) * 1.3


def wrap(t: Tensor) -> Tensor:
    """Fold any coordinate into [-1, 1] by reflection."""
    return ((t - 1) % 4 - 2).abs() - 1


def warped(p: Pen, strength: Number, cells: int = 3, octaves: int = 1) -> Pen:
    """The pen with its coordinates bent by soft noise; `strength` in frame units."""
    bend = soft_noise(p, cells, octaves, channels=2)
    return p.bent(p.x + strength * bend[:, :1], p.y + strength * bend[:, 1:])


def cells(p: Pen, jitter: float = 0.85) -> tuple[Tensor, Tensor, Tensor]:
    """Irregular cells (Worley 1996), one to a unit square of the frame: scale the pen to choose their size.

    Returns (edge, centre, id), each (B, 1, H, W): the distance to the nearest edge between cells (0 on it, positive inside),
    the distance to the cell's centre, and a number in [0, 1) that is the same all over a cell, different from its neighbours'.
    """
    ix, iy = p.x.floor(), p.y.floor()
    salt = p.uniform(0, 97)
    nearest = torch.full_like(p.x, 9.0)
    second, name = nearest.clone(), torch.zeros_like(p.x)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            cx, cy = ix + dx, iy + dy
            a, b = hashed(cx, cy, salt), hashed(cx, cy, salt + 31.7)
            px, py = cx + 0.5 + jitter * (a - 0.5), cy + 0.5 + jitter * (b - 0.5)
            d = ((p.x - px).square() + (p.y - py).square()).sqrt()
            closer = d < nearest
            second = torch.where(closer, nearest, torch.minimum(second, d))
            name = torch.where(closer, hashed(cx, cy, salt + 7.3), name)
            nearest = torch.minimum(nearest, d)
    return (second - nearest) * 0.5, nearest, name


def hashed(ix: Tensor, iy: Tensor, salt: Number = 0.0) -> Tensor:
    """A number in [0, 1) from two whole numbers: the same for the same inputs, unrelated for neighbours."""
    return (torch.sin(ix * 127.1 + iy * 311.7 + salt * 74.7) * 43758.547).frac().abs()


def palette(name: Tensor, *colours: Tensor) -> Tensor:
    """A colour per place from a number in [0, 1): `colours` are (B or 1, 3, 1, 1), chosen in equal shares. (B, 3, H, W)."""
    out, share = colours[0].expand(-1, -1, *name.shape[-2:]), 1 / len(colours)
    for i, colour in enumerate(colours[1:], 1):
        out = torch.where(name >= i * share, colour, out)
    return out
