"""What is wanted of a picture. Objectives add, subtract and scale like the terms of a formula:

channel("layer3", 17) + 0.5 * channel("layer3", 4) - 2 * variation()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.backbones.layers import CLASSES
from hub.pixels import images

Features = dict[str, Tensor]
Measure = Callable[[Features, Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """A number to make large for every picture of a batch.

    layers: the layers it looks at. measure: (features by layer, picture (B, 3, H, W)) -> (B,), in float32.
    """

    layers: frozenset[str]
    measure: Measure

    def __call__(self, features: Features, picture: Tensor) -> Tensor:
        return self.measure(features, picture)

    def __add__(self, other: Objective) -> Objective:
        return Objective(self.layers | other.layers, lambda f, p: self(f, p) + other(f, p))

    def __sub__(self, other: Objective) -> Objective:
        return self + -1.0 * other

    def __mul__(self, factor: float) -> Objective:
        return Objective(self.layers, lambda f, p: factor * self(f, p))

    __rmul__ = __mul__


def at_layer(layer: str, measure: Callable[[Tensor], Tensor]) -> Objective:
    """An objective on one layer's maps, (B, C, h, w) float32 -> (B,)."""
    return Objective(frozenset([layer]), lambda features, _: measure(features[layer].float()))


def channel(layer: str, unit: int) -> Objective:
    """The mean activation of one channel over its positions (the activation maximization of Erhan et al. 2009)."""
    return at_layer(layer, lambda f: f[:, unit].mean((1, 2)))


def channels(layer: str, units: Sequence[int]) -> Objective:
    """One channel for each picture of the batch: many filters drawn in one go. Works for a batch of len(units) pictures."""
    wanted = torch.as_tensor(units)
    return at_layer(layer, lambda f: f[torch.arange(len(f)), wanted.to(f.device)].mean((1, 2)))


def centred(layer: str, units: Sequence[int], spread: float = 0.35) -> Objective:
    """As `channels`, but positions near the middle count most, so that one motif stands there instead of a carpet of it."""
    wanted = torch.as_tensor(units)

    def measure(f: Tensor) -> Tensor:
        return (f[torch.arange(len(f)), wanted.to(f.device)] * bell(f.shape[-2:], spread).to(f.device)).sum((1, 2))

    return at_layer(layer, measure)


def directions(layer: str, vectors: Tensor) -> Objective:
    """For each picture of the batch the mean, over positions, of how far a layer's activation points in a direction.

    vectors: (B, C), of any length, one for each picture; a unit vector of one channel is `channels`.
    """
    wanted = vectors.detach().float()
    return at_layer(layer, lambda f: (f.mean((2, 3)) * wanted.to(f.device)).sum(1))


def neuron(layer: str, units: Sequence[int]) -> Objective:
    """The value of each picture's channel at the middle position only."""
    wanted = torch.as_tensor(units)
    return at_layer(layer, lambda f: f[torch.arange(len(f)), wanted.to(f.device), f.shape[-2] // 2, f.shape[-1] // 2])


def class_evidence(units: Sequence[int], beyond: float = 0.1) -> Objective:
    """How surely the classifier would name each picture's class: its log-probability, and a little of the evidence itself,
    before the softmax.

    The first keeps other classes out; `beyond` of the second goes on growing when the first is nearly zero. Much of it would
    draw many parts of a thing rather than one whole.
    """
    wanted = torch.as_tensor(units)

    def measure(maps: Tensor) -> Tensor:
        logits = maps.mean((2, 3))
        mine = torch.arange(len(logits)), wanted.to(logits.device)
        return F.log_softmax(logits, 1)[mine] + beyond * logits[mine]

    return at_layer(CLASSES, measure)


def class_everywhere(
    units: Sequence[int], window: int = 3, focus: float = 0.5, reach: int = 2, beyond: float = 0.1
) -> Objective:
    """Any of the classes, wherever the picture already hints at one: what dreams are made of.

    At every place the classifier is asked about a window of `window` x `window` positions, as large as the pictures it was
    trained on. A place counts by how its answer compares with the best within `reach` positions: exp(-focus * what it lacks),
    so that one thing grows where several would overlap, and 0 lets all places count alike. beyond: as for `class_evidence`.
    """

    def measure(maps: Tensor) -> Tensor:
        size = min(window, maps.shape[-2]), min(window, maps.shape[-1])
        logits = F.avg_pool2d(maps, size, 1)
        sure = torch.logsumexp(F.log_softmax(logits, 1)[:, list(units)], 1, keepdim=True)
        best = F.max_pool2d(sure.detach(), 2 * reach + 1, 1, reach)
        weight = (focus * (sure.detach() - best)).exp()
        wanted = sure + beyond * logits[:, list(units)].amax(1, keepdim=True)
        return (weight * wanted).sum((1, 2, 3)) / weight.sum((1, 2, 3))

    return at_layer(CLASSES, measure)


def energy(layer: str) -> Objective:
    """Half the mean square of a whole layer: whatever it sees, more of it (Mordvintsev et al. 2015)."""
    return at_layer(layer, lambda f: f.square().mean((1, 2, 3)) / 2)


def several(layer: str, units: Sequence[int]) -> Objective:
    """The energy of some channels of a layer."""
    return at_layer(layer, lambda f: f[:, list(units)].square().mean((1, 2, 3)) / 2)


def like(layer: str, guide: Tensor) -> Objective:
    """At every position, the best match with a guide's features: dreams of what the guide shows (Mordvintsev et al. 2015,
    guided).

    guide: (1, C, h, w) features of the guide picture at that layer.
    """
    words = guide.detach().float().flatten(2)[0]  # (C, h*w)

    def measure(f: Tensor) -> Tensor:
        flat = f.flatten(2)
        best = words.T[(flat.detach().transpose(1, 2) @ words).argmax(-1)].transpose(1, 2)
        return (flat * best).mean((1, 2))

    return at_layer(layer, measure)


def unlike(layer: str) -> Objective:
    """How different the pictures of a batch are from each other: minus the cosine of their Gram matrices (Olah et al. 2017)."""

    def measure(f: Tensor) -> Tensor:
        flat = f.flatten(2)
        gram = F.normalize((flat @ flat.transpose(1, 2)).flatten(1), dim=1)
        likeness = gram @ gram.T
        return -(likeness.sum(1) - likeness.diagonal()) / max(1, len(f) - 1)

    return at_layer(layer, measure)


def variation() -> Objective:
    """Total variation of the picture itself: subtract it for smoothness."""
    return Objective(frozenset(), lambda _, picture: images.total_variation(picture.float()))


def roughness() -> Objective:
    """The mean square difference of neighbouring pixels: hard on grain, easy on soft edges."""

    def measure(_: Features, picture: Tensor) -> Tensor:
        across, down = picture.float().diff(dim=-1), picture.float().diff(dim=-2)
        return across.square().sum((1, 2, 3)) / across[0].numel() + down.square().sum((1, 2, 3)) / down[0].numel()

    return Objective(frozenset(), measure)


def total(terms: Iterable[Objective]) -> Objective:
    """The sum of several."""
    return reduce(Objective.__add__, terms)


def bell(size: tuple[int, int] | torch.Size, spread: float) -> Tensor:
    """Gaussian weights over a map, (h, w), that sum to 1; `spread` is the standard deviation as a share of the half side."""
    rows, columns = (torch.linspace(-1, 1, n) if n > 1 else torch.zeros(1) for n in size)
    weight = torch.exp(-(rows[:, None].square() + columns[None].square()) / (2 * spread * spread))
    return weight / weight.sum()
