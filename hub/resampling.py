"""Pictures at other sizes and in other places, with gradients that come back the same each time, on a GPU too.

There, PyTorch adds up the gradients of its own resamplings in whatever order threads come by, and shrinks only as far as a filter
fits the memory of a core. So elsewhere than on a processor the same is computed by matrix products and by indexing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Kernel = Literal["bicubic", "bilinear"]


def resize(pictures: Tensor, size: tuple[int, int], kernel: Kernel = "bicubic") -> Tensor:
    """(B, C, H, W) to (height, width), smoothly both ways: with a filter as wide as a new pixel where it shrinks."""
    if tuple(pictures.shape[-2:]) == tuple(size):
        return pictures
    if pictures.is_cpu:
        return F.interpolate(pictures, size=size, mode=kernel, antialias=True, align_corners=False)
    return by_products(pictures, size, kernel)


def by_products(pictures: Tensor, size: tuple[int, int], kernel: Kernel = "bicubic") -> Tensor:
    """As `resize`: what it does is linear, and one matrix for each direction."""
    down, across = (_matrix(old, new, kernel).to(pictures) for old, new in zip(pictures.shape[-2:], size, strict=True))
    return down @ pictures @ across.T


@lru_cache(maxsize=16)
def _matrix(old: int, new: int, kernel: Kernel) -> Tensor:
    """(new, old): how each new pixel is made of the old ones in its line."""
    return F.interpolate(torch.eye(old)[None, None], size=(new, old), mode=kernel, antialias=True, align_corners=False)[0, 0]


def sample(pictures: Tensor, grid: Tensor) -> Tensor:
    """(B, C, H, W) seen at the places of a grid (B, h, w, 2), bilinear, mirrored outside: `grid_sample`, in its coordinates."""
    if pictures.is_cpu:
        return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return by_indexing(pictures, grid)


def by_indexing(pictures: Tensor, grid: Tensor) -> Tensor:
    """As `sample`: each place is a mean of the four pixels around it, which are looked up."""
    batch, channels, height, width = pictures.shape
    x, y = (_mirrored(grid[..., axis], side) for axis, side in ((0, width), (1, height)))
    left, top = x.floor().long(), y.floor().long()
    right, below = (left + 1).clamp_max(width - 1), (top + 1).clamp_max(height - 1)
    lines = pictures.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
    each = torch.arange(batch, device=pictures.device)[:, None, None]

    def at(row: Tensor, column: Tensor) -> Tensor:
        return lines[each, row * width + column]  # (B, h, w, C)

    across, down = (x - left)[..., None], (y - top)[..., None]
    upper, lower = torch.lerp(at(top, left), at(top, right), across), torch.lerp(at(below, left), at(below, right), across)
    return torch.lerp(upper, lower, down).permute(0, 3, 1, 2)


def _mirrored(at: Tensor, side: int) -> Tensor:
    """From [-1, 1], edge to edge of a line of pixels, to places among their middles, [0, side - 1], mirrored at the edges."""
    along = ((at + 1) * side / 2).remainder(2 * side)
    return (torch.minimum(along, 2 * side - along) - 0.5).clamp(0, side - 1)
