"""Transformers with fewer tokens from stage to stage, which do not say how they stand: it is read off the number of tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from torch import Tensor

from hub.backbones.tokens import Grid
from hub.errors import ShapeError

STRIDES = (4, 8, 16, 32, 64)  # pixels between tokens
PREFIXES = (0, 1)  # tokens before those of places


@dataclass(frozen=True)
class Pyramid(Grid):
    """Tokens that stand row by row, so many pixels apart. steps: (pixels, tokens before those of places) of each module."""

    steps: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def seen(
        cls, shapes: Mapping[str, Sequence[int]], side: int, larger: Mapping[str, Sequence[int]], more: int
    ) -> Pyramid | None:
        """The pyramid of a network, from what its modules put out for a square picture; None where nothing there is tokens.

        shapes: for `side` pixels. larger: for `more` pixels, where it takes those; what is tokens has a token more a place.
        """
        steps = {}
        for name, shape in shapes.items():
            for stride, prefix in product(STRIDES, PREFIXES) if len(shape) == 3 else ():
                grown = larger.get(name)
                if _rows(shape[1] - prefix, side, side, stride) and (
                    grown is None or grown[1] > shape[1] and _rows(grown[1] - prefix, more, more, stride)
                ):
                    steps[name] = (stride, prefix)
        return cls((1, 1), 0, False, steps) if steps else None

    def places(self, module: str, count: int, height: int, width: int) -> tuple[int, int] | None:
        stride, prefix = self.steps.get(module, (0, 0))
        rows = _rows(count - prefix, height, width, stride) if stride else None
        return (rows, (count - prefix) // rows) if rows else None

    def fold(self, module: str, tokens: Tensor, height: int, width: int) -> Tensor:
        places = self.places(module, tokens.shape[1], height, width)
        if places is None:
            seen = f"{width} x {height} pixels"
            raise ShapeError(f"The tokens of {module} are no rows and columns of {seen}. Choose another layer.")
        return tokens[:, -math.prod(places) :].transpose(1, 2).unflatten(2, places)


def _rows(count: int, height: int, width: int, stride: int) -> int | None:
    """How many rows so many tokens are, where they are places so far apart in a picture of that size; None where they are not.

    What no whole place covers is left out, or filled up to one, on each side; but never filled up on the shorter one alone.

    >>> _rows(12, 100, 128, 32), _rows(16, 100, 128, 32), _rows(15, 100, 128, 32)
    (3, 4, None)
    >>> _rows(72, 66, 70, 8), _rows(72, 70, 66, 8)
    (8, 9)
    """
    (rows, more_rows), (columns, more_columns) = ((side // stride, -(-side // stride)) for side in (height, width))
    mixed = (rows, more_columns) if height <= width else (more_rows, columns)
    sizes = ((rows, columns), (more_rows, more_columns), mixed)
    return next((h for h, w in sizes if h * w == count > 1), None)
