"""What the codec learns from, and how."""

from __future__ import annotations

from collections.abc import Callable, Generator

import torch
import torch.nn.functional as F
from torch import Tensor

from hub import Curve, Image, Result
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._training import Course, Log, Training
from plugins.autoencoders.compression.codec import TRAINED, Codec, tiles

CROP = 64
"""Side of what is learnt from at once, in pixels: eight tiles, so that there are neighbours."""
CROPS, HELD = 2400, 64
BATCH, RATE = 24, 2e-3


def components(pictures: list[Tensor]) -> PCA:
    """PCA of all tiles of some pictures, (1, 3, H, W) each."""
    return PCA.of(torch.cat([tiles(picture)[0].flatten(1).T for picture in pictures]))


def crops(pictures: list[Tensor], generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """(train, held): (N, 192, 8, 8) each, as tiles. The right fifth of every picture is held out, where there is room.

    Of several pictures, the crops are recoloured too: what is learnt is for others, whose colours nobody knows.
    """
    parts = [parted(picture) for picture in pictures]
    share = -(-CROPS // len(pictures)), -(-HELD // len(pictures))
    train, held = ([some(pair[i], share[i], generator) for pair in parts] for i in range(2))
    both = (torch.cat(train), torch.cat(held))
    train, held = (recoloured(part, generator) if len(pictures) > 1 else part for part in both)
    return tiles(train), tiles(held)


def recoloured(made: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the crops in livelier colours, up to two and a half times, and two fifths with red, green and blue turned round."""
    lively, much, turned = torch.rand((3, len(made), 1, 1, 1), generator=generator).to(made.device)
    grey = made.mean(1, keepdim=True)
    coloured = grey + (1 + 1.5 * much * (lively < 0.5)) * (made - grey)
    return torch.where(turned < 0.4, coloured.roll(1, 1), coloured).clamp(0, 1)


def parted(picture: Tensor) -> tuple[Tensor, Tensor]:
    """What is learnt from and what is held out; the same where the picture is too small for both."""
    width = picture.shape[-1]
    at = width - max(CROP, width // 5)
    return (picture[..., :at], picture[..., at:]) if at >= CROP else (picture, picture)


def some(picture: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` crops from anywhere, as they are, mirrored or turned: (count, 3, 64, 64)."""
    height, width = picture.shape[-2:]
    picture = F.pad(picture, (0, max(0, CROP - width), 0, max(0, CROP - height)), mode="replicate")[0]
    height, width = picture.shape[-2:]
    tops, lefts = (torch.randint(n - CROP + 1, (count,), generator=generator).tolist() for n in (height, width))
    turns = torch.randint(8, (count,), generator=generator).tolist()
    made = []
    for top, left, turn in zip(tops, lefts, turns, strict=True):
        crop = picture[:, top : top + CROP, left : left + CROP].rot90(turn % 4, (1, 2))
        made.append(crop.flip(2) if turn >= 4 else crop)
    return torch.stack(made)


def learn(
    codec: Codec,
    pictures: list[Tensor],
    steps: int,
    generator: torch.Generator,
    show: Callable[[], Image],
    span: tuple[float, float],
    curves: dict[str, Curve],
) -> Generator[Result, None, Log]:
    """Train from PCA on; of all weights on the way those that cost least on held-out crops are kept, PCA's among them.

    Every crop of a batch gets a step of its own, from fine to coarse, so that one codec serves all rates.
    curves: further ones to show meanwhile.
    """
    train, held = crops(pictures, generator)
    low, high = TRAINED
    ladder = torch.linspace(low, high, len(held), device=held.device).exp2().reshape(-1, 1, 1, 1)

    def loss(batch: Tensor) -> Tensor:
        chance = torch.rand((len(batch), 1, 1, 1), generator=generator)
        even = (torch.arange(len(batch)).reshape(-1, 1, 1, 1) + chance) / len(batch)  # so that no batch is all coarse
        return codec.lagrangian(batch, (low + (high - low) * even.to(batch.device)).exp2())

    def cost() -> float:
        return float(codec.lagrangian(held, ladder))

    with torch.no_grad():
        log = Log("What a crop costs while it learns", "distortion + price × rate", {"PCA, held out": cost()})
    course = Course(steps, batch=BATCH, rate=RATE, clip=1.0)
    training = Training(codec, loss, train, course, generator, log, cost, keep_best=True)
    yield from training.run(show, span, curves=lambda: log.curves() | curves)
    return log
