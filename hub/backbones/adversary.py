"""Pictures moved against a network before it learns from them.

Sources: Madry et al. 2018, "Towards deep learning models resistant to adversarial attacks"; Wong et al. 2020, "Fast is better
than free" (few steps from a random start); Augustin, Meinke and Hein 2020, "Adversarial robustness on in- and
out-distribution improves explainability" (pictures that show nothing are moved too, towards looking like something).
Departures: lengths are drawn anew for every picture, up to the radius, so that clean pictures are not forgotten.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Goal = Callable[[Tensor], Tensor]
"""Scores (B, classes) -> what the adversary wants large, (B,)."""


def away_from(labels: Tensor) -> Goal:
    """To be taken for anything but what it is."""
    return lambda scores: F.cross_entropy(scores, labels, reduction="none")


def towards_anything(scores: Tensor) -> Tensor:
    """To be taken for something, whatever it may be, and surely."""
    return scores.log_softmax(1).amax(1)


def attacked(
    answer: Callable[[Tensor], Tensor], pictures: Tensor, goal: Goal, radius: float, generator: torch.Generator, moves: int = 1
) -> Tensor:
    """The pictures moved by `moves` gradient steps from a random start near by, to serve the adversary's goal.

    answer: pictures in [0, 1] -> scores (B, classes). pictures: (B, 3, H, W) in [0, 1]. radius: the largest length of a move,
    as the L2 norm of the change; each picture has its own, most of them nearer to the radius than to zero.
    Returns (B, 3, H, W) in [0, 1].
    """
    lengths = radius * torch.rand(len(pictures), 1, 1, 1, generator=generator).sqrt().to(pictures.device)
    noise = torch.randn(pictures.shape, generator=generator).to(pictures.device)
    moved = (pictures + 0.3 * lengths * direction(noise)).clamp(0, 1)
    stride = 4.0 if moves == 1 else 2.5 / moves  # a single step goes past the sphere and is drawn back onto it
    for _ in range(moves):
        moved = moved.contiguous(memory_format=torch.channels_last).requires_grad_()
        (slope,) = torch.autograd.grad(goal(answer(moved)).sum(), moved)
        change = moved.detach() + stride * lengths * direction(slope) - pictures
        moved = (pictures + change * (lengths / length(change)).clamp_max(1)).clamp(0, 1)
    return moved


def length(t: Tensor) -> Tensor:
    """(B, 3, H, W) -> the L2 norm of each, (B, 1, 1, 1), never quite zero."""
    return t.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)


def direction(t: Tensor) -> Tensor:
    """Each picture's change at length 1."""
    return t / length(t)


class frozen_statistics:
    """The model's normalisations use, and do not update, their running means while its gradient is only looked at."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def __enter__(self) -> None:
        self.model.eval().requires_grad_(False)

    def __exit__(self, *_: object) -> None:
        self.model.train().requires_grad_(True)
