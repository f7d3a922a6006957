"""Ways for a decoder to make a map twice as large: (N, before, h, w) -> (N, after, 2 h, 2 w).

places: where the encoder's maxima were, as `torch.nn.functional.max_pool2d` gives them; looked at by max unpooling alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Nearest(nn.Module):
    """Nearest-neighbour unpooling: every value four times; then a 3 × 3 convolution."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, padding=1)

    def forward(self, x: Tensor, places: Tensor | None = None) -> Tensor:
        return self.convolution(F.interpolate(x, scale_factor=2, mode="nearest"))


class MaxUnpool(nn.Module):
    """Max unpooling (Zeiler and Fergus 2014): every value returns to where the maximum was, zeros elsewhere; then 3 × 3.

    Without remembered positions it stands at the upper left of its four.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, padding=1)

    def forward(self, x: Tensor, places: Tensor | None = None) -> Tensor:
        if places is None:
            height, width = x.shape[-2:]
            rows, columns = torch.arange(height, device=x.device)[:, None], torch.arange(width, device=x.device)[None]
            places = (rows * 2 * (2 * width) + columns * 2).expand(x.shape)
        return self.convolution(F.max_unpool2d(x, places, 2))


class Transposed3(nn.Module):
    """Transposed convolution, 3 × 3, stride 2: its stamps overlap unevenly (Odena et al. 2016)."""

    size, fill = 3, 1

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose2d(before, after, self.size, stride=2, padding=1, output_padding=self.fill)

    def forward(self, x: Tensor, places: Tensor | None = None) -> Tensor:
        return self.convolution(x)


class Transposed4(Transposed3):
    """Transposed convolution, 4 × 4, stride 2: its stamps overlap evenly."""

    size, fill = 4, 0


class Shuffle(nn.Module):
    """Pixel shuffle (Shi et al. 2016): a 3 × 3 convolution to four times the channels, which are laid out as 2 × 2 pixels.

    It begins as nearest-neighbour unpooling, so that it begins without a checkerboard (Aitken et al. 2017).
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, 4 * after, 3, padding=1)

    def begin(self) -> None:
        self.convolution.weight.data = self.convolution.weight.data[::4].repeat_interleave(4, 0).contiguous()

    def forward(self, x: Tensor, places: Tensor | None = None) -> Tensor:
        return F.pixel_shuffle(self.convolution(x), 2)


ENLARGE: dict[str, type[nn.Module]] = {
    "nearest neighbour": Nearest,
    "max unpooling": MaxUnpool,
    "transposed convolution 3×3": Transposed3,
    "transposed convolution 4×4": Transposed4,
    "pixel shuffle": Shuffle,
}
