"""Robustness: before the network sees it, the picture is moved a little at every step, so that only what survives that can grow.

All of jitter, scale and rotation is one resampling to a fixed shape (others change the shape every step, or resample several
times).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.resampling import sample

Move = Callable[[Tensor, torch.Generator], Tensor]
"""How a picture is moved before the network sees it: (B, 3, H, W) and chance -> the same, moved."""


@dataclass(frozen=True)
class Robustness:
    """jitter: in pixels each way. scale: factors from 1 - scale to 1 + scale. rotate: in degrees each way. Each picture its
    own."""

    jitter: float = 6.0
    scale: float = 0.1
    rotate: float = 8.0

    def __call__(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """(B, 3, H, W) -> the same shape, moved; what comes in from outside is mirrored."""
        batch, height, width = pictures.shape[0], pictures.shape[-2], pictures.shape[-1]
        drawn = 2 * torch.rand(batch, 4, generator=generator) - 1
        angle, zoom = drawn[:, 0] * math.radians(self.rotate), 1 + drawn[:, 1] * self.scale
        cos, sin = angle.cos() / zoom, angle.sin() / zoom
        shift_x, shift_y = drawn[:, 2] * 2 * self.jitter / width, drawn[:, 3] * 2 * self.jitter / height
        ratio = height / width
        matrix = torch.stack([torch.stack([cos, -sin * ratio, shift_x], 1), torch.stack([sin / ratio, cos, shift_y], 1)], 1)
        grid = F.affine_grid(matrix.to(pictures.device), list(pictures.shape), align_corners=False)
        return sample(pictures, grid)


@dataclass(frozen=True)
class Mirrored:
    """A margin all around in which the picture goes on as its mirror image, so that the padding of a network does not meet its
    edges; then a shift by up to `jitter` whole pixels each way, so that the network's strides leave no grid.

    No gradient comes back from the margin: what the padding does to it would show in the picture, as a frame."""

    margin: int = 16
    jitter: int = 0

    def __call__(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """(B, 3, H, W) -> (B, 3, H + 2 * margin, W + 2 * margin), narrower margins where a side is shorter than they are."""
        seen = self.still(pictures)
        if not self.jitter:
            return seen
        return seen.roll(torch.randint(-self.jitter, self.jitter + 1, (2,), generator=generator).tolist(), (-2, -1))

    def still(self, pictures: Tensor) -> Tensor:
        """The same without the shift."""
        down, across = (min(self.margin, side - 1) for side in pictures.shape[-2:])
        around, still = (across, across, down, down), pictures.detach()
        seen = F.pad(still, around, mode="reflect") + F.pad(pictures - still, around)
        return seen.contiguous(memory_format=torch.channels_last)
