"""Regions of the photo and of the reference: found in both at once, or read from two painted masks, and who answers to whom."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as Pillow
from PIL import ImageDraw
from torch import Tensor

from hub import Image
from hub.backbones import Backbone
from hub.errors import BadParams
from hub.pixels import affine, colour, images

GRID = 64  # longer side, in cells, that regions are found at
LEAST_SHARE = 0.02  # of a picture; what is smaller is nobody's partner
DIRECTIONS = 6  # of the network's features that are kept
SOFTNESS = 0.5  # how far regions run into each other, in mean distances to a region's middle
FAR = 2.0  # a region this far from all of the reference's has no partner
NETWORK, DOWN = 0.3, 0.3  # weights of what the network sees and of place, where colour has one
KEEP = -1


@dataclass(frozen=True)
class Regions:
    """What belongs together in the photo and in the reference.

    maps: (1, K, 4, h, w), the photo's masks as affine maps of its own colours, so that they fit at any size.
    photo, style: (1, K, h, w) and (1, L, H, W), the soft masks of both; they sum to one.
    partner: for each region of the photo, the number of its region in the reference, or KEEP for none.
    own_light, own_colour: the share that a region takes of its partner's look; the rest is the whole picture's. Colour may
    change from thing to thing; light is of one piece. What was painted by hand is taken at its word.
    """

    maps: Tensor
    photo: Tensor
    style: Tensor
    partner: tuple[int, ...]
    own_light: float = 0.25
    own_colour: float = 0.4


def small(picture: Image, side: int) -> Tensor:
    """A copy with a longer side of at most `side`, (1, 3, H, W) in [0, 1]."""
    factor = min(1.0, side / max(picture.size))
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return images.to_tensor(picture.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0))


def whole(photo: Tensor, style: Tensor) -> Regions:
    """Each picture as one region."""
    one = torch.ones_like(photo[:, :1]).cpu()
    return Regions(torch.stack([0 * one, 0 * one, 0 * one, one], 2), one, torch.ones_like(style[:, :1]).cpu(), (0,))


def found(photo: Tensor, style: Tensor, network: Backbone, count: int, seed: int) -> Regions:
    """At most `count` regions of both pictures, by what the network sees there, by place, and by colour as it stands out from
    the rest of its own picture; so the lightest part of one answers to the lightest of the other. The largest come first.

    photo, style: (1, 3, H, W) in [0, 1].
    """
    described = [d.cpu() for d in descriptions(photo, style, network)]
    points = torch.cat([F.interpolate(d, size=fitted(d, GRID), mode="area").flatten(2)[0].T for d in described])
    middles = clustered(points, count, seed)
    mine, theirs = (memberships(d, middles) for d in described)
    order = mine.mean((0, 2, 3)).argsort(descending=True, stable=True)
    mine, theirs, middles = mine[:, order], theirs[:, order], middles[order]
    return smoothed(mine, theirs, photo, style, partners(middles, theirs.mean((0, 2, 3))))


def partners(middles: Tensor, shares: Tensor) -> tuple[int, ...]:
    """Each region's own number where the reference has it too; else its nearest there, or KEEP where nothing is near."""
    distance = torch.cdist(middles, middles)
    there = shares >= LEAST_SHARE
    nearest = torch.where(there[None], distance, torch.inf).argmin(1)
    near = distance[torch.arange(len(middles)), nearest] <= FAR
    return tuple(int(n) if ok else KEEP for n, ok in zip(nearest, near, strict=True))


def descriptions(photo: Tensor, style: Tensor, network: Backbone) -> list[Tensor]:
    """(1, D, H, W) for each picture: the main directions of the network's features, relative colour, and place."""
    kept = main_directions([seen(picture, network) for picture in (photo, style)])
    sizes = [tuple(picture.shape[-2:]) for picture in (photo, style)]
    large = [F.interpolate(k, size=size, mode="bilinear", align_corners=False) for k, size in zip(kept, sizes, strict=True)]
    return [
        torch.cat([NETWORK * wide.to(picture.device), relative_colour(picture), place(size).to(picture.device)], 1)
        for wide, picture, size in zip(large, (photo, style), sizes, strict=True)
    ]


def seen(picture: Tensor, network: Backbone) -> Tensor:
    """What the network has to say about every place of a picture: (1, C, h, w), two depths, each of length one."""
    height, width = fitted(picture, 4 * GRID)
    looked_at = images.resize(picture, (max(32, height), max(32, width))).clamp(0, 1)
    with torch.no_grad():
        maps = network.features(looked_at, ["middle", "late"]).values()
    size = fitted(looked_at, GRID)
    return torch.cat([F.interpolate(F.normalize(m.float(), dim=1), size=size, mode="bilinear") for m in maps], 1).cpu()


def fitted(picture: Tensor, side: int) -> tuple[int, int]:
    """(height, width) with a longer side of `side`, or the picture's own where that is smaller."""
    factor = min(1.0, side / max(picture.shape[-2:]))
    height, width = (max(1, round(n * factor)) for n in picture.shape[-2:])
    return height, width


def main_directions(features: Sequence[Tensor]) -> list[Tensor]:
    """The principal components of feature maps of several pictures together, scaled to a total variance of one."""
    flat = torch.cat([f.flatten(2)[0].T for f in features]).double()
    mean = flat.mean(0)
    values, vectors = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
    basis = vectors[:, -DIRECTIONS:] / values.sum().clamp_min(1e-12).sqrt()
    return [torch.einsum("bchw,cd->bdhw", f.double() - mean[:, None, None], basis).float() for f in features]


def relative_colour(picture: Tensor) -> Tensor:
    """Oklab against the picture's own mean and spread; lightness counts most."""
    deviation = (lab := colour.rgb_to_oklab(picture)) - lab.mean((2, 3), keepdim=True)
    weights = lab.new_tensor([1.0, 0.7, 0.7]).view(1, 3, 1, 1)
    return deviation / (deviation.square().mean((2, 3), keepdim=True).sqrt() + 0.03) * weights


def place(size: tuple[int, int]) -> Tensor:
    """How far down each pixel is, (1, 1, H, W): skies are above."""
    return DOWN * torch.linspace(-1, 1, size[0]).view(1, 1, -1, 1).expand(1, 1, *size)


def clustered(points: Tensor, count: int, seed: int) -> Tensor:
    """The middles of at most `count` clusters of points (N, D), by k-means: (K, D)."""
    from sklearn.cluster import KMeans

    distinct = len(torch.unique(points, dim=0))
    model = KMeans(min(count, distinct), n_init=4, random_state=seed).fit(points.double().numpy())
    return torch.from_numpy(model.cluster_centers_).float()


def memberships(cells: Tensor, middles: Tensor) -> Tensor:
    """How much every cell belongs to every cluster: (1, D, h, w), (K, D) -> (1, K, h, w), summing to one."""
    distance = (cells.flatten(2)[0].T[:, None] - middles[None]).square().sum(2)
    spread = distance.amin(1).mean().clamp_min(1e-6) * SOFTNESS
    return (-distance / spread).softmax(1).T.reshape(1, len(middles), *cells.shape[-2:])


def smoothed(mine: Tensor, theirs: Tensor, photo: Tensor, style: Tensor, partner: tuple[int, ...]) -> Regions:
    """Rough masks of both pictures, at their sizes, with their borders drawn to the pictures' edges by a guided filter."""
    maps, others = (
        affine.local_maps(picture.cpu(), mask, max(2, max(picture.shape[-2:]) // 40), 1e-3).float()
        for mask, picture in ((mine, photo), (theirs, style))
    )
    return Regions(maps, soft(maps, photo.cpu()), soft(others, style.cpu()), partner)


def soft(maps: Tensor, picture: Tensor) -> Tensor:
    """Masks from their maps and the picture's own colours, (1, K, 4, H, W) and (1, 3, H, W) -> (1, K, H, W), summing to one."""
    drawn = affine.applied(maps, picture).clamp(1e-6, 1)
    return drawn / drawn.sum(1, keepdim=True)


# ---------------------------------------------------------------- by hand


def painted(photo_mask: Image, style_mask: Image, photo: Tensor, style: Tensor) -> Regions:
    """Regions read from two pictures in which every region has a colour of its own; the same colour is the same region.

    Raises BadParams where a mask has not the proportions of its picture.
    """
    mine, theirs = like(photo_mask, photo, "photo_mask"), like(style_mask, style, "style_mask")
    colours, others = palette_of(mine), palette_of(theirs)
    distance = torch.cdist(colours, others)
    partner = tuple(int(d.argmin()) if d.min() < 0.2 else KEEP for d in distance)
    rough = smoothed(by_colour(mine, colours), by_colour(theirs, others), photo, style, partner)
    return replace(rough, own_light=1.0, own_colour=1.0)


def like(mask: Image, picture: Tensor, name: str) -> Image:
    """A mask at the size of the copy of its picture, (1, 3, h, w), each pixel of a colour that was painted."""
    height, width = picture.shape[-2:]
    if abs(mask.width / mask.height - width / height) > 0.02 * width / height + 1 / height:
        raise BadParams(
            f"{name}: {mask.width} × {mask.height} are not the proportions of its picture. Paint the mask on a copy of that."
        )
    return mask.resize((width, height), Pillow.Resampling.NEAREST).convert("RGB")


def palette_of(mask: Image) -> Tensor:
    """The colours that cover a hundredth of a mask or more, the commonest first, without blends at borders: (K, 3) in [0, 1]."""
    colours, counts = np.unique(np.asarray(mask).reshape(-1, 3), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    kept = [i for i in order[:12] if counts[i] >= 0.01 * counts.sum()] or list(order[:1])
    return torch.from_numpy(colours[kept].astype(np.float32) / 255)


def by_colour(mask: Image, palette: Tensor) -> Tensor:
    """Each pixel to the nearest colour of the palette: (1, K, h, w) of zeros and ones."""
    nearest = torch.cdist(images.to_tensor(mask).cpu().flatten(2)[0].T, palette).argmin(1)
    return F.one_hot(nearest, len(palette)).T.reshape(1, -1, mask.height, mask.width).float()


def rematched(regions: Regions, pairs: str) -> Regions:
    """The regions with the partners that a visitor wrote, such as "1>2, 3>keep"; numbers count from one.

    Raises BadParams for anything else.
    """
    partner, (here, there) = list(regions.partner), (regions.photo.shape[1], regions.style.shape[1])
    for pair in filter(None, (part.strip() for part in pairs.split(","))):
        left, arrow, right = (part.strip() for part in pair.partition(">"))
        if not arrow or not _numbers(left, here) or not (right == "keep" or _numbers(right, there)):
            raise BadParams(
                f"pairs: {pair!r} is not a pair; write 1>2 or 3>keep, photo regions 1 to {here}, reference regions 1 to {there}."
            )
        partner[int(left) - 1] = KEEP if right == "keep" else int(right) - 1
    return replace(regions, partner=tuple(partner))


def _numbers(word: str, most: int) -> bool:
    return word.isascii() and word.isdecimal() and 1 <= int(word) <= most


# ---------------------------------------------------------------- to look at


def shown(regions: Regions, photo: Tensor, style: Tensor) -> list[tuple[Image, str]]:
    """The photo and the reference with their regions tinted and numbered: partners alike, what is kept in grey."""
    tints = [colorsys.hsv_to_rgb((0.58 + 0.381966 * i) % 1, 0.75, 0.95) for i in range(regions.style.shape[1])]
    mine = [(0.5, 0.5, 0.5) if partner == KEEP else tints[partner] for partner in regions.partner]
    said = ", ".join(f"{i + 1} > {'keep' if partner == KEEP else partner + 1}" for i, partner in enumerate(regions.partner))
    return [
        (tinted(photo, regions.photo, mine), f"Regions of your photo, and whose look they take: {said}"),
        (tinted(style, regions.style, tints), "Regions of the reference"),
    ]


def tinted(picture: Tensor, masks: Tensor, tints: Sequence[tuple[float, float, float]]) -> Image:
    """A picture in grey under its regions' colours, each region numbered where it is most itself."""
    flat = torch.einsum("bkhw,kc->bchw", masks, torch.tensor(tints))
    page = images.to_image(0.55 * flat + 0.45 * picture.cpu().mean(1, keepdim=True))
    write, reach = ImageDraw.Draw(page), max(1, min(page.size) // 10)
    inner = affine.box(F.pad(masks.double(), (reach,) * 4), reach)[0, :, reach:-reach, reach:-reach]
    for i, mask in enumerate(inner):
        if mask.max() > 0.2:
            down, across = divmod(int(mask.argmax()), page.width)
            size = max(10, max(page.size) // 14)
            write.text((across, down), str(i + 1), "white", font_size=size, anchor="mm", stroke_width=2, stroke_fill="black")
    return page
