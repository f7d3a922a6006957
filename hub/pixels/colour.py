"""Colour spaces, the statistics of a picture's colours, and giving one picture the colours of another.

Results are not clipped unless a function says so: a colour may leave [0, 1], and whoever shows it decides what then.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hub.pixels.matrices import matrix_square_root, spectral

# Oklab (Ottosson 2020): linear sRGB -> cone responses -> their cube roots -> lightness, green-red, blue-yellow.
_CONES = ((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
          (0.0883024619, 0.2817188376, 0.6299787005))
_OPPONENTS = ((0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
              (0.0259040371, 0.7827717662, -0.8086757660))
LEAST = 1e-6
"""Variance that every colour is taken to have at least, in [0, 1] units squared: a picture of one colour has none to scale."""
MOST = 12.0
"""The largest gain of `recoloured`; on ordinary photos and styles it is seldom reached."""


def rgb_to_oklab(pictures: Tensor) -> Tensor:
    """(B, 3, H, W), sRGB -> Oklab: lightness in [0, 1], green-red and blue-yellow in about [-0.4, 0.4]."""
    cones = mixed(to_linear(pictures), pictures.new_tensor(_CONES))
    return mixed(cones.sign() * cones.abs() ** (1 / 3), pictures.new_tensor(_OPPONENTS))


def oklab_to_rgb(pictures: Tensor) -> Tensor:
    """The inverse of `rgb_to_oklab`; colours that no screen has come out below 0 or above 1."""
    inverses = (torch.linalg.inv(torch.tensor(m, dtype=torch.float64)) for m in (_OPPONENTS, _CONES))  # not every device has it
    opponents, cones = (m.to(pictures.dtype).to(pictures.device) for m in inverses)
    return from_linear(mixed(mixed(pictures, opponents) ** 3, cones))


def to_linear(pictures: Tensor) -> Tensor:
    """sRGB in [0, 1] -> linear light (IEC 61966-2-1)."""
    return torch.where(pictures <= 0.04045, pictures / 12.92, ((pictures.clamp_min(0.04) + 0.055) / 1.055) ** 2.4)


def from_linear(light: Tensor) -> Tensor:
    """Linear light -> sRGB, the inverse of `to_linear`."""
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp_min(0.003) ** (1 / 2.4) - 0.055)


def mixed(pictures: Tensor, matrix: Tensor) -> Tensor:
    """Every pixel's colour times a matrix: (B, 3, H, W) with (3, 3), or with (B, 3, 3), one for each picture."""
    return torch.einsum("rc,bchw->brhw" if matrix.dim() == 2 else "brc,bchw->brhw", matrix, pictures)


def moments(pictures: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean (B, 3) and covariance (B, 3, 3) of the colours.

    pictures: (B, 3, H, W). weights: (B, 1, H, W), how much each pixel counts; None for all alike.
    """
    colours = pictures.flatten(2)
    share = torch.ones_like(colours[:, :1]) if weights is None else weights.flatten(2)
    share = share / share.sum(2, keepdim=True).clamp_min(1e-12)
    mean = (colours * share).sum(2)
    centred = colours - mean[..., None]
    return mean, (centred * share) @ centred.transpose(1, 2)


def reinhard(source: Tensor, target: Tensor) -> Tensor:
    """The source with the mean and the spread of the target in each channel of Oklab.

    source: (B, 3, H, W) in [0, 1]. target: (B or 1, 3, h, w) in [0, 1]. Returns the source's shape.
    Source: Reinhard et al. 2001, "Color transfer between images". Departure: Oklab instead of the logarithmic lαβ, which has no
    value for black.
    """
    lab = rgb_to_oklab(source)
    (mean, spread), (mean_wanted, wanted) = moments(lab), moments(rgb_to_oklab(target))
    matrix = scaling(spread, wanted).to(source).expand(len(source), 3, 3)
    return oklab_to_rgb(mixed(lab - mean[..., None, None], matrix) + mean_wanted[..., None, None])


def monge_kantorovich(source: Tensor, target: Tensor) -> Tensor:
    """The source with the mean and the covariance of the target in RGB, every colour moved as little as that allows.

    source: (B, 3, H, W) in [0, 1]. target: (B or 1, 3, h, w) in [0, 1]. Returns the source's shape.
    Source: Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping".
    """
    (mean, spread), (mean_wanted, wanted) = moments(source), moments(target)
    matrix = transport(spread, wanted).to(source)
    return mixed(source - mean[..., None, None], matrix.expand(len(source), 3, 3)) + mean_wanted[..., None, None]


def recoloured(picture: Tensor, like: Tensor) -> Tensor:
    """The picture with the colours of another, (B, 3, H, W) in [0, 1]; what leaves the range is clipped.

    As `monge_kantorovich`, in Oklab, where equal steps look equal: in linear light it is the bright colours that are matched,
    and shadows come out black. No colour is moved apart by more than MOST, so that noise stays noise where there is little else.
    """
    lab, wanted = rgb_to_oklab(picture), rgb_to_oklab(like)
    (mean, spread), (mean_wanted, spread_wanted) = moments(lab), moments(wanted)
    gains = spectral(transport(spread, spread_wanted, LEAST / 10), lambda values: values.clamp_max(MOST))  # grey comes out grey
    moved = mixed(lab - mean[..., None, None], gains.to(lab).expand(len(lab), 3, 3)) + mean_wanted[..., None, None]
    return oklab_to_rgb(moved).clamp(0, 1)


def lit_as(picture: Tensor, painted: Tensor) -> Tensor:
    """The picture with the light of another of its size, and its own colours: (B, 3, H, W) in [0, 1].

    Source: Gatys et al. 2016, "Preserving color in neural artistic style transfer", luminance only; Rec. 709 luma.
    """
    weights = picture.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
    return (picture + ((painted - picture) * weights).sum(1, keepdim=True)).clamp(0, 1)


def scaling(spread: Tensor, wanted: Tensor, least: float = LEAST) -> Tensor:
    """The diagonal matrix that gives every channel the variance wanted, (B, 3, 3), in float64 on the processor.

    spread, wanted: covariances, (B, 3, 3); `least` is added to every variance of both.
    """
    before, after = (c.cpu().double().diagonal(0, 1, 2) + least for c in (spread, wanted))
    return (after / before).sqrt().diag_embed()


def transport(spread: Tensor, wanted: Tensor, least: float = LEAST) -> Tensor:
    """The symmetric matrix T of least movement with T spread T = wanted, (B, n, n), in float64 on the processor.

    spread, wanted: covariances, (B, n, n); `least` is added to every variance of both.
    """
    spread, wanted = (c.cpu().double() + least * torch.eye(c.shape[-1], dtype=torch.float64) for c in (spread, wanted))
    root, inverse = matrix_square_root(spread)
    return inverse @ matrix_square_root(root @ wanted @ root)[0] @ inverse
