"""What is varied while a picture is optimised: its pixels, a pyramid of them, its Fourier spectrum, or only the phases of it.

A canvas has `parameters`, leaf tensors to optimise, and `picture()`, the (B, 3, H, W) in [0, 1] that they mean.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from hub import devices
from hub.pixels import images


class Canvas(Protocol):
    """Anything with leaf tensors to optimise and the (B, 3, H, W) picture in [0, 1] that they mean."""

    parameters: list[Tensor]

    def picture(self) -> Tensor: ...


class Pixels:
    """The picture itself. Simple, and true to a photo that it starts from; from noise it grows noise."""

    def __init__(self, start: Tensor) -> None:
        self.parameters = [start.detach().clone().contiguous(memory_format=torch.channels_last).requires_grad_()]

    def picture(self) -> Tensor:
        return self.parameters[0].clamp(0, 1)


class Enlarged:
    """Another canvas, coarser than what is seen of it: large shapes come first, where detail has no room yet.

    size: (height, width) that it is shown at.
    """

    def __init__(self, canvas: Canvas, size: tuple[int, int]) -> None:
        self.canvas, self.size, self.parameters = canvas, size, canvas.parameters

    def picture(self) -> Tensor:
        return images.resize(self.canvas.picture(), self.size).clamp(0, 1)


class Pyramid:
    """The picture as a sum of coarser and coarser ones, each half the size: what many pixels want alike is done at once.

    Pixels alone each go their own way, which is grain; here an equal step on every level moves shapes first.
    Source: the Laplacian pyramid of Burt and Adelson 1983, as what is optimised: Kolkin et al. 2019.

    start: (B, 3, H, W) in [0, 1].  levels: at most so many, none with a side below 4.
    """

    def __init__(self, start: Tensor, levels: int = 4) -> None:
        details, low = [], start.detach().float()
        while len(details) < levels - 1 and min(low.shape[-2:]) >= 8:
            half = images.resize(low, (low.shape[-2] // 2, low.shape[-1] // 2))
            details.append(low - _enlarged(half, low))
            low = half
        self.parameters = [t.contiguous(memory_format=torch.channels_last).requires_grad_() for t in (*details, low.clone())]

    def picture(self) -> Tensor:
        *details, total = self.parameters
        for detail in reversed(details):
            total = _enlarged(total, detail) + detail
        return total.clamp(0, 1)


def _enlarged(picture: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(picture, size=like.shape[-2:], mode="bilinear", align_corners=False)


class Fourier:
    """The spectrum, every frequency scaled as natural pictures have it, in decorrelated colour, squashed by a sigmoid.

    An equal step on each coefficient moves low frequencies most, so shapes grow before grain does.
    Source: Olah et al. 2017, "Feature visualization", with its constants (standard deviation 0.01, decay 1, divided by 4; the
    transform here is the orthonormal one).

    start: (B, 3, H, W) in [0, 1] to begin from, or None for faint noise of the given batch and size.
    """

    def __init__(
        self, batch: int, size: tuple[int, int], generator: torch.Generator, start: Tensor | None = None, *, decay: float = 1.0
    ) -> None:
        self.size = size
        height, width = size
        frequency = (torch.fft.fftfreq(height)[:, None].square() + torch.fft.rfftfreq(width)[None].square()).sqrt()
        scale = frequency.clamp_min(1 / max(size)).pow(-decay) / 4
        self.scale = scale.to(devices.device())
        if start is None:
            shape = (batch, 3, height, width // 2 + 1, 2)
            spectrum = 0.01 * torch.randn(shape, generator=generator).to(devices.device())
        else:
            unsquashed = images.rgb_to_decorrelated(torch.logit(start.float().clamp(0.02, 0.98)))
            spectrum = torch.view_as_real(torch.fft.rfft2(unsquashed, norm="ortho") / self.scale).contiguous()
        self.parameters = [spectrum.requires_grad_()]

    def picture(self) -> Tensor:
        waves = torch.fft.irfft2(torch.view_as_complex(self.parameters[0]) * self.scale, s=self.size, norm="ortho")
        return torch.sigmoid(images.decorrelated_to_rgb(waves)).contiguous(memory_format=torch.channels_last)


class Phases:
    """MACO: the magnitude of every frequency is fixed to that of natural pictures, and only its phase is optimised.

    Source: Fel et al. 2023, "Unlocking feature visualization for deeper networks with magnitude constrained optimization".
    Departure: the magnitudes are 1/f with the colour covariance of natural pictures, instead of an average over ImageNet.
    """

    def __init__(self, batch: int, size: tuple[int, int], generator: torch.Generator, *, contrast: float = 1.1) -> None:
        self.size = size
        height, width = size
        frequency = (torch.fft.fftfreq(height)[:, None].square() + torch.fft.rfftfreq(width)[None].square()).sqrt()
        magnitude = frequency.clamp_min(1 / max(size)).reciprocal()
        magnitude[0, 0] = 0
        total = (2 * magnitude.square()).sum().sqrt()
        self.magnitude = (magnitude / total * contrast * math.sqrt(height * width)).to(devices.device())
        phases = math.pi * (2 * torch.rand(batch, 3, height, width // 2 + 1, generator=generator) - 1)
        self.parameters = [phases.to(devices.device()).requires_grad_()]

    def picture(self) -> Tensor:
        spectrum = torch.polar(self.magnitude.expand_as(self.parameters[0]), self._odd(self.parameters[0]))
        waves = torch.fft.irfft2(spectrum, s=self.size, norm="ortho")
        return torch.sigmoid(images.decorrelated_to_rgb(2 * waves)).contiguous(memory_format=torch.channels_last)

    def _odd(self, phases: Tensor) -> Tensor:
        """The columns that a real picture's spectrum holds both halves of, made odd: there the inverse would else mix
        magnitudes."""
        both = torch.zeros(phases.shape[-1], dtype=torch.bool, device=phases.device)
        both[0] = True
        both[-1] = self.size[1] % 2 == 0
        return torch.where(both, (phases - phases.flip(-2).roll(1, -2)) / 2, phases)
