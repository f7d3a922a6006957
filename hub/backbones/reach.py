"""Receptive fields: how much of the picture a value of a feature map can depend on, found by following every operation.

The network runs once on tensors without contents, and each tensor is followed by what its values have seen so far: a
convolution or a pooling with kernel k widens that by (k - 1) times the stride so far (Araujo, Norris and Sim 2019, "Computing
receptive fields of convolutional neural networks"); a sum or a concatenation has seen what its widest part has; a mean over all
positions, as in squeeze-and-excitation, a linear map of positions, as in a mixer, or attention has seen the whole picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

PRODUCTS = ("bmm", "mm", "matmul", "addmm", "baddbmm", "linear")


@dataclass(frozen=True)
class Reach:
    """What a value has seen. side: height and width in input pixels; None for the whole picture. step: input pixels between
    neighbours. axes: which of the tensor's dimensions are positions of the picture."""

    side: tuple[int, int] | None
    step: tuple[int, int] = (1, 1)
    axes: frozenset[int] = frozenset({2, 3})

    @property
    def pixels(self) -> int | None:
        """The longer side; None for the whole picture."""
        return max(self.side) if self.side else None

    def through(self, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int] = (1, 1)) -> Reach:
        """After a sliding window."""
        kernel, stride, dilation = (pair(each) for each in (kernel, stride, dilation))
        axes = zip(self.side or (0, 0), kernel, dilation, self.step, strict=True)
        wider = tuple(r + (k - 1) * d * s for r, k, d, s in axes) if self.side else None
        return Reach(wider, tuple(s * t for s, t in zip(self.step, stride, strict=True)))

    def everywhere(self) -> Reach:
        return replace(self, side=None)


class Following(TorchDispatchMode):
    """While it is entered, every tensor that comes from `picture` (B, 3, H, W) gets its `Reach`; others have none.

    operations: the names of what was done to those tensors, in order; whoever looks may empty it.
    """

    def __init__(self, picture: Tensor) -> None:
        super().__init__()
        self._known = WeakTensorKeyDictionary()
        self._known[picture] = Reach((1, 1))
        self.operations: list[str] = []

    def of(self, tensor: Tensor) -> Reach | None:
        return self._known.get(tensor)

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        given = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        seen = [(t, self._known[t]) for t in given if t in self._known]
        if seen:
            self.operations.append(function.overloadpacket.__name__)
            for made in tree_leaves(out):
                if isinstance(made, Tensor):
                    self._known[made] = after(function.overloadpacket.__name__, args, seen, made)
        return out


def after(operation: str, args: Sequence[Any], seen: Sequence[tuple[Tensor, Reach]], made: Tensor) -> Reach:
    """What the values of `made` have seen. seen: the tensors that went in, as far as they come from the picture."""
    tensor, reach = max(seen, key=lambda each: (each[1].side is None, each[1].side or (0, 0)))
    if operation == "convolution":
        return reach.through(args[1].shape[2:], args[3], args[5])
    if operation in ("max_pool2d_with_indices", "max_pool2d"):
        return reach.through(args[1], args[2] if len(args) > 2 and args[2] else args[1], args[4] if len(args) > 4 else (1, 1))
    if operation == "avg_pool2d":
        return reach.through(args[1], args[2] if len(args) > 2 and args[2] else args[1])
    if _mixes(operation, args, seen, made):
        reach = reach.everywhere()
    if operation == "cat":
        return replace(reach, axes=frozenset().union(*(each.axes for _, each in seen)))
    return replace(reach, axes=_axes(operation, args, tensor, reach.axes, made))


def _mixes(operation: str, args: Sequence[Any], seen: Sequence[tuple[Tensor, Reach]], made: Tensor) -> bool:
    """Whether values of different positions come together."""
    tensor, reach = seen[0]
    if operation in PRODUCTS:
        left = args[1 if operation in ("addmm", "baddbmm") else 0] is tensor
        summed = tensor.dim() - (1 if left or tensor.dim() == 1 else 2)
        return len(seen) > 1 or summed in reach.axes and tensor.shape[summed] > 1
    if "adaptive" in operation:
        return made.shape[-2:] != tensor.shape[-2:]
    if "scaled_dot_product" in operation or "group_norm" in operation:
        return True
    if operation in ("mean", "sum", "amax", "max", "var", "var_mean", "std", "softmax", "_softmax"):
        named = args[1] if len(args) > 1 and args[1] is not None else range(tensor.dim())
        dims = {d % tensor.dim() for d in (named if isinstance(named, Iterable) else [named])}
        return any(d in reach.axes and tensor.shape[d] > 1 for d in dims)
    return False


def _axes(operation: str, args: Sequence[Any], tensor: Tensor, axes: frozenset[int], made: Tensor) -> frozenset[int]:
    """Which dimensions of `made` are positions."""
    dims = tensor.dim()
    if operation == "permute":
        return frozenset(i for i, d in enumerate(args[1]) if d % dims in axes)
    if operation in ("transpose", "t"):
        a, b = (args[1] % dims, args[2] % dims) if operation == "transpose" else (0, 1)
        swapped = {a: b, b: a}
        return frozenset(swapped.get(d, d) for d in axes)
    return axes if made.dim() == dims and made.shape == tensor.shape else regrouped(tensor.shape, axes, made.shape)


def regrouped(before: Sequence[int], axes: frozenset[int], now: Sequence[int]) -> frozenset[int]:
    """Which dimensions are positions after a reshape: those whose product runs over a dimension that was one.

    >>> sorted(regrouped((1, 8, 4, 4), frozenset({2, 3}), (1, 8, 16)))
    [2]
    """
    if sum(n > 1 for n in before) == 0 or torch.Size(before).numel() != torch.Size(now).numel():
        return frozenset(d for d in axes if d < len(now))
    ends, product = [], 1
    for i, n in enumerate(before):
        ends.append((product, product * n, i in axes and n > 1))
        product *= n
    found, product = set(), 1
    for i, n in enumerate(now):
        low, high = product, product * n
        product = high
        if n > 1 and any(place and max(low, a) < min(high, b) for a, b, place in ends):
            found.add(i)
    return frozenset(found)


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    """An extent as torch takes it -> height and width."""
    both = (value, value) if isinstance(value, int) else tuple(value)
    return (both[0], both[-1])
