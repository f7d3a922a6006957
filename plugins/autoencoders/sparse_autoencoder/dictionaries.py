"""Dictionaries to compare with, each an orthonormal basis of patches: cosines, Haar wavelets, principal components."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from plugins.autoencoders._linear import covariance

LEAST = 1e-6  # a variance; a deviation of a quarter of a step of 8 bits
OPPONENT = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0))
"""Light, red against blue, green against both: orthogonal, and nearly decorrelated in natural pictures."""


def dct(side: int) -> Tensor:
    """(side, side): the discrete cosine transform's basis of rows, orthonormal, slow waves first (Ahmed et al. 1974; DCT-II)."""
    place, wave = torch.arange(side) + 0.5, torch.arange(side)[:, None]
    basis = torch.cos(math.pi / side * wave * place) * math.sqrt(2 / side)
    basis[0] /= math.sqrt(2)
    return basis


def haar(side: int) -> Tensor:
    """(side, side): Haar's wavelets (1910), orthonormal: the mean, then ever finer steps between neighbouring halves.

    A part of odd length is cut as evenly as can be and its step weighted so that it still sums to 0: any side has a basis.
    """
    rows, parts = [torch.full((side,), 1 / math.sqrt(side))], [(0, side)]
    while parts:
        first, last = parts.pop(0)
        middle = (first + last + 1) // 2
        if last - first < 2:
            continue
        step = torch.zeros(side)
        step[first:middle], step[middle:last] = 1 / (middle - first), -1 / (last - middle)
        rows.append(step / step.norm())
        parts += [(first, middle), (middle, last)]
    return torch.stack(rows)


def of_patches(basis: Tensor, channels: int) -> Tensor:
    """A basis of rows, (n, n), as one of patches of `channels` × n × n: (channels n², channels n²), coarse ones first.

    Each atom is the product of one across and one down; in colour, there is each in light and in two opponent colours.
    """
    flat = torch.einsum("ay,bx->abyx", basis, basis).reshape(len(basis) ** 2, -1)
    order = torch.tensor(sorted(range(len(flat)), key=lambda i: (i // len(basis) + i % len(basis), i)))
    colours = torch.tensor(OPPONENT)
    colours = (colours / colours.norm(dim=1, keepdim=True)) if channels == 3 else torch.ones(1, 1)
    return torch.einsum("kc,ap->kacp", colours, flat[order]).reshape(len(colours) * len(flat), -1)


@dataclass(frozen=True)
class Whitening:
    """Data with all directions about equally strong, so that fine edges count as much as large shapes (Olshausen and Field 1996).

    there, back: (D, D), each the other's inverse. Directions weaker than `floor` times the mean variance, which are mostly noise,
    are not raised so far, nor is anything that 8 bits cannot hold. Source: ZCA of Bell and Sejnowski 1997, which stays as near
    to the pixels as it can.
    """

    there: Tensor
    back: Tensor

    @classmethod
    def of(cls, data: Tensor, floor: float = 0.3) -> Whitening:
        """data: (N, D), of mean about 0 and values in the unit of a picture."""
        variances, vectors = torch.linalg.eigh(covariance(data))
        deviations = (variances.clamp_min(0) + floor * variances.mean().clamp_min(LEAST)).sqrt()
        there, back = (vectors * deviations.reciprocal()) @ vectors.T, (vectors * deviations) @ vectors.T
        return cls(there.float().to(data.device), back.float().to(data.device))
