"""A photograph as patches: what is learnt from, what the network sees of it, and how it is put together again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from hub import Image
from plugins.autoencoders import _examples
from plugins.autoencoders._figures import psnr
from plugins.autoencoders._patches import Patches, in_parts
from plugins.autoencoders.sparse_autoencoder.codes import SparseAutoencoder
from plugins.autoencoders.sparse_autoencoder.dictionaries import Whitening

LIGHT = (0.299, 0.587, 0.114)  # of red, green and blue in brightness (ITU-R BT.601)
OTHERS = "bundled photographs"
AT_ONCE = 4096  # patches that are coded at once: a code has up to so many numbers too
FLAT = 1e-3  # deviation within patches, below which there is nothing to learn from
LEAST = 8  # patches to an atom; of a picture with fewer, the bundled photographs are learnt from instead
ENOUGH = _examples.MOST // 2  # patches, however many atoms there are


@dataclass(frozen=True)
class Subject:
    """What is learnt from, and what is looked at.

    train, held: (N, D) and (M, D), patches less their mean, in units of the picture. photo: (1, 3, H, W), the one that is shown.
    shape: (C, n, n) of a patch; C is 1 for brightness, 3 for colour.
    """

    train: Tensor
    held: Tensor
    photo: Tensor
    shape: tuple[int, int, int]
    what: str  # in words, what is learnt from
    fitted: bool  # the picture was too small to hold anything out: `held` is `train`

    @cached_property
    def whitening(self) -> Whitening:
        return Whitening.of(self.train)

    @cached_property
    def faint(self) -> float:
        """Half the root mean square of the whitened data: contrast well below it is not raised to full strength."""
        return 0.5 * max(1e-2, float((self.train @ self.whitening.there).square().mean().sqrt()))

    def contrast(self, detail: Tensor) -> Tensor:
        """What the whitened patches are divided by: (N, D) -> (N, 1)."""
        return (detail @ self.whitening.there).square().mean(1, keepdim=True).sqrt() + self.faint

    def seen(self, detail: Tensor) -> Tensor:
        """What the network sees: whitened, and of about the same contrast everywhere."""
        return detail @ self.whitening.there / self.contrast(detail)

    def through(self, network: SparseAutoencoder) -> Callable[[Tensor], Tensor]:
        """Detail through the whole network: (N, D) -> (N, D)."""
        return lambda detail: network(self.seen(detail)) * self.contrast(detail) @ self.whitening.back

    def atoms(self, dictionary: Tensor) -> Tensor:
        """Atoms of whitened data as they look in the picture, of length 1 again."""
        return F.normalize(dictionary @ self.whitening.back, dim=1)

    def detail(self, patches: Tensor) -> Tensor:
        """(N, 3, n, n) -> (N, D): brightness or colour, less each channel's mean."""
        seen = light(patches) if self.shape[0] == 1 else patches
        return (seen - seen.mean((2, 3), keepdim=True)).flatten(1)

    def rebuilt(self, through: Callable[[Tensor], Tensor]) -> Tensor:
        """The photo with the detail of every patch passed `through`, some at a time: (1, 3, H, W) in [0, 1]."""
        return self.joined(in_parts(lambda part: through(self.detail(part)), self.patches.all(), AT_ONCE))

    def joined(self, detail: Tensor) -> Tensor:
        """The photo with other detail of every patch, (N, D); its mean colours are kept. (1, 3, H, W) in [0, 1]."""
        means = self.patches.all().mean((2, 3), keepdim=True)
        return self.patches.joined(means + detail.reshape(-1, *self.shape)).clamp(0, 1)

    @property
    def patches(self) -> Patches:
        """The photo's, half a patch apart."""
        return Patches.of(self.photo, self.shape[-1])

    def quality(self, picture: Tensor) -> float:
        """PSNR of what was coded: brightness, or colour."""
        seen = light if self.shape[0] == 1 else (lambda p: p)
        return psnr(seen(picture), seen(self.photo))


def light(pictures: Tensor) -> Tensor:
    """(N, 3, h, w) -> (N, 1, h, w)."""
    return (pictures * torch.tensor(LIGHT, device=pictures.device).view(3, 1, 1)).sum(1, keepdim=True)


def subject(
    image: Image | None, patch: int, colour: bool, latents: int, size: int, generator: torch.Generator, photographs: bool
) -> Subject:
    """Patches of the picture; of bundled photographs where there is none, where it has too few, or where they are asked for."""
    shape = (3 if colour else 1, patch, patch)
    if image is None:
        data, photo, what = _examples.bundled("photographs", patch), _examples.photograph("cat"), OTHERS
        train, held, fitted = data.train, data.held, False
    else:
        data, photo = _examples.patches_of(image, patch, size, generator), _examples.sized(image, size)
        train, held, fitted, what = data.train, data.held, data.fitted, "the picture itself"
        poor = len(train) < min(LEAST * latents, ENOUGH) or float(train.std((2, 3)).mean()) < FLAT
        if poor or photographs:
            train, what, fitted = _examples.photographs(_examples.others_than(image), patch), OTHERS, False
    bare = Subject(torch.empty(0), torch.empty(0), photo, shape, what, fitted)
    return replace(bare, train=bare.detail(train), held=bare.detail(held))
