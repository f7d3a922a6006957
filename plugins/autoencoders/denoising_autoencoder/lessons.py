"""What the denoising autoencoder learns from: clean pieces, each with its spoiled self, and pieces that it never learns from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hub import Image, samples
from plugins.autoencoders._examples import TEST_PHOTOS, TRAINING_PHOTOS, Data, bundled, others_than, photograph
from plugins.autoencoders._linear import PCA, exact, restorer
from plugins.autoencoders._patches import Patches
from plugins.autoencoders._pauses import Work
from plugins.autoencoders.denoising_autoencoder import classical
from plugins.autoencoders.denoising_autoencoder.spoiling import Spoiling, filled

PIECE, OWN_PIECE = 40, 24  # pixels of the side of a piece, of bundled photographs and of the visitor's picture
PIECES, HELD, HELD_WHOLE = 4000, 24, 96
"""The last of small pictures that are shown whole: they have fewer pixels, and the few faces are each spoiled several times."""
SHOWN, SHOWN_FEW = "cat", 8
"""The photograph, and the number of digits or faces, that are restored where there is no picture."""
SIDE = 8  # pixels of the side of a patch
MARGIN = 4
"""At the rim of a piece, so many pixels count for nothing: a patch there reaches beyond it."""
LEAST = 1 / 512
"""Of the deviation of what is wrong, in [0, 1], so that nothing is divided by 0."""
MUCH, SMALLER = 0.7, 256
"""Of photographs of which more than that is missing, the equation takes too long: then they are learnt from at that size."""
EMPTY, FULL = 0.02, 0.8  # shares of a piece that may be missing, where enough of them are between


@dataclass(frozen=True)
class Lessons:
    """Pieces to learn from, and pieces held out.

    train: (N, C, h, w), to be spoiled anew at every step; or (N, 2 C + 1, h, w): clean, guessed, missing, once for all.
    clean, guessed, missing: the held-out ones. noise: deviation of what is wrong in what the network is given.
    pca: of clean patches, (C, side, side). wiener: the best linear map of spoiled patches.
    margin: pixels at the rim of a piece that count for nothing; none of a whole picture, whose rim is to be restored too.
    """

    spoiling: Spoiling
    train: Tensor
    clean: Tensor
    guessed: Tensor
    missing: Tensor
    noise: float
    pca: PCA
    wiener: Tensor
    what: str
    margin: int = MARGIN

    @property
    def channels(self) -> int:
        return self.clean.shape[1]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, side, side) of a patch."""
        return self.channels, *[min(SIDE, self.clean.shape[-1])] * 2  # type: ignore[return-value]

    @property
    def alone(self) -> bool:
        """Whether a picture is as small as one patch."""
        return tuple(self.clean.shape[-2:]) == self.shape[1:]

    @property
    def inner(self) -> tuple[slice, slice]:
        """What counts of a piece."""
        part = slice(self.margin, -self.margin or None)
        return part, part

    def example(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """(clean, guessed, missing) of a batch of `train`."""
        return split(batch) if batch.shape[1] > self.channels else (batch, *self.spoiling.guessed(batch, generator))

    def error(self, restored: Tensor, clean: Tensor) -> Tensor:
        """Mean squared error, away from the rim."""
        return (restored - clean)[(..., *self.inner)].square().mean()

    def linear(self, guessed: Tensor, missing: Tensor) -> Work[Tensor]:
        """Pictures as the best linear map of patches restores them."""
        kept, made = 1 - missing, []
        for shown, there in zip((guessed * kept).split(1), kept.split(1), strict=True):
            made.append((yield from classical.linear_optimum(shown, there, self.pca.mean, self.wiener, self.shape[-1])))
        return self.kept(torch.cat(made), guessed, missing)

    def kept(self, restored: Tensor, guessed: Tensor, missing: Tensor) -> Tensor:
        """Where there is no noise, what was not missing stays as it is."""
        return restored if self.spoiling.sigma else torch.where(missing > 0, restored, guessed)


def split(stack: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(clean, guessed, missing) of (N, 2 C + 1, h, w)."""
    channels = stack.shape[1] // 2
    return stack[:, :channels], stack[:, channels : 2 * channels], stack[:, 2 * channels :]


def lessons(
    clean: Tensor | None, image: Image | None, data: Data, spoiling: Spoiling, generator: torch.Generator
) -> Work[Lessons]:
    """From the visitor's own picture, where it is given as `clean`; else from bundled data without it.

    image: the picture that is to be restored, which nothing is learnt from nor chosen by; where there is none, a bundled one is.
    """
    if clean is not None:
        train, held = Patches.of(stacked(clean, spoiling, generator), OWN_PIECE).parted(PIECES, generator)
        train = train if len(train) else held if len(held) else Patches.of(stacked(clean, spoiling, generator), OWN_PIECE).all()
        return _made(train, held if len(held) else train, spoiling, "this very picture", generator)
    if image is None and data != "photographs":
        given = bundled(data)
        left = given.held[SHOWN_FEW:]
        left = left.repeat(-(-HELD_WHOLE // len(left)), 1, 1, 1)
        return _made(given.train, left, spoiling, f"other {data}", generator, whole=True)
    image = samples.load(SHOWN) if image is None else image
    size = SMALLER if spoiling.share > MUCH and not spoiling.sigma else 512
    parts: tuple[list[Tensor], list[Tensor]] = [], []
    for part, shown, count in zip(parts, (TRAINING_PHOTOS, TEST_PHOTOS), (PIECES, HELD), strict=True):
        names = others_than(image, shown)
        for name in names:
            part.append(pieces(photograph(name, size), count // len(names), spoiling, generator))
            yield
    train, held = map(torch.cat, parts)
    return _made(train, held, spoiling, "other photographs", generator)


def stacked(photo: Tensor, spoiling: Spoiling, generator: torch.Generator) -> Tensor:
    """A photo as it is; where something is missing and there is no noise, with its spoiled self, filled as well as may be."""
    if spoiling.sigma or not spoiling.darkens:
        return photo
    whole = spoiling if spoiling.stencil is None else Spoiling(stencil=tiled(spoiling.stencil, photo))
    spoiled, missing = whole.spoil(photo, generator)
    return torch.cat([photo, classical.inpainted(spoiled, missing), missing], 1)


def tiled(stencil: Tensor, photo: Tensor) -> Tensor:
    """A stencil beside and below itself, cut to the size of a photo."""
    down, across = (-(-n // m) for n, m in zip(photo.shape[-2:], stencil.shape[-2:], strict=True))
    return stencil.repeat(1, 1, down, across)[..., : photo.shape[-2], : photo.shape[-1]]


def pieces(photo: Tensor, count: int, spoiling: Spoiling, generator: torch.Generator) -> Tensor:
    """Pieces of a photo; of a damaged one, those in which something is missing and something is not, where there are any."""
    stack = stacked(photo, spoiling, generator)
    cut = Patches.of(stack, PIECE).some(count, generator)
    if stack.shape[1] == photo.shape[1]:
        return cut
    share = split(cut)[2].mean((1, 2, 3))
    chosen = cut[(share > EMPTY) & (share < FULL)]
    return chosen if len(chosen) else cut


def _made(
    train: Tensor,
    held: Tensor,
    spoiling: Spoiling,
    what: str,
    generator: torch.Generator,
    whole: bool = False,
) -> Lessons:
    ready = train.shape[1] > 3
    clean, guessed, missing = split(train[::4]) if ready else (train[::4], *spoiling.guessed(train[::4], generator))
    held_out = held[torch.randperm(len(held), generator=generator)[: HELD_WHOLE if whole else HELD].to(held.device)]
    side = min(SIDE, clean.shape[-1])
    pca = PCA.of(patches_in(clean, side))
    together = moments(1 - missing, side, clean.shape[1])
    wiener = restorer(pca.covariance(), together, spoiling.sigma).to(clean.device)
    return Lessons(
        spoiling,
        train.contiguous(memory_format=torch.channels_last),
        *(split(held_out) if ready else (held_out, *spoiling.guessed(held_out, generator))),
        max(LEAST, float((guessed - clean).square().mean().sqrt())),
        pca,
        wiener.float(),
        what,
        0 if whole else MARGIN,
    )


def patches_in(pictures: Tensor, side: int) -> Tensor:
    """Patches side by side in small pictures: (N, C, side, side)."""
    return F.unfold(pictures.contiguous(), side, stride=side).transpose(1, 2).reshape(-1, pictures.shape[1], side, side)


def moments(kept: Tensor, side: int, channels: int) -> Tensor:
    """How often two numbers of a patch are kept together: (N, 1, h, w) of 0 and 1 -> (C side^2, C side^2).

    In float64, on the processor.
    """
    flat = exact(patches_in(kept, side))
    return (flat.T @ flat / len(flat)).repeat(channels, channels)


def first_guess(spoiled: Tensor, missing: Tensor, sigma: float) -> Tensor:
    """What the network is given for (N, C, H, W): missing pixels by the smoothest surface; by diffusion where there is noise."""
    if sigma or max(spoiled.shape[-2:]) < PIECE:
        return filled(spoiled, missing)
    return torch.cat([classical.inpainted(a, b) for a, b in zip(spoiled.split(1), missing.split(1), strict=True)])
