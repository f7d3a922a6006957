"""Deep photo style transfer: the pixels are optimised until a network sees the reference's style in every region, and held to
what is locally affine in the photo."""

from __future__ import annotations

from collections.abc import Generator

import torch
import torch.nn.functional as F
from torch import Tensor

import hub
from hub import Image, pixels
from hub.backbones import Backbone
from hub.errors import BadParams
from hub.pixels import affine, images, objectives, style
from hub.pixels.matting import Matting
from hub.pixels.objectives import Objective
from plugins.style.photo_style.regions import KEEP, Regions, small

SIDE = 256  # longer side that is optimised; the maps that come of it are applied at full size
NARROW = 32  # shorter side that networks need
CONTENT, KEPT = 1.0, 50.0  # weights of terms beside that of style, 1
RADII, EPS = (32, 12), 5e-3  # windows, in pixels, and least variance of the final smoothing


def optimised(
    photo: Tensor,
    reference: Tensor,
    found: Regions,
    network: Backbone,
    start: Tensor,
    steps: int,
    photorealism: float,
    trace: pixels.Trace,
) -> Generator[hub.Result, None, Tensor]:
    """Maps (1, 3, 4, h, w) from the colours that it starts with to the result's.

    photo, reference: (1, 3, H, W) in [0, 1]. start: the photo with the reference's colours, to begin from.
    trace: takes the values.
    Source: Luan et al. 2017, with the network's own layers for those of VGG-19.
    Departures: the regions' soft masks enter the statistics once and not squared; what has no partner is held to the photo
    instead of to nothing; regions count by their area; it begins from the matched colours, and the last smoothing is a local
    affine fit from there.
    """
    wish = -1.0 * (
        style_loss(reference, found, network)
        + CONTENT * content_loss(photo, network)
        + KEPT * kept_loss(photo, found)
        + photorealism * matting_loss(photo)
    )
    rule, generator = pixels.Adam(0.01, cosine=True), torch.Generator().manual_seed(0)
    made = yield from pixels.maximise(
        wish, pixels.Pixels(start), network, steps=steps, rule=rule, generator=generator, trace=trace, span=(0.05, 0.75)
    )
    return affine.maps_between(start.cpu(), made.cpu(), RADII, EPS)


def copy(image: Image) -> Tensor:
    """A copy of the photo to optimise: a longer side of SIDE, or a shorter one of NARROW where it is long.

    Raises BadParams where it is so long that the copy would be too large.
    """
    longer, shorter = max(image.size), min(image.size)
    if longer * NARROW**2 > shorter * SIDE**2:
        raise BadParams(
            f"method: deep cannot take a photo as long and narrow as {image.width} × {image.height}. Cut it, or choose another "
            "method."
        )
    return wide_enough(small(image, max(SIDE, -(-NARROW * longer // shorter))))


def wide_enough(picture: Tensor) -> Tensor:
    """The picture, enlarged where it is narrower than a network needs."""
    height, width = picture.shape[-2:]
    factor = max(1.0, NARROW / min(height, width))
    return images.resize(picture, (round(height * factor), round(width * factor))).clamp(0, 1)


def style_loss(reference: Tensor, found: Regions, network: Backbone) -> Objective:
    """Differences of the Gram matrices of every region and its partner, at five depths, by the region's area."""
    pairs = [(i, partner) for i, partner in enumerate(found.partner) if partner != KEEP]
    if not pairs:
        return Objective(frozenset(), lambda _, picture: picture.new_zeros(len(picture)))
    layers = [layer.name for layer in network.landmarks()[:5]]
    mine, theirs = (masks[0].to(reference.device) for masks in (found.photo, found.style))
    with torch.no_grad():
        seen = network.features(reference, layers)
    return objectives.total(
        style.imitation(name, style.gram_distance(style.look(seen[name], theirs[partner])), mine[i])
        * (float(mine[i].mean()) / len(layers))
        for i, partner in pairs
        for name in layers
    )


def content_loss(photo: Tensor, network: Backbone) -> Objective:
    """The photo's features in the middle of the network, as a share of their energy."""
    layer = network.layer("middle").name
    with torch.no_grad():
        return style.content(layer, network.features(photo, [layer])[layer])


def kept_loss(photo: Tensor, found: Regions) -> Objective:
    """The photo's own pixels, where a region has no partner."""
    kept = [i for i, partner in enumerate(found.partner) if partner == KEEP]
    mask = at_size(found.photo[:, kept].sum(1, keepdim=True), photo)
    return Objective(frozenset(), lambda _, picture: (mask * (picture - photo).square()).mean((1, 2, 3)))


def at_size(masks: Tensor, picture: Tensor) -> Tensor:
    """Masks at the size of a picture, and where it is."""
    return F.interpolate(masks, size=picture.shape[-2:], mode="area").to(picture.device)


def matting_loss(photo: Tensor) -> Objective:
    """VᵀMV of the picture for every pixel."""
    energy, area = Matting(photo), photo.shape[-1] * photo.shape[-2]
    return Objective(frozenset(), lambda _, picture: energy(picture) / area)


def applied(maps: Tensor, strength: float, image: Image) -> Image:
    """What it started with, at full size, through the maps."""
    same = torch.eye(3, 4, dtype=maps.dtype)[None, :, :, None, None]
    return affine.applied_to_image(torch.lerp(same.expand_as(maps), maps, strength), image)
