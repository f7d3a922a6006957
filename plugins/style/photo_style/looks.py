"""The look of a region: an affine map of its colours in Oklab, learned small, blended by soft masks, applied at any size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hub import Image
from hub.pixels import affine, colour, matrices
from plugins.style.photo_style import regions
from plugins.style.photo_style.regions import KEEP, Regions

MOST, LEAST = 2.5, 0.25  # gains of colour: more shows the noise, less makes a region flat
GRAIN = 1e-4  # variance in Oklab that is taken for noise
SHOWN = 0.99  # share of the pixels whose lightness must be told from pure white, and from black: a lamp may burn out
GREY = 1e-6  # variance of colour below which a reference is black and white
SAME = torch.eye(3, 4)
"""The map that changes nothing: a matrix and, last, an offset."""


@dataclass(frozen=True)
class Grade:
    """What is done to every pixel of a photo.

    looks: (K, 3, 4), an affine map of colour for each region. masks: (1, K, 4, h, w), see `Regions.maps`.
    ends: darkest and lightest that the looks make, for rolling off what a screen cannot show; None to clip it.
    oklab: whether the looks are of Oklab colours, or of RGB.
    """

    looks: Tensor
    masks: Tensor
    ends: tuple[float, float] | None
    oklab: bool = True

    def __call__(self, image: Image) -> Image:
        return affine.in_strips(image, self.masks, self.on_rows)

    def on_rows(self, rows: Tensor, masks: Tensor) -> Tensor:
        """Some rows of the photo, (1, 3, R, W) in [0, 1], with their masks' maps."""
        maps = torch.einsum("bkhw,krc->brchw", regions.soft(masks, rows), self.looks)
        if not self.oklab:
            return affine.applied(maps, rows)
        lab = affine.applied(maps, colour.rgb_to_oklab(rows))
        return in_gamut(lab, *self.ends) if self.ends else colour.oklab_to_rgb(lab)


def by_region(photo: Tensor, style: Tensor, found: Regions, strength: float) -> Grade:
    """Every region with its partner's look, mixed with the whole picture's; what has no partner is kept as it is."""
    mine, theirs = colour.rgb_to_oklab(photo.cpu()), colour.rgb_to_oklab(style.cpu())
    whole = limited_look(mine, theirs)
    here, there = found.photo.split(1, 1), found.style.split(1, 1)
    own = torch.tensor([found.own_light, found.own_colour, found.own_colour])[:, None]
    looks = [
        SAME if p == KEEP else torch.lerp(whole, limited_look(mine, theirs, here[i], there[p]), own)
        for i, p in enumerate(found.partner)
    ]
    stack = torch.lerp(SAME, torch.stack(looks), strength)
    light = affine.applied(torch.einsum("bkhw,krc->brchw", found.photo, stack), mine)[:, 0]
    darkest, lightest = (float(light.quantile(share)) for share in (1 - SHOWN, SHOWN))
    return Grade(stack, found.maps, (min(0.0, darkest), max(1.0, lightest)))


def statistical(photo: Tensor, style: Tensor, method: str, strength: float) -> Grade:
    """The whole picture by Reinhard's way or Monge's and Kantorovich's, as they are: nothing limited, what is beyond the screen
    clipped."""
    oklab = method == "reinhard"
    mine, theirs = (colour.rgb_to_oklab(p.cpu()) if oklab else p.cpu() for p in (photo, style))
    change = look(mine, theirs, colour.scaling if oklab else colour.transport)
    return Grade(torch.lerp(SAME, change, strength)[None], regions.whole(photo, style).maps, None, oklab)


def limited_look(source: Tensor, target: Tensor, here: Tensor | None = None, there: Tensor | None = None) -> Tensor:
    """As `look`, light first, with gains that a photo bears; a black and white target takes all colour away."""

    def matrix(spread: Tensor, wanted: Tensor) -> Tensor:
        slope = light_first(spread, wanted)
        grey = wanted[:, 1:, 1:].diagonal(0, 1, 2).sum() < GREY and bool((aim_of(target, there)[1:].abs() < 0.01).all())
        return slope * slope.new_tensor([1.0, 0.0, 0.0])[:, None] if grey else slope

    return look(source, target, matrix, here, there)


def light_first(spread: Tensor, wanted: Tensor) -> Tensor:
    """The map T of Oklab with T spread Tᵀ = wanted in which new lightness comes of old lightness alone, (1, 3, 3), in float64.

    So edges, which are steps of lightness, stand; colour follows, as it stands beside the lightness, moved as little as may be.
    Gains from light to light and from colour to colour are held to [LEAST, MOST].
    Source: the Knothe-Rosenblatt rearrangement of two Gaussians, lightness first.
    """
    spread, wanted = (c.cpu().double() + GRAIN * torch.eye(3, dtype=torch.float64) for c in (spread, wanted))
    light = (wanted[:, :1, :1] / spread[:, :1, :1]).sqrt().clamp_max(MOST)
    before, after = (c[:, 1:, :1] / c[:, :1, :1] for c in (spread, wanted))  # colour over lightness, (1, 2, 1)
    rest, aim = (c[:, 1:, 1:] - slope @ c[:, :1, 1:] for c, slope in ((spread, before), (wanted, after)))
    gains = matrices.spectral(colour.transport(rest, aim, 0.0), lambda values: values.clamp(LEAST, MOST))
    alone = torch.cat([light.clamp_min(LEAST), torch.zeros(1, 1, 2, dtype=torch.float64)], 2)
    return torch.cat([alone, torch.cat([after * light - gains @ before, gains], 2)], 1)


def aim_of(target: Tensor, there: Tensor | None) -> Tensor:
    """The mean colour of a region, (3,)."""
    return colour.moments(target, there)[0][0]


def look(
    source: Tensor,
    target: Tensor,
    matrix: Callable[[Tensor, Tensor], Tensor],
    here: Tensor | None = None,
    there: Tensor | None = None,
) -> Tensor:
    """The affine map from the colours of a region to those of another, (3, 4).

    source, target: (1, 3, H, W). here, there: (1, 1, H, W), how much each pixel belongs to the region; None for all alike.
    matrix: from both covariances, such as `colour.transport`.
    """
    (mean, spread), (aim, wanted) = colour.moments(source, here), colour.moments(target, there)
    slope = matrix(spread, wanted)[0].to(source.dtype)
    return torch.cat([slope, (aim[0] - slope @ mean[0])[:, None]], 1)


# ---------------------------------------------------------------- what a screen can show


def in_gamut(lab: Tensor, darkest: float, lightest: float, steps: int = 8) -> Tensor:
    """Oklab -> RGB in [0, 1]: what no screen can show keeps its lightness and hue and loses colour.

    lab: (1, 3, H, W). darkest, lightest: what is told apart of the whole picture; beyond [0, 1] it is rolled off as film does.
    """
    light = rolled_off(lab[:, 0], darkest, lightest)
    lab = torch.stack([light, lab[:, 1], lab[:, 2]], 1)
    rgb = colour.oklab_to_rgb(lab)
    beyond = ((rgb < 0) | (rgb > 1)).any(1)
    rgb.permute(0, 2, 3, 1)[beyond] = paled(lab.permute(0, 2, 3, 1)[beyond].T[None, :, :, None], steps)[0, :, :, 0].T
    return rgb.clamp(0, 1)


def paled(lab: Tensor, steps: int) -> Tensor:
    """Colours with as much of their colourfulness as a screen has at their lightness and hue: bisection. Oklab -> RGB."""
    low, high = torch.zeros_like(lab[:, :1]), torch.ones_like(lab[:, :1])
    for _ in range(steps):
        middle = (low + high) / 2
        rgb = colour.oklab_to_rgb(torch.cat([lab[:, :1], middle * lab[:, 1:]], 1))
        fits = ((rgb >= 0) & (rgb <= 1)).all(1, keepdim=True)
        low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
    return colour.oklab_to_rgb(torch.cat([lab[:, :1], low * lab[:, 1:]], 1))


def rolled_off(light: Tensor, darkest: float, lightest: float, high: float = 0.85, low: float = 0.1) -> Tensor:
    """Lightness from [darkest, lightest] into [0, 1]; what lies between `low` and `high` stays, what lies outside is clipped."""
    light = light.clamp(darkest, lightest)
    light = torch.where(light > high, high + knee(light - high, lightest - high, 1 - high), light)
    return torch.where(light < low, low - knee(low - light, low - darkest, low), light)


def knee(value: Tensor, most: float, room: float) -> Tensor:
    """[0, most] into [0, room], with slope 1 at 0 and without a bend.

    >>> knee(torch.tensor([0.0, 2.0]), 2.0, 1.0).tolist()
    [0.0, 1.0]
    """
    value = value.clamp_min(0)
    return value / (1 + max(0.0, most - room) / (most * room) * value)


def cube(grade: Grade, title: str, side: int = 33) -> bytes:
    """The first region's look as a 3D lookup table for editors of photos and films (Adobe's Cube LUT 1.0), red fastest."""
    axis = torch.linspace(0, 1, side)
    blue, green, red = torch.meshgrid(axis, axis, axis, indexing="ij")
    table = torch.stack([red, green, blue]).view(1, 3, side * side, side)
    moved = grade.on_rows(table, grade.masks[:, :, :, :1, :1].expand(-1, -1, -1, side * side, side)).clamp(0, 1)
    lines = [f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in moved.flatten(2)[0].T.tolist()]
    return "\n".join([f'TITLE "{title}"', f"LUT_3D_SIZE {side}", "DOMAIN_MIN 0 0 0", "DOMAIN_MAX 1 1 1", *lines, ""]).encode()
