"""Pictures that show nothing, although their pieces are those of things: what a network must not take for anything.

A network that only ever saw things can count their parts: six eyes are more of a face than two. Shown these beside the
things, it has to look at how the parts stand together.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def nothing(things: Tensor, blanks: int, generator: torch.Generator) -> Tensor:
    """Half of the things scrambled, half of them repeated, and some blanks. (N, 3, H, W) -> (N + blanks, 3, H, W) in [0, 1]."""
    half = len(things) // 2
    empty = blank(blanks, things.shape[-1], generator).to(things.device)
    return torch.cat([scrambled(things[:half], generator), repeated(things[half:], generator), empty])


def scrambled(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Cut into two by two or three by three pieces somewhere, and put together in an order drawn by chance.

    (B, 3, H, H) -> the same. One order in 24 of four pieces is the one they had.
    """
    batch, channels, side, _ = pictures.shape
    pieces = int(torch.randint(2, 4, (), generator=generator))
    piece = side // pieces
    shift = torch.randint(0, side, (2,), generator=generator).tolist()
    cut = resize(pictures.roll(shift, (-2, -1)), (piece * pieces,) * 2)
    tiles = cut.reshape(batch, channels, pieces, piece, pieces, piece).permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
    order = torch.rand(batch, pieces**2, generator=generator).argsort(1).to(pictures.device)
    tiles = tiles.gather(1, order[:, :, None, None, None].expand_as(tiles)).unflatten(1, (pieces, pieces))
    return resize(tiles.permute(0, 3, 1, 4, 2, 5).reshape(cut.shape), (side, side)).clamp(0, 1)


def repeated(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """A part of the picture, half as wide and high, four times over, once of them mirrored. (B, 3, H, H) -> the same."""
    side = pictures.shape[-1]
    half = side // 2
    top, left = torch.randint(side // 8, side - half - side // 8 + 1, (2,), generator=generator).tolist()
    part = pictures[..., top : top + half, left : left + half]
    page = torch.cat([torch.cat([part, part.flip(-1)], -1), torch.cat([part, part], -1)], -2)
    return F.pad(page, (0, side - 2 * half, 0, side - 2 * half), mode="replicate")


def blank(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Grey or coloured, with soft lumps of light and colour: what a picture is before anything was drawn. (count, 3, H, H)."""
    cells = int(torch.randint(3, 16, (), generator=generator))
    ground = 0.2 + 0.6 * torch.rand(count, 3, 1, 1, generator=generator)
    contrast = 0.6 * torch.rand(count, 1, 1, 1, generator=generator)
    light, colour = (torch.randn(count, channels, cells, cells, generator=generator) for channels in (1, 3))
    return resize(ground + contrast * (0.5 * light + 0.25 * colour), (side, side)).clamp(0, 1)


def resize(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """To (height, width), smoothly; as in `hub.pixels`, which stands above the world."""
    return F.interpolate(pictures, size=size, mode="bicubic", antialias=True, align_corners=False)
