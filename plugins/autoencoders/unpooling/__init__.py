"""A decoder has to grow small maps into large pictures. Watch five ways side by side, or work one out by hand, stamp by stamp.

The comparison trains the same convolutional autoencoder several times at once: same encoder, same weights to begin with, same
code, same batches, as many weights; only the way in which the decoder doubles its maps differs. All begin by one rule: with
about PCA's code, and decoders fitted by least squares, layer by layer, half as strong chance added where they enlarge.

- Nearest-neighbour unpooling: every value four times, then a convolution.
- Pixel shuffle: a convolution to four times the channels, which are laid out as 2 × 2 pixels.
- Transposed convolution: every value stamps a kernel, two pixels from one to the next, and stamps add up where they overlap.
  With a kernel of 3 they overlap unevenly, in a checkerboard; with one of 4 evenly, so far as its weights are alike.
- Max unpooling: every value goes back to where the encoder's maximum was, zeros elsewhere. The places go round the code, so
  what it reaches is not comparable. Beside it stands one that must do without them: each value at the upper left of its four.
  Where a picture is even, its maxima stand by chance, and what comes out is grainy: the places can cost more than they give.

Without a picture they learn from bundled photographs (or digits, faces, drawn things) and are shown at work on another one.
With a picture they learn from four fifths of its blocks, and the result is your picture in bands, one for each decoder; the
gallery shows the same place by each. PCA with as many numbers stands beside them. On the bundled photographs,
at the defaults, it stays 0.6 to 0.8 dB ahead of all but max unpooling. Most of that is training: with 2000 steps,
nearest-neighbour unpooling comes within 0.2 dB.

The checkerboard is measured at the frequencies that only a grid has: in the spectrum of what comes out, averaged over held-out
pictures, the power at multiples of 1/2, 1/4 … of the pixel frequency, as far as it exceeds that beside it. Its root is in grey
levels of 255, of the same 128 pictures wherever it is told; many photographs have about none, a few some. A grid fainter than
the detail around it is not found.
Checkerboards are plainest before training and early in it: the gallery shows what each decoder draws, before it is fitted, of
a map that is the same everywhere.

The calculator does a transposed convolution with numbers of your own, up to 8 × 8: each input value's stamp, every sum with its
terms, the size (H − 1)·s − 2p + k + output padding, how many stamps each cell gets, and the adjoint: ⟨conv(y), x⟩ = ⟨y,
convᵀ(x)⟩, which is what "transposed" means. Both unpoolings are worked out on the same input. Pooling again what max unpooling
gives returns the maxima only where none is negative: beside a negative one, the zeros are larger.

Sources: Zeiler and Fergus 2014, for max unpooling; Dumoulin and Visin 2016, for the arithmetic; Shi et al. 2016 and Aitken et
al. 2017, for pixel shuffle, whose chance is that of nearest-neighbour unpooling; Balduzzi et al. 2017, for channels that begin
in opposite pairs; Odena et al. 2016, for checkerboards. The measure is our own, and so is the start. Departures: max unpooling
has 2 × 2 windows, as the pooling has; the widths of decoders are chosen so that the numbers of weights agree, to 2 % at the
defaults, and less well where networks are narrow; the table has them. Of patches of more than 1024 numbers, only as many
principal components as the code has are worked out, by subspace iteration (Halko et al. 2011), to within a thousandth of their
variances.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import torch

import hub
from hub import Image
from plugins.autoencoders._examples import Data, examples
from plugins.autoencoders._training import Course
from plugins.autoencoders.unpooling import calculator
from plugins.autoencoders.unpooling.arithmetic import Stamping, matrix
from plugins.autoencoders.unpooling.comparison import compared, designed


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"data": "digits", "steps": 2, "code": 4, "width": 4, "patch": 8, "size": 64}

    show: Literal["comparison", "calculator"] = hub.Field(
        "comparison", label="Show", description="Train all decoders side by side, or work one out with numbers."
    )
    data: Data = hub.Field(
        "photographs", label="Learn from", description="For the comparison: bundled pictures, where you give none of your own."
    )
    code: int = hub.Field(
        32, ge=1, le=256, label="Numbers in the code", description="For the comparison: how narrow the bottleneck is."
    )
    values: str = hub.Field(
        "1 2; 3 4", max_length=600, label="Input", description="For the calculator: rows of numbers, parted by semicolons."
    )
    kernel: str = hub.Field(
        "1 2 3; 4 5 6; 7 8 9",
        max_length=600,
        label="Kernel",
        description="For the calculator: the stamp. All ones show the overlap.",
    )
    stride: int = hub.Field(
        2, ge=1, le=4, label="Stride", description="For the calculator: cells from one stamp to the next."
    )
    padding: int = hub.Field(
        1, ge=0, le=8, label="Padding", description="For the calculator: cells cut off all round the output.", more=True
    )
    output_padding: int = hub.Field(
        1,
        ge=0,
        le=3,
        label="Output padding",
        description="For the calculator: further rows and columns at the lower right, fewer than the stride.",
        more=True,
    )
    steps: int = hub.Field(
        400, ge=1, le=20_000, label="Steps", description="For the comparison: steps of training, of every network.", more=True
    )
    depth: int = hub.Field(
        2, ge=1, le=4, label="Depth", description="For the comparison: how often the decoder doubles its maps.", more=True
    )
    width: int = hub.Field(
        16,
        ge=2,
        le=64,
        label="Width",
        description="For the comparison: the encoder's channels at full size, twice as many at each halving.",
        more=True,
    )
    rate: float = hub.Field(
        0.006, gt=0, le=1, label="Rate", description="For the comparison: the largest step of training.", more=True
    )
    patch: int = hub.Field(
        16, ge=4, le=32, label="Patch", description="Side of the patches of your picture or of photographs, in pixels.", more=True
    )
    size: int = hub.Field(
        512, ge=16, le=1024, label="Size", description="Longer side that your picture is worked on at, in pixels.", more=True
    )
    seed: hub.Seed = hub.Field(0, label="Seed", description="What chance starts from.", more=True)


def cost(image: Image | None, params: Params) -> float:
    """Seconds: the steps, at each of which every decoder learns; the calculator takes none."""
    return 1.0 if params.show == "calculator" else 10 + 0.05 * params.steps * (params.width / 16) ** 1.5


@hub.technique(
    title="Unpooling",
    family="Compress & restore",
    cost=cost,
    paper="Zeiler and Fergus 2014; Dumoulin and Visin 2016; Odena et al. 2016, Deconvolution and checkerboard artifacts",
)
def run(image: Image | None, params: Params) -> Iterator[hub.Result]:
    """The comparison of decoders, or the calculator."""
    generator = torch.Generator().manual_seed(params.seed)
    if params.show == "calculator":
        numbers = matrix(params.values, "values"), matrix(params.kernel, "kernel")
        work = Stamping(*numbers, params.stride, params.padding, params.output_padding)
        yield from calculator.shown(work, generator)
        return
    data = examples(image, params.data, patch=params.patch, size=params.size, generator=generator)
    design = designed(data, params.code, params.depth, params.width)
    course = Course(params.steps, batch=64, rate=params.rate, decay=0.01, clip=1.0)
    yield from compared(data, design, course, params.seed)
