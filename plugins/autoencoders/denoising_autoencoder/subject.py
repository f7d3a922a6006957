"""What is to be restored: the visitor's picture or bundled ones, spoiled as asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from hub import Image
from hub.errors import BadParams
from hub.pixels import images
from plugins.autoencoders._examples import bundled, photograph, sized
from plugins.autoencoders.denoising_autoencoder.lessons import SHOWN, SHOWN_FEW, first_guess
from plugins.autoencoders.denoising_autoencoder.spoiling import Shape, Spoiling, noise_of

Spoil = Literal["noise", "mask", "both", "nothing, it is noisy already"]
FAINTEST = 0.25 / 255
"""Noise below that is none: a step from one grey to the next hides it."""


class Wanted(Protocol):
    """What of a technique's parameters says how a picture is spoiled."""

    spoil: Spoil
    sigma: float
    masked: float
    shape: Shape
    learn_from: Literal["photographs", "itself"]
    mask: Image | None
    data: Literal["photographs", "digits", "faces"]
    size: int


@dataclass(frozen=True)
class Subject:
    """What is to be restored. clean: (N, C, H, W), None where nobody has it. spoiled, missing, guessed: of the same size."""

    image: Image | None
    clean: Tensor | None
    spoiled: Tensor
    missing: Tensor
    guessed: Tensor
    spoiling: Spoiling
    damaged: Tensor | None = None
    """(1, 1, height, width) of the visitor's picture at its own size, 1 where it is damaged; None where no mask was given."""


def spoilt(image: Image | None, params: Wanted, generator: torch.Generator) -> Subject:
    """The visitor's picture or bundled ones, spoiled as asked. Raises BadParams for what does not go together."""
    blind = params.spoil == "nothing, it is noisy already"
    if image is None and (blind or params.mask is not None):
        raise BadParams(f"{'spoil' if blind else 'mask'}: that goes with a picture of your own. Give one, or choose noise.")
    if image is None and params.learn_from == "itself":
        raise BadParams("learn_from: there is no picture of yours to learn from. Give one, or take photographs.")
    if (blind or params.mask is not None) and params.learn_from == "itself":
        raise BadParams("learn_from: nobody has the clean picture here, so nothing can be learnt from it. Take photographs.")
    clean = pictures(image, params)
    spoiling = asked(clean, params, blind)
    if spoiling.stencil is not None:
        spoiled, missing = clean * (1 - spoiling.stencil), spoiling.stencil
    else:
        spoiled, missing = (clean, torch.zeros_like(clean[:, :1])) if blind else spoiling.spoil(clean, generator)
    guessed = first_guess(spoiled, missing, spoiling.sigma)
    known = None if blind or spoiling.stencil is not None else clean
    damaged = holes(params.mask, (image.height, image.width)) if image is not None and params.mask is not None else None
    return Subject(image, known, spoiled, missing, guessed, spoiling, damaged)


def pictures(image: Image | None, params: Wanted) -> Tensor:
    """(N, C, H, W) in [0, 1]: the visitor's, a bundled photograph, or some digits or faces that nothing is learnt from."""
    if image is not None:
        return sized(image, params.size)
    return photograph(SHOWN, params.size) if params.data == "photographs" else bundled(params.data).held[:SHOWN_FEW]


def holes(mask: Image, size: tuple[int, int]) -> Tensor:
    """(1, 1, height, width), 1 where a mask is white: what it touches at all, and where it is shrunk the pixels around that, for
    the picture, shrunk alike, has some of the damage there."""
    white = (images.to_tensor(mask).mean(1, keepdim=True) > 0.5).float()
    found = F.adaptive_max_pool2d(white, size)
    shrunk = white.shape[-2] > size[0] or white.shape[-1] > size[1]
    return F.max_pool2d(found, 3, 1, 1) if shrunk and not bool(white.all()) else found


def asked(clean: Tensor, params: Wanted, blind: bool) -> Spoiling:
    """How it is spoiled, or how much noise it is found to have. Raises BadParams for a mask of one colour."""
    if params.mask is not None:
        stencil = holes(params.mask, tuple(clean.shape[-2:]))
        if bool(stencil.all()) or not bool(stencil.any()):
            what = "white, so that nothing is left to go by" if bool(stencil.all()) else "black, so that nothing is damaged"
            raise BadParams(f"mask: all of it is {what}. Paint white what is to be filled in, and leave the rest black.")
        return Spoiling(stencil=stencil)
    if blind:
        found = noise_of(clean)
        return Spoiling(found if found > FAINTEST else 0.0)
    sigma = params.sigma / 255 if params.spoil in ("noise", "both") else 0.0
    return Spoiling(sigma if sigma > FAINTEST else 0.0, params.masked if params.spoil in ("mask", "both") else 0.0, params.shape)
