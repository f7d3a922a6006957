"""Lessons with few labels: who sees which of them, how a network is taught, and whether one start beats another."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from hub import Curve, Image, Result
from plugins.autoencoders._training import Course, Training
from plugins.autoencoders.pretraining.stacks import Stack, wrong

BATCH = 16
COUNTS = (10, 20, 50, 100, 200, 500)


@dataclass(frozen=True)
class Lessons:
    """Labelled pictures: for each seed its own, the first ones of an order, so that fewer are among more.

    pictures: (N, D). labels: (N,). order: (seeds, N), as many of each class among the first as can be.
    counts: numbers of labels, rising. held, held_labels: (M, D) and (M,), the same test for everyone.
    """

    pictures: Tensor
    labels: Tensor
    order: Tensor
    counts: tuple[int, ...]
    held: Tensor
    held_labels: Tensor

    def batch(self, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Some labelled pictures for each network, seeds slowly and counts fast: (S, size, D) and (S, size)."""
        counts = torch.tensor(self.counts).repeat(len(self.order))
        chosen = (torch.rand(len(counts), size, generator=generator) * counts[:, None]).long().to(self.order.device)
        places = self.order.repeat_interleave(len(self.counts), 0).gather(1, chosen)
        return self.pictures[places], self.labels[places]

    def labelled(self, seed: int, count: int) -> tuple[Tensor, Tensor]:
        """(count, D) and (count,): what one seed sees."""
        return self.pictures[self.order[seed, :count]], self.labels[self.order[seed, :count]]


def counts_to(most: int) -> tuple[int, ...]:
    """Numbers of labels, about twice as many each time, the last one `most`."""
    return (*(count for count in COUNTS if count < most), most)


def balanced(labels: Tensor, seeds: int, generator: torch.Generator) -> Tensor:
    """Orders by chance in which classes take turns: (seeds, N)."""
    orders = []
    for _ in range(seeds):
        order = torch.randperm(len(labels), generator=generator).to(labels.device)
        turn = torch.zeros_like(order)
        for c in labels.unique():
            mine = (labels[order] == c).nonzero()[:, 0]
            turn[mine] = torch.arange(len(mine), device=labels.device)
        orders.append(order[turn.argsort(stable=True)])
    return torch.stack(orders)


def teach(
    begun: Stack,
    lessons: Lessons,
    steps: int,
    rate: float,
    generator: torch.Generator,
    *,
    show: Callable[[], Image],
    curves: Callable[[Tensor], dict[str, Curve]],
    span: tuple[float, float],
) -> Generator[Result, None, Stack]:
    """Fine-tuning: every seed's network once for every number of labels, all layers, all at once.

    begun: one network a seed. curves: draws accuracies (seeds, counts) on the way.
    Returns S = seeds x counts networks, counts fast.
    """
    taught = begun.repeated(len(lessons.counts))
    course = Course(steps, batch=len(taught), rate=rate, fused=True)

    everyone = torch.arange(len(taught), device=lessons.labels.device)  # which networks: all learn at every step

    def loss(_: Tensor) -> Tensor:
        return wrong(taught, *lessons.batch(BATCH, generator))

    training = Training(taught, loss, everyone, course, generator)
    yield from training.run(show, span, curves=lambda: curves(accuracies(taught, lessons)))
    return taught


def answers(stack: Stack, pictures: Tensor) -> Tensor:
    """(N, D) -> the classes that each network says: (S, N)."""
    with torch.no_grad():
        return torch.cat([stack(part[None]).argmax(-1) for part in pictures.split(512)], 1)


def accuracies(stack: Stack, lessons: Lessons) -> Tensor:
    """The share of the held-out pictures that each network reads right: (seeds, counts)."""
    right = answers(stack, lessons.held) == lessons.held_labels
    return right.cpu().double().mean(1).reshape(len(lessons.order), len(lessons.counts))


@dataclass(frozen=True)
class Gain:
    """A mean difference of pairs, half its 95 % interval, and the chance of one as large if there were none (paired t-test)."""

    mean: float
    half: float
    p: float

    @property
    def sure(self) -> bool:
        return self.p < 0.05


def gain(after: Tensor, before: Tensor) -> Gain:
    """after, before: (n,) of the same n seeds, n at least 2. Where all differences are alike, p is 0, or 1 for none.

    Source: Student 1908.
    """
    from scipy import stats

    differences = (after - before).double()
    mean, error = float(differences.mean()), float(differences.std()) / math.sqrt(len(differences))
    freedom = len(differences) - 1
    if error < 1e-12:
        return Gain(mean, 0.0, float(abs(mean) < 1e-12))
    return Gain(mean, float(stats.t.ppf(0.975, freedom)) * error, float(2 * stats.t.sf(abs(mean) / error, freedom)))


def half(values: Tensor) -> list[float]:
    """Half the 95 % interval of the mean over seeds: (seeds, counts) -> counts numbers."""
    return [gain(column, torch.zeros_like(column)).half for column in values.T]
