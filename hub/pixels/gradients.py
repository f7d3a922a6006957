"""Gradients of an objective with respect to a picture, whole or in tiles, and what is done to them before a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.backbones import Backbone
from hub.errors import UnsupportedBackbone
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


def joined_gradient(objective: Objective, network: Backbone, picture: Tensor, tile: int = 0) -> tuple[Tensor, Tensor]:
    """As `gradient`, but the objective sees the features of the whole picture at once, gathered tile by tile.

    What is a mean over all positions, such as a style, is then one mean and not one for each tile. A first pass gathers features,
    the objective says how each should change, and a second pass carries that back tile by tile. Features are taken from the
    core of each tile only, with a margin of context around it, so they are those of the whole picture but for what lies
    further away than that. Memory: that of one tile, and the feature maps.
    Raises UnsupportedBackbone where a network's maps do not lie on a regular grid of its strides.
    """
    names = sorted(objective.layers)
    if not names or not tile or max(picture.shape[-2:]) <= tile:
        return _whole(objective, network, picture)
    maps = joined_features(network, names, picture, tile)
    with torch.enable_grad():
        seen = picture.detach().requires_grad_()
        leaves = {name: maps[name].requires_grad_() for name in names}
        value = objective(leaves, seen)
        slope, *wishes = torch.autograd.grad(value.sum(), [seen, *leaves.values()], allow_unused=True)
    slope = torch.zeros_like(picture) if slope is None else slope.clone()
    for cell in _cells(network, names, picture, tile):
        with torch.enable_grad():
            part = picture[cell.window].detach().contiguous(memory_format=torch.channels_last).requires_grad_()
            features = network.features(part, names)
            cores = [features[name][cell.inner(network.layer(name).stride)] for name in names]
            used = [(c, w[cell.outer(network.layer(n).stride)].to(c.dtype))
                    for w, n, c in zip(wishes, names, cores, strict=True) if w is not None]
            if used:
                slope[cell.window] += torch.autograd.grad([c for c, _ in used], part, [w for _, w in used])[0]
    return value.detach(), slope


@torch.no_grad()
def joined_features(network: Backbone, names: Sequence[str], picture: Tensor, tile: int = 0) -> dict[str, Tensor]:
    """The feature maps of a whole picture, in float32, put together from the cores of tiles where it is larger than one.

    Raises UnsupportedBackbone as `joined_gradient` does.
    """
    if not tile or max(picture.shape[-2:]) <= tile:
        return {name: maps.float() for name, maps in network.features(picture, names).items()}
    whole: dict[str, Tensor] = {}
    for cell in _cells(network, names, picture, tile):
        features = network.features(picture[cell.window].contiguous(memory_format=torch.channels_last), names)
        for name in names:
            stride = network.layer(name).stride
            if name not in whole:
                size = (-(-side // stride) for side in picture.shape[-2:])
                whole[name] = picture.new_zeros(len(picture), features[name].shape[1], *size)
            part, place = features[name][cell.inner(stride)], whole[name][cell.outer(stride)]
            if part.shape != place.shape:
                raise UnsupportedBackbone(
                    f"The maps of {network.name} do not fit together tile by tile at {name}. Choose a size that needs no tiles."
                )
            place.copy_(part)
    return whole


@dataclass(frozen=True)
class _Cell:
    """A core of a picture and the window that is looked at for it; all in whole strides, but for the picture's own end."""

    core: tuple[int, int, int, int]  # top, left, bottom, right
    seen: tuple[int, int, int, int]

    @property
    def window(self) -> tuple:
        return ..., slice(self.seen[0], self.seen[2]), slice(self.seen[1], self.seen[3])

    def outer(self, stride: int) -> tuple:
        """Where the core lies in the map of the whole picture."""
        return self._map(self.core, (0, 0), stride)

    def inner(self, stride: int) -> tuple:
        """Where the core lies in the map of the window."""
        return self._map(self.core, self.seen[:2], stride)

    @staticmethod
    def _map(box: tuple[int, int, int, int], origin: tuple[int, int], stride: int) -> tuple:
        top, left, bottom, right = box
        y, x = origin
        rows = slice((top - y) // stride, -(-(bottom - y) // stride))
        return ..., rows, slice((left - x) // stride, -(-(right - x) // stride))


def _cells(network: Backbone, names: Sequence[str], picture: Tensor, tile: int) -> Iterator[_Cell]:
    """Cores that cover the picture once, each with a quarter of a tile of context on every side that has one."""
    stride = max((network.layer(name).stride for name in names), default=1)
    margin = -(-tile // 4 // stride) * stride
    core = max(stride, (tile - 2 * margin) // stride * stride)
    height, width = picture.shape[-2:]
    for top in range(0, height, core):
        for left in range(0, width, core):
            bottom, right = min(top + core, height), min(left + core, width)
            seen = max(0, top - margin), max(0, left - margin), min(height, bottom + margin), min(width, right + margin)
            yield _Cell((top, left, bottom, right), seen)


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
