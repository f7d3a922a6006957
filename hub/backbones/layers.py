"""What is inside a network: its layers by name, found once by running a small picture through it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

CLASSES = "classes"
"""The name of the classifier as a layer: one map for each class, the head applied at every position."""
DEPTHS = {"early": 0.15, "middle": 0.5, "late": 0.85}
"""Words for a layer by its share of the depth, which mean something in every network."""


@dataclass(frozen=True)
class Layer:
    """A place in a network whose output is a feature map.

    name: the module's name. kind: its class. channels: how many maps. stride: input pixels between neighbouring values.
    size: height and width at the network's own input size. depth: share of the layers before it, 0 to 1.
    """

    name: str
    kind: str
    channels: int
    stride: int
    size: tuple[int, int]
    depth: float


def find_layers(model: nn.Module, side: int) -> list[Layer]:
    """Every module whose output is a (B, C, H, W) map of more than one position, in the order in which they compute.

    Modules that only pass on a map of the same shape and are nameless parts of an activation are kept too: the value before and
    after an activation are different questions.
    """
    seen: list[tuple[str, str, torch.Size]] = []
    handles = [
        module.register_forward_hook(lambda m, _, out, name=name: _note(seen, name, m, out))
        for name, module in model.named_modules()
        if name
    ]
    try:
        with torch.no_grad():
            parameter = next(model.parameters())
            model(
                torch.zeros(1, 3, side, side, device=parameter.device, dtype=parameter.dtype).contiguous(
                    memory_format=torch.channels_last
                )
            )
    finally:
        for handle in handles:
            handle.remove()
    unique = list({name: (name, kind, shape) for name, kind, shape in seen}.values())
    return [
        Layer(name, kind, shape[1], max(1, round(side / shape[-1])), (shape[-2], shape[-1]), (i + 1) / len(unique))
        for i, (name, kind, shape) in enumerate(unique)
    ]


def _note(seen: list[tuple[str, str, torch.Size]], name: str, module: nn.Module, out: object) -> None:
    if isinstance(out, Tensor) and out.dim() == 4 and out.shape[-1] > 1 and not isinstance(module, (nn.Dropout, nn.Identity)):
        seen.append((name, type(module).__name__, out.shape))


def landmarks(layers: list[Layer]) -> list[Layer]:
    """The few layers worth showing first: the last one at each depth of block, early to late, at most one to a change of
    shape."""
    blocks = [
        a
        for a in layers
        if a.name.count(".") <= 1
        and (a.kind.startswith("ConvNeXt") or not a.kind.startswith(("Conv", "BatchNorm", "FrozenBatchNorm", "Identity")))
    ]
    kept: list[Layer] = []
    for layer in blocks or layers:
        if kept and (kept[-1].channels, kept[-1].size) == (layer.channels, layer.size):
            kept[-1] = layer
        else:
            kept.append(layer)
    return kept
