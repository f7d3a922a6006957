"""A layer's activations as examples: each position of each picture is one; and how a latent is looked into."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from hub import Result, pixels, world
from hub.backbones import Backbone
from hub.backbones.layers import Layer
from hub.pixels import images, objectives
from plugins.autoencoders import _examples
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._patches import Patches
from plugins.autoencoders.sparse_autoencoder.codes import SparseAutoencoder

NOBODY = -1  # the label of pictures that are not of the picture world
EACH = 3  # pictures of each class of the picture world; of networks that want large pictures, one
LARGE = 128  # pixels, from which on a network wants large pictures
CUT = 16  # cuttings of each bundled photograph, and four times as many of the visitor's
WIDE = 4  # times the network's own side: what the photo that is looked at measures at most
ASCENT = 24  # steps of gradient ascent at each of two sizes
AT_ONCE = 64  # pictures that the network looks at


@dataclass(frozen=True)
class Activations:
    """What a layer makes of many pictures.

    pictures: (N, 3, side, side) in [0, 1]. labels: (N,), the class of the picture world, or NOBODY. maps: (N, C, h, w), in
    units of the activations' deviation, which `level` is. photo: (1, 3, H, W), what is looked at, and `seen`: (1, C, h, w).
    """

    network: Backbone
    layer: Layer
    pictures: Tensor
    labels: Tensor
    maps: Tensor
    level: float
    photo: Tensor
    seen: Tensor

    @cached_property
    def parts(self) -> tuple[Tensor, Tensor]:
        """(to learn from, held out): positions of the pictures, and of a fifth of those of the picture world, (M, C) each.

        Cuttings of photographs overlap, so none of them is held out.
        """
        out = (torch.arange(len(self.maps)) % 5 == 2) & (self.labels != NOBODY)
        return positions(self.maps[~out]), positions(self.maps[out])

    @cached_property
    def reach(self) -> int:
        """Side of what one position answers to, in pixels: where a change matters a twentieth of the most, or more."""
        picture = self.pictures[:1].clone().requires_grad_()
        with torch.enable_grad():
            maps = self.network.features(picture, [self.layer.name])[self.layer.name].float()
            middle = maps[0, :, maps.shape[-2] // 2, maps.shape[-1] // 2]
            slope = torch.autograd.grad(middle.square().sum(), picture)[0].abs().amax((0, 1))
        wide = ((slope > slope.max() / 20).nonzero().amax(0) - (slope > slope.max() / 20).nonzero().amin(0)).max()
        return int(wide.clamp(2 * self.layer.stride, self.pictures.shape[-1])) // 2 * 2


def gathered(network: Backbone, layer: Layer, photo: Tensor, own: bool) -> Activations:
    """The picture world, and cuttings of photographs; own: of the photo too. photo: (1, 3, H, W)."""
    side = network.side
    count = EACH if side < LARGE else 1
    drawn = torch.cat([world.draw(name, count, side, seed=_examples.SPLIT) for name in world.CLASSES]).to(photo.device)
    generator = torch.Generator().manual_seed(_examples.SPLIT)
    cuttings = [cut(_examples.photograph(name), side, CUT, generator) for name in _examples.TRAINING_PHOTOS]
    cuttings += [cut(photo, side, 4 * CUT, generator)] if own else []
    labels = torch.arange(len(world.CLASSES)).repeat_interleave(count)
    labels = torch.cat([labels, torch.full((sum(map(len, cuttings)),), NOBODY)])
    order = torch.randperm(len(labels), generator=generator)
    pictures = torch.cat([drawn, *cuttings])[order.to(photo.device)]
    maps = torch.cat([answers(network, layer, part) for part in pictures.split(AT_ONCE)])
    level = max(1e-6, float(positions(maps).std(0, correction=0).square().mean().sqrt()))
    seen = answers(network, layer, photo) / level
    return Activations(network, layer, pictures, labels[order], maps / level, level, photo, seen)


def looked_at(photo: Tensor, network: Backbone) -> Tensor:
    """The photo in a size in which the network knows things: neither much larger than what it was trained at, nor too small."""
    height, width = photo.shape[-2:]
    factor = min(WIDE * network.side / max(height, width), max(1.0, network.side / min(height, width)))
    return images.resize(photo, tuple(max(network.side // 2, round(n * factor)) for n in (height, width))).clamp(0, 1)


def cut(photo: Tensor, side: int, count: int, generator: torch.Generator) -> Tensor:
    """At most `count` squares of the photo, half as wide as it is: (n, 3, side, side)."""
    factor = 2 * side / min(photo.shape[-2:])
    small = images.resize(photo, tuple(max(side, round(n * factor)) for n in photo.shape[-2:])).clamp(0, 1)
    return Patches.of(small, side).some(count, generator)


@torch.no_grad()
def answers(network: Backbone, layer: Layer, pictures: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, C, h, w) in float32."""
    return network.features(pictures, [layer.name])[layer.name].float().contiguous()


def positions(maps: Tensor) -> Tensor:
    """(N, C, h, w) -> (N h w, C)."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


@torch.no_grad()
def coded(maps: Tensor, network: SparseAutoencoder) -> Tensor:
    """Every position's code: (N, C, h, w) -> (N, K, h, w)."""
    code = torch.cat([network.encode(part) for part in positions(maps).split(8192)])
    return code.reshape(len(maps), *maps.shape[-2:], -1).permute(0, 3, 1, 2)


def principal_colours(seen: Tensor) -> Tensor:
    """The three principal components of a map as red, green and blue: (1, C, h, w) -> (1, 3, h, w) in [0, 1]."""
    flat = positions(seen)
    code = PCA.of(flat).encode(flat, 3)
    code = 0.5 + code / (4 * code.std(0, correction=0).clamp_min(1e-6))
    return code.clamp(0, 1).T.reshape(1, -1, *seen.shape[-2:])


# ---------------------------------------------------------------- what a latent means


def by_class(code: Tensor, labels: Tensor) -> Tensor:
    """How much of a latent's activity falls to each class of the picture world: (N, K, h, w) and (N,) -> (classes, K).

    Columns sum to 1 less what falls to photographs, which are of no class.
    """
    total = code.mean((2, 3))
    sums = torch.zeros(len(world.CLASSES) + 1, total.shape[1], device=total.device)
    sums.index_add_(0, labels.to(total.device) % len(sums), total)  # photographs go to the last row
    return sums[:-1] / sums.sum(0).clamp_min(1e-12)


def strongest(code: Tensor, count: int) -> list[tuple[int, int, int]]:
    """Where a latent is largest: (picture, row, column) of the `count` pictures that hold it most, one place in each.

    code: (N, h, w), of one latent. Pictures in which it is silent are left out.
    """
    best, places = code.flatten(1).max(1)
    order = best.argsort(descending=True, stable=True)[:count]
    return [(int(n), int(places[n]) // code.shape[-1], int(places[n]) % code.shape[-1]) for n in order if best[n] > 0]


def cuttings(data: Activations, code: Tensor, count: int) -> Tensor:
    """What sets a latent off most: (n, 3, reach, reach), n at most `count`. code: (N, h, w)."""
    side, reach = data.pictures.shape[-1], data.reach
    found = []
    for n, *place in strongest(code, count):
        top, left = (
            min(max(0, round((at + 0.5) * side / cells) - reach // 2), side - reach)
            for at, cells in zip(place, code.shape[-2:], strict=True)
        )
        found.append(data.pictures[n, :, top : top + reach, left : left + reach])
    return torch.stack(found) if found else data.pictures[:0, :, :reach, :reach]


def drawn(
    data: Activations, network: SparseAutoencoder, latents: list[int], generator: torch.Generator, span: tuple[float, float]
) -> Generator[Result, None, Tensor]:
    """Pictures that make latents fire, by gradient ascent on their values before anything is set to 0: (J, 3, side, side).

    Such a value is a direction in the layer plus a constant; the direction is the encoder's row.
    """
    side, picture = min(64, data.network.side), None
    side = side if data.layer.stride * 4 <= side else data.network.side
    wish = objectives.directions(data.layer.name, network.encoder.weight[latents].detach() / data.level)
    for i, size in enumerate((side // 2, side)):
        start = 0.5 + 0.05 * torch.randn(len(latents), 3, size // 4, size // 4, generator=generator).to(data.photo.device)
        start = images.resize(start if picture is None else picture, (size, size)).clamp(0, 1)
        picture = yield from pixels.maximise(
            wish,
            pixels.Enlarged(pixels.Pixels(start), (side, side)),
            data.network,
            steps=ASCENT,
            rule=pixels.Climb(0.03, pixels.gradients.smoothed, settle=0.8),
            generator=generator,
            robustness=pixels.Robustness(4, 0.05, 5),
            span=(span[0] + (span[1] - span[0]) * i / 2, span[0] + (span[1] - span[0]) * (i + 1) / 2),
        )
    return picture
