"""Pictures that are locally affine in another: every pixel an affine map of the colour beneath it, the map varying slowly.

That is what keeps a photo a photo. It is fitted small and applied at any size: the maps are enlarged, not the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from hub.errors import ShapeError

ROWS = 128  # of a full-size picture computed at once: 6 MiB a copy where it is 4096 pixels wide


def box(t: Tensor, radius: int) -> Tensor:
    """The mean over a square window of 2 * radius + 1, cut off at the edges: (B, C, H, W) -> the same shape.

    By running sums, so the radius costs nothing; they need float64.
    """
    for dim in (2, 3):
        size = t.shape[dim]
        total = F.pad(t.transpose(dim, 3), (1, 0)).cumsum(3)
        at = torch.arange(size, device=t.device)
        low, high = (at - radius).clamp_min(0), (at + radius + 1).clamp_max(size)
        t = ((total[..., high] - total[..., low]) / (high - low)).transpose(dim, 3)
    return t


def local_maps(guide: Tensor, target: Tensor, radius: int, eps: float) -> Tensor:
    """The affine maps of colour that take the guide to the target around every pixel, (1, C, 4, H, W), in float64.

    guide: (1, 3, H, W). target: (1, C, H, W). radius: of the square windows they are fitted in, and then averaged over.
    eps: variance of colour below which a window's map is held to a mere offset.
    Source: He et al. 2010, "Guided image filtering".
    """
    guide, target = guide.double(), target.double()
    mean, aim = box(guide, radius), box(target, radius)
    spread = box(outer(guide, guide), radius) - outer(mean, mean)
    cross = box(outer(target, guide), radius) - outer(aim, mean)
    ridge = eps * torch.eye(3, dtype=torch.float64, device=guide.device)
    shape = (1, -1, 3, *guide.shape[-2:])
    spread, cross = (c.view(shape).permute(0, 3, 4, 1, 2) for c in (spread, cross))
    slope = torch.linalg.solve(spread + ridge, cross.transpose(-1, -2)).permute(0, 4, 3, 1, 2)  # (1, C, 3, H, W)
    offset = aim - (slope * mean[:, None]).sum(2)
    maps = torch.cat([slope, offset[:, :, None]], 2)
    return box(maps.flatten(1, 2), radius).view(maps.shape)


def outer(a: Tensor, b: Tensor) -> Tensor:
    """Products of every channel of one picture with every channel of the other: (1, A * B, H, W)."""
    return (a[:, :, None] * b[:, None]).flatten(1, 2)


def maps_between(guide: Tensor, target: Tensor, radii: tuple[int, ...], eps: float) -> Tensor:
    """As `local_maps`, from the whole picture to small windows, each only for what the larger ones left over.

    Where a window shows too little colour to say anything, the map of the larger window stands, and so does the picture's
    fine detail.
    """
    maps = whole_map(guide, target)[..., None, None].expand(1, -1, 4, *guide.shape[-2:])
    for radius in radii:
        maps = maps + local_maps(guide, target.double() - applied(maps, guide.double()), radius, eps)
    return maps


def whole_map(guide: Tensor, target: Tensor, ridge: float = 1e-6) -> Tensor:
    """The one affine map that takes the guide nearest to the target, (1, C, 4), in float64; near the identity where the
    guide has too little colour to say."""
    colours, aims = guide.double().flatten(2), target.double().flatten(2)
    mean, aim = colours.mean(2, keepdim=True), aims.mean(2, keepdim=True)
    eye = ridge * torch.eye(3, dtype=torch.float64, device=guide.device)
    spread = (colours - mean) @ (colours - mean).transpose(1, 2) / colours.shape[2] + eye
    cross = (aims - aim) @ (colours - mean).transpose(1, 2) / colours.shape[2] + eye[: aims.shape[1]]
    slope = torch.linalg.solve(spread, cross.transpose(1, 2)).transpose(1, 2)
    return torch.cat([slope, aim - slope @ mean], 2)


def applied(maps: Tensor, picture: Tensor) -> Tensor:
    """(1, C, 4, H, W) maps, each on its own pixel of (1, 3, H, W): (1, C, H, W)."""
    return (maps[:, :, :3] * picture[:, None]).sum(2) + maps[:, :, 3]


def applied_to_image(maps: Tensor, image: Image.Image) -> Image.Image:
    """A photo of any size through maps fitted to a small copy of it, in little memory. maps: (1, 3, 4, h, w).

    Raises ShapeError where they are not.
    """
    if maps.dim() != 5 or maps.shape[:3] != (1, 3, 4):
        raise ShapeError(f"maps must be (1, 3, 4, h, w), not {tuple(maps.shape)}.")
    return in_strips(image, maps, lambda strip, here: applied(here, strip))


def in_strips(image: Image.Image, maps: Tensor, change: Callable[[Tensor, Tensor], Tensor]) -> Image.Image:
    """A photo of any size, changed a few rows at a time, with maps that were fitted to a small copy of it enlarged beside them.

    maps: (1, C, 4, h, w). change: (rows (1, 3, R, W) in [0, 1], their maps (1, C, 4, R, W)) -> rows, clipped to [0, 1] after it.
    """
    pixels = np.asarray(image.convert("RGB"))
    out = np.empty_like(pixels)
    for top, here in _enlarged(maps, image.height, image.width):
        strip = torch.from_numpy(pixels[top : top + here.shape[3]].astype(np.float32) / 255).permute(2, 0, 1)[None]
        changed = change(strip, here)[0].clamp(0, 1).mul(255).round().byte()
        out[top : top + here.shape[3]] = changed.permute(1, 2, 0).numpy()
    return Image.fromarray(out)


def _enlarged(maps: Tensor, height: int, width: int) -> Iterator[tuple[int, Tensor]]:
    """(first row, some rows of the maps enlarged to (height, width)), from top to bottom, bilinear."""
    flat = maps.float().flatten(1, 2).cpu()
    at = ((torch.arange(height) + 0.5) * flat.shape[2] / height - 0.5).clamp(0, flat.shape[2] - 1)
    wide = F.interpolate(flat, size=(flat.shape[2], width), mode="bilinear", align_corners=False)
    for top in range(0, height, ROWS):
        here = at[top : top + ROWS]
        low = here.floor().long()
        high = (low + 1).clamp_max(flat.shape[2] - 1)
        yield top, torch.lerp(wide[:, :, low], wide[:, :, high], (here - low)[:, None]).unflatten(1, (-1, 4))
