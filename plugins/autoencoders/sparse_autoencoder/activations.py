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
from hub.errors import BadParams
from hub.pixels import images, objectives
from plugins.autoencoders import _examples
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._patches import Patches
from plugins.autoencoders._pauses import Work
from plugins.autoencoders.sparse_autoencoder import codes
from plugins.autoencoders.sparse_autoencoder.codes import SparseAutoencoder

STILL = 1e-6  # a deviation, below which nothing in a layer varies
NOBODY = -1  # the label of pictures that are not of the picture world
EACH = 3  # pictures of each class of the picture world; of networks that want large pictures, one
LARGE = 128  # pixels, from which on a network wants large pictures
CUT = 16  # cuttings of each bundled photograph, and four times as many of the visitor's
WIDE = 4  # times the network's own side: what the photo that is looked at measures at most
ASCENT = 24  # steps of gradient ascent at each of two sizes
AT_ONCE = 64  # pictures that the network looks at
LOOKED = 8192  # places whose codes are held at once


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


def gathered(network: Backbone, layer: Layer, photo: Tensor, own: bool) -> Work[Activations]:
    """The picture world, and cuttings of photographs; own: of the photo too. photo: (1, 3, H, W).

    Raises BadParams where nothing varies.
    """
    side = network.side
    count = EACH if side < LARGE else 1
    drawn = []
    for name in world.CLASSES:
        drawn.append(world.draw(name, count, side, seed=_examples.SPLIT).to(photo.device))
        yield
    generator = torch.Generator().manual_seed(_examples.SPLIT)
    cuttings = [cut(_examples.photograph(name), side, CUT, generator) for name in _examples.TRAINING_PHOTOS]
    cuttings += [cut(photo, side, 4 * CUT, generator)] if own else []
    labels = torch.arange(len(world.CLASSES)).repeat_interleave(count)
    labels = torch.cat([labels, torch.full((sum(map(len, cuttings)),), NOBODY)])
    order = torch.randperm(len(labels), generator=generator)
    pictures = torch.cat([*drawn, *cuttings])[order.to(photo.device)]
    answered = []
    for part in pictures.split(AT_ONCE):
        answered.append(answers(network, layer, part))
        yield
    maps = torch.cat(answered)
    level = float(positions(maps).std(0, correction=0).square().mean().sqrt())
    if level < STILL:
        raise BadParams(f"layer: {layer.name} of {network.name} says the same of every picture. Take another layer.")
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


@dataclass(frozen=True)
class Activity:
    """What the latents do on all pictures, without the codes themselves, which can be many times as large as the maps.

    rates: (K,), the share of places that each fires at. shares: (classes, K), as `by_class`. peaks: (N, K), the largest value
    in each picture, and places: (N, K), where that is, in reading order. wide: cells in a row.
    """

    rates: Tensor
    shares: Tensor
    peaks: Tensor
    places: Tensor
    wide: int

    def strongest(self, latent: int, count: int) -> list[tuple[int, int, int]]:
        """Where a latent is largest: (picture, row, column) of the `count` pictures that hold it most, one place in each.

        Pictures in which it is silent are left out.
        """
        peaks = self.peaks[:, latent]
        order = peaks.argsort(descending=True, stable=True)[:count].tolist()
        return [(n, *divmod(int(self.places[n, latent]), self.wide)) for n in order if peaks[n] > 0]


@torch.no_grad()
def activity(data: Activations, network: SparseAutoencoder) -> Work[Activity]:
    """What the latents do, looked through some pictures at a time."""
    at_once = max(1, LOOKED // data.maps[0, 0].numel())
    rates, totals, peaks, places = [], [], [], []
    for part in data.maps.split(at_once):
        code = coded(part, network)
        rates.append(codes.firing_rates(positions(code)) * len(part))
        totals.append(code.mean((2, 3)))
        peak, place = code.flatten(2).max(2)
        peaks.append(peak)
        places.append(place)
        yield
    shares = by_class(torch.cat(totals), data.labels)
    return Activity(sum(rates) / len(data.maps), shares, torch.cat(peaks), torch.cat(places), data.maps.shape[-1])


def by_class(total: Tensor, labels: Tensor) -> Tensor:
    """How much of a latent's activity falls to each class of the picture world: (N, K) and (N,) -> (classes, K).

    total: each latent's mean in each picture. Columns sum to 1 less what falls to photographs, which are of no class.
    """
    sums = torch.zeros(len(world.CLASSES) + 1, total.shape[1], device=total.device)
    sums.index_add_(0, labels.to(total.device) % len(sums), total)  # photographs go to the last row
    return sums[:-1] / sums.sum(0).clamp_min(1e-12)


def cuttings(data: Activations, found: list[tuple[int, int, int]]) -> Tensor:
    """What sets a latent off, cut out: (n, 3, reach, reach). found: as of `Activity.strongest`."""
    side, reach = data.pictures.shape[-1], data.reach
    cut = []
    for n, *place in found:
        top, left = (
            min(max(0, round((at + 0.5) * side / cells) - reach // 2), side - reach)
            for at, cells in zip(place, data.maps.shape[-2:], strict=True)
        )
        cut.append(data.pictures[n, :, top : top + reach, left : left + reach])
    return torch.stack(cut) if cut else data.pictures[:0, :, :reach, :reach]


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
