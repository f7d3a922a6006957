"""What a layer sees as colours, and how alike two layers see."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SPREAD = 2.0  # standard deviations of a component from grey to full colour
GRID = 32  # places along a side at most: likeness compares all pairs of places


def colours(features: Tensor) -> Tensor:
    """A feature map as a picture: its three leading components over places as red, green and blue, each by its own spread.

    features: (1, C, h, w).  Returns (1, 3, h, w) in [0, 1], grey where a component does not vary.
    """
    places = features.double().flatten(2)[0].T
    scores = components(places)
    spread = scores.square().mean(0).sqrt()
    varies = spread > 1e-6 * spread[:1].clamp_min(1e-12)
    shown = torch.where(varies, scores / spread.clamp_min(1e-300), 0.0)
    return (0.5 + shown / (2 * SPREAD)).clamp(0, 1).T.reshape(1, 3, *features.shape[-2:]).float()


def components(places: Tensor, count: int = 3) -> Tensor:
    """Scores on the leading principal components, (n, C) -> (n, count); zeros where there are fewer components.

    Each has the sign that makes its largest loading positive, so that the same map has the same colours everywhere.
    """
    centred = places - places.mean(0)
    n, channels = centred.shape
    if channels <= n:
        loadings = torch.linalg.eigh(centred.T @ centred)[1].flip(1)[:, :count]
    else:  # the same directions from the smaller matrix
        loadings = F.normalize(centred.T @ torch.linalg.eigh(centred @ centred.T)[1].flip(1)[:, :count], dim=0)
    largest = loadings.gather(0, loadings.abs().argmax(0, keepdim=True))
    scores = centred @ (loadings * torch.where(largest < 0, -1.0, 1.0))
    return F.pad(scores, (0, count - scores.shape[1]))


def alike(one: Tensor, other: Tensor) -> float | None:
    """How alike two maps of one picture are, by CKA over places, averaged to the coarser grid of the two.

    one, other: (1, C, h, w), of any channels and sizes.  None where that leaves fewer than four places, or one does not vary.
    """
    size = [min(a, b, GRID) for a, b in zip(one.shape[-2:], other.shape[-2:], strict=True)]
    return cka(*(F.adaptive_avg_pool2d(each.double(), size).flatten(2)[0].T for each in (one, other)))


def cka(one: Tensor, other: Tensor) -> float | None:
    """Linear centred kernel alignment of answers to the same n things, (n, p) and (n, q).

    1 where one is the other turned, mirrored, scaled and shifted. None where there are fewer than four things, or one is
    constant.
    Source: Kornblith et al. 2019, eq. 2 and 3. Departure: HSIC by the unbiased estimate of Song et al. 2012, so that n may be
    smaller than p and q.
    """
    if len(one) < 4:
        return None
    k, l = centred_gram(one), centred_gram(other)  # noqa: E741  (the paper's letters)
    size = ((k * k).sum() * (l * l).sum()).sqrt()
    scale = (one - one.mean(0)).square().sum() * (other - other.mean(0)).square().sum()
    return None if size <= 1e-12 * scale or scale == 0 else float((k * l).sum() / size)


def centred_gram(answers: Tensor) -> Tensor:
    """Products of every two answers without those with themselves, (n, n), made to sum to 0 in every row and column."""
    centred = answers - answers.mean(0)
    gram, n = (centred @ centred.T).fill_diagonal_(0), len(answers)
    rows = gram.sum(0) / (n - 2)
    return (gram - rows - rows[:, None] + gram.sum() / ((n - 1) * (n - 2))).fill_diagonal_(0)
