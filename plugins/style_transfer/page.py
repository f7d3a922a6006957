"""What comes out: the picture at its size, and what is said of it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hub import Image, metrics
from hub.pixels import images
from plugins.style_transfer.beginnings import Style

KEPT = f"edge SSIM at {metrics.THUMBNAIL} pixels"


def finished(painted: Tensor, photo: Tensor, kept: Tensor | None, size: tuple[int, int]) -> Image:
    """The painting at the size of the result; where a mask is black and no style goes, the photo."""
    return images.to_image(images.resize(painted if kept is None else kept * painted + (1 - kept) * photo, size))


def told(photo: Tensor, result: Tensor, styles: list[Style], masked: bool) -> dict[str, Any]:
    """Figures and a sentence: how near the style came, as the judge sees it, and how much of the drawing is left."""
    before, after = images.resize(photo, result.shape[-2:]).clamp(0, 1), result
    figures = {KEPT: metrics.edge_ssim(after, before, metrics.THUMBNAIL)}
    taken = None if masked else metrics.style_taken(before, after, [(each.picture, float(each.share.mean())) for each in styles])
    if taken is None:
        return {"metrics": figures}
    falls = f"falls by {taken:.0%}" if taken > 0 else f"rises by {-taken:.0%}"
    return {
        "metrics": {"share of the way to the style": taken, **figures},
        "caption": f"To a second network, which had no part in it, the distance to the style {falls}.",
    }
