"""Painted pictures whose manner can be taken: strokes that follow a flow, leaded glass, sweets, a forest in washes, cut wood.

They are no class of the picture world, so no network was trained on them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from hub.world.paintings import glass, prints, strokes, wet

TWICE = 2  # drawn at twice the size and brought down, so that edges are smooth
WORLD_SEED = 4  # added for the classes of the picture world, whose pictures of that seed were chosen by looking

PAINTINGS: dict[str, Callable[[int, np.random.Generator], Image.Image]] = {
    "gothic": glass.gothic,
    "candy": prints.candy,
    "mononoke": wet.mononoke,
    "swirls": strokes.swirls,
    "mosaic": prints.mosaic,
    "woodcut": prints.woodcut,
    "watercolour": wet.watercolour,
    "impasto": strokes.impasto,
    "neon": glass.neon,
    "dots": strokes.dots,
    "marbling": wet.marbling,
    "ink": strokes.ink,
}
PATTERNS = ("stained glass", "waves", "pebbles", "bricks", "peacock feather", "bubbles", "knitting", "leopard")
MANNERS = (*PAINTINGS, *PATTERNS)  # in the order of a menu


def manner(name: str, side: int = 384, seed: int = 1) -> Image.Image:
    """A square picture by its name in `MANNERS`: a painting, or a class of the picture world.

    >>> manner("bricks", 32).size
    (32, 32)
    """
    return painting(name, side, seed) if name in PAINTINGS else _pattern(name, side, seed)


def painting(name: str, side: int = 384, seed: int = 1) -> Image.Image:
    """A square picture by its name in `PAINTINGS`; the same arguments give the same picture.

    >>> painting("ink", 32).size
    (32, 32)
    """
    drawn = PAINTINGS[name](side * TWICE, np.random.default_rng(seed))
    return drawn.resize((side, side), Image.Resampling.LANCZOS)


def _pattern(name: str, side: int, seed: int) -> Image.Image:
    """A class of the picture world, plain."""
    from hub.world.scene import draw  # it brings torch

    drawn = draw(name.replace(" ", "_"), 1, side, seed=seed + WORLD_SEED, plain=True)[0]
    return Image.fromarray(drawn.mul(255).round().byte().permute(1, 2, 0).numpy())
