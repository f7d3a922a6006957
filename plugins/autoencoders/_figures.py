"""How near a restored picture is to the original."""

from __future__ import annotations

import math

from torch import Tensor

from plugins.autoencoders._linear import mean_squared


def psnr(picture: Tensor, original: Tensor) -> float:
    """Peak signal-to-noise ratio in decibels, for values clipped to [0, 1]; 99 where there is no difference to speak of."""
    return decibels(mean_squared(picture.clamp(0, 1), original))


def decibels(error: float) -> float:
    """A mean squared error of values in [0, 1] as PSNR; NaN where it is none."""
    return error if math.isnan(error) else min(99.0, -10 * math.log10(max(error, 1e-30)))


def ssim(pictures: Tensor, originals: Tensor) -> float:
    """Structural similarity (Wang et al. 2004), the mean over pictures: (N, C, h, w) in [0, 1]; 1 where they are the same.

    The window is 7 × 7, or what fits. Pictures less than 3 pixels wide or high have no structure: 1 where equal, else 0.
    """
    from skimage.metrics import structural_similarity

    side = min(7, *(n - (1 - n % 2) for n in pictures.shape[-2:]))
    pairs = zip(pictures.clamp(0, 1).cpu().numpy(), originals.cpu().numpy(), strict=True)
    if side < 3:
        return float(sum((a == b).all() for a, b in pairs)) / len(pictures)
    scores = [structural_similarity(a, b, channel_axis=0, data_range=1.0, win_size=side) for a, b in pairs]
    return float(sum(scores) / len(scores))
