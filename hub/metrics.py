"""Figures of quality that stand beside a result. What they judge with is never what the result was optimised against."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from hub import backbones
from hub.backbones import Backbone
from hub.decode import decode
from hub.pixels import colour, images, style
from hub.pixels.matting import Matting
from hub.policy import Policy
from hub.resampling import sample

JUDGED_AT = 64
STYLE_AT = 256
THUMBNAIL = 64


def judged(pictures: Tensor) -> Tensor:
    """What the judge, a second network, sees: (B, 3, H, W) in [0, 1] -> probabilities (B, classes)."""
    return backbones.judge().scores(images.resize(pictures, (JUDGED_AT, JUDGED_AT)).clamp(0, 1)).softmax(1)


def second_opinion(picture: Tensor) -> tuple[str, float]:
    """The class that the judge names first for one picture (1, 3, H, W), and its probability."""
    probability, index = judged(picture)[0].max(0)
    return backbones.judge().units(backbones.CLASSES)[int(index)], float(probability)


def sightings(picture: Tensor, wanted: Sequence[str], side: int, sure: float = 0.5) -> float:
    """The share of a picture where the judge sees one of the wanted classes, surely.

    picture: (1, 3, H, W) in [0, 1], looked at through windows of `side` pixels, half a window apart; a side shorter than that
    is stretched to it. sure: the least probability of the wanted classes together.
    Raises ValueError for a class that the judge does not know.
    """
    height, width = (max(side, n) for n in picture.shape[-2:])
    whole = images.resize(picture, (height, width)).clamp(0, 1)
    units = [backbones.judge().units(backbones.CLASSES).index(name) for name in dict.fromkeys(wanted)]
    places = [(top, left) for top in _places(height, side) for left in _places(width, side)]
    found = 0
    for first in range(0, len(places), 64):  # large pictures have thousands of windows
        windows = torch.cat([whole[..., y : y + side, x : x + side] for y, x in places[first : first + 64]])
        found += int((judged(windows)[:, units].sum(1) >= sure).sum())
    return found / len(places)


def testimony(before: Tensor, after: Tensor, wanted: Sequence[str], side: int) -> str:
    """A sentence on where the judge sees the wanted classes now, and where it did before; "" for classes it does not know.

    before, after: (1, 3, H, W) in [0, 1], of any two sizes. side: see `sightings`.
    """
    if not set(wanted) <= set(backbones.judge().units(backbones.CLASSES)):
        return ""
    then, now = (sightings(picture, wanted, side) for picture in (images.resize(before, after.shape[-2:]).clamp(0, 1), after))
    return (
        f"A second network, which had no part in it, sees that in {now:.0%} of the picture; before, it did in {then:.0%}."
    )


def _places(length: int, side: int) -> list[int]:
    """Where windows begin, about half a window apart, the last one at the end.

    >>> _places(160, 64)
    [0, 32, 64, 96]
    """
    count = 1 + round((length - side) / (side / 2))
    return [round(i * (length - side) / max(1, count - 1)) for i in range(count)]


def activation(network: Backbone, pictures: Tensor, layer: str, unit: int) -> Tensor:
    """Mean activation of one unit over its positions, for each picture: (B,)."""
    with torch.no_grad():
        return network.features(pictures, [layer])[layer][:, unit].float().mean((1, 2))


def natural_activations(network: Backbone, layer: str) -> Tensor:
    """Mean activation of every unit of a layer on pictures of the world and on the bundled photographs: (N, channels).

    Kept with the network, and gone with it.
    """
    kept = network.__dict__.setdefault("_natural_activations", {})
    if layer not in kept:
        kept[layer] = _natural_activations(network, layer)
    return kept[layer]


def _natural_activations(network: Backbone, layer: str, per_class: int = 1) -> Tensor:
    from hub import samples
    from hub.world import CLASSES, draw

    side = network.side
    photographs = [images.resize(images.to_tensor(samples.load(name)), (side, side)).clamp(0, 1) for name in samples.names()]
    world = [draw(name, per_class, side, seed=77) for name in CLASSES]
    parts = torch.cat([p.cpu() for p in photographs] + world).to(photographs[0].device)
    with torch.no_grad():
        return torch.cat([network.features(p, [layer])[layer].float().mean((2, 3)).cpu() for p in parts.split(64)])


def rise(network: Backbone, picture: Tensor, layer: str, unit: int) -> float:
    """Activation that the picture reaches, over the largest that any natural picture reaches (at least a little above zero)."""
    reached = activation(network, picture, layer, unit).max().item()
    return reached / max(natural_activations(network, layer)[:, unit].max().item(), 1e-3)


# ---------------------------------------------------------------- style


def style_distance(picture: Tensor, manner: Tensor) -> float:
    """How far the styles of two pictures are apart to the judge: 0 where they are one, about 1 where they have nothing in common.

    The root of the mean, over the judge's landmarks, of the squared Wasserstein-2 distance of its features, over the energy of
    the second picture's. Both (1, 3, H, W) in [0, 1], each looked at with sides of about STYLE_AT pixels.
    """
    judge = backbones.judge()
    layers = [a.name for a in judge.landmarks() if a.stride <= STYLE_AT // 16 and "transition" not in a.name]
    with torch.no_grad():
        seen, wanted = (judge.features(_at_area(p, STYLE_AT), layers) for p in (picture, manner))
        distances = [
            style.wasserstein_distance(style.statistics(wanted[a].float()))(style.statistics(seen[a].float())) for a in layers
        ]
    return max(0.0, float(torch.cat(distances).mean())) ** 0.5


def style_taken(before: Tensor, after: Tensor, styles: Sequence[tuple[Tensor, float]]) -> float | None:
    """The share of the way to some styles, as the judge measures it: 1 - distance after / distance before.

    styles: pictures and how much each counts. None where there was hardly any way to go.
    """
    first, last = (sum(share * style_distance(picture, manner) for manner, share in styles) for picture in (before, after))
    return 1 - last / first if first > 0.01 else None


def _at_area(picture: Tensor, side: float, least: int = 64) -> Tensor:
    """The picture at the area of a square of that side, in its own shape, no side below `least`."""
    height, width = picture.shape[-2:]
    factor = side / (height * width) ** 0.5
    return images.resize(picture, (max(least, round(height * factor)), max(least, round(width * factor)))).clamp(0, 1)


# ---------------------------------------------------------------- transforms never used in making a picture

def rotated(pictures: Tensor, degrees: float = 30.0) -> Tensor:
    """Turned about the middle; what comes in at the corners is mirrored."""
    angle, ratio = math.radians(degrees), pictures.shape[-2] / pictures.shape[-1]
    cos, sin = math.cos(angle), math.sin(angle)
    matrix = torch.tensor([[cos, -sin * ratio, 0.0], [sin / ratio, cos, 0.0]], device=pictures.device)
    grid = F.affine_grid(matrix.expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False)
    return sample(pictures, grid)


def halved(pictures: Tensor) -> Tensor:
    """Half the size, and back: half the detail."""
    height, width = pictures.shape[-2:]
    return images.resize(images.resize(pictures, (max(1, height // 2), max(1, width // 2))), (height, width)).clamp(0, 1)


def blurred(pictures: Tensor, sigma: float = 1.5) -> Tensor:
    """Smoothed by a Gaussian of `sigma` pixels, edges repeated."""
    reach = int(3 * sigma)
    bell = torch.exp(-torch.arange(-reach, reach + 1, device=pictures.device).float().square() / (2 * sigma**2))
    bell = (bell / bell.sum()).expand(3, 1, 1, -1)
    padded = F.pad(pictures, (reach,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, bell, groups=3), bell.transpose(2, 3), groups=3)


def filed(image: Image.Image, kind: str, **how: Any) -> tuple[bytes, Tensor]:
    """A picture as the bytes of a file, and what these hold, (1, 3, H, W). kind, how: as in Pillow's `save`."""
    memory = io.BytesIO()
    image.save(memory, kind, **how)
    return memory.getvalue(), images.to_tensor(decode(memory.getvalue(), Policy.local()).image)


def jpeg(pictures: Tensor, quality: int = 30) -> Tensor:
    """Through a JPEG file of that quality and back."""
    return torch.cat([filed(image, "JPEG", quality=quality)[1] for image in images.to_images(pictures)])


def hue_shifted(pictures: Tensor, turns: float = 0.08) -> Tensor:
    """Every colour turned around the grey axis."""
    angle = torch.tensor(turns * 2 * torch.pi)
    axis = torch.full((3,), 1 / 3**0.5)
    cross = torch.tensor([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    turn = angle.cos() * torch.eye(3) + angle.sin() * cross + (1 - angle.cos()) * torch.outer(axis, axis)
    return torch.einsum("rc,bchw->brhw", turn.to(pictures.device), pictures).clamp(0, 1)


HELD_OUT: dict[str, Callable[[Tensor], Tensor]] = {
    "rotated by 30°": rotated, "at half size": halved, "blurred": blurred, "as JPEG 30": jpeg, "hue shifted": hue_shifted}
"""Transforms that no technique uses while it draws."""


def robustness(network: Backbone, picture: Tensor, layer: str, unit: int) -> float:
    """Mean activation under the held-out transforms over the activation of the picture as it is."""
    clean = activation(network, picture, layer, unit).mean().item()
    moved = [activation(network, transform(picture), layer, unit).mean().item() for transform in HELD_OUT.values()]
    return float(np.mean(moved)) / clean if abs(clean) > 1e-6 else 0.0


# ---------------------------------------------------------------- what of a photo is still where it was


def edge_ssim(picture: Tensor, photo: Tensor, side: int | None = None) -> float:
    """How well the edges of a photo stand where they stood, 1 for exactly, 0 for a picture of something else: SSIM of the two
    maps of edges.

    picture, photo: (1, 3, H, W) in [0, 1], of one size.
    side: None asks whether a photo stayed a photo: pixel by pixel, so that added texture, noise and halos are faults. Strokes are
    such texture: paintings have 0.1 to 0.3. THUMBNAIL asks whether a painting still shows the same things in the same
    places: both are first reduced to the area of a square of that side, where fine strokes are gone and contours of things
    are not. More or less contrast is hardly a fault to either.

    Source: the measure of WCT2 (Yoo et al. 2019). Departure: Sobel's edges, at the scale given, instead of a trained detector's,
    which is what tells contours from texture there. People know scenes and things at 32 pixels a side (Torralba et al. 2008);
    THUMBNAIL leaves two for each of those. At it the photo under hatching or noise has more than 0.85, half mixed with another
    photo and in 500 flat patches about 0.5, moved by a twentieth of its width 0.1 to 0.3, another photo or a style less than 0.1.
    """
    from skimage.metrics import structural_similarity

    if side:
        picture, photo = (_at_area(p, min(side, math.prod(p.shape[-2:]) ** 0.5), least=1) for p in (picture, photo))
    one, other = (_widened(edges(p))[0, 0].cpu().numpy() for p in (picture, photo))
    window = min(7, min(one.shape) - (1 - min(one.shape) % 2))
    return float(structural_similarity(one, other, win_size=window, data_range=1.0))


def _widened(maps: Tensor, least: int = 3) -> Tensor:
    """Maps whose sides are at least so long that a window fits, their last values repeated."""
    down, across = (max(0, least - side) for side in maps.shape[-2:])
    return F.pad(maps, (0, across, 0, down), mode="replicate")


def edges(pictures: Tensor) -> Tensor:
    """How surely there is an edge at each pixel: (B, 3, H, W) in [0, 1] -> (B, 1, H, W) in [0, 1).

    Sobel's slope of lightness, s / (s + c) with c the picture's own root mean square of it: strong edges are edges whether
    strong or very strong, as for a trained detector, and more or less contrast of the whole picture changes nothing.
    """
    light = colour.rgb_to_oklab(pictures.float())[:, :1]
    across = light.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    filters = torch.stack([across, across.T])[:, None]
    steep = F.conv2d(F.pad(light, (1, 1, 1, 1), mode="replicate"), filters).norm(dim=1, keepdim=True)
    return steep / (steep + steep.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-4))


def affine_residual(picture: Tensor, photo: Tensor) -> float:
    """What of a picture no affine map of the photo's colours explains within 3 x 3 pixels, VᵀMV: 0 for one affine map.

    picture, photo: (1, 3, H, W) in [0, 1], of one size. The root mean square over all values of all windows, in levels of 255;
    rounding both pictures to whole levels alone leaves about 0.3. See `hub.pixels.matting`.
    """
    height, width = photo.shape[-2:]
    if min(height, width) < 3:
        return 0.0
    energy = float(Matting(photo.cpu().double(), eps=1e-9)(picture.cpu().double()))
    return 255 * math.sqrt(energy / ((height - 2) * (width - 2) * 27))
