"""Gradients of an objective with respect to a picture, whole or in tiles, and what is done to them before a step."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.backbones import Backbone
from hub.pixels.objectives import Objective


def gradient(objective: Objective, network: Backbone, picture: Tensor, tile: int = 0) -> tuple[Tensor, Tensor]:
    """Values (B,) and the gradient (B, 3, H, W) of their sum at `picture`.

    tile: side of the tiles for pictures that are larger than that, 0 for never. Tiles overlap, and where they do their
    gradients are averaged with weights that fade towards each edge, so no seam can form; memory is that of one tile.
    """
    if not tile or max(picture.shape[-2:]) <= tile:
        return _whole(objective, network, picture)
    total, weights = torch.zeros_like(picture), torch.zeros_like(picture[:1, :1])
    value = torch.zeros(len(picture), device=picture.device)
    area = 0
    for top, left, height, width in tiles(picture.shape[-2], picture.shape[-1], tile, overlap=tile // 4):
        window = (..., slice(top, top + height), slice(left, left + width))
        v, g = _whole(objective, network, picture[window].contiguous(memory_format=torch.channels_last))
        fade = _fade(height, tile // 4)[:, None] * _fade(width, tile // 4)[None]
        fade = fade.to(picture.device)
        total[window] += g * fade * (height * width)  # a tile's objective is a mean over its own area
        weights[window] += fade
        value, area = value + v * height * width, area + height * width
    return value / area, total / weights / (picture.shape[-1] * picture.shape[-2])


def _whole(objective: Objective, network: Backbone, picture: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        seen = picture.detach().requires_grad_()
        value = objective(network.features(seen, sorted(objective.layers)), seen)
        (slope,) = torch.autograd.grad(value.sum(), seen)
    return value.detach(), slope


def tiles(height: int, width: int, side: int, overlap: int) -> Iterator[tuple[int, int, int, int]]:
    """(top, left, height, width) of tiles of one size that cover a picture, neighbours sharing at least `overlap` pixels.

    >>> list(tiles(10, 16, 10, 2))
    [(0, 0, 10, 10), (0, 6, 10, 10)]
    """
    for top in _starts(height, side, overlap):
        for left in _starts(width, side, overlap):
            yield top, left, min(side, height), min(side, width)


def _starts(length: int, side: int, overlap: int) -> list[int]:
    if length <= side:
        return [0]
    count = -(-(length - overlap) // (side - overlap))
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def _fade(length: int, margin: int) -> Tensor:
    ramp = (torch.arange(length) + 0.5) / max(1, margin)
    return torch.minimum(ramp, ramp.flip(0)).clamp(0.02, 1)


def laplacian_normalised(slope: Tensor, levels: int = 4) -> Tensor:
    """Give every scale of detail the same strength: a Laplacian pyramid whose levels are divided by their own spread.

    (B, 3, H, W) -> the same shape, standard deviation 1. Source: the Laplacian pyramid gradient normalisation of the 2015
    DeepDream notebook. Departure: the grid of strided convolutions, which the finest level would show, is taken out first.
    """
    detail, low = [], without_grid(slope)
    for _ in range(levels):
        if min(low.shape[-2:]) < 8:
            break
        down = F.avg_pool2d(low, 2, ceil_mode=True)
        up = F.interpolate(down, size=low.shape[-2:], mode="bilinear", align_corners=False)
        detail.append(low - up)
        low = down
    out = spread_one(low)
    for level in reversed(detail):
        out = F.interpolate(out, size=level.shape[-2:], mode="bilinear", align_corners=False) + spread_one(level)
    return spread_one(out)


def smoothed(slope: Tensor) -> Tensor:
    """The gradient as it is, but for its grid, at root mean square 1. (B, 3, H, W) -> the same shape."""
    return spread_one(without_grid(slope))


def without_grid(slope: Tensor) -> Tensor:
    """A gradient without what alternates from pixel to pixel: strided convolutions leave such a grid in it.

    (B, 3, H, W) -> the same shape. A 3 x 3 binomial filter, which is zero at the highest frequency.
    """
    bell = slope.new_tensor([1.0, 2.0, 1.0]) / 4
    window = torch.outer(bell, bell).expand(3, 1, 3, 3)
    return F.conv2d(F.pad(slope, (1, 1, 1, 1), mode="replicate"), window, groups=3)


def spread_one(t: Tensor) -> Tensor:
    """Each picture of a batch divided by its own root mean square."""
    return t / t.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
