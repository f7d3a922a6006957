"""How much work a training is, before it begins: no slider's end may keep a machine busy for days."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hub.errors import BadParams
from plugins.autoencoders._networks import Autoencoder, Design

MOST = 6e13
"""Products of a training on its way forward: at most about an hour on two cores, of which one was measured to do 1.2 to 2.4e10 a
second, the two passes back included."""
Weighty = nn.Linear | nn.Conv2d | nn.ConvTranspose2d


def affordable(design: Design, steps: int, batch: int) -> None:
    """Raises BadParams, saying what to lower, where a training of so many steps and pictures at each would take over an hour."""
    each = batch * products(design)
    if steps * each <= MOST:
        return
    fewer = int(MOST // each)
    cure = f"Take at most {fewer} steps, or lower" if fewer else "Lower"
    raise BadParams(
        f"steps: {steps} steps of {batch} pictures through this network take about {max(2, round(steps * each / MOST))} hours; "
        f"one is allowed. {cure} batch, width or depth."
    )


def products(design: Design) -> int:
    """Multiplications for one picture on its way through, counted on a network without numbers.

    >>> products(Design((1, 8, 8), "linear", 10, depth=1))
    1280
    """
    made, counts = Autoencoder.meta(design), []

    def count(part: Weighty, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        seen = inputs[0] if isinstance(part, nn.ConvTranspose2d) else output
        counts.append(part.weight.numel() * (1 if isinstance(part, nn.Linear) else seen.shape[-2:].numel()))

    for part in made.modules():
        if isinstance(part, Weighty):
            part.register_forward_hook(count)
    with torch.no_grad():
        made(torch.empty(1, *design.shape, device="meta"))
    return sum(counts)
