"""From a drawing to a picture: placement, background, things in the way, light, blur and grain."""

from __future__ import annotations

from zlib import crc32

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.world import noise, shapes
from hub.world.classes import CLASSES, PictureClass
from hub.world.pen import Pen, new_pen


def draw(name: str, count: int, size: int = 96, seed: int = 0, *, plain: bool = False) -> Tensor:
    """`count` different pictures of one class.

    plain: the thing large, upright and alone on a soft background, as for an icon or a sample.
    Returns (count, 3, size, size) in [0, 1]. The same arguments give the same pictures. Raises KeyError for an unknown name.
    """
    kind = CLASSES[name]
    generator = torch.Generator().manual_seed(_mixed(seed, crc32(name.encode())))
    pen = _placed(kind, count, size, generator, plain)
    kind.draw(pen)
    rgb, alpha = pen.sheet.rgb, pen.sheet.alpha
    page = new_pen(
        count, size, generator, scale=torch.ones(1), turn=torch.zeros(1), shift=torch.zeros(1, 2, 1, 1), stretch=torch.ones(1)
    )
    behind = _background(page, plain)
    if kind.whole and not plain:
        mask = _cut_out(page)
        rgb, alpha = rgb * mask, alpha * mask
    picture = behind * (1 - alpha) + rgb
    return picture.clamp(0, 1) if plain else _photographed(_obstructed(picture, page), page)


def _mixed(seed: int, index: int) -> int:
    return (seed * 1_000_003 + index * 7_919 + 12_345) % (2**63)


def _placed(kind: PictureClass, count: int, size: int, generator: torch.Generator, plain: bool) -> Pen:
    def between(low: float, high: float, channels: int = 1) -> Tensor:
        return low + (high - low) * torch.rand(count, channels, 1, 1, generator=generator)

    if plain:
        return new_pen(
            count,
            size,
            generator,
            scale=torch.full((count, 1, 1, 1), 1.0 if kind.whole else 0.85 * kind.fills),
            turn=torch.zeros(count, 1, 1, 1),
            shift=torch.zeros(count, 2, 1, 1),
            stretch=torch.ones(count, 1, 1, 1),
        )
    if kind.whole:
        return new_pen(
            count,
            size,
            generator,
            scale=between(0.55, 1.3),
            turn=between(-kind.tilt, kind.tilt),
            shift=between(-1, 1, 2),
            stretch=between(0.85, 1.18),
        )
    scale = (0.42 + 0.6 * between(0, 1).sqrt()) * kind.fills
    return new_pen(
        count,
        size,
        generator,
        scale=scale,
        turn=between(-kind.tilt, kind.tilt),
        shift=between(-1, 1, 2) * (1.08 - 0.9 * scale / kind.fills).clamp(0.06, 1),
        stretch=between(0.86, 1.16),
    )


def _background(page: Pen, plain: bool) -> Tensor:
    """A plain colour, a gradient, soft 1/f noise or overlapping leaves of colour (Lee et al. 2001). (B, 3, H, W)."""
    base = page.colour(saturation=(0, 0.55 if plain else 0.8), value=(0.55 if plain else 0.08, 1))
    other = page.colour(saturation=(0, 0.55 if plain else 0.9), value=(0.45 if plain else 0.05, 1))
    ramp = (0.5 + 0.4 * (page.x * page.light[:, :1] + page.y * page.light[:, 1:])).clamp(0, 1)
    gradient = torch.lerp(base, other, ramp)
    if plain:
        return gradient
    lumps = noise.soft_noise(page, 2, octaves=5, channels=2, gain=0.75)
    cloudy = torch.lerp(base, other, (0.5 + 0.3 * lumps[:, :1]).clamp(0, 1)) * (1 + 0.15 * lumps[:, 1:])
    return page.pick(base.expand_as(gradient), gradient, gradient, cloudy, cloudy, _dead_leaves(page, gradient))


def _dead_leaves(page: Pen, under: Tensor, leaves: int = 10) -> Tensor:
    """Discs and boxes of every colour, one over the other; drawn at half size, since they stand behind."""
    coarse = page.bent(page.x[..., ::2, ::2], page.y[..., ::2, ::2])
    out = under[..., ::2, ::2]
    for _ in range(leaves):
        leaf = coarse.at(page.uniform(-1.1, 1.1), page.uniform(-1.1, 1.1), page.uniform(0.12, 0.6), page.uniform(-3, 3))
        shape = page.pick(shapes.disc(leaf, 1.0), shapes.box(leaf, 1.0, page.uniform(0.2, 1)))
        cover = page.coverage(shape * 0.2)
        out = torch.lerp(out, page.colour(saturation=(0, 0.8), value=(0.1, 1)), cover.expand_as(out))
    return F.interpolate(out, size=under.shape[-2:], mode="nearest")


def _cut_out(page: Pen) -> Tensor:
    """Textures mostly fill the picture; some are a patch of it, so that an edge of theirs is known too."""
    bent = noise.warped(page, 0.12, cells=4)
    radius = page.uniform(0.65, 0.95)
    patch = page.pick(shapes.disc(bent, radius), shapes.box(bent, radius, radius * page.uniform(0.7, 1)))
    return torch.where(page.chance(0.7) > 0, torch.ones_like(page.x), page.coverage(patch))


def _obstructed(picture: Tensor, page: Pen) -> Tensor:
    """Now and then a disc or a bar lies over a corner of the picture."""
    spot = page.at(
        page.pick(-0.75, 0.75) + page.uniform(-0.2, 0.2), page.uniform(-0.9, 0.9), page.uniform(0.1, 0.3), page.uniform(-3, 3)
    )
    shape = page.pick(shapes.disc(spot, 1.0), shapes.box(spot, 0.35, 4.0))
    cover = page.coverage(shape * 0.2) * page.chance(0.16)
    return torch.lerp(picture, page.colour(saturation=(0, 0.9), value=(0.1, 1)), cover.expand_as(picture))


def _photographed(picture: Tensor, page: Pen) -> Tensor:
    """Light from one side, exposure, a small shift of hue, blur and grain."""
    light = 1 + page.uniform(0, 0.28) * (page.x * page.light[:, :1] + page.y * page.light[:, 1:])
    lit = (picture * light).clamp(0, 1)
    exposed = lit * (1 + page.uniform(-0.35, 0.35) * (1 - lit))
    grey = exposed.mean(1, keepdim=True)
    tint = page.uniform(0.7, 1.1) * (1 + 0.1 * torch.randn(page.batch, 3, 1, 1, generator=page.generator))
    contrast = 0.5 + (grey + (exposed - grey) * page.uniform(0.7, 1.2) - 0.5) * tint
    soft = torch.lerp(contrast, _blurred(contrast), page.uniform(-0.3, 1.0).clamp_min(0))
    grain = torch.randn(soft.shape, generator=page.generator) * page.uniform(-0.02, 0.05).clamp_min(0)
    return (soft + grain).clamp(0, 1)


def _blurred(picture: Tensor) -> Tensor:
    """The mean of each pixel and its neighbours, 3 x 3, edges repeated."""
    wide = torch.cat([picture[..., :1], picture, picture[..., -1:]], -1)
    rows = wide[..., :-2] + wide[..., 1:-1] + wide[..., 2:]
    tall = torch.cat([rows[..., :1, :], rows, rows[..., -1:, :]], -2)
    return (tall[..., :-2, :] + tall[..., 1:-1, :] + tall[..., 2:, :]) / 9
