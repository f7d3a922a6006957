"""What the painter is trained on: photographs and drawn scenes to be painted, and pictures whose style is to be taken.

Four photographs of scikit-image and scikit-learn and a drawn sky are painted, and scenes of every class of the picture world; the
styles are paintings, and textures of the picture world but for TEST_STYLES. Neither TEST_PHOTOS nor, as styles, TEST_STYLES were
learnt from: the figures of the model card are measured on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hub import samples
from hub.backbones import Backbone
from hub.pixels import colour, images
from hub.world import CLASSES, draw, paintings
from plugins.style.instant_style.styles import LAYERS, NAMED, PAGE, described, palette, seen

TEST_PHOTOS = ("china", "astronaut", "cat", "coffee")
TEST_STYLES = ("bricks", "peacock_feather", "bubbles", "leopard", "knitting")
PHOTOS = ("flower", "rocket", "motorcycle", "galaxies", "clouds")
POINTS = 1024  # positions of a layer that are kept of each style
SEEDS = (1, 2, 3)  # each named style is drawn with all of these


@dataclass(frozen=True)
class Styles:
    """Of N styles: names; colours (N, 3, GRID, GRID); for each layer of LAYERS a cloud (N, C, POINTS) of features and
    its energy (N,); descriptions (N, features); chance (N,) of each to be drawn in training."""

    names: list[str]
    colours: Tensor
    clouds: list[Tensor]
    descriptions: Tensor
    chance: Tensor

    @property
    def energies(self) -> list[Tensor]:
        return [cloud.float().square().mean(2).sum(1) for cloud in self.clouds]


def scenes() -> tuple[list[Tensor], int]:
    """Pictures to be painted, each (3, H, W) uint8, and how many of them, at the beginning, are PHOTOS."""
    photos = []
    for name in PHOTOS:
        whole = images.to_tensor(samples.load(name)).cpu()
        for side in (640, 448):
            photos.append(_bytes(_scaled(whole, side))[0])
    drawn = [_bytes(draw(name, 1 if kind.whole else 3, 288, seed=11)) for name, kind in CLASSES.items()]
    return [*photos, *torch.cat(drawn)], len(photos)


def style_pictures() -> list[tuple[str, Tensor]]:
    """Names and pages (1, 3, H, W) in [0, 1]: the named styles several times, in other palettes too, and other textures."""
    pages = [(name, images.to_tensor(paintings.manner(name, PAGE, seed))) for name in NAMED for seed in SEEDS]
    own = [page for _, page in pages]
    for i, (name, page) in enumerate(pages[: len(SEEDS) * len(paintings.PAINTINGS)]):
        other = own[(i + 7 * len(SEEDS)) % len(own)]  # of the style seven further on
        pages.append((f"{name} in another palette", colour.recoloured(page, other)))
    for name, kind in CLASSES.items():
        if kind.whole and name not in TEST_STYLES:
            pages += [(f"texture {name}", draw(name, 1, side, seed=side, plain=True)) for side in (288, 448)]
    return pages


def learn_styles(network: Backbone) -> Styles:
    """Look at every style picture once."""
    names, grids, clouds, descriptions = [], [], [[] for _ in LAYERS], []
    generator = torch.Generator().manual_seed(0)
    for name, page in style_pictures():
        with torch.no_grad():
            features = seen(network, page)
        names.append(name)
        grids.append(palette(page))
        descriptions.append(described(features))
        for cloud, f in zip(clouds, features, strict=True):
            points = f.flatten(2)
            cloud.append(points[..., torch.randint(points.shape[2], (POINTS,), generator=generator)].half())
    own = torch.tensor([name in NAMED for name in names])
    chance = torch.where(own, 0.6 / own.sum(), 0.4 / (~own).sum())
    return Styles(names, torch.cat(grids), [torch.cat(c) for c in clouds], torch.cat(descriptions), chance)


def crops(pictures: list[Tensor], photos: int, count: int, side: int, generator: torch.Generator) -> Tensor:
    """Random windows, rather more than half of them of PHOTOS, (count, 3, side, side) in [0, 1]."""
    some = []
    for _ in range(count):
        last = photos if torch.rand((), generator=generator) < 0.5 else len(pictures)
        picture = pictures[int(torch.randint(last, (), generator=generator))]
        window = min(int(side * (0.8 + 0.8 * float(torch.rand((), generator=generator)))), *picture.shape[-2:])
        top, left = (int(torch.randint(n - window + 1, (), generator=generator)) for n in picture.shape[-2:])
        cut = picture[None, :, top : top + window, left : left + window].float() / 255
        cut = cut.flip(3) if torch.rand((), generator=generator) < 0.5 else cut
        some.append(F.interpolate(cut, (side, side), mode="bilinear", antialias=True))
    return torch.cat(some)


def _scaled(picture: Tensor, side: int) -> Tensor:
    """With a longer side of `side`, no side below 256."""
    height, width = picture.shape[-2:]
    factor = side / max(height, width)
    return images.resize(picture, (max(256, round(height * factor)), max(256, round(width * factor)))).clamp(0, 1)


def _bytes(pictures: Tensor) -> Tensor:
    return pictures.mul(255).round().byte()
