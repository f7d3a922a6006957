"""The calculator: a transposed convolution stamp by stamp, with its numbers, and the unpoolings on the same input."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch

from hub import Curve, Result
from hub.pixels import images
from plugins.autoencoders.unpooling import drawing
from plugins.autoencoders.unpooling.arithmetic import Stamping
from plugins.autoencoders.unpooling.drawing import plain

ROWS = 64  # of the table, at most


def shown(work: Stamping, generator: torch.Generator) -> Iterator[Result]:
    """One stamp after another, then the whole calculation."""
    stills = []
    for count in range(len(work.cells) + 1):
        stills.append(drawing.so_far(work, count))
        yield Result(image=stills[-1], progress=0.9 * (count + 1) / (len(work.cells) + 2))
    pair = work.adjoint(generator)
    yield Result(
        image=drawing.overview(work),
        images=[
            (drawing.stamps(work), "Every stamp at its place; what lies outside the frame is cut off by the padding"),
            (drawing.counts(work), "How many stamps each cell gets" + ("" if even(work) else f": unevenly, {pattern(work)}")),
            (drawing.unpoolings(work.values), "The other decoders: nearest-neighbour unpooling and max unpooling"),
        ],
        curves=along(work),
        table=table(work),
        metrics=figures(work, pair),
        caption=caption(work, pair),
        files={"stamps.webp": images.animation(stills, max(80, min(900, 6000 // len(stills))), back=False, lossless=True)},
        progress=1.0,
    )


def formula(work: Stamping, side: int = 0) -> str:
    """The size of the output along one side, with the numbers put in."""
    n, k = work.values.shape[side], work.kernel.shape[side]
    return f"({n} − 1) × {work.stride} − 2 × {work.padding} + {k} + {work.output_padding} = {work.size[side]}"


def even(work: Stamping) -> bool:
    """Whether every cell far from the border gets as many stamps: where the stride divides the kernel, along both sides."""
    return all(k % work.stride == 0 for k in work.kernel.shape)


def pattern(work: Stamping) -> str:
    """What an uneven overlap makes: stripes where it is uneven along one side only."""
    return "stripes" if any(k % work.stride == 0 for k in work.kernel.shape) else "a checkerboard"


def terms(work: Stamping, row: int, column: int) -> str:
    """A cell's sum, spelt out: value times weight."""
    found = [f"{plain(float(work.values[i, j]))} × {plain(weight)}" for i, j, weight in work.terms(row, column)]
    return " + ".join(found) or "no stamp"


def table(work: Stamping) -> list[dict[str, Any]]:
    """The first cells of the output in reading order, each with what it is the sum of."""
    places = [(r, c) for r in range(work.size[0]) for c in range(work.size[1])][:ROWS]
    return [
        {
            "row": r + 1,
            "column": c + 1,
            "sum": round(float(work.output[r, c]), 6),
            "value × weight": terms(work, r, c),
            "stamps": int(work.counts[r, c]),
        }
        for r, c in places
    ]


def figures(work: Stamping, pair: tuple[float, float]) -> dict[str, float]:
    """Sizes, the overlap, and both sides of the adjoint. pair: those two."""
    return {
        "rows of the output": float(work.size[0]),
        "columns of the output": float(work.size[1]),
        "fewest stamps on a cell": float(work.counts.min()),
        "most stamps on a cell": float(work.counts.max()),
        "⟨conv(y), x⟩ for a random y": pair[0],
        "⟨y, convᵀ(x)⟩ for the same y": pair[1],
    }


def along(work: Stamping) -> dict[str, Curve]:
    """Stamps per cell of a row far from the border, of the kernel's width and of the next wider one that the stride divides."""
    def line(k: int) -> list[float]:
        ones = torch.ones(1, 4 + -(-k // work.stride), dtype=torch.float64), torch.ones(1, k, dtype=torch.float64)
        counts = Stamping(*ones, stride=work.stride).counts[0]
        return [float(n) for n in counts[k : k + 4 * work.stride]]

    k = work.kernel.shape[1]
    other = next(wide for wide in range(k + 1, k + 1 + work.stride) if wide % work.stride == 0)
    return {
        f"kernel {wide} wide": Curve(
            [float(i) for i in range(len(line(wide)))], line(wide), "cell, far from the border", "stamps on it",
            chart=f"Stamps along a row, stride {work.stride}",
        )
        for wide in dict.fromkeys((k, other))
        if line(wide)
    }  # fmt: skip


def caption(work: Stamping, pair: tuple[float, float]) -> str:
    """Size, evenness and the adjoint in three sentences."""
    rows, columns = work.values.shape
    square = rows == columns and work.kernel.shape[0] == work.kernel.shape[1]
    size = formula(work) if square else f"{formula(work)} rows and {formula(work, 1)} columns"
    sides = work.kernel.shape
    least, most = math.prod(k // work.stride for k in sides), math.prod(-(-k // work.stride) for k in sides)
    wide = work.kernel.shape[0 if work.kernel.shape[0] % work.stride else 1]
    overlap = (
        "The stride divides the kernel, so every cell far from the border gets as many stamps."
        if even(work)
        else f"The stride {work.stride} does not divide the kernel's {wide}: far from the border between {least} and {most} "
        f"stamps meet in a cell, in a regular pattern, {pattern(work)}."
    )
    return (
        f"Size: {size}. {overlap} It is the transpose of the convolution: for a random y, ⟨conv(y), x⟩ = {plain(pair[0])} and "
        f"⟨y, convᵀ(x)⟩ = {plain(pair[1])}."
    )
