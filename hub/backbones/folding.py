"""Make a frozen network cheaper without changing what it computes."""

from __future__ import annotations

from collections import Counter

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def prepared(model: nn.Module) -> nn.Module:
    """A model in evaluation mode as it is looked into: its BatchNorms folded, nothing overwritten in place."""
    return without_in_place(fold_batch_norms(model.eval()))


def fold_batch_norms(model: nn.Module) -> nn.Module:
    """Merge every BatchNorm that directly follows a convolution into that convolution. Returns a new module for inference.

    torch.fx finds which follow which; a network that cannot be traced is returned as it is.
    """
    try:
        traced = torch.fx.symbolic_trace(model)
    except Exception:
        return model
    modules = dict(model.named_modules())
    uses = Counter(node.target for node in traced.graph.nodes if node.op == "call_module")
    for node in traced.graph.nodes:
        if node.op != "call_module" or not isinstance(modules.get(node.target), nn.BatchNorm2d):
            continue
        before = node.args[0]
        convolution = modules.get(getattr(before, "target", None)) if before.op == "call_module" else None
        if isinstance(convolution, nn.Conv2d) and len(before.users) == uses[before.target] == uses[node.target] == 1:
            _replace(model, before.target, fuse_conv_bn_eval(convolution, modules[node.target]))
            _replace(model, node.target, nn.Identity())
    return model


def _replace(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)


def without_in_place(model: nn.Module) -> nn.Module:
    """Turn off in-place activations: a value that a hook has seen must not change afterwards."""
    for module in model.modules():
        if getattr(module, "inplace", False):
            module.inplace = False
    return model
