"""Long work that can be stopped: it yields now and then, and what is to be seen meanwhile is put in."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

import torch
from torch import Tensor

from hub import Result

Made = TypeVar("Made")
Work = Generator[None, None, Made]
"""Yields nothing, but often; returns what it made."""
Scene = Callable[[float], Result]
"""The share of the work done, in [0, 1] -> what is to be seen."""
AT_ONCE = 1024


def during(work: Work[Made], scene: Scene, share: float) -> Generator[Result, None, Made]:
    """Results while the work goes on; returns what it made."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
        yield scene(share)


def finished(work: Work[Made]) -> Made:
    """What the work makes, where nobody can stop it or look on."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def by_parts(function: Callable[[Tensor], Tensor], pictures: Tensor, size: int = AT_ONCE) -> Work[Tensor]:
    """`function` of many small pictures, (N, ...), without gradients, a pause after each `size` of them."""
    made = []
    for part in pictures.split(size):
        with torch.no_grad():
            made.append(function(part))
        yield
    return torch.cat(made)
