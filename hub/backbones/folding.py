"""Make a frozen network cheaper without changing what it computes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def prepared(model: nn.Module, side: int) -> nn.Module:
    """A model in evaluation mode as it is looked into: its BatchNorms folded, nothing overwritten in place.

    side: of a picture that it takes, in pixels.
    """
    return without_in_place(fold_batch_norms(model.eval(), side))


def fold_batch_norms(model: nn.Module, side: int) -> nn.Module:
    """Merge every BatchNorm that directly follows a convolution, and alone does so, into that convolution.

    Which follow which is found by running tensors without contents through the network; one that cannot be run so is returned
    as it is. (torch.fx would patch every module of the process while it looks, under the feet of other threads.)
    """
    try:
        pairs = followers(model, side)
    except Exception:
        return model
    modules = dict(model.named_modules())
    for norm, convolution in pairs.items():
        _replace(model, convolution, fuse_conv_bn_eval(modules[convolution], modules[norm]))
        _replace(model, norm, nn.Identity())
    return model


def followers(model: nn.Module, side: int) -> dict[str, str]:
    """BatchNorm -> the convolution whose output goes into it and nowhere else; both are used once."""
    outputs: dict[int, tuple[str, Tensor]] = {}  # the tensors are held, so that no other gets their id
    runs: Counter[str] = Counter()
    follows: dict[str, tuple[str, int]] = {}

    def convolved(name: str) -> Any:
        def hook(_module: nn.Module, _given: Any, out: Tensor) -> None:
            runs[name] += 1
            outputs[id(out)] = (name, out)

        return hook

    def normed(name: str) -> Any:
        def hook(_module: nn.Module, given: Any) -> None:
            runs[name] += 1
            if id(given[0]) in outputs:
                follows[name] = (outputs[id(given[0])][0], id(given[0]))

        return hook

    handles = [m.register_forward_hook(convolved(name)) for name, m in model.named_modules() if type(m) is nn.Conv2d]
    handles += [m.register_forward_pre_hook(normed(name)) for name, m in model.named_modules() if type(m) is nn.BatchNorm2d]
    held = {name: tensor.to("meta") for name, tensor in (*model.named_parameters(), *model.named_buffers())}
    dtype = next(model.parameters()).dtype
    try:
        with torch.no_grad(), _Uses(outputs) as uses:
            torch.func.functional_call(model, held, (torch.zeros(1, 3, side, side, device="meta", dtype=dtype),))
    finally:
        for handle in handles:
            handle.remove()
    return {norm: convolution for norm, (convolution, tensor) in follows.items()
            if runs[norm] == runs[convolution] == uses.counts[tensor] == 1}


class _Uses(TorchDispatchMode):
    """Counts, while it is entered, how often each of some tensors goes into an operation. watched: by their ids."""

    def __init__(self, watched: dict[int, tuple[str, Tensor]]) -> None:
        super().__init__()
        self._watched = watched
        self.counts: Counter[int] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.counts.update(id(leaf) for leaf in tree_leaves((args, kwargs)) if id(leaf) in self._watched)
        return function(*args, **(kwargs or {}))


def _replace(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)


def without_in_place(model: nn.Module) -> nn.Module:
    """Turn off in-place activations: a value that a hook has seen must not change afterwards."""
    for module in model.modules():
        if getattr(module, "inplace", False):
            module.inplace = False
    return model
