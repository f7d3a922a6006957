"""What is seen of an autoencoder: originals, what PCA keeps of them, what the network keeps, and what each loses."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hub import Image
from hub.pixels import images
from plugins.autoencoders import _pages as pages
from plugins.autoencoders._examples import Examples
from plugins.autoencoders._figures import psnr
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._networks import Autoencoder
from plugins.autoencoders._patches import in_parts

SHOWN = 12
ATOMS = 32


def sheet(data: Examples, pca: PCA, k: int, made: Autoencoder | None) -> Image:
    """The visitor's picture rebuilt, or rows of held-out examples; made: None before there is a network."""
    if data.patches is not None:
        return images.to_image(whole(data, made or (lambda p: pca.through(p, k))))
    return compared(data, pca, k, made)


def whole(data: Examples, through: Callable[[Tensor], Tensor]) -> Tensor:
    """The visitor's picture, its patches sent through something: (1, C, H, W) in [0, 1]."""
    return data.patches.joined(in_parts(through, data.patches.all())).clamp(0, 1)


def compared(data: Examples, pca: PCA, k: int, made: Autoencoder | None, count: int = SHOWN) -> Image:
    """Held-out originals, what PCA and the network make of them, and the errors of both."""
    chosen = data.held[pages.spread(len(data.held), count)]
    by_pca = pca.through(chosen, k)
    numbers = f"{k} number" + ("s" if k > 1 else "")
    named = {"Held out" if not data.fitted else "Original": chosen, f"PCA, {numbers}  ·  {psnr(by_pca, chosen):.1f} dB": by_pca}
    if made is not None:
        with torch.no_grad():
            rebuilt = made(chosen)
        named |= {f"Autoencoder, {numbers}  ·  {psnr(rebuilt, chosen):.1f} dB": rebuilt}
        named |= {"What PCA loses": pages.errors(chosen, by_pca), "What the autoencoder loses": pages.errors(chosen, rebuilt)}
    return pages.rows({name: pictures.clamp(0, 1) for name, pictures in named.items()})


def lost(data: Examples, pca: PCA, k: int, made: Autoencoder) -> list[tuple[Image, str]]:
    """PCA's version of the visitor's picture, and the errors of both."""
    photo = data.patches.picture
    by_pca, rebuilt = whole(data, lambda p: pca.through(p, k)), whole(data, made)
    most = " over all of it, most of which was learnt from"
    return [
        (images.to_image(photo), "Original"),
        (images.to_image(by_pca), f"PCA, {k} numbers a patch · {psnr(by_pca, photo):.1f} dB{most}"),
        (images.to_image(rebuilt), f"Autoencoder, {k} numbers a patch · {psnr(rebuilt, photo):.1f} dB{most}"),
        (images.to_image(pages.errors(photo, by_pca, 0.125)), "What PCA loses, four times as strong"),
        (images.to_image(pages.errors(photo, rebuilt, 0.125)), "What the autoencoder loses, four times as strong"),
    ]


# ---------------------------------------------------------------- atoms


def atoms(data: Examples, pca: PCA, k: int, made: Autoencoder) -> list[tuple[Image, str]]:
    """What each number of the code adds to a picture, what it looks at, and the components of PCA."""
    count = min(k, ATOMS)
    found = [
        (decoder_atoms(made, data.held)[:count], "Decoder: what each number of the code adds to a picture"),
        (encoder_atoms(made, data.held)[:count], "Encoder: what each number looks at"),
        (pca.components[:count], "The components of PCA"),
    ]
    if made.design.kind == "linear":
        found.insert(2, (principal_axes(made)[:count], "The network's space, turned to its principal axes"))
    return [(pages.atoms(each, data.shape, scale=None), caption) for each, caption in found]


@torch.no_grad()
def decoder_atoms(made: Autoencoder, pictures: Tensor) -> Tensor:
    """How the decoded picture changes as each number of the code goes from one deviation below its mean to one above: (k, D)."""
    code = in_parts(made.encode, pictures)
    step = torch.diag(code.std(0, correction=0).clamp_min(1e-6))
    return (made.decode(code.mean(0) + step) - made.decode(code.mean(0) - step)).flatten(1) / 2


def encoder_atoms(made: Autoencoder, pictures: Tensor) -> Tensor:
    """The slope of each number of the code at the mean picture: (k, D). Of a linear network, its weights."""
    with torch.enable_grad():
        mean = pictures.mean(0, keepdim=True).detach().requires_grad_(True)
        code = made.encode(mean)[0]
        return torch.stack([torch.autograd.grad(number, mean, retain_graph=True)[0].flatten() for number in code])


def principal_axes(made: Autoencoder) -> Tensor:
    """An orthonormal basis of the space that a linear network rebuilds pictures in, by what it keeps: (k, D).

    The left singular vectors of D E. Where the network is PCA, up to the code's own coordinates, these are PCA's components.
    """
    with torch.no_grad():
        outer, inner = torch.linalg.qr(made.decoder[-1].weight)  # (D, k) and (k, k): all that follows is small
        axes = (outer @ torch.linalg.svd(inner @ made.encoder[-1].weight, full_matrices=False).U).T
        return axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
