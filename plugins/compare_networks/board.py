"""The contact sheet: a row for each network, a column for each depth; and the same in words and in figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from hub import Image, backbones
from hub.backbones import Layer

WIDE, GAP, TALLEST = 824, 12, 1.25  # pixels of the sheet and between cells; height of a cell at most, over its width
TITLE, LABEL = 30, 24  # pixels of letters: eleven of them are left on a phone
PAPER, INK, QUIET, EMPTY = (250, 249, 247), (28, 27, 26), (92, 88, 83), (236, 233, 228)


@dataclass(frozen=True)
class Cell:
    """One network at one depth. likeness: to the first network at the same depth, by CKA; None where that is not known."""

    network: str
    word: str
    layer: Layer
    picture: Image
    likeness: float | None = None


@dataclass
class Board:
    """What is there so far, in the order in which it was asked for.

    names, words: of the networks and the depths. shape: height and width of a cell's picture, or any two numbers in their ratio.
    """

    names: Sequence[str]
    words: Sequence[str]
    shape: tuple[int, ...]
    cells: list[Cell] = field(default_factory=list)

    def progress(self, more: int = 0) -> float:
        """The share of cells that are there, with `more` of them."""
        return (len(self.cells) + more) / (len(self.names) * len(self.words))

    def page(self, now: Image | None = None) -> Image:
        """The sheet, with empty places for what is to come. now: the cell that is being made, as far as it is."""
        count, total = len(self.words), len(self.names) * len(self.words)
        pictures: list[Image | None] = [*(cell.picture for cell in self.cells), now, *[None] * total][:total]
        if count == 1:  # then networks stand beside each other
            labels, columns = [called(name) for name in self.names], min(total, 2)
            headings = [""] * -(-total // columns)
        else:
            labels = [f"{cell.word}: {cell.layer.name}" for cell in self.cells]
            labels += [self.words[i % count] for i in range(len(labels), total)]
            headings, columns = [called(name) for name in self.names], count
        cells = list(zip(labels, pictures, strict=True))
        rows = [(heading, cells[i * columns : (i + 1) * columns]) for i, heading in enumerate(headings)]
        return sheet(rows, columns, self.shape)

    def gallery(self) -> list[tuple[Image, str]]:
        """Every cell's picture with a sentence."""
        told = [said(cell, first=i < len(self.words)) for i, cell in enumerate(self.cells)]
        return [(cell.picture, words) for cell, words in zip(self.cells, told, strict=True)]

    def table(self) -> list[dict[str, Any]]:
        """A row for each network and depth, with what its layer is."""
        return [
            {
                "network": cell.network,
                "depth": cell.word,
                "layer": cell.layer.name,
                "channels": cell.layer.channels,
                "stride": cell.layer.stride,
                "receptive field": cell.layer.reach or "all",
            }
            | ({} if cell.likeness is None else {"like the first (CKA)": round(cell.likeness, 2) + 0.0})
            for cell in self.cells
        ]


def said(cell: Cell, first: bool) -> str:
    """A cell in a sentence. first: it is of the first network, to which the others are compared."""
    reach = f"sees {cell.layer.reach} pixels across" if cell.layer.reach else "sees the whole picture"
    like = "" if first or cell.likeness is None else f"; like the first network by {cell.likeness:.2f}"
    return f"{called(cell.network)}, {cell.word}: layer {cell.layer.name} of {cell.layer.channels} channels {reach}{like}."


def called(name: str) -> str:
    """What to call a network on the sheet: as the menu does, as far as it is there.

    >>> called("embedded?random"), called("timm/resnet34.a1_in1k"), called("timm/vgg16.tv_in1k?random=3")
    ("Netsee's own, untrained", 'timm/resnet34.a1_in1k', 'VGG-16, untrained 3')
    """
    trained, _, random = name.partition("?random")
    known = backbones.entry(name)
    untrained = f", untrained {random.removeprefix('=')}".rstrip() if name != trained else ""
    return (known.title if known else trained) + untrained


def listed(words: Sequence[str]) -> str:
    """Words in a sentence.

    >>> listed(["early", "middle", "late"])
    'early, middle and late'
    """
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


# ---------------------------------------------------------------- drawn


def sheet(rows: Sequence[tuple[str, Sequence[tuple[str, Image | None]]]], columns: int, shape: tuple[int, ...]) -> Image:
    """Rows of pictures, (heading or "", [(label, picture or None)]): a heading above its row, a label under each picture."""
    width = (WIDE - (columns + 1) * GAP) // columns
    height = round(width * min(TALLEST, shape[0] / shape[1]))
    line, heading = LABEL + GAP, TITLE + GAP if rows[0][0] else 0
    page = Pillow.new("RGB", (WIDE, GAP + len(rows) * (heading + height + line + GAP)), PAPER)
    pen, top = ImageDraw.Draw(page), GAP
    for name, cells in rows:
        pen.text((GAP, top), fitting(name, TITLE, WIDE - 2 * GAP), fill=INK, font=font(TITLE))
        for i, (label, picture) in enumerate(cells):
            left, upper = GAP + i * (width + GAP), top + heading
            pen.rectangle((left, upper, left + width - 1, upper + height - 1), fill=EMPTY)
            if picture is not None:
                scale = min(width / picture.width, height / picture.height)
                size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
                still = picture.resize(size, Pillow.Resampling.LANCZOS)
                page.paste(still, (left + (width - size[0]) // 2, upper + (height - size[1]) // 2))
            pen.text((left, upper + height + 4), fitting(label, LABEL, width), fill=QUIET, font=font(LABEL))
        top += heading + height + line + GAP
    return page


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The face that Pillow brings along."""
    return ImageFont.load_default(size)


def fitting(text: str, size: int, width: int) -> str:
    """As much of a text as has room, its end rather than its beginning left out."""
    if font(size).getlength(text) <= width:
        return text
    while text and font(size).getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
