"""Sheets of small pictures: rows with names, atoms of a dictionary, a map with thumbnails on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import torch
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont
from torch import Tensor

from hub import Image

PAPER, INK, QUIET = (250, 249, 247), (28, 27, 26), (110, 106, 100)
GAP = 4
WIDE = 960  # pixels, about what a sheet is wide


def picture(pixels: Tensor, scale: int = 1) -> Image:
    """(C, h, w) in [0, 1], C 1 or 3 -> a picture, every pixel `scale` times as large, with hard edges."""
    values = pixels.detach().float().clamp(0, 1).mul(255).round().byte().cpu()
    values = values.expand(3, -1, -1).permute(1, 2, 0).contiguous()
    made = PILImage.fromarray(values.numpy())
    return made.resize((made.width * scale, made.height * scale), PILImage.Resampling.NEAREST) if scale > 1 else made


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The face that Pillow brings along."""
    return ImageFont.load_default(size)


def lettered(text: str) -> str:
    """Text in letters that this face has: x for ×, hyphens for minus signs and dashes."""
    return text.translate({ord("×"): "x", ord("−"): "-", ord("–"): "-"})


def scale_for(side: int, wanted: int) -> int:
    """How many times to enlarge something `side` pixels wide to be about `wanted`, a whole number, at least 1."""
    return max(1, round(wanted / side))


def grid(pictures: Tensor, columns: int, scale: int = 1, gap: int = GAP) -> Image:
    """(N, C, h, w) in [0, 1] -> a sheet, row by row."""
    rows, (height, width) = -(-len(pictures) // columns), (n * scale for n in pictures.shape[-2:])
    sheet = PILImage.new("RGB", (columns * (width + gap) - gap, rows * (height + gap) - gap), PAPER)
    for i, each in enumerate(pictures):
        sheet.paste(picture(each, scale), (i % columns * (width + gap), i // columns * (height + gap)))
    return sheet


def rows(named: Mapping[str, Tensor], scale: int | None = None) -> Image:
    """Rows of pictures, each with its name above: name -> (N, C, h, w) in [0, 1], as many in every row."""
    first = next(iter(named.values()))
    scale = scale or scale_for(first.shape[-1] * len(first), WIDE)
    return stacked({name: grid(pictures, len(pictures), scale) for name, pictures in named.items()})


def stacked(named: Mapping[str, Image], size: int = 20, margin: int = 12) -> Image:
    """Pictures one above the other, each under its name."""
    line = size + 10
    width = max(max(each.width for each in named.values()), *(int(font(size).getlength(name)) for name in named))
    sheet = PILImage.new("RGB", (width + 2 * margin, sum(i.height + line + margin for i in named.values()) + margin), PAPER)
    pen, top = ImageDraw.Draw(sheet), margin
    for name, each in named.items():
        pen.text((margin, top), lettered(name), fill=INK, font=font(size))
        sheet.paste(each, (margin, top + line))
        top += line + each.height + margin
    return sheet


def beside(named: Mapping[str, Image], size: int = 20, margin: int = 12) -> Image:
    """Pictures of about one height next to each other, each under its name."""
    line = size + 10
    pen = ImageDraw.Draw(PILImage.new("RGB", (1, 1)))
    widths = [max(each.width, int(pen.textlength(lettered(name), font(size)))) for name, each in named.items()]
    height = max(each.height for each in named.values()) + line + 2 * margin
    sheet = PILImage.new("RGB", (sum(widths) + margin * (len(widths) + 1), height), PAPER)
    pen, left = ImageDraw.Draw(sheet), margin
    for (name, each), width in zip(named.items(), widths, strict=True):
        pen.text((left, margin), lettered(name), fill=INK, font=font(size))
        sheet.paste(each, (left, margin + line))
        left += width + margin
    return sheet


def below(sheets: Sequence[Image]) -> Image:
    """Sheets one below the other."""
    whole = PILImage.new("RGB", (max(each.width for each in sheets), sum(each.height for each in sheets)), PAPER)
    top = 0
    for each in sheets:
        whole.paste(each, (0, top))
        top += each.height
    return whole


def atoms(weights: Tensor, shape: tuple[int, int, int], columns: int | None = None, scale: int | None = None) -> Image:
    """Rows of a matrix as pictures, each with its largest weight at full strength, 0 as grey: (k, D) -> a sheet."""
    columns = columns or max(1, min(len(weights), round((len(weights) * 1.6) ** 0.5)))
    scale = scale or scale_for(shape[2] * columns, WIDE * 2 // 3)
    return grid(centred(weights.reshape(-1, *shape)), columns, scale)


def centred(values: Tensor) -> Tensor:
    """(N, ...) of any sign -> [0, 1] with 0 at one half, each example by its own largest value."""
    largest = values.abs().flatten(1).amax(1).clamp_min(1e-12).reshape(-1, *[1] * (values.dim() - 1))
    return 0.5 + 0.5 * values / largest


def errors(one: Tensor, other: Tensor, largest: float = 0.25) -> Tensor:
    """Differences as pictures: grey where there is none, black or white where it is `largest` or more; in colour per channel."""
    return (0.5 + 0.5 * (one - other) / largest).clamp(0, 1)


def scatter(
    points: Tensor,
    thumbnails: Tensor | None = None,
    labels: Tensor | None = None,
    side: int = 420,
    shown: int = 120,
) -> Image:
    """Points on a square, as thumbnails where there is room for them and as dots elsewhere, coloured by label.

    points: (N, 2), any scale. thumbnails: (N, C, h, w) in [0, 1]. labels: (N,).
    """
    sheet = PILImage.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(sheet)
    low, high = points.quantile(0.005, 0), points.quantile(0.995, 0)
    places = ((points - low) / (high - low).clamp_min(1e-9)).clamp(0, 1) * (side - 40) + 20
    for i, (x, y) in enumerate(places.tolist()):
        pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=_colour(int(labels[i])) if labels is not None else QUIET)
    taken: list[tuple[float, float]] = []
    if thumbnails is not None:
        scale = scale_for(thumbnails.shape[-1], 22)
        reach = thumbnails.shape[-1] * scale + 4
        for i, (x, y) in enumerate(places.tolist()):
            if len(taken) >= shown:
                break
            if all(abs(x - a) > reach or abs(y - b) > reach for a, b in taken):
                taken.append((x, y))
                small = picture(thumbnails[i], scale)
                corner = int(x - small.width / 2), int(y - small.height / 2)
                if labels is not None:
                    frame = (corner[0] - 2, corner[1] - 2, corner[0] + small.width + 1, corner[1] + small.height + 1)
                    pen.rectangle(frame, fill=_colour(int(labels[i])))
                sheet.paste(small, corner)
    return sheet


COLOURS = (
    (31, 119, 180), (214, 96, 39), (44, 140, 60), (192, 40, 60), (128, 90, 180),
    (130, 80, 60), (210, 90, 170), (90, 90, 90), (150, 150, 20), (20, 150, 170),
)  # fmt: skip


def _colour(label: int) -> tuple[int, int, int]:
    return COLOURS[label % len(COLOURS)]


def spread(count: int, most: int) -> Tensor:
    """At most `most` indices, evenly over `count`."""
    return torch.linspace(0, count - 1, min(count, most)).round().long()
