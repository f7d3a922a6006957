"""Long work that can be stopped: it yields now and then, and what is to be seen meanwhile is put in."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from hub import Result

Made = TypeVar("Made")
Work = Generator[None, None, Made]
"""Yields nothing, but often; returns what it made."""
Scene = Callable[[float], Result]
"""The share of the work done, in [0, 1] -> what is to be seen."""


def during(work: Work[Made], scene: Scene, share: float) -> Generator[Result, None, Made]:
    """Results while the work goes on; returns what it made."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
        yield scene(share)
