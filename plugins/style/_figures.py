"""What is said of a painting: how near the style came, as the judge sees it, and how much of the drawing is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from hub import metrics
from hub.pixels import images

TAKEN = "share of the way to the style"
KEPT = f"edge SSIM at {metrics.THUMBNAIL} pixels"


def told(photo: Tensor, result: Tensor, styles: Sequence[tuple[Tensor, float]]) -> dict[str, Any]:
    """Figures and a sentence, as parts of a Result.

    photo, result: (1, 3, H, W) in [0, 1].  styles: pictures and how much each counts; none where a mask says where each belongs.
    """
    before = images.resize(photo, result.shape[-2:]).clamp(0, 1)
    figures = {KEPT: metrics.edge_ssim(result, before, metrics.THUMBNAIL)}
    taken = metrics.style_taken(before, result, styles) if styles else None
    if taken is None:
        return {"metrics": figures}
    falls = f"falls by {taken:.0%}" if taken > 0 else f"rises by {-taken:.0%}"
    return {
        "metrics": {TAKEN: taken, **figures},
        "caption": f"To a second network, which had no part in it, the distance to the style {falls}.",
    }
