"""An endless, seeded stream of labelled pictures for training, and a fixed number of them for testing."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from hub.world.classes import CLASSES
from hub.world.scene import draw

HELD_OUT = 2_000_000_000
"""Seeds from here on are never trained on."""


class Stream(IterableDataset):
    """Batches of (pictures, labels): (batch, 3, size, size) uint8 and (batch,) int64, every class as often as any other.

    A shard holds `per_class` fresh pictures of every class, shuffled; `echo` passes over each shard save drawing time
    (Choi et al. 2019, "Faster neural network training with data echoing"). Shard i is drawn with seed + i.
    """

    def __init__(self, size: int, batch: int, seed: int, *, per_class: int = 16, echo: int = 1, first: int = 0) -> None:
        self.size, self.batch, self.seed, self.per_class, self.echo, self.first = size, batch, seed, per_class, echo, first

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        from hub import devices

        devices.settle()
        torch.set_num_threads(1)
        shard = self.first
        while True:
            pictures, labels = labelled(self.per_class, self.size, self.seed + shard)
            order = torch.Generator().manual_seed(self.seed + shard)
            for _ in range(self.echo):
                for chosen in torch.randperm(len(labels), generator=order).split(self.batch):
                    if len(chosen) == self.batch:
                        yield pictures[chosen], labels[chosen]
            shard += 1


def labelled(per_class: int, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """`per_class` pictures of every class in order: (N, 3, size, size) uint8 and (N,) labels, the index of the class in
    CLASSES."""
    with torch.no_grad():
        drawn = [draw(name, per_class, size, seed).mul(255).round().byte() for name in CLASSES]
    return torch.cat(drawn), torch.arange(len(CLASSES)).repeat_interleave(per_class)


def loader(stream: Stream) -> DataLoader:
    """The stream drawn ahead by one process of its own."""
    return DataLoader(stream, batch_size=None, num_workers=1, prefetch_factor=8, multiprocessing_context="fork")
