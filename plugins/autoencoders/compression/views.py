"""A compressed picture, looked at: beside its rivals, enlarged, and as the numbers that it became."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hub import Image
from hub.pixels import images
from plugins.autoencoders import _pages as pages
from plugins.autoencoders.compression.codec import NUMBERS, SIDE
from plugins.autoencoders.compression.rivals import Coded, Network

PLANES, ATOMS = 12, 48
"""Numbers of the code that are shown as pictures, and of which it is shown what they draw."""
CLOSE = 64  # side of what is enlarged, in pixels


def titled(name: str, coded: Coded) -> str:
    """What a method is called under its picture."""
    size = f"{coded.size:,} bytes".replace(",", " ")
    return f"{name}: {size}, {coded.psnr:.1f} dB"


def sheet(equal: Mapping[str, Coded]) -> Image:
    """All methods at as many bytes, two in a row."""
    named = [(titled(name, coded), images.to_image(coded.picture)) for name, coded in equal.items()]
    return pages.below([pages.beside(dict(named[i : i + 2])) for i in range(0, len(named), 2)])


def gallery(made: Network, quality: int, equal: Mapping[str, Coded]) -> list[tuple[Image, str]]:
    """A part of each enlarged, each method's picture, and what the code looks like."""
    numbers = made.numbers(quality)
    return [
        (closer(made.original, equal), "The liveliest part, enlarged, at as many bytes: the original first"),
        *[(images.to_image(c.picture), f"{titled(name, c)}, SSIM {c.ssim:.3f}") for name, c in equal.items()],
        (images.to_image(made.original), "The original"),
        (planes(numbers), f"The first {min(PLANES, len(numbers))} numbers of the code, a pixel for each tile; grey is 0"),
        (spent(numbers), "Where the bytes go: the lighter a tile, the more of its numbers are not 0"),
        (drawn(made), f"What each number of the code draws by itself, the first {min(ATOMS, len(numbers))}"),
    ]


def closer(original: Tensor, equal: Mapping[str, Coded]) -> Image:
    """The liveliest 64 × 64 pixels or so of each, enlarged."""
    side = min(CLOSE, *original.shape[-2:])
    mean, square = (F.avg_pool2d(values, side, SIDE) for values in (original, original.square()))
    energy = (square - mean.square()).mean(1)
    at, columns = int(energy.flatten().argmax()), energy.shape[-1]
    top, left = SIDE * (at // columns), SIDE * (at % columns)
    scale = pages.scale_for(side, 256)
    named = {"original": original} | {name: coded.picture for name, coded in equal.items()}
    return pages.beside({n: pages.picture(p[0, :, top : top + side, left : left + side], scale) for n, p in named.items()})


def planes(numbers: np.ndarray) -> Image:
    """(k, rows, columns) whole numbers -> a sheet of the first planes."""
    shown = torch.from_numpy(numbers[:PLANES]).float()[:, None]
    return pages.grid(pages.centred(shown), min(4, len(shown)), pages.scale_for(shown.shape[-1], 220))


def spent(numbers: np.ndarray) -> Image:
    """How many numbers of each tile are not 0."""
    used = torch.from_numpy((numbers != 0).sum(0)).float()[None]
    return pages.picture(used / used.max().clamp_min(1), pages.scale_for(used.shape[-1], 512))


def drawn(made: Network) -> Image:
    """The decoder's linear part, a picture for each number."""
    decoder = made.decoder
    atoms = (decoder.straight.weight + decoder.tilt.weight)[:, :ATOMS, 0, 0].T.cpu()
    return pages.atoms(atoms.reshape(-1, NUMBERS), (3, SIDE, SIDE))
