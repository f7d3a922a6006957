"""What is shown: dictionaries as sheets of atoms, and where in a picture a latent fires."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from PIL import Image as PILImage
from torch import Tensor

from hub import Curve, Image
from hub.pixels import images
from plugins.autoencoders import _pages

ABOVE, BELOW = (1.0, 0.72, 0.18), (0.30, 0.68, 1.0)  # where a latent is positive, and where it is negative
DIM = 0.38  # what is left of the photo's light where a latent is silent
SIX = {  # colours of six latents
    "orange": (255, 140, 40), "blue": (70, 160, 255), "green": (90, 210, 90),
    "red": (240, 80, 120), "violet": (190, 120, 255), "yellow": (240, 225, 70),
}  # fmt: skip
WIDE = 760  # pixels, of a sheet


def dictionary_sheet(atoms: Tensor, shape: tuple[int, int, int], columns: int = 0, wide: int = WIDE) -> Image:
    """Atoms as small pictures, row by row: (K, D) -> a sheet about `wide` pixels wide."""
    columns = columns or columns_for(len(atoms))
    scale = max(1, (wide // columns - _pages.GAP) // shape[-1])
    return _pages.atoms(atoms, shape, columns, scale)


def columns_for(count: int) -> int:
    """Columns that make a sheet of twice as many columns as rows, or about."""
    return max(1, min(count, round((2 * count) ** 0.5)))


# ---------------------------------------------------------------- where a latent fires


def laid_out(values: Tensor, size: tuple[int, int], reach: int, stride: int) -> Tensor:
    """Values at positions `stride` pixels apart as maps of a picture's size: (J, rows, columns) -> (J, H, W).

    reach: side of what one value sees, in pixels: the first one stands at its middle.
    """
    rows, columns = values.shape[-2:]
    spread = ((rows - 1) * stride + 1, (columns - 1) * stride + 1)
    wide = F.interpolate(values[None], size=spread, mode="bilinear", align_corners=True)
    before = (reach - 1) // 2
    below, right = (max(0, n - s - before) for n, s in zip(size, spread, strict=True))
    return F.pad(wide, (before, right, before, below), mode="replicate")[0, :, : size[0], : size[1]]


def fires(photo: Tensor, code: Tensor) -> Image:
    """Where one latent fires, as light on the darkened photo: warm where it is positive, blue where negative.

    photo: (1, 3, H, W). code: (H, W), of any sign.
    """
    dark = DIM * photo[0].mean(0, keepdim=True).expand(3, -1, -1)
    loudest = float(code.abs().max())
    strength = (code.abs() / loudest if loudest else code.abs()).pow(0.7)
    colour = torch.where(code[None] >= 0, *(torch.tensor(c, device=photo.device).view(3, 1, 1) for c in (ABOVE, BELOW)))
    lit = photo[0] * 0.45 + colour * 0.6
    return images.to_image((dark + strength * (lit - dark)).clamp(0, 1)[None])


def latent_page(pictures: Sequence[Image], place: Image, height: int = 320) -> Image:
    """One latent: small pictures of what it stands for, and beside them the map of where it fires."""
    place = place.resize((max(1, round(place.width * height / place.height)), height)) if place.height != height else place
    place = place.crop((0, 0, min(place.width, 3 * height), height)) if place.width > 3 * height else place
    gap = _pages.GAP * 2
    columns = -(-len(pictures) // 3) if len(pictures) > 1 else 1
    side = (height - 2 * gap) // 3 if len(pictures) > 1 else height // 2
    sheet = PILImage.new("RGB", (columns * (side + gap) + place.width, height), _pages.PAPER)
    top = (height - side) // 2 if len(pictures) == 1 else 0
    for i, each in enumerate(pictures):
        resample = PILImage.Resampling.NEAREST if each.width < 48 else PILImage.Resampling.BICUBIC
        sheet.paste(each.resize((side, side), resample), (i // 3 * (side + gap), top + i % 3 * (side + gap)))
    sheet.paste(place, (columns * (side + gap), 0))
    return sheet


def mixed(photo: Tensor, codes: Tensor) -> Image:
    """Where up to six latents fire, each in its own colour, on the darkened photo. codes: (J, H, W), at least 0."""
    strength = (codes / codes.amax((1, 2), keepdim=True).clamp_min(1e-9)).pow(0.7)
    colours = torch.tensor(list(SIX.values()), device=photo.device)[: len(codes)] / 255
    share = strength / strength.sum(0).clamp_min(1e-9)
    colour = torch.einsum("jhw,jc->chw", share, colours)
    dark = photo[0].mean(0, keepdim=True).expand(3, -1, -1)
    lit = strength.amax(0)
    return images.to_image((DIM * dark + lit * (0.2 * dark + 0.7 * colour * (0.4 + dark) - DIM * dark * 0.5)).clamp(0, 1)[None])


def side_by_side(pictures: Sequence[Image], side: int) -> Image:
    """Pictures in a row, each made `side` pixels wide and high."""
    sheet = PILImage.new("RGB", (max(1, len(pictures)) * (side + _pages.GAP) - _pages.GAP, side), _pages.PAPER)
    for i, each in enumerate(pictures):
        sheet.paste(each.resize((side, side), PILImage.Resampling.BICUBIC), (i * (side + _pages.GAP), 0))
    return sheet


def two_columns(named: dict[str, Image], size: int = 13) -> Image:
    """Pictures in two columns, in reading order, each under its name."""
    names = list(named)
    parts = [{name: named[name] for name in names[i::2]} for i in (0, 1) if names[i::2]]
    columns = [_pages.stacked(part, size) for part in parts]
    sheet = PILImage.new("RGB", (sum(c.width for c in columns), max(c.height for c in columns)), _pages.PAPER)
    for i, column in enumerate(columns):
        sheet.paste(column, (i * columns[0].width, 0))
    return sheet


def firing(rates: Tensor, of: str) -> dict[str, Curve]:
    """How often latents fire, the busiest first; those that never do are not on the logarithmic axis. of: patches or places."""
    ordered = [rate for rate in rates.sort(descending=True).values.tolist() if rate > 0]
    ranks = [float(i + 1) for i in range(len(ordered))]
    curve = Curve(ranks, ordered, "latents, the busiest first", f"share of {of}", chart="How often latents fire", log="y")
    return {"share that a latent fires for": curve}
