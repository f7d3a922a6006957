"""What restores pictures without a network: total variation, non-local means, wavelets, equations of diffusion, one linear map.

All take and give (1, C, H, W) in [0, 1], about that range.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from plugins.autoencoders._figures import psnr
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._patches import Patches
from plugins.autoencoders._pauses import Work
from plugins.autoencoders.denoising_autoencoder.shrinkage import rows_for
from plugins.autoencoders.denoising_autoencoder.spoiling import filled

Tool = Callable[[Tensor, float], Tensor]
"""(noisy, strength) -> restored."""
WEIGHTS = (0.4, 0.6, 0.8, 1.0, 1.2, 1.5)  # of total variation, times sigma
REACHES = (0.4, 0.5, 0.6, 0.7, 0.8)  # h of non-local means, times sigma
TAKEN_FOR = (0.8, 0.9, 1.0, 1.1, 1.2)  # deviation that wavelets take the noise to have, times sigma
WAVELET, LEVELS = "sym4", 5
SMALL, WAVELET_OF_SMALL = 32, "haar"  # pixels
"""Where a picture is less wide or high than that, the longer wavelet would see little but its edge."""
SHIFTS = ((0, 0), (0, 1), (1, 0), (1, 1))
MOST_BIHARMONIC = 400_000
"""Missing pixels up to which the biharmonic equation is solved: its time grows faster than their number."""


def total_variation(noisy: Tensor, weight: float) -> Tensor:
    """The picture nearest to a noisy one that varies little (Rudin, Osher and Fatemi 1992; Chambolle 2004)."""
    from skimage.restoration import denoise_tv_chambolle

    return _of(denoise_tv_chambolle(_array(noisy), weight=weight, channel_axis=-1), noisy)


def non_local_means(sigma: float) -> Tool:
    """Means over pixels with like surroundings, 5 × 5 within 13 × 13, sigma known; h is the strength (Buades et al. 2005)."""

    def tool(noisy: Tensor, h: float) -> Tensor:
        from skimage.restoration import denoise_nl_means

        sizes = {"patch_size": 5, "patch_distance": 6, "fast_mode": True, "channel_axis": -1}
        return _of(denoise_nl_means(_array(noisy), h=h, sigma=sigma, **sizes), noisy)

    return tool


def wavelets(noisy: Tensor, sigma: float) -> Tensor:
    """Wavelet coefficients made smaller by BayesShrink's thresholds for noise of that deviation, luminance and colours apart.

    Source: Chang et al. 2000. The mean over shifts by a pixel, as one grid of wavelets shows in the result (Coifman and Donoho
    1995, cycle spinning).
    """
    from skimage.restoration import denoise_wavelet

    array = _array(noisy)
    how = {"wavelet": WAVELET if min(array.shape[:2]) >= SMALL else WAVELET_OF_SMALL, "method": "BayesShrink", "mode": "soft"}
    how |= {"sigma": sigma, "rescale_sigma": True, "wavelet_levels": LEVELS}
    how |= {"channel_axis": -1, "convert2ycbcr": array.shape[-1] == 3}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Level value")  # the coarsest see the edge, which is mirrored
        made = [np.roll(denoise_wavelet(np.roll(array, by, (0, 1)), **how), [-n for n in by], (0, 1)) for by in SHIFTS]
    return _of(np.mean(made, axis=0), noisy)


def denoisers(sigma: float) -> dict[str, tuple[Tool, list[float]]]:
    """Name -> (tool, strengths to choose from), for noise of that deviation."""
    return {
        "total variation": (total_variation, [w * sigma for w in WEIGHTS]),
        "non-local means": (non_local_means(sigma), [h * sigma for h in REACHES]),
        "wavelets": (wavelets, [f * sigma for f in TAKEN_FOR]),
    }


def tuned(tool: Tool, strengths: Sequence[float], noisy: Tensor, clean: Tensor) -> Work[tuple[Tensor, float]]:
    """(restored, strength) with the strength that comes nearest to the clean picture, which no use of the tool could know."""
    made = []
    for strength in strengths:
        made.append((tool(noisy, strength), strength))
        yield
    return max(made, key=lambda pair: psnr(pair[0], clean))


def calibrated(tool: Tool, strengths: Sequence[float], noisy: Tensor) -> Work[tuple[Tensor, float]]:
    """(restored, strength) with the strength that best foretells pixels from their neighbours, for want of a clean picture.

    Source: Batson and Royer 2019, J-invariance: one pixel of every 4 × 4 is hidden from the tool and guessed by it, and where
    noise is independent from pixel to pixel, the error against the hidden values is the true error plus the noise's variance.
    """
    hidden = torch.zeros_like(noisy[:, :1])
    hidden[..., 1::4, 1::4] = 1
    if not bool(hidden.any()):
        return tool(noisy, strengths[0]), strengths[0]
    shown = filled(noisy * (1 - hidden), hidden)
    errors = []
    for strength in strengths:
        errors.append((float(((tool(shown, strength) - noisy) * hidden).square().sum()), strength))
        yield
    _, best = min(errors)
    return tool(noisy, best), best


def inpainted(spoiled: Tensor, missing: Tensor) -> Tensor:
    """Missing pixels as `biharmonic` fills them; by diffusion where that cannot be."""
    found = biharmonic(spoiled, missing)
    return filled(spoiled, missing) if found is None else found


def biharmonic(spoiled: Tensor, missing: Tensor) -> Tensor | None:
    """Missing pixels as the smoothest surface through the others, by the biharmonic equation (Damelin and Hoang 2018).

    None where the picture is smaller than the equation's stencil, or where none, all or too many are missing.
    """
    from skimage.restoration import inpaint_biharmonic

    holes = missing[0, 0].cpu().numpy() > 0
    if not 0 < holes.sum() <= MOST_BIHARMONIC or min(holes.shape) < 3 or holes.all():
        return None
    return _of(inpaint_biharmonic(_array(spoiled), holes, channel_axis=-1), spoiled)


def linear_optimum(spoiled: Tensor, kept: Tensor, mean: Tensor, matrix: Tensor, side: int) -> Work[Tensor]:
    """Every patch through the best linear map, overlaps averaged. mean: (D,). matrix: (D, D), of `_linear.restorer`."""

    def through(stack: Tensor) -> Tensor:
        centred = (stack[:, :-1] - mean.reshape(1, -1, side, side)) * stack[:, -1:]
        return (centred.flatten(1) @ matrix.T + mean).reshape(centred.shape)

    return (yield from by_patches(through, torch.cat([spoiled, kept], 1), side))


def principal_components(guessed: Tensor, pca: PCA, side: int, noise: float) -> Work[tuple[Tensor, int]]:
    """(restored, k) of (N, C, H, W): every patch through the k components whose variance in clean patches exceeds the noise's."""
    k, made = max(1, int((pca.variances > noise**2).sum())), []
    for each in guessed.split(1):
        made.append((yield from by_patches(lambda part: pca.through(part, k), each, side)))
    return torch.cat(made), k


def by_patches(function: Callable[[Tensor], Tensor], picture: Tensor, side: int) -> Work[Tensor]:
    """`function` of the patch at every pixel of (1, C, H, W), overlaps averaged; strip by strip, which changes nothing.

    As close together as the network's patches when it restores: so many more take a fraction of a decibel off the error.
    """
    strips, rows = [], rows_for(picture.shape[-1])
    for top in range(0, picture.shape[-2], rows):
        above = min(side - 1, top)
        patches = Patches.of(picture[..., top - above : top + rows + side - 1, :], side, stride=1)
        with torch.no_grad():
            made = patches.joined(function(patches.all()))
        strips.append(made[..., above : above + rows, :])
        yield
    return torch.cat(strips, -2)


def _array(picture: Tensor) -> np.ndarray:
    """(1, C, H, W) -> (H, W, C)."""
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).cpu().numpy())


def _of(array: np.ndarray, like: Tensor) -> Tensor:
    """Back, whatever axes of length 1 a tool left out."""
    made = np.ascontiguousarray(array, dtype=np.float32).reshape(*like.shape[2:], like.shape[1])
    return torch.from_numpy(made).permute(2, 0, 1)[None].to(like.device)
