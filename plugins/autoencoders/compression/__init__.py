"""Your picture goes through a bottleneck and becomes real bytes: how good is it at 5 kB, 10 kB, 20 kB? A network, PCA, JPEG and
WebP get as many bytes each. Then the bill: who pays for the network itself?

The picture is cut into tiles of 8 × 8 pixels, 192 numbers each. The encoder turns a tile into a code of at most 48 numbers, and
every one of them is rounded to whole steps. That is where something is lost: the coarser the step, the fewer bytes, and numbers
that vary less than a step become 0 and cost next to nothing. The whole numbers are written by a range coder: likely ones take
little room, unlikely ones more. The decoder draws the picture from them; it looks at the codes of the eight tiles around, too, so
that it can mend the seams that tiles leave.

**PCA gets the same.** The network begins as PCA, exactly, and PCA's code goes through the same rounding and the same coder. What
the network's line is above PCA's, training has earned; the finer the steps, the less it may change, for there PCA is hard to
better. One network serves all rates. A picture that is like none of those it learnt from may use half of what was learnt, or
nothing of it, which is PCA; a byte says so. It learns from other photographs than yours, recoloured too, so that it is a codec
in earnest; or from this picture alone, and then the decoder has to be sent along, as PCA's map has: see the lines that count
them.

**JPEG and WebP** are those of Pillow, every byte of their files counted, and given at least as many bytes as the network, as far
as their qualities go: where one ends earlier, the table and the text say so. JPEG stores colour at half the size or at the whole,
whichever has the higher PSNR; WebP only at half, and so loses a little PSNR that eyes hardly miss. Their steps follow what eyes
see, while everything here is about squared error only. WebP also predicts from what has been drawn; of smooth pictures it makes
far less.

The dashed line of theory is the best for tiles that were Gaussian and each for itself. Real ones are neither, so a coder that
looks at what lies around may pass it. The file for download holds the bytes and the decoder; given back, it becomes the same
picture again.

Sources: Kolmogorov 1956 and Shannon 1959, rate and distortion; Goyal 2001, "Theoretical foundations of transform coding"; Ballé,
Laparra and Simoncelli 2017, "End-to-end optimized image compression". Departures: encoder and decoder are PCA and a correction;
rounding passes its gradient straight through, but for numbers that are far from being told, rather than by noise; the price of a
bit follows the step, as high-rate theory has it (ln 4 / 12 of its square); the rate is estimated from the mean size of the
numbers around, as the adaptive coder does it, rather than by a learnt density.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import ClassVar, Literal

import torch
from torch import Tensor

import hub
from hub import Image
from hub.pixels import images
from plugins.autoencoders._examples import others_than, photograph, sized
from plugins.autoencoders.compression import report
from plugins.autoencoders.compression.codec import Codec, Shape, as_pca, step_size
from plugins.autoencoders.compression.container import unpacked
from plugins.autoencoders.compression.learning import components, learn
from plugins.autoencoders.compression.report import Outcome
from plugins.autoencoders.compression.rivals import Jpeg, Network, WebP

FIRST = 80  # which step the first preview is drawn with, before any byte is counted
LEAST = 32  # bytes that the smallest picture may take


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"steps": 2, "size": 64, "width": 8}

    rate: float = hub.Field(
        0.25, ge=0.03, le=4, label="Bits per pixel", description="How much the picture may take; uncompressed it is 24."
    )
    learn_from: Literal["other photographs", "this picture"] = hub.Field(
        "other photographs",
        label="Learn from",
        description="Other photographs: one decoder for everyone. This picture: a decoder that must be sent along.",
    )
    code: int = hub.Field(
        48, ge=1, le=192, label="Numbers per tile", description="How narrow the bottleneck is; a tile has 192 numbers."
    )
    steps: int = hub.Field(1000, ge=0, le=20_000, label="Steps", description="Steps of training; with 0 the network stays PCA.")
    size: int = hub.Field(512, ge=8, le=1024, label="Size", description="Longer side that the picture is worked at, in pixels.")
    file: hub.File | None = hub.Field(
        None, label="Decompress", description="A file that was compressed here: it becomes a picture, and nothing else is done."
    )
    width: int = hub.Field(
        96, ge=4, le=512, label="Width", description="Channels of hidden layers: what the decoder can do, and weighs.", more=True
    )
    seed: hub.Seed = hub.Field(0, label="Seed", description="What chance starts from.", more=True)


def cost(image: Image | None, params: Params) -> float:
    """Seconds: the training, and the bytes, which are counted for every rate of the curve."""
    return 1.0 if params.file is not None else 8 + params.steps * (0.01 + 0.006 * params.width / 96)


@hub.technique(
    title="Compression",
    family="Compress & restore",
    cost=cost,
    paper="Ballé, Laparra and Simoncelli 2017, End-to-end optimized image compression; Goyal 2001",
)
def run(image: Image | None, params: Params) -> Iterator[hub.Result]:
    """PCA at once; then the network learns; then both, JPEG and WebP, byte for byte."""
    if params.file is not None:
        yield restored(params.file)
        return
    picture = wanted(image, params.size)
    own, generator = params.learn_from == "this picture", torch.Generator().manual_seed(params.seed)
    teachers = [picture] if own else [photograph(name) for name in others_than(image)]
    codec = as_pca(Shape(params.code, params.width), components(teachers), generator)
    plain, jpeg, webp = Network(picture, copy.deepcopy(codec)), Jpeg(picture), WebP(picture)
    yield hub.Result(image=partial(shown, codec, picture, FIRST), progress=0.01)
    budget = max(LEAST, int(params.rate * picture[0, 0].numel() / 8))
    first = hub.Result(image=partial(shown, codec, picture, FIRST))
    yield from between(plain.fitting(budget), first, (0.01, 0.05))
    quality = plain.within(budget)
    start = report.lines({"PCA": plain.curve(), "JPEG": jpeg.curve(), "WebP": webp.curve()})
    yield hub.Result(image=images.to_image(plain.at(quality).picture), curves=start, progress=0.05)
    log = yield from learn(codec, teachers, params.steps, generator, partial(shown, codec, picture, quality), (0.05, 0.85), start)
    network = Network(picture, codec, plain)
    learnt = hub.Result(image=partial(shown, codec, picture, quality), curves=log.curves() | start)
    yield from between(network.fitting(budget), learnt, (0.85, 0.9))
    outcome = Outcome({"network": network, "PCA": plain, "JPEG": jpeg, "WebP": webp}, network.within(budget), params.rate, own)
    chosen = hub.Result(image=images.to_image(outcome.chosen.picture), curves=log.curves() | start)
    yield from between(outcome.steps(), chosen, (0.9, 0.98))
    told = report.told(outcome, image is not None)
    yield hub.Result(**told | {"curves": told["curves"] | log.curves()}, progress=1.0)


def between(steps: Iterator[None], shown: hub.Result, span: tuple[float, float]) -> Iterator[hub.Result]:
    """Something to look at after each quality that was tried, as the finest of large pictures take seconds.

    span: the part of the whole work that this is; how many there will be is not known, so that it is approached.
    """
    for n, _ in enumerate(steps, 1):
        yield replace(shown, progress=span[1] - (span[1] - span[0]) * 0.9**n)


def wanted(image: Image | None, size: int) -> Tensor:
    """What is compressed, as 8 bits hold it: (1, 3, H, W)."""
    return images.to_tensor(images.to_image(photograph("cat", size) if image is None else sized(image, size)))


def shown(codec: Codec, picture: Tensor, quality: int) -> Image:
    """The picture as the codec draws it now."""
    step, (height, width) = step_size(quality), picture.shape[-2:]
    return images.to_image(codec.decoder.picture(codec.numbers(picture, step), step, 1.0, height, width))


def restored(file: bytes) -> hub.Result:
    """The picture in a file that was compressed here. Raises BadFile where it is none."""
    picture, size = unpacked(file)
    height, width = picture.shape[-2:]
    return hub.Result(
        image=images.to_image(picture),
        metrics={"bytes": size, "bits per pixel": 8 * size / (height * width)},
        caption=f"{width} × {height} pixels from {report.kilobytes(size)}, decoded by the network that stood in the file "
        f"({report.kilobytes(len(file) - size)}).",
        progress=1.0,
    )
