"""The autoencoder of this technique: tiles of a picture -> a code -> the picture, by way of whole numbers.

A picture is cut into tiles of 8 × 8 pixels that do not overlap, for overlap costs bytes. The encoder sees one tile; the decoder
sees the codes of the tiles around it too, so that it can draw lines on across a border where PCA shows a seam.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hub import devices
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._networks import begin
from plugins.autoencoders.compression.planes import LARGEST

SIDE = 8
"""Of a tile, in pixels."""
NUMBERS = 3 * SIDE * SIDE
STEPS = 256
"""Sizes of the quantiser's step that can be told; the first is the coarsest."""
ROUND_UP = 0.4
"""A number is rounded up from 0.6 on: that costs a little likeness and saves more bytes (a dead zone)."""
HEEDED = 0.5  # steps from which on a number is near enough to being told for the error to have a say in it
TRAINED = (-4.0, 1.0)  # binary logarithms of the steps that a codec is trained for
STRENGTHS = (0.0, 0.5, 1.0)
"""How much of what was learnt may be used for a picture; with 0 the codec is PCA."""
FINE = 0.2  # step below which what was learnt fades: the codec ends as PCA
LEAST = 0.003  # mean size of numbers below which they cost nothing less
PRICE = 0.14  # squared error that a bit may save, in squares of the step: ln 4 / 12 = 0.116 in theory, at low rates more


def step_size(index: int) -> float:
    """The quantiser's step, in the unit of a pixel: from 4 down to 1/63, thirty-two of them in an octave."""
    return 4.0 * 2.0 ** (-index / 32)


def tiles(picture: Tensor) -> Tensor:
    """(B, 3, H, W) -> (B, 192, rows, columns), filled up with edge pixels to whole tiles."""
    height, width = picture.shape[-2:]
    return F.pixel_unshuffle(F.pad(picture, (0, -width % SIDE, 0, -height % SIDE), mode="replicate"), SIDE)


def joined(made: Tensor, height: int, width: int) -> Tensor:
    """(B, 192, rows, columns) -> (B, 3, height, width) in [0, 1]."""
    return F.pixel_shuffle(made, SIDE)[..., :height, :width].clamp(0, 1)


def quantised(code: Tensor, step: Tensor | float) -> Tensor:
    """Whole numbers: how many steps each number of the code is long."""
    steps = code / step
    return steps.sign() * (steps.abs() + ROUND_UP).floor()


@dataclass(frozen=True)
class Shape:
    """code: numbers for a tile. width: channels of the decoder's hidden layer."""

    code: int
    width: int


def learnt(step: Tensor, strength: float) -> Tensor:
    """The share of what was learnt that counts at that step, up to 1: fine steps want an exact map back, and PCA's is."""
    return strength * (step / FINE).clamp(max=1)


class Decoder(nn.Module):
    """A code -> tiles: PCA's linear map, one that is learnt, and a correction that looks at the eight tiles around.

    The correction is in units of the quantiser's step: the finer that is, the less there is to mend.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.straight = nn.Conv2d(shape.code, NUMBERS, 1).requires_grad_(False)
        self.tilt = nn.Conv2d(shape.code, NUMBERS, 1, bias=False)
        self.around = nn.Conv2d(shape.code + 1, shape.width, 3)
        self.correction = nn.Conv2d(shape.width, NUMBERS, 1)
        self.register_buffer("deviations", torch.ones(shape.code))

    def forward(self, code: Tensor, step: Tensor, strength: float = 1.0) -> Tensor:
        """code: (B, k, rows, columns), whole steps times the step. step: (B, 1, 1, 1)."""
        size = step.log2().clamp(*TRAINED).expand(-1, 1, *code.shape[-2:])
        seen = torch.cat([code / self.deviations[None, :, None, None], size], 1)
        hidden = F.gelu(self.around(F.pad(seen, (1, 1, 1, 1), mode="replicate")))
        correction = 2 * strength * step * self.correction(hidden)
        return self.straight(code) + learnt(step, strength) * self.tilt(code) + correction

    def picture(self, numbers: np.ndarray, step: float, strength: float, height: int, width: int) -> Tensor:
        """(k, rows, columns) whole numbers -> (1, 3, height, width) in [0, 1]."""
        return joined(self.made(numbers, step, strength), height, width)

    def made(self, numbers: np.ndarray, step: float, strength: float) -> Tensor:
        """(k, rows, columns) whole numbers -> tiles as they are before they are clipped: (1, 192, rows, columns)."""
        where = self.straight.weight.device
        code = torch.from_numpy(numbers).to(where, torch.float32)[None] * step
        with torch.no_grad():
            return self(code, torch.full((1, 1, 1, 1), step, device=where), strength)


class Codec(nn.Module):
    """Encoder and decoder. Untrained it is PCA, exactly."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.straight = nn.Conv2d(NUMBERS, shape.code, 1).requires_grad_(False)
        self.tilt = nn.Conv2d(NUMBERS, shape.code, 1, bias=False)
        self.bend = nn.Sequential(nn.Conv2d(NUMBERS, shape.width, 1), nn.GELU(), nn.Conv2d(shape.width, shape.code, 1))
        self.decoder = Decoder(shape)
        self.register_buffer("mean", torch.zeros(NUMBERS))

    def encode(self, made: Tensor, step: Tensor, strength: float = 1.0) -> Tensor:
        """(B, 192, rows, columns), step: (B, 1, 1, 1) -> (B, k, rows, columns)."""
        centred = made - self.mean[None, :, None, None]
        return self.straight(centred) + learnt(step, strength) * (self.tilt(centred) + self.bend(centred))

    def strength(self, picture: Tensor, step: float) -> int:
        """Which of STRENGTHS costs least for this picture by the estimated bits: one that is like none of those learnt from is
        better off with PCA."""
        with torch.no_grad():
            made, size = tiles(picture), torch.full((1, 1, 1, 1), step, device=picture.device)
            return min(range(len(STRENGTHS)), key=lambda i: float(self.lagrangian(made, size, STRENGTHS[i])))

    def numbers(self, picture: Tensor, step: float, strength: float = 1.0) -> np.ndarray:
        """(1, 3, H, W) -> (k, rows, columns) whole numbers."""
        with torch.no_grad():
            code = self.encode(tiles(picture), torch.full((1, 1, 1, 1), step, device=picture.device), strength)
        return quantised(code, step)[0].clamp(-LARGEST, LARGEST).cpu().numpy().astype(np.int64)

    def lagrangian(self, made: Tensor, step: Tensor, strength: float = 1.0) -> Tensor:
        """What a crop costs: squared error plus the price of its bits; the mean over crops.

        It is divided by the step, which makes it about as large for fine steps as for coarse ones.

        made: (B, 192, rows, columns). step: (B, 1, 1, 1). Whole numbers pass gradients as if they had not been rounded
        (the straight-through estimator, Bengio et al. 2013), but not those that are far from being told.
        """
        code = self.encode(made, step, strength)
        rounded = quantised(code, step)
        passed = rounded * step + (code - code.detach()) * ((code / step).abs() > HEEDED)
        error = (self.decoder(passed, step, strength) - made).square().sum(1).mean((1, 2))
        square = step[:, 0, 0, 0].square()
        return ((error + PRICE * square * bits(code / step)) / square.sqrt()).mean()


def bits(steps: Tensor) -> Tensor:
    """About how many bits a tile takes, (B,), for codes (B, k, rows, columns) in steps of the quantiser.

    It is the entropy of geometric sizes and of signs; the mean size is that of the surroundings, 3 × 3 tiles, as the coder
    counts apart for calm and lively ones. A plane is told by its differences from neighbours where those are smaller. Gradients
    are those of the sizes before rounding, so that what is rounded to 0 stays small.
    """
    whole, smooth = (sizes_left(s) for s in (quantised(steps.detach(), 1.0), steps))
    mean = F.avg_pool2d(smooth + (whole - smooth).detach(), 3, stride=1, padding=1, count_include_pad=False).clamp_min(LEAST)
    entropy = (1 + mean) * (1 + mean).log2() - mean * mean.log2() + mean / (1 + mean)
    return entropy.sum(1).mean((1, 2))


def sizes_left(numbers: Tensor) -> Tensor:
    """How large the numbers are, or where that is less for a plane, their differences from the neighbours before them."""
    before = F.pad(numbers, (1, 0, 1, 0), mode="replicate")
    differences = (numbers - (before[..., 1:, :-1] + before[..., :-1, 1:]) / 2).abs()
    smaller = (differences.mean((0, 2, 3)) < numbers.abs().mean((0, 2, 3)))[None, :, None, None]
    return torch.where(smaller, differences, numbers.abs())


def as_pca(shape: Shape, pca: PCA, generator: torch.Generator) -> Codec:
    """A codec that is PCA: orthonormal components for encoder and decoder, corrections that begin as nothing."""
    with torch.device("meta"):
        made = Codec(shape)
    made.to_empty(device="cpu")
    begin(made, generator)
    components = pca.components[: shape.code].cpu()
    with torch.no_grad():
        made.mean.copy_(pca.mean)
        made.straight.weight.copy_(components[:, :, None, None])
        made.decoder.straight.weight.copy_(components.T[:, :, None, None])
        made.decoder.straight.bias.copy_(pca.mean)
        deviations = pca.variances[: shape.code].sqrt()
        made.decoder.deviations.copy_(deviations.clamp_min(max(1e-3, 1e-3 * float(deviations.max()))))
        for part in (made.tilt, made.bend[-1], made.decoder.tilt, made.decoder.correction):
            part.weight.zero_()
    return made.to(devices.device())


def shipped(decoder: Decoder) -> Decoder:
    """The decoder as it stands in a file: its numbers rounded to 16 bits."""
    return copy.deepcopy(decoder).half().float().requires_grad_(False)
