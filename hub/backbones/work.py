"""How much a network computes, counted as a picture without contents goes through it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class Counting(TorchDispatchMode):
    """Counts floating-point operations while it is entered, in this thread alone; a multiplication with an addition is two.

    torch's own counter hangs hooks on the modules of every thread, and so on the networks that others look into meanwhile.
    """

    def __init__(self) -> None:
        super().__init__()
        self.done = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        if count := flop_registry.get(function.overloadpacket):
            self.done += count(*args, **(kwargs or {}), out_val=out)
        return out


def counted(model: nn.Module, side: int) -> dict[str, int]:
    """Operations until each module has ended for the last time, in one pass of a square picture. "" is the whole network.

    model: on the meta device.
    """
    ends: dict[str, int] = {}

    def note(name: str) -> Any:
        return lambda *_: ends.update({name: counting.done})

    handles = [module.register_forward_hook(note(name)) for name, module in model.named_modules()]
    try:
        with torch.no_grad(), Counting() as counting:
            model(torch.zeros(1, 3, side, side, device="meta"))
    finally:
        for handle in handles:
            handle.remove()
    return ends
