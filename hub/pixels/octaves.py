"""Octaves: work on a picture at several sizes, small to large, carrying over what was added at each."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from hub.pixels import images


def octaves(picture: Tensor, count: int, ratio: float, smallest: int = 32) -> list[Tensor]:
    """The picture at `count` sizes, each `ratio` times the one before, the last at full size; none with a side below
    `smallest`."""
    height, width = picture.shape[-2:]
    sizes = [(round(height / ratio**i), round(width / ratio**i)) for i in range(count)]
    kept = [s for i, s in enumerate(sizes) if i == 0 or min(s) >= smallest]
    return [images.resize(picture, size).clamp(0, 1) for size in reversed(kept)]


def shares(levels: list[Tensor]) -> Iterator[tuple[float, float]]:
    """The span of the work that each octave takes, by its area, as (from, to) in [0, 1]."""
    areas = [float(level.shape[-1] * level.shape[-2]) for level in levels]
    done = 0.0
    for area in areas:
        yield done / sum(areas), (done + area) / sum(areas)
        done += area
