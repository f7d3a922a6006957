"""A picture as patches, and back."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

HELD = 5  # every fifth block is held out
AT_ONCE = 16_384


@dataclass(frozen=True)
class Patches:
    """The overlapping patches of one picture, half a patch apart where nothing else is asked for, those at the right and lower
    edge filled up with edge pixels.

    picture: (1, C, H, W). padded: the same with the fill. side: of a patch, in pixels. stride: from one to the next.
    """

    picture: Tensor
    padded: Tensor
    side: int
    stride: int

    @classmethod
    def of(cls, picture: Tensor, side: int, stride: int | None = None) -> Patches:
        """stride: where it should be another than half a patch; patches overlap or touch."""
        stride = stride or (side + 1) // 2
        height, width = picture.shape[-2:]
        below, beside = (max(side, side + -(-(n - side) // stride) * stride) - n for n in (height, width))
        return cls(picture, F.pad(picture, (0, beside, 0, below), mode="replicate"), side, stride)

    def all(self) -> Tensor:
        """Every patch in reading order: (N, C, side, side)."""
        return self._cut(self.padded)

    def joined(self, patches: Tensor) -> Tensor:
        """The picture that patches as of `all` make, averaged where they overlap: (1, C, H, W).

        A patch counts most at its middle, so that no edge of one shows.
        """
        window = self._window(patches)
        size, flat = tuple(self.padded.shape[-2:]), (patches * window).flatten(1).T[None]
        weight = window.flatten()[None, :, None].expand(1, -1, len(patches))  # of one channel: it is the same for all
        whole, share = (F.fold(t.contiguous(), size, self.side, stride=self.stride) for t in (flat, weight))
        return (whole / share)[..., : self.picture.shape[-2], : self.picture.shape[-1]]

    def some(self, count: int, generator: torch.Generator) -> Tensor:
        """At most `count` patches from anywhere in the picture, at every offset."""
        return self._at(torch.ones(self._places(), dtype=torch.bool), count, generator)

    def parted(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Patches to learn from and patches held out, at most `count` and a quarter of that, either may be empty.

        The picture is laid out in blocks four patches wide, of which every fifth is held out. What straddles the border of the
        two belongs to neither: no held-out pixel is ever learnt from.
        """
        height, width = self.picture.shape[-2:]
        held = self.held().float()[None, None]
        held = F.pad(held, (0, self.padded.shape[-1] - width, 0, self.padded.shape[-2] - height), mode="replicate")
        share = F.avg_pool2d(held, self.side, stride=1)[0, 0]
        return self._at(share < 1e-6, count, generator), self._at(share > 1 - 1e-6, count // 4, generator)

    def held(self) -> Tensor:
        """(H, W), true where a pixel belongs to a block that is held out."""
        height, width = self.picture.shape[-2:]
        block = 4 * self.side
        rows, columns = torch.arange(height)[:, None] // block, torch.arange(width)[None] // block
        return (rows + 2 * columns) % HELD == HELD // 2

    def _places(self) -> tuple[int, int]:
        return self.padded.shape[-2] - self.side + 1, self.padded.shape[-1] - self.side + 1

    def _at(self, allowed: Tensor, count: int, generator: torch.Generator) -> Tensor:
        """Up to `count` patches whose upper left corners are among the allowed places."""
        places = allowed.flatten().nonzero()[:, 0]
        places = places[torch.randperm(len(places), generator=generator)[:count]]
        down = self.padded[0].unfold(1, self.side, 1).unfold(2, self.side, 1)  # a view: (C, rows, columns, side, side)
        rows, columns = places // allowed.shape[1], places % allowed.shape[1]
        return down[:, rows.to(down.device), columns.to(down.device)].transpose(0, 1).contiguous()

    def _cut(self, padded: Tensor) -> Tensor:
        columns = F.unfold(padded, self.side, stride=self.stride)[0].T
        return columns.reshape(-1, padded.shape[1], self.side, self.side).contiguous()

    def _window(self, patches: Tensor) -> Tensor:
        ramp = torch.arange(self.side, device=patches.device) + 0.5
        rise = torch.minimum(ramp, self.side - ramp)
        return rise[:, None] * rise[None]


def in_parts(function, pictures: Tensor, size: int = AT_ONCE) -> Tensor:  # type: ignore[no-untyped-def]
    """`function` of many small pictures, some thousand at a time, without gradients."""
    with torch.no_grad():
        return torch.cat([function(part) for part in pictures.split(size)])
