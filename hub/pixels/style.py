"""What style is to a network: which features occur in a picture, and which occur together, wherever in it they are.

A layer's features at every position are a cloud of points; its mean and its Gram matrix are all that is kept of it. Both are
means over positions, so that those of a large picture can be gathered tile by tile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.errors import ShapeError
from hub.pixels import images
from hub.pixels.matrices import matrix_square_root
from hub.pixels.objectives import Objective, at_layer

Statistics = tuple[Tensor, Tensor]
"""Mean (B, C) and Gram matrix (B, C, C) of a layer."""
Distance = Callable[[Statistics], Tensor]
"""How far statistics are from those that are wanted: (B,), 0 where they are the same."""


def gram(features: Tensor, weight: Tensor | None = None) -> Tensor:
    """Channel correlations of a feature map, averaged over positions.

    features: (B, C, H, W).  weight: (H, W), how much each position counts.  Returns (B, C, C).
    Raises ShapeError where `features` is not 4-D.
    Source: Gatys et al. 2015, eq. 3. Departure: divided by H*W, so that size does not matter.

    >>> gram(torch.ones(1, 2, 4, 4))[0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    flat, share = _cloud(features, weight)
    return flat.mT @ flat / flat.shape[1] if share is None else flat.mT @ (flat * share)


def statistics(features: Tensor, weight: Tensor | None = None) -> Statistics:
    """Mean and Gram matrix of a feature map, (B, C, H, W); `weight` and errors as for `gram`."""
    flat, share = _cloud(features, weight)
    return flat.mean(1) if share is None else (flat * share).sum(1), gram(features, weight)


def _cloud(features: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The features as points (B, H*W, C), laid out as channels_last has them, and the share (H*W, 1) of each in the whole, or
    None where all count alike."""
    if features.dim() != 4:
        raise ShapeError(f"features must be (B, C, H, W), not {tuple(features.shape)}.")
    flat = features.permute(0, 2, 3, 1).flatten(1, 2)
    if weight is None:
        return flat, None
    return flat, weight.reshape(-1, 1) / weight.sum().clamp_min(1e-12)


def covariance(of: Statistics) -> Tensor:
    """(B, C, C): the Gram matrix about the mean."""
    mean, second = of
    return second - mean[:, :, None] * mean[:, None]


# ---------------------------------------------------------------- how far styles are apart


def gram_distance(wanted: Statistics) -> Distance:
    """The squared difference of Gram matrices, over the square of the wanted one (Gatys et al. 2015, eq. 4)."""
    target = wanted[1]
    scale = target.square().sum((1, 2)).clamp_min(1e-12)
    return lambda seen: (seen[1] - target).square().sum((1, 2)) / scale


def wasserstein_distance(wanted: Statistics, epsilon: float = 1e-4) -> Distance:
    """The squared Wasserstein-2 distance of Gaussians with these means and covariances, over the energy of the wanted one.

    |m - n|^2 + tr(A + B - 2 (B^1/2 A B^1/2)^1/2): the least work that moves one cloud of features onto the other.
    epsilon: added to both covariances, as a share of the wanted one's mean variance, so that their roots are smooth.
    Source: Mroueh 2019, "Wasserstein style transfer". Departure: divided by the energy, so that layers are alike.
    """
    wanted = _in_double(wanted)
    mean, target = wanted[0], covariance(wanted)
    ridge = epsilon * target.diagonal(dim1=1, dim2=2).mean(1).clamp_min(1e-8)[:, None, None] * torch.eye(mean.shape[1]).to(mean)
    target = target + ridge
    root, _ = matrix_square_root(target)
    energy = mean.square().sum(1) + _trace(target)

    def distance(found: Statistics) -> Tensor:
        spread = covariance(found) + ridge
        between = _TraceOfRoot.apply(root @ spread @ root)
        moved = (found[0] - mean).square().sum(1)
        return (moved + _trace(spread) + _trace(target) - 2 * between) / energy

    return lambda seen: _OnProcessor.apply(distance, *seen)


def _in_double(seen: Statistics) -> Statistics:
    """Statistics in float64 on the processor: where there are fewer positions than channels, covariances have eigenvalues so
    small that float32 gets the slope of their roots wrong by a third."""
    return tuple(t.cpu().double() for t in seen)


class _OnProcessor(torch.autograd.Function):
    """A distance of statistics, each in its own batch, computed with its slope in float64 on the processor.

    To a GPU it is one step. As several, its slopes would arrive there in whatever order threads come by, and sums differ with it.
    """

    @staticmethod
    def forward(ctx: Any, distance: Distance, *seen: Tensor) -> Tensor:
        wanted = any(ctx.needs_input_grad)
        found = tuple(t.detach().requires_grad_(wanted) for t in _in_double(seen))
        with torch.set_grad_enabled(wanted):
            value = distance(found)
        if wanted:
            ctx.save_for_backward(*torch.autograd.grad(value, found, torch.ones_like(value)))
        return value.detach().to(seen[0])

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        far = slope.cpu().double()
        return None, *((saved * far.view(-1, *[1] * (saved.dim() - 1))).to(slope) for saved in ctx.saved_tensors)


class _TraceOfRoot(torch.autograd.Function):
    """tr(A^1/2), (B,). Its slope is A^-1/2 / 2: nothing need be carried back through eigenvectors."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        root, inverse = matrix_square_root(matrix)
        ctx.save_for_backward(inverse)
        return _trace(root)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        (inverse,) = ctx.saved_tensors
        return slope[:, None, None] * inverse / 2


def _trace(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=1, dim2=2).sum(1)


# ---------------------------------------------------------------- as objectives


def imitation(layer: str, distance: Distance, weight: Tensor | None = None, *, smooth: bool = False) -> Objective:
    """How far a picture's style is from the wanted one at a layer: to be made small.

    weight: (H, W) of any size, where in the picture the style belongs; everywhere where there is none.
    smooth: see `smoothed_activations`.
    """
    return at_layer(layer, lambda f: distance(look(f, weight, smooth=smooth)))


def look(features: Tensor, weight: Tensor | None = None, *, smooth: bool = False) -> Statistics:
    """The statistics that `imitation` compares, of features (B, C, h, w) in any format."""
    f = smoothed_activations(features.float()) if smooth else features.float()
    return statistics(f, None if weight is None else F.adaptive_avg_pool2d(weight[None], f.shape[-2:])[0])


def content(layer: str, wanted: Tensor, *, smooth: bool = False) -> Objective:
    """How far features are from the wanted ones (1, C, h, w), position by position, over the mean square of those.

    Source: Gatys et al. 2015, eq. 1. Departure: divided, so that layers and networks are alike.
    """
    wanted = smoothed_activations(wanted.detach().float()) if smooth else wanted.detach().float()
    energy = wanted.square().mean().clamp_min(1e-8)

    def measure(f: Tensor) -> Tensor:
        return ((smoothed_activations(f) if smooth else f) - wanted).square().mean((1, 2, 3)) / energy

    return at_layer(layer, measure)


def laplacian(wanted: Tensor, cell: float, least: float = 0.01) -> Objective:
    """How far a picture's contours are from those of the wanted one, (1, 3, H, W): the mean square difference of the Laplacians
    of both, over the mean square of the wanted one.

    cell: the pixels of a side that are first averaged to one, so that strokes narrower than that are free.
    least: the mean square that it is divided by at least; a photo has 0.02 to 0.1, a picture of one colour none.
    Source: Li et al. 2017, "Laplacian-steered neural style transfer". Departure: divided, so that its weight means the same for
    all pictures.
    """
    size = tuple(max(1, round(side / cell)) for side in wanted.shape[-2:])

    def contours(pictures: Tensor) -> Tensor:
        small = images.resize(pictures.float(), size)
        around = small.new_tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]).expand(3, 1, 3, 3)
        return F.conv2d(F.pad(small, (1, 1, 1, 1), mode="replicate"), around, groups=3)

    aim = contours(wanted.detach())
    energy = aim.square().mean().clamp_min(least)
    return Objective(frozenset(), lambda _, pictures: (contours(pictures) - aim).square().mean((1, 2, 3)) / energy)


def smoothed_activations(features: Tensor) -> Tensor:
    """Peaks, which large residual networks have and which drown all else, are rounded off: sign(f) * log(1 + |f|).

    Source: the idea of Wang et al. 2021, "Rethinking and improving the robustness of image style transfer" (SWAG). Departure:
    they take a softmax over the layer, which sharpens peaks instead where answers are large; the logarithm cannot, and it
    looks at each value alone, so tiles agree.
    """
    return features.sign() * features.abs().log1p()
