"""Time, arithmetic and memory of a piece of work."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from statistics import median

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

Step = Callable[[], object]
SHAPES = ((64, 224), (128, 112), (256, 56), (512, 28), (64, 56))
"""(channels, side) of the 3x3 convolutions that the machine is measured with."""


def seconds(step: Step, repetitions: int, warm_up: int = 2) -> float:
    """Median seconds of one call."""
    for _ in range(warm_up):
        step()
    return median(timed(step) for _ in range(repetitions))


def timed(step: Step) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def flops(step: Step) -> int:
    """Floating-point operations of one call in convolutions and products of matrices; two for a multiply-add."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def peak_memory() -> int:
    """Largest resident size of this process so far, in bytes."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else 1024 * size


def throughput(channels: int, side: int, dtype: torch.dtype, repetitions: int) -> float:
    """Operations a second of one 3x3 convolution, forward and backward to its input, channels_last."""
    weight = torch.randn(channels, channels, 3, 3, dtype=dtype).contiguous(memory_format=torch.channels_last)
    maps = torch.randn(1, channels, side, side, dtype=dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    slope = torch.randn_like(maps)

    def step() -> None:
        torch.autograd.grad(F.conv2d(maps, weight, padding=1), maps, slope)

    return 2 * 2 * 9 * channels**2 * side**2 / seconds(step, repetitions)


def best_throughput(dtype: torch.dtype, repetitions: int) -> dict[tuple[int, int], float]:
    """Operations a second for each of SHAPES."""
    return {shape: throughput(*shape, dtype, repetitions) for shape in SHAPES}
