"""How the calculation looks: grids of numbered cells, coloured by the input value that they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image as PILImage
from PIL import ImageDraw
from torch import Tensor

from hub import Image
from plugins.autoencoders._pages import COLOURS, INK, PAPER, QUIET, WIDE, font, lettered, stacked
from plugins.autoencoders.unpooling.arithmetic import Stamping, counted, max_pooled, max_unpooled, nearest

Colour = tuple[int, int, int]
WHITE, LINE, EMPTY = (255, 255, 255), (214, 210, 203), (240, 238, 233)
LEGIBLE = 20  # pixels of a cell below which no number is written
ROOMY = 88  # pixels of a cell from which on its terms are written
TERMS = 4  # at most, in one cell


def plain(value: float) -> str:
    """A number as short as it can be read.

    >>> plain(3.0), plain(-0.5), plain(1 / 3)
    ('3', '−0.5', '0.333')
    """
    return f"{value + 0:.3f}".rstrip("0").rstrip(".").replace("-", "−") if abs(value) < 100 else f"{value:.0f}".replace("-", "−")


def colour(index: int) -> Colour:
    """Of one input value, strong."""
    return COLOURS[index % len(COLOURS)]


def pale(strong: Colour, share: float = 0.28) -> Colour:
    """A colour on white paper."""
    return tuple(round(255 + share * (c - 255)) for c in strong)  # type: ignore[return-value]


@dataclass(frozen=True)
class Sheet:
    """A grid of cells being drawn. rows, columns: how many. cell: side of one, in pixels."""

    rows: int
    columns: int
    cell: int
    image: Image
    pen: ImageDraw.ImageDraw

    @classmethod
    def of(cls, rows: int, columns: int, cell: int) -> Sheet:
        image = PILImage.new("RGB", (columns * cell + 1, rows * cell + 1), PAPER)
        return cls(rows, columns, cell, image, ImageDraw.Draw(image))

    def fill(self, row: int, column: int, shade: Colour, text: str = "", ink: Colour = INK, up: float = 0.0) -> None:
        """One cell. up: how far above its middle the text stands, as a share of its side."""
        x, y = column * self.cell, row * self.cell
        self.pen.rectangle((x, y, x + self.cell, y + self.cell), fill=shade, outline=LINE)
        if text and self.cell >= LEGIBLE:
            face = font(max(9, int(min(0.36 * self.cell, 1.5 * self.cell / len(text), 42))))
            self.pen.text((x + self.cell / 2, y + self.cell * (0.5 - up)), lettered(text), fill=ink, font=face, anchor="mm")

    def frame(self, top: int, left: int, rows: int, columns: int, ink: Colour = INK, width: int = 3) -> None:
        box = (left * self.cell, top * self.cell, (left + columns) * self.cell, (top + rows) * self.cell)
        self.pen.rectangle(box, outline=ink, width=width)


def numbers(values: Tensor, cell: int, shade: Callable[[int, int], Colour], quiet_zeros: bool = False) -> Image:
    """A matrix as a grid. shade: (row, column) -> the colour under a number. quiet_zeros: those on white are faint."""
    sheet = Sheet.of(*values.shape, cell)
    for r in range(sheet.rows):
        for c in range(sheet.columns):
            value = float(values[r, c])
            quiet = quiet_zeros and not value and shade(r, c) == WHITE
            sheet.fill(r, c, shade(r, c), plain(value), LINE if quiet else INK)
    return sheet.image


def cell_for(wanted: int, *sizes: int) -> int:
    """Side of a cell, so that the longest of some grids is at most `wanted` pixels long."""
    return max(6, min(120, wanted // max(sizes)))


# ---------------------------------------------------------------- the transposed convolution


def overview(work: Stamping) -> Image:
    """Input and kernel on the left, the output with its sums on the right, the size in words under them."""
    left = cell_for(240, *work.values.shape, *work.kernel.shape)
    left = min(left, 64)
    wide = work.values.shape[1]
    first = numbers(work.values, left, lambda r, c: pale(colour(r * wide + c), 0.45))
    second = numbers(work.kernel, left, lambda r, c: WHITE)
    third = output(work, cell_for(600, *work.size))
    h, w = work.values.shape
    k, m = work.kernel.shape
    signs = stacked({f"Input, {h} × {w}": first, f"Kernel, {k} × {m}": second})
    result = stacked({f"Output, {work.size[0]} × {work.size[1]}": third})
    steps = f"stride {work.stride}, padding {work.padding}, output padding {work.output_padding}"
    size = f"({h} − 1) · {work.stride} − 2 · {work.padding} + {k} + {work.output_padding} = {work.size[0]}"
    return placed([signs, result], [f"Each value stamps the kernel: {steps}.", f"Size: {size}"])


def placed(parts: list[Image], lines: list[str], gap: int = 24, size: int = 22) -> Image:
    """Pictures side by side, centred, with lines of text under them."""
    lines, line = [lettered(each) for each in lines], size + 10
    along = sum(each.width for each in parts) + gap * (len(parts) - 1)
    width = max(along, *(int(font(size).getlength(each)) for each in lines)) + 2 * gap
    height = max(each.height for each in parts)
    sheet = PILImage.new("RGB", (width, height + len(lines) * line + gap), PAPER)
    left = (width - along) // 2
    for each in parts:
        sheet.paste(each, (left, (height - each.height) // 2))
        left += each.width + gap
    for n, each in enumerate(lines):
        place = width / 2, height + (n + 0.5) * line + 4
        ImageDraw.Draw(sheet).text(place, each, fill=QUIET, font=font(size), anchor="mm")
    return sheet


def output(work: Stamping, cell: int) -> Image:
    """The sums, large; under each its terms, every one in the colour of its input value."""
    rows, columns = work.size
    sheet = Sheet.of(rows, columns, cell)
    for r in range(rows):
        for c in range(columns):
            terms = work.terms(r, c)
            spelt = cell >= ROOMY and 0 < len(terms) <= TERMS
            sheet.fill(r, c, mixed(work, terms), plain(float(work.output[r, c])), up=0.16 if spelt else 0.0)
            if spelt:
                spell(sheet, work, r, c, terms)
    sheet.frame(0, 0, rows, columns)
    return sheet.image


def mixed(work: Stamping, terms: list[tuple[int, int, float]]) -> Colour:
    """The mean of the colours of the input values that meet in a cell."""
    shades = [pale(colour(i * work.values.shape[1] + j), 0.22) for i, j, _ in terms] or [EMPTY]
    return tuple(round(sum(channel) / len(shades)) for channel in zip(*shades, strict=True))  # type: ignore[return-value]


def spell(sheet: Sheet, work: Stamping, row: int, column: int, terms: list[tuple[int, int, float]]) -> None:
    """Value times weight, two in a line, in the lower half of a cell."""
    words = [lettered(f"{plain(float(work.values[i, j]))}·{plain(weight)}") for i, j, weight in terms]
    face = font(max(11, min(17, int(1.7 * sheet.cell / max(len(" + ".join(words[:2])), 6)))))
    lines = [list(range(len(words)))[n : n + 2] for n in range(0, len(words), 2)]
    y = sheet.cell * (row + 0.62 + 0.08 * (len(lines) == 1))
    for line in lines:
        parts = [(" + " if n else "") + words[n] for n in line]
        x = sheet.cell * (column + 0.5) - face.getlength("".join(parts)) / 2
        for n, part in zip(line, parts, strict=True):
            i, j, _ = terms[n]
            sheet.pen.text((x, y), part, fill=colour(i * work.values.shape[1] + j), font=face, anchor="lm")
            x += face.getlength(part)
        y += sheet.cell * 0.18


def so_far(work: Stamping, count: int) -> Image:
    """The whole after `count` stamps, the last of them framed in its colour; the output framed in ink."""
    rows, columns = work.whole
    cell = min(72, cell_for(480, rows, columns))
    sheet, sums = Sheet.of(rows, columns, cell), work.laid(count)
    covered = [[[] for _ in range(columns)] for _ in range(rows)]
    for i, j in work.cells[:count]:
        down, along = work.under(i, j)
        for r in range(down.start, down.stop):
            for c in range(along.start, along.stop):
                covered[r][c].append((i, j, 0.0))
    for r in range(rows):
        for c in range(columns):
            sheet.fill(r, c, mixed(work, covered[r][c]), plain(float(sums[r, c])) if covered[r][c] else "")
    sheet.frame(work.padding, work.padding, *work.size)
    if count:
        i, j = work.cells[count - 1]
        sheet.frame(i * work.stride, j * work.stride, *work.kernel.shape, ink=colour(count - 1), width=4)
    return sheet.image


def stamps(work: Stamping) -> Image:
    """Every stamp on its own, at its place in the whole, the output framed."""
    rows, columns = work.whole
    across = min(len(work.cells), work.values.shape[1] if work.values.shape[1] > 1 else 4)
    cell = min(48, cell_for((WIDE - 24 * across) // across, columns))
    made = {(i, j): stamp(work, i, j, cell) for i, j in work.cells}
    width, height = columns * cell + 1, rows * cell + 1
    title = 30
    down = -(-len(made) // across)
    sheet = PILImage.new("RGB", (across * (width + 24) + 24, down * (height + title + 16) + 16), PAPER)
    pen = ImageDraw.Draw(sheet)
    for n, ((i, j), each) in enumerate(made.items()):
        x, y = 24 + n % across * (width + 24), 12 + n // across * (height + title + 16)
        text = f"{plain(float(work.values[i, j]))} × kernel" if width > 110 else plain(float(work.values[i, j]))
        pen.text((x, y), lettered(text), fill=colour(n), font=font(20 if width > 110 else 14))
        sheet.paste(each, (x, y + title))
    return sheet


def stamp(work: Stamping, i: int, j: int, cell: int) -> Image:
    """One stamp at its place."""
    sheet = Sheet.of(*work.whole, cell)
    values, strong = work.stamp(i, j), colour(i * work.values.shape[1] + j)
    down, along = work.under(i, j)
    for r in range(sheet.rows):
        for c in range(sheet.columns):
            on = down.start <= r < down.stop and along.start <= c < along.stop
            sheet.fill(r, c, pale(strong, 0.4) if on else PAPER, plain(float(values[r, c])) if on else "")
    sheet.frame(work.padding, work.padding, *work.size)
    return sheet.image


def counts(work: Stamping) -> Image:
    """How many stamps lie on each cell: the more, the darker."""
    cell = min(72, cell_for(480, *work.size))
    most = max(1, int(work.counts.max()))

    def shade(r: int, c: int) -> Colour:
        return pale((30, 70, 120), 0.75 * int(work.counts[r, c]) / most)

    return numbers(work.counts.double(), cell, shade)


# ---------------------------------------------------------------- the unpoolings


def unpoolings(values: Tensor) -> Image:
    """Nearest-neighbour unpooling of the input; a picture, its maxima, and both put back where the maxima were."""
    picture, wide = counted(values), values.shape[1]
    pooled, places = max_pooled(picture)
    marks = max_unpooled(pooled, places) > 0
    cell = min(56, cell_for(WIDE // 3, *picture.shape))

    def own(r: int, c: int) -> Colour:
        return pale(colour(r // 2 * wide + c // 2), 0.4)

    def marked(r: int, c: int) -> Colour:
        return own(r, c) if marks[r, c] else WHITE

    top = {
        "Nearest neighbour: each value four times": numbers(nearest(values), cell, own),
        "Max unpooling: back where the maxima were": numbers(max_unpooled(values, places), cell, marked, quiet_zeros=True),
    }
    below = {
        "The picture whose maxima are remembered": numbers(picture, cell, marked),
        "Its own maxima put back: the rest is lost": numbers(max_unpooled(pooled, places), cell, marked, quiet_zeros=True),
    }
    return rows_of([top, below])


def rows_of(rows: list[dict[str, Image]]) -> Image:
    """Captioned pictures in rows, each column as wide as its widest caption."""
    width = max(max(each.width, int(font(18).getlength(name))) for row in rows for name, each in row.items()) + 36
    height = max(each.height for row in rows for each in row.values()) + 54
    sheet = PILImage.new("RGB", (len(rows[0]) * width, len(rows) * height), PAPER)
    pen = ImageDraw.Draw(sheet)
    for down, row in enumerate(rows):
        for across, (name, each) in enumerate(row.items()):
            x, y = across * width + 12, down * height
            pen.text((x, y + 12), name, fill=INK, font=font(18))
            sheet.paste(each, (x, y + 42))
    return sheet
