"""How a picture is spoiled: noise on every pixel, parts of it darkened; and a first guess for what is missing."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

Shape = Literal["pixels", "squares", "strokes"]
SQUARE = 8  # pixels of its side
STROKE = (3, 24)
RELAXED = 24
"""Steps by which a guess is smoothed towards the mean of its neighbours."""


@dataclass(frozen=True)
class Spoiling:
    """What is done to a picture.

    sigma: deviation of Gaussian noise, in [0, 1]. share: of the picture that is darkened, on average. shape: of what is.
    stencil: (1, 1, H, W), 1 where the visitor's own picture is damaged; darkening takes its shapes.
    """

    sigma: float = 0.0
    share: float = 0.0
    shape: Shape = "pixels"
    stencil: Tensor | None = None

    @property
    def darkens(self) -> bool:
        return self.share > 0 or self.stencil is not None

    def missing(self, count: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
        """(count, 1, *size), 1 where a picture is darkened."""
        if self.stencil is not None:
            return cut(self.stencil, count, size, generator)
        return darkened(count, size, self.share, self.shape, generator)

    def noisy(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """With Gaussian noise, not clipped, so that its mean is nothing everywhere."""
        if not self.sigma:
            return clean
        return clean + self.sigma * torch.randn(clean.shape, generator=generator).to(clean.device)

    def spoil(self, clean: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(spoiled, missing) of (N, C, H, W): noise, then 0 where it is darkened."""
        noisy = self.noisy(clean, generator)
        if not self.darkens:
            return noisy, torch.zeros_like(clean[:, :1])
        missing = self.missing(len(clean), tuple(clean.shape[-2:]), generator).to(clean.device)  # type: ignore[arg-type]
        return noisy * (1 - missing), missing

    def guessed(self, clean: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(spoiled and filled, missing): what the autoencoder is given."""
        spoiled, missing = self.spoil(clean, generator)
        return filled(spoiled, missing), missing


def darkened(count: int, size: tuple[int, int], share: float, shape: Shape, generator: torch.Generator) -> Tensor:
    """(count, 1, *size) of 0 and 1: pixels, squares or strokes strewn anywhere, that cover `share` on average.

    Overlaps are allowed for: of n places from which a shape covers a pixel, none is taken with probability 1 - share.
    """
    if shape == "pixels" or share >= 1:
        return (torch.rand(count, 1, *size, generator=generator) < share).float()
    if shape == "squares":
        side = max(1, min(SQUARE, *(n // 3 for n in size)))
        return _strewn(count, size, share, (side, side), generator)
    thick, long = max(1, min(STROKE[0], *(n // 3 for n in size))), max(1, min(STROKE[1], *size))
    half = 1 - (1 - share) ** 0.5
    lying, standing = (_strewn(count, size, half, form, generator) for form in ((thick, long), (long, thick)))
    return torch.maximum(lying, standing)


def _strewn(count: int, size: tuple[int, int], share: float, form: tuple[int, int], generator: torch.Generator) -> Tensor:
    places = size[0] + form[0] - 1, size[1] + form[1] - 1
    taken = torch.rand(count, 1, *places, generator=generator) < 1 - (1 - share) ** (1 / (form[0] * form[1]))
    return F.max_pool2d(taken.float(), form, stride=1)


def cut(stencil: Tensor, count: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """`count` pieces of a stencil, each around one of its missing pixels, mirrored at random: (count, 1, *size)."""
    height, width = size
    padded = F.pad(stencil, [width // 2, width - width // 2, height // 2, height - height // 2])[0, 0]
    places = stencil[0, 0].nonzero().cpu()
    chosen = places[torch.randint(len(places), (count,), generator=generator)].tolist()
    pieces = torch.stack([padded[y : y + height, x : x + width] for y, x in chosen])[:, None]
    turned = (torch.rand(count, 2, generator=generator) < 0.5).to(pieces.device)
    pieces = torch.where(turned[:, 0, None, None, None], pieces.flip(-1), pieces)
    return torch.where(turned[:, 1, None, None, None], pieces.flip(-2), pieces)


# ---------------------------------------------------------------- a first guess


def filled(pictures: Tensor, missing: Tensor, relaxed: int = RELAXED) -> Tensor:
    """Missing pixels guessed from those around them: first by a pyramid of means, then by diffusion (Laplace's equation).

    pictures: (N, C, H, W). missing: (N, 1, H, W). What is there is left as it is; where nothing is, all is grey.
    """
    if not bool(missing.any()):
        return pictures
    guess = torch.where(missing > 0, _pulled(pictures * (1 - missing), 1 - missing), pictures)
    for _ in range(relaxed):
        wide = F.pad(guess, (1, 1, 1, 1), "replicate")
        around = wide[..., 1:-1, 2:] + wide[..., 1:-1, :-2] + wide[..., 2:, 1:-1] + wide[..., :-2, 1:-1]
        guess = torch.where(missing > 0, around / 4, guess)
    return guess


def _pulled(summed: Tensor, weight: Tensor) -> Tensor:
    """Means of what is there, from the smallest surroundings that hold anything (Gortler et al. 1996, pull-push)."""
    mean = summed / weight.clamp_min(1e-6)
    if bool((weight > 0).all()):
        return mean
    if max(summed.shape[-2:]) == 1:
        return torch.where(weight > 0, mean, torch.full_like(mean, 0.5))
    coarse = _pulled(*(F.avg_pool2d(t, 2, ceil_mode=True) for t in (summed, weight)))
    below = F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
    return torch.where(weight > 0, mean, below[..., : mean.shape[-2], : mean.shape[-1]])


# ---------------------------------------------------------------- how much noise

LEAST_SIDE = 8
"""Pixels; a smaller picture has too few of the finest wavelets to tell noise by."""


def noise_of(picture: Tensor) -> float:
    """Deviation of the Gaussian noise in a picture, (1, C, H, W), in its own unit: the mean over channels; 0 if it is tiny.

    The median of the finest diagonal wavelet coefficients over 0.6745 (Donoho and Johnstone 1994). Fine texture counts as noise.
    """
    from skimage.restoration import estimate_sigma

    if min(picture.shape[-2:]) < LEAST_SIDE:
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a channel of one value has no coefficients: its deviation is NaN
        found = estimate_sigma(picture[0].cpu().numpy(), channel_axis=0)
    return float(np.nan_to_num(found).mean())
