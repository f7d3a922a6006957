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
SAME, LIKE = 0.03, 0.75  # at most so different in the mean; correlated at least so. Parts have 0.82 and more, others 0.66 at most
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
    what: what they are, in words. source: which bundled data they are, None for a visitor's picture.
    """

    train: Tensor
    held: Tensor
    what: str
    labels: Tensor | None = None
    held_labels: Tensor | None = None
    patches: Patches | None = None
    fitted: bool = False
    source: Data | None = None

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
        return Examples(train, held, f"{patch} × {patch} patches of photographs", source=data)
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
        source=data,
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
    """The bundled photographs that are not this one, so that nothing is tested on what it was trained on.

    One is known again at another size, mirrored, turned, and as a part of at least a quarter of it, if that is not turned.
    """
    return names if image is None else tuple(name for name in names if not _alike(samples.load(name), image))


def _alike(whole: Image, image: Image) -> bool:
    """Whether a picture is a photograph, or a part of one."""
    photo, seen = (_grey(each) for each in (whole, image))
    turned = [side for k in range(4) for side in (seen.rot90(k), seen.rot90(k).flip(1))]
    if any(float((_shrunk(photo, 16, 16) - _shrunk(each, 16, 16)).abs().mean()) < SAME for each in turned):
        return True
    return any(_found(photo, each, height) > LIKE for each in (seen, seen.flip(1)) for height in range(20, 44, 2))


def _found(photo: Tensor, part: Tensor, height: int) -> float:
    """The best correlation of a part, shrunk to that height, with any place of the photograph at 40 pixels' height."""
    width = round(height * part.shape[1] / part.shape[0])
    field = _shrunk(photo, 40, round(40 * photo.shape[1] / photo.shape[0]))
    if min(height, width) < 16 or height > field.shape[0] or width > field.shape[1]:
        return 0.0
    kernel = _shrunk(part, height, width)
    kernel = kernel - kernel.mean()
    norm = float(kernel.norm())
    places = field.unfold(0, height, 1).unfold(1, width, 1).flatten(2)
    places = places - places.mean(-1, keepdim=True)
    match = places.flatten(0, 1) @ kernel.flatten() / (places.flatten(0, 1).norm(dim=1) * norm).clamp_min(1e-6)
    return float(match.max()) if norm > 1e-3 else 0.0


def _grey(image: Image) -> Tensor:
    return torch.from_numpy(np.asarray(image.convert("L").resize(_within(image.size, 160)), dtype=np.float32) / 255)


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    return tuple(max(1, round(n * side / max(size))) for n in size)  # type: ignore[return-value]


def _shrunk(picture: Tensor, height: int, width: int) -> Tensor:
    return images.resize(picture[None, None], (height, max(1, width)))[0, 0]
