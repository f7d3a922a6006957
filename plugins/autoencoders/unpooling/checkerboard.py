"""How much of a grid is in a picture, and what an untrained decoder makes of nothing at all."""

from __future__ import annotations

import torch
from torch import Tensor

from plugins.autoencoders._networks import Autoencoder

APART = 4  # bins between two frequencies of the grid, at least, so that some lie between that are not its own
MAP = 6  # side of the constant map


def period_for(side: int, depth: int) -> int:
    """The longest period, of a decoder that doubles `depth` times, that can be told from its neighbours in pictures so wide.

    >>> period_for(16, 2), period_for(16, 3), period_for(8, 2), period_for(32, 3)
    (4, 4, 2, 8)
    """
    return max([2**level for level in range(1, depth + 1) if side // 2**level >= APART], default=2)


@torch.no_grad()
def grid(pictures: Tensor, period: int) -> float:
    """The root mean square of the grid in pictures (N, C, h, w), in their own unit: 0 where there is none.

    Whatever repeats every `period` pixels or a whole fraction of that lives at few frequencies: multiples of 1 / period, along
    either side. Of the power there, averaged over the pictures, only what exceeds the neighbouring frequencies counts, which
    belong to no such grid: natural pictures fall off smoothly and have nothing there. The constant part is no grid.
    A checkerboard of plus and minus a has a. Own measure, after the spectra of Odena et al. 2016.
    """
    power = torch.fft.fft2(pictures.cpu().double(), norm="forward").abs().square().mean((0, 1))
    height, width = power.shape
    rows, columns = (torch.arange(0, n, n // period).tolist() if n >= 2 * period else [0] for n in (height, width))
    places = [(u, v) for u in rows for v in columns if u or v]
    excess = [max(0.0, float(power[u, v]) - _around(power, u, v)) for u, v in places]
    return sum(excess) ** 0.5


def _around(power: Tensor, u: int, v: int) -> float:
    """The geometric mean of the power beside a frequency, along the sides where it is not 0."""
    height, width = power.shape
    beside = [power[(u + d) % height, v] for d in (-1, 1) if u] + [power[u, (v + d) % width] for d in (-1, 1) if v]
    return float(torch.stack(beside).clamp_min(1e-30).log().mean().exp())


@torch.no_grad()
def response(made: Autoencoder, generator: torch.Generator) -> Tensor:
    """What a decoder draws of a map that is the same everywhere: (C, h, w), the border cut off, over its root mean square.

    Its channels hold chance between 0 and 1. Whatever pattern there is comes from the decoder alone.
    """
    decoder, depth = made.decoder, made.design.depth
    drawn = torch.rand(1, decoder.small[0], 1, 1, generator=generator).to(made.mean.device)
    grown = drawn.expand(-1, -1, MAP, MAP)
    for enlarge in decoder.levels:
        grown = decoder.between(enlarge(grown))
    rim = 2 * 2**depth
    inner = decoder.to_picture(grown)[0, :, rim:-rim, rim:-rim]
    return inner / inner.square().mean().sqrt().clamp_min(1e-12)


def unevenness(constant: Tensor) -> float:
    """The share of a `response` (C, h, w) that is pattern and not level: 0 where it is the same everywhere, at most 1."""
    return float((constant - constant.mean((1, 2), keepdim=True)).square().mean().sqrt())
