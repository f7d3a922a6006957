"""Where the comparison's networks begin: layer by layer by least squares, half as strong chance added where a decoder enlarges.

From chance alone the layers around the code take most of a short training: they mix every place and every channel. So the
encoder's last layer begins with the numbers of PCA, as nearly as its features give them, and each layer of a decoder with a map
of what the picture is there, as nearly as what comes into it gives that. All decoders begin by the same rule.

Channels begin in pairs of opposite sign, for GELU(x) - GELU(-x) = x: through a pair a network begins as a linear one does.
Source: Balduzzi et al. 2017, "looks linear"; there with ReLU.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from plugins.autoencoders._enlarging import MaxUnpool, Nearest, Shuffle, Transposed3
from plugins.autoencoders._linear import PCA, exact
from plugins.autoencoders._networks import Autoencoder, ConvEncoder

PICTURES = 1500  # that the layers around the code are fitted to
FEWER = 512  # that a decoder's convolutions are fitted to, at most
NUMBERS = 8_000_000  # that go into one fit, about
PENALTY = 1e-5  # on weights, as a share of the inputs' mean variance
CHANCE = 0.5  # as strong as so many times the fitted weights
FAINT = 1e-3  # a standard deviation that is not enlarged further


@torch.no_grad()
def begin_fitted(made: Autoencoder, pca: PCA, train: Tensor, told: bool) -> None:
    """Set an untrained network, in place. pca: of `train`. told: whether the decoder gets the places of the maxima."""
    encoder, decoder, code = made.encoder, made.decoder, made.design.code
    pictures = train[:PICTURES]
    pair_encoder(encoder)
    features, places = encoder.features(pictures - made.mean)
    deviations = pca.variances[:code].sqrt().clamp_min(FAINT).to(train)
    fit(encoder.to_code, features.flatten(1), pca.encode(pictures, code) / deviations)
    numbers = encoder.to_code(features.flatten(1))
    first = local(pictures - made.mean, decoder.small[1:], half(decoder.small[0])).flatten(1)
    fit_pairs(decoder.from_code, *solved(numbers, first), decoder.small[0])

    wanted = pictures[:FEWER] - made.mean
    grown = decoder.between(decoder.from_code(numbers[:FEWER])).reshape(-1, *decoder.small)
    for level, where in zip(decoder.levels, places[::-1], strict=True):
        where = where[:FEWER] if told else None
        fit_level(level, grown, where, wanted)
        grown = decoder.between(level(grown, where))
    fit(decoder.to_picture, *rows(grown, wanted, 3))


# ---------------------------------------------------------------- pairs of channels


def half(channels: int) -> int:
    """How many of the channels the others are opposites of: the larger half."""
    return (channels + 1) // 2


def paired(first: Tensor, channels: int) -> Tensor:
    """The first half of the channels' rows, then their opposites, as many as there are channels; rows of a channel together.

    >>> paired(torch.tensor([1.0, 2.0]), 3).tolist()
    [1.0, 2.0, -1.0]
    """
    each = len(first) // half(channels)
    return torch.cat([first, -first[: (channels - half(channels)) * each]])


def opposed(weight: Tensor) -> Tensor:
    """(out, in, ...) -> the same, that takes of each pair of inputs the difference."""
    return paired(weight[:, : half(weight.shape[1])].transpose(0, 1), weight.shape[1]).transpose(0, 1)


def pair_encoder(encoder: ConvEncoder) -> None:
    """Give the encoder's channels opposites. A pair passes on half the variance of two channels, so weights after it grow."""
    for depth, convolution in enumerate(encoder.levels):
        weight = paired(convolution.weight[: half(len(convolution.weight))], len(convolution.weight))
        convolution.weight.copy_(2**0.5 * opposed(weight) if depth else weight)


# ---------------------------------------------------------------- least squares


def solved(inputs: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """(N, D), (N, K) -> weight (K, D) and bias (K,) of least squares, weights kept small where inputs hardly vary (ridge)."""
    x, y = exact(inputs), exact(wanted)
    x, y, middle, level = x - x.mean(0), y - y.mean(0), x.mean(0), y.mean(0)
    penalty = PENALTY * x.square().sum() / x.shape[1] + 1e-9
    if x.shape[1] > len(x):  # the same by as many unknowns as there are examples
        weight = torch.linalg.solve(x @ x.T + penalty * torch.eye(len(x), dtype=x.dtype), y).T @ x
    else:
        weight = torch.linalg.solve(x.T @ x + penalty * torch.eye(x.shape[1], dtype=x.dtype), x.T @ y).T
    return weight.to(inputs), (level - weight @ middle).to(inputs)


def fit(layer: nn.Linear | nn.Conv2d, inputs: Tensor, wanted: Tensor) -> None:
    """Set a layer to least squares."""
    weight, bias = solved(inputs, wanted)
    layer.weight.copy_(weight.view_as(layer.weight))
    layer.bias.copy_(bias)


def fit_pairs(layer: nn.Module, weight: Tensor, bias: Tensor, channels: int) -> None:
    """Set a layer whose outputs are channels to what gives the first half of them, and its opposite."""
    layer.weight.copy_(paired(weight, channels))
    layer.bias.copy_(paired(bias, channels))


def fit_level(level: nn.Module, grown: Tensor, places: Tensor | None, wanted: Tensor) -> None:
    """Set an enlarging to least squares, plus chance from the weights that it has.

    The convolution is fitted as such, on what it sees after the values are laid out; one that is transposed sees zeros between
    them, and its kernel lies the other way round.
    """
    convolution, turned = level.convolution, isinstance(level, Transposed3)
    channels = convolution.out_channels // 4 if isinstance(level, Shuffle) else convolution.out_channels
    target = local(wanted, [2 * n for n in grown.shape[-2:]], half(channels))
    if isinstance(level, Shuffle):
        target = F.pixel_unshuffle(target, 2)
    size = convolution.kernel_size[0]
    weight, bias = solved(*rows(laid_out(level, grown, places), target, size))
    weight = weight.reshape(len(weight), -1, size, size)
    own = convolution.weight.transpose(0, 1).flip(2, 3) if turned else convolution.weight
    chance = opposed(own[: len(weight)])
    strength = CHANCE * weight.square().mean().sqrt() / chance.square().mean().sqrt().clamp_min(1e-12)
    weight = paired(weight + strength * chance, channels)
    convolution.weight.copy_(weight.transpose(0, 1).flip(2, 3) if turned else weight)
    convolution.bias.copy_(paired(bias, channels))


def rows(seen: Tensor, wanted: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """What a convolution sees at each place, and what it should give there: (N, C · size²) and (N, K), of so many pictures as
    `NUMBERS` allows."""
    count = max(16, NUMBERS // (seen.shape[1] * size**2 * seen.shape[2] * seen.shape[3]))
    before, after = size // 2, (size - 1) // 2
    around = F.unfold(F.pad(seen[:count], (before, after, before, after)), size)
    return around.transpose(1, 2).flatten(0, 1), wanted[:count].flatten(2).transpose(1, 2).flatten(0, 1)


def laid_out(level: nn.Module, grown: Tensor, places: Tensor | None) -> Tensor:
    """The map as an enlarging's convolution sees it."""
    if isinstance(level, Shuffle):
        return grown
    if isinstance(level, Nearest):
        return F.interpolate(grown, scale_factor=2, mode="nearest")
    if isinstance(level, MaxUnpool) and places is not None:
        return F.max_unpool2d(grown, places, 2)
    apart = grown.new_zeros(*grown.shape[:2], 2 * grown.shape[2], 2 * grown.shape[3])
    apart[..., ::2, ::2] = grown
    return apart


def local(pictures: Tensor, size: tuple[int, ...] | list[int], channels: int) -> Tensor:
    """What a small map should know of centred pictures (N, C, h, w): (N, channels, *size), each of about unit variance.

    The principal components of windows twice as wide as a place of the map, at least 3 pixels; again from the first where the
    window has fewer.
    """
    step = pictures.shape[-1] // size[1]
    wide = max(3, 2 * step)
    before, after = (wide - step) // 2, (wide - step + 1) // 2
    windows = F.unfold(F.pad(pictures, (before, after, before, after), mode="replicate"), wide, stride=step)
    flat = windows.transpose(1, 2).flatten(0, 1)
    pca = PCA.of(flat[:: max(1, len(flat) // 8000)])
    found = pca.encode(flat, min(channels, flat.shape[1]))
    found = (found / found.std(0).clamp_min(FAINT))[:, torch.arange(channels, device=flat.device) % found.shape[1]]
    return found.reshape(len(pictures), -1, channels).transpose(1, 2).reshape(len(pictures), channels, *size)
