"""Give a picture the colours of another: the linear map of colours that moves the least and matches mean and covariance.

It is fitted in linear light, where mixing colours is adding them. Of all maps of one Gaussian onto another it is the one of
optimal transport, so hues are kept where they can be.

Source: Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer".
"""

from __future__ import annotations

import torch
from torch import Tensor


def recoloured(picture: Tensor, like: Tensor) -> Tensor:
    """(1, 3, H, W) in [0, 1] with the colours of `like`, of any size; what leaves the range is clipped."""
    seen, wanted = to_linear(picture), to_linear(like)
    return from_linear(transported(seen, wanted).clamp(0, 1))


def transported(seen: Tensor, wanted: Tensor) -> Tensor:
    """Colours (1, 3, H, W) moved so that their mean and covariance are those of `wanted`; not clipped.

    A picture of fewer colours than three directions is moved along those that it has.
    """
    (mean, spread), (target, wide) = _gaussian(seen), _gaussian(wanted)
    root, inverse = _roots(spread)
    middle, _ = _roots(root @ wide @ root)
    way = (inverse @ middle @ inverse).to(seen)
    moved = way @ (seen[0].flatten(1) - mean.to(seen)) + target.to(seen)
    return moved.view_as(seen)


def lit_as(picture: Tensor, painted: Tensor) -> Tensor:
    """The picture with the light of another of its size, and its own colours: (B, 3, H, W) in [0, 1].

    Source: Gatys et al. 2016, "Preserving color in neural artistic style transfer", luminance only; Rec. 709 luma.
    """
    weights = picture.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
    return (picture + ((painted - picture) * weights).sum(1, keepdim=True)).clamp(0, 1)


def _gaussian(colours: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (3, 1) and covariance (3, 3), in float64: it is a matter of a few numbers, and of small differences."""
    flat = colours[0].flatten(1).cpu().double()
    mean = flat.mean(1, keepdim=True)
    return mean, (flat - mean) @ (flat - mean).T / flat.shape[1]


def _roots(matrix: Tensor, least: float = 1e-7) -> tuple[Tensor, Tensor]:
    """The square root of a symmetric matrix and its inverse, both zero along directions with no more variance than `least`."""
    values, directions = torch.linalg.eigh(matrix)
    root = values.clamp_min(0).sqrt()
    inverse = torch.where(values > least, root.reciprocal(), 0.0)
    return (directions * root) @ directions.T, (directions * inverse) @ directions.T


def to_linear(picture: Tensor) -> Tensor:
    """sRGB in [0, 1] -> linear light (IEC 61966-2-1)."""
    return torch.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055).clamp_min(0).pow(2.4))


def from_linear(light: Tensor) -> Tensor:
    """Linear light -> sRGB, the inverse of `to_linear`."""
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp_min(0.0031308).pow(1 / 2.4) - 0.055)
