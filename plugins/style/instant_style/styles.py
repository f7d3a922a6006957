"""Styles as the painter knows them: a palette and a code. Those of the named styles are shipped with the painter's weights; those
of any other picture are read from what the embedded network has of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from hub import backbones, devices
from hub.backbones import Backbone
from hub.pixels import colour, style
from hub.world import paintings
from plugins.style._pages import manner_page
from plugins.style.instant_style.painter import Painter, Predictor

WEIGHTS = Path(__file__).parent / "weights" / "model.safetensors"
LAYERS = ("act1", "layer1", "layer2", "layer3")  # of the embedded network: strokes to shapes, at a half to a sixteenth
NAMED = (*paintings.PAINTINGS, "stained glass", "waves", "pebbles")
"""The styles that come with the weights."""
PAGE = 512  # pixels of the longer side of a style picture whose strokes are as large as they are painted
GRID = 64  # side of the grid of colours that is kept of a style


@dataclass(frozen=True)
class Style:
    """palette: (1, 3, GRID, GRID) in [0, 1], colours of the style picture.  code: (1, CODE), how it is made.  page: draws or
    gives the picture itself, (1, 3, H, W).  share: how much it counts."""

    palette: Tensor
    code: Tensor
    page: Callable[[], Tensor]
    share: float = 1.0

    def shared(self, share: float) -> Style:
        return replace(self, share=share)


@dataclass(frozen=True)
class Trained:
    """The two networks, frozen, codes and palettes of the named styles, and the SHA-256 of the file they came from."""

    painter: Painter
    predictor: Predictor
    codes: dict[str, Tensor]
    palettes: dict[str, Tensor]
    hash: str


@cache
def trained() -> Trained:
    """The shipped weights; loaded once."""
    with safe_open(WEIGHTS, "pt") as file:
        shape = json.loads(file.metadata()["shape"])
        tensors = {name: file.get_tensor(name).to(devices.device()) for name in file.keys()}  # noqa: SIM118 (it is no dictionary)

    def part(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}

    with torch.device("meta"):  # without drawing weights by chance that are replaced at once
        painter, predictor = Painter(**shape["painter"]), Predictor(**shape["predictor"])
    for network, weights in ((painter, part("painter.")), (predictor, part("predictor."))):
        network.load_state_dict({name: t.float() for name, t in weights.items()}, assign=True)
        network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    painter.convolutions_to(devices.compute_dtype())
    codes = {name: code.float() for name, code in part("code.").items()}
    palettes = {name: grid.float() / 255 for name, grid in part("palette.").items()}
    return Trained(painter, predictor, codes, palettes, hashlib.sha256(WEIGHTS.read_bytes()).hexdigest())


def named(name: str) -> Style:
    """A style of NAMED."""
    return Style(trained().palettes[name], trained().codes[name], lambda: manner_page(name, PAGE))


def own(page: Tensor) -> Style:
    """The style of any picture (1, 3, H, W) in [0, 1], with strokes as large as they are to be painted."""
    with torch.no_grad():
        code = trained().predictor(described(seen(backbones.load("embedded"), page)))
    return Style(palette(page), code, lambda: page)


def palette(page: Tensor) -> Tensor:
    """Colours at places chosen by chance, always the same, none mixed: (1, 3, H, W) -> (1, 3, GRID, GRID).

    By chance, for a regular grid can miss a regular pattern's colours.
    """
    points = page.flatten(2)
    places = torch.randint(points.shape[2], (GRID * GRID,), generator=torch.Generator().manual_seed(0)).to(page.device)
    return points[..., places].unflatten(2, (GRID, GRID))


def recoloured(photos: Tensor, palettes: Tensor, strength: Tensor) -> Tensor:
    """Photos (B, 3, H, W) in the colours of palettes (B, 3, h, w); strength: how far, (B,), from 1 on all the way."""
    return torch.lerp(photos, colour.recoloured(photos, palettes), strength.clamp(max=1).to(photos).view(-1, 1, 1, 1))


def seen(network: Backbone, pictures: Tensor) -> list[Tensor]:
    """Features at LAYERS, each (B, C, h, w) in float32."""
    features = network.features(pictures, LAYERS)
    return [features[layer].float() for layer in LAYERS]


def described(features: list[Tensor]) -> Tensor:
    """Mean and standard deviation of every channel, (B, 2 * all channels): what a code is predicted from."""
    each = []
    for mean, spread in ((s[0], style.covariance(s)) for s in map(style.statistics, features)):
        each += [mean, spread.diagonal(dim1=1, dim2=2).clamp_min(0).sqrt()]
    return torch.cat(each, 1)
