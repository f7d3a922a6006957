"""The network that paints: a photo already in the style's colours goes in, with a code for the style, and the painting comes out.

Source: Johnson et al. 2016, "Perceptual losses for real-time style transfer" (one pass, residual blocks, trained by a loss that
another network feels); Dumoulin et al. 2017, "A learned representation for artistic style" (one network for all styles: the
scale and shift after each instance normalisation are the style); Ghiasi et al. 2017, "Exploring the structure of a real-time,
arbitrary neural artistic stylization network" (they are predicted from the style picture).
Departures: colours are matched before the pass, so that the network need only learn strokes, and paints what is to be added to
the photo; most of it works at an eighth of the size; the style is predicted from the statistics that the embedded network has
of it, and the strength is a number that the code is multiplied with.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CODE, GRAINS = 64, 4
MULTIPLE = 8  # sides are made multiples of it, by repeating the edge

Look = tuple[Tensor, Tensor]
"""What a norm is told of a style: scale and shift, each (B, channels, 1, 1)."""


class Painter(nn.Module):
    """Photos (B, 3, H, W) in [0, 1] and codes (B, CODE) -> paintings (B, 3, H, W), about in [0, 1]. Sides of any length."""

    def __init__(self, fine: int = 48, coarse: int = 128, blocks: int = 5) -> None:
        super().__init__()
        self.enter = Painted(3, 16, 5)
        self.halve = Painted(16, fine // 2, 4, stride=2)
        self.quarter = Painted(fine // 2, fine, 4, stride=2)
        self.eighth = Painted(fine, coarse, 4, stride=2)
        self.grain = nn.Conv2d(GRAINS, coarse, 3, bias=False)
        self.blocks = nn.ModuleList(Block(coarse) for _ in range(blocks))
        self.from_eighth = Painted(coarse + fine, fine, 3)
        self.detail = Block(fine)
        self.from_quarter = Painted(fine + fine // 2, fine // 2, 3)
        self.from_half = Painted(fine // 2 + 16, 16, 3)
        self.leave = nn.Conv2d(16, 3, 5)
        self.affine = nn.Linear(CODE, 2 * sum(norm.channels for norm in self.norms()))
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        nn.init.normal_(self.affine.weight, std=0.1 / CODE**0.5)
        nn.init.zeros_(self.affine.bias)

    def norms(self) -> Iterator[ConditionalNorm]:
        """The norms, in the order in which they are used."""
        return (module for module in self.modules() if isinstance(module, ConditionalNorm))

    def forward(self, photos: Tensor, codes: Tensor, noise: Tensor) -> Tensor:
        """noise: (B, GRAINS, h, w), see `grains`."""
        style, dtype = self.styles(codes), self.leave.weight.dtype
        height, width = photos.shape[-2:]
        x = F.pad(photos, (0, -width % MULTIPLE, 0, -height % MULTIPLE), mode="replicate")
        full = self.enter(((x - 0.5) * 4).to(dtype), style)
        half = self.halve(full, style)
        quarter = self.quarter(half, style)
        y = self.eighth(quarter, style) + self.grain(F.pad(noise.to(dtype), (1,) * 4, mode="replicate"))
        for block in self.blocks:
            y = block(y, style)
        y = self.detail(self.from_eighth(torch.cat([twice(y), quarter], 1), style), style)
        y = self.from_quarter(torch.cat([twice(y), half], 1), style)
        y = self.from_half(torch.cat([twice(y), full], 1), style)
        return photos + self.leave(F.pad(y, (2,) * 4, mode="replicate"))[..., :height, :width].float()

    def styles(self, codes: Tensor) -> Iterator[Look]:
        """A look for one norm after another, from codes (B, CODE)."""
        each = self.affine(codes)[:, :, None, None].split([2 * norm.channels for norm in self.norms()], 1)
        return (look.chunk(2, 1) for look in each)

    def convolutions_to(self, dtype: torch.dtype) -> None:
        """Convolutions in another number format; what the style says stays exact."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.to(dtype)


class ConditionalNorm(nn.Module):
    """Instance normalisation whose scale and shift are the style's."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor, look: Look) -> Tensor:
        """Every channel with mean `shift` and standard deviation 1 + `scale`."""
        points = x.float().permute(0, 2, 3, 1).flatten(1, 2)  # four times as fast as var_mean where channels lie together
        mean, square = (t.mean(1)[:, :, None, None] for t in (points, points * points))
        scale = (1 + look[0].float()) * ((square - mean * mean).clamp_min(0) + 1e-3).rsqrt()
        return torch.addcmul((look[1].float() - mean * scale).to(x.dtype), x, scale.to(x.dtype))


class Painted(nn.Module):
    """A convolution, the style's norm, and what is positive of it."""

    def __init__(self, before: int, after: int, side: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, side, stride, bias=False)
        self.norm = ConditionalNorm(after)
        self.margin = ((side - stride) // 2, side - stride - (side - stride) // 2)

    def forward(self, x: Tensor, style: Iterator[Look]) -> Tensor:
        """(B, before, H, W) -> (B, after, H / stride, W / stride)."""
        return F.relu(self.norm(self.convolution(F.pad(x, self.margin * 2, mode="replicate")), next(style)))


class Block(nn.Module):
    """Two convolutions whose result is added to what came in (He et al. 2015)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Painted(channels, channels, 3)
        self.second = nn.Conv2d(channels, channels, 3, bias=False)
        self.norm = ConditionalNorm(channels)

    def forward(self, x: Tensor, style: Iterator[Look]) -> Tensor:
        """(B, channels, H, W) -> the same shape."""
        return x + self.norm(self.second(F.pad(self.first(x, style), (1,) * 4, mode="replicate")), next(style))


class Predictor(nn.Module):
    """What the embedded network has of a style picture, (B, features) -> a code, (B, CODE)."""

    def __init__(self, features: int, hidden: int = 128) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))
        self.layers = nn.Sequential(nn.Linear(features, hidden), nn.SiLU(), nn.Linear(hidden, CODE))

    def forward(self, seen: Tensor) -> Tensor:
        return F.layer_norm(self.layers((seen - self.mean) / self.std), (CODE,))


def grains(count: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Noise for pictures of (height, width): where they are flat, strokes begin from it. (count, GRAINS, h / 8, w / 8)."""
    height, width = (-(-side // MULTIPLE) for side in size)
    return torch.randn(count, GRAINS, height, width, generator=generator)


def twice(x: Tensor) -> Tensor:
    """Every position four times, (B, C, H, W) -> (B, C, 2H, 2W)."""
    return F.interpolate(x, scale_factor=2, mode="nearest")
