"""Whatever turns a picture into bytes, by how finely it does: the codec here, PCA through the same coder, JPEG, WebP."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from torch import Tensor

from hub import metrics
from hub.pixels import images
from plugins.autoencoders._figures import psnr, ssim
from plugins.autoencoders.compression.codec import PRICE, STEPS, STRENGTHS, Codec, shipped, step_size
from plugins.autoencoders.compression.container import compressed, strength_of


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

    @cached_property
    def psnr(self) -> float:
        return psnr(self.picture, self.original)

    @cached_property
    def ssim(self) -> float:
        return ssim(self.picture, self.original)


Measure = Callable[[Coded], float]
"""What rises with quality, more or less: the logarithm of the size, or PSNR."""


class Rival(ABC):
    """One way to compress one picture."""

    @abstractmethod
    def curve(self) -> list[Coded]:
        """From coarse to fine; each of them better than all that are smaller."""

    @abstractmethod
    def with_as_many(self, size: int) -> Coded:
        """The best that takes about `size` bytes, rather a few more than fewer; where it ends earlier, its best."""

    @abstractmethod
    def as_good_as(self, decibels: float) -> Coded | None:
        """The smallest that reaches a PSNR; None where nothing does."""

    @abstractmethod
    def steps(self, measure: Measure, target: float) -> Iterator[None]:
        """Try what has to be known for an answer about that target, one quality after another; then it comes at once."""

    def towards(self, coded: Coded) -> Iterator[None]:
        """`steps` to as many bytes as another's, and to as high a PSNR."""
        yield from self.steps(log_size, math.log(coded.size - 0.5))
        yield from self.steps(psnr_of, coded.psnr)

    @abstractmethod
    def most(self) -> int:
        """The most bytes of all that was tried."""


class Scale(Rival):
    """Qualities on one scale. Each is tried once, and an answer is the best of all that were tried.

    For neither bytes nor PSNR need rise with every step of quality: of smooth pictures the finer code may be the smaller one.

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

    def most(self) -> int:
        return max(c.size for c in self.tried.values())

    def curve(self) -> list[Coded]:
        return front(self.at(quality) for quality in self.marks)

    def within(self, size: int) -> int:
        """The best quality that takes no more bytes than `size`; where none is so small, the smallest."""
        list(self.fitting(size))
        fit = [quality for quality, coded in self.tried.items() if coded.size <= size]
        if not fit:
            return min(self.tried, key=lambda quality: (self.tried[quality].size, quality))
        return max(fit, key=lambda quality: (self.tried[quality].psnr, -self.tried[quality].size))

    def fitting(self, size: int) -> Iterator[None]:
        """`steps` to what `within` is asked for."""
        return self.steps(log_size, math.log(size + 0.5))

    def with_as_many(self, size: int) -> Coded:
        list(self.steps(log_size, math.log(size - 0.5)))
        most = min((c.size for c in self.tried.values() if c.size >= size), default=size)
        return better(c for c in self.tried.values() if c.size <= most)

    def as_good_as(self, decibels: float) -> Coded | None:
        list(self.steps(psnr_of, decibels))
        return min((c for c in self.tried.values() if c.psnr >= decibels), key=lambda c: c.size, default=None)

    def steps(self, measure: Measure, target: float) -> Iterator[None]:
        """The marks, then on between the last that falls short of the target and the next finer: by a straight line through
        what is known there, and every third time by half, as that always ends."""
        for mark in self.marks:
            yield from self._try(mark)
        low = max((mark for mark in self.marks if measure(self.at(mark)) < target), default=-1)
        high = min((mark for mark in self.marks if mark > low), default=self.finest + 1)
        count = 0
        while high - low > 1:
            count += 1
            guess = (low + high) // 2 if count % 3 == 0 else self._guess(measure, target, low, high)
            yield from self._try(guess)
            low, high = (guess, high) if measure(self.at(guess)) < target else (low, guess)

    def _try(self, quality: int) -> Iterator[None]:
        if quality not in self.tried:
            self.at(quality)
            yield

    def _guess(self, measure: Measure, target: float, low: int, high: int) -> int:
        """Where the target might be, between `low` and `high`, by the two nearest that were tried."""
        one, other = sorted(self.tried, key=lambda quality: min(abs(quality - low), abs(quality - high)))[:2]
        first, second = measure(self.at(one)), measure(self.at(other))
        if first == second:
            return (low + high) // 2
        guess = one + (target - first) / (second - first) * (other - one)
        return int(min(max(guess, low + 1), high - 1))


class Network(Scale):
    """The codec. Its decoder is the one that a file holds.

    plain: PCA through the same coder, whose bytes the codec can write too: they are taken where they are worth more.
    """

    finest = STEPS - 1
    marks = (40, 64, 88, 112, 136, 160, 184, 208)

    def __init__(self, original: Tensor, codec: Codec, plain: Network | None = None) -> None:
        super().__init__(original)
        self.codec, self.decoder, self.plain = codec, shipped(codec.decoder), plain

    def numbers(self, quality: int) -> np.ndarray:
        """(k, rows, columns) whole numbers, with the strength that suits the picture."""
        strength = STRENGTHS[strength_of(self.at(quality).data)]
        return self.codec.numbers(self.original, step_size(quality), strength)

    def coded(self, quality: int) -> Coded:
        """With what was learnt, or without where that costs less by the true bytes and the true error."""
        strength, step = self.codec.strength(self.original, step_size(quality)), step_size(quality)
        if self.plain is None:
            return self._coded(quality, strength)
        plain = self.plain.at(quality)
        return min(plain, self._coded(quality, strength), key=lambda c: cost(c, step)) if strength else plain

    def _coded(self, quality: int, strength: int) -> Coded:
        height, width = self.original.shape[-2:]
        step, share = step_size(quality), STRENGTHS[strength]
        numbers = self.codec.numbers(self.original, step, share)
        made = self.decoder.picture(numbers, step, share, height, width)
        return Coded(compressed(numbers, quality, strength, (height, width)), in_bytes(made), self.original)


def cost(coded: Coded, step: float) -> float:
    """Squared error and the price of all bytes, as in training, but as they are."""
    return float((coded.picture - coded.original).cpu().double().square().sum()) + PRICE * step**2 * 8 * coded.size


class Filed(Scale):
    """A kind of file that Pillow writes. All its bytes count."""

    kind: ClassVar[str]
    how: ClassVar[dict]

    def coded(self, quality: int) -> Coded:
        return Coded(*metrics.filed(images.to_image(self.original), self.kind, quality=quality, **self.how), self.original)


class SmallColour(Filed):
    """JPEG with colour at half the size (4:2:0) and Huffman tables made for the picture; the head's 600 bytes or so count."""

    kind, how = "JPEG", {"optimize": True, "subsampling": 2}
    marks = (1, 5, 10, 20, 40, 60, 80)

    def coded(self, quality: int) -> Coded:
        return super().coded(max(1, quality))  # Pillow takes 0 for "not given"


class WholeColour(SmallColour):
    """JPEG with colour at the whole size (4:4:4)."""

    how: ClassVar[dict] = {"optimize": True, "subsampling": 0}


class Jpeg(Rival):
    """The better of both kinds at each size."""

    def __init__(self, original: Tensor) -> None:
        self.kinds = SmallColour(original), WholeColour(original)

    def curve(self) -> list[Coded]:
        return front(coded for kind in self.kinds for coded in kind.curve())

    def with_as_many(self, size: int) -> Coded:
        return better(kind.with_as_many(size) for kind in self.kinds)

    def as_good_as(self, decibels: float) -> Coded | None:
        found = [coded for kind in self.kinds if (coded := kind.as_good_as(decibels))]
        return min(found, key=lambda c: c.size, default=None)

    def steps(self, measure: Measure, target: float) -> Iterator[None]:
        for kind in self.kinds:
            yield from kind.steps(measure, target)

    def most(self) -> int:
        return max(kind.most() for kind in self.kinds)


class WebP(Filed):
    """Lossy, at its most thorough."""

    kind, how = "WEBP", {"method": 6}
    marks = (0, 5, 20, 40, 60, 80)


def better(coded: Iterable[Coded]) -> Coded:
    """The one of highest PSNR; of equal ones the smallest."""
    return max(coded, key=lambda c: (c.psnr, -c.size))


def front(coded: Iterable[Coded]) -> list[Coded]:
    """Those that are better than all smaller ones, by size (Pareto)."""
    kept: list[Coded] = []
    for one in sorted(coded, key=lambda c: (c.size, -c.psnr)):
        if not kept or one.psnr > kept[-1].psnr:
            kept.append(one)
    return kept


def log_size(coded: Coded) -> float:
    """What rises about evenly with quality."""
    return math.log(coded.size)


def psnr_of(coded: Coded) -> float:
    """Its quality in decibels, to compare by."""
    return coded.psnr


def in_bytes(picture: Tensor) -> Tensor:
    """As 8 bits hold it, so that all are measured alike."""
    return picture.mul(255).round() / 255
