"""Where examples lie in a code of two numbers, and ways from one to another."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from hub import Image
from hub.pixels import images
from plugins.autoencoders import _pages as pages
from plugins.autoencoders._examples import Examples
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._networks import Autoencoder

MAPPED = 400
ENOUGH = 60  # held-out examples make a map
NEIGHBOURS = 10
FRAMES = 24
STOPS = 9


def mapped(data: Examples) -> tuple[Tensor, Tensor | None]:
    """(examples, labels) that stand on the map: held-out ones, and others only where these are few."""
    enough = data.fitted or len(data.held) >= ENOUGH
    pictures = data.held if enough else torch.cat([data.held, data.train])
    return pictures[:MAPPED], data.held_labels[:MAPPED] if enough and data.held_labels is not None else None


def places(pictures: Tensor, made: Autoencoder, pca: PCA, seed: int) -> dict[str, Tensor]:
    """Three maps of the same pictures, (N, 2) each: by the network's code, by PCA, and by t-SNE of the pixels."""
    with torch.no_grad():
        code = made.encode(pictures)
    if code.shape[1] < 2:
        return {}
    found = {"PCA of the network's code": PCA.of(code).encode(code, 2)} if code.shape[1] > 2 else {"The network's code": code}
    return found | {"PCA": pca.encode(pictures, 2)} | ({"t-SNE": tsne(pictures, seed)} if len(pictures) > 5 else {})


def tsne(pictures: Tensor, seed: int) -> Tensor:
    """t-SNE (van der Maaten and Hinton 2008) of the pixels: (N, 2), scikit-learn's, begun from PCA."""
    from sklearn.manifold import TSNE

    flat = pictures.flatten(1).double().cpu().numpy()
    if float(flat.std(0).max()) < 1e-6:
        return torch.zeros(len(flat), 2)
    perplexity = min(30.0, (len(flat) - 1) / 3)
    made = TSNE(perplexity=perplexity, init="pca", method="exact", max_iter=400, random_state=seed % 2**31)
    return torch.from_numpy(made.fit_transform(flat)).float()


def kinds(found: Mapping[str, Tensor], labels: Tensor | None) -> dict[str, float]:
    """For each map the share of neighbours that show the same; none where a kind is too rare to have so many."""
    if labels is None or int(labels.bincount(minlength=1).min()) <= NEIGHBOURS:
        return {}
    return {f"{name}, share of neighbours of a kind": of_a_kind(points, labels) for name, points in found.items()}


def of_a_kind(points: Tensor, labels: Tensor, neighbours: int = NEIGHBOURS) -> float:
    """The share of the nearest neighbours on a map that show the same as the point itself, in [0, 1]."""
    points = points.cpu().double()
    distances = torch.cdist(points, points).fill_diagonal_(torch.inf)
    nearest, labels = distances.topk(neighbours, largest=False).indices, labels.cpu()
    return float((labels[nearest] == labels[:, None]).double().mean())


def drawn(found: Mapping[str, Tensor], pictures: Tensor, labels: Tensor | None) -> Image:
    """The maps side by side, with thumbnails, coloured where the kinds are few enough to be told apart."""
    labels = labels if labels is not None and int(labels.max()) < len(pages.COLOURS) else None
    return pages.beside({name: pages.scatter(points.cpu(), pictures, labels) for name, points in found.items()})


# ---------------------------------------------------------------- walking


def walk(data: Examples, made: Autoencoder, pca: PCA, ends: tuple[int, int]) -> tuple[Image, bytes]:
    """From one held-out example to another in equal steps: (a sheet of three ways, a film of the one through the code)."""
    pair = data.held[list(ends)]
    k = made.design.code
    with torch.no_grad():
        code = made.encode(pair)
        ways = {
            "Through the network's code": made.decode(between(code, STOPS)),
            "Through PCA's code": pca.decode(between(pca.encode(pair, k), STOPS), data.shape),
            "Fading from pixel to pixel": between(pair, STOPS),
        }
        frames = made.decode(between(code, FRAMES)).clamp(0, 1)
    scale = pages.scale_for(data.shape[2], 192)
    film = images.animation([pages.picture(frame, scale) for frame in frames], lossless=True)
    return pages.rows({name: pictures.clamp(0, 1) for name, pictures in ways.items()}), film


def between(pair: Tensor, count: int) -> Tensor:
    """(2, ...) -> (count, ...), from the first to the second in equal steps.

    >>> between(torch.tensor([[0.0], [1.0]]), 3).flatten().tolist()
    [0.0, 0.5, 1.0]
    """
    share = torch.linspace(0, 1, count, device=pair.device).reshape(-1, *[1] * (pair.dim() - 1))
    return torch.lerp(pair[:1], pair[1:], share)
