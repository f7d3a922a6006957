"""Transposed convolution and the two unpoolings on a handful of numbers, spelt out so that every term can be shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from hub.errors import BadParams

MOST = 8  # rows and columns of what may be typed
LARGEST = 9999.0  # of a typed number, so that sums can be read


def matrix(text: str, field: str) -> Tensor:
    """Numbers as they are typed: "1 2; 3 4" -> [[1, 2], [3, 4]], (H, W) in float64.

    Rows are parted by semicolons or line breaks, numbers by blanks or commas. field: the parameter, for the message.
    Raises BadParams where it is no such matrix, one line.
    """
    lines = [line for line in text.replace("\n", ";").split(";") if line.strip()]
    try:
        rows = [[float(word) for word in line.replace(",", " ").replace("−", "-").split()] for line in lines]
    except ValueError as error:
        raise BadParams(f"{field}: only numbers may stand there, such as 1 2; 3 4. {_short(error)}") from error
    if not rows or len({len(row) for row in rows}) > 1 or not rows[0]:
        lengths = " and ".join(str(len(row)) for row in rows[:4]) or "no"
        raise BadParams(f"{field}: every row needs as many numbers, such as 1 2; 3 4. These have {lengths} numbers.")
    if max(len(rows), len(rows[0])) > MOST:
        raise BadParams(f"{field}: at most {MOST} rows of {MOST} numbers can be shown, not {len(rows)} of {len(rows[0])}.")
    if not all(math.isfinite(number) and abs(number) <= LARGEST for row in rows for number in row):
        raise BadParams(f"{field}: take numbers from −{LARGEST:.0f} to {LARGEST:.0f}.")
    return torch.tensor(rows, dtype=torch.float64)


def _short(error: ValueError) -> str:
    said = str(error).partition(": ")[2].strip()  # could not convert string to float: 'a:b'
    return f"{said[:20]} is none." if said else ""


def size_of(size: int, kernel: int, stride: int, padding: int, output_padding: int) -> int:
    """Of the output of a transposed convolution along one side; it may come out below 1, which cannot be drawn.

    >>> size_of(2, 3, 2, 1, 1), size_of(4, 4, 2, 1, 0)
    (4, 8)
    """
    return (size - 1) * stride - 2 * padding + kernel + output_padding


@dataclass(frozen=True)
class Stamping:
    """A transposed convolution as stamps: each input value times the kernel, laid `stride` apart, added where they overlap.

    values: (H, W). kernel: (k, l). padding: rows and columns cut off all round. output_padding: so many more at the lower and
    right edge. Source: Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning".
    """

    values: Tensor
    kernel: Tensor
    stride: int = 1
    padding: int = 0
    output_padding: int = 0

    def __post_init__(self) -> None:
        """Raises BadParams for sizes that cannot be."""
        if self.output_padding >= self.stride > 0 and self.output_padding:
            raise BadParams(
                f"output_padding: {self.output_padding} must be less than the stride, {self.stride}: it says which of the "
                "sizes that a convolution shrinks to the same input is meant. Take a smaller one."
            )
        if min(self.size) < 1:
            rows, columns = self.size
            raise BadParams(
                f"padding: cutting off {self.padding} all round leaves an output of {rows} × {columns}. "
                "Take a smaller padding, or a larger kernel or stride."
            )

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        rest = self.stride, self.padding, self.output_padding
        return tuple(size_of(n, k, *rest) for n, k in zip(self.values.shape, self.kernel.shape, strict=True))  # type: ignore

    @property
    def whole(self) -> tuple[int, int]:
        """Rows and columns with what the padding cuts off."""
        return tuple(  # type: ignore[return-value]
            max((n - 1) * self.stride + k, self.padding + out)
            for n, k, out in zip(self.values.shape, self.kernel.shape, self.size, strict=True)
        )

    @property
    def cells(self) -> list[tuple[int, int]]:
        """(row, column) of every input value, in reading order."""
        rows, columns = self.values.shape
        return [(i, j) for i in range(rows) for j in range(columns)]

    def under(self, i: int, j: int) -> tuple[slice, slice]:
        """Where on the whole the stamp of input value (i, j) lies."""
        top, left = i * self.stride, j * self.stride
        return slice(top, top + self.kernel.shape[0]), slice(left, left + self.kernel.shape[1])

    def stamp(self, i: int, j: int) -> Tensor:
        """The contribution of one input value to the whole, zeros elsewhere."""
        laid = torch.zeros(self.whole, dtype=torch.float64)
        laid[self.under(i, j)] = self.values[i, j] * self.kernel
        return laid

    def laid(self, count: int) -> Tensor:
        """The whole after the first `count` stamps."""
        return sum((self.stamp(i, j) for i, j in self.cells[:count]), torch.zeros(self.whole, dtype=torch.float64))

    def cut(self, whole: Tensor) -> Tensor:
        """The output, out of the whole."""
        rows, columns = self.size
        return whole[self.padding : self.padding + rows, self.padding : self.padding + columns]

    @cached_property
    def output(self) -> Tensor:
        """The sum of all stamps: what `torch.nn.functional.conv_transpose2d` gives."""
        return self.cut(self.laid(len(self.cells)))

    @cached_property
    def counts(self) -> Tensor:
        """How many stamps lie on each cell of the output."""
        ones = replace(self, values=torch.ones_like(self.values), kernel=torch.ones_like(self.kernel))
        return ones.output.long()

    def terms(self, row: int, column: int) -> list[tuple[int, int, float]]:
        """What a cell of the output is the sum of: (i, j, kernel weight), times value (i, j), in the order of the input."""
        row, column = row + self.padding, column + self.padding
        found = []
        for i, j in self.cells:
            a, b = row - i * self.stride, column - j * self.stride
            if 0 <= a < self.kernel.shape[0] and 0 <= b < self.kernel.shape[1]:
                found.append((i, j, float(self.kernel[a, b])))
        return found

    def convolved(self, picture: Tensor) -> Tensor:
        """The convolution that this is the transpose of: a picture of the output's size -> the input's size."""
        padded = torch.zeros(self.whole, dtype=torch.float64)
        self.cut(padded).copy_(picture)
        return torch.stack([(padded[self.under(i, j)] * self.kernel).sum() for i, j in self.cells]).reshape(self.values.shape)

    def adjoint(self, generator: torch.Generator) -> tuple[float, float]:
        """<conv(y), x> and <y, conv transposed(x)> for a random y: the same number, which is what "transposed" says."""
        y = torch.randn(self.size, generator=generator, dtype=torch.float64)
        return float((self.convolved(y) * self.values).sum()), float((y * self.output).sum())


# ---------------------------------------------------------------- the unpoolings


def nearest(values: Tensor) -> Tensor:
    """Nearest-neighbour unpooling: every value 2 × 2 times, (H, W) -> (2H, 2W)."""
    return values.repeat_interleave(2, 0).repeat_interleave(2, 1)


def max_pooled(picture: Tensor) -> tuple[Tensor, Tensor]:
    """2 × 2 max pooling of (2H, 2W): the maxima (H, W), and the place of each among its four, 0 to 3 in reading order.

    Of equal ones the first counts.
    """
    rows, columns = (n // 2 for n in picture.shape)
    fours = picture.reshape(rows, 2, columns, 2).transpose(1, 2).reshape(rows, columns, 4)
    return fours.amax(-1), fours.argmax(-1)


def max_unpooled(values: Tensor, places: Tensor) -> Tensor:
    """Every value at its place among four, zeros elsewhere: (H, W) -> (2H, 2W) (Zeiler and Fergus 2014)."""
    rows, columns = values.shape
    fours = torch.zeros(rows, columns, 4, dtype=values.dtype).scatter_(-1, places[..., None], values[..., None])
    return fours.reshape(rows, columns, 2, 2).transpose(1, 2).reshape(2 * rows, 2 * columns)


def counted(values: Tensor) -> Tensor:
    """A picture of twice the size whose pixels are 1, 2, 3 …: (H, W) -> (2H, 2W)."""
    rows, columns = (2 * n for n in values.shape)
    return torch.arange(1, rows * columns + 1, dtype=torch.float64).reshape(rows, columns)
