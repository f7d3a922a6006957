"""Pictures <-> tensors, resizing, and the statistics of natural colour."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from hub import devices
from hub.errors import ShapeError
from hub.resampling import resize as resize

NATURAL_COLOUR = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
"""Square root of the covariance of colours in natural pictures (Olah et al. 2017): columns are light, blue-yellow,
green-magenta."""


def to_tensor(image: Image.Image) -> Tensor:
    """RGB picture -> (1, 3, H, W) float in [0, 1] on the device, channels_last."""
    array = np.asarray(image.convert("RGB"), dtype=np.float32) / 255
    return torch.from_numpy(array).permute(2, 0, 1)[None].to(devices.device()).contiguous(memory_format=torch.channels_last)


def to_images(pictures: Tensor) -> list[Image.Image]:
    """(B, 3, H, W) in [0, 1] (values outside are clipped) -> RGB pictures."""
    if pictures.dim() != 4 or pictures.shape[1] != 3:
        raise ShapeError(f"pictures must be (B, 3, H, W), not {tuple(pictures.shape)}.")
    bytes_ = pictures.detach().float().clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return [Image.fromarray(picture) for picture in bytes_]


def to_image(picture: Tensor) -> Image.Image:
    """(1, 3, H, W) -> one RGB picture."""
    return to_images(picture)[0]


def animation(stills: Sequence[Image.Image], duration: int = 80, *, back: bool = True, lossless: bool = False) -> bytes:
    """An endless animated WebP, there and back, or only there and then resting for three pictures.

    duration: of each picture, in milliseconds. lossless: for pictures with hard edges, which would blur.
    """
    first, *others = stills
    others = [*others, *others[-2::-1]] if back else [*others, *stills[-1:] * 2]
    memory = io.BytesIO()
    first.save(memory, "WEBP", save_all=True, append_images=others, duration=duration, loop=0, lossless=lossless)
    return memory.getvalue()


def colour_basis() -> Tensor:
    """(3, 3): decorrelated coordinates -> RGB, scaled so that its largest column has length 1."""
    return (NATURAL_COLOUR / NATURAL_COLOUR.norm(dim=0).max()).to(devices.device())


def decorrelated_to_rgb(t: Tensor) -> Tensor:
    """(B, 3, H, W) in decorrelated colour -> the same in RGB, still unbounded."""
    return torch.einsum("rc,bchw->brhw", colour_basis(), t)


def rgb_to_decorrelated(t: Tensor) -> Tensor:
    """The inverse of `decorrelated_to_rgb`."""
    return torch.einsum("cr,brhw->bchw", torch.linalg.inv(colour_basis()), t)


def total_variation(pictures: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels, (B,)."""
    across = (pictures[..., 1:] - pictures[..., :-1]).abs().mean((1, 2, 3))
    down = (pictures[..., 1:, :] - pictures[..., :-1, :]).abs().mean((1, 2, 3))
    return across + down
