"""The same autoencoder with one decoder after another: as many weights, one course, trained side by side."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from hub import Result
from plugins.autoencoders._figures import decibels
from plugins.autoencoders._linear import mean_squared
from plugins.autoencoders._networks import Autoencoder, Design, Enlarging, network
from plugins.autoencoders._pauses import Work, by_parts
from plugins.autoencoders._training import Course, Log, Training
from plugins.autoencoders.unpooling.checkerboard import grid, period_for

FORGETFUL = "max, places forgotten"
DECODERS: dict[str, Enlarging] = {
    "nearest neighbour": "nearest neighbour",
    "pixel shuffle": "pixel shuffle",
    "transposed 3×3": "transposed convolution 3×3",
    "transposed 4×4": "transposed convolution 4×4",
    "max unpooling": "max unpooling",
    FORGETFUL: "max unpooling",
}
WIDEST = 2048
LOOKS = 40


@dataclass
class Entrant:
    """One autoencoder of the comparison. grids: (step, strength of the grid) on the way; log: errors on the way."""

    name: str
    made: Autoencoder
    log: Log = field(default_factory=Log)
    grids: list[tuple[float, float]] = field(default_factory=list)

    def __call__(self, pictures: Tensor) -> Tensor:
        """(N, C, h, w) through the code. Max unpooling also gets the places of the maxima, unless they are to be forgotten."""
        return self.made.decode(self.made.encode(pictures)) if self.name == FORGETFUL else self.made(pictures)

    def loss(self, pictures: Tensor) -> Tensor:
        """Mean squared error of a batch."""
        return (self(pictures) - pictures).square().mean()

    def look(self, held: Tensor, period: int, step: int) -> float:
        """Error on held-out pictures; on the way the grid in what it makes of them is noted, in grey levels of 255."""
        rebuilt = self(held)
        self.grids.append((float(step), 255 * grid(rebuilt, period)))
        return mean_squared(rebuilt, held)

    def figures(self, held: Tensor) -> Work[tuple[float, float]]:
        """(PSNR in dB on pictures; the grid that was left at the last look, in grey levels of 255)."""
        rebuilt = yield from by_parts(self, held)
        return decibels(mean_squared(rebuilt, held)), self.grids[-1][1]

    @property
    def period(self) -> int:
        """Of the grid that is looked for."""
        return period_for(min(self.made.design.shape[1:]), self.made.design.depth)

    @property
    def strongest(self) -> float:
        """The strongest grid that was seen on the way."""
        return max(strength for _, strength in self.grids)

    @property
    def places(self) -> int:
        """How many positions of maxima go round the code for one picture; each is one of four, 2 bits."""
        design = self.made.design
        if self.name == FORGETFUL or design.enlarging != "max unpooling":
            return 0
        channels = [level.out_channels for level in self.made.encoder.levels]
        return sum(c * design.shape[1] * design.shape[2] // 4 ** (i + 1) for i, c in enumerate(channels))

    @property
    def decoder_weights(self) -> int:
        return sum(p.numel() for p in self.made.decoder.parameters())


def entrants(design: Design, mean: Tensor, seed: int) -> list[Entrant]:
    """Every decoder behind the same encoder with the same weights, all untrained. mean: of the pictures, (C, h, w)."""
    return [
        Entrant(name, network(matched(replace(design, enlarging=how)), torch.Generator().manual_seed(seed), mean))
        for name, how in DECODERS.items()
    ]


def matched(design: Design) -> Design:
    """The design with that width of the decoder at which it has as many weights as max unpooling, as nearly as can be."""
    wanted = Autoencoder.meta(replace(design, enlarging="max unpooling")).parameter_count
    if Autoencoder.meta(design).parameter_count == wanted:
        return design

    def weights(width: int) -> int:
        return Autoencoder.meta(replace(design, decoder_width=width)).parameter_count

    above = bisect_left(range(1, WIDEST), wanted, key=weights) + 1
    return replace(design, decoder_width=min((max(1, above - 1), above), key=lambda width: abs(weights(width) - wanted)))


def trained(runners: list[Entrant], train: Tensor, held: Tensor, course: Course, seed: int) -> Iterator[float]:
    """Train all of them in step, on the same batches. Yields the share that is done, at least at each look of each.

    The one that was looked at least often goes on, so that none begins a stretch before all others have ended the one before.
    """
    ways = {each.name: _way(each, train, held, course, seed) for each in runners}
    shares = dict.fromkeys(ways, 0.0)
    left = list(runners)
    while left:
        behind = min(left, key=lambda each: len(each.log.held))
        result = next(ways[behind.name], None)
        if result is None:
            left.remove(behind)
            continue
        shares[behind.name] = result.progress
        yield sum(shares.values()) / len(shares)


def _way(entrant: Entrant, train: Tensor, held: Tensor, course: Course, seed: int) -> Iterator[Result]:
    generator = torch.Generator().manual_seed(seed)
    training = Training(entrant.made, entrant.loss, train, course, generator, entrant.log)
    training.held = lambda: entrant.look(held, entrant.period, training.step)
    with torch.no_grad():
        entrant.log.held.append((0.0, training.held()))
    return training.run(looks=LOOKS)
