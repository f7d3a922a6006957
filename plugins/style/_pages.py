"""The photo at the size it is worked on, and the pictures that styles are taken from."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from hub import Image
from hub.errors import BadParams
from hub.pixels import images
from hub.world import paintings

LEAST = 48  # no side is worked on below that


def sized(photo: Tensor, side: int) -> tuple[Tensor, tuple[int, int]]:
    """The photo to work on, no larger than it is and no side below LEAST, and the (height, width) of the result."""
    height, width = photo.shape[-2:]
    factor = min(1.0, side / max(height, width))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    return images.resize(photo, (max(LEAST, size[0]), max(LEAST, size[1]))).clamp(0, 1), size


def page_of(size: Sequence[int], side: int) -> tuple[int, int]:
    """A (height, width) brought to a longer side of `side`, each side at least LEAST."""
    factor = side / max(size)
    return max(LEAST, round(size[0] * factor)), max(LEAST, round(size[1] * factor))


def style_page(field: str, given: Image, side: int) -> Tensor:
    """The picture that was given to take a style from, with a longer side of `side`, or its own where that is less:
    (1, 3, H, W).

    Raises BadParams where there is nothing in it to take.
    """
    if min(given.size) < 16:
        raise BadParams(f"{field}: {given.width} × {given.height} pixels hold no style. Give a picture of 16 × 16 or more.")
    height, width = page_of(given.size[::-1], min(max(given.size), side))
    page = images.to_tensor(given.resize((width, height)))
    if float(page.std((2, 3)).max()) < 0.004:
        raise BadParams(f"{field}: it is one flat colour, which has no manner to take. Give a picture with strokes or shapes.")
    return page


def manner_page(name: str, side: int) -> Tensor:
    """The page (1, 3, side, side) of a style by its name in `hub.world.paintings.MANNERS`."""
    return images.to_tensor(paintings.manner(name, side))
