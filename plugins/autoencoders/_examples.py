"""What an autoencoder learns from, and what it is tested on: bundled pictures, or the patches of a visitor's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from hub import Image, devices, samples, world
from hub.pixels import images
from plugins.autoencoders._patches import Patches

Data = Literal["digits", "faces", "picture world", "photographs"]
SPLIT = 2006  # the seed that parts training from test; never the visitor's, so that no seed ever trains on test pictures
MOST = 20_000
"""Patches that are trained on."""
FEW = 30
"""Fewer patches than so many say nothing of others."""
TRAINING_PHOTOS = ("flower", "china", "coffee", "rocket", "motorcycle", "grass", "gravel", "galaxies")
TEST_PHOTOS = ("cat", "astronaut")


@dataclass(frozen=True)
class Examples:
    """Small pictures to learn from, and others that nothing is learnt from.

    train, held: (N, C, h, w) and (M, C, h, w) in [0, 1], on the device.
    labels, held_labels: (N,) and (M,), what they show; None where nobody says.
    patches: how the patches of a visitor's picture are put back; None for bundled data.
    fitted: the picture was too small to hold anything out, so that `held` is `train`.
    what: what they are, in words.
    """

    train: Tensor
    held: Tensor
    what: str
    labels: Tensor | None = None
    held_labels: Tensor | None = None
    patches: Patches | None = None
    fitted: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, h, w) of one."""
        return tuple(self.train.shape[1:])  # type: ignore[return-value]

    @property
    def numbers(self) -> int:
        """How many numbers one is."""
        return self.train[0].numel()


def examples(image: Image | None, data: Data, *, patch: int, size: int, generator: torch.Generator) -> Examples:
    """The patches of a picture, or bundled data where there is none.

    patch: side of a patch, in pixels. size: longer side that a larger picture is worked on at.
    """
    return patches_of(image, patch, size, generator) if image is not None else bundled(data, patch)


def patches_of(image: Image, patch: int, size: int, generator: torch.Generator) -> Examples:
    """The patches of one picture, parted by blocks: a patch of one part shares no pixel with a patch of the other."""
    patches = Patches.of(sized(image, size), patch)
    train, held = patches.parted(MOST, generator)
    fitted = min(len(train), len(held)) < FEW
    if fitted:
        train = held = patches.some(MOST, generator)
    return Examples(train, held, f"{patch} × {patch} patches of your picture", patches=patches, fitted=fitted)


def sized(image: Image, size: int) -> Tensor:
    """(1, 3, H, W) of a picture, no side longer than `size`."""
    picture = images.to_tensor(image)
    factor = min(1.0, size / max(picture.shape[-2:]))
    height, width = (max(1, round(n * factor)) for n in picture.shape[-2:])
    return images.resize(picture, (height, width)).clamp(0, 1)


def bundled(data: Data, patch: int = 8) -> Examples:
    """Data that comes along. patch: side of the patches of photographs."""
    if data == "photographs":
        train, held = (photographs(names, patch) for names in (TRAINING_PHOTOS, TEST_PHOTOS))
        return Examples(train, held, f"{patch} × {patch} patches of photographs")
    pictures, labels, share = {"digits": _digits, "faces": _faces, "picture world": _world}[data]()
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(SPLIT))
    first, last = order[: round(share * len(order))], order[round(share * len(order)) :]
    where = devices.device()
    train, held = pictures[first], pictures[last]
    if data == "faces":
        train = torch.cat([train, train.flip(-1)])  # eighty are few, and a mirrored face is a face
        labels = None
    return Examples(
        train.to(where),
        held.to(where),
        data if data != "picture world" else "things of the picture world",
        labels[first].to(where) if labels is not None else None,
        labels[last].to(where) if labels is not None else None,
    )


@cache
def _digits() -> tuple[Tensor, Tensor, float]:
    """1797 handwritten digits, 8 × 8, of scikit-learn (Alpaydin and Kaynak 1998)."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return torch.from_numpy(digits.images / 16).float()[:, None], torch.from_numpy(digits.target).long(), 0.8


@cache
def _faces() -> tuple[Tensor, None, float]:
    """100 faces, 25 × 25, of scikit-image (a subset of Labeled Faces in the Wild), at 24 × 24."""
    from skimage.data import lfw_subset

    faces = torch.from_numpy(lfw_subset()[:100].astype(np.float32))[:, None]
    return images.resize(faces, (24, 24)).clamp(0, 1), None, 0.8


@cache
def _world() -> tuple[Tensor, Tensor, float]:
    """Things that the project draws itself, 24 × 24 in colour, twelve of each class, shuffled as one."""
    kinds = [name for name, kind in world.CLASSES.items() if not kind.whole]
    drawn = torch.cat([world.draw(name, 12, 24, seed=SPLIT, plain=True) for name in kinds])
    return drawn.cpu(), torch.arange(len(kinds)).repeat_interleave(12), 0.9


def photographs(names: tuple[str, ...], patch: int, count: int = MOST, size: int = 512) -> Tensor:
    """`count` patches from bundled photographs, as many of each, shuffled: (N, 3, patch, patch), the same every time."""
    generator = torch.Generator().manual_seed(SPLIT)
    cut = torch.cat([Patches.of(photograph(name, size), patch).some(count // len(names), generator) for name in names])
    return cut[torch.randperm(len(cut), generator=generator).to(cut.device)]


@cache
def photograph(name: str, size: int = 512) -> Tensor:
    """A bundled photograph: (1, 3, H, W), its longer side at most `size`."""
    return sized(samples.load(name), size)


def others_than(image: Image | None, names: tuple[str, ...] = TRAINING_PHOTOS) -> tuple[str, ...]:
    """The bundled photographs that are not this one, so that nothing is tested on what it was trained on."""
    return names if image is None else tuple(name for name in names if not _alike(samples.load(name), image))


def _alike(one: Image, other: Image) -> bool:
    small = [np.asarray(i.convert("RGB").resize((16, 16)), dtype=np.float32) / 255 for i in (one, other)]
    return float(np.abs(small[0] - small[1]).mean()) < 0.05
