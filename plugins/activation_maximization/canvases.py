"""What is drawn on, how large, and in which steps."""

from __future__ import annotations

import torch
from torch import Tensor

from hub import pixels
from hub.pixels import images, objectives


def coarse_to_fine(size: tuple[int, int], octaves: int) -> list[tuple[int, int]]:
    """Sizes to draw at, each twice the one before, the last in full.

    >>> coarse_to_fine((96, 96), 3)
    [(24, 24), (48, 48), (96, 96)]
    """
    return [(max(8, size[0] >> i), max(8, size[1] >> i)) for i in reversed(range(octaves))]


def canvas_of(
    kind: str, count: int, size: tuple[int, int], generator: torch.Generator, start: Tensor | None
) -> pixels.canvas.Canvas:
    """The canvas of that kind, empty, or with the photo on it (phases begin empty in any case)."""
    if kind == "phases" and start is None:
        return pixels.Phases(count, size, generator)
    start = None if start is None else images.resize(start, size).clamp(0, 1)
    if kind == "pixels":
        return pixels.Pixels(faint_clouds(count, size, generator) if start is None else start)
    return pixels.Fourier(count, size, generator, start)


def faint_clouds(count: int, size: tuple[int, int], generator: torch.Generator, cells: int = 8) -> Tensor:
    """Grey with soft, faint spots of colour: an empty picture that has a slope everywhere. (count, 3, H, W)."""
    light, colour = (torch.randn(count, channels, cells, cells, generator=generator) for channels in (1, 3))
    return images.resize((0.5 + 0.1 * light + 0.05 * colour).to(images.colour_basis().device), size).clamp(0, 1)


def rule_of(canvas: str, onto: bool = False) -> pixels.ascent.Rule:
    """Pixels climb the gradient in steps that get shorter, and in small ones `onto` a photo, so that it stays to be seen;
    spectra need Adam. The rates were chosen by looking."""
    if canvas == "pixels":
        return pixels.Climb(0.004 if onto else 0.02, pixels.gradients.smoothed, settle=0.8)
    return pixels.Adam({"fourier": 0.05, "phases": 0.1}[canvas])


def vignette(size: tuple[int, int]) -> Tensor:
    """Weights (H, W) on the gradient: 1 in the middle, a quarter at the middle of an edge."""
    weight = objectives.bell(size, 0.6)
    return (weight / weight.max()).to(images.colour_basis().device)


def fitted(photo: Tensor, side: int) -> tuple[int, int]:
    """The photo's shape at a longer side of `side`, each side at least 32."""
    height, width = photo.shape[-2:]
    factor = side / max(height, width)
    return max(32, round(height * factor)), max(32, round(width * factor))
