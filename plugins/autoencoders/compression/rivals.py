"""Whatever turns a picture into bytes, by how finely it does: the codec here, PCA through the same coder, JPEG, WebP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from hub import metrics
from hub.pixels import images
from plugins.autoencoders._figures import psnr, ssim
from plugins.autoencoders.compression.codec import STEPS, STRENGTHS, Codec, shipped, step_size
from plugins.autoencoders.compression.container import compressed


@dataclass(frozen=True)
class Coded:
    """A picture that went through bytes and back. picture: (1, 3, H, W) as 8 bits hold it; original: what it was."""

    data: bytes
    picture: Tensor
    original: Tensor

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def rate(self) -> float:
        """Bits per pixel."""
        return 8 * len(self.data) / (self.picture.shape[-2] * self.picture.shape[-1])

    @property
    def psnr(self) -> float:
        return psnr(self.picture, self.original)

    @property
    def ssim(self) -> float:
        return ssim(self.picture, self.original)


class Rival(ABC):
    """One way to compress one picture. Each quality is tried once.

    finest: the largest quality; 0 is the coarsest. marks: qualities of the curve.
    """

    finest: ClassVar[int] = 100
    marks: ClassVar[tuple[int, ...]] = ()

    def __init__(self, original: Tensor) -> None:
        self.original = original
        self.tried: dict[int, Coded] = {}

    @abstractmethod
    def coded(self, quality: int) -> Coded:
        """The picture at that quality."""

    def at(self, quality: int) -> Coded:
        if quality not in self.tried:
            self.tried[quality] = self.coded(quality)
        return self.tried[quality]

    def curve(self) -> list[Coded]:
        return [self.at(quality) for quality in self.marks]

    def within(self, size: int) -> int:
        """The best quality that takes no more bytes than `size`; the coarsest where none is so small."""
        return max(0, self._first(lambda c: c.size > size) - 1)

    def with_as_many(self, size: int) -> Coded:
        """The smallest that takes no fewer bytes than `size`, so that it is not at a disadvantage; else the finest."""
        return self.at(min(self.finest, self._first(lambda c: c.size >= size)))

    def as_good_as(self, decibels: float) -> Coded | None:
        """The smallest that reaches a PSNR; None where nothing does."""
        quality = self._first(lambda c: c.psnr >= decibels)
        return self.at(quality) if quality <= self.finest else None

    def _first(self, is_so: Callable[[Coded], bool]) -> int:
        """The coarsest quality of which something is so, as it then is of all finer ones; `finest` + 1 where of none.

        The marks are asked first, so that the finest qualities, which take longest, are tried only where they are needed.
        """
        low, high = -1, self.finest + 1  # not so at low, so at high
        for mark in self.marks:
            if is_so(self.at(mark)):
                high = mark
                break
            low = mark
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_so(self.at(middle)) else (middle, high)
        return high


class Network(Rival):
    """The codec; untrained, it is PCA. Its decoder is the one that a file holds."""

    finest = STEPS - 1
    marks = (40, 64, 88, 112, 136, 160, 184, 208)

    def __init__(self, original: Tensor, codec: Codec) -> None:
        super().__init__(original)
        self.codec, self.decoder = codec, shipped(codec.decoder)

    def numbers(self, quality: int) -> tuple[np.ndarray, int]:
        """(k, rows, columns) whole numbers, and which strength suits the picture."""
        strength = self.codec.strength(self.original, step_size(quality))
        return self.codec.numbers(self.original, step_size(quality), STRENGTHS[strength]), strength

    def coded(self, quality: int) -> Coded:
        height, width = self.original.shape[-2:]
        numbers, strength = self.numbers(quality)
        made = self.decoder.picture(numbers, step_size(quality), STRENGTHS[strength], height, width)
        return Coded(compressed(numbers, quality, strength, (height, width)), in_bytes(made), self.original)


class Filed(Rival):
    """A kind of file that Pillow writes. All its bytes count."""

    kind: ClassVar[str]
    how: ClassVar[dict]

    def coded(self, quality: int) -> Coded:
        return Coded(*metrics.filed(images.to_image(self.original), self.kind, quality=quality, **self.how), self.original)


class Jpeg(Filed):
    """With Huffman tables made for the picture; the head's 600 bytes or so are a part of it."""

    kind, how = "JPEG", {"optimize": True}
    finest = 95
    marks = (1, 5, 10, 20, 40, 60, 80)

    def coded(self, quality: int) -> Coded:
        return super().coded(max(1, quality))  # Pillow takes 0 for "not given"


class WebP(Filed):
    """Lossy, at its most thorough."""

    kind, how = "WEBP", {"method": 6}
    marks = (0, 5, 20, 40, 60, 80)


def in_bytes(picture: Tensor) -> Tensor:
    """As 8 bits hold it, so that all are measured alike."""
    return picture.mul(255).round() / 255
