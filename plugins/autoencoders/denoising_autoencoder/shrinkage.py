"""The denoising autoencoder itself: overlapping patches in principal components, of which a learnt gate lets some pass."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from plugins.autoencoders._linear import PCA
from plugins.autoencoders._pauses import Work

HIDDEN = 64
STRIDE = 4
"""From one patch to the next while it learns; every pixel has a patch of its own when a picture is restored at its best."""
STRIP, LOWEST = 48_000, 32  # pixels of a picture, and rows, that are restored at a time
REACH = 2
"""Sides of a patch above and below a strip that are looked at too: patches reach as far as one, and theirs as far again."""
FINE, FINE_ALONE, COARSE = 0.05, 1.0, 5.0
"""How fast atoms (of overlapping patches, of one that is alone) and the gate's own thresholds learn, against the rate: all are
Adam's to move, and these differ in scale."""
SLOPE, LOFT = 1.5, 0.9
"""A gate begins as sigmoid(SLOPE (|c| / s - 1 - LOFT s / deviation)), near BayesShrink's soft threshold."""
CLEAR = 30.0
"""A component of so many times the noise's variance passes from the start."""
LOUDEST = 10.0


class Shrinkage(nn.Module):
    """`decode(encode(pictures))`: an over-complete code, as many numbers for each patch as it has, most of them near 0.

    pca: of clean patches, (C, side, side) each. noise: deviation of what is to be removed, in [0, 1].
    alone: pictures are as small as one patch, which has no neighbours then to be averaged with.

    Encoder and decoder begin as PCA, and the gate as a shrinkage of each component by itself, so that it restores before it
    has learnt: by size where patches overlap; where one is alone, by v / (v + noise^2) of its variance v, which is Wiener's
    filter, the best linear map. What is learnt: the atoms, the thresholds, and a correction that sees a whole patch.
    Source: Vincent et al. 2010 for the task; Chang et al. 2000 (BayesShrink) for the beginning; Hel-Or and Shaked 2008 for
    shrinkage that is learnt through the overlap. Departure: a number's gain depends on its neighbours in the code too.
    """

    start: Tensor
    middle: Tensor

    def __init__(
        self, pca: PCA, shape: tuple[int, int, int], noise: float, generator: torch.Generator, alone: bool = False
    ) -> None:
        super().__init__()
        numbers, self.side, self.noise, self.alone = math.prod(shape), shape[-1], noise, alone
        self.reach, self.steepness, self.fine = (0, 0.0, FINE_ALONE) if alone else (self.side - 1, SLOPE, FINE)
        spread = pca.variances.float().to(pca.components.device).clamp_min(1e-10)
        offset = -SLOPE * (1 + LOFT * (noise / spread.sqrt()).clamp_max(3))
        self.register_buffer("start", pca.components.reshape(numbers, *shape).contiguous(memory_format=torch.channels_last))
        mean = pca.mean.reshape(shape)
        self.register_buffer("middle", mean if alone else mean.mean((1, 2), keepdim=True))
        offset = (spread / noise**2).log() if alone else torch.where(spread > CLEAR * noise**2, torch.ones_like(offset), offset)
        self.register_buffer("offset", offset[:, None, None])
        drawn = torch.randn(HIDDEN, numbers, 1, 1, generator=generator) / math.sqrt(numbers)
        holes = torch.randn(HIDDEN, 1, self.side, self.side, generator=generator) / self.side
        self.analysis, self.synthesis = (nn.Parameter(torch.zeros_like(self.start)) for _ in range(2))
        self.slope, self.lift = (nn.Parameter(torch.zeros_like(self.offset)) for _ in range(2))
        self.look, self.look_at_holes = nn.Parameter(drawn.to(self.start.device)), nn.Parameter(holes.to(self.start.device))
        self.bias = nn.Parameter(torch.zeros(HIDDEN, device=self.start.device))
        self.correct = nn.Parameter(torch.zeros(numbers, HIDDEN, 1, 1, device=self.start.device))

    def encode(self, pictures: Tensor, missing: Tensor, stride: int = 1) -> Tensor:
        """The code of every patch, shrunk: (N, C, H, W) and (N, 1, H, W) -> (N, C side^2, rows, columns).

        missing: 1 where a pixel had to be guessed. Patches reach over the edge, so that every pixel is in as many.
        """
        around, holes = mirrored(pictures - self.middle, self.reach), mirrored(missing, self.reach)
        code = F.conv2d(around, self.start + self.fine * self.analysis, stride=stride)
        loud = (code / self.noise).abs()
        hidden = F.conv2d(torch.log1p(loud.square()), self.look, self.bias)
        hidden = hidden + F.conv2d(holes, self.look_at_holes, stride=stride)
        own = (self.steepness + COARSE * self.slope) * loud.clamp_max(LOUDEST) + self.offset + COARSE * self.lift
        return code * torch.sigmoid(own + F.conv2d(F.relu(hidden), self.correct))

    def decode(self, code: Tensor, size: tuple[int, int], stride: int = 1) -> Tensor:
        """What the patches of a code make together, the mean where they overlap: (N, C, *size)."""
        reach, shared = self.reach, 1.0 if self.alone else (stride / self.side) ** 2
        summed = F.conv_transpose2d(code, self.start + self.fine * self.synthesis, stride=stride)
        short = [max(0, reach + n - m) for n, m in zip(size, summed.shape[-2:], strict=True)]
        summed = F.pad(summed, [0, short[1], 0, short[0]])
        return summed[..., reach : reach + size[0], reach : reach + size[1]] * shared + self.middle

    def forward(self, pictures: Tensor, missing: Tensor, stride: int = STRIDE) -> Tensor:
        return self.decode(self.encode(pictures, missing, stride), tuple(pictures.shape[-2:]), stride)  # type: ignore[arg-type]

    def restore(self, pictures: Tensor, missing: Tensor, stride: int = 1) -> Work[Tensor]:
        """The same with a patch at every pixel, strip by strip, which takes little memory and changes nothing."""
        height, strips, reach, rows = pictures.shape[-2], [], REACH * self.side, rows_for(pictures.shape[-1])
        for top in range(0, height, rows):
            above = min(reach, top)
            part = slice(top - above, top + rows + reach)
            with torch.no_grad():
                made = self(pictures[..., part, :], missing[..., part, :], stride)
            strips.append(made[..., above : above + rows, :])
            yield
        return torch.cat(strips, -2)

    def atoms(self) -> Tensor:
        """What each number of the code adds to a picture: (C side^2, C, side, side)."""
        return (self.start + self.fine * self.synthesis).detach()


def rows_for(width: int) -> int:
    """Rows of a strip of a picture, a multiple of `STRIDE`, so that strips are cut into patches as the whole is.

    >>> rows_for(512), rows_for(2048), rows_for(30)
    (92, 32, 1600)
    """
    return max(LOWEST, STRIP // width // STRIDE * STRIDE)


def mirrored(pictures: Tensor, reach: int) -> Tensor:
    """With `reach` more pixels on every side, mirrored, so that noise there is as fine as within; or repeated."""
    return F.pad(pictures, [reach] * 4, "reflect" if min(pictures.shape[-2:]) > reach else "replicate")
